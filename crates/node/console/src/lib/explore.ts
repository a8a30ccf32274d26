// The native queries behind the Explore page.

import type { Json } from './api';
import type { Measure } from './datasource';
import { toDruid, type Filter } from './filters';
import { granularity, interval, type Bucket, type Span } from './time';

export type Asked = { dataSource: string; span: Span; filters: Filter[]; measures: Measure[]; splits: string[]; bucket: Bucket };

const MAX_LINES = 8;
const MAX_ROWS = 100;

function common(asked: Asked, also?: Json): Json {
  const filter = toDruid(asked.filters, also);
  return {
    dataSource: asked.dataSource, intervals: [interval(asked.span)], ...(filter ? { filter } : {}),
    aggregations: asked.measures.map((measure) => measure.aggregation), context: { timeout: 30_000 },
  };
}

/** The first measure over time; with a split, a line for each of its largest values. */
export function timeQuery(asked: Asked, rows: Json[]): Json {
  const dimension = asked.splits[0];
  if (!dimension) return { queryType: 'timeseries', ...common(asked), granularity: granularity(asked.bucket) };
  const values = [...new Set(rows.map((row) => (row[dimension] ?? null) as string | null))].slice(0, MAX_LINES);
  const base = { ...common(asked, { type: 'in', dimension, values }), granularity: granularity(asked.bucket) };
  return { queryType: 'topN', ...base, aggregations: [asked.measures[0].aggregation], dimension, metric: asked.measures[0].name, threshold: MAX_LINES };
}

/** All measures: in total, for the top values of one split, or grouped by several. */
export function tableQuery(asked: Asked): Json {
  const base = { ...common(asked), granularity: 'all' };
  const metric = asked.measures[0].name;
  if (asked.splits.length === 0) return { queryType: 'timeseries', ...base };
  if (asked.splits.length === 1) return { queryType: 'topN', ...base, dimension: asked.splits[0], metric, threshold: MAX_ROWS };
  const columns = [{ dimension: metric, direction: 'descending', dimensionOrder: 'numeric' }];
  return { queryType: 'groupBy', ...base, dimensions: asked.splits, limitSpec: { type: 'default', limit: MAX_ROWS, columns } };
}
