"""Statements of a set that gather over the same windows do so once, and write what each writes alone."""

import random
import re

import pytest

from json_documents import json_documents
from sql_scripts import SqlScripts

TABLES = """
CREATE TABLE bids (item STRING, bidder INT, price DECIMAL(10, 2), note STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in.csv', 'format' = 'csv');
"""
WINDOWS = ("TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '1' HOUR)", "HOP(TABLE bids, DESCRIPTOR(ts), INTERVAL '20' MINUTE, INTERVAL '1' HOUR)")
KEYS = ("item", "bidder", "UPPER(item)", "item, bidder", "bidder, item")
# One of them fails at some rows, which are dead letters of the statements that have it.
VALUES = ("COUNT(*)", "SUM(price)", "MAX(price * 2)", "MIN(note)", "COUNT(DISTINCT bidder)", "SUM(CAST(note AS INT))",
          "COUNT(*) FILTER (WHERE price > 50)", "AVG(bidder)", "MAX(CHAR_LENGTH(item))")
FILTERS = ("", "", "", " WHERE price > 20", " WHERE bidder <> 3")


@pytest.fixture
def scripts(dataflow_cli, tmp_path):
    rng = random.Random(5)
    rows = "".join(f"i{rng.randrange(9)},{rng.randrange(5)},{rng.randrange(1, 10000) / 100},{rng.choice(('7', '12', 'x'))},"
                   f"2024-01-31 {10 + i // 900}:{i // 15 % 60:02}:{i % 60:02}\n" for i in range(4000))
    return SqlScripts(dataflow_cli, tmp_path, TABLES, rows)


def random_query(rng):
    keys = rng.choice(KEYS)
    values = ", ".join(rng.sample(VALUES, rng.randrange(1, 4)))
    return (f"SELECT CONCAT_WS('|', CAST(ROW(window_start, window_end, {keys}, {values}) AS STRING)) FROM {rng.choice(WINDOWS)}"
            f"{rng.choice(FILTERS)} GROUP BY window_start, window_end, {keys}")


def written(scripts, folder):
    return sorted(line for path in (scripts.dir / folder).iterdir() if path.is_file() for line in path.read_text().splitlines())


def sinks(names):
    return "".join(f"CREATE TABLE {name} (line STRING) WITH ('connector' = 'filesystem', 'path' = '{{dir}}/{name}', 'format' = 'csv');\n"
                   for name in names)


@pytest.mark.parametrize("seed", range(6))
def test_a_set_writes_what_its_statements_write_alone(scripts, seed):
    rng = random.Random(seed)
    queries = [random_query(rng) for _ in range(6)]
    mode = rng.choice(("streaming", "batch"))
    begin = f"SET 'execution.runtime-mode' = '{mode}';\n"
    together = [f"together_{seed}_{i}" for i in range(len(queries))]
    alone = [f"alone_{seed}_{i}" for i in range(len(queries))]
    set_ = "EXECUTE STATEMENT SET BEGIN\n" + "".join(f"INSERT INTO {to} {query};\n" for to, query in zip(together, queries)) + "END;\n"
    scripts(begin + sinks(together) + set_)
    scripts(begin + sinks(alone) + "".join(f"INSERT INTO {to} {query};\n" for to, query in zip(alone, queries)))
    for a, b, query in zip(together, alone, queries):
        assert written(scripts, a) == written(scripts, b), query
    assert any(written(scripts, name) for name in together)


def test_a_set_gathers_once_over_windows_that_are_alike(scripts):
    counted = "SELECT window_start, item, COUNT(*) FROM TUMBLE(bids, ts, INTERVAL '1' HOUR) GROUP BY window_start, window_end, item"
    summed = "SELECT item, SUM(price) * 2 FROM TUMBLE(bids, ts, INTERVAL '1' HOUR) GROUP BY item, window_start, window_end"
    other = counted.replace("'1' HOUR", "'2' HOUR")
    text = """
CREATE TABLE a (ts TIMESTAMP(3), item STRING, n BIGINT) WITH ('connector' = 'blackhole');
CREATE TABLE b (item STRING, total DECIMAL(38, 2)) WITH ('connector' = 'blackhole');
EXPLAIN EXECUTE STATEMENT SET BEGIN INSERT INTO a %s; INSERT INTO b %s; INSERT INTO a %s; END;
"""
    plan = json_documents(scripts(text % (counted, summed, other), "-o", "json"))[-1]["text"]
    assert len(re.findall(r'tumbling window "\w+":', plan)) == 2, plan
