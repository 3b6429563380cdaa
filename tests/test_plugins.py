"""Plug-ins: the example is built outside the tree against what is installed, loaded, run and killed."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess

import pytest

from dataflow_server import ROOT, binary
from eventually import eventually
from test_cli import Cli, FAILED, NOT_FOUND, VALIDATION

KEYS = 4
AVERAGES = """
name: averages
sources:
  numbers: {connector: counter, rows: ${ROWS:-500}, splits: 2, keys: 4, pause_ms: "${PAUSE:-0}",
            schema: {key: STRING, number: BIGINT, time: TIMESTAMP(3)},
            watermark: {column: time, delay: 0s}}
steps:
  means: {from: numbers, operator: moving_average, group_by: [key],
          options: {column: number, rows: 3, as: mean}}
sinks:
  out: {from: means, connector: lines, path: "${OUT}", guarantee: exactly_once}
job: {parallelism: 2, checkpoint_interval: 20ms}
"""


def run(*command, **more):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **more)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


@pytest.fixture(scope="module")
def plugins(tmp_path_factory):
    """A folder with the example in it."""
    top = tmp_path_factory.mktemp("plugins")
    build = pathlib.Path(binary()).resolve().parent.parent
    run("cmake", "--install", build, "--prefix", top / "prefix", "--component", "plugin")
    source = shutil.copytree(ROOT / "examples/plugin", top / "source")
    run("cmake", "-S", source, "-B", top / "build", f"-DCMAKE_PREFIX_PATH={top / 'prefix'}")
    run("cmake", "--build", top / "build")
    (top / "use").mkdir()
    shutil.copy(top / "build/example.so", top / "use")
    return top / "use"


@pytest.fixture
def cli(dataflow_cli, tmp_path, plugins):
    tool = Cli(dataflow_cli, tmp_path / "home")
    tool.env["DATAFLOW_PLUGINS_DIR"] = str(plugins)
    tool.env["OUT"] = str(tmp_path / "out.txt")
    tool.file = tmp_path / "averages.yaml"
    tool.file.write_text(AVERAGES)
    return tool


def expected(rows):
    """By a plain list for each key: its rows stand in one split, so their order is known."""
    lines, before = [], {}
    for number in range(2 * rows):
        key = f"key_{number % KEYS}"
        last = before.setdefault(key, [])
        last.append(number)
        mean = sum(last[-3:]) / len(last[-3:])
        lines.append(f"{key}\t{number}\t{1_700_000_000_000 + number // 2}\t{mean:.6f}")
    return sorted(lines)


def lines_of(path):
    return sorted(line for line in path.read_text().splitlines() if not line.startswith("#"))


def test_all_three_parts_in_one_pipeline(cli, tmp_path):
    cli("run", cli.file)
    assert lines_of(tmp_path / "out.txt") == expected(500)


def test_killed_and_begun_again_every_row_is_there_once(cli, tmp_path, dataflow_cli):
    out = tmp_path / "out.txt"
    out.write_text("")
    env = {**cli.env, "ROWS": "600", "PAUSE": "1"}
    command = [dataflow_cli, "run", str(cli.file), "--data-dir", str(tmp_path / "data")]
    kills = 0
    for _ in range(4):
        before = len(out.read_text())
        running = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        eventually(lambda: running.poll() is not None or len(out.read_text()) > before, "output")
        if running.poll() is None:
            running.send_signal(signal.SIGKILL)
            kills += 1
        running.wait()
    cli("run", cli.file, "--data-dir", tmp_path / "data", env={"ROWS": "600"})
    assert kills > 0
    assert lines_of(out) == expected(600)
    checkpoints = re.findall(r"^# checkpoint (\d+)$", out.read_text(), re.MULTILINE)
    assert len(checkpoints) == len(set(checkpoints)) > 1


def test_a_server_loads_them_and_goes_on_after_a_kill(cli, server, plugins, tmp_path):
    server.stop()
    shutil.copytree(plugins, pathlib.Path(server.data_dir) / "plugins")
    server.start(same_ports=True)
    tool = Cli(cli.program, tmp_path / "home", server)
    (one,) = tool.json("plugins")
    assert (one["name"], one["sources"], one["sinks"], one["operators"]) == (
        "example", ["counter"], ["lines"], ["moving_average"])
    assert "moving_average" in tool("plugins")
    env = {"ROWS": "800", "PAUSE": "2", "OUT": str(tmp_path / "served.txt")}
    assert "moving_average" in tool("pipeline", "validate", cli.file, env=env)
    tool("pipeline", "deploy", cli.file, env=env)
    out = tmp_path / "served.txt"
    eventually(lambda: out.exists() and out.read_text().count("#") > 2, "some checkpoints")
    server.kill9()
    server.start(same_ports=True)
    eventually(lambda: tool.json("pipeline", "describe", "averages")["state"] == "finished", "the end")
    assert lines_of(out) == expected(800)


def test_a_server_without_the_plugin_says_so(cli, server, tmp_path):
    tool = Cli(cli.program, tmp_path / "home", server)
    tool("pipeline", "validate", cli.file, expect=VALIDATION, env={"OUT": "x"})
    assert "there is no operator `moving_average`: no plug-in that is loaded has one" in tool.err
    assert "averages.yaml:8:" in tool.err


def test_what_a_pipeline_asks_wrongly_is_refused_in_words(cli):
    for was, now, words in [
        ("connector: counter", "connector: countr", 'no connector `countr`; did you mean "counter"'),
        ("connector: lines", "connector: line", 'no connector `line`; did you mean "lines"'),
        ("operator: moving_average", "operator: moving_avg", "no operator `moving_avg`"),
        ("column: number,", "column: nmber,", "there is no column `nmber`"),
        ("column: number,", "column: key,", "which has no average"),
        ("rows: 3,", "rows: 3, rws: 4,", "`rws` is not known here"),
        ("group_by: [key],", "", "give the step `group_by`"),
        ("rows: 3,", "rows: 0,", "it must be an integer from 1 to 1000000"),
        ("number: BIGINT", "number: INT", "column `number` is INT; it must be BIGINT"),
    ]:
        cli.file.write_text(AVERAGES.replace(was, now))
        cli("run", cli.file, expect=VALIDATION)
        assert words in cli.err, cli.err


def test_what_it_throws_fails_the_job_with_its_words(cli, tmp_path):
    cli.env["OUT"] = str(tmp_path / "no folder" / "out.txt")
    text = AVERAGES.replace("checkpoint_interval: 20ms}",
                            "checkpoint_interval: 20ms, restart: {max_attempts: 0}}")
    cli.file.write_text(text)
    cli("run", cli.file, expect=FAILED)
    assert "sink `out`" in cli.err and "No such file or directory" in cli.err


def test_operators_of_plugins_in_tests_of_a_pipeline(cli):
    cli.file.write_text(AVERAGES + """
tests:
- name: means by key
  given:
  - numbers: [{key: a, number: 1, time: +0s}, {key: a, number: 2, time: +1s}]
  - restart: true
  - numbers: [{key: a, number: 6, time: +2s}, {key: a, number: 10, time: +3s}, {key: b, number: 9, time: +3s}]
  expect:
    out: [{number: 1, mean: 1.0}, {number: 2, mean: 1.5}, {number: 6, mean: 3.0}, {number: 10, mean: 6.0},
          {key: b, mean: 9.0}]
""")
    cli("pipeline", "test", cli.file)


def shared_object(folder, name, text):
    source = folder / f"{name}.c"
    source.write_text(text)
    run("cc", "-shared", "-fPIC", "-o", folder / f"{name}.so", source)


def test_bad_plugins_are_named_and_the_good_one_is_used(cli, plugins, tmp_path):
    folder = tmp_path / "bad"
    shutil.copytree(plugins, folder)
    shutil.copy(folder / "example.so", folder / "second.so")
    (folder / "text.so").write_text("no shared object")
    (folder / "folder.so").mkdir()
    os.mkfifo(folder / "pipe.so")
    (folder / "readme.txt").write_text("not looked at")
    shared_object(folder, "no_symbol", "int something(void) { return 1; }")
    shared_object(folder, "missing", "int nowhere(void); int dataflow_plugin(void) { return nowhere(); }")
    shared_object(folder, "version", """
        static const struct { unsigned long long magic; unsigned interface; } plugin =
            {0x4e49474c50574644ULL, 99};
        const void* dataflow_plugin(void) { return &plugin; }
    """)
    listed = {one["file"]: one.get("error", "") for one in cli.json("plugins", "--plugins-dir", folder)}
    assert set(listed) == {"example.so", "second.so", "text.so", "no_symbol.so", "missing.so", "version.so",
                           "folder.so", "pipe.so"}
    assert listed["example.so"] == ""
    assert "its name `example` is there already, from example.so" in listed["second.so"]
    assert "is no shared object" in listed["text.so"]
    assert listed["folder.so"] == listed["pipe.so"] == "is no regular file"
    assert "has no symbol `dataflow_plugin`" in listed["no_symbol.so"]
    assert "nowhere" in listed["missing.so"]
    assert "version 99" in listed["version.so"] and "use a newer program" in listed["version.so"]
    cli.env["DATAFLOW_PLUGINS_DIR"] = str(folder)
    cli("run", cli.file)
    for command in (("plugins",), ("run", cli.file), ("pipeline", "test", cli.file)):
        cli(*command, "--plugins-dir", folder / "none", expect=NOT_FOUND)
    cli.env["DATAFLOW_PLUGINS_DIR"] = str(folder / "none")
    cli("run", cli.file, expect=NOT_FOUND)
    server = subprocess.run([binary(), "server", "--data-dir", tmp_path / "data", "--plugins-dir", folder / "none",
                             "--kafka-listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0",
                             "--metrics-listen", "127.0.0.1:0", "--postgres-listen", "127.0.0.1:0"], capture_output=True, text=True, timeout=60)
    assert server.returncode != 0 and "there is no such folder" in server.stderr


def test_the_example_of_the_page_is_complete(cli, plugins, tmp_path):
    page = (ROOT / "docs/plugins.md").read_text()
    (tmp_path / "mine").mkdir()
    for language, name in (("cmake", "CMakeLists.txt"), ("cpp", "mine.cc")):
        (block,) = re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)
        (tmp_path / "mine" / name).write_text(block)
    build = tmp_path / "mine/build"
    run("cmake", "-S", tmp_path / "mine", "-B", build, f"-DCMAKE_PREFIX_PATH={plugins.parent / 'prefix'}")
    run("cmake", "--build", build)
    cli.env["DATAFLOW_PLUGINS_DIR"] = str(build)
    cli.file.write_text("""
name: numbered
sources:
  rows: {connector: log, topic: rows, schema: {k: STRING, v: DOUBLE, b: BOOLEAN, t: TIME(6), i: TINYINT}}
steps:
  numbered: {from: rows, operator: numbered, group_by: [k], options: {as: nth}}
sinks:
  out: {from: numbered, connector: log, topic: out}
tests:
- name: rows come out as they came in, with their number
  given:
  - rows: [{k: a, v: 0.5, b: true, t: "12:30:00.000001", i: -3}, {k: b}, {k: a, v: -2, b: false}]
  expect:
    out: [{k: a, v: 0.5, b: true, t: "12:30:00.000001", i: -3, nth: 1}, {k: b, v: null, b: null, nth: 1},
          {k: a, v: -2.0, b: false, nth: 2}]
""")
    cli("pipeline", "test", cli.file)
