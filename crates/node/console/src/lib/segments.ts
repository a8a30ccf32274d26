// Segments as days: what the timeline draws.

/** A merge of small segments that is under way. */
export type Merge = { dataSource: string; interval: string; segments: number; rows: number; bytes: number; startedAt: number };

export type Segment = { dataSource: string; interval: string; version: string; size: number; totalRows: number | null; identifier: string; shardSpec: { partitionNum?: number } };
export type Slot = { from: number; to: number; rows: number; size: number; count: number };
export type Day = { at: number; rows: number; size: number; count: number; slots: Slot[] };

const DAY = 86_400_000;

export function spanOf(segment: Segment): { from: number; to: number } {
  const [from, to] = segment.interval.split('/').map((text) => Date.parse(text));
  return { from, to };
}

/** Chunks of time with their rows, by UTC day, the newest first. A longer chunk stands at its first day. */
export function days(segments: Segment[]): Day[] {
  const found = new Map<number, Map<string, Slot>>();
  for (const segment of segments) {
    const { from, to } = spanOf(segment);
    if (!Number.isFinite(from)) continue;
    const at = Math.floor(from / DAY) * DAY;
    const slots = found.get(at) ?? new Map<string, Slot>();
    const slot = slots.get(segment.interval) ?? { from, to, rows: 0, size: 0, count: 0 };
    slot.rows += segment.totalRows ?? 0;
    slot.size += segment.size;
    slot.count += 1;
    slots.set(segment.interval, slot);
    found.set(at, slots);
  }
  const sum = (slots: Slot[], of: (slot: Slot) => number) => slots.reduce((total, slot) => total + of(slot), 0);
  return [...found]
    .sort((a, b) => b[0] - a[0])
    .map(([at, map]) => {
      const slots = [...map.values()].sort((a, b) => a.from - b.from);
      return { at, slots, rows: sum(slots, (slot) => slot.rows), size: sum(slots, (slot) => slot.size), count: sum(slots, (slot) => slot.count) };
    });
}

/** Where a slot stands in its day, in percent. */
export function placed(day: Day, slot: Slot): { left: number; width: number } {
  const left = ((slot.from - day.at) / DAY) * 100;
  return { left, width: Math.max(0.8, Math.min(100 - left, ((slot.to - slot.from) / DAY) * 100)) };
}

type Rule = { type: string; period?: string; interval?: string; includeFuture?: boolean };

/** A retention rule in words. */
export function ruleText(rule: Rule): string {
  const what = rule.type.startsWith('drop') ? 'Drop' : 'Keep';
  if (rule.type.endsWith('Forever')) return `${what} everything`;
  if (rule.type.endsWith('BeforeByPeriod')) return `${what} what is older than ${rule.period}`;
  if (rule.type.endsWith('ByPeriod')) return `${what} the last ${rule.period}${rule.includeFuture === false ? '' : ' and what lies ahead'}`;
  if (rule.type.endsWith('ByInterval')) return `${what} ${rule.interval}`;
  return JSON.stringify(rule);
}
