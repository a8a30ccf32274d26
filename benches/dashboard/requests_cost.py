#!/usr/bin/env python3
"""What HTTP and JSON cost beside the query itself, and how long a light query takes at a steady rate.

  requests_cost.py --address 127.0.0.1:8888 --pid PID [--reps 1000] [--rate 500] [--seconds 20] [--only Q16]

Asks a running server that holds the dashboard's `ads`, on one connection that stays open. CPU is that of the server's
process, of all its threads, over a burst; "query" is what the answer's `x-dolmen-stats` says that the query took of it,
parsing aside. The burst asks queries of few rows, then groups cut at more and more rows: what a row adds is in the last
line. Last comes one query again and again at a rate, whether it has been answered or not: the time from when it was due.
"""
import argparse, http.client, json, os, sys, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from queries import CONTEXT, QUERIES, COUNT, dsum, gb, long_dim

FEW = ["Q2", "Q3", "Q4", "Q12", "Q14", "Q15", "Q16"]
ROWS = [10, 100, 1_000, 10_000, 100_000]


def cpu_ms(pid):
    """By the scheduler, which counts nanoseconds of each thread; threads that ended are not in it."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            total += int(open(f"/proc/{pid}/task/{task}/schedstat").read().split()[0])
        except OSError:
            pass
    return total / 1e6


class Client:
    def __init__(self, address):
        self.connection = http.client.HTTPConnection(address, timeout=60)
        self.connection.connect()

    def ask(self, body):
        self.connection.request("POST", "/druid/v2", body, {"content-type": "application/json"})
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise SystemExit(text.decode())
        return text, json.loads(answer.headers["x-dolmen-stats"])["cpuMs"]


def burst(o, client, query):
    """CPU ms of the server for one request, those of the query, and the bytes of the answer."""
    body = json.dumps(dict(query, context=CONTEXT)).encode()
    for _ in range(10):
        text, _ = client.ask(body)
    before, asked, own = cpu_ms(o.pid), 0, 0.0
    start = time.time()
    while asked < o.reps and time.time() - start < 10:
        own += client.ask(body)[1]
        asked += 1
    return (cpu_ms(o.pid) - before) / asked, own / asked, text


def steady(o, query, connections=8):
    """Milliseconds from when each request was due until its answer was read."""
    body, count = json.dumps(dict(query, context=CONTEXT)).encode(), o.rate * o.seconds
    times, lock, start = [], threading.Lock(), time.perf_counter() + 0.2
    numbers = iter(range(count))

    def work():
        client = Client(o.address)
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            due = start + number / o.rate
            time.sleep(max(0.0, due - time.perf_counter()))
            client.ask(body)
            times.append((time.perf_counter() - due) * 1e3)

    threads = [threading.Thread(target=work) for _ in range(connections)]
    before = cpu_ms(o.pid)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times.sort()
    at = lambda part: times[min(len(times) - 1, int(len(times) * part))]
    return at(0.5), at(0.9), at(0.99), times[-1], (cpu_ms(o.pid) - before) / count


def by_user(num_rows):
    order = {"type": "default", "limit": num_rows, "columns": [{"dimension": "user_id", "direction": "ascending", "dimensionOrder": "numeric"}]}
    return gb("ads", [long_dim("user_id")], aggregations=[COUNT, dsum("c", "cost")], limitSpec=order)


def num_rows(text):
    rows = json.loads(text)
    return sum(len(row["result"]) if isinstance(row.get("result"), list) else len(row.get("events", [row])) for row in rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--address", default="127.0.0.1:8888")
    parser.add_argument("--pid", type=int, required=True)
    parser.add_argument("--reps", type=int, default=1000)
    parser.add_argument("--rate", type=int, default=500)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--only", default=",".join(FEW))
    o = parser.parse_args()
    client = Client(o.address)
    print("| query | rows | bytes | CPU ms | query | HTTP and JSON |\n|---|---:|---:|---:|---:|---:|")
    many = {f"groups of {n}": by_user(n) for n in ROWS}
    points = []
    for name, query in {**{name: QUERIES[name] for name in o.only.split(",") if name}, **many}.items():
        whole, own, text = burst(o, client, query)
        print(f"| {name} | {num_rows(text)} | {len(text)} | {whole:.3f} | {own:.3f} | {whole - own:.3f} |", flush=True)
        if name in many:
            points.append((num_rows(text), whole - own))
    (few, little), (most, much) = points[0], points[-1]
    print(f"\na row adds {(much - little) / max(most - few, 1) * 1e3:.2f} us")
    p50, p90, p99, longest, cpu = steady(o, QUERIES["Q16"])
    print(f"Q16 at {o.rate} a second: p50 {p50:.2f}, p90 {p90:.2f}, p99 {p99:.2f}, most {longest:.2f} ms; CPU {cpu:.3f} ms each")


if __name__ == "__main__":
    main()
