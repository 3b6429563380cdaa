"""Random pipelines over files, against DuckDB: whole, and killed at random moments and run on at another parallelism.

DATAFLOW_RANDOM_PIPELINES (usually 12) are made; a failure names the seed, and DATAFLOW_SEED repeats it alone."""

import os
import random
import shutil
import signal
import subprocess

import duckdb
import pytest

from dataflow_server import binary
from random_pipelines import Pipeline, duck, events, ours

COUNT = int(os.environ.get("DATAFLOW_RANDOM_PIPELINES", "12"))
SEEDS = [int(os.environ["DATAFLOW_SEED"])] if "DATAFLOW_SEED" in os.environ else [
    random.SystemRandom().randrange(2**31) for _ in range(COUNT)]


def run(file, data=None, kill_after=None):
    """The exit code; None if it was killed."""
    words = [binary(), "run", file, "-o", "json"] + (["--data-dir", data] if data else [])
    process = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        out, err = process.communicate(timeout=kill_after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()
        return None
    assert process.returncode == 0, out + err
    return 0


@pytest.mark.parametrize("number", range(len(SEEDS)))
def test_random_pipelines_give_the_rows_that_duckdb_gives(number, tmp_path):
    seed = SEEDS[number]
    rng = random.Random(seed)
    made = Pipeline(seed)
    source = tmp_path / "in"
    events(rng, 6_000, source)
    connection = duckdb.connect()
    expected = {name: duck(connection, made.query(relation, source)) for name, relation in made.sinks.items()}

    def check(words, out):
        for name, rows in expected.items():
            found = ours(out / name)
            assert found == rows, (f"seed {seed}, {words}, sink {name}: {len(found)} rows, {len(rows)} expected\n"
                                   f"{file.read_text()}\n{made.query(made.sinks[name], source)}")

    file = tmp_path / "random.yaml"
    out = tmp_path / "whole"
    file.write_text(made.yaml(rng.randrange(1, 5), source, out))
    run(file)
    check("whole", out)
    # A process that dies again and again, and each time is begun at another parallelism.
    out, data = tmp_path / "killed", tmp_path / "data"
    for attempt in range(12):
        file.write_text(made.yaml(rng.randrange(1, 5), source, out))
        if run(file, data, kill_after=rng.uniform(0.01, 0.15) if attempt < 11 else None) == 0:
            break
    check("killed", out)
    shutil.rmtree(tmp_path)
