// Time ranges and buckets. A range is a length that ends now (`1h`) or two instants.

export type Range = { kind: 'last'; ms: number } | { kind: 'fixed'; from: number; to: number };

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const UNITS: Record<string, number> = { s: SECOND, m: MINUTE, h: HOUR, d: DAY };

/** What the range menu offers. */
export const RANGES: { text: string; label: string }[] = [
  { text: '5m', label: 'Last 5 minutes' },
  { text: '15m', label: 'Last 15 minutes' },
  { text: '1h', label: 'Last hour' },
  { text: '6h', label: 'Last 6 hours' },
  { text: '1d', label: 'Last 24 hours' },
  { text: '7d', label: 'Last 7 days' },
  { text: '30d', label: 'Last 30 days' },
];

/** Reads `15m`, `1h` or `2026-01-01T00:00:00.000Z/2026-01-02T00:00:00.000Z`. */
export function parseRange(text: string | null | undefined): Range | null {
  if (!text) return null;
  const last = /^(\d{1,6})([smhd])$/.exec(text);
  if (last) {
    const ms = Number(last[1]) * UNITS[last[2]];
    return ms > 0 ? { kind: 'last', ms } : null;
  }
  const [from, to] = text.split('/').map((part) => Date.parse(part));
  return Number.isFinite(from) && Number.isFinite(to) && from < to ? { kind: 'fixed', from, to } : null;
}

/** The text that `parseRange` reads. */
export function rangeText(range: Range): string {
  if (range.kind === 'fixed') return `${new Date(range.from).toISOString()}/${new Date(range.to).toISOString()}`;
  for (const unit of ['d', 'h', 'm'] as const) {
    if (range.ms % UNITS[unit] === 0) return `${range.ms / UNITS[unit]}${unit}`;
  }
  return `${Math.round(range.ms / SECOND)}s`;
}

/** The buckets that charts use, finest first, by what Druid calls them. */
const BUCKETS: [number, string][] = [
  [SECOND, 'PT1S'],
  [5 * SECOND, 'PT5S'],
  [10 * SECOND, 'PT10S'],
  [30 * SECOND, 'PT30S'],
  [MINUTE, 'PT1M'],
  [5 * MINUTE, 'PT5M'],
  [15 * MINUTE, 'PT15M'],
  [HOUR, 'PT1H'],
  [6 * HOUR, 'PT6H'],
  [DAY, 'P1D'],
  [7 * DAY, 'P7D'],
];
const MAX_BUCKETS = 180;

export type Bucket = { ms: number; period: string };

/** The finest bucket that gives a readable chart, but never finer than asked. */
export function bucketFor(lengthMs: number, finest = 'PT1S'): Bucket {
  const from = Math.max(0, BUCKETS.findIndex(([, period]) => period === finest));
  const found = BUCKETS.slice(from).find(([ms]) => lengthMs / ms <= MAX_BUCKETS) ?? BUCKETS[BUCKETS.length - 1];
  return { ms: found[0], period: found[1] };
}

/** Milliseconds of a period that `bucketFor` may give; 0 for others. */
export function periodMs(period: string): number {
  return BUCKETS.find(([, name]) => name === period)?.[0] ?? 0;
}

/** The granularity as a query has it: buckets begin at multiples since the epoch. */
export function granularity(bucket: Bucket): object {
  return { type: 'duration', duration: bucket.ms };
}

export type Span = { from: number; to: number };

/** The instants of a range at `now`. The start lies on a bucket, so that the first bucket is whole. */
export function spanOf(range: Range, now: number, bucketMs = SECOND): Span {
  if (range.kind === 'fixed') return { from: range.from, to: range.to };
  const to = Math.ceil((now + 1) / SECOND) * SECOND;
  return { from: Math.floor((to - range.ms) / bucketMs) * bucketMs, to };
}

/** A span as Druid's interval. */
export function interval(span: Span): string {
  return `${new Date(span.from).toISOString()}/${new Date(span.to).toISOString()}`;
}

/** `5m` of a range menu, or the two instants in the viewer's zone. */
export function rangeLabel(range: Range): string {
  const text = rangeText(range);
  const known = RANGES.find((entry) => entry.text === text);
  if (known) return known.label;
  if (range.kind === 'last') return `Last ${text}`;
  return `${local(range.from)} – ${local(range.to)}`;
}

function local(ms: number): string {
  const at = new Date(ms);
  const two = (value: number) => String(value).padStart(2, '0');
  const seconds = at.getSeconds() ? `:${two(at.getSeconds())}` : '';
  return `${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}${seconds}`;
}
