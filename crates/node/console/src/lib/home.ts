// Where `/` leads: the first dashboard whose datasource has something to show or is being filled, else the overview.

import { getJson } from './api';
import { listDashboards } from './dashboards';
import { filledDatasources } from './supervisors';

export async function firstPage(): Promise<string> {
  try {
    const [dashboards, known, filled] = await Promise.all([
      listDashboards(),
      getJson<string[]>('/druid/v2/datasources'),
      // A store without the role that supervises still has dashboards.
      filledDatasources().catch((): string[] => []),
    ]);
    const found = dashboards.find(({ dataSource }) => dataSource && (known.includes(dataSource) || filled.includes(dataSource)));
    return found ? `/dashboards/${encodeURIComponent(found.id)}` : '/overview';
  } catch {
    return '/overview';
  }
}
