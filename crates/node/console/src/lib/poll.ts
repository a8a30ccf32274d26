// One polling loop per page. It waits for an answer before it asks again, and rests while nobody looks.

export type Poll = { stop: () => void; now: () => void };

/** Calls `work` now and then every `periodMs`; 0 means once. A new call of `now` aborts what is under way. */
export function poll(work: (signal: AbortSignal) => Promise<void>, periodMs: number): Poll {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let abort: AbortController | null = null;
  let stopped = false;

  async function turn(): Promise<void> {
    clearTimeout(timer);
    abort?.abort();
    const mine = new AbortController();
    abort = mine;
    await work(mine.signal).catch(() => undefined);
    if (abort !== mine || stopped) return;
    abort = null;
    if (periodMs > 0 && !document.hidden) timer = setTimeout(turn, periodMs);
  }

  function seen(): void {
    if (document.hidden) clearTimeout(timer);
    else if (!abort && periodMs > 0) void turn();
  }

  document.addEventListener('visibilitychange', seen);
  void turn();
  return {
    now: () => void turn(),
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      abort?.abort();
      document.removeEventListener('visibilitychange', seen);
    },
  };
}
