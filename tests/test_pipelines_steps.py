"""Steps of pipelines from their YAML to their result: split, deduplicate."""

import json

import pytest

from eventually import eventually
from test_cli import Cli, VALIDATION

SPLIT = """
name: parts
sources:
  events: {connector: log, topic: events, format: json, start: earliest, schema: {k: STRING, v: INT}}
steps:
  parts: {from: events, split: {big: v > 10, third: 100 / v > 30}}
sinks:
  big: {from: parts.big, connector: log, topic: big, create: true}
  rest: {from: parts.default, connector: log, topic: rest, create: true}
job: {dead_letters: {connector: log, topic: dead, create: true}}
"""

LATEST = """
name: latest
sources:
  events: {connector: log, topic: events, format: json, start: earliest, schema: {k: STRING, v: INT}}
steps:
  latest: {from: events, deduplicate: {keys: [k], keep: last}}
sinks:
  out: {from: latest, connector: log, topic: out, create: true, key: [k], guarantee: exactly_once}
"""

FIRST = """
name: first
sources:
  visits: {connector: log, topic: visits, schema: {k: STRING, v: INT, ts: TIMESTAMP(3)},
           watermark: {column: ts, delay: 1s}}
steps:
  by_arrived: {from: visits, deduplicate: {keys: [k], ttl: 10s}}
  by_earliest: {from: visits, deduplicate: {keys: [k], time: ts}}
  by_latest: {from: visits, deduplicate: {keys: [k], time: ts, keep: last}}
sinks:
  arrived: {from: by_arrived, connector: log, topic: arrived}
  earliest: {from: by_earliest, connector: log, topic: earliest, key: [k]}
  latest: {from: by_latest, connector: log, topic: latest, key: [k]}
tests:
- name: what each of them keeps
  given:
  - visits: [{k: a, v: 1, ts: +5s}, {k: a, v: 2, ts: +3s}, {k: b, v: 3, ts: +1s}]
  - expect:
      arrived: [{k: a, v: 1}, {k: b, v: 3}]
      earliest: [{k: a, v: 1}, {$op: -U, v: 1}, {$op: +U, v: 2}, {k: b, v: 3}]
      latest: [{k: a, v: 1}, {k: b, v: 3}]
  - restart: true
  - visits: [{k: a, v: 4, ts: +6s}, {k: b, v: 5, ts: +1s}]
  - expect:
      arrived: []
      earliest: []
      latest: [{$op: -U, k: a, v: 1}, {$op: +U, k: a, v: 4}, {$op: -U, k: b, v: 3}, {$op: +U, k: b, v: 5}]
  - advance: 11s
  - visits: [{k: a, v: 6, ts: +6s}]
  expect:
    arrived: [{k: a, v: 6}]
    earliest: []
    latest: [{$op: -U, k: a, v: 4}, {$op: +U, k: a, v: 6}]
"""


@pytest.fixture
def cli(dataflow_cli, server, tmp_path):
    tool = Cli(dataflow_cli, tmp_path / "home", server)
    tool("stream", "create", "events")
    tool.server = server
    return tool


@pytest.fixture
def alone(dataflow_cli, tmp_path):
    return Cli(dataflow_cli, tmp_path / "home")


def deploy(cli, tmp_path, text, name="p.yaml"):
    path = tmp_path / name
    path.write_text(text)
    cli("pipeline", "deploy", path)


def records(cli, topic):
    return [json.loads(line) for line in cli("consume", topic, "--exit").splitlines()]


def test_a_split_sends_each_row_one_way(cli, tmp_path):
    for v in (50, 0, 2, 10, -4):
        cli("publish", "events", json.dumps({"k": "a", "v": v}))
    deploy(cli, tmp_path, SPLIT)
    eventually(lambda: records(cli, "rest") == [{"k": "a", "v": 10}, {"k": "a", "v": -4}], "default")
    assert records(cli, "big") == [{"k": "a", "v": 50}]
    dead = records(cli, "dead")  # 2 went to `third`, which nobody reads
    assert [one["operator"] for one in dead] == ["parts"]
    assert "zero" in dead[0]["message"] and "v=0" in dead[0]["row"]


def test_the_last_row_of_each_key_survives_a_restart(cli, tmp_path):
    deploy(cli, tmp_path, LATEST)
    for k, v in (("a", 1), ("b", 2), ("a", 3)):
        cli("publish", "events", json.dumps({"k": k, "v": v}))
    eventually(lambda: [row["v"] for row in records(cli, "out")] == [1, 2, 3], "three rows")
    cli.server.kill9()
    cli.server.start(same_ports=True)
    for k, v in (("a", 3), ("b", 4)):  # the first is what is kept already
        cli("publish", "events", json.dumps({"k": k, "v": v}))
    eventually(lambda: [row["v"] for row in records(cli, "out")] == [1, 2, 3, 4], "one more")


def test_first_and_last_by_arrival_and_by_event_time(alone, tmp_path):
    (tmp_path / "first.yaml").write_text(FIRST)
    alone("pipeline", "test", tmp_path / "first.yaml")


@pytest.mark.parametrize("sink", [
    "{from: latest, connector: log, topic: out, create: true}",
    "{from: latest, connector: file, path: /tmp/never-made, format: json}",
])
def test_updates_into_a_sink_that_appends_are_refused(cli, tmp_path, sink):
    path = tmp_path / "p.yaml"
    path.write_text(LATEST[:LATEST.index("  out: ")] + f"  out: {sink}\n")
    cli("pipeline", "deploy", path, expect=VALIDATION)
    assert "only appends; write to a log with `key`" in cli.err and "keep: first" in cli.err
    path.write_text(path.read_text().replace("keep: last", "keep: first"))
    cli("pipeline", "validate", path)


def test_a_window_behind_updates_is_refused(alone, tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text(LATEST.replace("sinks:", "  n: {from: latest, window: {count: 3}, "
                                   "aggregate: {n: COUNT(*)}}\nsinks:").replace("from: latest, connector",
                                                                              "from: n, connector"))
    alone("pipeline", "validate", path, expect=VALIDATION)
    assert "takes only new rows" in alone.err
