"""SIGKILL at random moments while pipelines count, log -> window -> log and log -> window -> files:
pipeline_loop.py ROUNDS

Events come disordered, some of them too late. Every event that was acknowledged must be in exactly
one window's count, or be a dead letter; no window may have two results; a file is whole from the
moment it is there, and never changes. $SOAK_SEED repeats a run's random choices (not the machine's
timing). $DATAFLOW_BIN is the server.
"""

import calendar
import json
import random
import re
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from confluent_kafka import Producer  # noqa: E402

import loop  # noqa: E402
from crash_writers import IMPATIENT, Writer  # noqa: E402
from dataflow_server import Server  # noqa: E402
from eventually import eventually  # noqa: E402
from kafka_topics import create_topic, read_to_end  # noqa: E402

PARTITIONS = 3
MEETINGS = 20
WINDOW_MS = 500
STRETCH = 20  # rounds over the same topics; then all begins anew, as every check reads all of it
DELAY_MS = 200
SETTLE_LIMIT_S = 60

PIPELINE = """
name: {name}
sources:
  events:
    connector: log
    topic: events
    format: json
    start: earliest
    schema: {{meeting: STRING, number: BIGINT, ts: TIMESTAMP_LTZ(3)}}
    watermark: {{column: ts, delay: {delay}ms, idle_timeout: 1s}}
steps:
  wanted: {{from: events, filter: "number >= 0"}}
  counts:
    from: wanted
    window: {{tumbling: {window}ms, time: ts}}
    group_by: [meeting]
    aggregate: {{n: "COUNT(*)", total: "SUM(number)"}}
sinks:
  out: {{from: counts, {sink}, format: json, guarantee: exactly_once}}
job:
  parallelism: {parallelism}
  checkpoint_interval: 20ms
  on_error: dead_letter
  dead_letters: {{connector: log, topic: {dead}, format: json}}
"""
LOG_SINK = "connector: log, topic: counts, key: [meeting]"
FILE_SINK = 'connector: file, path: "{folder}", roll_interval: 150ms, roll_size: 8KiB'


class EventWriter(Writer):
    """Events with rising times, disordered by up to DELAY_MS, a few of them much too late."""

    OUTSTANDING = 2000

    def __init__(self, gate, seed, bootstrap, start_ms):
        super().__init__(gate, seed)
        self.now_ms, self.sent, self.failed = start_ms, [], []
        self.producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "enable.idempotence": True,
                "acks": "all",
                "linger.ms": 2,
                **IMPATIENT,
            }
        )

    def send(self, partition, meeting, number, ts):
        event = json.dumps({"meeting": meeting, "number": number, "ts": ts, "more": "x" * 20})
        self.sent.append((meeting, number, ts))
        self.producer.produce(
            "events",
            event,
            partition=partition,
            on_delivery=lambda error, _message: self.failed.append(error) if error else None,
        )

    def step(self):
        for _ in range(50):
            self.now_ms += self.rng.choice((0, 1, 1, 2))
            late = 5000 if self.rng.random() < 0.01 else self.rng.randrange(DELAY_MS)
            self.send(
                self.rng.randrange(PARTITIONS),
                f"meeting_{self.rng.randrange(MEETINGS)}",
                self.rng.randrange(1000),
                self.now_ms - late,
            )
        self.producer.poll(0.001)
        while len(self.producer) > self.OUTSTANDING and not self.stopping.is_set():
            self.producer.poll(0.01)

    def settle(self):
        left = self.producer.flush(60)
        assert left == 0 and not self.failed, (left, self.failed[:3])

    def close_windows(self):
        """One event a partition that is far ahead: everything before it has its result."""
        self.now_ms += 60_000
        for partition in range(PARTITIONS):
            self.send(partition, "end", 0, self.now_ms)
        self.settle()


def request(server, method, path, body=None, kind="application/yaml"):
    call = urllib.request.Request(
        f"http://{server.http}{path}",
        method=method,
        data=None if body is None else body.encode(),
        headers={"Content-Type": kind},
    )
    try:
        with urllib.request.urlopen(call, timeout=60) as answer:
            text = answer.read().decode()
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()}") from error
    return json.loads(text) if text else None


def window_of(ts):
    return ts - ts % WINDOW_MS


def moment_ms(text):
    """Of a timestamp as the sink writes it, 2026-01-31 12:00:00.123 in UTC."""
    found = re.fullmatch(
        r"(\d+)-(\d+)-(\d+)[ T](\d+):(\d+):(\d+)(?:\.(\d{1,3})\d*)?Z?", text.strip()
    )
    assert found, text
    year, month, day, hour, minute, second = (int(found[i]) for i in range(1, 7))
    seconds = calendar.timegm((year, month, day, hour, minute, second))
    return seconds * 1000 + int((found[7] or "0").ljust(3, "0"))


def add_result(found, row):
    key = (moment_ms(row["window_start"]), row["meeting"])
    assert key not in found, f"two results for {key}: {found[key]} and {row}"
    found[key] = (row["n"], row["total"])


def read_results(bootstrap, isolation):
    """(window, meeting) → (count, sum); fails where a window has two results."""
    found = {}
    for message in read_to_end(bootstrap, "counts", PARTITIONS, isolation):
        row = json.loads(message.value())
        add_result(found, row)
        assert message.key() == row["meeting"].encode(), (message.key(), row)
    return found


class ResultFiles:
    """What a reader of the folder sees. Files that it saw before must be as they were."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.seen = {}

    def read(self):
        found, names = {}, set()
        for path in sorted(self.folder.glob("part-*.json")):
            text = path.read_text()
            assert text.endswith("\n"), f"{path} is cut: {text[-200:]!r}"
            names.add(path.name)
            assert self.seen.setdefault(path.name, text) == text, f"{path} has changed"
            for line in text.splitlines():
                add_result(found, json.loads(line))
        assert names >= self.seen.keys(), f"files have gone: {self.seen.keys() - names}"
        return found


def read_dead(bootstrap, topic):
    """(window, meeting, number) of the events that came too late."""
    dead = []
    for message in read_to_end(bootstrap, topic, 1):
        letter = json.loads(message.value())
        assert letter["reason"] == "late", letter
        row = re.match(r"\{meeting=(\S+), number=(\d+), ts=([^,}]+)", letter["row"])
        assert row, letter
        dead.append((window_of(moment_ms(row[3])), row[1], int(row[2])))
    return dead


def expected(events, dead):
    """What the windows must hold: all that was sent, less the dead letters."""
    counts, sums = Counter(), Counter()
    for meeting, number, ts in events:
        counts[window_of(ts), meeting] += 1
        sums[window_of(ts), meeting] += number
    for window, meeting, number in dead:
        counts[window, meeting] -= 1
        sums[window, meeting] -= number
    return {key: (n, sums[key]) for key, n in counts.items() if n != 0}


def differences(wanted, found):
    keys = sorted(k for k in wanted.keys() | found.keys() if wanted.get(k) != found.get(k))
    return [(key, wanted.get(key), found.get(key)) for key in keys]


def check(server, writer, files):
    """Every window exact, for readers of both isolation levels and of the files. How many rows were
    looked at."""
    writer.close_windows()
    closed = [event for event in writer.sent if event[0] != "end" or event[2] < writer.now_ms]

    def settle(name, dead, read):
        def wrong():
            return differences(expected(closed, read_dead(server.kafka, dead)), read())

        def pipeline():
            return json.dumps(request(server, "GET", f"/api/v1/pipelines/{name}"))[:2000]

        eventually(
            lambda: not wrong(),
            lambda: f"exact windows of {name}; (window, wanted, found): {wrong()[:5]} of "
            f"{len(wrong())}; {pipeline()}",
            SETTLE_LIMIT_S,
            0.2,
        )

    settle("counts", "dead", lambda: read_results(server.kafka, "read_committed"))
    settle("files", "dead_files", files.read)
    # What was there once stays: nothing is doubled behind the check.
    assert not differences(
        read_results(server.kafka, "read_committed"), read_results(server.kafka, "read_uncommitted")
    )
    return len(closed)


def one_round(server, gate, writer, files, rng):
    gate.set()
    for _ in range(rng.randrange(1, 4)):
        time.sleep(rng.uniform(0.05, 0.7))  # the random moment
        server.kill9()
        files.read()
        server.start(same_ports=True)
    time.sleep(rng.uniform(0, 0.5))
    gate.clear()
    writer.idle.clear()

    def settled():
        if writer.problem is not None:
            raise AssertionError(f"the writer: {writer.problem}") from writer.problem
        return writer.idle.is_set()

    eventually(settled, "the writer to settle", SETTLE_LIMIT_S)
    return check(server, writer, files)


def run(rounds, seed, folder):
    rng = random.Random(seed)
    for first in range(0, rounds, STRETCH):
        stretch(range(first, min(first + STRETCH, rounds)), rng, Path(folder) / f"from-{first + 1}")


def stretch(rounds, rng, folder):
    server = Server(folder / "server")
    server.start()
    gate = threading.Event()
    try:
        create_topic(server.kafka, "events", PARTITIONS)
        create_topic(server.kafka, "counts", PARTITIONS)
        create_topic(server.kafka, "dead", 1)
        create_topic(server.kafka, "dead_files", 1)
        files = ResultFiles(folder / "files")
        # Event times near the clock's, so that the guard against the future lets them by.
        start_ms = int(time.time() * 1000) - 12 * 3600 * 1000
        writer = EventWriter(gate, rng.getrandbits(64), server.kafka, start_ms)
        writer.start()
        for name, sink, dead in (
            ("counts", LOG_SINK, "dead"),
            ("files", FILE_SINK.format(folder=files.folder), "dead_files"),
        ):
            pipeline = PIPELINE.format(
                name=name,
                sink=sink,
                dead=dead,
                delay=DELAY_MS,
                window=WINDOW_MS,
                parallelism=rng.choice((1, 2, 3)),
            )
            request(server, "POST", "/api/v1/pipelines", pipeline)
        for number in rounds:
            began = time.monotonic()
            looked_at = one_round(server, gate, writer, files, rng)
            print(
                f"round {number + 1}: {looked_at} events in exact windows; "
                f"{time.monotonic() - began:.1f} s",
                flush=True,
            )
        writer.finish()
        server.stop()
    except BaseException:
        print(f"--- the server's log, {server.log_file}\n{server.log(60)}", flush=True)
        raise
    finally:
        server.discard()


if __name__ == "__main__":
    loop.main(run, "pipeline-loop", "every window exact, nothing twice")
