import { afterEach, expect, test, vi } from 'vitest';
import { firstPage } from './home';

type Answers = { dashboards: unknown; datasources: unknown; supervisors?: unknown };

function store({ dashboards, datasources, supervisors }: Answers): void {
  const answers: Record<string, unknown> = {
    '/dolmen/v1/dashboards': dashboards, '/druid/v2/datasources': datasources, '/druid/indexer/v1/supervisor?full=true': supervisors,
  };
  vi.stubGlobal('fetch', async (path: string) => {
    const found = answers[path];
    return found === undefined ? new Response('{}', { status: 404 }) : new Response(JSON.stringify(found));
  });
}
const dashboard = (id: string, dataSource: string) => ({ id, dashboard: { dataSource, panels: [] } });
const dashboards = [dashboard('ads', 'ads'), dashboard('orders', 'orders')];

afterEach(() => vi.unstubAllGlobals());

test('the first page is the dashboard that has something to show', async () => {
  store({ dashboards, datasources: ['orders'], supervisors: [] });
  expect(await firstPage()).toBe('/dashboards/orders');
});

test('a datasource whose first row is on its way has a dashboard already', async () => {
  store({ dashboards, datasources: [], supervisors: [{ id: 'x', spec: { spec: { dataSchema: { dataSource: 'ads' } } } }] });
  expect(await firstPage()).toBe('/dashboards/ads');
});

test('without the role that supervises, rows decide; without any, the overview tells more', async () => {
  store({ dashboards, datasources: ['ads'] });
  expect(await firstPage()).toBe('/dashboards/ads');
  store({ dashboards, datasources: [], supervisors: [] });
  expect(await firstPage()).toBe('/overview');
});
