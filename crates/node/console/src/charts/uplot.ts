// Time charts by uPlot, behind a small door: it is loaded when the first chart is drawn.

import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { pale } from '../lib/colors';
import { short } from '../lib/format';
import { dataOf, isBars, type Chart } from './stack';

export type Colors = { text: string; grid: string; surface: string };
export type Hover = { index: number; left: number; top: number; width: number } | null;
export type Handlers = { onbrush: (from: number, to: number) => void; onhover: (hover: Hover) => void };

export type Drawn = { set: (chart: Chart) => void; size: (width: number, height: number) => void; end: () => void };

const FONT = '12px system-ui, -apple-system, "Segoe UI", "PingFang SC", "Noto Sans CJK SC", sans-serif';

/** What must stay the same for a drawn chart to take new numbers. */
export function shape(chart: Chart): string {
  return JSON.stringify([chart.bucketMs, chart.lines.map((line) => [line.label, line.color, line.draw, line.axis])]);
}

function fill(color: string, alpha: number): string {
  return color + Math.round(alpha * 255).toString(16).padStart(2, '0');
}

function bars(chart: () => Chart, color: string, surface: string): uPlot.Series.PathBuilder {
  const colors = (u: uPlot) => {
    const last = u.data[0].length - 1;
    return Array.from(u.data[0], (_, at) => (at === last && chart().isOpen ? pale(color, surface) : color));
  };
  const disp = { fill: { unit: 3, values: colors } };
  return uPlot.paths.bars!({ size: [0.78, 48, 1], radius: 0.12, disp } as uPlot.Series.BarsPathBuilderOpts);
}

function seriesOf(chart: () => Chart, surface: string): uPlot.Series[] {
  const out: uPlot.Series[] = [{}];
  for (const line of chart().lines) {
    const common = { scale: line.axis === 'right' ? 'right' : 'y', stroke: line.color, label: line.label };
    if (isBars(line.draw)) {
      out.push({ ...common, fill: line.color, width: 0, paths: bars(chart, line.color, surface), points: { show: false } });
    } else if (line.draw === 'stack') {
      out.push({ ...common, fill: line.color, width: 1, points: { show: false } });
    } else {
      const area = line.draw === 'area' ? { fill: fill(line.color, 0.12) } : {};
      const width = 2;
      out.push({ ...common, ...area, width, points: { size: 5, fill: line.color, show: lonely } });
      out.push({ ...common, width, dash: [3, 4], points: { size: 5, fill: line.color, show: alone } });
    }
  }
  return out;
}

/** The first bucket of all, while it is open. */
function alone(u: uPlot, number: number): boolean {
  return (u.data[number] as (number | null)[]).filter((value) => value !== null).length === 1;
}

/** Points are drawn where a line would have no length. */
function lonely(u: uPlot, number: number): boolean {
  return (u.data[number] as (number | null)[]).filter((value) => value !== null).length <= 2;
}

/** The last bucket is shown whole, though it reaches into what is to come. */
function endOf(chart: Chart): number {
  return Math.max(chart.to, (chart.times.at(-1) ?? 0) + chart.bucketMs);
}

function topOf(max: number): number {
  if (!(max > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(max));
  const step = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((factor) => factor * power >= max * 1.04) ?? 10;
  return step * power;
}

function axisText(chart: () => Chart, side: 'left' | 'right'): uPlot.Axis.Values {
  return (_, ticks) => {
    const line = chart().lines.find((other) => other.axis === side);
    return ticks.map((tick) => (tick === null ? '' : line ? line.text(tick).replace(/\.0+(?=\D*$)/, '') : short(tick)));
  };
}

function timeText(_: uPlot, ticks: number[], __: number, ___: number, step: number): string[] {
  let day = '';
  return ticks.map((tick) => {
    const at = new Date(tick * 1000);
    const two = (value: number) => String(value).padStart(2, '0');
    const date = `${two(at.getMonth() + 1)}-${two(at.getDate())}`;
    const isMidnight = at.getHours() === 0 && at.getMinutes() === 0;
    if (step >= 86_400 || (isMidnight && date !== day)) {
      day = date;
      return date;
    }
    return `${two(at.getHours())}:${two(at.getMinutes())}${step < 60 ? `:${two(at.getSeconds())}` : ''}`;
  });
}

/** Draws into an element; the caller tells it of new numbers, sizes and of its end. */
export function draw(target: HTMLElement, first: Chart, colors: Colors, on: Handlers, width: number, height: number): Drawn {
  let chart = first;
  const now = () => chart;
  const half = () => chart.bucketMs / 2000;
  const data = () => [chart.times.map((time) => time / 1000 + half()), ...dataOf(chart)] as uPlot.AlignedData;
  const hasRight = chart.lines.some((line) => line.axis === 'right');
  const scale: uPlot.Scale = { range: (_, __, max) => [0, topOf(max)] };
  const axis = { stroke: colors.text, font: FONT, ticks: { show: false }, gap: 6 };
  const grid = { stroke: colors.grid, width: 1 };
  const plot = new uPlot(
    {
      width,
      height,
      padding: [8, hasRight ? 0 : 22, 0, 0],
      legend: { show: false },
      scales: { x: { time: true, range: () => [chart.from / 1000, endOf(chart) / 1000] }, y: scale, ...(hasRight ? { right: scale } : {}) },
      cursor: { y: false, points: { size: 7 }, drag: { x: true, y: false, setScale: false }, focus: { prox: -1 } },
      series: seriesOf(now, colors.surface),
      axes: [
        { ...axis, grid: { show: false }, values: timeText, size: 28, space: 64 },
        { ...axis, grid, values: axisText(now, 'left'), size: sized, space: 36 },
        ...(hasRight ? [{ ...axis, scale: 'right', side: 1 as const, grid: { show: false }, values: axisText(now, 'right'), size: sized, space: 36 }] : []),
      ],
      hooks: {
        setSelect: [
          (u) => {
            if (u.select.width < 4) return;
            const [from, to] = [u.select.left, u.select.left + u.select.width].map((at) => u.posToVal(at, 'x') * 1000);
            u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            on.onbrush(from, to);
          },
        ],
        setCursor: [
          (u) => {
            const { idx, left = -1, top = 0 } = u.cursor;
            const at = { left: left + u.bbox.left / devicePixelRatio, top, width: u.width };
            on.onhover(idx === null || idx === undefined || left < 0 ? null : { index: idx, ...at });
          },
        ],
      },
    },
    data(),
    target,
  );
  return {
    set: (next) => {
      chart = next;
      plot.setData(data());
    },
    size: (w, h) => plot.setSize({ width: w, height: h }),
    end: () => plot.destroy(),
  };
}

/** Axes are as wide as their longest label. */
function sized(u: uPlot, values: string[] | null, axisNumber: number, cycle: number): number {
  const axis = u.axes[axisNumber] as uPlot.Axis & { _size?: number };
  if (cycle > 1 && axis._size) return axis._size;
  const longest = (values ?? []).reduce((long, value) => (value.length > long.length ? value : long), '');
  u.ctx.font = FONT;
  return Math.ceil(u.ctx.measureText(longest).width) + 14;
}
