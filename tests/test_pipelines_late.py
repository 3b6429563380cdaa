"""What late rows change in the results of windows: in topics, on the console, and where that is refused."""

import json

import pytest

from eventually import eventually
from kafka_topics import read_to_end
from test_cli import VALIDATION, Cli

COUNTS = """
name: counts
sources:
  events: {connector: log, topic: events, format: json, start: earliest,
           schema: {k: STRING, ts: TIMESTAMP(3)}, watermark: {column: ts}}
steps:
  counts: {from: events, window: {tumbling: 10s, allowed_lateness: 1h}, group_by: [k], aggregate: {n: COUNT(*)}}
  ones: {from: counts, filter: n < 2}
  moved: {from: counts, select: {n: n, k: k}}
sinks:
  all: {from: counts, connector: log, topic: all, create: true, key: [k, window_start]}
  single: {from: ones, connector: log, topic: single, create: true, key: [k, window_start]}
  by_count: {from: moved, connector: log, topic: by_count, create: true, key: [n, k]}
"""
# What late rows change goes to {sink}.
INTO = """
name: late
sources:
  events: {{connector: log, topic: events, schema: {{k: STRING, ts: TIMESTAMP(3)}}, watermark: {{column: ts}}}}
steps:
  counts: {{from: events, window: {{session: 10s, allowed_lateness: 5s}}, group_by: [k], aggregate: {{n: COUNT(*)}}}}
  some: {{from: counts, filter: n > 1}}
sinks:
  out: {{from: some, {sink}}}
"""
PRINTED = """
app_name: "My Stream Processor"
debug: false

processing:
  parallelism: 4
  queue_size: 10000
  checkpoint_interval: 30.0

windowing:
  windows:
    - type: "tumbling"
      size_ms: 60000  # 1 minute
      allowed_lateness_ms: 5000
    - type: "session"
      gap_ms: 30000         # Inactivity gap: 30 seconds
      allowed_lateness_ms: 15000
"""


@pytest.fixture
def cli(dataflow_cli, server, tmp_path):
    tool = Cli(dataflow_cli, tmp_path / "home", server)
    tool("stream", "create", "events")
    tool.server = server
    return tool


def table(server, topic):
    """What a compacted topic keeps: the count of each key that is there."""
    rows = {}
    for message in read_to_end(server.kafka, topic):
        value = message.value()
        rows[message.key()] = None if value is None else json.loads(value)
    return sorted((row["k"], row["n"]) for row in rows.values() if row is not None)


def publish(cli, *rows):
    for key, second in rows:
        cli("publish", "events", json.dumps({"k": key, "ts": second * 1000}))


def test_a_keyed_topic_behind_a_filter_keeps_no_row_that_is_no_more(cli, tmp_path):
    path = tmp_path / "counts.yaml"
    path.write_text(COUNTS)
    cli("pipeline", "deploy", path)
    publish(cli, ("a", 1), ("b", 2), ("d", 3), ("z", 30))
    eventually(lambda: table(cli.server, "single") == [("a", 1), ("b", 1), ("d", 1)], "the first results")
    publish(cli, ("a", 4))
    eventually(lambda: table(cli.server, "single") == [("b", 1), ("d", 1)], "a row is not single any more")
    cli.server.kill9()
    cli.server.start(same_ports=True)
    publish(cli, ("b", 5), ("c", 6), ("b", 7))
    expected = [("a", 2), ("b", 3), ("c", 1), ("d", 1)]
    eventually(lambda: table(cli.server, "all") == expected, "all changes")
    eventually(lambda: table(cli.server, "single") == [("c", 1), ("d", 1)], "what the filter lets pass")
    eventually(lambda: table(cli.server, "by_count") == expected, "rows that changed their key")
    # What takes a row's place under its own key needs no deletion before it.
    assert all(message.value() is not None for message in read_to_end(cli.server.kafka, "all"))


@pytest.mark.parametrize("sink", [
    "connector: log, topic: out, create: true",
    "connector: file, path: /tmp/never-made, format: json",
])
def test_a_sink_that_appends_is_refused(cli, tmp_path, sink):
    path = tmp_path / "p.yaml"
    path.write_text(INTO.format(sink=sink))
    cli("pipeline", "deploy", path, expect=VALIDATION)
    assert "late rows change results of `counts`" in cli.err and "only appends" in cli.err
    assert "write to a log with `key`, or leave out `allowed_lateness`" in cli.err
    path.write_text(path.read_text().replace(", allowed_lateness: 5s", ""))
    cli("pipeline", "validate", path)
    path.write_text(INTO.format(sink="connector: log, topic: out, create: true, key: [k, window_start]"))
    cli("pipeline", "validate", path)


def test_a_step_that_only_adds_is_refused(cli, tmp_path):
    path = tmp_path / "p.yaml"
    for step in ("window: {tumbling: 1h}, aggregate: {n: COUNT(*)}", "deduplicate: {keys: [k]}"):
        text = INTO.format(sink="connector: console").replace("filter: n > 1", step)
        path.write_text(text)
        cli("pipeline", "validate", path, expect=VALIDATION)
        assert "late rows change results of window \"counts\" after they left" in cli.err
        path.write_text(text.replace(", allowed_lateness: 5s", ""))
        cli("pipeline", "validate", path)


def test_the_small_form_goes_to_the_console_as_it_is_printed(cli, tmp_path):
    path = tmp_path / "stream.yaml"
    path.write_text(PRINTED)
    cli("pipeline", "deploy", path)
    cli("stream", "create", "results")
    path.write_text(PRINTED + "sinks: {out: {connector: log, topic: results}}\n")
    cli("pipeline", "validate", path, expect=VALIDATION)
    assert "leave out `allowed_lateness`" in cli.err
    path.write_text(PRINTED + "sinks: {out: {connector: log, topic: results, key: [key, window_start, window_end]}}\n")
    cli("pipeline", "validate", path)
