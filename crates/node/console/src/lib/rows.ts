// Druid's answers as plain rows, and rows as what charts draw.

import type { Json } from './api';

export type Row = Json & { __time?: number };

/** Rows of a timeseries, topN, groupBy or scan answer. The bucket's instant is `__time`. */
export function plainRows(answer: Json[]): Row[] {
  return answer.flatMap((entry): Row[] => {
    const time = typeof entry.timestamp === 'string' ? { __time: Date.parse(entry.timestamp) } : {};
    if (Array.isArray(entry.result)) return (entry.result as Json[]).map((row) => ({ ...time, ...row }));
    if (entry.result && typeof entry.result === 'object') return [{ ...time, ...(entry.result as Json) }];
    if (entry.event && typeof entry.event === 'object') return [{ ...time, ...(entry.event as Json) }];
    if (Array.isArray(entry.events)) return entry.events as Row[];
    return [entry as Row];
  });
}

export function num(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))) return Number(value);
  return null;
}

export type Grid = { times: number[]; columns: (number | null)[][] };

/** Columns by instant, ascending. */
export function byTime(rows: Row[], values: string[]): Grid {
  const sorted = rows.filter((row) => row.__time !== undefined).sort((a, b) => a.__time! - b.__time!);
  return { times: sorted.map((row) => row.__time!), columns: values.map((name) => sorted.map((row) => num(row[name]))) };
}

/** A column for each value of a dimension, the largest first. What is absent in a bucket is 0. */
export function pivot(rows: Row[], dimension: string, value: string): Grid & { names: string[] } {
  const times = [...new Set(rows.map((row) => row.__time ?? 0))].sort((a, b) => a - b);
  const at = new Map(times.map((time, index) => [time, index]));
  const columns = new Map<string, number[]>();
  const sums = new Map<string, number>();
  for (const row of rows) {
    const name = nameOf(row[dimension]);
    const amount = num(row[value]) ?? 0;
    const column = columns.get(name) ?? new Array<number>(times.length).fill(0);
    column[at.get(row.__time ?? 0)!] += amount;
    columns.set(name, column);
    sums.set(name, (sums.get(name) ?? 0) + amount);
  }
  const names = [...columns.keys()].sort((a, b) => sums.get(b)! - sums.get(a)! || (a < b ? -1 : 1));
  return { times, names, columns: names.map((name) => columns.get(name)!) };
}

function nameOf(value: unknown): string {
  return value === null || value === undefined ? 'null' : String(value);
}

/** Times without a row get one that is null: a line breaks there, a bar is absent. */
export function withGaps(grid: Grid, from: number, to: number, stepMs: number): Grid {
  if (stepMs <= 0 || grid.times.length === 0) return grid;
  const at = new Map(grid.times.map((time, index) => [time, index]));
  const first = grid.times[0];
  const times: number[] = [];
  const start = first - Math.floor((first - from) / stepMs) * stepMs;
  for (let time = start; time < to && times.length < 2000; time += stepMs) times.push(time);
  if (grid.times.some((time) => (time - start) % stepMs !== 0)) return grid;
  const columns = grid.columns.map((column) => times.map((time) => (at.has(time) ? column[at.get(time)!] : null)));
  return { times, columns };
}

export type Tree = { name: string; value: number; children: { name: string; value: number }[] };

/** Two levels with their sums, the largest first. */
export function tree(rows: Row[], path: [string, string], value: string): Tree[] {
  const roots = new Map<string, Tree>();
  for (const row of rows) {
    const [outer, inner] = path.map((dimension) => nameOf(row[dimension]));
    const amount = num(row[value]) ?? 0;
    const root = roots.get(outer) ?? { name: outer, value: 0, children: [] };
    root.value += amount;
    root.children.push({ name: inner, value: amount });
    roots.set(outer, root);
  }
  const descending = (a: { value: number }, b: { value: number }) => b.value - a.value;
  return [...roots.values()].sort(descending).map((root) => ({ ...root, children: root.children.sort(descending) }));
}

/** Names of columns in the order of first appearance. */
export function columnsOf(rows: Json[], limit = 500): string[] {
  const names = new Set<string>();
  for (const row of rows.slice(0, limit)) for (const name of Object.keys(row)) names.add(name);
  return [...names];
}
