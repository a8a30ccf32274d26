// The console in a real browser over a real store. DOLMEN_BIN names the binary; DOLMEN_SHOTS a directory that takes a
// screenshot of every page; DOLMEN_PICTURES one that takes the pictures of the README. DOLMEN_URL names a quickstart
// that runs already, for pictures with more history; DOLMEN_ONLY takes the steps whose names hold a word.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, quickstart, running } from './quickstart.mjs';

const binary = process.env.DOLMEN_BIN;
const executablePath = chromium();
const skip = !executablePath ? 'there is no Chromium' : !existsSync(new URL('../node_modules/puppeteer-core', import.meta.url)) ? 'npm ci was not run' : null;
if (skip) {
  console.log(`console in a browser: skipped, ${skip}`);
  process.exit(0);
}
assert.ok(binary || process.env.DOLMEN_URL, 'DOLMEN_BIN names the binary');
const { default: puppeteer } = await import('puppeteer-core');

const PATIENCE = Number(process.env.DOLMEN_PATIENCE_MS ?? 60_000);
// For all steps together; those that are left then have failed.
const DEADLINE = Date.now() + 10 * PATIENCE;
let [browser, page] = [null, null];
// What the browser complains of, and whom it asks.
let complaints = [];

// It leads a group of its processes.
function killBrowser() {
  try {
    if (browser?.process()) process.kill(-browser.process().pid, 'SIGKILL');
  } catch {
    // It is gone already.
  }
}

// A browser at its first page. One that does not start is tried again; it is not what is tested here.
async function launch() {
  const args = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--font-render-hinting=none'];
  for (let tries = 3; ; ) {
    try {
      browser = await puppeteer.launch({ executablePath, args, timeout: PATIENCE, protocolTimeout: PATIENCE });
      page = await browser.newPage();
      break;
    } catch (error) {
      killBrowser();
      if (--tries === 0) throw error;
    }
  }
  page.setDefaultTimeout(PATIENCE);
  page.on('console', (message) => message.type() === 'error' && complaints.push(`${message.text()} ${message.location().url ?? ''}`));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(store.url) && !/^(blob|data|about):/.test(url)) complaints.push(`another host is asked: ${url}`);
  });
}
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
// Whether the page still does what it is told; one that goes elsewhere just then does.
async function answers() {
  const told = page.evaluate(() => true).catch((error) => /context|navigat/i.test(error.message));
  return Promise.race([told, pause(20_000)]);
}

try {
  await launch();
} catch (error) {
  console.log(`console in a browser: skipped, Chromium does not start: ${error.message}`);
  process.exit(0);
}
const store = process.env.DOLMEN_URL ? running(process.env.DOLMEN_URL) : await quickstart(binary, PATIENCE);
function quiet(what) {
  assert.deepEqual(complaints, [], what);
}

const open = (path) => page.goto(store.url + path, { waitUntil: 'domcontentloaded' });
const see = (selector) => page.waitForSelector(selector, { visible: true });
// Waits until it is there and stands still.
const press = (selector) => page.locator(selector).click();
// Asks again and again; what is not there yet, a page that is changing included, is a no.
async function until(what, test, ...args) {
  for (const end = Date.now() + PATIENCE; Date.now() < end; ) {
    if (await page.evaluate(test, ...args).catch(() => false)) return;
    await pause(100);
  }
  assert.fail(`never: ${what}`);
}
const textOf = (selector) => page.$eval(selector, (element) => element.textContent.trim());
const ask = (path, init) => fetch(store.url + path, { signal: AbortSignal.timeout(PATIENCE), ...init }).then((response) => response.json());

const steps = [];
const step = (name, run) => steps.push([name, run]);

step('/ opens on the ads dashboard, and its numbers move', async () => {
  await open('/');
  await see('[data-stat="Page views"]');
  const first = await textOf('[data-stat="Page views"]');
  const openedAt = Date.now();
  await until('the page views move', (before) => document.querySelector('[data-stat="Page views"]').textContent.trim() !== before, first);
  assert.ok(page.url().endsWith('/dashboards/ads'), page.url());
  console.log(`   first numbers ${((openedAt - store.startedAt) / 1000).toFixed(1)} s after the start of the process, other ones ${((Date.now() - openedAt) / 1000).toFixed(1)} s later`);
  await until('freshness stands beside the numbers', () => document.querySelectorAll('[data-freshness]').length >= 12);
});

const READY = {
  '/overview': 'section.health',
  '/dashboards/ads': '.u-over',
  '/dashboards/orders': '.cell.treemap button.cell',
  '/explore?ds=ads&s=province': '.u-over',
  '/query': '.edit',
  '/ingestion': 'tbody a[href="/ingestion/ads"]',
  '/ingestion/ads': '[data-stat="Lag"]',
  '/ingestion/new': 'input[name="topic"]',
  '/segments/ads': '.tile',
  '/settings': '.three',
};

step('every page in light and dark, wide and narrow', async () => {
  for (const [width, height] of [[1440, 900], [380, 800]]) {
    await page.setViewport({ width, height });
    for (const theme of ['light', 'dark']) {
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: theme }]);
      for (const [path, ready] of Object.entries(READY)) {
        await open(path);
        await see(ready);
        await until(`${path} is ${theme}`, (name) => document.documentElement.dataset.theme === name, theme);
        const [wide, inner] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
        assert.ok(wide <= inner, `${path} is ${wide} px wide at ${inner}`);
        quiet(`${path}, ${theme}, ${width} px`);
        await shoot(`${path.slice(1).replace(/\W+/g, '-')}-${theme}-${width}`);
      }
    }
  }
  await page.setViewport({ width: 1440, height: 900 });
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'light' }]);
});

async function shoot(name) {
  const dir = process.env.DOLMEN_SHOTS;
  if (!dir) return;
  mkdirSync(dir, { recursive: true });
  await pause(1500);
  await page.screenshot({ path: join(dir, `${name}.png`), fullPage: true });
}

step('a click filters, a shift-click excludes, a brush chooses the time', async () => {
  await open('/dashboards/ads');
  const province = await page.waitForFunction(() => [...document.querySelectorAll('.cell.bars')].find((cell) => cell.textContent.includes('Provinces'))?.querySelector('li button'));
  await province.evaluate((button) => button.click());
  await see('.chip');
  assert.match(decodeURIComponent(page.url()), /f=province:\S+/);
  await until('one province is left', () => [...document.querySelectorAll('.cell.bars')].find((cell) => cell.textContent.includes('Provinces'))?.querySelectorAll('li').length === 1);
  await page.keyboard.down('Shift');
  await press('.cell.share li button');
  await page.keyboard.up('Shift');
  await see('.chip.out');
  assert.match(decodeURIComponent(page.url()), /f=-device:/);
  await page.evaluate(() => document.querySelector('.cell.time').scrollIntoView({ block: 'center' }));
  const over = await (await see('.u-over')).boundingBox();
  await page.mouse.move(over.x + over.width * 0.5, over.y + 60);
  await page.mouse.down();
  await page.mouse.move(over.x + over.width * 0.9, over.y + 60, { steps: 6 });
  await page.mouse.up();
  await until('the range is in the URL', () => /r=\d{4}-.*Z\/\d{4}-/.test(decodeURIComponent(location.search)));
  const [path, chips] = [page.url(), await page.$$eval('.chip', (all) => all.length)];
  await page.goto(path);
  await see('.chip');
  assert.equal(await page.$$eval('.chip', (all) => all.length), chips, 'the URL brings everything back');
  quiet('filters');
});

const QUERY = {
  queryType: 'topN', dataSource: 'ads', granularity: 'all', intervals: ['2000/3000'], dimension: 'province', metric: 'events', threshold: 12,
  aggregations: [{ type: 'longSum', name: 'events', fieldName: 'count' }, { type: 'doubleSum', name: 'spend', fieldName: 'cost' }, { type: 'HLLSketchMerge', name: 'users', fieldName: 'users' }],
};
const query = async (json) => {
  await open(`/query?q=${encodeURIComponent(JSON.stringify(json, null, 2))}`);
  await see('.editor:not(:has(textarea))');
};

step('a query runs, by its button and by its key, and is kept', async () => {
  await query(QUERY);
  await press('.button.main');
  await see('[data-facts]');
  assert.match(await textOf('[data-facts]'), /12 rows/);
  assert.equal((await page.$$('tbody tr')).length, 12);
  const before = await textOf('tbody tr:first-child td:last-child');
  await page.keyboard.down('Control');
  await page.keyboard.press('Enter');
  await page.keyboard.up('Control');
  await until('a second answer', (last) => document.querySelector('tbody tr:first-child td:last-child')?.textContent.trim() !== last, before).catch(() => undefined);
  await press('[role="tab"]:nth-child(2)');
  await see('.box li');
  await press('[role="tab"]:nth-child(1)');
  assert.equal(await page.evaluate(() => JSON.parse(localStorage.getItem('dolmen.queries')).length), 1);
  quiet('query');
});

// Names that the page has not been told yet are not offered: a person types again.
async function typeUntilOffered(text, name) {
  const offers = (name) => document.querySelector('.editor').shadowRoot.querySelector('.cm-tooltip-autocomplete')?.textContent.includes(name);
  for (const end = Date.now() + PATIENCE; Date.now() < end; ) {
    await page.keyboard.type(text);
    if (await page.waitForFunction(offers, { polling: 100, timeout: 2000 }, name).catch(() => null)) return;
    for (const _ of text) await page.keyboard.press('Backspace');
  }
  assert.fail(`never: ${name} is offered`);
}

step('completion offers datasources', async () => {
  await query({ dataSource: '' });
  await page.evaluate(() => document.querySelector('.editor').shadowRoot.querySelector('.cm-content').focus());
  await page.keyboard.down('Control');
  await page.keyboard.press('End');
  await page.keyboard.up('Control');
  for (const key of ['ArrowUp', 'End', 'ArrowLeft']) await page.keyboard.press(key);
  await typeUntilOffered('or', 'orders');
  // The editor does not take a key for a choice that a person cannot have seen yet.
  await pause(400);
  await page.keyboard.press('Enter');
  await until('it is taken', () => document.querySelector('.editor').shadowRoot.querySelector('.cm-content').textContent.includes('"orders"'));
  quiet('completion');
});

step('a long query is cancelled, in the store too', async () => {
  const names = Array.from({ length: 160 }, (_, at) => ['ad_id', 'city', 'device', 'channel'][at % 4]);
  const filter = { type: 'expression', expression: `strlen(concat(${names.join(',')})) > 0` };
  await page.evaluate((text) => localStorage.setItem('dolmen.query', JSON.stringify(text)), JSON.stringify({ ...QUERY, filter }));
  await open('/query');
  await see('.editor:not(:has(textarea))');
  await press('.button.main');
  await see('.button.bad');
  await until('it runs', () => document.body.textContent.includes('Running for'));
  await page.keyboard.press('Escape');
  await see('[data-cancelled]');
  const started = Date.now();
  while ((await ask('/dolmen/v1/queries')).length > 0) {
    assert.ok(Date.now() - started < PATIENCE, 'the store goes on working');
    await pause(200);
  }
  quiet('cancelling');
});

step('errors and empty states are told', async () => {
  await query({ ...QUERY, aggregations: [{ type: 'noSuchAggregator', name: 'x' }] });
  await press('.button.main');
  await see('[data-error]');
  assert.match(await textOf('[data-error]'), /noSuchAggregator/);
  await query({ ...QUERY, filter: { type: 'selector', dimension: 'city', value: 'Atlantis' } });
  await press('.button.main');
  await until('there are no rows', () => document.body.textContent.includes('No rows.'));
  await open('/dashboards/strange');
  await until('the panel says what the store said', () => document.querySelector('[role="alert"]')?.textContent.includes('noSuchAggregator'));
  await until('the empty panel says why', () => document.body.textContent.includes('No rows in this time range'));
  await open('/dashboards/bad');
  await until('a broken file is told', () => document.body.textContent.includes('cannot be shown'));
  await open('/ingestion/nobody');
  await until('a missing supervisor is told', () => document.body.textContent.includes('There is no supervisor'));
  await open('/segments/nothing');
  await until('an empty datasource is told', () => document.body.textContent.includes('Nothing is sealed yet'));
  complaints = [];
});

step('keys lead to pages and to the search', async () => {
  await open('/overview');
  await see('section.health');
  await page.keyboard.press('g');
  await page.keyboard.press('e');
  await see('[data-search]');
  assert.ok(page.url().includes('/explore'), page.url());
  await page.keyboard.press('/');
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Search columns');
  quiet('keys');
});

step('the spec of the wizard ingests', async () => {
  await open('/ingestion/new');
  await until('the brokers are offered', () => document.querySelector('input[name="servers"]').value !== '');
  await page.type('input[name="topic"]', 'ads');
  await page.select('select[name="earliest"]', 'false');
  await press('form .button.main');
  await see('input[name="dataSource"]');
  await page.$eval('input[name="dataSource"]', (input) => {
    input.value = 'wizard ads'.replace(' ', '_');
    input.dispatchEvent(new Event('input', { bubbles: true }));
  });
  await until('rows are shown as they will be', () => document.querySelectorAll('.preview tbody tr').length > 3);
  await shoot('wizard');
  await press('[data-submit]');
  await until('the new source is shown', () => location.pathname === '/ingestion/wizard_ads');
  const started = Date.now();
  const count = { queryType: 'timeseries', dataSource: 'wizard_ads', granularity: 'all', intervals: ['2000/3000'], aggregations: [{ type: 'longSum', name: 'n', fieldName: 'count' }] };
  for (;;) {
    const answer = await ask('/druid/v2', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(count) });
    if (answer[0]?.result?.n > 100) break;
    assert.ok(Date.now() - started < PATIENCE, `the new source counts ${JSON.stringify(answer)}`);
    await pause(300);
  }
  await until('suspending asks first', () => [...document.querySelectorAll('button')].some((button) => button.textContent.trim() === 'Suspend'));
  await page.evaluate(() => [...document.querySelectorAll('button')].find((button) => button.textContent.trim() === 'Suspend').click());
  await until('it says what happens', () => document.querySelector('dialog')?.textContent.includes('then reading stops'));
  await page.evaluate(() => document.querySelector('dialog .button.main').click());
  await until('it is suspended', () => document.querySelector('.badge')?.textContent.includes('Suspended'));
  quiet('wizard');
});

step('a halted partition is shown, and read on as a person decides', async () => {
  const spec = await ask('/druid/indexer/v1/supervisor/ads');
  const post = (path, body) => ask(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  spec.spec.dataSchema.dataSource = 'halting';
  assert.deepEqual(await post('/druid/indexer/v1/supervisor', { ...spec, id: 'halting' }), { id: 'halting' });
  const offsets = { type: 'end', stream: 'ads', partitionOffsetMap: { 0: 99_999_999 } };
  const moved = await post('/druid/indexer/v1/supervisor/halting/resetOffsets', { type: 'kafka', partitions: offsets });
  assert.deepEqual(moved, { id: 'halting' });
  await open('/ingestion/halting');
  await until('the lane is halted', () => document.querySelector('tbody .badge')?.textContent === 'Halted');
  assert.match(await textOf('tbody tr:first-child'), /the log ends at \d+, 99999999 is wanted/);
  const decide = async (label, tells) => {
    await page.evaluate((wanted) => [...document.querySelectorAll('.settle button')].find((button) => button.textContent === wanted).click(), label);
    await until(`${label} says what it does`, (text) => document.querySelector('dialog')?.textContent.includes(text), tells);
    await press('dialog .button.main');
    await until('the dialog goes', () => !document.querySelector('dialog'));
  };
  await decide('Retry', 'the lane halts again');
  await until('it halts again', () => document.querySelector('tbody .badge')?.textContent === 'Halted');
  await decide('Accept', 'Reading goes on at its end');
  await until('it reads on', () => document.querySelector('tbody .badge')?.textContent === 'Reading');
  await ask('/druid/indexer/v1/supervisor/halting/terminate', { method: 'POST' });
  quiet('a halted lane');
});

step('the pictures of the README', async () => {
  const dir = process.env.DOLMEN_PICTURES;
  if (!dir) return;
  mkdirSync(dir, { recursive: true });
  const picture = async (name, ready, settle) => {
    await see(ready);
    await pause(settle);
    await page.screenshot({ path: join(dir, `${name}.png`) });
  };
  await page.setViewport({ width: 1440, height: 960 });
  await open('/dashboards/ads');
  await picture('ads', '.u-over', 5000);
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'dark' }]);
  await open('/dashboards/orders?r=15m');
  await picture('orders', '.cell.treemap button.cell', 5000);
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'light' }]);
  await page.setViewport({ width: 1440, height: 900 });
  await query(QUERY);
  await press('.button.main');
  await picture('query', '[data-facts]', 1000);
});

step('numbers that grow old are greyed, and the store that is gone is told of', async () => {
  await open('/dashboards/ads');
  await see('[data-stat="Page views"]');
  store.kill();
  await until('the panels are stale', () => document.querySelectorAll('.panel .old').length > 3);
  complaints = [];
});

let [ran, failed] = [0, 0];
for (const [name, run] of steps.filter(([name]) => name.includes(process.env.DOLMEN_ONLY ?? ''))) {
  const started = Date.now();
  ran += 1;
  try {
    assert.ok(started < DEADLINE, 'no time is left for it');
    await run().catch(async (error) => {
      if (await answers()) throw error;
      console.log(`   the browser answers no more (${error.message}): another one tries ${name}`);
      killBrowser();
      complaints = [];
      await launch();
      await run();
    });
    console.log(`ok ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failed += 1;
    const seen = await page.evaluate(() => `${location.pathname}: ${document.querySelector('main')?.innerText.slice(0, 600)}`).catch(String);
    console.log(`FAILED ${name}: ${error.message}\n   what stood at ${seen.replaceAll('\n', ' | ')}\n   complaints: ${complaints.join('; ') || 'none'}`);
    const shot = join(process.env.DOLMEN_SHOTS ?? store.dir, 'failed.png');
    await page.screenshot({ path: shot }).catch(() => undefined);
    complaints = [];
  }
}
// The one that does not close is killed when this script exits.
await Promise.race([browser.close(), pause(PATIENCE)]);
store.end();
console.log(`${ran - failed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
