"""A DataFlow server as a child process: start, kill, restart, and what it said."""

import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LISTENERS = ("kafka", "http", "metrics", "postgres")
START_DEADLINE_S = 60
STOP_DEADLINE_S = 60


def binary():
    """The program under test: $DATAFLOW_BIN, or the release build's."""
    return os.environ.get("DATAFLOW_BIN") or str(ROOT / "build" / "release" / "bin" / "dataflow")


@dataclass(frozen=True)
class Addresses:
    """What the ready file says; each listener as host:port."""
    kafka: str
    http: str
    metrics: str
    postgres: str
    pid: int


class Server:
    """One data directory and the server on it. Everything lives below `folder`."""

    def __init__(self, folder, args=(), env=None):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data_dir = self.folder / "data"
        self.log_file = self.folder / "server.log"
        self.args = list(args)
        self.env = dict(env or {})
        self.process = None
        self.addresses = None

    @property
    def kafka(self):
        return self.addresses.kafka

    @property
    def http(self):
        return self.addresses.http

    @property
    def metrics(self):
        return self.addresses.metrics

    @property
    def postgres(self):
        return self.addresses.postgres

    @property
    def pid(self):
        return self.process.pid

    def running(self):
        return self.process is not None and self.process.poll() is None

    def start(self, same_ports=False, args=None):
        """Returns once every listener accepts. `same_ports` takes the addresses of the last start;
        `args` replaces the extra arguments from now on."""
        assert not self.running(), "the server is running"
        if args is not None:
            self.args = list(args)
        ready = self.folder / "ready.json"
        ready.unlink(missing_ok=True)
        command = [binary(), "server", "--data-dir", str(self.data_dir), "--ready-file", str(ready)]
        for name in LISTENERS:
            address = getattr(self.addresses, name) if same_ports else "127.0.0.1:0"
            command += [f"--{name}-listen", address]
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                command + self.args, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, **self.env})
        self._await_ready(ready)
        return self

    def _await_ready(self, ready):
        # The file appears by rename, so that it is whole as soon as it is there.
        deadline = time.monotonic() + START_DEADLINE_S
        while not ready.exists():
            if self.process.poll() is not None:
                raise AssertionError(
                    f"the server ended with {self.process.returncode} before it was ready:\n{self.log()}")
            if time.monotonic() > deadline:
                self.process.kill()
                self.process.wait()
                raise AssertionError(f"the server is not ready in {START_DEADLINE_S} s:\n{self.log()}")
            time.sleep(0.002)
        said = json.loads(ready.read_text())
        self.addresses = Addresses(*(said[name] for name in LISTENERS), said["pid"])
        assert self.addresses.pid == self.process.pid, said

    def signal(self, number):
        """Only ever to the process that this object started."""
        self.process.send_signal(number)

    def kill9(self):
        """As a crash: nothing is flushed, nobody is told."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        """SIGTERM; a clean stop ends with 0."""
        if not self.running():
            return
        self.process.terminate()
        try:
            code = self.process.wait(STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            self.process.wait()
            raise AssertionError(f"the server did not stop in {STOP_DEADLINE_S} s:\n{self.log()}") from None
        assert code == 0, f"the server ended with {code} after SIGTERM:\n{self.log()}"

    def restart(self, kill=False, same_ports=True, args=None):
        """Stops (or kills) it if it runs, and starts it on the same data."""
        if self.running():
            if kill:
                self.kill9()
            else:
                self.stop()
        return self.start(same_ports=same_ports, args=args)

    def discard(self):
        """After a failed test: gone, whatever it was doing."""
        if self.running():
            self.kill9()

    def log(self, lines=200):
        """The end of what the server wrote to stdout and stderr."""
        if not self.log_file.exists():
            return ""
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-lines:])
