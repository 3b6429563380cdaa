"""What no client should send. The protocol's own error or a closed connection with a line that says
why; the log unharmed, memory bounded, other clients undisturbed."""

import os
import random
import re
import socket
import struct
import threading

import psutil
import pytest
from confluent_kafka import Producer

from eventually import eventually
from kafka_topics import create_topic, produce_all, read_to_end
from raw_kafka import (
    API_VERSIONS,
    FETCH,
    METADATA,
    PRODUCE,
    Closed,
    RawClient,
    batch,
    fetch_body,
    frame,
    produce_body,
    record,
    request,
)

CORRUPT_MESSAGE, UNKNOWN_TOPIC, MESSAGE_TOO_LARGE, UNSUPPORTED_VERSION = 2, 3, 10, 35
UNSUPPORTED_COMPRESSION, INVALID_RECORD = 76, 87
GOOD = [b"before-0", b"before-1"]
MIB = 1 << 20


def anonymous_memory(pid):
    """Bytes of private memory that no file backs."""
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"RssAnon:\s+(\d+) kB", status.read())[1]) * 1024


class Neighbour:
    """Another client, which must notice nothing."""

    def __init__(self, server, topic):
        self.server, self.topic = server, create_topic(server.kafka, topic)
        self.sent, self.failed = 0, []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        def report(error, _message):
            if error is not None:
                self.failed.append(str(error))

        producer = Producer(
            {
                "bootstrap.servers": self.server.kafka,
                "linger.ms": 1,
                "enable.idempotence": True,
                "error_cb": lambda error: self.failed.append(str(error)),
            }
        )
        while not self.stopping.is_set():
            producer.produce(self.topic, f"n{self.sent}", on_delivery=report)
            self.sent += 1
            producer.flush(60)

    def __enter__(self):
        self.thread.start()
        eventually(lambda: self.sent > 1, "the neighbour is served")
        return self

    def __exit__(self, *exception):
        self.stopping.set()
        self.thread.join(90)

    def check(self):
        """Still served now, nothing failed, everything is there once and in order."""
        sent = self.sent
        eventually(lambda: self.sent > sent + 1, "the neighbour is served", 60)
        self.__exit__()
        assert self.failed == []
        found = [m.value().decode() for m in read_to_end(self.server.kafka, self.topic)]
        assert found == [f"n{i}" for i in range(self.sent)]


@pytest.fixture
def topic(server, topic_name):
    """A topic that holds GOOD."""
    create_topic(server.kafka, topic_name)
    with RawClient(server.kafka) as client:
        assert client.produce(topic_name, batch(GOOD)) == (0, 0)
    return topic_name


def check_unharmed(server, topic):
    """The log holds what it held, and takes more."""
    with RawClient(server.kafka) as client:
        count = len(GOOD)
        assert sum(b.count for b in client.batches(topic)) == count
        assert client.produce(topic, batch([b"after"])) == (0, count)
    assert [m.value() for m in read_to_end(server.kafka, topic)] == [*GOOD, b"after"]
    assert server.running()


CLIENT_ID_TOO_LONG = struct.pack(">hhih", METADATA, 1, 1, 500) + b"short"


@pytest.mark.parametrize(
    "sent, reason",
    [
        (struct.pack(">i", -1), "-1 bytes"),
        (struct.pack(">i", -(2**31)), "-2147483648 bytes"),
        (struct.pack(">i", 0), "too short"),
        (struct.pack(">i", 3) + b"abc", "too short"),
        (struct.pack(">i", 2**31 - 1), "the limit is"),
        (struct.pack(">i", 101 * MIB) + b"\0\0\0\7", "the limit is"),
        (struct.pack(">i", 50 * MIB) + struct.pack(">hh", METADATA, 1), "only Produce"),
        (frame(request(999, 0)), "API 999"),
        (frame(request(-5, 0)), "API -5"),
        (frame(request(METADATA, 99)), "version 99"),
        (frame(request(PRODUCE, -1)), "version -1"),
        (frame(CLIENT_ID_TOO_LONG), "client id"),
        (frame(request(METADATA, 1, struct.pack(">i", 1000))), "METADATA|[Mm]etadata"),
        (
            frame(request(METADATA, 1, struct.pack(">i", 1) + struct.pack(">h", 300) + b"x")),
            "METADATA|[Mm]etadata",
        ),
        (frame(request(PRODUCE, 3, produce_body("t", 0, b"x" * 40)[:30])), "PRODUCE|[Pp]roduce"),
        (
            frame(
                request(
                    FETCH, 4, struct.pack(">iiiib", -1, 0, 0, 1, 0) + struct.pack(">i", 2**31 - 1)
                )
            ),
            "FETCH|[Ff]etch",
        ),
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "HTTP"),
        (b"POST /api/v1 HTTP/1.1\r\n\r\n", "HTTP"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x11" * 100, "TLS"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "SSH"),
    ],
    ids=[
        "length -1",
        "lowest length",
        "length 0",
        "length 3",
        "highest length",
        "over the limit",
        "large metadata",
        "unknown API",
        "negative API",
        "unknown version",
        "negative version",
        "long client id",
        "missing topics",
        "missing name",
        "half a produce",
        "two thousand million topics",
        "HTTP GET",
        "HTTP POST",
        "TLS",
        "SSH",
    ],
)
def test_connection_is_closed_with_the_reason_in_the_log(server, topic, sent, reason):
    with RawClient(server.kafka) as other, RawClient(server.kafka) as bad:
        bad.send(sent)
        assert bad.closed_by_server()
        closed = [line for line in server.log().splitlines() if "closed a Kafka client" in line]
        assert len(closed) == 1 and re.search(reason, closed[0]), server.log()
        assert f"127.0.0.1:{bad.socket.getsockname()[1]}" in closed[0], "whose connection it was"
        assert other.api_versions(), "the other connection lives"
    check_unharmed(server, topic)


def test_unknown_version_of_api_versions_gets_the_list_in_the_oldest_form(server):
    with RawClient(server.kafka) as client:
        client.send(frame(request(API_VERSIONS, 77, flexible=True)))
        _correlation, answer = client.receive()
        error, count = struct.unpack_from(">hi", answer)
        assert error == UNSUPPORTED_VERSION and len(answer) == 6 + 6 * count
        ranges = {key: (low, high) for key, low, high in struct.iter_unpack(">hhh", answer[6:])}
        assert ranges == client.api_versions(), "and the connection lives"


def test_versions_that_old_clients_look_for(server):
    """librdkafka tests for exact versions; Java's clients 4.x for a broker of at least 2.1."""
    with RawClient(server.kafka) as client:
        ranges = client.api_versions()
    for key, versions in {
        0: (0, 3, 7),
        1: (4, 10, 11),
        2: (1, 5),
        9: (1, 7),
        8: (2, 7),
        11: (0, 5),
        14: (0, 3),
        12: (0, 3),
        13: (0, 1),
        10: (0, 2),
        22: (0, 1),
        28: (3,),
        24: (0,),
        26: (1,),
        66: (0,),
    }.items():
        low, high = ranges[key]
        assert all(low <= version <= high for version in versions), (key, ranges[key])


def gzip_header_and_rubbish():
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + b"rubbish" * 20


@pytest.mark.parametrize(
    "sent, codes",
    [
        (batch([b"x"], crc=0x12345678), {CORRUPT_MESSAGE}),
        (batch([b"x"])[:-1] + b"!", {CORRUPT_MESSAGE}),
        (batch([b"x"])[:30], {CORRUPT_MESSAGE, INVALID_RECORD}),
        (b"", {CORRUPT_MESSAGE, INVALID_RECORD}),
        (b"\0" * 200, {CORRUPT_MESSAGE, INVALID_RECORD}),
        (b"\xff" * 200, {CORRUPT_MESSAGE, INVALID_RECORD, 53}),
        (batch([b"x"], magic=0), {CORRUPT_MESSAGE, INVALID_RECORD}),
        (batch([b"x"], magic=1), {CORRUPT_MESSAGE, INVALID_RECORD}),
        (batch([b"x"], magic=3), {CORRUPT_MESSAGE, INVALID_RECORD}),
        (batch([b"x"], length=2**31 - 1), {CORRUPT_MESSAGE}),
        (batch([b"x"], length=-1), {CORRUPT_MESSAGE}),
        (batch([b"x"], length=10), {CORRUPT_MESSAGE, INVALID_RECORD}),
        (batch([b"x"], count=1000), {CORRUPT_MESSAGE, INVALID_RECORD}),
        (batch([b"x", b"y"], count=1), {CORRUPT_MESSAGE, INVALID_RECORD}),
        (batch([], count=0), {INVALID_RECORD, CORRUPT_MESSAGE}),
        (batch([], count=-1), {INVALID_RECORD, CORRUPT_MESSAGE}),
        (batch([], count=2**31 - 1), {INVALID_RECORD, CORRUPT_MESSAGE}),
        (batch(payload=b"\xff" * 50, count=1), {INVALID_RECORD, CORRUPT_MESSAGE}),
        (batch(payload=record(0, b"x")[:-2], count=1), {INVALID_RECORD, CORRUPT_MESSAGE}),
        (batch([b"x"], attributes=7), {INVALID_RECORD, CORRUPT_MESSAGE, UNSUPPORTED_COMPRESSION}),
        (batch([b"x"], attributes=0x20), {INVALID_RECORD}),
        (batch([b"x"], attributes=0x30, producer=(1, 0, 0)), None),
        (batch([b"x"], attributes=0x10, producer=(1, 0, 0)), None),
        (batch([b"x"], producer=(5, -1, -1)), {INVALID_RECORD, CORRUPT_MESSAGE}),
        (batch([b"x"], attributes=4), {UNSUPPORTED_COMPRESSION}),
        (batch([b"x"]) + batch([b"y"]), {INVALID_RECORD}),
        (batch([b"x"]) + batch([b"y"], crc=1), {INVALID_RECORD, CORRUPT_MESSAGE}),
        (batch([b"x" * (2 * MIB)]), {MESSAGE_TOO_LARGE}),
        (batch([b"x"], timestamp=2**62), {32}),
    ],
    ids=[
        "wrong checksum",
        "changed byte",
        "half a head",
        "nothing",
        "zeros",
        "ones",
        "magic 0",
        "magic 1",
        "magic 3",
        "highest length",
        "length -1",
        "length 10",
        "too few records",
        "too many records",
        "count 0",
        "count -1",
        "highest count",
        "rubbish for records",
        "record cut off",
        "unknown codec",
        "control batch",
        "transactional control batch",
        "transactional without id",
        "producer without epoch",
        "zstd in version 3",
        "two batches",
        "second batch corrupt",
        "over max.message.bytes",
        "timestamp of the far future",
    ],
)
def test_batch_is_refused_by_its_own_error(server, topic, sent, codes):
    with RawClient(server.kafka) as client:
        error, base_offset = client.produce(topic, sent)
        assert base_offset == -1
        if codes is None:
            assert error > 0
        else:
            assert error in codes, error
        assert client.api_versions(), "the connection lives"
    check_unharmed(server, topic)


def test_null_records_are_refused(server, topic):
    with RawClient(server.kafka) as client:
        error, _base_offset = client.produce(topic, None)
        assert error in (CORRUPT_MESSAGE, INVALID_RECORD), error
    check_unharmed(server, topic)


@pytest.mark.parametrize("codec", [1, 2, 3])
def test_rubbish_in_the_place_of_compressed_records(server, topic, topic_name, codec):
    """A compacted topic looks inside; elsewhere compressed records pass through as they came, and
    harm nobody."""
    rubbish = batch(payload=gzip_header_and_rubbish(), attributes=codec, count=3)
    compacted = create_topic(server.kafka, topic_name + "-compacted", cleanup_policy="compact")
    with RawClient(server.kafka) as client:
        assert client.produce(compacted, rubbish)[0] in (CORRUPT_MESSAGE, INVALID_RECORD)
        assert client.batches(compacted) == []
        error, base_offset = client.produce(topic, rubbish)
        if error != 0:
            assert error in (CORRUPT_MESSAGE, INVALID_RECORD)
            return check_unharmed(server, topic)
        assert client.produce(topic, batch([b"after"])) == (0, base_offset + 3)
        assert [b.count for b in client.batches(topic)] == [2, 3, 1]
    server.restart(kill=True)
    with RawClient(server.kafka) as client:
        assert [b.count for b in client.batches(topic)] == [2, 3, 1]


def test_unknown_places(server, topic):
    with RawClient(server.kafka) as client:
        assert client.produce(topic, batch([b"x"]), partition=7)[0] == UNKNOWN_TOPIC
        assert client.produce(topic, batch([b"x"]), partition=-1)[0] == UNKNOWN_TOPIC
        assert client.produce("not-there", batch([b"x"]))[0] == UNKNOWN_TOPIC
        assert client.fetch(topic, 7)[0] == UNKNOWN_TOPIC
        assert client.fetch(topic, 0, 10**12)[0] == 1, "OFFSET_OUT_OF_RANGE"
        assert client.fetch(topic, 0, -5)[0] == 1, "OFFSET_OUT_OF_RANGE"
    check_unharmed(server, topic)


def test_acks_that_do_not_exist(server, topic):
    with RawClient(server.kafka) as client:
        assert client.produce(topic, batch([b"x"]), acks=7)[0] == 21
        assert client.produce(topic, batch([b"x"]), acks=-2)[0] == 21
    check_unharmed(server, topic)


def test_batch_with_acks_0_that_fails_closes_the_connection(server, topic):
    with RawClient(server.kafka) as client:
        client.send(
            frame(request(PRODUCE, 3, produce_body(topic, 0, batch([b"x"], crc=1), acks=0)))
        )
        assert client.closed_by_server()
    eventually(lambda: "CORRUPT_MESSAGE" in server.log(), server.log)
    check_unharmed(server, topic)


def test_half_a_request_and_gone(server, topic):
    whole = frame(request(PRODUCE, 3, produce_body(topic, 0, batch([b"never"]))))
    for size in range(1, len(whole)):
        with RawClient(server.kafka) as client:
            client.send(whole[:size])
    check_unharmed(server, topic)


def test_request_in_single_bytes_is_understood(server, topic):
    with RawClient(server.kafka) as client:
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in frame(request(API_VERSIONS, 0, correlation=77)):
            client.send(bytes([byte]))
        assert client.receive()[0] == 77


def test_many_requests_in_one_packet_are_answered_in_order(server, topic):
    with RawClient(server.kafka) as client:
        client.send(b"".join(frame(request(API_VERSIONS, 0, correlation=i)) for i in range(500)))
        assert [client.receive()[0] for _ in range(500)] == list(range(500))


def random_requests(rng, ranges):
    """Frames of rubbish, from wholly random to nearly right."""
    while True:
        kind = rng.randrange(4)
        if kind == 0:
            yield rng.randbytes(rng.randrange(1, 300))
            continue
        key = rng.choice(sorted(ranges))
        version = rng.randint(*ranges[key])
        body = rng.randbytes(rng.randrange(200))
        if kind == 2:
            body = bytes(rng.choice((0, 0, 0, 1, 2, 0x7F, 0xFF)) for _ in range(rng.randrange(200)))
        elif kind == 3:
            key, version = PRODUCE, rng.randint(3, 8)
            right = bytearray(produce_body("the-target", 0, batch([b"x" * 50] * 3)))
            for _ in range(rng.randint(1, 4)):
                right[rng.randrange(len(right))] ^= 1 << rng.randrange(8)
            body = bytes(right)
        yield frame(request(key, version, body, rng.getrandbits(31), flexible=rng.random() < 0.5))


def test_random_bytes(server, topic_name):
    seed = int(os.environ.get("BAD_INPUT_SEED", random.randrange(2**32)))
    print(f"BAD_INPUT_SEED={seed}")
    rng = random.Random(seed)
    create_topic(server.kafka, "the-target")
    with Neighbour(server, topic_name) as neighbour:
        with RawClient(server.kafka) as client:
            requests = random_requests(rng, client.api_versions())
        before = anonymous_memory(server.pid)
        open_ones = []
        for _ in range(1500):
            client = RawClient(server.kafka)
            open_ones.append(client)
            try:
                for _ in range(rng.randint(1, 3)):
                    client.send(next(requests))
                client.socket.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # closed by the server already
            if len(open_ones) > 100:
                open_ones.pop(0).socket.close()
        for client in open_ones:
            client.socket.close()
        neighbour.check()
        grown = anonymous_memory(server.pid) - before
        assert grown < 96 * MIB, f"{grown / MIB:.0f} MiB more"
    assert server.running()
    # Whatever of it was a whole batch after all is there and whole; restarting finds nothing wrong.
    with RawClient(server.kafka) as client:
        kept = [b.raw for b in client.batches("the-target")]
    server.restart(kill=True)
    with RawClient(server.kafka) as client:
        assert [b.raw for b in client.batches("the-target")] == kept


def test_half_sent_requests_take_bounded_memory(start_server, topic_name):
    server = start_server("--kafka-request-memory", "32MiB", "--kafka-connection-memory", "16MiB")
    before = anonymous_memory(server.pid)
    large = frame(request(PRODUCE, 3, produce_body("t", 0, b"x" * (60 * MIB))))[: 3 * MIB]
    clients = []
    with Neighbour(server, topic_name) as neighbour:
        for _ in range(60):
            client = RawClient(server.kafka)
            clients.append(client)
            client.socket.setblocking(False)
            sent = 0
            try:
                while sent < len(large):
                    sent += client.socket.send(large[sent : sent + 65536])
            except (BlockingIOError, ConnectionError):
                pass  # the server takes no more of it now
        neighbour.check()
        grown = anonymous_memory(server.pid) - before
        assert grown < (32 + 64) * MIB, f"{grown / MIB:.0f} MiB more"
        for client in clients:
            client.socket.close()


def test_reader_that_never_reads_its_answers_takes_bounded_memory(server, topic_name):
    create_topic(server.kafka, topic_name)
    produce_all(server.kafka, topic_name, [os.urandom(500_000) for _ in range(40)])
    before = anonymous_memory(server.pid)
    body = fetch_body(topic_name, 0, 0, 50 * MIB)
    clients = []
    with Neighbour(server, topic_name + "-n") as neighbour:
        for _ in range(20):
            client = RawClient(server.kafka)
            clients.append(client)
            for correlation in range(10):
                client.send(frame(request(FETCH, 10, body, correlation)))
        neighbour.check()
        grown = anonymous_memory(server.pid) - before
        assert grown < 128 * MIB, f"{grown / MIB:.0f} MiB more"
        for client in clients:
            client.socket.close()


def test_connections_over_the_limit_are_closed(start_server, topic_name):
    server = start_server("--kafka-max-connections", "10")
    clients = [RawClient(server.kafka) for _ in range(10)]
    assert all(client.api_versions() for client in clients)
    extra = RawClient(server.kafka)
    with pytest.raises((Closed, OSError)):
        extra.api_versions()
    clients.pop().socket.close()

    def served():
        try:
            with RawClient(server.kafka) as client:
                return client.api_versions()
        except (Closed, OSError):
            return None

    eventually(served, "a place is free again")
    assert all(client.api_versions() for client in clients)


def test_open_files_do_not_leak(server, topic):
    process = psutil.Process(server.pid)
    before = process.num_fds()
    for _ in range(200):
        with RawClient(server.kafka) as client:
            client.send(b"\xff\xff\xff\xff")
    eventually(
        lambda: process.num_fds() <= before + 4,
        lambda: f"{process.num_fds()} open files, {before} before",
    )
