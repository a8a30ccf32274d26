// Filters that a person sets by clicking, and what they become in a query and in the URL.

export type Filter = { dimension: string; value: string | null; exclude: boolean };

/** `province:广东`, `-city:深圳`; null is written `province~`. */
export function filterText(filter: Filter): string {
  const name = `${filter.exclude ? '-' : ''}${encodeURIComponent(filter.dimension)}`;
  return filter.value === null ? `${name}~` : `${name}:${filter.value}`;
}

export function parseFilter(text: string): Filter | null {
  const found = /^(-?)([^:~]+)(?:(~)$|:([\s\S]*)$)/.exec(text);
  if (!found) return null;
  try {
    return { exclude: found[1] === '-', dimension: decodeURIComponent(found[2]), value: found[3] ? null : found[4] };
  } catch {
    return null;
  }
}

function same(a: Filter, b: Filter): boolean {
  return a.dimension === b.dimension && a.value === b.value;
}

/** A click sets a filter; the same click again takes it away; the other kind of click turns it. */
export function toggled(filters: Filter[], filter: Filter): Filter[] {
  const before = filters.find((other) => same(other, filter));
  const others = filters.filter((other) => !same(other, filter));
  return before && before.exclude === filter.exclude ? others : [...others, filter];
}

export function without(filters: Filter[], filter: Filter): Filter[] {
  return filters.filter((other) => !same(other, filter));
}

export function stateOf(filters: Filter[], dimension: string, value: string | null): 'in' | 'out' | 'none' {
  const found = filters.find((other) => same(other, { dimension, value, exclude: false }));
  return found ? (found.exclude ? 'out' : 'in') : 'none';
}

type Json = Record<string, unknown>;

/** Values of one dimension are alternatives; dimensions and exclusions all hold. */
export function toDruid(filters: Filter[], also?: unknown): Json | undefined {
  const fields: Json[] = [];
  for (const exclude of [false, true]) {
    const names = [...new Set(filters.filter((f) => f.exclude === exclude).map((f) => f.dimension))];
    for (const dimension of names) {
      const values = filters.filter((f) => f.exclude === exclude && f.dimension === dimension).map((f) => f.value);
      const field: Json = { type: 'in', dimension, values };
      fields.push(exclude ? { type: 'not', field } : field);
    }
  }
  if (also && typeof also === 'object') fields.push(also as Json);
  return fields.length > 1 ? { type: 'and', fields } : fields[0];
}
