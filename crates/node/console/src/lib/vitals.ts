// The last quarter of an hour of the process, as rates.

import { getJson } from './api';

export type Look = {
  at: number; numEvents: number; numQueries: number; liveRows: number; sealedRows: number;
  segments: number; lagMs: number; lagRecords: number; residentBytes: number;
};
export type Vitals = { periodMs: number; startedAt: number; looks: Look[] };

export async function vitals(signal?: AbortSignal): Promise<Vitals> {
  return getJson<Vitals>('/dolmen/v1/vitals', signal);
}

/** What grew per second from one look to the next; looks too near to each other are passed over. */
export function rates(looks: Look[], of: 'numEvents' | 'numQueries', leastMs = 1000): number[] {
  const out: number[] = [];
  let before: Look | undefined = looks[0];
  for (const look of looks.slice(1)) {
    if (!before || look.at - before.at < leastMs) continue;
    out.push(Math.max(0, (look[of] - before[of]) / ((look.at - before.at) / 1000)));
    before = look;
  }
  return out;
}

/** The rate of the last seconds. */
export function rateNow(looks: Look[], of: 'numEvents' | 'numQueries', overMs = 9000): number | null {
  const last = looks.at(-1);
  const before = looks.findLast((look) => last && last.at - look.at >= overMs) ?? looks[0];
  if (!last || !before || last.at <= before.at) return null;
  return Math.max(0, (last[of] - before[of]) / ((last.at - before.at) / 1000));
}
