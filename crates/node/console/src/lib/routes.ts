// The pages by the first part of their path. The store serves the console at exactly these.

export const PAGES = [
  { id: 'overview', label: 'Overview', icon: 'pulse', key: 'o' },
  { id: 'dashboards', label: 'Dashboards', icon: 'chart', key: 'd' },
  { id: 'explore', label: 'Explore', icon: 'compass', key: 'e' },
  { id: 'query', label: 'Query', icon: 'braces', key: 'q' },
  { id: 'ingestion', label: 'Ingestion', icon: 'stream', key: 'i' },
  { id: 'segments', label: 'Segments', icon: 'layers', key: 's' },
  { id: 'settings', label: 'Settings', icon: 'gear', key: 't' },
] as const;

export type PageId = (typeof PAGES)[number]['id'];
export type IconName = (typeof PAGES)[number]['icon'];

export function pageOf(path: string): { page: PageId | null; rest: string[] } {
  const [first, ...rest] = path.split('/').filter(Boolean).map(decoded);
  return { page: PAGES.find((page) => page.id === first)?.id ?? null, rest };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
