"""kcat: what a person types first."""

import json
import subprocess
import time

import pytest

from confluent_kafka import Producer

from eventually import eventually
from kafka_topics import create_topic, read_to_end
from raw_kafka import CODECS, RECENT, stored_codecs

LIMIT_S = 60
NO_PARTITIONER = ("-X", "partitioner=consistent_random")


def kcat(bootstrap, *args, stdin=""):
    """What it printed. It must end with 0."""
    if "-C" in args:
        args = (*args, "-X", "fetch.wait.max.ms=20")
    done = subprocess.run(
        ["kcat", "-b", bootstrap, "-q", *args],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    assert (
        done.returncode == 0
    ), f"kcat {' '.join(args)} ended with {done.returncode}: {done.stderr}"
    return done.stdout


def numbered(count, word="value"):
    return [f"{word}-{i}" for i in range(count)]


@pytest.fixture
def topic(bootstrap, topic_name):
    return create_topic(bootstrap, topic_name)


@pytest.fixture
def following():
    """following(bootstrap, *args) → a kcat that runs on; ended after the test."""
    running = []

    def start(bootstrap, *args):
        process = subprocess.Popen(
            ["kcat", "-b", bootstrap, "-q", "-u", *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("codec", CODECS)
def test_every_codec_comes_back_as_it_went(bootstrap, topic, codec):
    lines = [f"key-{i}:value-{i}-{'x' * (i % 97)}" for i in range(2000)]
    kcat(bootstrap, "-P", "-t", topic, "-K", ":", "-z", codec, stdin="\n".join(lines))
    out = kcat(bootstrap, "-C", "-t", topic, "-o", "beginning", "-e", "-f", "%k:%s\n")
    assert out.splitlines() == lines
    # librdkafka silently stops compressing when the broker's versions do not please it. (It also
    # leaves a batch of few records as it is when compressing gains nothing.)
    assert codec in stored_codecs(bootstrap, topic)


def test_offsets_from_the_beginning_the_end_and_in_between(bootstrap, topic):
    values = numbered(100)
    kcat(bootstrap, "-P", "-t", topic, stdin="\n".join(values))

    def read(offset):
        return kcat(bootstrap, "-C", "-t", topic, "-p", "0", "-o", offset, "-e").splitlines()

    assert read("beginning") == values
    assert read("40") == values[40:]
    assert read("-3") == values[-3:]
    assert read("end") == []
    assert kcat(bootstrap, "-C", "-t", topic, "-o", "10", "-c", "5").splitlines() == values[10:15]


def test_offsets_by_time(bootstrap, topic):
    began = RECENT
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 0})
    for i in range(50):
        producer.produce(topic, f"value-{i}", timestamp=began + 1000 * i)
    assert producer.flush(30) == 0

    def read(*offsets):
        args = [arg for offset in offsets for arg in ("-o", offset)]
        return kcat(bootstrap, "-C", "-t", topic, "-p", "0", *args, "-e").splitlines()

    assert read(f"s@{began + 20_000}") == numbered(50)[20:]
    assert read(f"s@{began + 19_001}") == numbered(50)[20:]
    assert read(f"s@{began + 10_000}", f"e@{began + 30_000}") == numbered(50)[10:30]
    assert kcat(bootstrap, "-Q", "-t", f"{topic}:0:{began + 7_000}").strip().endswith("offset 7")
    assert kcat(bootstrap, "-Q", "-t", f"{topic}:0:-1").strip().endswith("offset 50")
    assert kcat(bootstrap, "-Q", "-t", f"{topic}:0:-2").strip().endswith("offset 0")


def test_end_follows_what_comes(bootstrap, topic, following):
    kcat(bootstrap, "-P", "-t", topic, stdin="before\n")
    reader = following(bootstrap, "-C", "-t", topic, "-p", "0", "-o", "end", "-c", "1")
    # kcat does not say when it has found the end: write until it has read one.
    deadline = time.monotonic() + LIMIT_S
    while reader.poll() is None and time.monotonic() < deadline:
        kcat(bootstrap, "-P", "-t", topic, stdin="after\n")
    assert reader.communicate(timeout=LIMIT_S)[0] == "after\n"


def test_metadata_lists_brokers_topics_and_partitions(bootstrap, topic_name):
    first, second = create_topic(bootstrap, topic_name + "-a", 3), create_topic(
        bootstrap, topic_name + "-b", 1
    )
    whole = json.loads(kcat(bootstrap, "-L", "-J"))
    assert [broker["name"] for broker in whole["brokers"]] == [bootstrap]
    assert whole["controllerid"] == whole["brokers"][0]["id"]
    partitions = {t["topic"]: len(t["partitions"]) for t in whole["topics"]}
    assert partitions[first] == 3 and partitions[second] == 1
    one = json.loads(kcat(bootstrap, "-L", "-J", "-t", first))
    assert [t["topic"] for t in one["topics"]] == [first]
    for partition in one["topics"][0]["partitions"]:
        assert partition["leader"] == whole["brokers"][0]["id"]
        assert len(partition["replicas"]) == len(partition["isrs"]) == 1
    assert f'topic "{first}" with 3 partitions' in kcat(bootstrap, "-L", "-t", first)


def test_headers_keys_and_nulls(bootstrap, topic):
    kcat(
        bootstrap,
        "-P",
        "-t",
        topic,
        "-k",
        "the-key",
        "-H",
        "a=1",
        "-H",
        "b=two words",
        "-H",
        "a=again",
        stdin="with headers\n",
    )
    kcat(bootstrap, "-P", "-t", topic, "-Z", "-K", ":", stdin="gone:\n")
    rows = [
        json.loads(line)
        for line in kcat(bootstrap, "-C", "-t", topic, "-o", "beginning", "-e", "-J").splitlines()
    ]
    assert rows[0]["headers"] == ["a", "1", "b", "two words", "a", "again"]
    assert (rows[0]["key"], rows[0]["payload"]) == ("the-key", "with headers")
    assert (rows[1]["key"], rows[1]["payload"]) == ("gone", None)
    assert [row["offset"] for row in rows] == [0, 1]
    assert all(row["tstype"] == "create" and row["ts"] > 1_600_000_000_000 for row in rows)


def test_partition_choice_and_end_of_every_partition(bootstrap, topic_name):
    topic = create_topic(bootstrap, topic_name, 4)
    for partition in range(4):
        kcat(bootstrap, "-P", "-t", topic, "-p", str(partition), stdin=f"to {partition}\n")
    for partition in range(4):
        assert (
            kcat(bootstrap, "-C", "-t", topic, "-p", str(partition), "-o", "beginning", "-e")
            == f"to {partition}\n"
        )
    out = kcat(bootstrap, "-C", "-t", topic, "-o", "beginning", "-e", "-f", "%p %s\n")
    assert sorted(out.splitlines()) == [f"{p} to {p}" for p in range(4)]
    # A key's records stay in one partition.
    kcat(
        bootstrap,
        "-P",
        "-t",
        topic,
        *NO_PARTITIONER,
        "-K",
        ":",
        stdin="".join(f"k{i % 8}:{i}\n" for i in range(400)),
    )
    home = {}
    for line in kcat(
        bootstrap, "-C", "-t", topic, "-o", "1", "-e", "-f", "%p %k %s\n"
    ).splitlines():
        partition, key, value = line.split()
        home.setdefault(key, []).append((partition, int(value)))
    assert len(home) == 8
    for places in home.values():
        assert len({partition for partition, _value in places}) == 1
        assert [value for _partition, value in places] == sorted(
            value for _partition, value in places
        )


def test_large_message_and_message_over_the_limit(bootstrap, topic):
    kcat(bootstrap, "-P", "-t", topic, stdin="y" * 900_000)
    assert len(kcat(bootstrap, "-C", "-t", topic, "-o", "0", "-e").strip()) == 900_000
    refused = subprocess.run(
        ["kcat", "-b", bootstrap, "-P", "-t", topic, "-X", "message.max.bytes=5000000"],
        input="z" * 2_000_000,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    assert "Message size too large" in refused.stderr or refused.returncode != 0, refused
    assert len(kcat(bootstrap, "-C", "-t", topic, "-o", "0", "-e").strip()) == 900_000


def test_group_members_share_the_partitions_and_hand_over(bootstrap, topic_name, following):
    topic = create_topic(bootstrap, topic_name, 4)
    kcat(bootstrap, "-P", "-t", topic, stdin="\n".join(numbered(400)))
    options = (
        "-X",
        "auto.offset.reset=earliest",
        "-X",
        "session.timeout.ms=6000",
        "-X",
        "heartbeat.interval.ms=100",
        "-X",
        "fetch.wait.max.ms=50",
        "-f",
        "%p %s\n",
    )
    # -e: all of it, and the offsets are committed on the way out.
    out = kcat(
        bootstrap, "-G", f"{topic}-g", *options, "-X", "enable.partition.eof=true", "-e", topic
    )
    assert sorted(line.split()[1] for line in out.splitlines()) == sorted(numbered(400))
    members = [
        following(bootstrap, "-G", f"{topic}-g", *options, "-c", "20", topic) for _ in range(2)
    ]
    # Each one ends after 20 of its own; what one left unread when it went, the other reads.
    sent = 0
    deadline = time.monotonic() + LIMIT_S
    while any(member.poll() is None for member in members) and time.monotonic() < deadline:
        kcat(bootstrap, "-P", "-t", topic, "-p", str(sent % 4), stdin=f"later-{sent}\n")
        sent += 1
    read = [
        line.split()[1]
        for member in members
        for line in member.communicate(timeout=LIMIT_S)[0].splitlines()
    ]
    assert len(read) == 40
    assert all(value.startswith("later-") for value in read), "the group began again from the start"


def test_idempotent_and_transactional_input(bootstrap, topic):
    kcat(
        bootstrap,
        "-P",
        "-t",
        topic,
        "-X",
        "enable.idempotence=true",
        stdin="\n".join(numbered(500)),
    )
    kcat(
        bootstrap,
        "-P",
        "-t",
        topic,
        "-X",
        f"transactional.id={topic}-tx",
        stdin="\n".join(numbered(500, "tx")),
    )
    out = kcat(
        bootstrap,
        "-C",
        "-t",
        topic,
        "-o",
        "beginning",
        "-e",
        "-X",
        "isolation.level=read_committed",
    )
    assert out.splitlines() == numbered(500) + numbered(500, "tx")
    assert [m.value().decode() for m in read_to_end(bootstrap, topic)] == out.splitlines()


def test_unknown_topic_is_made_when_written_to(server, topic_name):
    kcat(server.kafka, "-P", "-t", topic_name, stdin="first\n")
    assert kcat(server.kafka, "-C", "-t", topic_name, "-o", "beginning", "-e") == "first\n"


def test_auto_creation_can_be_off(start_server, topic_name):
    server = start_server("--kafka-auto-create-topics=false")
    done = subprocess.run(
        ["kcat", "-b", server.kafka, "-C", "-t", topic_name, "-e", "-m", "5"],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    assert done.returncode != 0 and "Unknown topic" in done.stderr, done.stderr
    eventually(lambda: json.loads(kcat(server.kafka, "-L", "-J"))["topics"] == [], "no topic")
