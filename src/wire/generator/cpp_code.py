"""Indented lines of C++."""


class Code:
    def __init__(self):
        self.lines = []
        self.depth = 0

    def __call__(self, text=""):
        self.lines.append("  " * self.depth + text if text else "")

    def open(self, text=""):
        self(text + " {" if text else "{")
        self.depth += 1

    def close(self, after=""):
        self.depth -= 1
        self("}" + after)

    def text(self):
        return "\n".join(self.lines) + "\n"


class Block:
    """`with Block(code, "if (x)")`; without a condition there are no braces."""

    def __init__(self, code, opening):
        self.code, self.opening = code, opening

    def __enter__(self):
        if self.opening:
            self.code.open(self.opening)

    def __exit__(self, *failure):
        if self.opening:
            self.code.close()


def when(code, condition):
    return Block(code, f"if ({condition})" if condition else None)


GENERATED = "// Generated from the schema files by the room's generator. Edit those instead."
