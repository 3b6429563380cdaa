"""The server as a process: starting, refusing to start, stopping, crashing, and what it tells."""

import json
import os
import re
import resource
import signal
import socket
import subprocess
import urllib.error
import urllib.request

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from dataflow_server import LISTENERS, binary
from eventually import eventually
from kafka_topics import create_topic, produce_all, read_to_end
from raw_kafka import CODECS, RawClient, batch

LIMIT_S = 60
EXIT_FAILED, EXIT_USAGE = 1, 2


def refused(*args, env=None):
    """(exit code, what it said) of a server that must not start."""
    command = [binary(), "server", *args]
    for name in LISTENERS:
        if f"--{name}-listen" not in args:
            command += [f"--{name}-listen", "127.0.0.1:0"]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **(env or {})},
    )
    assert done.returncode != 0, "it started and stopped"
    return done.returncode, done.stdout + done.stderr


def get(address, path):
    """(status, body, content type) of a page."""
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=LIMIT_S) as answer:
            return answer.status, answer.read().decode(), answer.headers.get_content_type()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers.get_content_type()


def topic_folder(server, topic):
    """Where the log keeps it: by the topic's id."""
    topics = json.loads(get(server.http, "/status")[1])["topics"]
    (found,) = [t for t in topics if t["name"] == topic]
    return server.data_dir / "log" / "topics" / found["id"]


def segments(folder):
    return [path for path in folder.rglob("*.log") if path.stat().st_size > 0]


def values(server, topic, partitions=1, **more):
    return [m.value().decode() for m in read_to_end(server.kafka, topic, partitions, **more)]


# Starting


def test_ready_file_names_listeners_that_accept(server):
    said = json.loads((server.folder / "ready.json").read_text())
    assert set(said) == {"kafka", "http", "metrics", "postgres", "pid"}
    assert said["pid"] == server.pid
    for name in ("kafka", "http", "metrics", "postgres"):
        host, port = said[name].rsplit(":", 1)
        assert host == "127.0.0.1" and int(port) > 0
        socket.create_connection((host, int(port)), timeout=LIMIT_S).close()


def test_busy_port_is_named(server, tmp_path):
    port = server.kafka.rsplit(":", 1)[1]
    code, said = refused("--data-dir", str(tmp_path / "other"), "--kafka-listen", server.kafka)
    assert code == EXIT_FAILED and port in said and "listens there already" in said, said
    http = server.http.rsplit(":", 1)[1]
    code, said = refused("--data-dir", str(tmp_path / "third"), "--http-listen", server.http)
    assert code == EXIT_FAILED and http in said and "listens there already" in said, said


def test_second_server_on_a_data_directory_is_told_who_holds_it(server):
    code, said = refused("--data-dir", str(server.data_dir))
    assert code == EXIT_FAILED and str(server.pid) in said and str(server.data_dir) in said, said
    assert server.running()


def test_lock_of_a_killed_server_is_no_hindrance(server):
    server.restart(kill=True)
    server.restart(kill=True)


def test_data_of_a_newer_format_is_refused_by_name(start_server):
    server = start_server()
    server.stop()
    (server.data_dir / "format").write_text("dataflow 9999\n")
    code, said = refused("--data-dir", str(server.data_dir))
    assert code == EXIT_FAILED and "9999" in said and "newer" in said, said


def test_folder_of_somebody_else_is_refused(tmp_path):
    (tmp_path / "format").write_text("something else\n")
    code, said = refused("--data-dir", str(tmp_path))
    assert code == EXIT_FAILED and "format" in said, said


def test_unknown_key_is_refused_with_file_line_and_nearest(tmp_path):
    config = tmp_path / "dataflow.yaml"
    config.write_text("kafka:\n  node_id: 4\n  auto_create_topic: false\n")
    code, said = refused("--config", str(config), "--data-dir", str(tmp_path / "data"))
    assert code == EXIT_USAGE
    assert (
        f"{config}:3" in said and "auto_create_topic" in said and "kafka.auto_create_topics" in said
    ), said


@pytest.mark.parametrize(
    "text, word",
    [
        ("kafka: [1, 2]\n", "kafka"),
        ("log:\n  segment_bytes: a few\n", "a few"),
        ("log:\n  segment_bytes: 12\n", "1KiB"),
        ("kafka:\n  node_id: 1\n  node_id: 2\n", "node_id"),
        ("kafka:\n\tnode_id: 1\n", ":2"),
        ("logging:\n  level: loud\n", "info"),
    ],
    ids=["a list", "no number", "too small", "twice", "a tab", "no such choice"],
)
def test_bad_configuration_is_refused_with_its_place(tmp_path, text, word):
    config = tmp_path / "dataflow.yaml"
    config.write_text(text)
    code, said = refused("--config", str(config), "--data-dir", str(tmp_path / "data"))
    assert code == EXIT_USAGE and str(config) in said and word in said, said
    assert not (tmp_path / "data").exists()


def test_unknown_flag_and_variable_are_refused(tmp_path):
    code, said = refused("--data-dirr", str(tmp_path))
    assert code == EXIT_USAGE and "--data-dirr" in said and "--data-dir" in said, said
    code, said = refused("--data-dir", str(tmp_path), env={"DATAFLOW_KAFKA_NODE_IDD": "3"})
    assert code == EXIT_USAGE and "DATAFLOW_KAFKA_NODE_ID" in said, said


def test_missing_configuration_file_is_named(tmp_path):
    code, said = refused("--config", str(tmp_path / "none.yaml"))
    assert code == EXIT_USAGE and "none.yaml" in said, said


@pytest.mark.parametrize("flag", ["--kafka-listen", "--http-listen", "--metrics-listen", "--postgres-listen"])
@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "[::]"])
def test_address_that_others_can_reach_is_refused(tmp_path, flag, host):
    code, said = refused("--data-dir", str(tmp_path / "data"), flag, f"{host}:0")
    assert code == EXIT_USAGE and "loopback" in said, said


def test_the_library_of_the_catalog_may_be_named_in_the_environment(start_server):
    """It is no setting, and is looked for when the catalog is asked for the first time."""
    assert start_server(env={"DATAFLOW_DUCKDB": "/nowhere/libduckdb.so"}).addresses.postgres


def test_flag_wins_over_environment_over_file(start_server, tmp_path):
    config = tmp_path / "dataflow.yaml"
    config.write_text("kafka:\n  node_id: 11\n  default_partitions: 3\nlog:\n  retention: 1h\n")
    server = start_server(
        "--config",
        str(config),
        "--kafka-node-id",
        "33",
        env={"DATAFLOW_KAFKA_NODE_ID": "22", "DATAFLOW_KAFKA_DEFAULT_PARTITIONS": "5"},
    )
    admin = AdminClient({"bootstrap.servers": server.kafka})
    assert [broker.id for broker in admin.list_topics(timeout=LIMIT_S).brokers.values()] == [33]
    producer = Producer({"bootstrap.servers": server.kafka})
    producer.produce("made-by-itself", "v")
    assert producer.flush(LIMIT_S) == 0
    assert (
        len(admin.list_topics("made-by-itself", LIMIT_S).topics["made-by-itself"].partitions) == 5
    )
    resource_asked = ConfigResource(ResourceType.TOPIC, "made-by-itself")
    settings = admin.describe_configs([resource_asked])[resource_asked].result(LIMIT_S)
    assert settings["retention.ms"].value == "3600000"


def test_clients_are_told_the_address_that_they_used_or_the_configured_one(start_server):
    server = start_server(name="plain")
    port = server.kafka.rsplit(":", 1)[1]
    brokers = (
        AdminClient({"bootstrap.servers": f"localhost:{port}", "broker.address.family": "v4"})
        .list_topics(timeout=LIMIT_S)
        .brokers
    )
    assert [f"{b.host}:{b.port}" for b in brokers.values()] == [server.kafka]
    other = start_server("--kafka-advertised", "broker.example:9999", name="advertised")
    brokers = AdminClient({"bootstrap.servers": other.kafka}).list_topics(timeout=LIMIT_S).brokers
    assert [f"{b.host}:{b.port}" for b in brokers.values()] == ["broker.example:9999"]


def test_help_names_every_option():
    done = subprocess.run(
        [binary(), "server", "--help"], capture_output=True, text=True, timeout=LIMIT_S
    )
    assert done.returncode == 0
    for flag in (
        "--data-dir",
        "--kafka-listen",
        "--http-listen",
        "--metrics-listen",
        "--postgres-listen",
        "--ready-file",
        "--config",
    ):
        assert flag in done.stdout


# Stopping and crashing


def fill(server, topic):
    """Something of everything that a server keeps; returns a check that it is all there."""
    create_topic(server.kafka, topic, 2, retention_ms=123456789, segment_bytes=20_000)
    for codec in CODECS:
        for partition in range(2):
            produce_all(
                server.kafka,
                topic,
                [f"{codec}-{i}" for i in range(300)],
                partition,
                compression_type=codec,
            )
    producer = Producer({"bootstrap.servers": server.kafka, "transactional.id": topic + "-tx"})
    producer.init_transactions(LIMIT_S)
    for end in (
        producer.commit_transaction,
        producer.abort_transaction,
        producer.commit_transaction,
    ):
        producer.begin_transaction()
        producer.produce(topic, "in a transaction", partition=0)
        assert producer.flush(LIMIT_S) == 0
        end(LIMIT_S)
    consumer = Consumer({"bootstrap.servers": server.kafka, "group.id": topic + "-g"})
    consumer.commit(
        offsets=[TopicPartition(topic, 0, 77, metadata="here"), TopicPartition(topic, 1, 5)],
        asynchronous=False,
    )
    consumer.close()
    admin = AdminClient({"bootstrap.servers": server.kafka})
    cluster = admin.describe_cluster().result(LIMIT_S).cluster_id
    change = ConfigResource(
        ResourceType.TOPIC,
        topic,
        incremental_configs=[
            ConfigEntry("max.message.bytes", "777777", incremental_operation=AlterConfigOpType.SET)
        ],
    )
    admin.incremental_alter_configs([change])[change].result(LIMIT_S)
    create_topic(server.kafka, topic + "-deleted")
    admin.delete_topics([topic + "-deleted"])[topic + "-deleted"].result(LIMIT_S)
    topic_id = json.loads(get(server.http, "/status")[1])["topics"]

    def check():
        messages = read_to_end(server.kafka, topic, 2)
        for partition in range(2):
            expected = [f"{codec}-{i}" for codec in CODECS for i in range(300)]
            expected += ["in a transaction"] * (2 if partition == 0 else 0)
            assert [m.value().decode() for m in messages if m.partition() == partition] == expected
        assert len(read_to_end(server.kafka, topic, 2, "read_uncommitted")) == len(messages) + 1
        again = Consumer({"bootstrap.servers": server.kafka, "group.id": topic + "-g"})
        places = again.committed([TopicPartition(topic, p) for p in range(2)], LIMIT_S)
        again.close()
        assert [(p.offset, p.metadata or "") for p in places] == [(77, "here"), (5, "")]
        admin = AdminClient({"bootstrap.servers": server.kafka})
        assert admin.describe_cluster().result(LIMIT_S).cluster_id == cluster
        assert topic + "-deleted" not in admin.list_topics(timeout=LIMIT_S).topics
        asked = ConfigResource(ResourceType.TOPIC, topic)
        settings = admin.describe_configs([asked])[asked].result(LIMIT_S)
        assert (settings["retention.ms"].value, settings["max.message.bytes"].value) == (
            "123456789",
            "777777",
        )
        assert [t["id"] for t in json.loads(get(server.http, "/status")[1])["topics"]] == [
            t["id"] for t in topic_id
        ]

    return check


def test_clean_stop_ends_with_0_and_keeps_everything(server, topic_name):
    check = fill(server, topic_name)
    check()
    server.stop()
    assert not (server.folder / "ready.json").exists(), "nobody is ready any more"
    server.start()
    check()
    server.restart()
    check()


def test_kill_keeps_everything_acknowledged(server, topic_name):
    check = fill(server, topic_name)
    for _ in range(3):
        server.restart(kill=True)
        check()
    produce_all(server.kafka, topic_name, ["more"], 1)
    assert values(server, topic_name, 2)[-1] in ("more", "in a transaction")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stop_signals_with_clients_connected(start_server, number, topic_name):
    server = start_server()
    create_topic(server.kafka, topic_name)
    consumer = Consumer(
        {"bootstrap.servers": server.kafka, "group.id": "g", "fetch.wait.max.ms": 60_000}
    )
    consumer.subscribe([topic_name])
    eventually(
        lambda: consumer.poll(0.1) is None and consumer.assignment(), "an assignment", LIMIT_S, 0
    )
    with RawClient(server.kafka) as idle:
        server.signal(number)
        assert server.process.wait(LIMIT_S) == 0, server.log()
        assert idle.closed_by_server()
    assert "stopped" in server.log()
    consumer.close()


def test_idempotent_producer_goes_on_over_a_crash(server, topic_name):
    create_topic(server.kafka, topic_name)
    failed = []
    producer = Producer(
        {
            "bootstrap.servers": server.kafka,
            "enable.idempotence": True,
            "linger.ms": 1,
            "reconnect.backoff.max.ms": 100,
            "retry.backoff.max.ms": 100,
        }
    )
    for i in range(3000):
        producer.produce(
            topic_name,
            f"v{i}",
            on_delivery=lambda error, _message: failed.append(error) if error else None,
        )
        producer.poll(0)
        if i % 1000 == 500:
            server.restart(kill=True)
    assert producer.flush(LIMIT_S) == 0 and not failed
    assert values(server, topic_name) == [f"v{i}" for i in range(3000)]


def test_repeated_batch_is_recognised_after_a_crash(server, topic_name):
    """The producer's last batches are remembered by what is on disk, not by the process."""
    create_topic(server.kafka, topic_name)
    first = batch([b"a", b"b"], producer=(1000, 0, 0))
    second = batch([b"c"], producer=(1000, 0, 2))
    with RawClient(server.kafka) as client:
        assert client.produce(topic_name, first) == (0, 0)
        assert client.produce(topic_name, second) == (0, 2)
        assert client.produce(topic_name, first)[0] == 0
    for kill in (True, False):
        server.restart(kill=kill)
        with RawClient(server.kafka) as client:
            assert client.produce(topic_name, first) == (0, 0)
            assert client.produce(topic_name, second) == (0, 2)
            out_of_order = batch([b"z"], producer=(1000, 0, 9))
            assert client.produce(topic_name, out_of_order)[0] == 45
    assert values(server, topic_name) == ["a", "b", "c"]


def test_torn_end_of_a_segment_is_cut_and_kept_aside(server, topic_name):
    create_topic(server.kafka, topic_name)
    produce_all(server.kafka, topic_name, ["a", "b"])
    folder = topic_folder(server, topic_name)
    server.kill9()
    (segment,) = segments(folder)
    with open(segment, "ab") as file:
        file.write(batch([b"torn" * 100], base_offset=2)[:200])
    server.start()
    assert values(server, topic_name) == ["a", "b"]
    assert "cut" in server.log(), "the cut is told"
    produce_all(server.kafka, topic_name, ["c"])
    assert values(server, topic_name) == ["a", "b", "c"]


def test_bit_flip_in_acknowledged_data_is_reported_and_not_served(server, topic_name):
    create_topic(server.kafka, topic_name)
    create_topic(server.kafka, topic_name + "-well")
    for topic in (topic_name, topic_name + "-well"):
        produce_all(server.kafka, topic, ["a" * 100])
    folder = topic_folder(server, topic_name)
    server.kill9()
    (segment,) = segments(folder)
    content = bytearray(segment.read_bytes())
    content[content.index(b"a" * 50) + 20] ^= 4
    segment.write_bytes(content)
    server.start()
    status, body, _type = get(server.http, "/health")
    said = json.loads(body)
    assert status == 503 and said["status"] == "degraded"
    assert [(p["topic"], p["partition"]) for p in said["partitions"]] == [(topic_name, 0)]
    with RawClient(server.kafka) as client:
        assert client.produce(topic_name, batch([b"x"]))[0] != 0
        error, _high, raw = client.fetch(topic_name)
        assert error != 0 or raw == b"", "damaged data are not served"
    assert values(server, topic_name + "-well") == ["a" * 100]
    produce_all(server.kafka, topic_name + "-well", ["b"])


# What it tells


def test_health_and_status(server, topic_name):
    create_topic(server.kafka, topic_name, 3)
    produce_all(server.kafka, topic_name, ["v"] * 10)
    status, body, kind = get(server.http, "/health")
    assert (status, kind) == (200, "application/json") and json.loads(body)["status"] == "healthy"
    status, body, kind = get(server.http, "/status")
    said = json.loads(body)
    assert (status, kind) == (200, "application/json")
    assert (
        said["kafka"] == server.kafka
        and said["http"] == server.http
        and said["metrics"] == server.metrics
    )
    (topic,) = [t for t in said["topics"] if t["name"] == topic_name]
    assert topic["partitions"] == 3 and topic["bytes"] > 0
    status, body, kind = get(server.http, "/no-such-page")
    assert (status, kind) == (404, "application/problem+json") and json.loads(body)["status"] == 404


def metrics(server):
    """{name with labels: value}; the text must be well formed."""
    status, body, kind = get(server.metrics, "/metrics")
    assert (status, kind) == (200, "text/plain")
    line = re.compile(r'^([a-zA-Z_:][\w:]*(?:\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\.)*",?)*\})?) (\S+)$')
    found, described = {}, set()
    for text in body.splitlines():
        if text.startswith("# TYPE "):
            described.add(text.split()[2])
        elif text and not text.startswith("#"):
            name, value = line.match(text).groups()
            assert name not in found, f"{name} twice"
            found[name] = float(value)
    for name in found:
        family = re.sub(r"(_bucket|_sum|_count)$", "", name.split("{")[0])
        assert family in described or name.split("{")[0] in described, name
    return found


def test_metrics_count_what_happens(server, topic_name):
    create_topic(server.kafka, topic_name)
    before = metrics(server).get("dataflow_events_published_total", 0)
    produce_all(server.kafka, topic_name, ["v"] * 50)
    consumer = Consumer({"bootstrap.servers": server.kafka, "group.id": "the-group"})
    consumer.commit(offsets=[TopicPartition(topic_name, 0, 20)], asynchronous=False)
    consumer.close()
    found = metrics(server)
    assert found["dataflow_events_published_total"] - before == 50
    assert found["dataflow_publish_latency_seconds_count"] >= 1
    assert "dataflow_error_rate" in found

    def of(name, **labels):
        hits = [
            value
            for key, value in found.items()
            if key.startswith(name + "{") and all(f'{k}="{v}"' in key for k, v in labels.items())
        ]
        assert len(hits) == 1, (name, labels, hits)
        return hits[0]

    assert of("dataflow_consumer_lag", group="the-group", topic=topic_name, partition="0") == 30
    assert (
        of("dataflow_consumer_lag_seconds", group="the-group", topic=topic_name, partition="0") >= 0
    )
    assert found["dataflow_log_sync_seconds_count"] >= 1
    assert found["dataflow_log_partitions"] >= 1
    assert any(
        key.startswith("dataflow_kafka_request_seconds_count{") and "roduce" in key and value >= 1
        for key, value in found.items()
    )


def test_refusals_count_as_errors(server, topic_name):
    create_topic(server.kafka, topic_name)
    with RawClient(server.kafka) as client:
        assert client.produce(topic_name, batch([b"x"], crc=1))[0] == 2
    assert [
        value
        for key, value in metrics(server).items()
        if key.startswith("dataflow_kafka_errors_total{") and "CORRUPT_MESSAGE" in key
    ] == [1]


def test_idle_connections_cost_little(server, topic_name):
    count = 2000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count + 500:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count + 500), hard))
    create_topic(server.kafka, topic_name)

    def anonymous_memory():
        with open(f"/proc/{server.pid}/status") as status:
            return int(re.search(r"RssAnon:\s+(\d+) kB", status.read())[1]) * 1024

    with RawClient(server.kafka) as first:
        assert first.api_versions()
    before = anonymous_memory()
    clients = []
    for _ in range(count):
        client = RawClient(server.kafka)
        assert client.api_versions(), "each one has spoken"
        clients.append(client)
    grown = anonymous_memory() - before
    assert grown / count < 8192, f"{grown / count:.0f} bytes for a connection"
    produce_all(server.kafka, topic_name, ["v"] * 10)
    assert values(server, topic_name) == ["v"] * 10
    assert all(client.api_versions() for client in clients[::100])
    for client in clients:
        client.socket.close()


def test_deleted_topics_leave_nothing_on_disk(server, topic_name):
    create_topic(server.kafka, topic_name, 3)
    produce_all(server.kafka, topic_name, ["x" * 1000] * 100)
    folder = topic_folder(server, topic_name)
    assert segments(folder)
    admin = AdminClient({"bootstrap.servers": server.kafka})
    admin.delete_topics([topic_name])[topic_name].result(LIMIT_S)
    eventually(lambda: not folder.exists(), "its files are gone")


def test_retention_drops_old_segments_while_the_server_runs(start_server, topic_name):
    server = start_server("--log-housekeeping-interval", "50ms")
    create_topic(server.kafka, topic_name, 1, segment_bytes=10_000, retention_bytes=30_000)
    produce_all(
        server.kafka,
        topic_name,
        [f"{i:05d}" + "x" * 995 for i in range(200)],
        linger_ms=0,
        batch_num_messages=5,
    )

    def start():
        with RawClient(server.kafka) as client:
            error, _high, _raw = client.fetch(topic_name, 0, 0)
        return error == 1

    eventually(start, "offset 0 is out of range")
    left = [int(v[:5]) for v in values(server, topic_name)]
    assert left == list(range(left[0], 200)) and 20 <= len(left) < 200
    server.restart(kill=True)
    assert [int(v[:5]) for v in values(server, topic_name)][-1] == 199
