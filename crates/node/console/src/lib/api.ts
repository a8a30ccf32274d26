// The store's answers. Every query carries an id, so that one that nobody waits for any more is cancelled.

import { warmClock } from './clock.svelte';

export type Json = Record<string, unknown>;
export type SourceCovers = { gen: number; to: Record<string, number>; at?: number };
export type Covers = Record<string, SourceCovers>;
export type Stats = { segments: number; rows: number; bytes: number; ms: number };

export type Answer<Row = Json> = {
  rows: Row[];
  covers: Covers;
  snapshot: Record<string, number>;
  stats: Stats | null;
  id: string;
  bytes: number;
  tookMs: number;
  receivedMs: number;
};

/** What the store, or the way to it, said. */
export class StoreError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code: string | null = null,
  ) {
    super(message);
  }
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new StoreError('The store does not answer. Is it running?', 0);
  }
  warmClock(response.headers.get('date'));
  if (!response.ok) throw await failure(response);
  return response;
}

async function failure(response: Response): Promise<StoreError> {
  const text = await response.text().catch(() => '');
  let message = text.trim() || `${response.status} ${response.statusText}`.trim();
  let code: string | null = null;
  try {
    const body = JSON.parse(text) as Json;
    code = typeof body.error === 'string' && body.errorMessage ? body.error : null;
    const said = body.errorMessage ?? body.error ?? body.message;
    if (typeof said === 'string') message = said;
  } catch {
    // Not JSON: the text is the message.
  }
  return new StoreError(message, response.status, code);
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await (await ask(path, { signal, headers: { accept: 'application/json' } })).json()) as T;
}

export async function getText(path: string, signal?: AbortSignal): Promise<string> {
  return (await ask(path, { signal })).text();
}

/** Sends JSON; the answer may be empty. */
export async function send<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T | null> {
  const init: RequestInit = { method, signal };
  if (body !== undefined) {
    init.headers = { 'content-type': 'application/json' };
    init.body = JSON.stringify(body);
  }
  const text = await (await ask(path, init)).text();
  return text ? (JSON.parse(text) as T) : null;
}

function header<T>(response: Response, name: string, otherwise: T): T {
  try {
    return JSON.parse(response.headers.get(name) ?? 'null') ?? otherwise;
  } catch {
    return otherwise;
  }
}

/** Covers that were too long for a header are fetched. */
async function coversOf(response: Response): Promise<Covers> {
  const covers = header<Covers | { id: string }>(response, 'x-dolmen-covers', {});
  if (typeof (covers as { id?: unknown }).id !== 'string') return covers as Covers;
  return getJson<Covers>(`/dolmen/v1/covers/${encodeURIComponent((covers as { id: string }).id)}`).catch(() => ({}));
}

let lastId = 0;

export function newQueryId(): string {
  lastId += 1;
  return `console-${Date.now().toString(36)}-${Math.floor(Math.random() * 1e9).toString(36)}-${lastId}`;
}

export function cancelQuery(id: string): void {
  void fetch(`/druid/v2/${encodeURIComponent(id)}`, { method: 'DELETE', keepalive: true }).catch(() => undefined);
}

/** Runs a native query; aborting it cancels it in the store too. */
export async function runQuery<Row = Json>(query: Json, signal?: AbortSignal): Promise<Answer<Row>> {
  const context = (query.context ?? {}) as Json;
  const id = typeof context.queryId === 'string' ? context.queryId : newQueryId();
  const body = JSON.stringify({ ...query, context: { ...context, queryId: id } });
  const cancel = () => cancelQuery(id);
  signal?.addEventListener('abort', cancel, { once: true });
  const started = performance.now();
  try {
    const response = await ask('/druid/v2', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal,
    });
    const text = await response.text();
    return {
      rows: JSON.parse(text) as Row[],
      covers: await coversOf(response),
      snapshot: header(response, 'x-dolmen-snapshot', {}),
      stats: header<Stats | null>(response, 'x-dolmen-stats', null),
      id,
      bytes: text.length,
      tookMs: performance.now() - started,
      receivedMs: Date.now(),
    };
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
}

/** The newest record that an answer counts, by the broker's clock; null when all of it is sealed or from files. */
export function newestMs(covers: Covers): number | null {
  const times = Object.values(covers).flatMap((source) => (typeof source.at === 'number' ? [source.at] : []));
  return times.length ? Math.max(...times) : null;
}
