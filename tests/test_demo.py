"""script/demo, from the point where everything is built: what it says to try next works when pasted."""

import os
import pty
import re
import select
import subprocess
from pathlib import Path

import pytest

from eventually import eventually
from test_cli import Cli
from test_sql_shell import Shell

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


LIVE = 'dataflow sql -c "SUBSCRIBE TO busiest_meetings"'


def paste(lines, env):
    assert LIVE in lines
    lines = [line for line in lines if line != LIVE]
    done = subprocess.run(["bash", "-ec", "\n".join(lines)], text=True, capture_output=True, timeout=120, env=env)
    assert done.returncode == 0, f"{lines}\n{done.stdout}\n{done.stderr}"
    assert done.stdout.count('"stream":"user-events"') == 6
    assert "published 1 event" in done.stderr
    assert re.search(r"^ +1 \| meeting_0", done.stdout, re.MULTILINE), done.stdout
    return done.stdout


def look_at_the_live_view(dataflow_cli, home):
    """On a terminal of 80 columns it fits, is redrawn when the next windows end, and q leaves it."""
    with Shell(Cli(dataflow_cli, home), "-c", "SUBSCRIBE TO busiest_meetings", columns=80) as shell:
        shell.expect("| meeting_0")
        shell.expect("(q or Ctrl-C ends)")
        first = shell.text()
        assert "\u2026" not in first and "| score | latency | health" in first
        changes = int(re.findall(r"(\d+) changes", first)[-1].replace(",", "")) if "changes" in first else 0
        eventually(lambda: shell.expect(" changes") is not None and
                   int(re.findall(r"(\d[\d,]*) changes", shell.text())[-1].replace(",", "")) > changes, "more changes", 90)
        assert shell.leave("q") == 0
        places = re.findall(r"^\| +(\d+) \| meeting_", shell.text()[shell.text().rindex("| top"):], re.MULTILINE)
        assert places and places == [str(place + 1) for place in range(len(places))], shell.text()


def processes_of(home):
    """Those that run with that home, the server's or not."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"DATAFLOW_HOME={home}\0".encode() in (process / "environ").read_bytes() + b"\0":
                found.append((process.name, (process / "cmdline").read_bytes().replace(b"\0", b" ")))
        except OSError:
            continue
    return found


def test_demo_that_keeps_its_server(demo, dataflow_cli, tmp_path):
    command, env = demo
    done = subprocess.run(command("--keep"), text=True, capture_output=True, timeout=120, env=env,
                          stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "acknowledged: 500, found after the restart: 500" in done.stdout
    lines = lines_to_paste(done.stdout)
    paste(lines, env)
    look_at_the_live_view(dataflow_cli, tmp_path / "demo-data")
    again = re.search(r"again with: +(kill -9 .*)", done.stdout).group(1)
    done = subprocess.run(["bash", "-ec", f"{lines[0]}\n{again}\n"
                           "dataflow consume user-events --exit --format '%o\\n' | wc -l"],
                          text=True, capture_output=True, timeout=120, env=env)
    assert done.returncode == 0 and done.stdout.split()[-1] == "501", done.stdout + done.stderr
    # A second demo finds the first one's server and events.
    done = subprocess.run(command("--keep"), text=True, capture_output=True, timeout=120, env=env,
                          stdin=subprocess.DEVNULL)
    assert "acknowledged: 1001, found after the restart: 1001" in done.stdout
    assert "the views of an earlier demo go on" in done.stdout
    # What makes meetings ends with the server, of itself.
    assert len(processes_of(tmp_path / "demo-data")) > 1
    subprocess.run([dataflow_cli, "-q", "emulator", "stop"], check=True, timeout=90,
                   env={**env, "DATAFLOW_HOME": str(tmp_path / "demo-data")})
    eventually(lambda: not processes_of(tmp_path / "demo-data"), lambda: processes_of(tmp_path / "demo-data"))


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
