// Keys that work on every page. Nothing happens while a person types.

import { go } from './router.svelte';
import { PAGES } from './routes';

const LEAD_MS = 1200;

function isTyping(event: KeyboardEvent): boolean {
  const at = event.composedPath()[0] as HTMLElement | undefined;
  return !!at && (/^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName) || at.isContentEditable);
}

export function keys(on: { help: () => void; close: () => void }): (event: KeyboardEvent) => void {
  let leadAt = -Infinity;
  return (event) => {
    if (event.key === 'Escape') return on.close();
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
    if (event.timeStamp - leadAt < LEAD_MS) {
      leadAt = -Infinity;
      const page = PAGES.find((entry) => entry.key === event.key);
      if (page) {
        event.preventDefault();
        go(`/${page.id}`);
      }
      return;
    }
    if (event.key === 'g') leadAt = event.timeStamp;
    if (event.key === '?') on.help();
    if (event.key === '/') {
      const search = document.querySelector<HTMLElement>('[data-search]');
      if (search) event.preventDefault();
      search?.focus();
    }
    if (event.key === 'r') document.querySelector<HTMLElement>('[data-refresh]')?.click();
  };
}
