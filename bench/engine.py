"""script/bench engine [--events N] [--runs N] [--only NAME…] [--folder DIR] [--write]: the stream engine beside Apache
Flink and DuckDB, in one run on one machine: the same file of JSON events, the same query, the same two cores.

Rates are events a second. Flink's are without its start, ours are of the whole process; DuckDB's are of the query. Results
are compared row by row. --write puts the tables into docs/benchmarks.md.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

import engine_live
from engine_live import Server
from figures import BIN, PEERS, Cost, cpu_model, memory_gib, write_page

WINDOWS = {
    "tumble": "{tumbling: 30s, time: ts}",
    "hop": "{hopping: {size: 60s, slide: 15s}, time: ts}",
    "session": "{session: 30s, time: ts}",
}

PIPELINE = """
name: {name}
sources:
  events:
    connector: file
    path: {events}
    stripes: 2
    format: json
    schema: {{meeting_id: STRING, value: DOUBLE, ts: TIMESTAMP_LTZ(3)}}
    watermark: {{column: ts, delay: 5s}}
steps:
  counts:
    from: events
    window: {window}
    group_by: [meeting_id]
    aggregate: {{n: "COUNT(*)", s: "SUM(`value`)", a: "AVG(`value`)"}}
  rows:
    from: counts
    select: {{ws: window_start, we: window_end, meeting_id: meeting_id, n: n, s: s, a: a}}
sinks:
  out: {sink}
job: {{parallelism: 2}}
"""

LOG_PIPELINE = """
name: {name}
sources:
  events:
    connector: log
    topic: events
    format: json
    start: earliest
    schema: {{meeting_id: STRING, value: DOUBLE, ts: TIMESTAMP_LTZ(3)}}
    watermark: {{column: ts, delay: 5s, idle_timeout: 1s}}
steps:
  counts:
    from: events
    window: {window}
    group_by: [meeting_id]
    aggregate: {{n: "COUNT(*)", s: "SUM(`value`)", a: "AVG(`value`)"}}
sinks:
  out: {{from: counts, connector: log, topic: {name}, create: true, format: json, key: [meeting_id], guarantee: exactly_once}}
job: {{parallelism: 2, checkpoint_interval: 50ms}}
"""

JOIN_PIPELINE = """
name: {name}
sources:
  bids: {{connector: generator, rows: {rows}, seed: 5, schema: {{item: BIGINT, price: BIGINT, ts: TIMESTAMP_LTZ(3)}},
         fields.item.kind: choice, fields.item.count: 100000, fields.ts.spacing_ms: 0.02, fields.ts.disorder: 100ms,
         watermark: {{column: ts, delay: 100ms}}}}
  offers: {{connector: generator, rows: {rows}, seed: 6, schema: {{item: BIGINT, least: BIGINT, at: TIMESTAMP_LTZ(3)}},
           fields.item.kind: choice, fields.item.count: 100000, fields.at.spacing_ms: 0.02, fields.at.disorder: 100ms,
           watermark: {{column: at, delay: 100ms}}}}
steps:
  joined: {{{join}}}
sinks:
  out: {{from: joined, connector: blackhole}}
job: {{parallelism: 2}}
"""

JOINS = {
    "window": "window_join: {left: bids, right: offers, on: [item], size: 1s}",
    "interval": "interval_join: {left: bids, right: offers, on: [item], between: [-500ms, 500ms]}",
    "interval-left-where": "interval_join: {left: bids, right: offers, on: [item], kind: left, "
                           "between: [-500ms, 500ms], where: price >= least}",
}

WIDE_PIPELINE = """
name: wide
sources:
  events:
    connector: file
    path: {events}
    stripes: 2
    format: json
    decode: {decode}
    schema: {{{schema}}}
    watermark: {{column: ts, delay: 5s}}
steps:
  counts:
    from: events
    window: {{tumbling: 30s, time: ts}}
    group_by: [meeting_id]
    aggregate: {{n: "COUNT(*)", s: "SUM(`value`)", a: "AVG(`value`)"}}
  rows:
    from: counts
    select: {{ws: window_start, we: window_end, meeting_id: meeting_id, n: n, s: s, a: a}}
sinks:
  out: {sink}
job: {{parallelism: 2}}
"""

# The columns behind meeting_id, value and ts: nine of each.
WIDE_TYPES = ("STRING", "BIGINT", "DOUBLE")
WIDE_COLUMNS = {f"{type_.lower()}{i}": type_ for i in range(9) for type_ in WIDE_TYPES}

FILE_SINK = "{{from: rows, connector: file, path: {out}, format: csv, guarantee: exactly_once}}"


class Bench:
    def __init__(self, args):
        self.args = args
        self.made = args.folder is None
        self.folder = pathlib.Path(args.folder or tempfile.mkdtemp(prefix="dataflow-bench-"))
        self.folder.mkdir(parents=True, exist_ok=True)
        self.lines = []
        self.events = self.folder / f"events-{args.events}.json"

    def close(self):
        if self.made:
            shutil.rmtree(self.folder, ignore_errors=True)

    def say(self, line=""):
        print(line, flush=True)
        self.lines.append(line)

    def progress(self, words):
        print(f"… {words}", file=sys.stderr, flush=True)

    def wants(self, name):
        return not self.args.only or name in self.args.only

    def prepare(self):
        if not self.events.exists():
            self.progress(f"{self.args.events} events into {self.events.name}")
            part = self.events.with_suffix(".part")
            subprocess.run([sys.executable, PEERS / "gen_events.py", str(self.args.events), part], check=True)
            part.rename(self.events)

    def prepare_wide(self):
        """The same events with 27 columns more, half of them in front of those that are read."""
        wide = self.folder / f"wide-{self.args.events}.json"
        if wide.exists():
            return wide
        self.progress(f"{self.args.events} events of 30 columns into {wide.name}")
        more = list(WIDE_COLUMNS.items())
        part = wide.with_suffix(".part")
        with open(self.events) as narrow, open(part, "w") as out:
            for i, line in enumerate(narrow):
                made = [f'"{name}":"text {(i * 7 + n) % 9973:06d}"' if type_ == "STRING" else
                        f'"{name}":{(i * 31 + n) % 1_000_003}' if type_ == "BIGINT" else
                        f'"{name}":{(i * 17 + n) % 100_000 / 8}' for n, (name, type_) in enumerate(more)]
                half = len(made) // 2
                out.write("{" + ",".join([*made[:half], line.strip()[1:-1], *made[half:]]) + "}\n")
        part.rename(wide)
        return wide

    def run(self):
        of_file = self.wants("windows") or self.wants("backlog") or self.wants("wide")
        if of_file:
            self.prepare()
        self.say("## The stream engine")
        self.say()
        size = f" ({self.events.stat().st_size / 1e6:.0f} MB)" if of_file else ""
        self.say(f"{cpu_model()}, {os.cpu_count()} cores, {memory_gib():.0f} GiB; {self.args.events:,} JSON events"
                 f"{size}, median of {self.args.runs}.")
        self.say()
        if self.wants("windows"):
            self.windows()
        if self.wants("backlog"):
            self.backlog()
        if self.wants("wide"):
            self.wide()
        if self.wants("latency"):
            engine_live.latencies(self)
        if self.wants("acks"):
            engine_live.acknowledgements(self, LOG_PIPELINE)
        if self.wants("state"):
            engine_live.state(self)
        if self.wants("recovery"):
            engine_live.recovery(self)
        if self.wants("growth"):
            engine_live.growth(self)
        if self.wants("joins"):
            self.joins()

    # Windows over a file, beside Flink and DuckDB.

    def ours(self, query):
        out = self.folder / "ours"
        shutil.rmtree(out, ignore_errors=True)
        file = self.folder / f"{query}.yaml"
        file.write_text(PIPELINE.format(name=query, events=self.events, window=WINDOWS[query],
                                        sink=FILE_SINK.format(out=out)))
        cost = Cost([BIN / "dataflow", "run", file, "-o", "json"])
        rows = sorted(line for part in out.glob("part-*") for line in part.read_text().splitlines())
        (self.folder / f"ours-{query}.csv").write_text("\n".join(rows) + "\n")
        cost.rate = self.args.events / cost.seconds
        return cost

    def peer(self, command, env=None):
        cost = Cost(command, env={**os.environ, **(env or {})})
        cost.rate = self.args.events * 1000 / int(re.search(r"run_ms=(\d+)", cost.out).group(1))
        return cost

    def flink(self, query):
        return self.peer(["bash", PEERS / "flink_window.sh", self.events, query, self.folder / f"flink-{query}.csv"],
                         {"EVENTS": str(self.args.events), "PYTHON": sys.executable})

    def duckdb(self, query):
        return self.peer([sys.executable, PEERS / "duckdb_oracle.py", self.events, query,
                          self.folder / f"duckdb-{query}.csv"])

    def same(self, a, b, query):
        compared = subprocess.run([sys.executable, PEERS / "compare_results.py", self.folder / f"{a}-{query}.csv",
                                   self.folder / f"{b}-{query}.csv"], capture_output=True, text=True)
        if compared.returncode != 0:
            print(compared.stdout, file=sys.stderr)
        return "equal" if compared.returncode == 0 else "DIFFERENT"

    def windows(self):
        sides = {"ours": self.ours, "flink": self.flink, "duckdb": self.duckdb}
        if self.args.without:
            sides = {name: run for name, run in sides.items() if name not in self.args.without}
        self.say("### Windows over a file of JSON lines: count, sum and average by key")
        self.say()
        self.say("| query | rate / Flink's | / DuckDB's | per CPU second / Flink's | private memory / Flink's | ours, "
                 "events/s | Flink | DuckDB | ours, CPU s | Flink | DuckDB | ours, MiB | Flink | results |")
        self.say("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|")
        for query in WINDOWS:
            runs = {name: [] for name in sides}
            for i in range(self.args.runs):
                for name, run in sides.items():
                    self.progress(f"{query}, {name}, run {i + 1}")
                    runs[name].append(run(query))
            mid = {name: {field: statistics.median(getattr(cost, field) for cost in costs)
                          for field in ("rate", "cpu", "private_mib")} for name, costs in runs.items()}
            results = [f"{self.same('ours', name, query)} to {name}" for name in sides if name != "ours"]

            def ratio(field, name, inverse=False):
                if name not in mid:
                    return "–"
                value = mid["ours"][field] / mid[name][field]
                return f"{1 / value if inverse else value:.2f}"

            def cell(name, field, form):
                return form.format(mid[name][field]) if name in mid else "–"

            self.say(f"| {query} | {ratio('rate', 'flink')} | {ratio('rate', 'duckdb')} | {ratio('cpu', 'flink', True)} | "
                     f"{ratio('private_mib', 'flink')} | " +
                     " | ".join(cell(name, "rate", "{:,.0f}") for name in ("ours", "flink", "duckdb")) + " | " +
                     " | ".join(cell(name, "cpu", "{:.1f}") for name in ("ours", "flink", "duckdb")) + " | " +
                     " | ".join(cell(name, "private_mib", "{:.0f}") for name in ("ours", "flink")) +
                     f" | {', '.join(results)} |")
        self.say()

    # A topic's backlog, log -> window -> log.

    def backlog(self):
        self.say("### A topic's backlog: log → window → log, exactly once, a checkpoint every 50 ms")
        self.say()
        self.say("| query | events/s | events per CPU second | private memory, MiB | deploy until running, ms |")
        self.say("|---|---|---|---|---|")
        with Server(self.folder / "server") as server:
            self.progress("events into a topic of 4 partitions")
            server.load("events", 4, self.events)
            for query, window in WINDOWS.items():
                runs = []
                for i in range(self.args.runs):
                    self.progress(f"{query}, run {i + 1}")
                    name = f"{query}{i}"
                    runs.append(server.catch_up(name, LOG_PIPELINE.format(name=name, window=window), self.args.events))
                mid = [statistics.median(run[field] for run in runs) for field in range(4)]
                self.say(f"| {query} | {mid[0]:,.0f} | {mid[1]:,.0f} | {mid[2]:.0f} | {mid[3]:.0f} |")
        self.say()

    # Events of which few columns are read: all decoded or not, and beside DuckDB.

    def ours_wide(self, wide, decode):
        out = self.folder / "ours"
        shutil.rmtree(out, ignore_errors=True)
        schema = ", ".join(f"{name}: {type_}" for name, type_ in
                           {"meeting_id": "STRING", "value": "DOUBLE", "ts": "TIMESTAMP_LTZ(3)", **WIDE_COLUMNS}.items())
        name = "wide" if decode == "read" else "wide-all"
        file = self.folder / f"{name}.yaml"
        file.write_text(WIDE_PIPELINE.format(events=wide, decode=decode, schema=schema, sink=FILE_SINK.format(out=out)))
        cost = Cost([BIN / "dataflow", "run", file, "-o", "json"])
        rows = sorted(line for part in out.glob("part-*") for line in part.read_text().splitlines())
        (self.folder / f"ours-{name}.csv").write_text("\n".join(rows) + "\n")
        cost.rate = self.args.events / cost.seconds
        return cost

    def duckdb_wide(self, wide):
        cost = self.peer([sys.executable, PEERS / "duckdb_oracle.py", wide, "tumble", self.folder / "duckdb-wide.csv"])
        return cost

    def wide(self):
        wide = self.prepare_wide()
        sides = {"read": lambda: self.ours_wide(wide, "read"), "all": lambda: self.ours_wide(wide, "all"),
                 "duckdb": lambda: self.duckdb_wide(wide)}
        if self.args.without and "duckdb" in self.args.without:
            del sides["duckdb"]
        self.say(f"### Events of 30 columns of which 3 are read ({wide.stat().st_size / 1e6:.0f} MB): tumbling windows")
        self.say()
        self.say("| | events/s | CPU s | ours, 3 columns decoded, is so many times faster |")
        self.say("|---|---|---|---|")
        runs = {name: [] for name in sides}
        for i in range(self.args.runs):
            for name, run in sides.items():
                self.progress(f"wide, {name}, run {i + 1}")
                runs[name].append(run())
        rates = {name: statistics.median(cost.rate for cost in costs) for name, costs in runs.items()}
        words = {"read": "ours, 3 columns decoded", "all": "ours, all decoded", "duckdb": "DuckDB"}
        for name, rate in rates.items():
            cpu = statistics.median(cost.cpu for cost in runs[name])
            self.say(f"| {words[name]} | {rate:,.0f} | {cpu:.1f} | {rates['read'] / rate:.2f} |")
        shutil.copy(self.folder / "ours-wide.csv", self.folder / "read-wide.csv")
        shutil.copy(self.folder / "ours-wide-all.csv", self.folder / "all-wide.csv")
        self.say()
        self.say("Results: " + ", ".join(f"{self.same('read', name, 'wide')} to those of {words[name]}"
                                         for name in sides if name != "read") + ".")
        self.say()

    # Two generated streams, joined; half of the events each.

    def joins(self):
        self.say("### Joins: two generated streams of 50,000 rows a second of event time, 100,000 keys")
        self.say()
        self.say("| join | rows/s of both | rows per CPU second | private memory, MiB | rows out |")
        self.say("|---|---|---|---|---|")
        rows = self.args.events // 2
        for name, join in JOINS.items():
            file = self.folder / f"join-{name}.yaml"
            file.write_text(JOIN_PIPELINE.format(name=name, rows=rows, join=join))
            costs = []
            for i in range(self.args.runs):
                self.progress(f"{name} join, run {i + 1}")
                costs.append(Cost([BIN / "dataflow", "run", file, "-o", "json"]))
            mid = [statistics.median(each(cost) for cost in costs) for each in (
                lambda cost: 2 * rows / cost.seconds, lambda cost: 2 * rows / cost.cpu, lambda cost: cost.private_mib)]
            written = json.loads(costs[-1].out)["rows_written"]
            self.say(f"| {name} | {mid[0]:,.0f} | {mid[1]:,.0f} | {mid[2]:.0f} | {written:,} |")
        self.say()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", nargs="*",
                        help="windows, backlog, wide, latency, acks, state, recovery, growth, joins")
    parser.add_argument("--without", nargs="*", help="flink, duckdb")
    parser.add_argument("--folder", help="where events and results go; what is there of them is used again")
    parser.add_argument("--write", action="store_true", help="put the result into docs/benchmarks.md")
    args = parser.parse_args()
    bench = Bench(args)
    try:
        bench.run()
    finally:
        bench.close()
    if args.write:
        write_page("engine", bench.lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
