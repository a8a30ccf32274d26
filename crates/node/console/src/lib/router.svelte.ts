// Where we are: the path says the page, the query string its state. Both can be sent to a colleague.

import { changed, type Change } from './params';

export type Where = { path: string; params: URLSearchParams };

function read(): Where {
  return { path: location.pathname.replace(/\/+$/, '') || '/', params: new URLSearchParams(location.search) };
}

let where = $state.raw<Where>(read());

if (typeof window !== 'undefined') window.addEventListener('popstate', () => (where = read()));

export function here(): Where {
  return where;
}

export function go(url: string, replace = false): void {
  if (url === location.pathname + location.search) return;
  history[replace ? 'replaceState' : 'pushState'](null, '', url);
  const before = where.path;
  where = read();
  if (where.path !== before) window.scrollTo(0, 0);
}

export function setParams(change: Change, replace = false): void {
  go(where.path + changed(where.params, change), replace);
}

/** Follows a link within the console without loading the page again. */
export function follow(event: MouseEvent): void {
  const link = (event.target as Element | null)?.closest?.('a');
  if (!link || event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || link.target || link.hasAttribute('data-plain')) return;
  const url = new URL(link.href);
  if (url.origin !== location.origin) return;
  event.preventDefault();
  go(url.pathname + url.search);
}
