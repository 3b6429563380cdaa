"""Random pipelines over files, killed and run on, against DuckDB: random_loop.py ROUNDS

Each round is one pipeline of ten steps. $SOAK_SEED repeats them all; $DATAFLOW_BIN is the program.
"""

import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import loop  # noqa: E402
from random_pipelines import check_against_duckdb  # noqa: E402


def run(rounds, seed, folder):
    rng = random.Random(seed)
    for number in range(rounds):
        began = time.monotonic()
        round_folder = Path(folder) / str(number)
        round_folder.mkdir()
        check_against_duckdb(rng.randrange(2**31), round_folder, rows=12_000, steps=10)
        print(f"round {number + 1}: {time.monotonic() - began:.1f} s", flush=True)


if __name__ == "__main__":
    loop.main(run, "random-loop", "the same rows as DuckDB's")
