"""Java's kafka-clients: Kafka's own tools, the calls of tests/java/ClientMatrix.java, and a
transactional copy job."""

import json
import signal
import subprocess
import threading

import pytest
from confluent_kafka import Consumer, TopicPartition

from dataflow_server import ROOT
from eventually import eventually
from kafka_topics import create_topic, produce_all, read_to_end
from raw_kafka import CODECS, stored_codecs

LIMIT_S = 100
SOURCES = ROOT / "tests" / "java"
# Quick to start rather than quick in the end.
JAVA = [
    "java",
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-Xmx256m",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
]


@pytest.fixture(scope="session")
def class_path(java_class_path):
    """The libraries and our own programs, compiled when a source is younger than its class."""
    classes = ROOT / "build" / "java" / "classes"
    sources = sorted(SOURCES.glob("*.java"))

    def stale(source):
        made = classes / source.with_suffix(".class").name
        return not made.exists() or made.stat().st_mtime < source.stat().st_mtime

    if any(map(stale, sources)):
        classes.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [
                "javac",
                "-Xlint:all",
                "-Xlint:-classfile",
                "-Xlint:-path",
                "-d",
                str(classes),
                "-cp",
                java_class_path,
                *map(str, sources),
            ],
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
        assert done.returncode == 0, done.stderr
    return f"{classes}:{java_class_path}"


class JavaProcess:
    """A program that runs on its own; its lines of output as they come."""

    def __init__(self, class_path, *command):
        self.lines = []
        self.process = subprocess.Popen(
            [*JAVA, "-cp", class_path, *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def kill9(self):
        self.process.kill()
        self.process.wait()
        self.thread.join()

    def finish(self):
        """It must end with 0. If it does not end, it says first where each thread is."""
        try:
            code = self.process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGQUIT)
            eventually(lambda: "JNI global refs" in "".join(self.lines), "the threads")
            said = "\n".join(self.lines)
            raise AssertionError(f"it did not end in {LIMIT_S} s:\n{said}") from None
        self.thread.join(LIMIT_S)
        assert code == 0, f"it ended with {code}:\n" + "\n".join(self.lines[-40:])

    def events(self, name):
        """The JSON lines of Kafka's verifiable tools."""
        return [
            event
            for event in (json.loads(line) for line in list(self.lines) if line.startswith("{"))
            if event["name"] == name
        ]


@pytest.fixture
def start_java(class_path):
    started = []

    def start(*command):
        process = JavaProcess(class_path, *command)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill9()


@pytest.fixture
def run_java(start_java):
    """run_java(main class, *arguments) → the lines that it printed; it must end with 0."""

    def run(*command):
        process = start_java(*command)
        process.finish()
        return process.lines

    return run


def end_offset(bootstrap, topic, partitions):
    """Where all partitions end together, transactions' markers and all."""
    reader = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": "ends", "isolation.level": "read_uncommitted"}
    )
    try:
        return sum(
            reader.get_watermark_offsets(TopicPartition(topic, p), 10)[1] for p in range(partitions)
        )
    finally:
        reader.close()


def test_every_call_of_the_matrix(bootstrap, run_java):
    lines = run_java("ClientMatrix", bootstrap)
    assert sum(line.startswith("ok ") for line in lines) == 21, "\n".join(lines)


def test_performance_tools_with_every_codec(bootstrap, topic_name, run_java):
    topics = {codec: create_topic(bootstrap, f"{topic_name}-{codec}", 2) for codec in CODECS}
    count = 20_000
    tools = []
    for codec, topic in topics.items():
        tools += [
            "ProducerPerformance",
            "--bootstrap-server",
            bootstrap,
            "--topic",
            topic,
            "--num-records",
            str(count),
            "--record-size",
            "100",
            "--throughput",
            "-1",
            "--command-property",
            "acks=all",
            f"compression.type={codec}",
            "--",
        ]
        tools += [
            "ConsumerPerformance",
            "--bootstrap-server",
            bootstrap,
            "--topic",
            topic,
            "--num-records",
            str(count),
            "--timeout",
            "30000",
            "--hide-header",
            "--",
        ]
    tools += [
        "ProducerPerformance",
        "--bootstrap-server",
        bootstrap,
        "--topic",
        topics["none"],
        "--num-records",
        "3000",
        "--record-size",
        "100",
        "--throughput",
        "3000",
        "--transactional-id",
        topic_name,
        "--transaction-duration-ms",
        "100",
    ]
    said = "\n".join(run_java("ToolRun", *tools))
    parts = [part.splitlines() for part in said.split("== ")[1:]]
    for name, *lines in parts:
        if name == "ProducerPerformance":
            assert any(
                line.startswith((f"{count} records sent", "3000 records sent")) for line in lines
            ), lines
        else:
            # start.time, end.time, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, …
            assert int(lines[-1].split(", ")[4]) == count, lines
    assert len(parts) == 2 * len(CODECS) + 1
    for codec, topic in topics.items():
        assert codec in stored_codecs(bootstrap, topic, 2)
    assert len(read_to_end(bootstrap, topics["none"], 2)) == count + 3000


def test_verifiable_tools_through_crashes_of_the_server(server, topic_name, start_java, tmp_path):
    topic = create_topic(server.kafka, topic_name, 3)
    settings = tmp_path / "clients.properties"
    settings.write_text(
        "reconnect.backoff.max.ms=100\nretries=2147483647\ndelivery.timeout.ms=60000\n"
    )
    count = 12_000
    producer = start_java(
        "org.apache.kafka.tools.VerifiableProducer",
        "--bootstrap-server",
        server.kafka,
        "--topic",
        topic,
        "--max-messages",
        str(count),
        "--throughput",
        "4000",
        "--acks",
        "-1",
        "--command-config",
        str(settings),
    )
    consumer = start_java(
        "org.apache.kafka.tools.VerifiableConsumer",
        "--bootstrap-server",
        server.kafka,
        "--topic",
        topic,
        "--group-id",
        topic + "-g",
        "--session-timeout",
        "20000",
        "--reset-policy",
        "earliest",
        "--verbose",
        "--command-config",
        str(settings),
    )
    for share in (0.2, 0.5):
        eventually(
            lambda: len(producer.events("producer_send_success")) > share * count,
            "some are acknowledged",
            LIMIT_S,
            0.1,
        )
        server.restart(kill=True)
    producer.finish()
    acknowledged = {event["value"] for event in producer.events("producer_send_success")}
    assert len(acknowledged) >= count - len(producer.events("producer_send_error"))
    stored = [m.value().decode() for m in read_to_end(server.kafka, topic, 3)]
    assert acknowledged <= set(
        stored
    ), f"{len(acknowledged - set(stored))} acknowledged records are missing"
    assert len(stored) == len(set(stored)), "no duplicates"

    def consumed():
        return {event["value"] for event in consumer.events("record_data")}

    eventually(
        lambda: acknowledged <= consumed(),
        lambda: f"all are read, {len(consumed())} of {count}",
        LIMIT_S,
        0.2,
    )


def test_transactional_copy_that_is_killed_and_restarted(server, topic_name, start_java):
    partitions, count = 3, 6000
    source = create_topic(server.kafka, topic_name + "-in", partitions)
    sink = create_topic(server.kafka, topic_name + "-out", partitions)
    values = {p: [f"{p}:{i}" for i in range(count)] for p in range(partitions)}
    for p in range(partitions):
        produce_all(server.kafka, source, values[p], p)

    def start():
        return start_java("TransactionalCopy", server.kafka, source, sink, topic_name)

    def copied(more_than):
        eventually(
            lambda: end_offset(server.kafka, sink, partitions) > more_than,
            "some are copied",
            LIMIT_S,
            0.05,
        )

    job = start()
    copied(count // 4)
    job.kill9()
    left = end_offset(server.kafka, sink, partitions)
    job = start()
    copied(left + count // 4)
    server.restart(kill=True)
    job.finish()
    messages = read_to_end(server.kafka, sink, partitions)
    for p in range(partitions):
        assert [m.value().decode() for m in messages if m.partition() == p] == values[p]
    everything = read_to_end(server.kafka, sink, partitions, "read_uncommitted")
    assert len(everything) > partitions * count, "some transactions were aborted"
