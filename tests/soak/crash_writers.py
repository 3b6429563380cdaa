"""What loads the server in the crash loop. Each writer keeps, outside the server, what was
acknowledged to it."""

import abc
import random
import threading
from collections import defaultdict

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

CALL_LIMIT_S = 60
# A crash is over in milliseconds; so should the clients' waiting be. librdkafka's own recovery, when
# no broker is left, forgets brokers that it still has requests for: those are never answered.
RECONNECT = {
    "reconnect.backoff.ms": 10,
    "reconnect.backoff.max.ms": 50,
    "metadata.recovery.strategy": "none",
}
# Nothing is logged of lost connections: the loops are about them.
RETRY = {**RECONNECT, "log_level": 2, "retry.backoff.ms": 10, "retry.backoff.max.ms": 50}
IMPATIENT = {**RETRY, "message.timeout.ms": 120_000}


class Writer(threading.Thread, abc.ABC):
    """A thread that works while the gate is open. Behind a closed gate it settles: everything that
    it has begun is answered. What goes wrong in it stops the loop."""

    def __init__(self, gate, seed):
        super().__init__(daemon=True)
        self.gate, self.rng = gate, random.Random(seed)
        self.idle, self.stopping, self.problem = threading.Event(), threading.Event(), None

    def run(self):
        try:
            while not self.stopping.is_set():
                if self.gate.is_set():
                    self.idle.clear()
                    self.step()
                else:
                    self.settle()
                    self.idle.set()
                    self.gate.wait(0.05)
        except Exception as error:  # the loop's own thread reports it
            self.problem = error
            self.idle.set()

    @abc.abstractmethod
    def step(self):
        """A little work."""

    @abc.abstractmethod
    def settle(self):
        """Returns when all that was begun is answered."""

    def finish(self):
        self.stopping.set()
        self.join(CALL_LIMIT_S)


class IdempotentWriter(Writer):
    """Numbered records, one run of numbers for each partition: each exactly once, in order."""

    OUTSTANDING = 1000

    def __init__(self, gate, seed, bootstrap, topic, partitions, codec):
        super().__init__(gate, seed)
        self.topic, self.partitions, self.codec = topic, partitions, codec
        self.next = [0] * partitions
        self.acknowledged = [0] * partitions  # how many; they are acknowledged in order
        self.failed = []
        self.producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "enable.idempotence": True,
                "acks": "all",
                "linger.ms": 2,
                "batch.num.messages": 50,
                "compression.type": codec,
                **IMPATIENT,
            }
        )

    def step(self):
        for _ in range(self.rng.randint(1, 30)):
            partition = self.rng.randrange(self.partitions)
            number = self.next[partition]
            self.next[partition] += 1
            value = f"{number}:{'x' * self.rng.randrange(200)}"
            self.producer.produce(
                self.topic, value, partition=partition, on_delivery=self._delivered
            )
        self.producer.poll(0.005)
        while len(self.producer) > self.OUTSTANDING and self.gate.is_set():
            self.producer.poll(0.05)

    def _delivered(self, error, message):
        partition, number = message.partition(), int(message.value().split(b":")[0])
        if error is not None:
            self.failed.append(f"{self.topic}-{partition} number {number}: {error}")
        elif number != self.acknowledged[partition]:
            self.failed.append(
                f"{self.topic}-{partition}: {number} acknowledged "
                f"after {self.acknowledged[partition]}"
            )
        else:
            self.acknowledged[partition] += 1

    def settle(self):
        left = self.producer.flush(CALL_LIMIT_S)
        assert left == 0, f"{left} records to {self.topic} are unanswered after {CALL_LIMIT_S} s"
        assert not self.failed, self.failed[:5]


class KeyedWriter(Writer):
    """Records and tombstones of few keys, for a compacted topic."""

    KEYS = 40

    def __init__(self, gate, seed, bootstrap, topic):
        super().__init__(gate, seed)
        self.topic, self.number = topic, 0
        self.last = {}  # key → (offset, value) of the last acknowledged record
        self.failed = []
        self.producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "enable.idempotence": True,
                "acks": "all",
                "linger.ms": 2,
                "batch.num.messages": 20,
                "compression.type": "lz4",
                **IMPATIENT,
            }
        )

    def step(self):
        for _ in range(self.rng.randint(1, 30)):
            self.number += 1
            value = (
                None
                if self.rng.random() < 0.05
                else f"{self.number}:{'y' * self.rng.randrange(100)}"
            )
            self.producer.produce(
                self.topic,
                value,
                key=f"k{self.rng.randrange(self.KEYS)}",
                partition=0,
                on_delivery=self._delivered,
            )
        self.producer.poll(0.01)
        while len(self.producer) > 500 and self.gate.is_set():
            self.producer.poll(0.05)

    def _delivered(self, error, message):
        if error is not None:
            self.failed.append(f"{self.topic}: {error}")
        else:
            self.last[message.key()] = (message.offset(), message.value())

    def settle(self):
        left = self.producer.flush(CALL_LIMIT_S)
        assert left == 0, f"{left} records to {self.topic} are unanswered after {CALL_LIMIT_S} s"
        assert not self.failed, self.failed[:5]


class TransactionalWriter(Writer):
    """Transactions, some of them aborted, each over all partitions of one topic, with one record to
    a compacted topic, and with an offset of a group that says which transaction it was."""

    KEYS = 8

    def __init__(self, gate, seed, bootstrap, name, topic, partitions, compacted):
        super().__init__(gate, seed)
        self.bootstrap, self.name = bootstrap, name
        self.topic, self.partitions, self.compacted = topic, partitions, compacted
        self.number = 0
        self.sizes = {}  # transaction → how many records of it go to the topic
        self.committed, self.aborted, self.in_doubt = set(), set(), set()
        self.restarts = 0
        self.group = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": f"{topic}-{name}",
                **RETRY,
            }
        )
        self.place = TopicPartition(topic, 0)
        self.producer = None

    def _open(self):
        self.producer = Producer(
            {
                "bootstrap.servers": self.bootstrap,
                "transactional.id": f"{self.topic}-{self.name}",
                "linger.ms": 1,
                "compression.type": self.rng.choice(["none", "gzip", "lz4", "zstd"]),
                **IMPATIENT,
                "transaction.timeout.ms": 60_000,
                "message.timeout.ms": 50_000,
            }
        )
        self._insist(lambda: self.producer.init_transactions(CALL_LIMIT_S))

    @staticmethod
    def _insist(call):
        """Repeats what may be repeated."""
        for _ in range(100):
            try:
                return call()
            except KafkaException as error:
                if not error.args[0].retriable():
                    raise
        raise AssertionError("a transactional call stays retriable for ever")

    def step(self):
        if self.producer is None:
            self._open()
        self.number += 1
        number, count = self.number, self.rng.randint(1, 40)
        self.sizes[number] = count
        commit = self.rng.random() < 0.7
        self.in_doubt.add(number)
        try:
            self._run(number, count, commit)
        except KafkaException as failure:
            self._give_up(number, failure.args[0])

    def _run(self, number, count, commit):
        self.producer.begin_transaction()
        for i in range(count):
            self.producer.produce(
                self.topic, f"{self.name}:{number}:{i}", partition=i % self.partitions
            )
        self.producer.produce(
            self.compacted,
            f"{self.name}:{number}",
            key=f"{self.name}{number % self.KEYS}",
            partition=0,
        )
        offset = TopicPartition(self.topic, 0, number)
        self._insist(
            lambda: self.producer.send_offsets_to_transaction(
                [offset], self.group.consumer_group_metadata(), CALL_LIMIT_S
            )
        )
        if commit:
            self._insist(lambda: self.producer.commit_transaction(CALL_LIMIT_S))
            self.committed.add(number)
        else:
            # What was never sent cannot be seen as aborted.
            self.producer.flush(CALL_LIMIT_S)
            self._insist(lambda: self.producer.abort_transaction(CALL_LIMIT_S))
            self.aborted.add(number)
        self.in_doubt.discard(number)

    def _give_up(self, number, error):
        """Abort where that is possible. Else a new producer of the same id decides; which way, the
        log tells."""
        if error.txn_requires_abort():
            try:
                self._insist(lambda: self.producer.abort_transaction(CALL_LIMIT_S))
                self.aborted.add(number)
                self.in_doubt.discard(number)
                return
            except KafkaException:
                pass
        self.restarts += 1
        self._open()

    def settle(self):
        if self.producer is not None:
            self.producer.poll(0)


class OffsetWriter(Writer):
    """Commits rising offsets for a group of its own."""

    def __init__(self, gate, seed, bootstrap, topic):
        super().__init__(gate, seed)
        self.bootstrap, self.topic = bootstrap, topic
        self.tried = self.acknowledged = 0
        self.consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": f"{topic}-offsets",
                "socket.timeout.ms": 5000,
                **RECONNECT,
            }
        )

    def step(self):
        self.tried += 1
        try:
            self.consumer.commit(
                offsets=[TopicPartition(self.topic, 0, self.tried, metadata=f"m{self.tried}")],
                asynchronous=False,
            )
            self.acknowledged = self.tried
        except KafkaException:
            pass  # nothing was promised

    def settle(self):
        pass


class Watcher(Writer):
    """Reads along while others write. What it has once been shown must stay."""

    def __init__(self, gate, seed, bootstrap, topics, isolation):
        super().__init__(gate, seed)
        self.isolation, self.places = isolation, [
            TopicPartition(t, p, 0) for t, n in topics.items() for p in range(n)
        ]
        self.seen = defaultdict(dict)  # (topic, partition) → {offset: value}
        self.consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": f"watcher-{isolation}",
                "isolation.level": isolation,
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 20,
                "auto.offset.reset": "error",
                **RECONNECT,
                "socket.timeout.ms": 10_000,
            }
        )
        self.consumer.assign(self.places)

    def step(self):
        for message in self.consumer.consume(500, 0.05):
            if message.error() is None:
                self.seen[message.topic(), message.partition()][message.offset()] = message.value()
            elif message.error().code() in (
                KafkaError.OFFSET_OUT_OF_RANGE,
                KafkaError._AUTO_OFFSET_RESET,
            ):
                raise AssertionError(f"the watcher was sent away: {message.error()}")

    def settle(self):
        pass
