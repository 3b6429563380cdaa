"""script/bench log [--quick] [--full] [--only NAME…] [--write]: the log beside Apache Kafka, in one run on one machine.

Ours with fsync before every acknowledgement of acks=all; Kafka as it comes. The same load generator
(bench/loadgen) speaks to both, in turn. CPU seconds are the broker process's own, user and system.
--full adds the figures that need 10 GB of log. --write puts the tables into docs/benchmarks.md.
"""

import argparse
import json
import os
import pathlib
import platform
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from figures import BIN, ROOT, TICK, cpu_model, memory_gib, rss_anon_mib, write_page


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def cpu(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) / TICK, int(fields[12]) / TICK


def loadgen(mode, **options):
    command = [str(BIN / "loadgen"), mode] + [f"{k}={v}" for k, v in options.items()]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed: {run.stderr or run.stdout}")
    return json.loads(run.stdout)


class Ours:
    name = "DataFlow"

    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / "dataflow"
        self.process = None

    def start(self, port=0):
        self.folder.mkdir(exist_ok=True)
        ready = self.folder / "ready.json"
        ready.unlink(missing_ok=True)
        log = open(self.folder / "server.log", "ab")
        listen = sum(([f"--{n}-listen", "127.0.0.1:0"] for n in ("http", "metrics", "postgres")), [])
        listen += ["--kafka-listen", f"127.0.0.1:{port}"]
        self.process = subprocess.Popen(
            [str(BIN / "dataflow"), "server", "--data-dir", str(self.folder / "data"),
             "--ready-file", str(ready), *listen], stderr=log, stdout=log)
        while not ready.exists():
            if self.process.poll() is not None:
                raise SystemExit(f"the server ended: see {self.folder}/server.log")
            time.sleep(0.0005)
        self.port = int(json.loads(ready.read_text())["kafka"].rsplit(":", 1)[1])
        self.pid = self.process.pid

    def first_acknowledgement(self, topic):
        """Milliseconds from the start of the process to the first acknowledged record. The client is
        there first and waits for the port."""
        port = free_port()
        client = subprocess.Popen(
            [str(BIN / "loadgen"), "first", f"port={port}", f"topic={topic}", "records=1",
             "partitions=1" if topic == "first" else "partitions=10"],
            stdout=subprocess.PIPE, text=True)
        began = time.monotonic()
        self.start(port)
        said, _ = client.communicate()
        if client.returncode != 0:
            raise SystemExit("no record was acknowledged after the start")
        return json.loads(said)["monotonic_ms"] - began * 1000

    def stop(self, how=signal.SIGTERM):
        if self.process:
            self.process.send_signal(how)
            self.process.wait()
            self.process = None


class Kafka:
    name = "Apache Kafka"

    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / "kafka"
        self.script = ROOT / "bench/peers/kafka.sh"

    def start(self):
        self.port = free_port()
        said = subprocess.run(["bash", str(self.script), "up", str(self.folder), str(self.port)],
                              capture_output=True, text=True)
        if said.returncode != 0:
            raise SystemExit(f"Kafka did not start: {said.stderr}")
        self.version = said.stdout.split()[1]
        self.pid = int((self.folder / "broker.pid").read_text())

    def stop(self):
        subprocess.run(["bash", str(self.script), "down", str(self.folder)], check=False)


class Bench:
    def __init__(self, args):
        self.args = args
        self.folder = tempfile.mkdtemp(prefix="bench-log-", dir=args.folder)
        self.ours, self.kafka = Ours(self.folder), Kafka(self.folder)
        self.sides = [self.ours, self.kafka]
        self.lines = []
        self.topics = 0
        self.targets = []

    def target(self, what, met, figure):
        self.targets.append((what, met, figure))

    def target_table(self):
        self.say("\n### Targets\n")
        self.say("| target | measured | |")
        self.say("|---|---|---|")
        for what, met, figure in self.targets:
            self.say(f"| {what} | {figure} | {'met' if met else '**missed**'} |")

    def say(self, line=""):
        print(line, flush=True)
        self.lines.append(line)

    def topic(self, side, partitions=10):
        self.topics += 1
        name = f"bench-{self.topics}"
        loadgen("create", port=side.port, topic=name, partitions=partitions)
        return name

    def measured(self, side, mode, **options):
        user, system = cpu(side.pid)
        result = loadgen(mode, port=side.port, **options)
        time.sleep(0.3)  # what the broker still does for this load counts as well
        user2, system2 = cpu(side.pid)
        millions = result["records"] / 1e6
        result["user"], result["system"] = (user2 - user) / millions, (system2 - system) / millions
        return result

    def produce_table(self, title, records, requests, codecs, sizes):
        kind = "batched" if records >= 1000 else "small"
        dearest, slowest = (0, ""), (float("inf"), "")
        self.say(f"\n### {title}\n")
        self.say("| record, acks, codec | CPU s per million records, ours (user + system) | Kafka (user + system)"
                 " | ratio | records/s, ours | Kafka | ratio |")
        self.say("|---|---|---|---|---|---|---|")
        for size in sizes:
            for acks in (1, -1):
                for codec in codecs:
                    n = max(200, int(requests * (1 if size <= 100 else 0.3)))
                    rows = {s.name: [] for s in self.sides}
                    for _ in range(self.args.runs):
                        for side in self.sides:
                            rows[side.name].append(self.measured(
                                side, "produce", topic=self.topic(side), records=records, requests=n,
                                record_bytes=size, acks=acks, codec=codec))
                    a, b = (self.median(rows[s.name]) for s in self.sides)
                    total = [x["user"] + x["system"] for x in (a, b)]
                    cell = f"{size} B, {'all' if acks == -1 else acks}, {codec}"
                    dearest = max(dearest, (total[0] / total[1], cell))
                    fast = a["records_per_s"] / b["records_per_s"]
                    of_disk = a["mb_per_s"] / self.disk if codec == "none" else 0
                    slowest = min(slowest, (max(fast / 2, of_disk / 0.9),
                                            f"{cell}: {fast:.1f} times Kafka, {of_disk:.0%} of the disk"))
                    self.say(f"| {size} B, {'all' if acks == -1 else acks}, {codec} "
                             f"| {total[0]:.3f} ({a['user']:.3f} + {a['system']:.3f}) "
                             f"| {total[1]:.3f} ({b['user']:.3f} + {b['system']:.3f}) "
                             f"| {total[0] / total[1]:.2f} | {a['records_per_s']:,.0f} "
                             f"| {b['records_per_s']:,.0f} | {a['records_per_s'] / b['records_per_s']:.2f} |")

        self.target(f"produce, {kind}: at most a third of Kafka's CPU", dearest[0] <= 1 / 3,
                    f"at most {dearest[0]:.2f} ({dearest[1]})")
        self.target(f"produce, {kind}: twice Kafka's throughput, or 90% of the disk", slowest[0] >= 1,
                    f"at least {slowest[1]}")

    @staticmethod
    def median(rows):
        return {k: statistics.median(r[k] for r in rows) for k in rows[0] if k != "mode"}

    def fetch_table(self):
        self.say("\n### Fetch, 10 connections, 1 MiB a fetch\n")
        self.say("| record, codec | CPU s per million records, ours (user + system) | Kafka (user + system) | ratio"
                 " | records/s, ours | Kafka |")
        self.say("|---|---|---|---|---|---|")
        dearest = (0, "")
        for size, codec in ((100, "none"), (100, "lz4"), (1024, "none"), (1024, "lz4")):
            out = []
            for side in self.sides:
                topic = self.topic(side)
                loadgen("produce", port=side.port, topic=topic, record_bytes=size, codec=codec,
                        requests=2000 if size <= 100 else 600)
                rows = [self.measured(side, "fetch", topic=topic, repeats=10) for _ in range(self.args.runs)]
                out.append(self.median(rows))
            a, b = out
            total = [x["user"] + x["system"] for x in out]
            ratio = total[0] / total[1] if total[1] else float("nan")
            dearest = max(dearest, (ratio, f"{size} B, {codec}"))
            self.say(f"| {size} B, {codec} | {total[0]:.3f} ({a['user']:.3f} + {a['system']:.3f}) "
                     f"| {total[1]:.3f} ({b['user']:.3f} + {b['system']:.3f}) | {ratio:.2f} "
                     f"| {a['records_per_s']:,.0f} | {b['records_per_s']:,.0f} |")

        self.target("fetch: at most a third of Kafka's CPU", dearest[0] <= 1 / 3,
                    f"at most {dearest[0]:.2f} ({dearest[1]})")

    def latency_table(self):
        self.say("\n### Acknowledge latency at a fixed load (acks=all, 10 connections), microseconds\n")
        self.say("| load | side | p50 | p99 | p99.9 |")
        self.say("|---|---|---|---|---|")
        seconds = 5 if self.args.quick else 15
        for rate, records in ((500, 100), (2000, 10)):
            names = ["bare fdatasync, one file"] + [side.name for side in self.sides]
            runs = {name: [] for name in names}
            for _ in range(self.args.runs):
                self.settle()
                runs[names[0]].append(loadgen("fsync", path=f"{self.folder}/fsync.probe", records=records,
                                              record_bytes=100, requests=min(rate, 500) * seconds // 2,
                                              rate=min(rate, 500)))
                for side in self.sides:
                    self.settle()
                    runs[side.name].append(loadgen("produce", port=side.port, topic=self.topic(side), rate=rate,
                                                   records=records, requests=rate * seconds, acks=-1))
            row = [(name, self.median(runs[name])) for name in names]
            bare = row[0][1]
            ours, limit = row[1][1]["p99_us"] / 1000, bare["p99_us"] / 1000 + 3
            self.target(f"acknowledge p99 at {rate}/s of {records}: at most bare fdatasync's plus 3 ms",
                        ours <= limit, f"{ours:.1f} ms, limit {limit:.1f}")
            for who, r in row:
                self.say(f"| {rate}/s of {records} records | {who} | {r['p50_us']:.0f} | {r['p99_us']:.0f} "
                         f"| {r['p999_us']:.0f} |")

    @staticmethod
    def settle():
        """What one side has left for the kernel to write is not to delay the other one's syncs."""
        os.sync()

    def e2e_table(self):
        self.say("\n### End to end at 50,000 records/s (500 requests/s of 100), microseconds\n")
        self.say("| side | p50 | p99 | p99.9 |")
        self.say("|---|---|---|---|")
        seconds = 5 if self.args.quick else 20
        for side in self.sides:
            runs = []
            for _ in range(self.args.runs):
                self.settle()
                runs.append(loadgen("e2e", port=side.port, topic=self.topic(side), rate=500, records=100,
                                    acks=-1, requests=500 * seconds))
            r = self.median(runs)
            self.say(f"| {side.name} | {r['p50_us']:.0f} | {r['p99_us']:.0f} | {r['p999_us']:.0f} |")
            if side is self.ours:
                self.target("end to end p99 under 10 ms at 50,000 records/s", r["p99_us"] < 10000,
                            f"{r['p99_us'] / 1000:.1f} ms")

    def disk_line(self):
        r = loadgen("fsync", path=f"{self.folder}/fsync.probe", records=40000, record_bytes=100, requests=200)
        self.disk = r["mb_per_s"]
        self.say(f"\nThe disk took {self.disk:.0f} MB/s in 4 MB writes, each synced, in this run.")

    def start_figures(self):
        idle = rss_anon_mib(self.ours.pid)
        self.say(f"\nPrivate memory idle (RssAnon): ours {idle:.1f} MiB, Kafka {rss_anon_mib(self.kafka.pid):.0f} MiB.")
        times = []
        for _ in range(9):
            side = Ours(tempfile.mkdtemp(dir=self.folder))
            times.append(side.first_acknowledgement("first"))
            side.stop()
        middle = statistics.median(times)
        self.say(f"First acknowledged record after the start of the process on an empty directory, the topic's "
                 f"creation included: {middle:.0f} ms (median of 9, at most {max(times):.0f}).")
        self.target("private memory idle under 48 MiB", idle < 48, f"{idle:.1f} MiB")
        self.target("first acknowledged record within 100 ms on an empty directory", middle <= 100,
                    f"{middle:.0f} ms")

    def big_log(self):
        self.say("\n### 10 GB of log\n")
        self.say("| log size | append, records/s (1,000 a request) | random offset read p50 / p99, us |")
        self.say("|---|---|---|")
        topic, written = self.topic(self.ours), 0
        for target in (10, 100, 1000, 10000):
            r = None
            while written < target:
                step = min(target - written, 500)
                r = loadgen("produce", port=self.ours.port, topic=topic, record_bytes=1024, records=900,
                            requests=max(10, int(step * 1e6 / (1024 * 900))))
                written += step
            q = loadgen("random", port=self.ours.port, topic=topic, requests=2000)
            self.say(f"| {target} MB | {r['records_per_s']:,.0f} | {q['p50_us']:.0f} / {q['p99_us']:.0f} |")
        clean = None
        for how, words in ((signal.SIGTERM, "a clean stop"), (signal.SIGKILL, "SIGKILL")):
            self.ours.stop(how)
            took = self.ours.first_acknowledgement(topic)
            clean = clean if clean is not None else took
            self.say(f"\nFirst acknowledged record after {words} with 10 GB: {took:.0f} ms.")
        self.target("first acknowledged record within 1 s with 10 GB cleanly closed", clean <= 1000,
                    f"{clean:.0f} ms")

    def run(self):
        wanted = lambda name: not self.args.only or name in self.args.only
        for side in self.sides:
            side.start()
        self.say(f"Machine: {os.cpu_count()} cores ({cpu_model()}), {memory_gib():.0f} GiB, "
                 f"{platform.release()}; Apache Kafka {self.kafka.version}, heap 2 GiB; the machine is shared, "
                 f"so only ratios of one run mean something. Median of {self.args.runs} runs, sides in turn.")
        # Both as they are after a while: Kafka's JIT needs a load before it shows what it can do, and
        # the first GB of a log lands in memory that the machine has not used before.
        for side in self.sides:
            loadgen("produce", port=side.port, topic=self.topic(side), requests=1500, record_bytes=1024)
            loadgen("produce", port=side.port, topic=self.topic(side), requests=10000, records=10)
        self.disk_line()
        codecs = ("none",) if self.args.quick else ("none", "lz4")
        if wanted("start"):
            self.start_figures()
        if wanted("batched"):
            self.produce_table("Produce, 1,000 records a request, 10 connections, 10 partitions", 1000,
                               1000 if self.args.quick else 5000, codecs, (100, 1024))
        if wanted("small"):
            self.produce_table("Produce, 10 records a request, 10 connections, 10 partitions", 10,
                               10000 if self.args.quick else 40000, codecs, (100, 1024))
        if wanted("fetch"):
            self.fetch_table()
        if wanted("latency"):
            self.latency_table()
        if wanted("e2e"):
            self.e2e_table()
        if self.args.full:
            self.big_log()
        self.target_table()

    def close(self):
        for side in self.sides:
            side.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer and shorter runs")
    parser.add_argument("--full", action="store_true", help="with 10 GB of log")
    parser.add_argument("--only", nargs="*", help="start, batched, small, fetch, latency, e2e")
    parser.add_argument("--runs", type=int, help="of each cell (3, or 1 with --quick)")
    parser.add_argument("--folder", help="where the brokers' data goes")
    parser.add_argument("--write", action="store_true", help="put the result into docs/benchmarks.md")
    args = parser.parse_args()
    args.runs = args.runs or (1 if args.quick else 3)
    bench = Bench(args)
    try:
        bench.run()
    finally:
        bench.close()
    if args.write:
        write_page("log", bench.lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
