"""script/demo, from the point where everything is built: what it says to try next works when pasted."""

import os
import pty
import re
import select
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture
def demo(dataflow_cli, tmp_path):
    """Its command line, and its environment; what it keeps, it keeps in tmp_path."""
    script = (f"source {PROJECT}/script/lib/project.sh; ROOT={tmp_path}; DATAFLOW_CLI={dataflow_cli}; "
              f"source {PROJECT}/script/lib/demo.sh")
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    yield lambda *args: ["bash", "-c", script, "script/demo", "--events", "500", *args], env
    subprocess.run([dataflow_cli, "-q", "emulator", "stop"], capture_output=True, timeout=90,
                   env={**env, "DATAFLOW_HOME": str(tmp_path / "demo-data")})


def lines_to_paste(shown):
    return re.findall(r"^  (\S.*?)\r?$", shown[shown.index("== try next"):], re.MULTILINE)


def paste(lines, env):
    done = subprocess.run(["bash", "-ec", "\n".join(lines)], text=True, capture_output=True, timeout=120, env=env)
    assert done.returncode == 0, f"{lines}\n{done.stdout}\n{done.stderr}"
    assert done.stdout.count('"stream":"user-events"') == 6
    assert "published 1 event" in done.stderr
    return done.stdout


def test_demo_that_keeps_its_server(demo, dataflow_cli):
    command, env = demo
    done = subprocess.run(command("--keep"), text=True, capture_output=True, timeout=120, env=env,
                          stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "acknowledged: 500, found after the restart: 500" in done.stdout
    lines = lines_to_paste(done.stdout)
    paste(lines, env)
    again = re.search(r"again with: +(kill -9 .*)", done.stdout).group(1)
    done = subprocess.run(["bash", "-ec", f"{lines[0]}\n{again}\n"
                           "dataflow consume user-events --exit --format '%o\\n' | wc -l"],
                          text=True, capture_output=True, timeout=120, env=env)
    assert done.returncode == 0 and done.stdout.split()[-1] == "501", done.stdout + done.stderr
    # A second demo finds the first one's server and events.
    done = subprocess.run(command("--keep"), text=True, capture_output=True, timeout=120, env=env,
                          stdin=subprocess.DEVNULL)
    assert "acknowledged: 1001, found after the restart: 1001" in done.stdout


def test_demo_in_a_pipe_ends_its_server_and_says_how_to_keep_one(demo, tmp_path):
    command, env = demo
    done = subprocess.run(command(), text=True, capture_output=True, timeout=120, env=env, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    first, *rest = lines_to_paste(done.stdout)
    assert first == f"{tmp_path}/script/demo --keep"
    assert not list(tmp_path.glob("dataflow-demo.*"))
    subprocess.run(command("--keep"), check=True, capture_output=True, timeout=120, env=env, stdin=subprocess.DEVNULL)
    paste(rest, env)


def test_demo_on_a_terminal_waits_for_enter(demo, tmp_path):
    command, env = demo
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe("bash", command(), env)
    shown, pasted = "", False
    while True:
        assert select.select([terminal], [], [], 120)[0], shown
        try:
            piece = os.read(terminal, 65536).decode()
        except OSError:
            break
        if not piece:
            break
        shown += piece
        if not pasted and "until you press Enter" in shown:
            pasted = True
            paste(lines_to_paste(shown), env)
            os.write(terminal, b"\n")
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert pasted and not list(tmp_path.glob("dataflow-demo.*"))
