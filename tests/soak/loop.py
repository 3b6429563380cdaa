"""What the loops have in common: rounds and seed from outside, and what is told of a failure."""

import faulthandler
import os
import random
import shutil
import sys
import tempfile


def main(run, name, done):
    """run(rounds, seed, folder); `done` says what holds when it returns."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    seed = int(os.environ.get("SOAK_SEED") or random.randrange(2**32))
    folder = tempfile.mkdtemp(prefix=f"{name}-")
    print(f"SOAK_SEED={seed}, {rounds} rounds in {folder}", flush=True)
    try:
        run(rounds, seed, folder)
    except Exception as error:
        faulthandler.dump_traceback(file=sys.stdout)
        print(f"FAILED with SOAK_SEED={seed}, everything is kept in {folder}: {error}", flush=True)
        os._exit(1)  # writers may still wait for a server that is gone
    shutil.rmtree(folder, ignore_errors=True)
    print(f"{rounds} rounds, {done}")
