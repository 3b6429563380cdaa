"""The stream engine in a running server: latencies, the log beside it, recovery, and cost against size."""

import json
import os
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from figures import BIN, Cost, cpu_seconds, rss_anon_mib

EVENTS = """
sources:
  events:
    connector: log
    topic: {topic}
    format: json
    start: {start}
    schema: {{meeting_id: STRING, user_id: STRING, value: DOUBLE, ts: TIMESTAMP_LTZ(3), due: BIGINT}}
    watermark: {{column: ts, delay: 5s, idle_timeout: 1s}}
"""

PASS = "name: {name}" + EVENTS + """
steps:
  good: {{from: events, filter: "`value` >= 0"}}
  rows:
    from: good
    select: {{meeting_id: meeting_id, cents: "`value` * 100", due: due}}
sinks:
  out: {{from: rows, connector: log, topic: {name}, create: true, partitions: 4, format: json, guarantee: {guarantee}}}
"""

# State that grows with every key, and rows that pass beside it.
LARGE = "name: {name}" + EVENTS + """
steps:
  counts:
    from: events
    window: {{tumbling: 1000d, time: ts}}
    group_by: [user_id]
    aggregate: {{n: "COUNT(*)", s: "SUM(`value`)", a: "AVG(`value`)"}}
  marked: {{from: events, filter: due IS NOT NULL}}
  rows:
    from: marked
    select: {{due: due}}
sinks:
  nothing: {{from: counts, connector: blackhole}}
  out: {{from: rows, connector: log, topic: {name}, create: true, format: json, guarantee: exactly_once}}
job: {{parallelism: 2, checkpoint_interval: 50ms}}
"""

GROWTH = """
name: growth
sources:
  events:
    connector: generator
    rows: {rows}
    splits: 2
    schema: {{k: BIGINT, value: DOUBLE, ts: TIMESTAMP(3)}}
    watermark: {{column: ts, delay: 1s}}
    fields.k.kind: random
    fields.k.max: {last_key}
    fields.ts.spacing_ms: 1
steps:
  counts:
    from: events
    window: {window}
    group_by: [k]
    aggregate: {{n: "COUNT(*)", s: "SUM(`value`)", a: "AVG(`value`)"}}
sinks:
  out: {{from: counts, connector: blackhole}}
job: {{parallelism: 2}}
"""


class Server:
    """A server of ours with its pipelines over HTTP."""

    def __init__(self, folder, *options):
        self.folder = folder
        self.options = options

    def __enter__(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.start()
        return self

    def start(self):
        ready = self.folder / "ready.json"
        ready.unlink(missing_ok=True)
        any_port = "127.0.0.1:0"
        self.process = subprocess.Popen(
            [BIN / "dataflow", "server", "--data-dir", self.folder / "data", "--kafka-listen", any_port,
             "--http-listen", any_port, "--metrics-listen", any_port, "--postgres-listen", any_port, "--ready-file", ready, *self.options],
            stderr=(self.folder / "log").open("a"))
        while not ready.exists():
            if self.process.poll() is not None:
                raise RuntimeError((self.folder / "log").read_text())
            time.sleep(0.002)
        self.addresses = json.loads(ready.read_text())

    def settle(self):
        """Waits until checkpoints are written and deltas folded: until it has nothing to do."""
        busy = cpu_seconds(self.process.pid)
        while True:
            time.sleep(1)
            busy, before = cpu_seconds(self.process.pid), busy
            if busy - before < 0.05:
                return

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def call(self, method, path, body=None):
        request = urllib.request.Request(f"http://{self.addresses['http']}{path}", method=method,
                                         data=body.encode() if body is not None else None)
        if body is not None:
            request.add_header("Content-Type", "application/yaml")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as refused:
            raise RuntimeError(f"{method} {path}: {refused.read().decode()}") from None

    def deploy(self, text):
        self.call("POST", "/api/v1/pipelines", text)

    def rows_read(self, name):
        return self.call("GET", f"/pipelines/{name}/stats")["rows_read"]

    def make_topic(self, topic, partitions):
        subprocess.run([BIN / "dataflow", "stream", "create", topic, "--partitions", str(partitions),
                        "--kafka", self.addresses["kafka"]], check=True, capture_output=True)

    def load(self, topic, partitions, file):
        self.make_topic(topic, partitions)
        self.produce(topic, "-l", file)

    def produce(self, topic, *words, text=None):
        subprocess.run(["kcat", "-P", "-b", self.addresses["kafka"], "-t", topic, "-X", "acks=1", "-X", "linger.ms=20",
                        "-X", "batch.num.messages=10000", "-X", "partitioner=random", *words], check=True,
                       input=text, text=text is not None)

    def catch_up(self, name, text, events):
        """Events a second, events a CPU second, private MiB, milliseconds until the answer to the deployment."""
        cpu = cpu_seconds(self.process.pid)
        began = time.monotonic()
        self.deploy(text)
        deployed = time.monotonic() - began
        while self.rows_read(name) < events:
            time.sleep(0.02)
        seconds = time.monotonic() - began
        cpu = cpu_seconds(self.process.pid) - cpu
        private = rss_anon_mib(self.process.pid)
        self.call("DELETE", f"/api/v1/pipelines/{name}")
        return events / seconds, events / cpu, private, deployed * 1000

    def loadgen(self, mode, **options):
        port = self.addresses["kafka"].rsplit(":", 1)[1]
        words = [f"{name}={value}" for name, value in options.items()]
        done = subprocess.run([BIN / "loadgen", mode, f"port={port}", *words], check=True, capture_output=True, text=True)
        return json.loads(done.stdout)


def latencies(bench, seconds=20):
    """50,000 events a second: 10 connections, 100 a request; each result's age when a consumer has it."""
    bench.say("### Produce → result at 50,000 events a second (10 connections, 100 events a request)")
    bench.say()
    bench.say("| result | p50, ms | p99, ms | p99.9, ms | most, ms | limit of p99, ms | server's CPU seconds a second |")
    bench.say("|---|---|---|---|---|---|---|")
    kinds = (("windowless, at least once", "at_least_once", 20), ("committed, exactly once", "exactly_once", 100))
    for words, guarantee, limit in kinds:
        with Server(bench.folder / "server") as server:
            server.make_topic("events", 10)
            name = f"pass_{guarantee}"
            server.deploy(PASS.format(name=name, topic="events", start="earliest", guarantee=guarantee))
            load = {"topic": "events", "partitions": 10, "connections": 10, "records": 100, "rate": 500,
                    "results": name, "result_partitions": 4}
            bench.progress(f"{words}: warming up")
            server.loadgen("e2e", requests=500 * 3, **load)
            time.sleep(0.5)
            runs, cpu = [], []
            for i in range(bench.args.runs):
                bench.progress(f"{words}, run {i + 1}")
                before = cpu_seconds(server.process.pid)
                runs.append(server.loadgen("e2e", requests=500 * seconds, **load))
                cpu.append((cpu_seconds(server.process.pid) - before) / seconds)
                assert runs[-1]["count"] == 500 * seconds * 100, f"{runs[-1]['count']} results"
            mid = {field: statistics.median(run[f"{field}_us"] / 1000 for run in runs)
                   for field in ("p50", "p99", "p999", "max")}
            bench.say(f"| {words} | {mid['p50']:.1f} | {mid['p99']:.1f} | {mid['p999']:.1f} | {mid['max']:.1f} | "
                      f"{limit} | {statistics.median(cpu):.2f} |")
    bench.say()


def acknowledgements(bench, pipeline, seconds=10):
    """The log's small load alone, and while pipelines read a backlog as fast as they can."""
    bench.say("### The log's acknowledgements (acks=all, 500 requests a second of 100 records) beside the engine at full load")
    bench.say()
    bench.say("| | p50, ms | p99, ms | p99.9, ms | engine meanwhile, events/s |")
    bench.say("|---|---|---|---|---|")
    load = {"topic": "probe", "partitions": 10, "connections": 10, "records": 100, "rate": 500, "acks": -1}
    with Server(bench.folder / "server") as server:
        bench.progress("events into a topic of 4 partitions")
        server.load("events", 4, bench.events)
        server.loadgen("create", topic="probe", partitions=10)
        server.loadgen("produce", requests=1000, **load)
        rows = [("alone", server.loadgen("produce", requests=500 * seconds, **load), None)]
        bench.progress("beside the engine")
        began = time.monotonic()
        probe = subprocess.Popen([BIN / "loadgen", "produce", f"port={server.addresses['kafka'].rsplit(':', 1)[1]}",
                                  f"requests={500 * seconds}", *(f"{name}={value}" for name, value in load.items())],
                                 stdout=subprocess.PIPE, text=True)
        read, round_number = 0, 0
        while probe.poll() is None:
            name = f"full{round_number}"
            round_number += 1
            server.deploy(pipeline.format(name=name, window="{tumbling: 30s, time: ts}"))
            while probe.poll() is None and server.rows_read(name) < bench.args.events:
                time.sleep(0.02)
            read += server.rows_read(name)
            server.call("DELETE", f"/api/v1/pipelines/{name}")
        rows.append(("beside the engine", json.loads(probe.stdout.read()), read / (time.monotonic() - began)))
    for words, run, rate in rows:
        bench.say(f"| {words} | {run['p50_us'] / 1000:.1f} | {run['p99_us'] / 1000:.1f} | {run['p999_us'] / 1000:.1f} | "
                  f"{'' if rate is None else f'{rate:,.0f}'} |")
    bench.say(f"| ratio | {rows[1][1]['p50_us'] / rows[0][1]['p50_us']:.2f} | "
              f"{rows[1][1]['p99_us'] / rows[0][1]['p99_us']:.2f} | "
              f"{rows[1][1]['p999_us'] / rows[0][1]['p999_us']:.2f} | limit of p99: 2 |")
    bench.say()


def recovery(bench, keys=13_000_000):
    """From SIGKILL to the first committed result, with much state."""
    bench.say("### From SIGKILL to the first committed result")
    bench.say()
    bench.say("| keys | state on disk, MiB | seconds | of which until the server is ready | limit, s | private memory, MiB |")
    bench.say("|---|---|---|---|---|---|")
    events = bench.folder / f"keys-{keys}.json"
    if not events.exists():
        bench.progress(f"{keys} events of as many keys")
        part = events.with_suffix(".part")
        with part.open("w") as file:
            for i in range(keys):
                file.write(f'{{"user_id":"user_{i * 7919 % keys:08d}","value":{i % 100}.5,"ts":{1760000000000 + i // 100}}}\n')
        part.rename(events)
    options = ("--pipelines-state-memory", "4GiB")
    with Server(bench.folder / "server", *options) as server:
        server.load("events", 4, events)
        bench.progress("state of all keys")
        server.deploy(LARGE.format(name="large", topic="events", start="earliest"))
        while server.rows_read("large") < keys:
            time.sleep(0.1)
        server.settle()
        size = sum(file.stat().st_size for file in (server.folder / "data/jobs").rglob("*") if file.is_file()) / 2**20
        runs = []
        for i in range(bench.args.runs):
            bench.progress(f"run {i + 1}")
            server.kill()
            began = time.monotonic()
            server.start()
            ready = time.monotonic() - began
            kafka = server.addresses["kafka"]
            reader = subprocess.Popen(["kcat", "-C", "-b", kafka, "-t", "large", "-o", "end", "-c", "1", "-q",
                                       "-X", "fetch.wait.max.ms=5"], stdout=subprocess.PIPE, text=True)
            server.produce("events", text=json.dumps({"user_id": "u", "value": 1, "ts": 1760000000000, "due": i}) + "\n")
            reader.stdout.readline()
            runs.append((time.monotonic() - began, ready, rss_anon_mib(server.process.pid)))
            reader.wait()
        mid = [statistics.median(run[field] for run in runs) for field in range(3)]
        bench.say(f"| {keys:,} | {size:.0f} | {mid[0]:.2f} | {mid[1]:.2f} | 5 | {mid[2]:.0f} |")
    bench.say()


def growth(bench):
    """CPU time an event against the number of events, keys, windows and slides."""
    bench.say("### Cost of an event against size: generated rows → window → nowhere")
    bench.say()
    bench.say("| events | keys | window | ns of CPU time an event | events/s | private memory, MiB |")
    bench.say("|---|---|---|---|---|---|")
    tumbling = "{tumbling: 30s, time: ts}"
    cases = [(10**n, 1000, tumbling) for n in (6, 7, 8)]
    cases += [(10**7, keys, tumbling) for keys in (1, 100, 100_000, 10_000_000)]
    cases += [(10**7, 1000, f"{{tumbling: {size}, time: ts}}") for size in ("100ms", "1s", "1h")]
    cases += [(10**7, 1000, f"{{hopping: {{size: 60s, slide: {slide}}}, time: ts}}") for slide in ("30s", "15s", "5s", "1s")]
    cases += [(10**7, keys, "{session: 1s, time: ts}") for keys in (100, 1000, 100_000)]
    folder = tempfile.mkdtemp(dir=bench.folder)
    for rows, keys, window in cases:
        bench.progress(f"{rows} events, {keys} keys, {window}")
        file = os.path.join(folder, "growth.yaml")
        with open(file, "w") as out:
            out.write(GROWTH.format(rows=rows, last_key=keys - 1, window=window))
        costs = [Cost([BIN / "dataflow", "run", file, "-o", "json"]) for _ in range(bench.args.runs)]
        cpu = statistics.median(cost.cpu for cost in costs)
        seconds = statistics.median(cost.seconds for cost in costs)
        private = statistics.median(cost.private_mib for cost in costs)
        bench.say(f"| {rows:,} | {keys:,} | {window.strip('{}').replace('{', '').replace('}', '')} | "
                  f"{cpu * 1e9 / rows:.0f} | {rows / seconds:,.0f} | {private:.0f} |")
    shutil.rmtree(folder)
    bench.say()


def state(bench):
    """Checkpoints of ten million keys under 200,000 updates a second."""
    bench.say("### State: 10 million keys of 24 bytes, 200,000 updates a second, a checkpoint every 50 ms")
    bench.say()
    folder = bench.folder / "state"
    shutil.rmtree(folder, ignore_errors=True)
    done = subprocess.run([BIN / "state_bench", folder, "10000000", "30"], check=True, capture_output=True, text=True)
    shutil.rmtree(folder, ignore_errors=True)
    for line in done.stdout.splitlines():
        bench.say(f"    {line}")
    bench.say()
