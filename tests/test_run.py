"""dataflow run: one pipeline in one process, from files to rows, and how it says that it went."""

import http.server
import json
import signal
import subprocess
import threading

import pytest

from eventually import eventually
from test_cli import FAILED, INTERRUPTED, NOT_FOUND, USAGE, VALIDATION, Cli

COUNTS = """
name: counts
sources:
  events: {connector: file, path: "${IN}", format: json, mode: "${MODE:-once}",
           stripes: ${STRIPES:-1},
           schema: {k: STRING, ts: TIMESTAMP_LTZ(3)},
           watermark: {column: ts, delay: 1s}}
steps:
  counted: {from: events, window: {tumbling: 10s}, group_by: [k], aggregate: {n: COUNT(*)}}
sinks:
  out: {from: counted, connector: console}
job: {parallelism: ${PARALLELISM:-2}}
"""
START_MS = 1_700_000_000_000
KEYS = 5


def event(i):
    """Ten a second, and every seventh a bit late."""
    return {"k": f"k{i % KEYS}", "ts": START_MS + i * 100 - (300 if i % 7 == 0 else 0), "pad": "x" * 90}


def write_events(path, first, count):
    with open(path, "a") as file:
        for i in range(first, first + count):
            file.write(json.dumps(event(i)) + "\n")


def expected(count):
    windows = {}
    for i in range(count):
        one = event(i)
        key = (one["k"], one["ts"] // 10_000 * 10_000)
        windows[key] = windows.get(key, 0) + 1
    return sorted(windows.values())


def counts(text):
    return sorted(json.loads(line)["n"] for line in text.splitlines() if line.startswith("{\"window"))


@pytest.fixture
def cli(dataflow_cli, tmp_path):
    (tmp_path / "counts.yaml").write_text(COUNTS)
    tool = Cli(dataflow_cli, tmp_path / "home")
    tool.env["IN"] = str(tmp_path / "in.json")
    tool.file = tmp_path / "counts.yaml"
    return tool


@pytest.mark.parametrize("stripes", [1, 2, 7])
def test_a_file_is_read_to_its_end(cli, tmp_path, stripes):
    write_events(tmp_path / "in.json", 0, 60_000)
    out = cli("run", cli.file, "--param", f"STRIPES={stripes}")
    assert counts(out) == expected(60_000)
    assert "finished" in cli.err and "60,000 rows read" in cli.err


def test_the_report_for_programs(cli, tmp_path):
    write_events(tmp_path / "in.json", 0, 100)
    with open(tmp_path / "in.json", "a") as file:
        file.write("no json\n")
    cli.file.write_text(COUNTS.replace("connector: console", "connector: blackhole"))
    report = cli.json("run", cli.file)
    assert (report["pipeline"], report["state"]) == ("counts", "finished")
    assert (report["rows_read"], report["rows_dead"]) == (101, 1)
    assert report["dead_letters"] == {"decode": 1}
    assert report["rows_written"] == len(expected(100))
    assert report["seconds"] > 0


def test_what_is_wrong_is_said_by_the_exit_code(cli, tmp_path):
    cli("run", cli.file, "--param", "IN", expect=USAGE)
    cli("run", cli.file, expect=VALIDATION)
    assert "there is no file or folder" in cli.err and "in.json" in cli.err
    cli.file.write_text(COUNTS.replace("tumbling", "tumbeling"))
    cli("run", cli.file, expect=VALIDATION)
    assert f"{cli.file}:9:" in cli.err and "tumbling" in cli.err
    write_events(tmp_path / "in.json", 0, 10)
    with open(tmp_path / "in.json", "a") as file:
        file.write("no json\n")
    cli.file.write_text(COUNTS.replace("job: {", "job: {on_error: fail, "))
    cli("run", cli.file, expect=FAILED)
    assert "no json" in cli.err


def test_a_run_goes_on_after_ctrl_c_and_begins_anew_when_it_had_finished(cli, tmp_path):
    path, data = tmp_path / "in.json", tmp_path / "data"
    write_events(path, 0, 5_000)
    seen = tmp_path / "out"
    with open(seen, "w") as out:
        running = cli.start("run", cli.file, "--data-dir", data, "--param", "MODE=follow", stdout=out,
                            stderr=subprocess.PIPE)
    eventually(seen.read_text, "windows of the first rows")
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=120)
    assert running.returncode == INTERRUPTED, err
    write_events(path, 5_000, 5_000)
    cli("run", cli.file, "--data-dir", data, "--param", "STRIPES=1", "--param", f"IN={path}.other",
        expect=VALIDATION)
    cli.file.write_text(COUNTS.replace("10s}", "20s}"))
    cli("run", cli.file, "--data-dir", data, expect=NOT_FOUND)
    assert "cannot go on with `counted`" in cli.err
    cli.file.write_text(COUNTS)
    rest = cli("run", cli.file, "--data-dir", data)
    assert "going on from the last checkpoint" in cli.err
    assert counts(seen.read_text() + rest) == expected(10_000)
    again = cli("run", cli.file, "--data-dir", data)
    assert "beginning anew" in cli.err
    assert counts(again) == expected(10_000)


def test_a_temporary_folder_goes_away(cli, tmp_path):
    write_events(tmp_path / "in.json", 0, 10)
    (tmp_path / "tmp").mkdir()
    cli("run", cli.file, env={"TMPDIR": str(tmp_path / "tmp")})
    assert list((tmp_path / "tmp").iterdir()) == []


def test_follow_takes_what_is_appended(cli, tmp_path):
    path = tmp_path / "in.json"
    write_events(path, 0, 200)
    seen = tmp_path / "out"
    with open(seen, "w") as out:
        running = cli.start("run", cli.file, "--param", "MODE=follow", stdout=out)
    eventually(seen.read_text, "windows of the first rows")
    write_events(path, 200, 2_000)
    eventually(lambda: "22:16:20" in seen.read_text(), "windows of what was appended")
    running.send_signal(signal.SIGTERM)
    assert running.wait(timeout=120) == 128 + signal.SIGTERM


def test_follow_takes_files_that_are_new(cli, tmp_path):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    cli.file.write_text(COUNTS.replace("connector: console", f"connector: file, path: {out}, format: json, "
                                                             "roll_interval: 200ms")
                        .replace("delay: 1s", "delay: 1s, idle_timeout: 300ms"))
    write_events(folder / "a.json", 0, 200)
    running = cli.start("run", cli.file, "--param", "MODE=follow", "--param", f"IN={folder}")
    # Nothing more comes, and they are shown all the same. One event is of the window before.
    eventually(lambda: len(rows_of(out)) == KEYS + 1, "the windows of the first file")
    write_events(tmp_path / "b.json", 200, 2_000)
    (tmp_path / "b.json").rename(folder / "b.json")
    eventually(lambda: len(rows_of(out)) == 21 * KEYS + 1, "the windows of the second file")
    running.send_signal(signal.SIGINT)
    assert running.wait(timeout=120) == INTERRUPTED
    rows = rows_of(out)
    assert len({(row["window_start"], row["k"]) for row in rows}) == len(rows)


def rows_of(folder):
    """Of all files that are done."""
    return [json.loads(line) for path in sorted(folder.glob("part-*.json")) for line in path.open()]


@pytest.mark.parametrize("stripes", [1, 4])
def test_files_have_every_window_once_over_a_kill(cli, tmp_path, stripes):
    out, data = tmp_path / "out", tmp_path / "data"
    cli.file.write_text(COUNTS.replace("connector: console", f"connector: file, path: {out}, format: json, "
                                                             "roll_interval: 50ms, guarantee: exactly_once")
                        .replace("job: {", "job: {checkpoint_interval: 10ms, "))
    write_events(tmp_path / "in.json", 0, 400_000)
    stripes = ("--data-dir", data, "--param", f"STRIPES={stripes}", "--param")
    running = cli.start("run", cli.file, *stripes, "PARALLELISM=2")
    eventually(lambda: rows_of(out), "the first file")
    running.kill()
    running.wait(timeout=120)
    if not (data / "runs" / "counts" / "finished").exists():  # else it was too fast for us
        cli("run", cli.file, *stripes, "PARALLELISM=3")
        assert "going on" in cli.err
    rows = rows_of(out)
    assert len({(row["window_start"], row["k"]) for row in rows}) == len(rows)
    assert sorted(row["n"] for row in rows) == expected(400_000)
    assert not list(out.glob("_*"))


def test_generated_rows_are_the_same_each_time(cli, tmp_path):
    cli.file.write_text("""
name: made
sources:
  rows: {connector: generator, rows: 30000, seed: 5, schema: {id: BIGINT, user: STRING, x: DOUBLE},
         fields.id.kind: sequence, fields.user.kind: choice, fields.user.skew: 1.1}
sinks:
  out: {from: rows, connector: file, path: "${OUT}", format: json}
job: {parallelism: ${PARALLELISM}}
""")
    made = []
    for parallelism in (1, 3):
        out = tmp_path / f"out{parallelism}"
        cli("run", cli.file, "--param", f"OUT={out}", "--param", f"PARALLELISM={parallelism}")
        made.append(sorted(rows_of(out), key=lambda row: row["id"]))
    assert made[0] == made[1]
    assert [row["id"] for row in made[0]] == list(range(30_000))


class Receiver(http.server.BaseHTTPRequestHandler):
    """Takes a batch when it comes for the second time."""

    batches, tries = {}, 0

    def do_POST(self):
        key, body = self.headers["Idempotency-Key"], self.rfile.read(int(self.headers["Content-Length"]))
        Receiver.tries += 1
        taken = key in Receiver.batches
        assert Receiver.batches.setdefault(key, body) == body
        self.send_response(200 if taken else 503)
        self.end_headers()

    def log_message(self, *_):
        pass


def test_rows_are_posted_until_they_are_taken(cli):
    receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    cli.file.write_text(f"""
name: posted
sources:
  rows: {{connector: generator, rows: 100, schema: {{id: BIGINT}}, fields.id.kind: sequence}}
sinks:
  out: {{from: rows, connector: http, url: "http://127.0.0.1:{receiver.server_port}/in", backoff: 1ms,
         batch_rows: 40}}
""")
    cli("run", cli.file)
    receiver.shutdown()
    receiver.server_close()
    lines = [json.loads(line) for body in Receiver.batches.values() for line in body.splitlines()]
    assert sorted(line["id"] for line in lines) == list(range(100))
    assert Receiver.tries == 2 * len(Receiver.batches)
    cli.file.write_text(cli.file.read_text().replace("batch_rows", "guarantee: exactly_once, batch_rows"))
    cli("run", cli.file, expect=VALIDATION)
    assert "exactly" in cli.err
