// The state of a page as its query string.

export type Change = Record<string, string | string[] | null>;

/** The query string with some parameters changed; null takes one away. */
export function changed(params: URLSearchParams, change: Change): string {
  const next = new URLSearchParams(params);
  for (const [name, value] of Object.entries(change)) {
    next.delete(name);
    for (const item of value === null ? [] : Array.isArray(value) ? value : [value]) next.append(name, item);
  }
  // Colons, slashes and commas may stand in a query string: the URL stays readable.
  const text = next.toString().replaceAll('%3A', ':').replaceAll('%2F', '/').replaceAll('%2C', ',');
  return text ? `?${text}` : '';
}
