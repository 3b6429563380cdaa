"""The shape of the code: small files and functions, names that say something, no friend.

Limits: a header has 300 lines, a source 700, a function 70, a line 100 columns. Generated code (a folder
called `generated`, or the build folder) is exempt. style_exceptions.txt may only shrink.
"""

import os
import re

import tree

LIMITS = {".h": 300, ".cc": 700}
FUNCTION_LINES = 70
COLUMNS = 100
EXCEPTIONS = "script/checks/style_exceptions.txt"
EXCEPTIONS_ALLOWED = 0  # only ever lowered

_BANNED_FILE = re.compile(r"(^|[_/.-])(utils?|helpers?|common|managers?)([_/.-]|$)", re.IGNORECASE)
_BANNED_NAME = re.compile(
    r"\b(?:class|struct|namespace|enum(?:\s+class)?)\s+"
    r"(\w*(?:Util|Utils|Helper|Helpers|Common|Manager)|utils?|helpers?|common)\b")
_LATER = re.compile(r"\b(" + "TO" + "DO|FIX" + r"ME)\b")
_NOT_A_FUNCTION = re.compile(
    r"\b(namespace|class|struct|union|enum|extern|concept|requires)\b(?![^()]*\)\s*(const)?\s*$)")


def check(root):
    found = []
    for path in tree.files_under(root, ["src", "include", "examples", "bench", "tests"], tree.SOURCE_SUFFIXES):
        found.extend(_check_file(path, tree.read(root, path)))
    for path in tree.files_under(root, ["src", "include", "examples", "bench", "tests", "script", "cmake"],
                                 (".h", ".cc", ".py", ".sh", ".txt", ".cmake", ".java")):
        for number, line in enumerate(tree.read(root, path).splitlines(), 1):
            if _LATER.search(line):
                found.append(("later", path, f"{path}:{number}: do it, or leave it out: {line.strip()}"))
    return _without_exceptions(root, found)


def _without_exceptions(root, found):
    problems, listed = [], []
    if os.path.exists(os.path.join(root, EXCEPTIONS)):
        for line in tree.read(root, EXCEPTIONS).splitlines():
            line = line.split("#")[0].split()
            if line:
                listed.append(tuple(line))
    if len(listed) > EXCEPTIONS_ALLOWED:
        problems.append(f"{EXCEPTIONS}: has {len(listed)} entries, {EXCEPTIONS_ALLOWED} are allowed: "
                        "the list may only shrink")
    for entry in listed:
        if not any((rule, path) == entry for rule, path, _ in found):
            problems.append(f"{EXCEPTIONS}: {' '.join(entry)} is not needed any more: remove it")
    problems.extend(text for rule, path, text in found if (rule, path) not in listed)
    return problems


def _check_file(path, text):
    found = []
    lines = text.splitlines()
    limit = LIMITS[os.path.splitext(path)[1]]
    if len(lines) > limit:
        found.append(("file", path, f"{path}: has {len(lines)} lines, {limit} are allowed"))
    if _BANNED_FILE.search(path):
        found.append(("name", path, f"{path}: a name says what the thing does"))
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS:
            found.append(("line", path, f"{path}:{number}: has {len(line)} columns, {COLUMNS} are allowed"))
    code = tree.code_only(text)
    for match in _BANNED_NAME.finditer(code):
        found.append(("name", path, f"{path}:{_line(code, match.start())}: {match.group(1)}: "
                      "a name says what the thing does"))
    for match in re.finditer(r"\bfriend\b[^;{]*[;{]", code):
        if not re.search(r"=\s*default\s*;$", match.group(0)):
            found.append(("friend", path, f"{path}:{_line(code, match.start())}: no friend"))
    for name, first, last in functions(code):
        if last - first + 1 > FUNCTION_LINES:
            found.append(("function", path, f"{path}:{first}: {name} has {last - first + 1} lines, "
                          f"{FUNCTION_LINES} are allowed"))
    return found


def _line(text, position):
    return text.count("\n", 0, position) + 1


def functions(code):
    """(name, first line, last line) of each function; a lambda counts to the function around it."""
    # Preprocessor lines, with their continuations, hold no bodies.
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: "\n" * m.group(0).count("\n"), code,
                  flags=re.MULTILINE)
    found = []
    depth, start, parens = 0, 0, 0
    body = None  # (depth of its brace, name, first line)
    for position, char in enumerate(code):
        if char == "(":
            parens += 1
        elif char == ")":
            parens -= 1
        elif char == "{":
            if body is None and parens == 0:
                head = code[start:position]
                name = _function_name(head)
                if name:
                    first = _line(code, start + len(head) - len(head.lstrip()))
                    body = (depth, name, first)
            depth += 1
            if body is None and parens == 0:
                start = position + 1
        elif char == "}":
            depth -= 1
            if body is not None and body[0] == depth:
                found.append((body[1], body[2], _line(code, position)))
                body = None
            if body is None and parens == 0:
                start = position + 1
        elif char == ";" and body is None and parens == 0:
            start = position + 1
    return found


def _function_name(head):
    """The name if `head {` opens a function's body, else None."""
    head = re.sub(r"\b(public|private|protected)\s*:", " ", head)
    head = re.sub(r"\[\[[^\]]*\]\]", " ", head)
    signature = re.search(r"(operator\s*(?:\(\)|\[\]|[^\s\w(]+|\w[\w:]*)|~?\w[\w:~]*)\s*\(", head)
    if not signature or head.rstrip().endswith(("=", ",", "return")):
        return None
    before = head[:signature.start()]
    if _NOT_A_FUNCTION.search(before) and "template" not in before:
        return None
    if "=" in re.sub(r"operator\s*\S+|<[^<>]*>", "", before):
        return None
    return signature.group(1)


if __name__ == "__main__":
    tree.run(check)
