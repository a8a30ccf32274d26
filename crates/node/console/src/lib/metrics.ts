// The text that Prometheus reads, for the numbers of the process itself.

export type Sample = { labels: Record<string, string>; value: number };
export type Metrics = Map<string, Sample[]>;

const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

export function parseMetrics(text: string): Metrics {
  const all: Metrics = new Map();
  for (const line of text.split('\n')) {
    const found = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (!found) continue;
    const labels: Record<string, string> = {};
    for (const label of (found[2] ?? '').matchAll(LABEL)) labels[label[1]] = unescaped(label[2]);
    const samples = all.get(found[1]) ?? [];
    samples.push({ labels, value: found[3] === '+Inf' ? Infinity : Number(found[3]) });
    all.set(found[1], samples);
  }
  return all;
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c));
}

/** The sum over all samples that carry these labels. */
export function total(metrics: Metrics, name: string, labels: Record<string, string> = {}): number {
  let sum = 0;
  for (const sample of metrics.get(name) ?? []) {
    if (Object.entries(labels).every(([key, value]) => sample.labels[key] === value)) sum += sample.value;
  }
  return sum;
}

/** By one label's value. */
export function byLabel(metrics: Metrics, name: string, label: string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const sample of metrics.get(name) ?? []) {
    const key = sample.labels[label] ?? '';
    sums.set(key, (sums.get(key) ?? 0) + sample.value);
  }
  return sums;
}

/** A quantile of a histogram in the unit of its bounds, linear within a bucket. `null` where nothing was counted. */
export function quantile(metrics: Metrics, name: string, q: number): number | null {
  const counts = new Map<number, number>();
  for (const sample of metrics.get(`${name}_bucket`) ?? []) {
    const bound = sample.labels.le === '+Inf' ? Infinity : Number(sample.labels.le);
    counts.set(bound, (counts.get(bound) ?? 0) + sample.value);
  }
  const buckets = [...counts].sort((a, b) => a[0] - b[0]);
  const all = buckets.at(-1)?.[1] ?? 0;
  if (all === 0) return null;
  const rank = q * all;
  let [lower, below] = [0, 0];
  for (const [bound, count] of buckets) {
    if (count >= rank) {
      if (bound === Infinity) return lower;
      return lower + ((bound - lower) * (rank - below)) / Math.max(1, count - below);
    }
    [lower, below] = [bound, count];
  }
  return lower;
}
