"""Random pipelines over files, against DuckDB. DATAFLOW_RANDOM_PIPELINES (usually 10) are made; a failure names its seed,
and DATAFLOW_SEED repeats that one alone. tests/soak/random_loop.py makes many."""

import os
import random

import pytest

from random_pipelines import check_against_duckdb

COUNT = int(os.environ.get("DATAFLOW_RANDOM_PIPELINES", "10"))
SEEDS = [int(os.environ["DATAFLOW_SEED"])] if "DATAFLOW_SEED" in os.environ else [
    random.SystemRandom().randrange(2**31) for _ in range(COUNT)]


@pytest.mark.parametrize("number", range(len(SEEDS)))
def test_random_pipelines_give_the_rows_that_duckdb_gives(number, tmp_path):
    check_against_duckdb(SEEDS[number], tmp_path)
