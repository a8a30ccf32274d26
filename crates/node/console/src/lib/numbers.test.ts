import { expect, test } from 'vitest';
import { squarify } from '../charts/treemap';
import { dataOf, type Chart, type Line } from '../charts/stack';
import { csv } from './export';
import { troubles } from './health';
import { byLabel, parseMetrics, quantile, total } from './metrics';
import { byTime, pivot, plainRows, tree, withGaps } from './rows';
import { days, placed, ruleText, type Segment } from './segments';
import { rateNow, rates, type Look } from './vitals';

const TEXT = `# HELP a A.
# TYPE a counter
a{supervisor="x",note="q\\"\\\\"} 3
a{supervisor="y"} 4
b 1.5
c_bucket{type="t",le="0.1"} 5
c_bucket{type="t",le="0.2"} 9
c_bucket{type="t",le="+Inf"} 10
`;

test('metrics are read, summed and told by label', () => {
  const metrics = parseMetrics(TEXT);
  expect([total(metrics, 'a'), total(metrics, 'a', { supervisor: 'y' }), total(metrics, 'b'), total(metrics, 'none')]).toEqual([7, 4, 1.5, 0]);
  expect([...byLabel(metrics, 'a', 'supervisor')]).toEqual([['x', 3], ['y', 4]]);
  expect(metrics.get('a')![0].labels.note).toBe('q"\\');
});

test('quantiles are linear within a bucket', () => {
  const metrics = parseMetrics(TEXT);
  expect(quantile(metrics, 'c', 0.5)).toBeCloseTo(0.1);
  expect(quantile(metrics, 'c', 0.7)).toBeCloseTo(0.15);
  expect(quantile(metrics, 'c', 0.99)).toBe(0.2);
  expect(quantile(metrics, 'none', 0.5)).toBeNull();
});

test('answers of every kind become rows', () => {
  const timestamp = '1970-01-01T00:00:01.000Z';
  expect(plainRows([{ timestamp, result: { n: 1 } }])).toEqual([{ __time: 1000, n: 1 }]);
  expect(plainRows([{ timestamp, result: [{ a: 'x' }, { a: null }] }])).toHaveLength(2);
  expect(plainRows([{ version: 'v1', timestamp, event: { a: 1 } }])).toEqual([{ __time: 1000, a: 1 }]);
  expect(plainRows([{ segmentId: 's', columns: ['a'], events: [{ a: 1 }, { a: 2 }] }])).toEqual([{ a: 1 }, { a: 2 }]);
});

test('rows become columns, and absent buckets are absent', () => {
  const rows = [{ __time: 3000, v: 3 }, { __time: 1000, v: 1 }];
  const grid = withGaps(byTime(rows, ['v']), 0, 5000, 1000);
  expect(grid).toEqual({ times: [0, 1000, 2000, 3000, 4000], columns: [[null, 1, null, 3, null]] });
});

test('a pivot has the largest first and zeros where nothing was', () => {
  const rows = [{ __time: 1, d: 'a', v: 1 }, { __time: 2, d: 'b', v: 5 }, { __time: 2, d: null, v: 2 }];
  expect(pivot(rows, 'd', 'v')).toEqual({ times: [1, 2], names: ['b', 'null', 'a'], columns: [[0, 5], [0, 2], [1, 0]] });
});

test('trees sum their children', () => {
  const rows = [{ p: '广东', c: '广州', v: 3 }, { p: '浙江', c: '杭州', v: 4 }, { p: '广东', c: '深圳', v: 5 }];
  expect(tree(rows, ['p', 'c'], 'v')).toEqual([
    { name: '广东', value: 8, children: [{ name: '深圳', value: 5 }, { name: '广州', value: 3 }] },
    { name: '浙江', value: 4, children: [{ name: '杭州', value: 4 }] },
  ]);
});

test('a tree map fills its box in proportion', () => {
  const values = [6, 6, 4, 3, 2, 2, 1];
  const boxes = squarify(values, { x: 0, y: 0, w: 600, h: 400 });
  boxes.forEach((box, at) => expect(box.w * box.h).toBeCloseTo((values[at] / 24) * 240_000, 3));
  expect(Math.max(...boxes.map((box) => box.x + box.w))).toBeCloseTo(600);
  expect(squarify([0, 0], { x: 0, y: 0, w: 10, h: 10 }).every((box) => box.w === 0)).toBe(true);
});

test('stacks stand on those after them and an open bucket of a line stands apart', () => {
  const line = (draw: Line['draw'], data: number[]): Line => ({ label: '', color: '#000000', axis: 'left', text: String, draw, data });
  const chart = (lines: Line[]): Chart => ({ times: [1, 2, 3], lines, from: 0, to: 4, bucketMs: 1, isOpen: true });
  expect(dataOf(chart([line('stack-bars', [1, 2, 3]), line('stack-bars', [10, 20, 30])]))).toEqual([[11, 22, 33], [10, 20, 30]]);
  expect(dataOf(chart([line('line', [1, 2, 3])]))).toEqual([[1, 2, null], [null, 2, 3]]);
});

test('CSV quotes what must be quoted and disarms formulas', () => {
  expect(csv([{ a: 'x,y', b: 1 }, { a: '=1+1', b: null }, { a: 'he said "hi"', c: ['p'] }])).toBe('a,b,c\r\n"x,y",1,\r\n\'=1+1,,\r\n"he said ""hi""",,"[""p""]"\r\n');
});

test('rates are those between looks', () => {
  const look = (at: number, numEvents: number) => ({ at, numEvents }) as Look;
  const looks = [look(0, 0), look(5000, 500), look(5001, 501), look(10_000, 2501)];
  expect(rates(looks, 'numEvents').map(Math.round)).toEqual([100, 400]);
  expect(rateNow(looks, 'numEvents')).toBeCloseTo(250.1);
  expect(rateNow([look(1, 1)], 'numEvents')).toBeNull();
});

test('segments become days with their hours', () => {
  const segment = (interval: string, totalRows: number) => ({ interval, totalRows, size: 10, identifier: interval }) as Segment;
  const found = days([segment('2026-01-01T06:00:00Z/2026-01-01T07:00:00Z', 5), segment('2026-01-01T06:00:00Z/2026-01-01T07:00:00Z', 7), segment('2026-01-02T00:00:00Z/2026-01-03T00:00:00Z', 1)]);
  expect(found.map((day) => [day.rows, day.count, day.slots.length])).toEqual([[1, 1, 1], [12, 2, 1]]);
  expect(placed(found[1], found[1].slots[0]).left).toBe(25);
  expect(placed(found[1], found[1].slots[0]).width).toBeCloseTo(100 / 24);
  expect(placed(found[0], found[0].slots[0])).toEqual({ left: 0, width: 100 });
});

test('rules are told in words', () => {
  expect(ruleText({ type: 'loadForever' })).toBe('Keep everything');
  expect(ruleText({ type: 'dropBeforeByPeriod', period: 'P1M' })).toBe('Drop what is older than P1M');
  expect(ruleText({ type: 'loadByPeriod', period: 'P1M', includeFuture: false })).toBe('Keep the last P1M');
});

test('only what needs a person is told, the worst first', () => {
  const brief = (id: string, healthy = true, suspended = false) => ({ id, state: 'RUNNING', detailedState: 'RUNNING', healthy, suspended });
  const memory = { maxMemory: 100, usedMemory: 50 };
  expect(troubles({ metrics: parseMetrics(TEXT), briefs: [brief('a'), brief('b', false, true)], memory })).toEqual([]);
  const metrics = parseMetrics('dolmen_ingest_lag_ms{supervisor="a"} 90001\ndolmen_ingest_lanes_stopped{supervisor="b"} 2\n');
  const found = troubles({ metrics, briefs: [brief('a'), brief('b')], memory: { maxMemory: 100, usedMemory: 95 } });
  expect(found.map((one) => `${one.tone} ${one.text}`)).toEqual(['bad b: 2 lanes do not read', 'bad Memory is nearly used up', 'warn a: is 2 min behind']);
});
