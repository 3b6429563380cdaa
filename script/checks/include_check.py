"""Every #include of a room's header is one that src/rooms.txt allows. There is no waiver list.

A room may include its own headers, public and private, and the public headers of the rooms in its
closure. Our own headers are included with quotes and their full name, everything else with <>.
"""

import os
import re

import tree

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.MULTILINE)


def check(root):
    rooms = tree.Rooms(root)
    problems = []
    for path in tree.files_under(root, ["src"], tree.SOURCE_SUFFIXES):
        room = rooms.room_of(path[len("src/"):])
        if room is None:
            continue
        text = tree.read(root, path)
        for match in _INCLUDE.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            problem = _problem(root, rooms, room, path, match.group(1), match.group(2))
            if problem:
                problems.append(f"{path}:{line}: {problem}")
    return problems


def _problem(root, rooms, room, path, quote, included):
    other = rooms.room_of(included)
    exists = lambda *parts: os.path.exists(os.path.join(root, "src", *parts))
    if ".." in included.split("/"):
        return f"includes {included}: name the header from its room, without .."
    if quote == "<":
        if other and exists(other, "include", included):
            return f"includes <{included}>: a room's header is included with quotes"
        return None
    if exists(room, included) or _beside(root, path, included):
        return None  # private to this room
    if other is None:
        return f'includes "{included}", which is no header of ours (others are included with <>)'
    if other not in rooms.closure(room):
        allowed = " ".join(sorted(rooms.closure(room) - {room})) or "no other room"
        return f'includes "{included}", but room {room} may know {allowed} (src/rooms.txt)'
    inside = included[len(other) + 1:]
    if other != room and exists(other, inside) and not exists(other, "include", included):
        return f'includes "{included}", a private header of room {other}'
    return None


def _beside(root, path, included):
    return os.path.exists(os.path.join(root, os.path.dirname(path), included))


if __name__ == "__main__":
    tree.run(check)
