// What a datasource consists of: its dimensions with how many values each has, and its measures.

import { getJson, runQuery, type Json } from './api';

export type ColumnInfo = { name: string; type: string; isMulti: boolean; cardinality: number | null; bytes: number };
export type Measure = { name: string; label: string; aggregation: Json };
export type Datasource = { name: string; dimensions: ColumnInfo[]; measures: Measure[]; columns: ColumnInfo[]; numRows: number; bytes: number };

type Analysis = {
  columns: Record<string, { typeSignature: string; hasMultipleValues: boolean; cardinality: number | null; size: number }>;
  aggregators: Record<string, Json> | null;
  numRows: number;
  size: number;
};

const KEEP_MS = 60_000;
const known = new Map<string, { at: number; value: Promise<Datasource> }>();

export async function datasources(signal?: AbortSignal): Promise<string[]> {
  return getJson<string[]>('/druid/v2/datasources', signal);
}

/** Kept for a minute: columns seldom change. */
export function describe(name: string): Promise<Datasource> {
  const before = known.get(name);
  if (before && Date.now() - before.at < KEEP_MS) return before.value;
  const value = ask(name);
  known.set(name, { at: Date.now(), value });
  value.catch(() => known.delete(name));
  return value;
}

async function ask(name: string): Promise<Datasource> {
  const answer = await runQuery<Analysis>({
    queryType: 'segmentMetadata', dataSource: name, merge: true, lenientAggregatorMerge: true,
    analysisTypes: ['cardinality', 'size', 'aggregators'], context: { timeout: 30_000 },
  });
  return read(name, answer.rows[0]);
}

/** Stored metrics are measures by the way they were rolled up; number columns beside them by their sum. */
export function read(name: string, analysis: Analysis | undefined): Datasource {
  const columns = Object.entries(analysis?.columns ?? {}).map(([column, info]) => ({
    name: column, type: info.typeSignature, isMulti: info.hasMultipleValues, cardinality: info.cardinality, bytes: info.size,
  }));
  const aggregators = analysis?.aggregators ?? {};
  const measures: Measure[] = Object.entries(aggregators).map(([metric, aggregation]) => ({ name: metric, label: metric, aggregation }));
  const isDimension = (column: ColumnInfo) => column.name !== '__time' && !(column.name in aggregators) && !column.type.startsWith('COMPLEX');
  for (const column of columns.filter((column) => isDimension(column) && column.type !== 'STRING')) {
    const type = column.type === 'LONG' ? 'longSum' : 'doubleSum';
    measures.push({ name: `sum_${column.name}`, label: `sum of ${column.name}`, aggregation: { type, name: `sum_${column.name}`, fieldName: column.name } });
  }
  measures.push({ name: 'stored_rows', label: 'stored rows', aggregation: { type: 'count', name: 'stored_rows' } });
  return { name, columns, measures, dimensions: columns.filter(isDimension), numRows: analysis?.numRows ?? 0, bytes: analysis?.size ?? 0 };
}

/** The measure to begin with: a count of events, if there is one. */
export function firstMeasure(datasource: Datasource): string {
  return (datasource.measures.find((measure) => measure.name === 'count') ?? datasource.measures[0]).name;
}
