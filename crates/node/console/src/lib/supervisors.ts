// Supervisors: their state in one word and one colour, and what can be done with them.

import { getJson } from './api';

export type Brief = { id: string; state: string; detailedState: string; healthy: boolean; suspended: boolean };
export type Status = {
  id: string;
  generationTime: string;
  payload: {
    dataSource: string; stream: string; partitions: number; suspended: boolean; healthy: boolean; state: string; detailedState: string;
    aggregateLag?: number; latestOffsets?: Record<string, number>; minimumLag?: Record<string, number>;
    activeTasks?: { id: string; currentOffsets?: Record<string, number>; lag?: Record<string, number> }[];
    recentErrors?: { timestamp: string; exceptionClass?: string; message: string }[];
  };
};
export type Lane = {
  topic: string; datasource: string; sourceId: string; generation: number; partition: number;
  startOffset: number; committedOffset: number; state: string; reason: string | null; owner: string | null;
};

export type Tone = 'good' | 'warn' | 'bad' | '';

export function tone(brief: { state: string; healthy?: boolean; suspended?: boolean }): Tone {
  if (brief.suspended || brief.state === 'SUSPENDED') return '';
  if (brief.healthy === false || /UNHEALTHY|FAILED|LOST|UNABLE/.test(brief.state)) return 'bad';
  if (brief.state === 'RUNNING' || brief.state === 'IDLE') return 'good';
  return 'warn';
}

export function laneTone(state: string): Tone {
  return state === 'reading' ? 'good' : state === 'halted' ? 'bad' : state === 'paused' ? 'warn' : '';
}

/** `RUNNING` as `Running`. */
export function named(state: string): string {
  const words = state.toLowerCase().replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export async function supervisors(signal?: AbortSignal): Promise<Brief[]> {
  return getJson<Brief[]>('/druid/indexer/v1/supervisor?state=true', signal);
}

/** Datasources that a supervisor fills, be there rows yet or not. */
export async function filledDatasources(): Promise<string[]> {
  const all = await getJson<{ spec?: { spec?: { dataSchema?: { dataSource?: string } } } }[]>('/druid/indexer/v1/supervisor?full=true');
  return all.flatMap(({ spec }) => spec?.spec?.dataSchema?.dataSource ?? []);
}

export const pathOf = (id: string) => `/druid/indexer/v1/supervisor/${encodeURIComponent(id)}`;
export const oursOf = (id: string) => `/dolmen/v1/supervisors/${encodeURIComponent(id)}`;
