#!/usr/bin/env python3
"""The dashboard benchmark: Dolmen beside DuckDB, Polars, ClickHouse and DataFusion, one core each, on the same rows.

  run.py --data DIR [--dolmen PATH] [--rows 10000000] [--reps 9] [--only Q1,Q4] [--peers duckdb,polars,clickhouse,datafusion]
         [--out FILE.md] [--json FILE.json] [--plot FILE.svg]
  run.py --data DIR --in-process PATH [--images DIR]    # the `dashboard` program instead of a server
  run.py .. --set others                                # the queries of others.py instead of the 21

Generates the data once, loads it through a batch task, then times every query in rounds that take the engines in
turn. Figures are CPU ms of the whole process (Dolmen: planning, HTTP and JSON included), medians; compare ratios.
"""
import argparse, json, os, signal, statistics, subprocess, sys, time, urllib.error, urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import others, peers, plot
from queries import CONTEXT, QUERIES, ingestion_spec


def call(base, method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(base + path, data=data, method=method, headers={"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=3600) as answer:
        return json.loads(answer.read() or b"null")


def cpu_ms(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


class Dolmen:
    """One server on one core, on a data directory of its own that is loaded once."""

    def __init__(self, binary, data, port, core):
        self.base = f"http://127.0.0.1:{port}"
        environment = dict(os.environ, DOLMEN__INGEST__ALLOWED_DIRECTORIES=data, DOLMEN__QUERY__THREADS="1")
        command = ["taskset", "-c", str(core), binary, "serve", "--port", str(port), "--data-dir", os.path.join(data, "dolmen")]
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        self.wait(lambda: call(self.base, "GET", "/status/health"))

    def wait(self, ready):
        for _ in range(600):
            try:
                if ready():
                    return
            except (OSError, urllib.error.URLError):
                pass
            time.sleep(0.1)
        raise SystemExit("dolmen does not answer")

    def load(self, table, data, rows):
        query = {"queryType": "timeseries", "dataSource": table, "granularity": "all", "intervals": "2026-01-05/2026-01-06", "aggregations": [{"type": "count", "name": "n"}]}
        if call(self.base, "POST", "/druid/v2", query)[0]["result"]["n"] == rows:
            return None
        before, start = cpu_ms(self.process.pid), time.time()
        task = call(self.base, "POST", "/druid/indexer/v1/task", ingestion_spec(table, data, f"{table}.ndjson"))["task"]
        while (status := call(self.base, "GET", f"/druid/indexer/v1/task/{task}/status")["status"])["status"] == "RUNNING":
            time.sleep(0.5)
        if status["status"] != "SUCCESS":
            raise SystemExit(f"{task}: {status.get('errorMsg')}")
        self.wait(lambda: call(self.base, "POST", "/druid/v2", query)[0]["result"]["n"] == rows)
        return (cpu_ms(self.process.pid) - before) / 1000, time.time() - start

    def cpu_of(self, query, reps):
        """CPU ms of one run, over a burst long enough for the kernel's clock of 10 ms."""
        post = lambda: call(self.base, "POST", "/druid/v2", dict(query, context=CONTEXT))
        post()
        start, count = cpu_ms(self.process.pid), 0
        while count < reps or (cpu_ms(self.process.pid) - start < 200 and count < 400):
            post()
            count += 1
        return (cpu_ms(self.process.pid) - start) / count

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


class InProcess:
    """The `dashboard` program over images, in place of a server. One start measures all queries, for it opens the images."""

    def __init__(self, o):
        command = ["taskset", "-c", str(o.core), o.in_process, "--data", o.images or o.data, "--set", o.set]
        self.command = command + ["--only", o.only, "--reps", str(o.reps)]

    def round(self):
        lines = subprocess.run(self.command, check=True, capture_output=True, text=True).stdout.splitlines()[2:]
        return {cells[1]: float(cells[2]) for cells in ([cell.strip() for cell in line.split("|")] for line in lines)}


def compare_in_process(o):
    """CPU ms of each round by query and engine; rounds take the engines in turn."""
    program, figures = InProcess(o), {}
    os.sched_setaffinity(0, {o.core})
    runs = {engine: peers.runs_of(engine, o.data, o.others) for engine in o.peers.split(",") if engine}
    for _ in range(o.rounds):
        for name, value in program.round().items():
            figures.setdefault(name, {}).setdefault("dolmen", []).append(value)
        for engine, queries in runs.items():
            for name in figures:
                if name in queries:
                    figures[name].setdefault(engine, []).append(peers.cpu_of(queries[name], max(1, o.reps // 3)))
    return figures, ["dolmen", *runs]


def generate(data, rows):
    marker = os.path.join(data, f"rows-{rows}")
    if not os.path.exists(marker):
        subprocess.run([sys.executable, os.path.join(HERE, "generate.py"), "--rows", str(rows), "--out", data], check=True)
        open(marker, "w").close()


def table_of(rounds, engines):
    figures = {name: {engine: statistics.median(values) for engine, values in row.items()} for name, row in rounds.items()}
    lines = ["| query | " + " | ".join(engines) + " | fastest peer : Dolmen |", "|---|" + "---:|" * (len(engines) + 1)]
    for name, row in figures.items():
        best = min((row[e] for e in engines if e != "dolmen" and e in row), default=None)
        ratio = f"{best / max(row['dolmen'], 0.01):.1f}" if best else ""
        lines.append(f"| {name} | " + " | ".join(f"{row[e]:.1f}" if e in row else "" for e in engines) + f" | {ratio} |")
    return "\n".join(lines)


def report(o, figures, engines):
    text = table_of(figures, engines)
    print(text)
    for path, written in ((o.out, text + "\n"), (o.json, json.dumps({"engines": engines, "figures": figures})), (o.plot, plot.svg(figures, engines))):
        if path:
            open(path, "w").write(written)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", required=True)
    p.add_argument("--dolmen", default=os.path.join(HERE, "../../target/release/dolmen"))
    p.add_argument("--rows", type=int, default=10_000_000)
    p.add_argument("--reps", type=int, default=9)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--only", default="")
    p.add_argument("--set", choices=["queries", "others"], default="queries")
    p.add_argument("--peers", default="duckdb,polars,clickhouse,datafusion")
    p.add_argument("--port", type=int, default=8899)
    p.add_argument("--core", type=int, default=0)
    p.add_argument("--in-process")
    p.add_argument("--images")
    p.add_argument("--out")
    p.add_argument("--json")
    p.add_argument("--plot")
    o = p.parse_args()
    o.data = os.path.abspath(o.data)
    os.makedirs(o.data, exist_ok=True)
    os.environ["POLARS_MAX_THREADS"] = "1"
    o.others = others if o.set == "others" else None
    queries = o.others.QUERIES if o.others else QUERIES
    if o.in_process:
        return report(o, *compare_in_process(o))
    generate(o.data, o.rows)
    dolmen = Dolmen(o.dolmen, o.data, o.port, o.core)
    try:
        for table in ("ads", "orders"):
            if took := dolmen.load(table, o.data, o.rows):
                print(f"{table}: {o.rows} rows loaded, {o.rows / took[0]:,.0f} rows a CPU second, {took[1]:.0f} s", flush=True)
        os.sched_setaffinity(0, {o.core})
        runs = {engine: peers.runs_of(engine, o.data, o.others) for engine in o.peers.split(",") if engine}
        engines, figures = ["dolmen", *runs], {}
        for name in [n for n in queries if not o.only or n in o.only.split(",")]:
            rounds = {engine: [] for engine in engines}
            for _ in range(o.rounds):
                rounds["dolmen"].append(dolmen.cpu_of(queries[name], o.reps))
                for engine, queries in runs.items():
                    if name in queries:
                        rounds[engine].append(peers.cpu_of(queries[name], max(1, o.reps // 3)))
            figures[name] = {engine: values for engine, values in rounds.items() if values}
            print(name, {engine: round(statistics.median(values), 2) for engine, values in figures[name].items()}, flush=True)
    finally:
        dolmen.stop()
    report(o, figures, engines)


if __name__ == "__main__":
    main()
