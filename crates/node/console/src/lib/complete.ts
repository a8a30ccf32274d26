// What may stand where the cursor is in a native query.

export type Hint = { name: string; type: string };
export type Hints = { datasources: string[]; columns: Hint[] };
export type Option = { label: string; detail?: string; apply?: string };
export type Suggestion = { from: number; inString: boolean; options: Option[] };

const list = (text: string) => text.split(' ');

const QUERY_TYPES = list('timeseries topN groupBy scan search timeBoundary segmentMetadata dataSourceMetadata');
const GRANULARITIES = list('all none second minute five_minute fifteen_minute thirty_minute hour six_hour day week month quarter year');
const AGGREGATORS = list(
  'count longSum doubleSum floatSum longMin longMax doubleMin doubleMax floatMin floatMax longFirst longLast doubleFirst doubleLast stringFirst stringLast filtered cardinality hyperUnique HLLSketchBuild HLLSketchMerge thetaSketch quantilesDoublesSketch',
);
const POST = list('arithmetic fieldAccess finalizingFieldAccess constant expression doubleGreatest doubleLeast longGreatest longLeast hyperUniqueCardinality');
const FILTERS = list('selector equals null in bound range and or not like regex search interval columnComparison true false');
const SPECS = list('default extraction numeric lexicographic dimension inverted list inline query table union duration period');

/** Types by the property that holds them. */
const TYPES: Record<string, string[]> = {
  aggregations: AGGREGATORS, aggregator: AGGREGATORS, postAggregations: POST, filter: FILTERS, field: FILTERS,
  limitSpec: ['default'], virtualColumns: ['expression', 'list-filtered'], granularity: ['duration', 'period'], metric: ['numeric', 'dimension', 'inverted'],
  dimensions: ['default', 'extraction', 'listFiltered', 'regexFiltered'], dimension: ['default', 'extraction'], dataSource: ['table', 'query', 'union', 'inline'],
  having: list('always never equalTo greaterThan lessThan and or not filter dimSelector'),
};
const COLUMN_KEYS = new Set(list('dimension dimensions fieldName fieldNames columns metric toInclude fields bound'));
const KEYS = list(
  'queryType dataSource intervals granularity filter aggregations postAggregations dimension dimensions metric threshold limitSpec having virtualColumns context columns limit order resultFormat descending type name fieldName value values fields field aggregator fn expression outputName outputType direction dimensionOrder skipEmptyBuckets timeout queryId priority analysisTypes merge',
);

/** Where the cursor is: within a string or not, behind a key or as one, and in which properties. */
function place(text: string): { inString: boolean; word: string; key: string | null; holders: string[] } {
  const open: { key: string | null; isList: boolean }[] = [];
  let key: string | null = null;
  let last = '';
  let isValue = false;
  let at = 0;
  while (at < text.length) {
    const c = text[at];
    if (c === '"') {
      let end = at + 1;
      while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
      if (end >= text.length) return { inString: true, word: text.slice(at + 1), ...where(open, key, isValue) };
      last = text.slice(at + 1, end);
      at = end;
    } else if (c === ':') {
      key = last;
      isValue = true;
    } else if (c === '{' || c === '[') {
      open.push({ key: isValue ? key : null, isList: c === '[' });
      isValue = c === '[';
      if (c === '{') key = null;
    } else if (c === '}' || c === ']') {
      key = open.pop()?.key ?? null;
      isValue = false;
    } else if (c === ',') {
      isValue = open.at(-1)?.isList ?? false;
      key = isValue ? (open.at(-1)?.key ?? null) : null;
    }
    at += 1;
  }
  const word = /[\w.-]*$/.exec(text)?.[0] ?? '';
  return { inString: false, word, ...where(open, key, isValue) };
}

function where(open: { key: string | null }[], key: string | null, isValue: boolean): { key: string | null; holders: string[] } {
  return { key: isValue ? key : null, holders: open.flatMap((one) => one.key ?? []) };
}

/** What fits at a position of the text; `null` where nothing is known to fit. */
export function suggest(text: string, position: number, hints: Hints): Suggestion | null {
  const { inString, word, key, holders } = place(text.slice(0, position));
  const from = position - word.length;
  const closes = inString && text[position] === '"';
  const option = (label: string, detail?: string): Option => ({ label, detail, apply: inString ? label + (closes ? '' : '"') : `"${label}"` });
  const names = (labels: string[], detail?: string): Suggestion => ({ from, inString, options: labels.map((label) => option(label, detail)) });
  const columns = (): Suggestion => ({ from, inString, options: hints.columns.map((column) => option(column.name, column.type)) });
  if (key === null) {
    const columnKeys = names(KEYS);
    columnKeys.options.forEach((entry) => (entry.apply = (inString ? '' : '"') + entry.label + (closes ? '' : '": ')));
    return columnKeys;
  }
  if (key === 'queryType') return names(QUERY_TYPES);
  if (key === 'dataSource') return names(hints.datasources, 'datasource');
  if (key === 'granularity') return names(GRANULARITIES);
  if (key === 'type') return names(TYPES[holders.at(-1) ?? ''] ?? (holders.includes('filter') ? FILTERS : SPECS));
  if (key === 'resultFormat') return names(['list', 'compactedList']);
  if (key === 'direction') return names(['ascending', 'descending']);
  if (key === 'analysisTypes') return names(list('cardinality size interval minmax aggregators rollup timestampSpec queryGranularity'));
  return COLUMN_KEYS.has(key) ? columns() : null;
}
