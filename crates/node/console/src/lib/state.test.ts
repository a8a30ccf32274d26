import { expect, test } from 'vitest';
import { ColorBook, pale } from './colors';
import { filterText, parseFilter, stateOf, toDruid, toggled, type Filter } from './filters';
import { changed } from './params';
import { pageOf } from './routes';
import { bucketFor, interval, parseRange, rangeLabel, rangeText, spanOf } from './time';

const only = (dimension: string, value: string | null, exclude = false): Filter => ({ dimension, value, exclude });

test('ranges survive the URL', () => {
  for (const text of ['5m', '1h', '7d', '45s', '2026-01-01T00:00:00.000Z/2026-01-02T00:00:00.000Z']) expect(rangeText(parseRange(text)!)).toBe(text);
  for (const bad of ['', null, 'x', '0m', '5y', '2026/2025', 'a/b']) expect(parseRange(bad), String(bad)).toBeNull();
  expect(rangeLabel(parseRange('15m')!)).toBe('Last 15 minutes');
  expect(rangeLabel(parseRange('45m')!)).toBe('Last 45m');
});

test('a span begins on a bucket and holds the second of now', () => {
  const now = Date.parse('2026-01-01T10:07:30.250Z');
  expect(interval(spanOf({ kind: 'last', ms: 900_000 }, now, 60_000))).toBe('2026-01-01T09:52:00.000Z/2026-01-01T10:07:31.000Z');
  expect(spanOf({ kind: 'fixed', from: 1, to: 2 }, now)).toEqual({ from: 1, to: 2 });
});

test('buckets are readable in number and never finer than asked', () => {
  expect(bucketFor(900_000).period).toBe('PT5S');
  expect(bucketFor(900_000, 'PT1M').period).toBe('PT1M');
  expect(bucketFor(86_400_000, 'PT1M').period).toBe('PT15M');
  expect(bucketFor(4000 * 86_400_000).period).toBe('P7D');
});

test('a click filters, again takes it away, shift turns it', () => {
  const kept = toggled([], only('province', '广东'));
  expect(kept).toEqual([only('province', '广东')]);
  expect(toggled(kept, only('province', '广东'))).toEqual([]);
  expect(toggled(kept, only('province', '广东', true))).toEqual([only('province', '广东', true)]);
  expect([stateOf(kept, 'province', '广东'), stateOf(kept, 'province', '浙江')]).toEqual(['in', 'none']);
});

test('filters survive the URL, whatever is in them', () => {
  const values = [only('province', '广东'), only('a:b', 'x:y~z&-', true), only('city', null), only('-odd', ''), only('n', null, true)];
  for (const filter of values) expect(parseFilter(filterText(filter))).toEqual(filter.dimension.startsWith('-') ? { ...only('odd', ''), exclude: true } : filter);
  for (const bad of ['', 'province', ':x', '%zz:1']) expect(parseFilter(bad), bad).toBeNull();
});

test('values of a dimension are alternatives, the rest all hold', () => {
  expect(toDruid([])).toBeUndefined();
  expect(toDruid([only('a', '1')])).toEqual({ type: 'in', dimension: 'a', values: ['1'] });
  expect(toDruid([only('a', '1'), only('a', '2'), only('b', null, true)], { type: 'true' })).toEqual({
    type: 'and',
    fields: [{ type: 'in', dimension: 'a', values: ['1', '2'] }, { type: 'not', field: { type: 'in', dimension: 'b', values: [null] } }, { type: 'true' }],
  });
});

test('a part of the query string changes and the rest stays', () => {
  const params = new URLSearchParams('r=1h&f=a:1&f=b:2');
  expect(changed(params, { f: ['c:3'] })).toBe('?r=1h&f=c:3');
  expect(changed(params, { r: null, f: null })).toBe('');
});

test('paths lead to pages', () => {
  expect(pageOf('/dashboards/%E5%B9%BF')).toEqual({ page: 'dashboards', rest: ['广'] });
  expect(pageOf('/nothing')).toEqual({ page: null, rest: [] });
  expect(pageOf('/segments/%zz').rest).toEqual(['%zz']);
});

test('a value keeps its colour, and fixed ones are kept free', () => {
  const book = new ColorBook({ paid: 3 });
  expect([book.number('a'), book.number('b'), book.number('c'), book.number('paid'), book.number('a')]).toEqual([0, 1, 3, 2, 0]);
});

test('a pale colour lies half way to what is behind it', () => {
  expect([pale('#1479a8', '#fff'), pale('#1479a8', '#ffffff'), pale('#4aa9d8', ' #1a1d20')]).toEqual(['#8abcd4', '#8abcd4', '#32637c']);
});
