#!/usr/bin/env python3
"""Ratios of CPU time as a plot.

  plot.py FIGURES.json FILE.svg      # FIGURES as run.py writes it with --json

One line per query, a point per engine: its CPU time as a multiple of Dolmen's, on a logarithmic axis. A point is the
median of the rounds, the bar through it reaches from the fastest round to the slowest.
"""
import json, math, statistics, sys
from xml.sax.saxutils import escape

COLORS = ["#0f7b6c", "#c8553d", "#4a6fa5", "#b08900", "#7a4f9a", "#5c5c5c"]
LEFT, RIGHT, TOP, ROW, BOTTOM, WIDTH = 64, 24, 46, 22, 34, 860
TICKS = [0.5, 1, 2, 5, 10, 20, 50, 100, 200]


def ratios(rounds, ours):
    """Fastest, median and slowest round as multiples of the median of ours."""
    base = max(statistics.median(ours), 0.001)
    return min(rounds) / base, statistics.median(rounds) / base, max(rounds) / base


def svg(figures, engines):
    """`figures`: by query and engine the CPU ms of each round; the first of `engines` is what the others are held against."""
    ours, others = engines[0], engines[1:]
    rows = [(name, {e: ratios(row[e], row[ours]) for e in others if row.get(e)}) for name, row in figures.items() if row.get(ours)]
    values = [value for _, row in rows for ratio in row.values() for value in ratio] or [1.0]
    low, high = math.log(min(0.5, *values)), math.log(max(4, *values))
    x = lambda ratio: LEFT + (math.log(max(ratio, 1e-3)) - low) / (high - low) * (WIDTH - LEFT - RIGHT)
    height = TOP + ROW * len(rows) + BOTTOM
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>']
    at = LEFT
    for engine, color in zip(others, COLORS):
        out.append(f'<circle cx="{at}" cy="16" r="5" fill="{color}"/><text x="{at + 9}" y="20">{escape(engine)}</text>')
        at += 30 + 8 * len(engine)
    bottom = height - BOTTOM
    for tick in (t for t in TICKS if low <= math.log(t) <= high):
        strong = ' stroke-width="2"' if tick == 1 else ""
        out.append(f'<line x1="{x(tick):.1f}" y1="{TOP - 12}" x2="{x(tick):.1f}" y2="{bottom}" stroke="#ccc"{strong}/>')
        out.append(f'<text x="{x(tick):.1f}" y="{bottom + 14}" text-anchor="middle" fill="#555">{tick:g}x</text>')
    out.append(f'<text x="{LEFT}" y="{bottom + 29}" fill="#555">CPU time as a multiple of {escape(ours)}: right of 1x is slower than {escape(ours)}</text>')
    for place, (name, row) in enumerate(rows):
        y = TOP + ROW * place + ROW / 2
        out.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{escape(name)}</text>')
        for engine, color in zip(others, COLORS):
            if engine in row:
                fastest, middle, slowest = row[engine]
                out.append(f'<line x1="{x(fastest):.1f}" y1="{y}" x2="{x(slowest):.1f}" y2="{y}" stroke="{color}" stroke-width="2" opacity="0.5"/>')
                out.append(f'<circle cx="{x(middle):.1f}" cy="{y}" r="4.5" fill="{color}"><title>{escape(name)}, {escape(engine)}: {middle:.2f}x</title></circle>')
    return "\n".join([*out, "</svg>", ""])


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    recorded = json.load(open(sys.argv[1]))
    open(sys.argv[2], "w").write(svg(recorded["figures"], recorded["engines"]))
