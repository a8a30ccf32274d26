import { expect, test } from 'vitest';
import { age, aligned, bytes, decimalsOf, exact, moment, percent, short, shown, took, valueName } from './format';

test('numbers are short with three figures', () => {
  const cases: [number, string][] = [
    [0, '0'], [7, '7'], [1234, '1,234'], [9999, '9,999'], [10_000, '10.0 k'], [12_345, '12.3 k'], [999_499, '999 k'], [999_999, '1.00 M'],
    [1_240_000, '1.24 M'], [2.5e9, '2.50 G'], [3e12, '3.00 T'], [-12_345, '-12.3 k'], [0.5, '0.5'], [0.1234, '0.123'], [3.14159, '3.14'], [0.00012, '1.2e-4'],
  ];
  for (const [value, text] of cases) expect(short(value), String(value)).toBe(text);
  for (const none of [null, undefined, NaN, Infinity]) expect(short(none)).toBe('–');
});

test('sizes count in powers of two', () => {
  expect([bytes(0), bytes(512), bytes(1024), bytes(1.5 * 1024 ** 2), bytes(15_165_908_580)]).toEqual(['0 B', '512 B', '1.00 KiB', '1.50 MiB', '14.1 GiB']);
});

test('shares, ages and durations', () => {
  expect([percent(0.0418), percent(0.5), percent(1), percent(null)]).toEqual(['4.18 %', '50.0 %', '100 %', '–']);
  expect([age(-5), age(400), age(12_000), age(180_000), age(7.2e6), age(5 * 86_400_000)]).toEqual(['0.0 s', '0.4 s', '12 s', '3 min', '2 h', '5 d']);
  expect([took(0.84), took(38), took(1240), took(null)]).toEqual(['0.8 ms', '38 ms', '1.24 s', '–']);
});

test('a panel chooses the format and the title has the whole value', () => {
  expect([shown(0.0418, 'percent'), shown(1_316_000, 'money'), shown(523, 'money'), shown(1.6, 'integer'), shown('x'), shown(null)]).toEqual([
    '4.18 %', '¥ 1.32 M', '¥ 523', '2', 'x', '–',
  ]);
  expect([exact(1_234_567.5), exact(0.04184, 'percent'), exact(2048, 'bytes')]).toEqual(['1,234,567.5', '4.184 %', '2,048 bytes']);
});

test('null and the empty text have names', () => {
  expect([valueName(null), valueName(''), valueName('广东'), valueName(['a', null])]).toEqual(['null', '(empty)', '广东', 'a, null']);
});

test('instants are those of the viewer', () => {
  const at = new Date(2026, 0, 31, 16, 4, 5).getTime();
  expect([moment(at), moment(at, true)]).toEqual(['2026-01-31 16:04', '2026-01-31 16:04:05']);
});

test('numbers of a column line up', () => {
  expect([decimalsOf([1, 2]), decimalsOf([1.5, 58_299.03, null]), decimalsOf([0.123456])]).toEqual([0, 2, 3]);
  expect([aligned(58_299.3, 2), aligned(1, 0)]).toEqual(['58,299.30', '1']);
});
