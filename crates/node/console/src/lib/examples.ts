// Queries to begin with, made for a datasource's own columns.

import type { Json } from './api';
import type { Datasource } from './datasource';

const pretty = (query: Json) => JSON.stringify(query, null, 2);

export type Example = { label: string; text: string };

export function examples(datasource: Datasource | null, now: number): Example[] {
  const dataSource = datasource?.name ?? 'wikipedia';
  const minute = 60_000;
  const to = Math.ceil(now / minute) * minute;
  const intervals = [`${new Date(to - 60 * minute).toISOString()}/${new Date(to).toISOString()}`];
  const measure = datasource?.measures.find((one) => one.name === 'count') ?? datasource?.measures[0];
  const second = datasource?.measures.find((one) => one !== measure && /Sum$/.test(String(one.aggregation.type)));
  const aggregations = [measure, second].flatMap((one) => (one ? [one.aggregation] : []));
  const metric = measure?.name ?? 'count';
  const [first, other] = datasource?.dimensions.filter((column) => (column.cardinality ?? 0) > 1).sort((a, b) => (a.cardinality ?? 0) - (b.cardinality ?? 0)).map((column) => column.name) ?? [];
  const dimension = first ?? 'page';
  return [
    { label: 'By minute', text: pretty({ queryType: 'timeseries', dataSource, granularity: 'minute', intervals, aggregations, context: { skipEmptyBuckets: true } }) },
    { label: `Top values of ${dimension}`, text: pretty({ queryType: 'topN', dataSource, granularity: 'all', intervals, dimension, metric, threshold: 10, aggregations }) },
    {
      label: 'Grouped by two',
      text: pretty({
        queryType: 'groupBy', dataSource, granularity: 'all', intervals, dimensions: [dimension, other ?? dimension].filter((name, at, all) => all.indexOf(name) === at), aggregations,
        limitSpec: { type: 'default', limit: 100, columns: [{ dimension: metric, direction: 'descending', dimensionOrder: 'numeric' }] },
      }),
    },
    { label: 'Newest rows', text: pretty({ queryType: 'scan', dataSource, intervals, limit: 50, order: 'descending', columns: ['__time', ...(datasource?.dimensions.slice(0, 6).map((column) => column.name) ?? [])], resultFormat: 'list' }) },
    { label: 'Time boundary', text: pretty({ queryType: 'timeBoundary', dataSource }) },
    { label: 'Columns and sizes', text: pretty({ queryType: 'segmentMetadata', dataSource, merge: true, analysisTypes: ['cardinality', 'size', 'aggregators'] }) },
  ];
}
