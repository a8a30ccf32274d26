#!/usr/bin/env python3
"""Asks two stores the same: random rows into both, random queries to both, and every difference is told.

    tests/differential/compare.py [--cases 10] [--queries 500] [--seed 1] [--out FILE]

starts a Druid (druid.sh: Java and Maven) and the Dolmen of this workspace, or takes those that --druid URL and
--dolmen URL name. The questions are those of the oracle (tests/oracle). Exit code 1 when an answer differs that
known.json does not name."""

import argparse
import collections
import concurrent.futures
import contextlib
import datetime
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LOOKUPS = "/druid/coordinator/v1/lookups"
# Questions that are asked at a time.
ASKERS = 4


def call(url, body=None, timeout=120):
    data = None if body is None else (body if isinstance(body, bytes) else json.dumps(body).encode())
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            status, text = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        status, text = error.code, error.read()
    except (OSError, ValueError) as error:
        return 0, str(error)
    try:
        return status, json.loads(text or b"null")
    except ValueError:
        return status, text.decode(errors="replace")


def until(what, is_so, seconds=300):
    """Asks again until it is so."""
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            sys.exit(f"{what}: not within {seconds} s")
        time.sleep(0.5)


@contextlib.contextmanager
def druid(directory, port):
    variables = {**os.environ, "DRUID_RUN": f"{directory}/druid", "DRUID_PORT": str(port)}
    script = str(HERE / "druid.sh")
    try:
        subprocess.run([script, "start"], env=variables, check=True, stdout=sys.stderr)
        yield f"http://127.0.0.1:{port}"
    finally:
        subprocess.run([script, "stop"], env=variables, check=False)


@contextlib.contextmanager
def dolmen(directory, port):
    binary = built("-p", "node", "--bin", "dolmen")
    config = pathlib.Path(directory, "dolmen.toml")
    config.write_text(f"[http]\nport = {port}\n[memory]\nlimit = 2147483648\n")
    with open(f"{directory}/dolmen.log", "w") as log:
        command = [binary, "serve", "--config", str(config), "--data-dir", f"{directory}/dolmen"]
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        until("dolmen", lambda: call(f"{url}/status/health")[1] is True, 60)
        yield url
    finally:
        process.terminate()
        process.wait()


def built(*arguments):
    """The path of a binary of the workspace."""
    command = ["cargo", "build", "-q", "--message-format=json", *arguments]
    output = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    paths = (json.loads(line).get("executable") for line in output.splitlines() if line.startswith(b"{"))
    return [path for path in paths if path][-1]


def add_lookup(url, entries):
    """Until every role has it."""
    is_there = lambda: call(f"{url}{LOOKUPS}/status/__default/words")[1] == {"loaded": True}
    if is_there():
        return
    lookup = {"version": "v1", "lookupExtractorFactory": {"type": "map", "map": entries}}
    call(f"{url}{LOOKUPS}/config", {})
    until(f"{url}: a lookup", lambda: call(f"{url}{LOOKUPS}/config/__default/words", lookup)[0] in (200, 202), 120)
    until(f"{url}: a lookup", is_there, 300)


def load(url, task):
    spec = json.loads(task)["spec"]
    status, answer = call(f"{url}/druid/indexer/v1/task", task)
    if status != 200:
        sys.exit(f"{url} refuses the task: {status} {answer}")
    datasource = spec["dataSchema"]["dataSource"]
    wanted = len(spec["ioConfig"]["inputSource"]["data"].split("\n"))
    count = {"queryType": "timeseries", "dataSource": datasource, "granularity": "all", "intervals": "2000/3000",
             "aggregations": [{"type": "count", "name": "n"}]}

    def is_loaded():
        told = call(f"{url}/druid/indexer/v1/task/{answer['task']}/status")[1]
        state = told.get("status", {}) if isinstance(told, dict) else {}
        if state.get("statusCode") == "FAILED":
            sys.exit(f"{url}: {state.get('errorMsg')}")
        rows = call(f"{url}/druid/v2", count)[1] if state.get("statusCode") == "SUCCESS" else None
        return isinstance(rows, list) and rows and rows[0]["result"]["n"] == wanted

    until(f"{url}: {datasource}", is_loaded, 1200)


def plain(query, answer):
    """Without what may differ: batches of scans and, where none is asked for, their order; sizes and ids."""
    if not isinstance(answer, list):
        return answer
    if query["queryType"] == "scan":
        events = [event for batch in answer for event in batch["events"]]
        return events if "order" in query else sorted(events, key=json.dumps)
    if query["queryType"] == "segmentMetadata":
        kept = ("typeSignature", "hasMultipleValues", "errorMessage")
        columns = lambda one: {name: {key: column[key] for key in kept} for name, column in one["columns"].items()}
        return [[one["numRows"], columns(one)] for one in answer]
    return answer


def same(a, b):
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) <= 1e-12 * max(abs(a), abs(b))
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return type(a) is type(b) and a == b


def apart(a, b):
    """The first place where they part."""
    if isinstance(a, list) and isinstance(b, list):
        at = next((at for at, (x, y) in enumerate(zip(a, b)) if not same(x, y)), min(len(a), len(b)))
        show = lambda rows: json.dumps(rows[at], ensure_ascii=False) if at < len(rows) else "none"
        return f"row {at} of {len(a)}: {show(a)}", f"row {at} of {len(b)}: {show(b)}"
    return json.dumps(a, ensure_ascii=False)[:600], json.dumps(b, ensure_ascii=False)[:600]


def instant(time):
    """Milliseconds; the beginning of all time where it is too far away."""
    if isinstance(time, int):
        return time
    try:
        return round(datetime.datetime.fromisoformat(time).timestamp() * 1000)
    except ValueError:
        return -math.inf


def instants(rows):
    """Times as instants, whichever zone they are written in."""
    return [{**row, "timestamp": instant(row["timestamp"])} for row in rows]


def without(name):
    """Answers without a field, however deep."""
    def cut(answer):
        if isinstance(answer, list):
            return [cut(one) for one in answer]
        if isinstance(answer, dict):
            return {key: cut(value) for key, value in answer.items() if key != name}
        return answer
    return cut


def within(query):
    """Answers without the buckets that begin outside the intervals."""
    spans = [[instant(end) for end in interval.split("/")] for interval in query["intervals"]]
    time = lambda row: instant(row["timestamp"] if isinstance(row, dict) else row[0])
    return lambda rows: [row for row in rows if any(start <= time(row) < end for start, end in spans)]


# What is left of answers that differ in what an entry of known.json names, and in nothing else.
LEFT = {
    "zone": lambda query: instants,
    "count": lambda query: without("count"),
    "early buckets": within,
}


def known_reason(known, query, theirs, ours):
    """What known.json says: patterns that the query fits and does not fit, what an error says, and what alone differs.
    Without an error both answer."""
    text = json.dumps(query, ensure_ascii=False, separators=(",", ":"))

    def is_told(status, answer, said):
        told = json.dumps(answer, ensure_ascii=False).replace('\\"', '"')
        return status == 200 if said is None else status != 200 and said in told

    def fits(entry):
        left = LEFT[entry["but"]](query) if "but" in entry else None
        return (all(re.search(pattern, text) for pattern in entry.get("asks", []))
                and not any(re.search(pattern, text) for pattern in entry.get("asks not", []))
                and is_told(*theirs, entry.get("error")) and is_told(*ours, entry.get("our error"))
                and (left is None or same(left(plain(query, theirs[1])), left(plain(query, ours[1])))))

    return next((entry["reason"] for entry in known if fits(entry)), None)


class Run:
    def __init__(self, urls, out):
        self.urls, self.out = urls, out
        self.known = json.loads((HERE / "known.json").read_text())
        self.counts, self.reasons = collections.Counter(), collections.Counter()

    def load(self, tasks):
        for task in tasks:
            for url in self.urls:
                load(url, task.read_bytes())

    def ask(self, line):
        return [call(f"{url}/druid/v2", line.encode()) for url in self.urls]

    def judge(self, line, theirs, ours):
        query = json.loads(line)
        told = [plain(query, answer[1]) for answer in (theirs, ours)]
        if theirs[0] == ours[0] == 200 and same(*told):
            self.counts["same"] += 1
        elif theirs[0] != 200 and ours[0] != 200:
            self.counts["both refuse"] += 1
        elif reason := known_reason(self.known, query, theirs, ours):
            self.counts["known"] += 1
            self.reasons[reason] += 1
        else:
            self.counts["different"] += 1
            shown = apart(*told)
            print(f"{line}\n  Druid  {theirs[0]} {shown[0]}\n  Dolmen {ours[0]} {shown[1]}\n", file=self.out, flush=True)

    def all(self, directory):
        cases = sorted(pathlib.Path(directory).glob("*.queries"))
        tasks = lambda case: sorted(case.parent.glob(f"{case.stem}.task.json")) + sorted(case.parent.glob(f"{case.stem}_*.task.json"))
        with concurrent.futures.ThreadPoolExecutor(2) as loaders, concurrent.futures.ThreadPoolExecutor(ASKERS) as askers:
            loads = [loaders.submit(self.load, tasks(case)) for case in cases]
            for case, loaded in zip(cases, loads):
                loaded.result()
                lines = case.read_text().splitlines()
                for line, answers in zip(lines, askers.map(self.ask, lines)):
                    self.judge(line, *answers)
                print(case.stem, dict(self.counts), file=sys.stderr)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--druid")
    options.add_argument("--dolmen")
    options.add_argument("--port", type=int, default=23000, help="the first of 30 for the stores that are started")
    options.add_argument("--cases", type=int, default=10)
    options.add_argument("--queries", type=int, default=500)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--out", type=argparse.FileType("w"), default=sys.stdout)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as started:
        urls = [asked.druid or started.enter_context(druid(directory, asked.port)),
                asked.dolmen or started.enter_context(dolmen(directory, asked.port + 29))]
        questions = built("-p", "oracle", "--bin", "questions")
        subprocess.run([questions, directory, *map(str, (asked.cases, asked.queries, asked.seed))], check=True)
        for url in urls:
            add_lookup(url, json.loads(pathlib.Path(directory, "lookup.json").read_text()))
        run = Run(urls, asked.out)
        run.all(directory)
    for reason, number in run.reasons.most_common():
        print(f"{number:6} {reason}")
    print(dict(run.counts))
    sys.exit(1 if run.counts["different"] else 0)


if __name__ == "__main__":
    main()
