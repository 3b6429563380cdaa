"""script/bench nexmark [--events N] [--runs N] [--only N…] [--without-mini-batch] [--without flink] [--folder DIR] [--write]:
Nexmark beside Apache Flink, in one run on one machine.

Our generator writes the events once, as JSON; then each query runs over that file, as a stream into a blackhole, with
two tasks. Processor time and memory are those of whole processes, starts included. --write puts the table into
docs/benchmarks.md.
"""

import argparse
import math
import os
import pathlib
import shutil
import statistics
import sys
import tempfile

from figures import BIN, PEERS, ROOT, Cost, cpu_model, memory_gib, write_page

sys.path.insert(0, str(ROOT / "tests"))

from nexmark_queries import ALL, BATCH_ONLY, Query, files, generated, head, save_events, side_input, side_rows  # noqa: E402

# As the benchmark's own configuration of Flink has it.
MINI_BATCH = ["table.exec.mini-batch.enabled=true", "table.exec.mini-batch.allow-latency=2s", "table.exec.mini-batch.size=50000",
              "table.optimizer.distinct-agg.split.enabled=true"]
FLINK = ["parallelism.default=2"]
OURS = "SET 'parallelism.default' = '2';\n"


class Bench:
    def __init__(self, args):
        self.args = args
        self.folder = pathlib.Path(args.folder or tempfile.mkdtemp(prefix="dataflow-nexmark-"))
        self.folder.mkdir(parents=True, exist_ok=True)
        self.lines = []

    def close(self):
        if not self.args.folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def say(self, line=""):
        print(line, flush=True)
        self.lines.append(line)

    def progress(self, words):
        print(f"… {words}", file=sys.stderr, flush=True)

    def events(self, count):
        folder = self.folder / f"events-{count}"
        if not folder.exists():
            self.progress(f"{count} events into {folder}")
            script = self.folder / "save.sql"
            # Two tasks, a file each; event time at the benchmark's rate.
            saved = files(folder) + ", 'sink.rolling-policy.rollover-interval' = '1 h', 'sink.rolling-policy.file-size' = '100 gb'"
            script.write_text(OURS + save_events(generated(count, 10_000, ", 'splits' = '2'"), saved))
            Cost([BIN / "dataflow", "run", script])
        return folder

    def script(self, query, events, insert):
        text = head(files(events))
        if query.number == 13:
            side = self.folder / "side.csv"
            side.write_text(side_rows())
            text += side_input(files(side, "csv"))
        text += query.sink("'connector' = 'blackhole'", partitions=False) if query.number != 10 else query.sink(
            files(self.folder / "out" / "q10", "csv"))
        return text + insert

    def ours(self, query, events):
        shutil.rmtree(self.folder / "out", ignore_errors=True)
        file = self.folder / f"q{query.number}.sql"
        file.write_text(OURS + self.script(query, events, query.insert()))
        return Cost([BIN / "dataflow", "run", file])

    def flink(self, query, events):
        shutil.rmtree(self.folder / "out", ignore_errors=True)
        file = self.folder / f"flink-q{query.number}.sql"
        file.write_text(self.script(query, events, query.plain_insert()))
        more = [] if self.args.without_mini_batch else MINI_BATCH
        return Cost(["bash", PEERS / "flink_sql.sh", file, "streaming", *FLINK, *more], env={**os.environ, "FLINK_HEAP": "4g"})

    def median(self, side, query, events):
        costs = []
        for i in range(self.args.runs):
            self.progress(f"q{query.number}, {side.__name__}, run {i + 1}")
            costs.append(side(query, events))
        return {field: statistics.median(getattr(cost, field) for cost in costs) for field in ("seconds", "cpu", "private_mib")}

    def run(self):
        events, count = self.events(self.args.events), self.args.events
        few = self.events(1000)
        size = sum(path.stat().st_size for path in events.iterdir()) / 1e6
        numbers = self.args.only or [n for n in ALL if n not in BATCH_ONLY]
        sides = [self.ours] + ([] if self.args.without == "flink" else [self.flink])
        self.say("## Nexmark")
        self.say()
        self.say(f"{cpu_model()}, {os.cpu_count()} cores, {memory_gib():.0f} GiB; {count:,} events ({size:.0f} MB of JSON), as streams, two tasks, "
                 f"Flink {'without' if self.args.without_mini_batch else 'with'} mini-batches; median of {self.args.runs}.")
        start = {side.__name__: self.median(side, Query(0), few) for side in sides}
        for name, cost in start.items():
            self.say(f"Start and 1,000 events, {name}: {cost['seconds']:.1f} s, {cost['cpu']:.1f} CPU s. ")
        self.say()
        self.say("| query | per CPU second / Flink's | the same without the start of both | rate / Flink's without its start | private memory / Flink's | "
                 "ours, events/s | Flink | ours, CPU s | Flink | ours, MiB | Flink |")
        self.say("|---|---|---|---|---|---|---|---|---|---|---|")
        ratios = {}
        for number in numbers:
            query = Query(number)
            mid = {side.__name__: self.median(side, query, events) for side in sides}
            self.row(query, mid, start, ratios)
        self.sum_up(ratios)

    def row(self, query, mid, start, ratios):
        ours, flink = mid["ours"], mid.get("flink")
        rate = self.args.events / ours["seconds"]
        if flink is None:
            self.say(f"| q{query.number} | – | – | – | – | {rate:,.0f} | – | {ours['cpu']:.1f} | – | {ours['private_mib']:.0f} | – |")
            return
        ratio = flink["cpu"] / ours["cpu"]
        bare = max(flink["cpu"] - start["flink"]["cpu"], 0.01) / max(ours["cpu"] - start["ours"]["cpu"], 0.01)
        flink_rate = self.args.events / max(flink["seconds"] - start["flink"]["seconds"], 0.01)
        ratios[query.number] = (ratio, bare)
        self.say(f"| q{query.number} | {ratio:.1f} | {bare:.1f} | {rate / flink_rate:.1f} | {ours['private_mib'] / flink['private_mib']:.2f} | "
                 f"{rate:,.0f} | {flink_rate:,.0f} | {ours['cpu']:.1f} | {flink['cpu']:.1f} | {ours['private_mib']:.0f} | {flink['private_mib']:.0f} |")

    def sum_up(self, ratios):
        if not ratios:
            return
        self.say()
        self.say("| target | measured | without the start of both |")
        self.say("|---|---|---|")
        means = [math.exp(statistics.mean(math.log(ratio[i]) for ratio in ratios.values())) for i in (0, 1)]
        least = [min(ratios, key=lambda n, i=i: ratios[n][i]) for i in (0, 1)]
        self.say(f"| geometric mean of events per CPU second at least 8 times Flink's | {means[0]:.1f} | {means[1]:.1f} |")
        self.say(f"| no query below 3 times | {ratios[least[0]][0]:.1f} (q{least[0]}) | {ratios[least[1]][1]:.1f} (q{least[1]}) |")


def main():
    parser = argparse.ArgumentParser(prog="script/bench nexmark", description=__doc__)
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--only", type=int, nargs="+")
    parser.add_argument("--without", choices=["flink"])
    parser.add_argument("--without-mini-batch", action="store_true")
    parser.add_argument("--folder")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    bench = Bench(args)
    try:
        bench.run()
        if args.write:
            write_page("nexmark", bench.lines)
    finally:
        bench.close()


if __name__ == "__main__":
    main()
