"""What Apache Kafka 4.3 answers to requests that client libraries do not send, or send in their own way
only. Each test was held against it and can be again: KAFKA_BOOTSTRAP=host:port of a Kafka with
auto.create.topics.enable=false."""

import os
import time
import uuid

import pytest

from eventually import eventually
from kafka_messages import APIS, MessageClient
from raw_kafka import Closed, batch

UNKNOWN_TOPIC, CORRUPT, INVALID_TOPIC, INVALID_PARTITIONS, INVALID_REPLICATION = 3, 2, 17, 37, 38
INVALID_ASSIGNMENT, INVALID_CONFIG, INVALID_REQUEST, TOPIC_EXISTS = 39, 40, 42, 36
FENCED_EPOCH, UNKNOWN_EPOCH, OUT_OF_RANGE, SESSION_NOT_FOUND, UNKNOWN_ID = 74, 75, 1, 70, 100
INVALID_ACKS, INVALID_RECORD, UNSUPPORTED_VERSION = 21, 87, 35
NO_ID = bytes(16)


@pytest.fixture
def client(request):
    address = os.environ.get("KAFKA_BOOTSTRAP")
    if not address:
        address = request.getfixturevalue("start_server")("--kafka-auto-create-topics=false").kafka
    with MessageClient(address) as connection:
        yield connection


def versions_of(name, first=0):
    return [v for v in APIS[name].versions if v >= max(first, APIS[name].accepted_from)]


def wish(name, partitions=1, replicas=1, assigned=(), **configs):
    return {
        "name": name,
        "num_partitions": partitions,
        "replication_factor": replicas,
        "assignments": [{"partition_index": i, "broker_ids": b} for i, b in assigned],
        "configs": [{"name": k.replace("_", "."), "value": v} for k, v in configs.items()],
    }


def create(client, *topics, version=7, validate_only=False):
    """[(name, error)], sorted."""
    answer = client.ask(
        "create_topics", version, topics=list(topics), timeout_ms=30_000, validate_only=validate_only
    )
    return sorted((t["name"], t["error_code"]) for t in answer["topics"])


def until_led(client, name, partitions):
    """Kafka answers before every partition has its leader."""
    wished = [{"partition_index": i, "timestamp": -1} for i in range(partitions)]

    def led():
        topics = [{"name": name, "partitions": wished}]
        answer = client.ask("list_offsets", 5, replica_id=-1, topics=topics)
        return all(p["error_code"] == 0 for t in answer["topics"] for p in t["partitions"])

    eventually(led, f"{name} has its leaders")
    return name


@pytest.fixture
def topic(client, topic_name):
    """Of three partitions, empty."""
    assert create(client, wish(topic_name, 3)) == [(topic_name, 0)]
    return until_led(client, topic_name, 3)


def now_batch(values=(b"a", b"b"), **fields):
    return batch(list(values), timestamp=int(time.time() * 1000), **fields)


def produce(client, places, version=9, acks=-1):
    """{(topic, partition): (error, base offset)}."""
    topics = {}
    for (name, index), records in places.items():
        topics.setdefault(name, []).append({"index": index, "records": records})
    answer = client.ask(
        "produce",
        version,
        transactional_id=None,
        acks=acks,
        timeout_ms=10_000,
        topic_data=[{"name": name, "partition_data": parts} for name, parts in topics.items()],
    )
    return {
        (t["name"], p["index"]): (p["error_code"], p["base_offset"])
        for t in answer["responses"]
        for p in t["partition_responses"]
    }


def fetch(client, topic, *partitions, version=12, max_bytes=1 << 20, **fields):
    """The partitions' answers; each of `partitions` is a dictionary of what is not usual."""
    usual = {"partition_max_bytes": 1 << 20}
    answer = client.ask(
        "fetch",
        version,
        max_bytes=max_bytes,
        topics=[{"topic": topic, "partitions": [usual | p for p in partitions]}],
        **fields,
    )
    assert answer.get("error_code", 0) == 0, answer
    return answer["responses"][0]["partitions"]


@pytest.mark.parametrize("version", versions_of("create_topics"))
def test_create_topics(client, topic_name, version):
    n = topic_name
    cases = [
        (wish(n + "-default", -1, -1), 0),
        (wish(n + "-default-partitions", -1, 1), 0),
        (wish(n + "-default-replicas", 2, -1), 0),
        (wish(n + "-default", 1, 1), TOPIC_EXISTS),
        (wish(n, 1, 3), INVALID_REPLICATION),
        (wish(n, 1, 0), INVALID_REPLICATION),
        (wish(n, 1, -2), INVALID_REPLICATION),
        (wish(n, 0, 1), INVALID_PARTITIONS),
        (wish(n, -2, 1), INVALID_PARTITIONS),
        (wish("no name"), INVALID_TOPIC),
        (wish(""), INVALID_TOPIC),
        (wish(".."), INVALID_TOPIC),
        (wish("a" * 250), INVALID_TOPIC),
        (wish(n, bogus="1"), INVALID_CONFIG),
        (wish(n, retention_ms="soon"), INVALID_CONFIG),
        (wish(n, retention_ms=None), INVALID_CONFIG),
        (wish(n + "-assigned", -1, -1, [(0, [1]), (1, [1])]), 0),
        (wish(n, 2, 1, [(0, [1]), (1, [1])]), INVALID_REQUEST),
        (wish(n, -1, -1, [(0, [7])]), INVALID_ASSIGNMENT),
        (wish(n, -1, -1, [(1, [1])]), INVALID_ASSIGNMENT),
        (wish(n, -1, -1, [(0, [])]), INVALID_ASSIGNMENT),
        (wish(n, -1, -1, [(0, [1, 1])]), INVALID_ASSIGNMENT),
    ]
    for question, error in cases:
        answer = create(client, question, version=version)
        assert answer == [(question["name"], error)], question
    assert create(client, wish(n), wish(n), version=version) == [(n, INVALID_REQUEST)]
    assert create(client, wish(n), version=version, validate_only=True) == [(n, 0)]
    both = create(client, wish(n), wish("no name"), version=version)
    assert both == sorted([(n, 0), ("no name", INVALID_TOPIC)])


@pytest.mark.parametrize("version", versions_of("metadata"))
def test_metadata(client, topic, version):
    def ask(topics, **fields):
        if version >= 4:
            fields["allow_auto_topic_creation"] = False
        return client.ask("metadata", version, topics=topics, **fields)["topics"]

    (found,) = ask([{"name": topic}])
    assert (found["name"], found["error_code"]) == (topic, 0)
    for part in found["partitions"]:
        assert (part["leader_id"], part["replica_nodes"], part["isr_nodes"]) == (1, [1], [1])
    for name, error in {"not-there": UNKNOWN_TOPIC, "no name": INVALID_TOPIC}.items():
        (missing,) = ask([{"name": name}])
        assert (missing["name"], missing["error_code"]) == (name, error)
    assert len(ask([{"name": topic}, {"name": topic}])) == 1
    everything = [] if version == 0 else None
    assert topic in [t["name"] for t in ask(everything)]
    if version > 0:
        assert ask([]) == []


def delete(client, *topics):
    answer = client.ask("delete_topics", 6, topics=list(topics), timeout_ms=30_000)
    return [(t["name"], t["topic_id"] != NO_ID, t["error_code"]) for t in answer["responses"]]


def test_delete_topics_by_name_and_by_id(client, topic, topic_name):
    second, third = topic_name + "-second", topic_name + "-third"
    answer = client.ask("create_topics", 7, topics=[wish(second), wish(third)], timeout_ms=30_000)
    ids = {t["name"]: t["topic_id"] for t in answer["topics"]}
    until_led(client, second, 1)
    unknown = {"topic_id": uuid.uuid4().bytes}
    assert delete(client, unknown) == [(None, True, UNKNOWN_ID)]
    assert delete(client, {"name": "not-there"}) == [("not-there", False, UNKNOWN_TOPIC)]
    assert delete(client, {}) == [(None, False, INVALID_REQUEST)]
    both = {"name": second, "topic_id": ids[second]}
    assert delete(client, both) == [(second, True, INVALID_REQUEST)]
    assert [e for _, _, e in delete(client, {"name": topic}, {"name": topic})] == [INVALID_REQUEST]
    assert delete(client, {"topic_id": ids[second]}) == [(second, True, 0)]
    assert delete(client, {"name": third}) == [(third, True, 0)]
    assert delete(client, {"name": topic}) == [(topic, True, 0)]
    for version in range(1, 6):
        answer = client.ask("delete_topics", version, topic_names=[topic], timeout_ms=1000)
        assert [(t["name"], t["error_code"]) for t in answer["responses"]] == [
            (topic, UNKNOWN_TOPIC)
        ]


@pytest.mark.parametrize("version", versions_of("produce", 3))
def test_produce_with_some_bad_partitions(client, topic, version):
    good, bad = now_batch(), now_batch(crc=1)
    places = {
        (topic, 0): good,
        (topic, 1): bad,
        (topic, 2): good + good,
        (topic, 9): good,
        ("not-there", 0): good,
    }
    expected = {
        (topic, 0): (0, 0),
        (topic, 1): (CORRUPT, -1),
        (topic, 2): (INVALID_RECORD, -1),
        (topic, 9): (UNKNOWN_TOPIC, -1),
        ("not-there", 0): (UNKNOWN_TOPIC, -1),
    }
    assert produce(client, places, version) == expected
    assert produce(client, {(topic, 0): good}, version, acks=1) == {(topic, 0): (0, 2)}
    for acks in (2, -2):
        answer = produce(client, {(topic, 0): good}, version, acks)
        assert answer == {(topic, 0): (INVALID_ACKS, -1)}
    assert produce(client, {}, version) == {}


def test_produce_without_acknowledgement(client, topic):
    def send(records):
        data = [{"name": topic, "partition_data": [{"index": 0, "records": records}]}]
        client.says_nothing("produce", 9, transactional_id=None, acks=0, topic_data=data)

    send(now_batch())
    assert fetch(client, topic, {})[0]["high_watermark"] == 2, "the next answer is the next request's"
    send(now_batch(crc=1))
    with pytest.raises(Closed):
        client.ask("api_versions", 0)


@pytest.mark.parametrize("version", versions_of("fetch"))
def test_fetch_limits(client, topic, version):
    one = now_batch([b"x" * 1000])
    for index in range(2):
        for _ in range(3):
            produce(client, {(topic, index): one})

    def sizes(*partitions, **fields):
        parts = fetch(client, topic, *partitions, version=version, **fields)
        assert all(p["error_code"] == 0 for p in parts)
        return [len(p["records"] or b"") for p in parts]

    size = len(one)
    assert sizes({}) == [3 * size]
    assert sizes({"fetch_offset": 1}) == [2 * size]
    assert sizes({"fetch_offset": 3}) == [0]
    assert sizes({"partition": 2}, {}, max_bytes=1) == [0, size], "at least one batch"
    first, second = sizes({}, {"partition": 1}, max_bytes=2 * size)
    assert first >= 2 * size and second == 0, "no further one past the limit"
    first, second = sizes({"partition_max_bytes": 1}, {"partition": 1, "partition_max_bytes": 1})
    assert first == size and second <= 1, "only the first batch may go past a partition's limit"


def test_fetch_errors(client, topic):
    produce(client, {(topic, 0): now_batch()})

    def error(partition, **fields):
        (part,) = fetch(client, fields.pop("name", topic), partition, **fields)
        if part["error_code"]:
            ends = (part["high_watermark"], part["last_stable_offset"], part["log_start_offset"])
            assert ends == (-1, -1, -1) and not part["records"]
        return part["error_code"]

    waits = {"min_bytes": 1, "max_wait_ms": 2**31 - 1}
    assert error({"fetch_offset": 99}, **waits) == OUT_OF_RANGE
    assert error({"fetch_offset": -1}, **waits) == OUT_OF_RANGE
    assert error({"partition": 77}, **waits) == UNKNOWN_TOPIC
    assert error({}, name="not-there", **waits) == UNKNOWN_TOPIC
    assert error({"current_leader_epoch": 9}, **waits) == UNKNOWN_EPOCH
    assert error({"current_leader_epoch": 0}) == 0
    # What the log has of this epoch ends before the offset that is asked for.
    (part,) = fetch(client, topic, {"fetch_offset": 99, "last_fetched_epoch": 0}, **waits)
    assert part["error_code"] == 0
    assert part["diverging_epoch"] == {"epoch": 0, "end_offset": 2}


@pytest.mark.parametrize("version", versions_of("fetch", 7))
def test_fetch_sessions_that_nobody_opened(client, topic, version):
    topics = [{"topic": topic, "partitions": [{"partition_max_bytes": 1000}]}]
    for session, epoch in ((4242, 1), (0, 1), (4242, -2)):
        answer = client.ask(
            "fetch", version, topics=topics, session_id=session, session_epoch=epoch
        )
        assert (answer["error_code"], answer["responses"]) == (SESSION_NOT_FOUND, [])
    for session, epoch in ((0, 0), (0, -1), (4242, -1)):
        answer = client.ask(
            "fetch", version, topics=topics, session_id=session, session_epoch=epoch
        )
        assert answer["error_code"] == 0 and len(answer["responses"]) == 1


@pytest.mark.parametrize("version", versions_of("list_offsets"))
def test_list_offsets(client, topic, version):
    head = now_batch()
    stamp = int.from_bytes(head[27:35], "big")
    produce(client, {(topic, 0): head})

    def ask(timestamp, partition=0, **fields):
        question = {"partition_index": partition, "timestamp": timestamp, **fields}
        topics = [{"name": topic, "partitions": [question]}]
        answer = client.ask("list_offsets", version, replica_id=-1, topics=topics)
        (part,) = answer["topics"][0]["partitions"]
        return part["error_code"], part["offset"], part["timestamp"]

    assert ask(-1) == (0, 2, -1)
    assert ask(-2) == (0, 0, -1)
    assert ask(stamp) == (0, 0, stamp)
    assert ask(stamp + 1) == (0, -1, -1)
    assert ask(0, partition=1) == (0, -1, -1), "an empty partition"
    assert ask(-3) == ((0, 0, stamp) if version >= 7 else (UNSUPPORTED_VERSION, -1, -1))
    for timestamp in (-4, -5, -6):
        assert ask(timestamp) == (UNSUPPORTED_VERSION, -1, -1)
    assert ask(-1, partition=9) == (UNKNOWN_TOPIC, -1, -1)
    if version >= 4:
        assert ask(-1, current_leader_epoch=0) == (0, 2, -1)
        assert ask(-1, current_leader_epoch=5) == (UNKNOWN_EPOCH, -1, -1)


@pytest.mark.parametrize("version", versions_of("offset_for_leader_epoch"))
def test_offset_for_leader_epoch(client, topic, version):
    produce(client, {(topic, 0): now_batch()})

    def ask(epoch, current=-1, partition=0):
        question = {
            "partition": partition,
            "leader_epoch": epoch,
            "current_leader_epoch": current,
        }
        topics = [{"topic": topic, "partitions": [question]}]
        answer = client.ask("offset_for_leader_epoch", version, replica_id=-2, topics=topics)
        (part,) = answer["topics"][0]["partitions"]
        return part["error_code"], part["leader_epoch"], part["end_offset"]

    assert ask(0) == (0, 0, 2)
    assert ask(0, current=0) == (0, 0, 2)
    assert ask(5) == (0, -1, -1), "an epoch still to come"
    assert ask(-1) == (0, -1, -1)
    assert ask(0, current=5) == (UNKNOWN_EPOCH, -1, -1)
    assert ask(0, partition=9) == (UNKNOWN_TOPIC, -1, -1)


@pytest.mark.parametrize("version", versions_of("create_partitions"))
def test_create_partitions(client, topic, version):
    def ask(name, count, assigned=None, validate_only=False, times=1):
        assignments = None if assigned is None else [{"broker_ids": b} for b in assigned]
        question = {"name": name, "count": count, "assignments": assignments}
        answer = client.ask(
            "create_partitions",
            version,
            topics=[question] * times,
            timeout_ms=30_000,
            validate_only=validate_only,
        )
        return [r["error_code"] for r in answer["results"]]

    assert ask(topic, 9, validate_only=True) == [0]
    for count in (2, 3, 0):
        assert ask(topic, count) == [INVALID_PARTITIONS]
    assert ask("not-there", 9) == [UNKNOWN_TOPIC]
    for assigned in ([[9]], [[1], [1]], [], [[1, 1]]):
        assert ask(topic, 4, assigned) == [INVALID_ASSIGNMENT], assigned
    assert ask(topic, 4, times=2) == [INVALID_REQUEST]
    assert ask(topic, 4, [[1]]) == [0]


@pytest.mark.parametrize("version", versions_of("delete_records"))
def test_delete_records(client, topic, version):
    produce(client, {(topic, 0): now_batch([b"x"] * 10)})

    def ask(offset, partition=0, name=topic):
        question = {"partition_index": partition, "offset": offset}
        topics = [{"name": name, "partitions": [question]}]
        answer = client.ask("delete_records", version, topics=topics, timeout_ms=30_000)
        (part,) = answer["topics"][0]["partitions"]
        return part["error_code"], part["low_watermark"]

    assert ask(4) == (0, 4)
    assert ask(2) == (0, 4), "what is gone already"
    assert ask(11) == (OUT_OF_RANGE, -1)
    assert ask(-2) == (OUT_OF_RANGE, -1)
    assert ask(-1) == (0, 10)
    assert ask(-1, partition=1) == (0, 0), "an empty partition"
    assert ask(0, partition=9) == (UNKNOWN_TOPIC, -1)
    assert ask(0, name="not-there") == (UNKNOWN_TOPIC, -1)


SET, DELETE, APPEND, SUBTRACT = range(4)


@pytest.mark.parametrize("version", versions_of("incremental_alter_configs"))
def test_incremental_alter_configs(client, topic, version):
    def ask(*changes, name=topic, kind=2, times=1):
        configs = [{"config_operation": o, "name": n, "value": v} for o, n, v in changes]
        resource = {"resource_type": kind, "resource_name": name, "configs": configs}
        answer = client.ask("incremental_alter_configs", version, resources=[resource] * times)
        return [r["error_code"] for r in answer["responses"]]

    def values():
        resource = {"resource_type": 2, "resource_name": topic, "configuration_keys": None}
        (answer,) = client.ask("describe_configs", 4, resources=[resource])["results"]
        return {c["name"]: c["value"] for c in answer["configs"] if c["config_source"] == 1}

    def until_value(name, *wanted):
        eventually(lambda: values().get(name) in wanted, lambda: values())

    assert ask((SET, "retention.ms", "100000")) == [0]
    until_value("retention.ms", "100000")
    assert ask((DELETE, "retention.ms", None)) == [0]
    until_value("retention.ms", None)
    for _ in range(2):
        assert ask((APPEND, "cleanup.policy", "compact")) == [0]
    until_value("cleanup.policy", "compact,delete", "delete,compact")
    assert ask((SUBTRACT, "cleanup.policy", "compact")) == [0]
    until_value("cleanup.policy", "delete")
    assert ask((APPEND, "retention.ms", "1")) == [INVALID_CONFIG]
    assert ask((SET, "retention.ms", "soon")) == [INVALID_CONFIG]
    assert ask((SET, "retention.ms", None)) == [INVALID_REQUEST]
    assert ask((SET, "bogus", "1")) == [INVALID_CONFIG]
    assert ask((APPEND, "cleanup.policy", "bogus")) == [INVALID_CONFIG]
    assert ask((SET, "retention.ms", "1"), (SET, "retention.ms", "2")) == [INVALID_REQUEST]
    assert ask((SET, "retention.ms", "1"), name="not-there") == [UNKNOWN_TOPIC]
    assert ask((SET, "retention.ms", "1"), times=2)[0] == INVALID_REQUEST
    assert ask((SET, "a", "1"), kind=77) == [INVALID_REQUEST]
    assert ask() == [0]
    assert "retention.ms" not in values()


@pytest.mark.parametrize("version", versions_of("describe_configs"))
def test_describe_configs(client, topic, version):
    def ask(kind, name, keys=None):
        resource = {"resource_type": kind, "resource_name": name, "configuration_keys": keys}
        (answer,) = client.ask("describe_configs", version, resources=[resource])["results"]
        return answer["error_code"], [c["name"] for c in answer["configs"]]

    assert ask(2, topic, ["retention.ms", "bogus"]) == (0, ["retention.ms"])
    error, names = ask(2, topic)
    assert error == 0 and "cleanup.policy" in names
    assert sorted(ask(2, topic, [])[1]) == sorted(names), "no keys are all keys"
    assert ask(2, "not-there") == (UNKNOWN_TOPIC, [])
    assert ask(2, "no name") == (INVALID_TOPIC, [])
    assert ask(4, "9") == (INVALID_REQUEST, [])
    assert ask(4, "one") == (INVALID_REQUEST, [])
    assert ask(77, "x") == (INVALID_REQUEST, [])
    assert ask(4, "1")[0] == 0


def test_unknown_tags_are_passed_over(client, topic):
    tags = b"\x02\x05\x03abc\x63\x00"  # 5: "abc", 99: nothing
    (found,) = client.ask("metadata", 9, topics=[{"name": topic, "tags": tags}], tags=tags)[
        "topics"
    ]
    assert (found["name"], found["error_code"]) == (topic, 0)
    parts = [{"partition_max_bytes": 1000, "tags": tags}]
    topics = [{"topic": topic, "partitions": parts, "tags": tags}]
    assert client.ask("fetch", 12, topics=topics, tags=tags)["error_code"] == 0
