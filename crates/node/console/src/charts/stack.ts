// What a time chart consists of, and the columns that are drawn for it.

import type { Draw } from '../lib/dashboards';

export type Line = {
  label: string;
  color: string;
  draw: Draw;
  axis: 'left' | 'right';
  text: (value: number | null) => string;
  data: (number | null)[];
};

export type Chart = {
  times: number[];
  lines: Line[];
  from: number;
  to: number;
  bucketMs: number;
  /** The last bucket is still being filled. */
  isOpen: boolean;
};

function isStacked(draw: Draw): boolean {
  return draw === 'stack' || draw === 'stack-bars';
}

export function isBars(draw: Draw): boolean {
  return draw === 'bars' || draw === 'stack-bars';
}

/** Stacked lines stand on those after them; an open bucket of a line is drawn apart. */
export function dataOf(chart: Chart): (number | null)[][] {
  const last = chart.times.length - 1;
  const isOpen = chart.isOpen && last > 0;
  const out: (number | null)[][] = [];
  chart.lines.forEach((line, number) => {
    if (isStacked(line.draw)) {
      const under = chart.lines.slice(number);
      const sums = line.data.map((_, at) => under.reduce((sum, other) => sum + (other.data[at] ?? 0), 0));
      out.push(isOpen && line.draw === 'stack' ? sums.map((sum, at) => (at === last ? null : sum)) : sums);
    } else if (isBars(line.draw)) {
      out.push(line.data);
    } else {
      out.push(isOpen ? line.data.map((value, at) => (at === last ? null : value)) : line.data);
      out.push(line.data.map((value, at) => (isOpen && at >= last - 1 ? value : null)));
    }
  });
  return out;
}
