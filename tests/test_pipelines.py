"""Pipelines from their file to their result: over HTTP, by the command line, over a restart."""

import http.server
import json
import pathlib
import re
import threading
import urllib.error
import urllib.request

import pytest

from dataflow_server import ROOT
from eventually import eventually
from test_cli import Cli, FAILED, NOT_FOUND, VALIDATION

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


TESTED = COUNTS + """
tests:
- name: only what is above one
  given: {events: [{k: a, v: 1}, {k: b, v: 2}]}
  expect: {out: [{k: b, v: %s}]}
"""


def test_a_pipelines_tests_run_without_a_server(dataflow_cli, tmp_path):
    tool = Cli(dataflow_cli, tmp_path / "home")
    path = tmp_path / "counts.yaml"
    path.write_text(TESTED % 2)
    assert "ok      only what is above one" in tool("pipeline", "test", path)
    path.write_text(TESTED % 3)
    out = tool("pipeline", "test", path, expect=1)
    assert "- {k: b, v: 3}" in out and "+ {k: b, v: 2}" in out and "differs in v" in out
    report = tool.json("pipeline", "test", path, expect=1)
    assert (report["passed"], report["failed"]) == (0, 1)
    assert report["tests"][0]["outputs"][0]["rows"][0]["verdict"] == "differs"
    tool("pipeline", "test", path, "--only", "nothing", expect=NOT_FOUND)
    beside = tmp_path / "counts_test.yaml"
    beside.write_text("pipeline: counts.yaml\ntests:\n- {name: t, given: {evnts: []}}\n")
    tool("pipeline", "test", beside, expect=VALIDATION)
    assert f'{beside}:3:21: test "t": there is no source `evnts`; did you mean "events"?' in tool.err


def test_every_route_is_in_the_openapi_document(server):
    document = call(server, "GET", "/api/v1/openapi.json")[1]
    documented = {(method.upper(), path) for path, operations in document["paths"].items()
                  for method in operations}
    known = call(server, "GET", "/nowhere")[1]["detail"].split("known: ")[1].split(", ")
    routes = set()
    for path in known:
        status, problem = call(server, "PATCH", path.replace("{name}", "x"))
        assert status == 405
        routes |= {(method, path) for method in problem["detail"].split("possible: ")[1].split(", ")}
    assert routes == documented
    names = [operation["operationId"] for operations in document["paths"].values()
             for operation in operations.values()]
    assert len(names) == len(set(names))


def test_what_befell_a_pipeline_and_what_it_does_are_shown(server, cli):
    assert call(server, "POST", "/api/v1/pipelines", COUNTS)[0] == 201
    cli("publish", "events", json.dumps({"k": "a", "v": 5}))
    eventually(lambda: rows(cli) == [{"k": "a", "v": 5}], "its row")
    call(server, "POST", "/api/v1/pipelines/counts/pause")
    events = [one["event"] for one in cli.json("pipeline", "logs", "counts")]
    assert events == ["deployed", "started", "stopped"]
    assert 'source "events"' in cli("pipeline", "explain", "counts")
    for page in ("watermarks", "state", "windows"):
        assert call(server, "GET", f"/api/v1/pipelines/counts/{page}")[0] == 200
        assert call(server, "GET", f"/api/v1/pipelines/cuonts/{page}")[0] == 404


def test_statistics_come_as_events(server, cli):
    assert call(server, "POST", "/api/v1/pipelines", COUNTS)[0] == 201
    request = urllib.request.Request(f"http://{server.http}/api/v1/pipelines/counts/stats",
                                     headers={"Accept": "text/event-stream"})
    with urllib.request.urlopen(request, timeout=60) as stream:
        assert stream.headers["Content-Type"] == "text/event-stream"
        for _ in range(2):
            line = stream.readline().decode()
            assert line.startswith("data: ") and json.loads(line[6:])["name"] == "counts"
            assert stream.readline() == b"\n"
        assert call(server, "DELETE", "/api/v1/pipelines/counts")[0] == 200
        assert stream.read().count(b"data: ") <= 1


def test_pipelines_are_on_metrics(server, cli):
    assert call(server, "POST", "/api/v1/pipelines", COUNTS)[0] == 201
    cli("publish", "events", json.dumps({"k": "a", "v": 5}))
    eventually(lambda: rows(cli) == [{"k": "a", "v": 5}], "its row")

    def page():
        with urllib.request.urlopen(f"http://{server.metrics}/metrics", timeout=60) as answer:
            return answer.read().decode()

    eventually(lambda: 'stream_events_processed_total{pipeline="counts"} 1' in page(), "a row read")
    text = page()
    assert 'stream_processing_duration_seconds_count{pipeline="counts"}' in text
    assert 'dataflow_operator_rows_out_total{pipeline="counts",operator="picked"} 1' in text
    assert 'dataflow_pipeline_lag{pipeline="counts",source="events"' in text
    for spent in ("busy", "blocked", "idle"):
        assert f'dataflow_operator_{spent}_seconds_total{{pipeline="counts",operator="events"}}' in text
    shares = [one["busy_ratio"] + one["blocked_ratio"] + one["idle_ratio"]
              for one in call(server, "GET", "/api/v1/pipelines/counts/stats")[1]["operators"]
              if one["busy_ratio"] is not None]
    assert shares and all(abs(share - 1) < 1e-6 for share in shares)


def test_dead_letters_are_shown_by_reason_over_restarts(server, cli):
    assert call(server, "POST", "/api/v1/pipelines", COUNTS)[0] == 201
    stats = lambda: call(server, "GET", "/api/v1/pipelines/counts/stats")[1]
    for n in (1, 2):
        cli("publish", "events", '{"k": ')
        eventually(lambda: stats()["dead_letters"] == {"decode": n}, f"{n} dead letters")
        eventually(lambda: stats()["rows_dead"] == n, "they are the pipeline's")
        call(server, "POST", "/api/v1/pipelines/counts/checkpoint")
        server.stop()
        server.start(same_ports=True)
    eventually(lambda: stats()["state"] == "running", "the pipeline runs")
    assert stats()["dead_letters"] == {"decode": 2}
    with urllib.request.urlopen(f"http://{server.metrics}/metrics", timeout=60) as answer:
        assert 'dataflow_pipeline_dead_letters_total{pipeline="counts",reason="decode"} 2' in answer.read().decode()
    assert "decode" in cli("pipeline", "describe", "counts")


def test_a_damaged_savepoint_is_listed_with_what_is_wrong(server, cli):
    assert call(server, "POST", "/api/v1/pipelines", COUNTS)[0] == 201
    kept = cli.json("pipeline", "savepoint", "counts", "--name", "old")
    (pathlib.Path(kept["folder"]) / "state" / "CURRENT").unlink()
    listed = cli.json("pipeline", "savepoints")
    assert [one["savepoint"] for one in listed] == ["counts/old"]
    assert "CURRENT" in listed[0]["problem"]


def test_a_broker_is_found_by_its_usual_variable(dataflow_cli, server, tmp_path):
    tool = Cli(dataflow_cli, tmp_path / "home")
    tool("stream", "create", "input", env={"KAFKA_BROKER": server.kafka})
    assert [one["name"] for one in tool.json("stream", "list", env={"KAFKA_BROKER": server.kafka})] == ["input"]


def test_the_example_of_the_documentation_passes(dataflow_cli, tmp_path):
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/pipelines.md").read_text(), re.DOTALL)
    path = tmp_path / "meeting-counts.yaml"
    path.write_text(blocks[0] + blocks[2])
    assert Cli(dataflow_cli, tmp_path / "home")("pipeline", "test", path).startswith("ok ")


TOTALS = """
name: ${NAME}
sources:
  events: {connector: log, topic: events, format: json, start: earliest,
           schema: {k: STRING, v: INT}}
steps:
  totals: {from: events, window: {count: 2}, group_by: [k], aggregate: {total: "SUM(v)"}}
sinks:
  out: {from: totals, connector: log, topic: out, format: json, guarantee: exactly_once}
"""


def test_a_pipeline_begins_with_the_state_of_a_savepoint(server, cli, tmp_path):
    path = tmp_path / "totals.yaml"
    path.write_text(TOTALS)
    deploy = ("pipeline", "deploy", str(path))
    cli(*deploy, env={"NAME": "one"})
    cli("publish", "events", json.dumps({"k": "a", "v": 1}))
    eventually(lambda: cli.json("pipeline", "stats", "one")["rows_read"] == 1, "the first row is read")
    kept = cli.json("pipeline", "savepoint", "one", "--name", "half-full")
    assert kept["savepoint"] == "one/half-full" and kept["bytes"] > 0
    cli("pipeline", "savepoint", "one", "--name", "half-full", expect=NOT_FOUND)
    cli("pipeline", "savepoint", "one", "--name", "../x", expect=VALIDATION)
    cli("pipeline", "delete", "one", "--yes")
    assert [row["savepoint"] for row in cli.json("pipeline", "savepoints")] == ["one/half-full"]
    cli(*deploy, "--from-savepoint", "one/empty", env={"NAME": "two"}, expect=NOT_FOUND)
    other = tmp_path / "other.yaml"
    other.write_text(TOTALS.replace("count: 2", "count: 3").replace("group_by: [k], ", ""))
    cli("pipeline", "deploy", str(other), "--from-savepoint", "one/half-full", env={"NAME": "two"}, expect=NOT_FOUND)
    assert cli.json("pipeline", "list") == []
    cli(*deploy, "--from-savepoint", "one/half-full", env={"NAME": "two"})
    # The row before the savepoint is not read again, and the one behind it fills its window.
    cli("publish", "events", json.dumps({"k": "a", "v": 10}))
    eventually(lambda: rows(cli) == [{"k": "a", "total": 11}], "both rows in one window")
    cli("pipeline", "savepoints", "--delete", "one/half-full")
    assert cli.json("pipeline", "savepoints") == []


@pytest.fixture
def posts():
    """An HTTP server that answers nothing until it is told to, and keeps what was posted; `status`
    is what it answers then, and nothing is kept but with 200."""
    answers = threading.Event()
    asked = threading.Event()
    bodies = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked.set()
            answers.wait()
            if sink.status == 200:
                bodies[self.headers["Idempotency-Key"]] = body
            self.send_response(sink.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    sink = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sink.daemon_threads = True
    threading.Thread(target=sink.serve_forever, daemon=True).start()
    sink.answers, sink.asked, sink.bodies, sink.status = answers, asked, bodies, 200
    yield sink
    answers.set()
    sink.shutdown()


def test_a_sink_that_hangs_holds_up_neither_pages_nor_a_start_of_the_server(server, cli, posts):
    held = COUNTS.replace("connector: log, topic: out, format: json, guarantee: exactly_once",
                          f"connector: http, url: 'http://127.0.0.1:{posts.server_port}/', "
                          "timeout: 10m, give_up_after: 10m")
    assert call(server, "POST", "/api/v1/pipelines", held)[0] == 201
    cli("publish", "events", json.dumps({"k": "a", "v": 5}))
    stats = lambda: call(server, "GET", "/api/v1/pipelines/counts/stats")[1]
    eventually(lambda: stats()["checkpoint"]["count"] >= 1, "a checkpoint whose output hangs")
    server.kill9()
    server.start(same_ports=True)
    assert stats()["state"] == "starting"
    posts.answers.set()
    eventually(lambda: stats()["state"] == "running", "the pipeline runs")
    assert [json.loads(body) for body in posts.bodies.values()] == [{"k": "a", "v": 5}]
    # Of one that hangs again nothing is left, if that is said.
    posts.answers.clear()
    posts.asked.clear()
    cli("publish", "events", json.dumps({"k": "b", "v": 6}))
    assert posts.asked.wait(60)
    assert call(server, "DELETE", "/api/v1/pipelines/counts?force=true")[0] == 200
    assert call(server, "GET", "/api/v1/pipelines")[1]["pipelines"] == []


WINDOWS = """
name: windows
sources:
  events: {connector: log, topic: events, format: json, start: earliest, watermark: {column: ts, delay: 1s},
           schema: {k: STRING, v: INT, ts: TIMESTAMP_LTZ(3)}}
steps:
  sums: {from: events, window: {tumbling: 10s}, group_by: [k], aggregate: {s: SUM(v), d: COUNT(DISTINCT v)}}
  all: {from: events, deduplicate: {keys: [k]}}
sinks:
  out: {from: sums, connector: blackhole}
  keys: {from: all, connector: blackhole}
"""


def test_state_and_windows_are_told_by_operator(server, cli, tmp_path):
    path = tmp_path / "windows.yaml"
    path.write_text(WINDOWS)
    cli("pipeline", "deploy", str(path))
    for k, at in (("a", 1), ("b", 2), ("a", 25)):
        cli("publish", "events", json.dumps({"k": k, "v": 1, "ts": f"2026-01-01T00:00:{at:02}Z"}))
    # At second 24 two windows have fired, and the one that began at 20 is left.
    eventually(lambda: cli.json("pipeline", "windows", "windows")[0]["watermark_ms"] == 1767225624000,
               "the watermark stands at second 24")
    cli("pipeline", "checkpoint", "windows")
    kept = {one["operator"]: one for one in cli.json("pipeline", "state", "windows")}
    assert [table["table"] for table in kept["sums"]["tables"]] == ["windows", "aggregate-1-values"]
    assert "ttl" in kept["all"]["warning"] and kept["all"]["rows"] == 2
    assert kept["all"]["tables"][0]["stored_bytes"] > 0
    windows = cli.json("pipeline", "windows", "windows")
    assert windows == call(server, "GET", "/windows")[1]["windows"]
    oldest = windows[0]["oldest"]
    assert oldest["end_ms"] - oldest["start_ms"] == 10_000 and oldest["rows"] == 1
    assert oldest["held_by"]["source"] == "events"
    assert windows[0]["open"] == 1 and "the end of it" in oldest["why"]
    assert "WHY" in cli("pipeline", "windows", "windows")
    assert "STORED_BYTES" in cli("pipeline", "state", "windows").replace(" ", "_")
    cli("pipeline", "windows", "nothing", expect=NOT_FOUND)
    cli("pipeline", "pause", "windows")
    assert cli.json("pipeline", "windows", "windows")[0]["oldest"]["why"] == "the pipeline is paused"


def test_what_a_deleted_pipeline_owes_is_delivered_first_or_given_up_in_words(server, cli, posts, tmp_path):
    path = tmp_path / "counts.yaml"
    path.write_text(COUNTS.replace("connector: log, topic: out, format: json, guarantee: exactly_once",
                                   f"connector: http, url: 'http://127.0.0.1:{posts.server_port}/', "
                                   "give_up_after: 50ms, backoff: 10ms"))
    posts.answers.set()
    # What fails too often is not asked for a while: then it may owe without being asked again.
    for v, delivered in ((5, True), (6, False)):
        posts.status = 503
        cli("pipeline", "deploy", str(path))
        cli("publish", "events", json.dumps({"k": "a", "v": v}))
        eventually(lambda: "sink `out`" in cli.json("pipeline", "describe", "counts").get("reason", ""),
                   "the sink is down")
        cli("pipeline", "delete", "counts", "--yes", expect=NOT_FOUND)
        assert re.search(r'it owes output of 1 checkpoint, \d+ bytes, to sink "out" \(delivering', cli.err)
        assert cli.json("pipeline", "describe", "counts")["desired"] == "running"  # it goes on
        cli("pipeline", "stop", "counts")
        cli("pipeline", "savepoint", "counts", "--name", f"owing-{v}")
        cli("pipeline", "delete", "counts", "--yes", expect=NOT_FOUND)
        assert [one["event"] for one in cli.json("pipeline", "logs", "counts")].count("not deleted") == 2
        if delivered:
            posts.status = 200
            eventually(lambda: call(server, "DELETE", "/api/v1/pipelines/counts")[0] == 200, "its output is delivered")
        else:
            assert "sink \"out\"" in cli.json("pipeline", "delete", "counts", "--yes", "--force")["given_up"]
        assert len(posts.bodies) == 1
    # The savepoint of what was delivered begins behind it.
    posts.status = 200
    cli("pipeline", "deploy", str(path), "--from-savepoint", "counts/owing-5", "--no-start")
    eventually(lambda: call(server, "POST", "/api/v1/pipelines/counts/start")[0] == 200, "it starts")
    sent = lambda: [json.loads(line) for body in posts.bodies.values() for line in body.splitlines()]
    eventually(lambda: len(sent()) >= 2, "what was published behind the savepoint")
    assert sent() == [{"k": "a", "v": 5}, {"k": "a", "v": 6}]


def test_a_replacement_that_does_not_start_is_taken_back(server, cli):
    assert call(server, "POST", "/api/v1/pipelines", COUNTS)[0] == 201
    gone = COUNTS.replace("  events: {", "  others: {").replace("from: events", "from: others").replace(
        "${TOPIC:-events}", "nowhere")
    status, problem = call(server, "POST", "/api/v1/pipelines?replace=true", gone)
    assert status != 201 and "nowhere" in problem["detail"]
    cli("publish", "events", json.dumps({"k": "a", "v": 5}))
    eventually(lambda: rows(cli) == [{"k": "a", "v": 5}], "the old pipeline's row")


def test_run_and_validate_refuse_in_the_same_words(server, cli, tmp_path):
    path = tmp_path / "p.yaml"
    good = COUNTS.replace("connector: log, topic: ${TOPIC:-events}, format: json, start: earliest",
                          "connector: generator, rows: 3, seed: 7").replace(
        "connector: log, topic: out, format: json, guarantee: exactly_once", "connector: blackhole")
    for wrong, words in (
            (good.replace("rows: 3", "rwos: 3"), ":4:34: "),
            (good.replace("connector: generator", "connector: log, topic: nowhere"), ":4:"),
            (good.replace("connector: blackhole", "connector: console, guarantee: exactly_once"), ":9:"),
            (good.replace("filter: v > 1", "filter: v >"), ":7:"),
            (good.replace("filter: v > 1", "operator: nothing"), ":7:"),
            (good + "job: {dead_letters: {connector: log, topic: nowhere}}\n", ":10:")):
        path.write_text(wrong)
        refused = []
        for command in (("pipeline", "validate"), ("pipeline", "deploy"), ("run",)):
            cli(*command, path, expect=VALIDATION)
            refused.append(cli.err[cli.err.index(str(path)):])
        assert refused[0].startswith(f"{path}{words}")
        assert refused[0] == refused[1] == refused[2]
    path.write_text(good)
    cli("pipeline", "validate", path)
    cli("run", path)
    missing = tmp_path / "missing.yaml"
    for command in (("pipeline", "validate"), ("run",), ("pipeline", "test")):
        cli(*command, missing, expect=NOT_FOUND)
        cli(*command, tmp_path, expect=FAILED)  # a folder cannot be read


def test_the_log_of_a_pipeline_outlives_the_server(server, cli):
    assert call(server, "POST", "/api/v1/pipelines", COUNTS)[0] == 201
    server.restart()
    events = [one["event"] for one in cli.json("pipeline", "logs", "counts")]
    assert events[:3] == ["deployed", "started", "stopped"]


FILES = """
name: files
sources:
  events: {connector: file, path: FOLDER, format: json, schema: {k: STRING, ts: TIMESTAMP_LTZ(3)},
           watermark: {column: ts, delay: 0s}}
steps:
  counts: {from: events, window: {tumbling: 10s}, group_by: [k], aggregate: {n: COUNT(*)}}
sinks:
  out: {from: counts, connector: log, topic: out, format: json, guarantee: exactly_once}
"""


def test_a_finished_pipeline_takes_new_files_for_what_they_are(server, cli, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()

    def write(name, k):
        (folder / name).write_text("".join(
            json.dumps({"k": k, "ts": f"2026-01-01T00:{i // 60:02}:{i % 60:02}Z"}) + "\n" for i in range(600)))

    state = lambda: call(server, "GET", "/api/v1/pipelines/files")[1]["state"]
    counted = lambda k: sum(row["n"] for row in rows(cli) if row["k"] == k)
    write("a.json", "a")
    assert call(server, "POST", "/api/v1/pipelines", FILES.replace("FOLDER", str(folder)))[0] == 201
    eventually(lambda: state() == "finished", "the first file is read")
    assert counted("a") == 600
    write("b.json", "b")
    assert call(server, "POST", "/api/v1/pipelines/files/start")[0] == 200
    eventually(lambda: state() == "finished", "the second file is read")
    assert (counted("a"), counted("b")) == (600, 600)
    assert call(server, "GET", "/api/v1/pipelines/files/stats")[1]["dead_letters"] == {}
