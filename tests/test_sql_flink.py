"""The same script, text for text, run by Apache Flink and by us over the same files: equal files come out.

All statements of one mode are one script, so that Flink starts once.
"""

import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from dataflow_server import ROOT
from test_cli import Cli

PEER = ROOT / "bench/peers/flink_sql.sh"
FETCHED = Path(os.environ.get("PEERS_CACHE", Path.home() / ".cache/stream-peers")).glob("flink-*/lib/flink-dist-*.jar")

pytestmark = pytest.mark.skipif(
    not (PEER.exists() and shutil.which("java") and any(FETCHED)),
    reason="Apache Flink is not fetched: bench/peers/flink_window.sh fetch")

COLUMNS = {
    "id": "INT", "b": "BOOLEAN", "n": "BIGINT", "f": "FLOAT", "d": "DOUBLE", "c": "DECIMAL(12, 3)", "s": "STRING",
    "dt": "DATE", "ts": "TIMESTAMP(3)", "z": "TIMESTAMP_LTZ(3)",
}
TEXTS = ["", "tea", "two words", "quo\"te", "semi;colon", "a,b", "longer than the twenty-four characters", "ü€", "#x", "back\\slash"]


def quoted(text):
    return '"' + text.replace('"', '""') + '"'


def lines(rows, seed):
    rng = random.Random(seed)
    for i in range(rows):
        second = f"2024-01-31 10:{i // 60 % 60:02}:{i % 60:02}"
        part = rng.choice(["", ".5", ".120", ".007"])
        yield ",".join([
            str(i), rng.choice(["true", "false"]), str(rng.randrange(-10**12, 10**12)), repr(rng.uniform(-1e3, 1e3)),
            repr(rng.choice([0.0, 1.0, -2.5, 1e10, 1e-7, rng.uniform(-1e9, 1e9)])),
            rng.choice(["0", "12.300", "100", "-0.001", "1000000", str(rng.randrange(10**6)) + ".25"]),
            quoted(rng.choice(TEXTS)), f"20{rng.randrange(10, 99)}-02-0{rng.randrange(1, 9)}", quoted(second + part),
            quoted(second + part + "Z")])


def table(name, path, format, columns, extra=""):
    fields = ", ".join(f"{column} {type}" for column, type in columns.items())
    return (f"CREATE TABLE {name} ({fields}{extra}) WITH ('connector' = 'filesystem', 'path' = '{path}', "
            f"'format' = '{format}');\n")


ALL = ", ".join(COLUMNS)
WINDOW = {"k": "BOOLEAN", "ws": "TIMESTAMP(3)", "we": "TIMESTAMP(3)", "n": "BIGINT", "total": "DECIMAL(38, 3)", "least": "BIGINT"}
OUTPUTS = {
    "csv_all": ("csv", COLUMNS, f"SELECT {ALL} FROM src"),
    "json_all": ("json", COLUMNS, f"SELECT {ALL} FROM src"),
    "filtered": ("csv", {"id": "INT", "s": "STRING"}, "SELECT id, s FROM src WHERE n > 0 AND s <> ''"),
    "tumbled": ("csv", WINDOW,
                "SELECT b, window_start, window_end, COUNT(*), SUM(c), MIN(n) FROM TABLE(TUMBLE(TABLE src, "
                "DESCRIPTOR(ts), INTERVAL '30' SECOND)) GROUP BY b, window_start, window_end"),
    "hopped": ("json", WINDOW,
               "SELECT b, window_start, window_end, COUNT(*), SUM(c), MIN(n) FROM TABLE(HOP(TABLE src, "
               "DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '40' SECOND)) GROUP BY b, window_start, window_end"),
    "cumulated": ("csv", WINDOW,
                  "SELECT b, window_start, window_end, COUNT(*), SUM(c), MIN(n) FROM TABLE(CUMULATE(TABLE src, "
                  "DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '60' SECOND)) GROUP BY b, window_start, window_end"),
}


def script(source, out):
    text = table("src", source, "csv", COLUMNS, ", WATERMARK FOR ts AS ts - INTERVAL '5' SECOND")
    for name, (format, columns, query) in OUTPUTS.items():
        text += table(name, out / name, format, columns)
        text += f"INSERT INTO {name} {query};\n"
    return text


def written(folder):
    rows = []
    for path in folder.rglob("*"):
        if path.is_file() and path.name[0] not in "._":
            rows += path.read_text().splitlines()
    return sorted(rows)


@pytest.mark.parametrize("mode", ["streaming", "batch"])
def test_the_same_script_writes_the_same_files(dataflow_cli, tmp_path, mode):
    source = tmp_path / "in.csv"
    source.write_text("".join(line + "\n" for line in lines(600, seed=7)))
    theirs, ours = tmp_path / "flink", tmp_path / "ours"
    (tmp_path / "flink.sql").write_text(script(source, theirs))
    (tmp_path / "ours.sql").write_text(f"SET 'execution.runtime-mode' = '{mode}';\n" + script(source, ours))
    Cli(dataflow_cli, tmp_path / "home")("run", tmp_path / "ours.sql")
    flink = subprocess.run(["bash", PEER, tmp_path / "flink.sql", mode], capture_output=True, text=True, timeout=300)
    assert flink.returncode == 0, flink.stderr[-3000:]
    for name in OUTPUTS:
        assert written(ours / name) == written(theirs / name), name
        assert written(ours / name), name


HOURS = "k STRING, ws TIMESTAMP(3), we TIMESTAMP(3), n BIGINT, most BIGINT"
# Days in New York only: in Shanghai Flink 2.3 loses rows of windows that are longer than the zone is ahead.
ZONED = {
    "America/New_York": ["TUMBLE(TABLE src, DESCRIPTOR(z), INTERVAL '1' DAY)",
                         "CUMULATE(TABLE src, DESCRIPTOR(z), INTERVAL '6' HOUR, INTERVAL '1' DAY)",
                         "TUMBLE(TABLE src, DESCRIPTOR(z), INTERVAL '1' HOUR)",
                         "HOP(TABLE src, DESCRIPTOR(z), INTERVAL '30' MINUTE, INTERVAL '3' HOUR)",
                         "SESSION(TABLE src PARTITION BY k, DESCRIPTOR(z), INTERVAL '25' MINUTE)"],
    "Asia/Shanghai": ["TUMBLE(TABLE src, DESCRIPTOR(z), INTERVAL '1' HOUR)",
                      "SESSION(TABLE src PARTITION BY k, DESCRIPTOR(z), INTERVAL '25' MINUTE)"],
}


def zoned_script(source, out, zone):
    text = f"SET 'table.local-time-zone' = '{zone}';\n" + table(
        "src", source, "csv", {"id": "BIGINT", "k": "STRING", "ms": "BIGINT"},
        ", z AS TO_TIMESTAMP_LTZ(ms, 3), WATERMARK FOR z AS z - INTERVAL '5' SECOND")
    for i, windows in enumerate(ZONED[zone]):
        text += (f"CREATE TABLE out{i} ({HOURS}) WITH ('connector' = 'filesystem', 'path' = '{out / str(i)}', 'format' = 'csv');\n"
                 f"INSERT INTO out{i} SELECT k, window_start, window_end, COUNT(*), MAX(id) FROM TABLE({windows}) "
                 "GROUP BY k, window_start, window_end;\n")
    return text


@pytest.mark.parametrize("zone", ZONED)
def test_windows_over_moments_are_those_of_the_sessions_clocks(dataflow_cli, tmp_path, zone):
    rng = random.Random(5)
    rows, source = [], tmp_path / "in.csv"
    # New York's clocks are put forward, and back.
    for change in (1615705200, 1636264800):
        second = change - 6 * 3600
        while second < change + 30 * 3600:
            second += rng.randrange(30, 1500)
            rows.append(f"{len(rows)},k{rng.randrange(3)},{second * 1000 + rng.choice([0, 1, 999])}\n")
    source.write_text("".join(rows))
    theirs, ours = tmp_path / "flink", tmp_path / "ours"
    (tmp_path / "flink.sql").write_text(zoned_script(source, theirs, zone))
    (tmp_path / "ours.sql").write_text(zoned_script(source, ours, zone))
    Cli(dataflow_cli, tmp_path / "home")("run", tmp_path / "ours.sql")
    flink = subprocess.run(["bash", PEER, tmp_path / "flink.sql", "streaming"], capture_output=True, text=True, timeout=300)
    assert flink.returncode == 0, flink.stderr[-3000:]
    for i, windows in enumerate(ZONED[zone]):
        assert written(ours / str(i)) == written(theirs / str(i)), windows
        assert written(ours / str(i)), windows
