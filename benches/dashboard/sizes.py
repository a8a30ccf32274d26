#!/usr/bin/env python3
"""How the cost of a query grows with what it touches: 1, 10 and 100 M rows, cold and warm; and in 1,000 small segments.

  sizes.py --data DIR [--work DIR] [--bin target/release] [--reps 5] [--only Q1,Q4] [--plot FILE.svg]

DIR holds the generator's Parquet files; the images are made below --work (DIR/sizes) and kept: 10 M rows of each table in
segments of 5 M, the same ten times for 100 M, 1 M in one segment, and 1 M in a thousand. Cold needs the right to drop the system's page cache;
each cold figure is of a process of its own, and by the clock. Warm figures are CPU ms of one thread.
"""
import argparse, math, os, shutil, subprocess, sys
from xml.sax.saxutils import escape

TABLES = ["ads", "orders"]
DROP = "/proc/sys/vm/drop_caches"
COLORS = ["#0f7b6c", "#c8553d", "#4a6fa5", "#b08900", "#7a4f9a", "#5c5c5c", "#8a6d3b"]


def images(o, name, rows, num_segments):
    """Images of the first rows in segments of `rows`."""
    out = os.path.join(o.work, name)
    if not os.path.exists(os.path.join(out, "done")):
        command = [os.path.join(o.bin, "images"), "--data", o.data, "--out", out, "--segment-rows", str(rows), "--segments", str(num_segments)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        open(os.path.join(out, "done"), "w").close()
    return out


def numbered(directory, table):
    paths = (os.path.join(directory, f"{table}-{n}.image") for n in range(1 << 20))
    for path in paths:
        if not os.path.exists(path):
            return
        yield path


def again(o, name, source, num_segments):
    """The segments of each table again and again until there are so many: files of their own."""
    out = os.path.join(o.work, name)
    os.makedirs(out, exist_ok=True)
    for table in TABLES:
        have = list(numbered(source, table))
        for n in range(num_segments):
            path = os.path.join(out, f"{table}-{n}.image")
            if not os.path.exists(path):
                shutil.copyfile(have[n % len(have)], path + ".part")
                os.rename(path + ".part", path)
    return out


def run(o, directory, *more):
    command = ["taskset", "-c", str(o.core), os.path.join(o.bin, "dashboard"), "--data", directory, *more]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[2:]
    rows = ([cell.strip() for cell in line.split("|")] for line in lines)
    return {cells[1]: (float(cells[2]), float(cells[5])) for cells in rows}


def warm(o, directory):
    return {name: cpu for name, (cpu, _) in run(o, directory, "--only", o.only, "--reps", str(o.reps)).items()}


def cold(o, directory, names):
    figures = {}
    for name in names:
        subprocess.run(["sync"], check=True)
        with open(DROP, "w") as drop:
            drop.write("3")
        figures[name] = run(o, directory, "--only", name, "--reps", "1", "--warm", "0")[name][1]
    return figures


def table(columns):
    names = list(next(iter(columns.values())))
    lines = ["| query | " + " | ".join(columns) + " |", "|---|" + "---:|" * len(columns)]
    return "\n".join(lines + [f"| {n} | " + " | ".join(f"{c[n]:.2f}" if n in c else "" for c in columns.values()) + " |" for n in names])


def svg(sizes, warm, cold):
    """A line per query over the sizes, warm; cold dashed. Both axes are logarithmic."""
    width, height, left, top, right, bottom = 860, 560, 60, 20, 70, 40
    values = [v for columns in (warm, cold) for column in columns for v in column.values() if v > 0]
    low, high = math.log10(min(values)), math.log10(max(values))
    x = lambda size: left + (math.log10(size) - math.log10(sizes[0])) / (math.log10(sizes[-1]) - math.log10(sizes[0])) * (width - left - right)
    y = lambda ms: top + (high - math.log10(max(ms, 10**low))) / (high - low) * (height - top - bottom)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="11">', f'<rect width="{width}" height="{height}" fill="#fff"/>']
    for tick in range(math.ceil(low), math.floor(high) + 1):
        out.append(f'<line x1="{left}" x2="{width - right}" y1="{y(10**tick):.1f}" y2="{y(10**tick):.1f}" stroke="#ddd"/><text x="{left - 6}" y="{y(10**tick) + 4:.1f}" text-anchor="end">{10**tick:g} ms</text>')
    for size in sizes:
        out.append(f'<text x="{x(size):.1f}" y="{height - bottom + 18}" text-anchor="middle">{size // 1_000_000} M rows</text>')
    for columns, dash in ((warm, ""), (cold, ' stroke-dasharray="4 4" opacity="0.5"')):
        for at, name in enumerate(columns[0] if columns else []):
            points = " ".join(f"{x(size):.1f},{y(column[name]):.1f}" for size, column in zip(sizes, columns) if name in column)
            out.append(f'<polyline points="{points}" fill="none" stroke="{COLORS[at % len(COLORS)]}" stroke-width="1.5"{dash}><title>{escape(name)}</title></polyline>')
            if not dash:
                out.append(f'<text x="{width - right + 6}" y="{y(columns[-1][name]) + 4:.1f}" fill="{COLORS[at % len(COLORS)]}">{escape(name)}</text>')
    out.append(f'<text x="{left}" y="{height - 6}" fill="#555">whole lines: CPU time, warm; dashed: by the clock, nothing in the page cache</text>')
    return "\n".join([*out, "</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--work")
    parser.add_argument("--bin", default="target/release")
    parser.add_argument("--reps", type=int, default=5)
    parser.add_argument("--only", default="")
    parser.add_argument("--core", type=int, default=0)
    parser.add_argument("--plot")
    o = parser.parse_args()
    o.work = o.work or os.path.join(o.data, "sizes")
    ten, one = images(o, "10m", 5_000_000, 2), images(o, "1m", 1_000_000, 1)
    small, hundred = images(o, "1m-in-1000", 1_000, 1_000), again(o, "100m", ten, 20)
    sizes, columns = [1_000_000, 10_000_000, 100_000_000], {}
    for name, directory in (("1 M", one), ("10 M", ten), ("100 M", hundred), ("1 M in 1,000 segments", small)):
        columns[name] = warm(o, directory)
    names = list(columns["1 M"])
    columns["small : one"] = {n: columns["1 M in 1,000 segments"][n] / max(columns["1 M"][n], 0.01) for n in names}
    if os.access(DROP, os.W_OK):
        for name, directory in (("1 M", one), ("10 M", ten), ("100 M", hundred)):
            columns[f"{name}, cold"] = cold(o, directory, names)
    print(table(columns))
    if o.plot:
        cold_columns = [columns[f"{n}, cold"] for n in ("1 M", "10 M", "100 M") if f"{n}, cold" in columns]
        open(o.plot, "w").write(svg(sizes, [columns[n] for n in ("1 M", "10 M", "100 M")], cold_columns))


if __name__ == "__main__":
    sys.exit(main())
