// What needs a person, worst first. Everything else stays calm.

import { age, grouped } from './format';
import { byLabel, type Metrics } from './metrics';
import type { Brief } from './supervisors';

export type Facts = { metrics: Metrics; briefs: Brief[]; memory: { maxMemory: number; usedMemory: number } };
export type Trouble = { tone: 'bad' | 'warn'; text: string; href: string };

const LATE_MS = 60_000;

export function troubles({ metrics, briefs, memory }: Facts): Trouble[] {
  const found: Trouble[] = [];
  const stopped = byLabel(metrics, 'dolmen_ingest_lanes_stopped', 'supervisor');
  const lag = byLabel(metrics, 'dolmen_ingest_lag_ms', 'supervisor');
  const refused = byLabel(metrics, 'dolmen_ingest_refused_cuts_total', 'supervisor');
  for (const brief of briefs) {
    const href = `/ingestion/${encodeURIComponent(brief.id)}`;
    const say = (tone: 'bad' | 'warn', text: string) => found.push({ tone, text: `${brief.id}: ${text}`, href });
    if (brief.suspended) continue;
    if (!brief.healthy) say('bad', `is not healthy (${brief.detailedState.toLowerCase().replaceAll('_', ' ')})`);
    const halted = stopped.get(brief.id) ?? 0;
    if (halted > 0) say('bad', `${grouped(halted)} ${halted === 1 ? 'lane does' : 'lanes do'} not read`);
    const late = lag.get(brief.id) ?? 0;
    if (late > LATE_MS) say('warn', `is ${age(late)} behind`);
    const cuts = refused.get(brief.id) ?? 0;
    if (cuts > 0) say('warn', `${grouped(cuts)} ${cuts === 1 ? 'cut was' : 'cuts were'} refused`);
  }
  if (memory.maxMemory > 0 && memory.usedMemory > memory.maxMemory * 0.9) {
    found.push({ tone: 'bad', text: 'Memory is nearly used up', href: '/settings' });
  }
  return found.sort((a, b) => (a.tone === b.tone ? 0 : a.tone === 'bad' ? -1 : 1));
}
