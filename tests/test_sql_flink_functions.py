"""Every value of the function files in tests/sqllogic, as text, by Apache Flink and by us: the same."""

import json
import subprocess
from pathlib import Path

import pytest

from sqllogic import records, values_of
from test_cli import Cli
from test_sql_flink import PEER, pytestmark, written  # noqa: F401

FILES = sorted((Path(__file__).parent / "sqllogic").glob("functions_*.slt"))
COLUMNS = 50  # of one row


def all_values():
    for path in FILES:
        for record in records(path):
            if record.is_query and record.flink and record.rows:
                yield from values_of(record.sql)


def script(values, out):
    text = ""
    for first in range(0, len(values), COLUMNS):
        columns = [f"c{i}" for i in range(first, min(first + COLUMNS, len(values)))]
        name = f"values_{first}"
        text += (f"CREATE TABLE {name} ({', '.join(c + ' STRING' for c in columns)}) WITH "
                 f"('connector' = 'filesystem', 'path' = '{out / name}', 'format' = 'json');\n")
        text += f"INSERT INTO {name} SELECT " + ", ".join(
            f"CAST({value} AS STRING)" for value in values[first:first + COLUMNS]) + ";\n"
    return text


def results(folder, values):
    found = {}
    for path in folder.iterdir():
        for line in written(path):
            found.update(json.loads(line))
    return {value: found.get(f"c{i}") for i, value in enumerate(values)}


@pytest.mark.timeout(600)  # Flink makes code of all of them
def test_functions_have_the_values_of_flink(dataflow_cli, tmp_path):
    values = list(dict.fromkeys(all_values()))
    theirs, ours = tmp_path / "flink", tmp_path / "ours"
    (tmp_path / "flink.sql").write_text(script(values, theirs))
    (tmp_path / "ours.sql").write_text("SET 'execution.runtime-mode' = 'batch';\n" + script(values, ours))
    Cli(dataflow_cli, tmp_path / "home")("run", tmp_path / "ours.sql")
    flink = subprocess.run(["bash", PEER, tmp_path / "flink.sql", "batch", "table.local-time-zone=UTC"],
                           capture_output=True, text=True, timeout=600)
    assert flink.returncode == 0, flink.stderr[-3000:]
    expected, found = results(theirs, values), results(ours, values)
    wrong = [f"{value}: {found[value]!r}, by Flink {expected[value]!r}" for value in values if found[value] != expected[value]]
    assert not wrong, "\n".join(wrong)
    assert len(values) > 500 and sum(value is not None for value in expected.values()) > 350
