// Dashboards as their files say, and the native queries that they become.

import { getJson, type Json } from './api';
import { toDruid, type Filter } from './filters';
import type { Format } from './format';
import { bucketFor, granularity, interval, type Bucket, type Span } from './time';

export type Series = { value: string; label?: string; draw?: Draw; format?: Format; axis?: 'left' | 'right'; color?: number };
export type Draw = 'line' | 'area' | 'bars' | 'stack' | 'stack-bars';
export type Column = { value: string; label?: string; format?: Format; bar?: boolean };

type Common = { title: string; width?: number; query: string; format?: Format; label?: string };
export type Panel = Common &
  (
    | { kind: 'stat'; value: string; spark?: { query: string; value: string } }
    | { kind: 'time'; series: Series[] }
    | { kind: 'time'; dimension: string; value: string; draw?: Draw; colors?: Record<string, number> }
    | { kind: 'bars' | 'share'; dimension: string; value: string; colors?: Record<string, number> }
    | { kind: 'table'; dimension: string; columns: Column[] }
    | { kind: 'treemap' | 'groups'; path: [string, string]; value: string; top?: number }
  );

export type Dashboard = {
  id: string;
  title: string;
  description?: string;
  dataSource: string;
  range: string;
  refresh: number;
  dimensions: string[];
  queries: Record<string, Json>;
  panels: Panel[];
  error?: string;
};

const KINDS = ['stat', 'time', 'bars', 'share', 'table', 'treemap', 'groups'];

export async function listDashboards(): Promise<Dashboard[]> {
  const entries = await getJson<{ id: string; dashboard?: Json; error?: string }[]>('/dolmen/v1/dashboards');
  return entries.map(({ id, dashboard, error }) => readDashboard(id, dashboard ?? {}, error));
}

/** Fills in what a file leaves out, and says what is wrong with it. */
export function readDashboard(id: string, json: Json, error?: string): Dashboard {
  const list = (value: unknown) => (Array.isArray(value) ? value : []);
  const read: Dashboard = {
    id,
    title: typeof json.title === 'string' ? json.title : id,
    description: typeof json.description === 'string' ? json.description : undefined,
    dataSource: typeof json.dataSource === 'string' ? json.dataSource : '',
    range: typeof json.range === 'string' ? json.range : '1h',
    refresh: typeof json.refresh === 'number' ? json.refresh : 5,
    dimensions: list(json.dimensions).map(String),
    queries: (json.queries ?? {}) as Record<string, Json>,
    panels: list(json.panels) as Panel[],
  };
  return { ...read, error: error ?? wrong(read) };
}

function wrong(dashboard: Dashboard): string | undefined {
  if (!dashboard.dataSource) return '"dataSource" is missing';
  for (const [number, panel] of dashboard.panels.entries()) {
    const place = `panels[${number}]`;
    if (!KINDS.includes(panel.kind)) return `${place}: unknown kind "${panel.kind}", known are ${KINDS.join(', ')}`;
    for (const name of queriesOf(panel)) {
      if (!dashboard.queries[name]) return `${place}: there is no query "${name}"`;
    }
  }
  return undefined;
}

/** Names of the queries that a panel shows. */
export function queriesOf(panel: Panel): string[] {
  const names = [panel.query];
  if (panel.kind === 'stat' && panel.spark) names.push(panel.spark.query);
  return names;
}

/** Each query once, however many panels show it. */
export function allQueries(dashboard: Dashboard): string[] {
  return [...new Set(dashboard.panels.flatMap(queriesOf))];
}

/** The bucket of a query whose granularity is `auto` or `auto PT1M`; `null` for others. */
export function bucketOf(query: Json, lengthMs: number): Bucket | null {
  const found = typeof query.granularity === 'string' ? /^auto(?: (\S+))?$/.exec(query.granularity) : null;
  return found ? bucketFor(lengthMs, found[1]) : null;
}

/** The query as the store is asked: range, filters and datasource are the page's. */
export function built(dashboard: Dashboard, name: string, span: Span, filters: Filter[]): Json {
  const query = dashboard.queries[name];
  const bucket = bucketOf(query, span.to - span.from);
  const filter = toDruid(filters, query.filter);
  return {
    dataSource: dashboard.dataSource,
    ...query,
    ...(bucket ? { granularity: granularity(bucket) } : {}),
    ...(filter ? { filter } : {}),
    intervals: [interval(span)],
    context: { timeout: 30_000, ...((query.context ?? {}) as Json) },
  };
}

/** The longest bucket that the dashboard will use: ranges begin at one. */
export function widestBucketMs(dashboard: Dashboard, lengthMs: number): number {
  const buckets = allQueries(dashboard).map((name) => bucketOf(dashboard.queries[name], lengthMs)?.ms ?? 1000);
  return Math.max(1000, ...buckets);
}
