"""dataflow run: one pipeline in one process, from files to rows, and how it says that it went."""

import json
import signal
import subprocess

import pytest

from eventually import eventually
from test_cli import FAILED, INTERRUPTED, USAGE, VALIDATION, Cli

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
    rest = cli("run", cli.file, "--data-dir", data)
    assert "going on from the last checkpoint" in cli.err
    assert counts(seen.read_text() + rest) == expected(10_000)
    again = cli("run", cli.file, "--data-dir", data)
    assert "going on" not in cli.err
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
