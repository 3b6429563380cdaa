"""What the checks know of the source tree: the rooms, the files, and C++ without its comments."""

import os
import re
import sys

SOURCE_SUFFIXES = (".h", ".cc")


class Rooms:
    """src/rooms.txt: the rooms in order, and which rooms each one names."""

    def __init__(self, root):
        self.root = root
        self.names = {}
        self.problems = []
        path = os.path.join(root, "src", "rooms.txt")
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                self._add_line(f"src/rooms.txt:{number}", line.split("#")[0].strip())

    def _add_line(self, where, line):
        if not line:
            return
        room, colon, named = line.partition(":")
        if not colon or not re.fullmatch(r"[a-z0-9_]+(/[a-z0-9_]+)*", room):
            self.problems.append(f"{where}: `{line}` is not `room: the rooms it may know`")
            return
        if room in self.names:
            self.problems.append(f"{where}: room {room} is there twice")
        for other in named.split():
            if other == room:
                self.problems.append(f"{where}: room {room} names itself")
            elif other not in self.names:
                self.problems.append(
                    f"{where}: room {room} names {other}, which does not stand above it")
            if room.startswith("edge/") and other.startswith("edge/"):
                self.problems.append(f"{where}: {room} names {other}; edges never know each other")
        self.names[room] = named.split()

    def closure(self, room):
        """The rooms whose public headers `room` may include, itself among them."""
        seen, waiting = set(), [room]
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                waiting.extend(self.names.get(name, []))
        return seen

    def room_of(self, path):
        """The room that a path such as log/segment.cc begins with; the longest name wins."""
        best = None
        for name in self.names:
            if path.startswith(name + "/") and (best is None or len(name) > len(best)):
                best = name
        return best


def files_under(root, folders, suffixes):
    """Paths relative to `root`, sorted, without generated code and hidden or build folders."""
    found = []
    for folder in folders:
        for base, names, files in os.walk(os.path.join(root, folder)):
            names[:] = [n for n in names if n not in ("generated", "build") and n[0] != "."]
            found.extend(os.path.relpath(os.path.join(base, f), root)
                         for f in files if f.endswith(suffixes))
    return sorted(found)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


_SKIPPED = re.compile(
    r"//[^\n]*"
    r"|/\*.*?\*/"
    r'|R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+'",
    re.DOTALL)


def code_only(text):
    """The text with comments and literals blanked; every line keeps its number."""
    def blank(match):
        kept = "\n" * match.group(0).count("\n")
        return kept if match.group(0)[0] == "/" else '""' + kept
    return _SKIPPED.sub(blank, text)


def run(check):
    """Calls check(root) → problems, prints them, and exits 1 if there are any."""
    root = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else os.path.abspath(
        os.path.join(os.path.dirname(__file__), "..", ".."))
    problems = check(root)
    for problem in problems:
        print(problem)
    if problems:
        print(f"{len(problems)} problem(s)")
    sys.exit(1 if problems else 0)
