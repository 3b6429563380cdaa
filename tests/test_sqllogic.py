"""The files in tests/sqllogic: what we answer, and what DuckDB answers to the same."""

import re
from pathlib import Path

import duckdb
import pytest

from dataflow_server import ROOT
from sqllogic import records, run_duckdb, run_ours
from test_cli import Cli

FILES = sorted((Path(__file__).parent / "sqllogic").glob("*.slt"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_answers_are_those_of_the_file(path, dataflow_cli, tmp_path):
    wrong = run_ours(Cli(dataflow_cli, tmp_path / "home"), tmp_path, records(path))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_duckdb_answers_the_same(path):
    wrong = run_duckdb(duckdb.connect(), records(path))
    assert not wrong, "\n".join(wrong)


# How those are written that are not called by their name.
WRITTEN = {
    "ARRAY": r"\bARRAY\[", "MAP": r"\bMAP\[", "ITEM": r"\]\[", "FIELD": r"\)\.\w", "||": r" \|\| ", "BETWEEN": r"[^T] BETWEEN ",
    "IN": r"[^T] IN \(", "LIKE": r"[^T] LIKE ", "SIMILAR TO": r"[^T] SIMILAR TO ",
    "DIFFERENCE": r"\) (SECOND|MONTH)",
}


def is_used(name, text):
    word = re.escape(name).replace(r"\ ", " ")
    if name in WRITTEN:
        return re.search(WRITTEN[name], text)
    if not name[0].isalpha():
        return f" {name} " in text
    return re.search(rf"\b{word}\b", text)


@pytest.mark.parametrize("page, names", [("functions", "functions_*.slt"), ("aggregates", "*.slt")])
def test_every_function_has_its_place_in_a_file(page, names):
    """A function that is registered, and so stands in its page of docs, and is in no file."""
    text = "\n".join(record.sql for path in FILES if path.match(names) for record in records(path) if record.ours)
    functions = [name.replace(r"\|", "|") for name in re.findall(r"^\| `(.*?)` \|", (ROOT / f"docs/{page}.md").read_text(), re.M)]
    missing = [name for name in functions if not is_used(name, text)]
    assert len(functions) > 15 and not missing, missing
