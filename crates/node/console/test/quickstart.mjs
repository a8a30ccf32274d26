// Starts what the browser test needs: a store with made-up events, and Chromium.

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const CHROMIUMS = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export function chromium() {
  return CHROMIUMS.find((path) => path && existsSync(path));
}

// Dashboards that go wrong, each in its own way.
const WRONG = {
  'bad.json': '{ "title": ',
  'strange.json': JSON.stringify({
    title: 'Strange', dataSource: 'ads', range: '5m', refresh: 0,
    queries: {
      wrong: { queryType: 'timeseries', granularity: 'all', aggregations: [{ type: 'noSuchAggregator', name: 'x' }] },
      none: { queryType: 'topN', granularity: 'all', dimension: 'city', metric: 'n', threshold: 5, filter: { type: 'selector', dimension: 'city', value: 'Atlantis' }, aggregations: [{ type: 'count', name: 'n' }] },
    },
    panels: [
      { title: 'Wrong', kind: 'stat', width: 6, query: 'wrong', value: 'x' },
      { title: 'None', kind: 'bars', width: 6, query: 'none', dimension: 'city', value: 'n' },
    ],
  }),
};

export async function quickstart(binary, patience, rate = '1000') {
  const dir = mkdtempSync(join(tmpdir(), 'dolmen-console-'));
  mkdirSync(join(dir, 'dashboards'));
  for (const [name, text] of Object.entries(WRONG)) writeFileSync(join(dir, 'dashboards', name), text);
  const startedAt = Date.now();
  const child = spawn(binary, ['quickstart', '--port', '0', '--rate', rate, '--data-dir', dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  // However this script ends, the store ends with it.
  process.on('exit', () => child.kill('SIGKILL'));
  const url = await new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(`the quickstart told no address within ${patience} ms`)), patience).unref();
    child.once('exit', (code) => reject(new Error(`the quickstart ended with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /^Dolmen answers at (http:[^\s,]+)/.exec(line);
      if (found) resolve(found[1]);
    });
  });
  return {
    url, dir, startedAt,
    kill: () => child.kill('SIGKILL'),
    end: () => {
      child.kill('SIGKILL');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** A store that somebody else started and will end. */
export function running(url) {
  const nothing = () => undefined;
  return { url, dir: tmpdir(), startedAt: Date.now(), kill: nothing, end: nothing };
}
