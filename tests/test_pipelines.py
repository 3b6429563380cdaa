"""Pipelines from their file to their result: over HTTP, by the command line, over a restart."""

import json
import urllib.error
import urllib.request

import pytest

from eventually import eventually
from test_cli import Cli, NOT_FOUND, VALIDATION

COUNTS = """
name: counts
sources:
  events: {connector: log, topic: ${TOPIC:-events}, format: json, start: earliest,
           schema: {k: STRING, v: INT}}
steps:
  picked: {from: events, filter: v > 1}
sinks:
  out: {from: picked, connector: log, topic: out, format: json, guarantee: exactly_once}
"""


def call(server, method, path, body=None, content_type="application/yaml"):
    """Status and JSON of the answer."""
    request = urllib.request.Request(f"http://{server.http}{path}", method=method,
                                     data=body.encode() if body is not None else None)
    if body is not None:
        request.add_header("Content-Type", content_type)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        assert error.headers["Content-Type"] == "application/problem+json"
        return error.code, json.loads(error.read())


@pytest.fixture
def cli(dataflow_cli, server, tmp_path):
    tool = Cli(dataflow_cli, tmp_path / "home", server)
    tool("stream", "create", "events")
    tool("stream", "create", "out")
    return tool


def rows(cli):
    return [json.loads(line) for line in cli("consume", "out", "--exit").splitlines()]


def test_a_pipeline_over_http(server, cli):
    status, made = call(server, "POST", "/api/v1/pipelines", COUNTS)
    assert (status, made["name"], made["desired"]) == (201, "counts", "running")
    assert call(server, "POST", "/api/v1/pipelines", COUNTS)[0] == 409
    for v in (1, 2, 3):
        cli("publish", "events", json.dumps({"k": "a", "v": v}))
    eventually(lambda: call(server, "GET", "/pipelines/counts/stats")[1]["rows_written"] == 2,
               "two rows written")
    status, taken = call(server, "POST", "/api/v1/pipelines/counts/checkpoint")
    assert status == 200 and taken["checkpoint"] >= 1
    status, stopped = call(server, "POST", "/pipelines/counts/stop")
    assert (status, stopped["state"]) == (200, "stopped")
    assert call(server, "POST", "/api/v1/pipelines/counts/checkpoint")[0] == 409
    for path in ("/watermarks", "/state", "/windows"):
        assert call(server, "GET", path)[0] == 200
    assert call(server, "DELETE", "/api/v1/pipelines/counts")[0] == 200
    assert call(server, "GET", "/api/v1/pipelines/counts")[0] == 404


def test_a_bad_pipeline_is_refused_with_its_place(server, cli):
    status, problem = call(server, "POST", "/api/v1/pipelines?file=c.yaml",
                           COUNTS.replace("filter:", "fliter:"))
    assert status == 400
    assert problem["detail"].startswith('c.yaml:7:26: step "picked": `fliter` is not known here')
    status, problem = call(server, "POST", "/api/v1/pipelines/validate",
                           COUNTS.replace("connector: log, topic: out", "connector: console"))
    assert status == 400 and "exactly" in problem["detail"]


def test_the_command_line_drives_a_pipeline(cli, tmp_path):
    path = tmp_path / "counts.yaml"
    path.write_text(COUNTS)
    assert "counts" in cli("pipeline", "validate", path)
    assert cli.json("pipeline", "deploy", path, env={"TOPIC": "events"})["desired"] == "running"
    cli("pipeline", "deploy", path, expect=NOT_FOUND)
    assert [one["name"] for one in cli.json("pipeline", "list")] == ["counts"]
    assert cli.json("pipeline", "pause", "counts")["state"] == "paused"
    assert cli.json("pipeline", "start", "counts")["desired"] == "running"
    cli("pipeline", "stats", "count", expect=NOT_FOUND)
    assert 'did you mean "counts"' in cli.err
    cli("pipeline", "delete", "counts", "--yes")
    path.write_text(COUNTS.replace("v > 1", "w > 1"))
    cli("pipeline", "deploy", path, expect=VALIDATION)
    assert f"{path}:7:" in cli.err


def test_pipelines_survive_a_restart_of_the_server(server, cli):
    assert call(server, "POST", "/api/v1/pipelines", COUNTS)[0] == 201
    server.stop()
    server.start(same_ports=True)
    eventually(lambda: call(server, "GET", "/api/v1/pipelines/counts")[1]["state"] == "running",
               "the pipeline runs")
    cli("publish", "events", json.dumps({"k": "a", "v": 5}))
    eventually(lambda: rows(cli) == [{"k": "a", "v": 5}], "its row")


def test_a_refused_replacement_leaves_the_pipeline_running(server, cli):
    assert call(server, "POST", "/api/v1/pipelines", COUNTS)[0] == 201
    cli("stream", "create", "others")
    other = COUNTS.replace("topic: out", "topic: others")
    status, problem = call(server, "POST", "/api/v1/pipelines?replace=true&file=c.yaml", other)
    assert status == 409
    assert (problem["file"], problem["line"], problem["column"]) == ("c.yaml", 9, 3)
    assert 'sink "out" cannot go on with its state: topic was out and is others' in problem["detail"]
    assert "give the node another id" in problem["detail"] and "--discard-state" in problem["detail"]
    cli("publish", "events", json.dumps({"k": "a", "v": 5}))
    eventually(lambda: rows(cli) == [{"k": "a", "v": 5}], "the old pipeline's row")
    # With another id it goes on where it was, and what the old sink was owed has been delivered.
    status, made = call(server, "POST", "/api/v1/pipelines?replace=true",
                        other.replace("  out: {", "  out2: {"))
    assert (status, made["state"]) == (201, "running")
    cli("publish", "events", json.dumps({"k": "b", "v": 6}))
    eventually(lambda: cli("consume", "others", "--exit"), "a row in the other topic")
    assert [json.loads(line)["k"] for line in cli("consume", "others", "--exit").splitlines()] == ["b"]


def test_what_is_wrong_with_a_connector_is_told_with_its_place(server, cli):
    status, problem = call(server, "POST", "/api/v1/pipelines?file=c.yaml",
                           COUNTS.replace("start:", "strat:"))
    assert (status, problem["line"], problem["column"]) == (400, 4, 67)
    status, problem = call(server, "POST", "/api/v1/pipelines?file=c.yaml",
                           COUNTS + "job: {dead_letters: {connector: log, topic: nowhere}}\n")
    assert problem["detail"].startswith("c.yaml:10:")
    assert call(server, "GET", "/api/v1/pipelines")[1]["pipelines"] == []
