"""What the benchmarks have in common: the machine, processes' costs, and the page of results."""

import os
import pathlib
import platform
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = ROOT / "build/release/bin"
PEERS = ROOT / "bench/peers"
TICK = os.sysconf("SC_CLK_TCK")


def cpu_model():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def memory_gib():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def rss_anon_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1024
    return 0.0


def descendants(pid):
    found = [pid]
    for parent in found:
        try:
            tasks = pathlib.Path(f"/proc/{parent}/task").iterdir()
            for task in tasks:
                found += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            pass
    return found


class Cost:
    """A command run to its end: seconds, CPU seconds with its children's, peak private memory."""

    def __init__(self, command, env=None, cwd=None):
        began = time.monotonic()
        before = os.times()
        process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, env=env, cwd=cwd)
        self.private_mib = 0.0
        ended = threading.Event()

        def watch():
            while not ended.wait(0.02):
                for pid in descendants(process.pid):
                    try:
                        self.private_mib = max(self.private_mib, rss_anon_mib(pid))
                    except OSError:
                        pass

        watcher = threading.Thread(target=watch)
        watcher.start()
        self.out, self.err = process.communicate()
        ended.set()
        watcher.join()
        after = os.times()
        self.seconds = time.monotonic() - began
        self.cpu = after.children_user + after.children_system - before.children_user - before.children_system
        if process.returncode != 0:
            raise RuntimeError(f"{command[0]} ended with {process.returncode}:\n{self.err[-2000:]}{self.out[-2000:]}")


def write_page(name, lines):
    """Puts the lines into docs/benchmarks.md, in the place of those of the last run of this benchmark."""
    page = ROOT / "docs/benchmarks.md"
    text = page.read_text() if page.exists() else "# Benchmarks\n\n"
    begin, end = f"<!-- script/bench {name}: begin -->", f"<!-- script/bench {name}: end -->"
    body = f"{begin}\n" + "\n".join(lines) + f"\n{end}"
    if begin in text:
        text = text[:text.index(begin)] + body + text[text.index(end) + len(end):]
    else:
        text += "\n" + body + "\n"
    page.write_text(text)
