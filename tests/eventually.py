"""Waiting for something to become true, with a deadline and a word for what did not come."""

import time


def eventually(check, what, deadline_s=30.0, every_s=0.01):
    """The first true value of check(). `what` names it in the failure, and may be a function."""
    deadline = time.monotonic() + deadline_s
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > deadline:
            said = what() if callable(what) else what
            raise AssertionError(f"not within {deadline_s} s: {said}")
        time.sleep(every_s)
