"""Kafka's frames by hand: for bytes that no well-behaved client sends, and to look at batches."""

import socket
import struct
import time
from dataclasses import dataclass

import crc32c

PRODUCE, FETCH, METADATA, API_VERSIONS = 0, 1, 3, 18
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
# An hour ago: records of old days would be dropped by their age while a test looks at them.
RECENT = (int(time.time()) - 3600) * 1000
BATCH_HEAD = struct.Struct(">qiibIhiqqqhii")


class Closed(Exception):
    """The server closed the connection."""


def string(text):
    return struct.pack(">h", -1) if text is None else struct.pack(">h", len(text)) + text.encode()


def data(value):
    return struct.pack(">i", -1) if value is None else struct.pack(">i", len(value)) + value


def varint(number):
    number = (number << 1) ^ (number >> 63)
    out = bytearray()
    while number & ~0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def record(offset_delta, value, key=None, timestamp_delta=0):
    body = b"\0" + varint(timestamp_delta) + varint(offset_delta)
    for part in (key, value):
        body += varint(-1) if part is None else varint(len(part)) + part
    body += varint(0)
    return varint(len(body)) + body


def batch(
    values=(),
    payload=None,
    attributes=0,
    magic=2,
    count=None,
    crc=None,
    length=None,
    producer=(-1, -1, -1),
    base_offset=0,
    timestamp=RECENT,
):
    """One record batch v2. Every field that is checked can be set wrong: `payload` are raw bytes
    in the records' place, `crc`, `length` and `count` replace what would be right."""
    if payload is None:
        payload = b"".join(record(i, value) for i, value in enumerate(values))
    count = len(values) if count is None else count
    checked = (
        struct.pack(
            ">hiqqqhii", attributes, max(count - 1, 0), timestamp, timestamp, *producer, count
        )
        + payload
    )
    crc = crc32c.crc32c(checked) if crc is None else crc
    length = 9 + len(checked) if length is None else length
    return struct.pack(">qiibI", base_offset, length, -1, magic, crc) + checked


def request(api, version, body=b"", correlation=1, client="raw", flexible=False):
    """A whole request without its length field. `flexible`: request header v2."""
    head = struct.pack(">hhi", api, version, correlation) + string(client)
    return head + (b"\0" if flexible else b"") + body


def frame(payload):
    return struct.pack(">i", len(payload)) + payload


def produce_body(topic, partition, batches, acks=-1, timeout_ms=10_000):
    return (
        string(None)
        + struct.pack(">hii", acks, timeout_ms, 1)
        + string(topic)
        + struct.pack(">ii", 1, partition)
        + data(batches)
    )


def fetch_body(topic, partition, offset, max_bytes=1 << 20, wait_ms=0, min_bytes=0):
    """Of Fetch 10, the oldest version that may carry zstd; without a session."""
    return (
        struct.pack(">iiiib", -1, wait_ms, min_bytes, max_bytes, 0)
        + struct.pack(">iii", 0, -1, 1)
        + string(topic)
        + struct.pack(">iiiqqi", 1, partition, -1, offset, -1, max_bytes)
        + struct.pack(">i", 0)
    )


@dataclass(frozen=True)
class Stored:
    """The head of a batch as it was fetched."""

    base_offset: int
    attributes: int
    count: int
    producer_id: int
    raw: bytes

    @property
    def codec(self):
        return CODECS[self.attributes & 7]

    @property
    def control(self):
        return bool(self.attributes & 0x20)


class RawClient:
    """One connection. Every wait has a deadline."""

    def __init__(self, address, deadline_s=20):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=deadline_s)
        self.correlation = 0

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.socket.close()

    def send(self, payload):
        self.socket.sendall(payload)

    def _take(self, size):
        got = bytearray()
        while len(got) < size:
            try:
                more = self.socket.recv(size - len(got))
            except ConnectionError as error:
                raise Closed(str(error)) from None
            if not more:
                raise Closed(f"after {len(got)} of {size} bytes")
            got += more
        return bytes(got)

    def receive(self):
        """(correlation id, the answer behind it)."""
        body = self._take(struct.unpack(">i", self._take(4))[0])
        return struct.unpack(">i", body[:4])[0], body[4:]

    def call(self, api, version, body=b""):
        self.correlation += 1
        self.send(frame(request(api, version, body, self.correlation)))
        correlation, answer = self.receive()
        assert correlation == self.correlation, (correlation, self.correlation)
        return answer

    def closed_by_server(self):
        """Waits until the server closes, and drops what it still says."""
        try:
            while self.socket.recv(65536):
                pass
        except ConnectionError:
            pass
        return True

    def produce(self, topic, batches, partition=0, acks=-1):
        """(error code, base offset) of Produce 3."""
        answer = self.call(PRODUCE, 3, produce_body(topic, partition, batches, acks))
        at = 4 + 2 + len(topic) + 4
        index, error, base_offset = struct.unpack_from(">ihq", answer, at)
        assert index == partition
        return error, base_offset

    def fetch(self, topic, partition=0, offset=0, max_bytes=1 << 20):
        """(error code, high watermark, the batches' bytes) of Fetch 10."""
        answer = self.call(FETCH, 10, fetch_body(topic, partition, offset, max_bytes))
        at = 4 + 2 + 4 + 4 + 2 + len(topic) + 4
        index, error, high, _stable, _start, aborted = struct.unpack_from(">ihqqqi", answer, at)
        assert index == partition
        at += 34 + 16 * max(aborted, 0)
        (size,) = struct.unpack_from(">i", answer, at)
        return error, high, answer[at + 4 : at + 4 + max(size, 0)]

    def batches(self, topic, partition=0):
        """The heads of all stored batches, their checksums verified."""
        found, offset = [], 0
        while True:
            error, high, raw = self.fetch(topic, partition, offset)
            assert error == 0, f"fetch of {topic}-{partition} at {offset}: error {error}"
            at = 0
            while at + BATCH_HEAD.size <= len(raw):
                (
                    base,
                    length,
                    _epoch,
                    magic,
                    crc,
                    attributes,
                    last,
                    _first_time,
                    _max_time,
                    producer,
                    _producer_epoch,
                    _sequence,
                    count,
                ) = BATCH_HEAD.unpack_from(raw, at)
                if at + 12 + length > len(raw):
                    break
                whole = raw[at : at + 12 + length]
                assert (
                    magic == 2 and crc32c.crc32c(whole[21:]) == crc
                ), f"{topic}-{partition} at {base}"
                found.append(Stored(base, attributes, count, producer, whole))
                offset = base + last + 1
                at += 12 + length
            if offset >= high:
                return found
            assert at > 0, f"{topic}-{partition}: no whole batch at {offset} below {high}"

    def api_versions(self):
        """{api key: (lowest, highest)} of ApiVersions 0."""
        answer = self.call(API_VERSIONS, 0)
        error, count = struct.unpack_from(">hi", answer)
        assert error == 0, error
        rows = [struct.unpack_from(">hhh", answer, 6 + 6 * i) for i in range(count)]
        return {key: (low, high) for key, low, high in rows}


def stored_codecs(address, topic, partitions=1):
    """Which codecs the topic's data batches are kept in."""
    with RawClient(address) as client:
        return {
            b.codec for p in range(partitions) for b in client.batches(topic, p) if not b.control
        }
