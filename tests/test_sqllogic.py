"""The files in tests/sqllogic: what we answer, and what DuckDB answers to the same."""

from pathlib import Path

import duckdb
import pytest

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
