"""Reads of a materialized view by its key over PostgreSQL's protocol, while the view is kept up to date.

A source of ours gives 20,000 rows a second, each of which changes a row of the view. pgbench reads with prepared
statements over several connections; it, the server and the view's pipeline share the machine.
"""

import argparse
import os
import pathlib
import re
import resource
import shutil
import statistics
import subprocess
import tempfile
import time

import psycopg

from engine_live import Server
from figures import cpu_model, cpu_seconds, memory_gib, rss_anon_mib, write_page

KEYS = 100_000
EVENTS = f"""CREATE TABLE events (k BIGINT, v DOUBLE) WITH ('connector' = 'datagen', 'rows-per-second' = '%d',
  'fields.k.kind' = 'random', 'fields.k.min' = '0', 'fields.k.max' = '{KEYS - 1}')"""
VIEW = "CREATE MATERIALIZED VIEW totals AS SELECT k, COUNT(*) AS n, SUM(v) AS s, MAX(v) AS most FROM events GROUP BY k"
POINT = f"\\set k random(0, {KEYS - 1})\nSELECT k, n, s, most FROM totals WHERE k = :k;\n"
RANGE = f"\\set k random(0, {KEYS - 20})\nSELECT k, n, s FROM totals WHERE k >= :k AND k < :k + 10;\n"


def percentile(values, part):
    return values[min(len(values) - 1, int(len(values) * part))]


class Run:
    """pgbench over so many connections: reads a second, latencies, both sides' CPU seconds, the view's changes."""

    def __init__(self, server, folder, script, connections, seconds):
        host, port = server.addresses["postgres"].split(":")
        text = folder / "script.sql"
        text.write_text(script)
        for old in folder.glob("latency*"):
            old.unlink()
        before = cpu_seconds(server.process.pid)
        clients = resource.getrusage(resource.RUSAGE_CHILDREN)
        changes = server.rows_read("view-totals")
        began = time.monotonic()
        done = subprocess.run(
            ["pgbench", "-h", host, "-p", port, "-U", "bench", "-n", "-M", "prepared", "-f", text, "-c", str(connections),
             "-j", "1", "-T", str(seconds), "-l", "--log-prefix", folder / "latency", "dataflow"],
            capture_output=True, text=True)
        took = time.monotonic() - began
        assert done.returncode == 0, done.stdout + done.stderr
        assert re.search(r"number of failed transactions: 0 ", done.stdout), done.stdout
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.rate = float(re.search(r"tps = ([0-9.]+)", done.stdout)[1])
        self.changes = (server.rows_read("view-totals") - changes) / took
        self.server_cpu = (cpu_seconds(server.process.pid) - before) / took
        self.client_cpu = (used.ru_utime + used.ru_stime - clients.ru_utime - clients.ru_stime) / took
        latency = sorted(int(line.split()[2]) for log in folder.glob("latency*") for line in log.open())
        self.p50, self.p99, self.p999, self.most = (
            percentile(latency, part) / 1000 for part in (0.5, 0.99, 0.999, 1))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--rate", type=int, default=20_000, help="changes of the view a second")
    parser.add_argument("--connections", default="1,4,8,16,32")
    parser.add_argument("--write", action="store_true", help="put the results into docs/benchmarks.md")
    args = parser.parse_args()
    if shutil.which("pgbench") is None:
        raise SystemExit("pgbench is not there; Debian has it in postgresql-contrib")
    lines = [
        "## Reads of a materialized view by key", "",
        f"{cpu_model()}, {len(os.sched_getaffinity(0))} cores, {memory_gib():.0f} GiB; {args.runs} runs of {args.seconds} s each, medians. "
        f"A view of {KEYS:,} rows (`{VIEW.split(' AS ', 1)[1]}`) over a source of {args.rate:,} rows a second, each of which "
        "changes a row of it. pgbench with prepared statements, one thread, each connection with one read under way; it "
        "shares the cores with the server.", "",
        "| read | connections | reads/s | p50, ms | p99, ms | p99.9, ms | most, ms | source rows/s | "
        "server's CPU s/s | pgbench's CPU s/s |", "|---|---|---|---|---|---|---|---|---|---|"]
    for line in lines:
        print(line)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="dataflow-reads-"))
    try:
        with Server(folder / "server") as server:
            host, port = server.addresses["postgres"].split(":")
            with psycopg.connect(host=host, port=port, user="bench", dbname="dataflow", autocommit=True) as db:
                db.execute(EVENTS % args.rate)
                db.execute(VIEW)
                # Of many more rows than keys nearly every key has one.
                while server.rows_read("view-totals") < KEYS * 5:
                    time.sleep(0.5)
                db.execute("SELECT n FROM totals WHERE k = 1")
            Run(server, folder, POINT, 4, 3)
            kinds = [("one row by key", POINT, [int(c) for c in args.connections.split(",")]), ("ten rows by range", RANGE, [8])]
            for words, script, connections in kinds:
                for count in connections:
                    runs = [Run(server, folder, script, count, args.seconds) for _ in range(args.runs)]
                    mid = {name: statistics.median(getattr(run, name) for run in runs) for name in vars(runs[0])}
                    lines.append(
                        f"| {words} | {count} | {mid['rate']:,.0f} | {mid['p50']:.2f} | {mid['p99']:.2f} | {mid['p999']:.2f} | "
                        f"{mid['most']:.1f} | {mid['changes']:,.0f} | {mid['server_cpu']:.2f} | {mid['client_cpu']:.2f} |")
                    print(lines[-1], flush=True)
            lines += ["", f"The server's private memory at the end: {rss_anon_mib(server.process.pid):.0f} MiB."]
            print(lines[-1])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if args.write:
        write_page("reads", lines)


if __name__ == "__main__":
    main()
