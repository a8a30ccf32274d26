#!/usr/bin/env python3
"""Asks two stores the same: random rows into both, random queries to both, and every difference is told.

    tests/differential/compare.py --druid URL --dolmen URL [--cases 10] [--queries 500] [--seed 1] [--out FILE]

The questions are those of the oracle (tests/oracle). Exit code 1 when an answer differs that known.json does not name."""

import argparse
import collections
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]


def call(url, body=None, timeout=60):
    data = None if body is None else (body if isinstance(body, bytes) else json.dumps(body).encode())
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            status, text = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        status, text = error.code, error.read()
    try:
        return status, json.loads(text or b"null")
    except ValueError:
        return status, text.decode(errors="replace")


def load(url, task, datasource):
    status, answer = call(f"{url}/druid/indexer/v1/task", task)
    if status != 200:
        sys.exit(f"{url} refuses the task: {status} {answer}")
    wanted = len(json.loads(task)["spec"]["ioConfig"]["inputSource"]["data"].split("\n"))
    count = {"queryType": "timeseries", "dataSource": datasource, "granularity": "all", "intervals": "2000/3000",
             "aggregations": [{"type": "count", "name": "n"}]}
    for _ in range(600):
        state = call(f"{url}/druid/indexer/v1/task/{answer['task']}/status")[1]["status"]
        if state["statusCode"] == "FAILED":
            sys.exit(f"{url}: {state.get('errorMsg')}")
        if state["statusCode"] == "SUCCESS":
            rows = call(f"{url}/druid/v2", count)[1]
            if rows and rows[0]["result"]["n"] == wanted:
                return
        time.sleep(0.5)
    sys.exit(f"{url}: {datasource} did not come to {wanted} rows")


def plain(query, answer):
    """Scans answer in any order and in any batches."""
    if query["queryType"] == "scan" and isinstance(answer, list):
        return sorted((event for batch in answer for event in batch["events"]), key=json.dumps)
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


def known_reason(known, query, theirs):
    """What known.json says: texts that the query holds and does not hold, and what Druid's error says."""
    text, told = json.dumps(query), json.dumps(theirs)
    fits = lambda entry: (all(part in text for part in entry["parts"])
                          and not any(part in text for part in entry.get("without", []))
                          and entry.get("error", "") in told.replace('\\"', '"'))
    return next((entry["reason"] for entry in known if fits(entry)), None)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--druid", required=True)
    options.add_argument("--dolmen", required=True)
    options.add_argument("--cases", type=int, default=10)
    options.add_argument("--queries", type=int, default=500)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--out", type=argparse.FileType("w"), default=sys.stdout)
    asked = options.parse_args()
    known = json.loads((ROOT / "tests/differential/known.json").read_text())
    counts, reasons = collections.Counter(), collections.Counter()
    with tempfile.TemporaryDirectory() as directory:
        draw = ["cargo", "run", "-q", "-p", "oracle", "--bin", "questions", "--", directory]
        subprocess.run([*draw, *map(str, (asked.cases, asked.queries, asked.seed))], cwd=ROOT, check=True)
        for path in sorted(pathlib.Path(directory).glob("*.task.json")):
            datasource = path.name.removesuffix(".task.json")
            for url in (asked.druid, asked.dolmen):
                load(url, path.read_bytes(), datasource)
            for line in (path.parent / f"{datasource}.queries").read_text().splitlines():
                query = json.loads(line)
                theirs, ours = (call(f"{url}/druid/v2", query) for url in (asked.druid, asked.dolmen))
                if theirs[0] == ours[0] == 200 and same(plain(query, theirs[1]), plain(query, ours[1])):
                    counts["same"] += 1
                elif theirs[0] != 200 and ours[0] != 200:
                    counts["both refuse"] += 1
                elif reason := known_reason(known, query, theirs[1]):
                    reasons[reason] += 1
                else:
                    counts["different"] += 1
                    told = apart(plain(query, theirs[1]), plain(query, ours[1]))
                    print(f"{line}\n  Druid  {theirs[0]} {told[0]}\n  Dolmen {ours[0]} {told[1]}\n", file=asked.out)
    print(dict(counts), {"known": dict(reasons)})
    sys.exit(1 if counts["different"] else 0)


main()
