// Numbers, sizes, times and ages as people read them. Exact values belong into titles.

export type Format = 'number' | 'integer' | 'percent' | 'money' | 'bytes' | 'ms' | 'seconds' | 'rate' | 'text';

const UNITS = ['', ' k', ' M', ' G', ' T', ' P'];
const BYTES = [' B', ' KiB', ' MiB', ' GiB', ' TiB', ' PiB'];
export const NONE = '–';

/** Three figures and a unit: `1.24 M`. Whole numbers below ten thousand stay as they are. */
export function short(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  const size = Math.abs(value);
  if (size < 10_000) return Number.isInteger(value) ? grouped(value) : figures(value);
  const power = Math.min(Math.floor(Math.log10(size) / 3), UNITS.length - 1);
  const scaled = value / 1000 ** power;
  // 999,999 is 1 M, not 1,000 k.
  if (Math.abs(scaled) >= 999.5 && power + 1 < UNITS.length) return figures(value / 1000 ** (power + 1)) + UNITS[power + 1];
  return figures(scaled) + UNITS[power];
}

/** Three significant figures without an exponent. */
export function figures(value: number): string {
  if (value === 0) return '0';
  // Rounded first: 9.999 is 10.0 and not 10.00.
  const size = Math.abs(Number(value.toPrecision(3)));
  if (size >= 100) return grouped(Math.round(value));
  if (size < 0.001) return value.toExponential(1);
  return size < 1 ? String(Number(value.toPrecision(3))) : value.toFixed(size >= 10 ? 1 : 2);
}

const groups = new Intl.NumberFormat('en-US', { maximumFractionDigits: 6 });

/** All digits, in groups of three. */
export function grouped(value: number): string {
  return groups.format(value);
}

/** As many decimals as a column of these values needs, three at most: its numbers line up. */
export function decimalsOf(values: unknown[]): number {
  let most = 0;
  for (const value of values) {
    if (typeof value === 'number' && !Number.isInteger(value)) most = Math.max(most, (String(value).split('.')[1] ?? '').length);
  }
  return Math.min(3, most);
}

/** All digits with exactly so many decimals. */
export function aligned(value: number, decimals: number): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

/** `12.4 MiB`. */
export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  const power = value < 1 ? 0 : Math.min(Math.floor(Math.log2(value) / 10), BYTES.length - 1);
  const scaled = value / 1024 ** power;
  return (power === 0 ? String(Math.round(scaled)) : figures(scaled)) + BYTES[power];
}

/** A share of one as `4.31 %`. */
export function percent(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  const scaled = value * 100;
  const size = Math.abs(scaled);
  return `${scaled.toFixed(size >= 99.95 ? 0 : size >= 10 ? 1 : 2)} %`;
}

/** A length of time: `0.4 s`, `12 s`, `3 min`, `2 h`, `5 d`. */
export function age(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return NONE;
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** How long a query took: `0.8 ms`, `38 ms`, `1.24 s`. */
export function took(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return NONE;
  if (ms < 1000) return `${ms < 10 ? Number(ms.toFixed(1)) : Math.round(ms)} ms`;
  return ms < 100_000 ? `${figures(ms / 1000)} s` : age(ms);
}

const TO_TEXT: Record<Format, (value: number) => string> = {
  number: short,
  integer: (value) => short(Math.round(value)),
  percent,
  money: (value) => `¥ ${short(Math.abs(value) >= 10_000 ? value : Math.round(value * 100) / 100)}`,
  bytes,
  ms: took,
  seconds: (value) => took(value * 1000),
  rate: (value) => `${short(value)}/s`,
  text: String,
};

/** A value in the format that a panel asks for; texts stay texts. */
export function shown(value: unknown, format: Format = 'number'): string {
  if (typeof value === 'number') return (TO_TEXT[format] ?? short)(value);
  if (value === null || value === undefined) return NONE;
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  return JSON.stringify(value);
}

/** The whole value, for a title. */
export function exact(value: unknown, format: Format = 'number'): string {
  if (typeof value !== 'number') return shown(value);
  if (format === 'percent') return `${grouped(value * 100)} %`;
  if (format === 'bytes') return `${grouped(value)} bytes`;
  return grouped(value);
}

/** What a dimension's value is called: null and the empty text have names of their own. */
export function valueName(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (value === '') return '(empty)';
  return typeof value === 'string' ? value : Array.isArray(value) ? value.map(valueName).join(', ') : String(value);
}

const pad = (value: number, width = 2) => String(value).padStart(width, '0');

/** `16:04:05` in the viewer's zone. */
export function clock(ms: number): string {
  const at = new Date(ms);
  return `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
}

/** `2026-01-31 16:04` in the viewer's zone. */
export function moment(ms: number, withSeconds = false): string {
  const at = new Date(ms);
  const day = `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
  return `${day} ${withSeconds ? clock(ms) : clock(ms).slice(0, 5)}`;
}

/** The same instant in UTC, for a title. */
export function utc(ms: number): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : NONE;
}

/** `3 segments`, `1 segment`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${short(count)} ${count === 1 ? one : many}`;
}
