import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { suggest } from './complete';
import { allQueries, built, readDashboard } from './dashboards';
import { firstMeasure, read } from './datasource';
import { examples } from './examples';
import { tableQuery, timeQuery } from './explore';
import { propose, sampleRequest, specOf, timeFormatOf, type Source } from './wizard';

const hints = { datasources: ['ads', 'orders'], columns: [{ name: 'province', type: 'STRING' }, { name: 'cost', type: 'DOUBLE' }] };
const at = (text: string) => suggest(text.replace('|', ''), text.indexOf('|'), hints);
const labels = (text: string) => at(text)?.options.map((option) => option.label);

test('completion knows what stands before it', () => {
  expect(labels('{"dataSource": "a|')).toEqual(['ads', 'orders']);
  expect(labels('{"queryType": "|"}')).toContain('topN');
  expect(labels('{"dimensions": ["city", "|')).toEqual(['province', 'cost']);
  expect(labels('{"aggregations": [{"type": "|')).toContain('longSum');
  expect(labels('{"filter": {"type": "and", "fields": [{"type": "|')).toContain('selector');
  expect(labels('{"|')).toContain('intervals');
  expect(labels('{"queryType": "topN", "|')).toContain('dimension');
  expect(labels('{"threshold": |')).toBeUndefined();
});

test('completion closes a string once', () => {
  expect(at('{"dataSource": "|')!.options[0].apply).toBe('ads"');
  expect(at('{"dataSource": "|"')!.options[0].apply).toBe('ads');
  expect(at('{"dataSource": |')!.options[0].apply).toBe('"ads"');
  expect(at('{"query|')).toMatchObject({ from: 2, inString: true });
});

const file = (id: string) => JSON.parse(readFileSync(new URL(`../../../../../config/dashboards/${id}.json`, import.meta.url), 'utf8'));

test('the dashboards that come with the store are right', () => {
  for (const id of ['ads', 'orders']) {
    const dashboard = readDashboard(id, file(id));
    expect(dashboard.error).toBeUndefined();
    expect(allQueries(dashboard).sort()).toEqual(Object.keys(dashboard.queries).sort());
  }
});

test('a panel asks for the range and filters of the page', () => {
  const dashboard = readDashboard('ads', file('ads'));
  const span = { from: 0, to: 900_000 };
  const query = built(dashboard, 'by_minute', span, [{ dimension: 'province', value: '广东', exclude: false }]);
  expect(query).toMatchObject({
    dataSource: 'ads', granularity: { type: 'duration', duration: 60_000 }, intervals: ['1970-01-01T00:00:00.000Z/1970-01-01T00:15:00.000Z'],
    filter: { type: 'in', dimension: 'province', values: ['广东'] },
  });
  expect(built(dashboard, 'ads', span, [{ dimension: 'province', value: null, exclude: true }]).filter).toMatchObject({ type: 'and' });
});

test('a wrong dashboard says where', () => {
  expect(readDashboard('x', {}).error).toBe('"dataSource" is missing');
  expect(readDashboard('x', { dataSource: 'a', panels: [{ kind: 'pie', query: 'q' }] }).error).toContain('panels[0]: unknown kind "pie"');
  expect(readDashboard('x', { dataSource: 'a', panels: [{ kind: 'stat', query: 'q' }] }).error).toBe('panels[0]: there is no query "q"');
});

const analysis = {
  numRows: 5, size: 9, aggregators: { count: { type: 'longSum', name: 'count', fieldName: 'count' } },
  columns: {
    __time: { typeSignature: 'LONG', hasMultipleValues: false, cardinality: null, size: 1 },
    city: { typeSignature: 'STRING', hasMultipleValues: false, cardinality: 37, size: 1 },
    age: { typeSignature: 'LONG', hasMultipleValues: false, cardinality: null, size: 1 },
    count: { typeSignature: 'LONG', hasMultipleValues: false, cardinality: null, size: 1 },
  },
};

test('a datasource tells its dimensions from its measures', () => {
  const found = read('ads', analysis);
  expect(found.dimensions.map((column) => column.name)).toEqual(['city', 'age']);
  expect(found.measures.map((measure) => measure.name)).toEqual(['count', 'sum_age', 'stored_rows']);
  expect(firstMeasure(found)).toBe('count');
  expect(examples(found, 0).every((example) => JSON.parse(example.text).dataSource === 'ads')).toBe(true);
});

test('Explore asks by the number of splits', () => {
  const found = read('ads', analysis);
  const asked = (splits: string[]) => ({ dataSource: 'ads', span: { from: 0, to: 1000 }, filters: [], measures: found.measures.slice(0, 1), splits, bucket: { ms: 1000, period: 'PT1S' } });
  expect([[], ['city'], ['city', 'age']].map((splits) => tableQuery(asked(splits)).queryType)).toEqual(['timeseries', 'topN', 'groupBy']);
  expect(timeQuery(asked(['city']), [{ city: '广州' }, { city: null }]).filter).toEqual({ type: 'in', dimension: 'city', values: ['广州', null] });
});

const source: Source = { servers: 'k:9092', topic: 'ads events', earliest: true, format: 'json', columns: '', properties: '' };
const sampled = {
  numRowsRead: 2, numRowsIndexed: 2,
  logicalSegmentSchema: [{ name: 'cost', type: 'DOUBLE' }, { name: 'user_id', type: 'LONG' }, { name: 'city', type: 'STRING' }, { name: 'n', type: 'LONG' }],
  data: [{ input: { ts: 1_700_000_000_000, cost: 1.5, user_id: 7, city: '广州', n: 3 } }, { input: { ts: 1_700_000_000_500, cost: 2, user_id: 8, city: '深圳', n: 4 } }, { input: { ts: 1_700_000_000_900, n: 9 } }],
};

test('instants are known by their values', () => {
  expect([timeFormatOf([1_700_000_000]), timeFormatOf(['1700000000000']), timeFormatOf(['2026-01-01T00:00:00Z']), timeFormatOf(['x']), timeFormatOf([]), timeFormatOf([12])]).toEqual([
    'posix', 'millis', 'auto', null, null, null,
  ]);
});

test('the wizard proposes a whole spec', () => {
  const plan = propose(source.topic, sampled);
  expect(specOf(source, plan)).toEqual({
    type: 'kafka',
    spec: {
      dataSchema: {
        dataSource: 'ads_events', timestampSpec: { column: 'ts', format: 'millis' }, dimensionsSpec: { dimensions: ['city'] },
        metricsSpec: [
          { type: 'count', name: 'count' }, { type: 'doubleSum', name: 'cost', fieldName: 'cost' },
          { type: 'HLLSketchBuild', name: 'unique_user_id', fieldName: 'user_id' }, { type: 'longSum', name: 'n', fieldName: 'n' },
        ],
        granularitySpec: { type: 'uniform', segmentGranularity: 'HOUR', queryGranularity: 'SECOND', rollup: true },
      },
      ioConfig: { topic: 'ads events', consumerProperties: { 'bootstrap.servers': 'k:9092' }, inputFormat: { type: 'json' }, useEarliestOffset: true },
      tuningConfig: { type: 'kafka' },
    },
  });
});

test('what is missing is named', () => {
  expect(() => sampleRequest({ ...source, topic: ' ' }, null)).toThrow('topic');
  expect(() => sampleRequest({ ...source, properties: '{' }, null)).toThrow('More properties');
  expect(() => specOf(source, { ...propose('t', { ...sampled, data: [] }) })).toThrow('time');
});
