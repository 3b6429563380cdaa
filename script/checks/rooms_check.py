"""src/rooms.txt is in order, and the rooms' lists name exactly the files that are there.

A header that is not listed would escape the proof that each header compiles alone, and a test that is
not listed would never run. Configuring writes what the lists name into listed_files.txt of the build
folder; its path is the second argument.
"""

import os
import sys

import tree

LISTED = "build/release/listed_files.txt"


def check(root, listed_file=None):
    rooms = tree.Rooms(root)
    problems = list(rooms.problems)
    listed = set(tree.read(root, listed_file or LISTED).split())
    for room in rooms.names:
        if not os.path.exists(os.path.join(root, "src", room, "CMakeLists.txt")):
            problems.append(f"src/{room}: room {room} has no CMakeLists.txt")
    for path in tree.files_under(root, ["src"], tree.SOURCE_SUFFIXES):
        inside = path[len("src/"):]
        room = rooms.room_of(inside)
        if room is None:
            problems.append(f"{path}: lies in no room of src/rooms.txt")
        else:
            problems.extend(_file_problems(path, inside[len(room) + 1:], room, listed))
    for path in sorted(listed):
        # What is generated lies in the build folder.
        if path.startswith("src/") and not os.path.exists(os.path.join(root, path)):
            problems.append(f"{path}: is listed, but not there")
    return problems


def _file_problems(path, name, room, listed):
    if name.startswith("include/") and not name.startswith(f"include/{room}/"):
        return [f"{path}: a public header of {room} lies in include/{room}/"]
    if name.endswith(".h") and not name.startswith("include/"):
        return []  # private
    if path not in listed:
        return [f"{path}: is not listed in src/{room}/CMakeLists.txt"]
    return []


if __name__ == "__main__":
    tree.run(lambda root: check(root, sys.argv[2] if len(sys.argv) > 2 else None))
