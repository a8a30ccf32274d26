// One clock for the page: it ticks each half second, and knows how far the store's clock is from the viewer's.

let now = $state(Date.now());
let skewMs = 0;

if (typeof window !== 'undefined') setInterval(() => (document.hidden ? undefined : (now = Date.now())), 500);

/** Ticks; read it in a component to be drawn anew. */
export function ticking(): number {
  return now + skewMs;
}

/** The store's time now. */
export function storeNow(): number {
  return Date.now() + skewMs;
}

/** Learns from a `date` header, which has whole seconds: a difference below two is none. */
export function warmClock(date: string | null): void {
  const theirs = date ? Date.parse(date) : NaN;
  if (!Number.isFinite(theirs)) return;
  const away = theirs + 500 - Date.now();
  skewMs = Math.abs(away) < 2000 ? 0 : away;
}
