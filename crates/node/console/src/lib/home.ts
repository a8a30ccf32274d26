// Where `/` leads: the first dashboard whose datasource has something to show, else the overview.

import { getJson } from './api';
import { listDashboards } from './dashboards';

export async function firstPage(): Promise<string> {
  try {
    const [dashboards, datasources] = await Promise.all([listDashboards(), getJson<string[]>('/druid/v2/datasources')]);
    const found = dashboards.find((dashboard) => dashboard.dataSource && datasources.includes(dashboard.dataSource));
    return found ? `/dashboards/${encodeURIComponent(found.id)}` : '/overview';
  } catch {
    return '/overview';
  }
}
