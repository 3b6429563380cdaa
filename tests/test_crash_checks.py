"""The crash loop's checks see what they are there to see: each fault below makes one of them fail."""

import sys
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent / "soak"))

import crash_checks as checks  # noqa: E402


def numbered(numbers, base=0):
    return [(base + i, None, f"{number}:xx".encode()) for i, number in enumerate(numbers)]


@pytest.fixture
def writer():
    return SimpleNamespace(topic="t", partitions=1, codec="none", acknowledged=[5])


@pytest.mark.parametrize(
    "numbers",
    [[0, 1, 2, 3], [1, 2, 3, 4], [0, 1, 1, 2, 3, 4], [0, 2, 1, 3, 4], [0, 1, 2, 3, 4, 5]],
    ids=["last missing", "first missing", "doubled", "out of order", "never sent"],
)
def test_idempotent_faults_are_seen(writer, numbers):
    checks.check_idempotent(writer, {("t", 0): numbered(range(5))})
    with pytest.raises(AssertionError):
        checks.check_idempotent(writer, {("t", 0): numbered(numbers)})


def test_offsets_that_do_not_rise_are_seen(writer):
    rows = numbered(range(5))
    with pytest.raises(AssertionError):
        checks.check_idempotent(writer, {("t", 0): rows[:4] + [(3, None, b"4:xx")]})


@pytest.mark.parametrize("numbers", [[], [2, 3], [2, 4], [1, 1, 2, 3, 4]])
def test_broken_runs_under_retention_are_seen(writer, numbers):
    checks.check_short_lived(writer, {("t", 0): numbered([3, 4])})
    with pytest.raises(AssertionError):
        checks.check_short_lived(writer, {("t", 0): numbered(numbers)})


def test_compaction_that_loses_or_revives_is_seen():
    writer = SimpleNamespace(topic="t", last={b"k": (7, b"new"), b"gone": (8, None)})
    checks.check_compacted(writer, {("t", 0): [(7, b"k", b"new"), (8, b"gone", None)]})
    checks.check_compacted(writer, {("t", 0): [(7, b"k", b"new")]})
    for rows in ([(3, b"k", b"old")], [], [(2, b"gone", b"alive"), (7, b"k", b"new")]):
        with pytest.raises(AssertionError):
            checks.check_compacted(writer, {("t", 0): rows})


def transactions(rows, committed, aborted, in_doubt=(), offset=2):
    writer = SimpleNamespace(
        topic="t",
        compacted="c",
        name="a",
        partitions=1,
        KEYS=8,
        sizes={1: 2, 2: 2, 3: 2},
        committed=set(committed),
        aborted=set(aborted),
        in_doubt=set(in_doubt),
    )
    found = {("t", 0): [(i, None, f"a:{n}:{k}".encode()) for i, (n, k) in enumerate(rows)]}
    visible = sorted({n for n, _k in rows})
    found["c", 0] = [(n, f"a{n}".encode(), f"a:{n}".encode()) for n in visible]
    checks.check_transactions(writer, found, offset)


def test_transactions_that_are_whole_pass():
    transactions([(1, 0), (1, 1), (2, 0), (2, 1)], {1, 2}, {3})
    transactions([(1, 0), (1, 1), (2, 0), (2, 1)], {1}, (), {2, 3})
    transactions([(1, 0), (1, 1)], {1}, (), {2, 3}, offset=1)


@pytest.mark.parametrize(
    "rows, offset",
    [
        ([(1, 0), (1, 1), (2, 0)], 2),
        ([(1, 0), (1, 1)], 2),
        ([(1, 0), (1, 1), (2, 0), (2, 1), (3, 0), (3, 1)], 3),
        ([(1, 0), (1, 1), (1, 1), (2, 0), (2, 1)], 2),
        ([(2, 0), (2, 1), (1, 0), (1, 1)], 2),
        ([(1, 0), (1, 1), (2, 0), (2, 1)], 1),
    ],
    ids=["half", "missing", "aborted one visible", "doubled", "out of order", "offset left behind"],
)
def test_transactional_faults_are_seen(rows, offset):
    with pytest.raises(AssertionError):
        transactions(rows, {1, 2}, {3}, offset=offset)


def test_lost_offsets_and_vanished_records_are_seen():
    writer = SimpleNamespace(acknowledged=5, tried=6)
    checks.check_offsets(writer, 5, "m5")
    for offset, metadata in ((4, "m4"), (7, "m7"), (-1001, ""), (6, "m5")):
        with pytest.raises(AssertionError):
            checks.check_offsets(writer, offset, metadata)
    watcher = SimpleNamespace(isolation="read_committed", seen=defaultdict(dict))
    watcher.seen["t", 0] = {3: b"seen"}
    checks.check_watched(watcher, {("t", 0): [(3, None, b"seen")]})
    for rows in ([], [(3, None, b"other")], [(4, None, b"seen")]):
        with pytest.raises(AssertionError):
            checks.check_watched(watcher, {("t", 0): rows})
