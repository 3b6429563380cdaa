"""SIGKILL at random moments under load, and a check of all that was promised: crash_loop.py ROUNDS

$SOAK_SEED repeats a run's random choices (not the machine's timing). $DATAFLOW_BIN is the server.
"""

import random
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from confluent_kafka.admin import AdminClient  # noqa: E402

import crash_checks as checks  # noqa: E402
import loop  # noqa: E402
from crash_writers import (
    IdempotentWriter,
    KeyedWriter,
    OffsetWriter,
    TransactionalWriter,  # noqa: E402
    Watcher,
)
from dataflow_server import Server, binary  # noqa: E402
from eventually import eventually  # noqa: E402
from kafka_topics import create_topic  # noqa: E402
from raw_kafka import CODECS  # noqa: E402

ROUNDS_OF_A_GENERATION = 10
SETTLE_LIMIT_S = 30
ARGUMENTS = [
    "--log-housekeeping-interval",
    "100ms",
    "--log-checkpoint-bytes",
    "64KiB",
    "--log-reserve",
    "16MiB",
]


class Generation:
    """Topics and writers that live for some rounds. A new one begins empty, so that each check can
    read everything."""

    def __init__(self, number, bootstrap, rng):
        self.bootstrap, self.gate = bootstrap, threading.Event()
        name = f"g{number}"

        def topic(word, partitions, **config):
            return create_topic(bootstrap, f"{name}-{word}", partitions, **config)

        def seed():
            return rng.getrandbits(64)

        plain = {
            topic(f"idempotent-{codec}", 2, segment_bytes=64 * 1024): codec for codec in CODECS
        }
        self.short = topic("short-lived", 2, segment_bytes=16 * 1024, retention_bytes=64 * 1024)
        self.compacted = topic(
            "compacted",
            1,
            segment_bytes=16 * 1024,
            cleanup_policy="compact",
            min_cleanable_dirty_ratio=0.01,
            delete_retention_ms=0,
        )
        self.transactions = topic("transactions", 3, segment_bytes=64 * 1024)
        self.compacted_too = topic(
            "compacted-transactions",
            1,
            segment_bytes=8 * 1024,
            cleanup_policy="compact",
            min_cleanable_dirty_ratio=0.01,
            delete_retention_ms=0,
        )
        self.topics = {
            **{t: 2 for t in plain},
            self.short: 2,
            self.compacted: 1,
            self.transactions: 3,
            self.compacted_too: 1,
        }
        self.idempotent = [
            IdempotentWriter(self.gate, seed(), bootstrap, t, 2, codec)
            for t, codec in plain.items()
        ]
        self.short_lived = IdempotentWriter(self.gate, seed(), bootstrap, self.short, 2, "none")
        self.keyed = KeyedWriter(self.gate, seed(), bootstrap, self.compacted)
        self.transactional = [
            TransactionalWriter(
                self.gate, seed(), bootstrap, who, self.transactions, 3, self.compacted_too
            )
            for who in "ab"
        ]
        self.offsets = OffsetWriter(self.gate, seed(), bootstrap, self.transactions)
        kept = {t: 2 for t in plain} | {self.transactions: 3}
        self.watchers = [
            Watcher(self.gate, seed(), bootstrap, kept, isolation)
            for isolation in ("read_committed", "read_uncommitted")
        ]
        self.writers = [
            *self.idempotent,
            self.short_lived,
            self.keyed,
            *self.transactional,
            self.offsets,
            *self.watchers,
        ]
        for writer in self.writers:
            writer.start()

    def work(self):
        self.gate.set()

    def settle(self):
        """Everything that was begun is answered, and nothing new begins."""
        self.gate.clear()
        for writer in self.writers:
            writer.idle.clear()

        def quiet():
            for writer in self.writers:
                if writer.problem is not None:
                    raise AssertionError(
                        f"{type(writer).__name__}: {writer.problem}"
                    ) from writer.problem
            return all(writer.idle.is_set() for writer in self.writers)

        eventually(
            quiet,
            lambda: "these to settle: "
            + ", ".join(type(w).__name__ for w in self.writers if not w.idle.is_set()),
            SETTLE_LIMIT_S,
        )

    def check(self):
        """How many records were looked at."""
        found = checks.read_everything(self.bootstrap, self.topics, "read_committed")
        for writer in self.idempotent:
            checks.check_idempotent(writer, found)
        self.check_short_lived(found)
        checks.check_compacted(self.keyed, found)
        for writer in self.transactional:
            offset, _metadata = checks.group_offset(
                self.bootstrap, f"{self.transactions}-{writer.name}", self.transactions
            )
            checks.check_transactions(writer, found, None if offset < 0 else offset)
        checks.check_offsets(
            self.offsets,
            *checks.group_offset(self.bootstrap, f"{self.transactions}-offsets", self.transactions),
        )
        committed, uncommitted = self.watchers
        checks.check_watched(committed, found)
        everything = checks.read_everything(
            self.bootstrap,
            {t: n for t, n in self.topics.items() if t != self.short},
            "read_uncommitted",
        )
        checks.check_watched(uncommitted, everything)
        return sum(map(len, found.values()))

    def check_short_lived(self, found):
        """Retention may drop a segment while it is read: then it is read again."""
        for attempt in range(5):
            try:
                return checks.check_short_lived(self.short_lived, found)
            except AssertionError:
                if attempt == 4:
                    raise
            found = checks.read_everything(self.bootstrap, {self.short: 2}, "read_committed")

    def end(self):
        for writer in self.writers:
            writer.stopping.set()
        self.gate.set()
        for writer in self.writers:
            writer.finish()

    def drop(self):
        """Its topics go, while the server is as busy as ever."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        for future in admin.delete_topics(list(self.topics)).values():
            future.result(60)

    def words(self):
        sent = sum(sum(w.acknowledged) for w in [*self.idempotent, self.short_lived])
        committed, aborted, doubt, again = (
            sum(len(getattr(w, kind)) for w in self.transactional)
            for kind in ("committed", "aborted", "in_doubt", "sizes")
        )
        return (
            f"{sent} records acknowledged, {again} transactions ({committed} committed, "
            f"{aborted} aborted, "
            f"{doubt} in doubt), offset {self.offsets.acknowledged}"
        )


def kill_while_starting(server, rng):
    """A server that does not get far."""
    process = subprocess.Popen(
        [
            binary(),
            "server",
            "--data-dir",
            str(server.data_dir),
            "--kafka-listen",
            server.addresses.kafka,
            "--http-listen",
            server.addresses.http,
            "--metrics-listen",
            server.addresses.metrics,
            "--postgres-listen",
            server.addresses.postgres,
            *server.args,
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(rng.uniform(0, 0.15))  # not to wait for anything: this is the random moment
    process.kill()
    process.wait()


def one_round(server, generation, rng):
    generation.work()
    time.sleep(rng.uniform(0.1, 1.2))  # the random moment
    server.kill9()
    if rng.random() < 0.3:
        kill_while_starting(server, rng)
    server.start(same_ports=True)
    if rng.random() < 0.3:
        time.sleep(rng.uniform(0, 0.3))
        server.restart(kill=True)
    generation.settle()
    return generation.check()


def run(rounds, seed, folder):
    rng = random.Random(seed)
    server = Server(Path(folder) / "server", ARGUMENTS)
    server.start()
    generation = None
    try:
        for number in range(rounds):
            began = time.monotonic()
            if number % ROUNDS_OF_A_GENERATION == 0:
                before = generation
                generation = Generation(number // ROUNDS_OF_A_GENERATION, server.kafka, rng)
                if before is not None:
                    generation.work()
                    before.end()
                    before.drop()
            looked_at = one_round(server, generation, rng)
            print(
                f"round {number + 1}: {looked_at} records right; {generation.words()}; "
                f"{time.monotonic() - began:.1f} s",
                flush=True,
            )
        generation.end()
        server.stop()
    except BaseException:
        print(f"--- the server's log, {server.log_file}\n{server.log(60)}", flush=True)
        raise
    finally:
        server.discard()


if __name__ == "__main__":
    loop.main(run, "crash-loop", "nothing lost, doubled, out of order or visible too soon")
