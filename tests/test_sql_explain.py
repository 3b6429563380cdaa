"""What EXPLAIN tells beside a plan, and CREATE TEST: by dataflow run, without a server."""

import pytest

from json_documents import json_documents
from sql_scripts import SqlScripts
from test_cli import FAILED, VALIDATION

TABLES = """
CREATE TABLE orders (id BIGINT, item STRING, price DECIMAL(10, 2), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '{dir}/in.csv', 'format' = 'csv');
CREATE TABLE per_item (item STRING, n BIGINT) WITH ('connector' = 'filesystem', 'path' = '{dir}/out', 'format' = 'csv');
CREATE VIEW minutes AS SELECT window_start, item, COUNT(*) AS n FROM TUMBLE(orders, ts, INTERVAL '1' MINUTE)
  GROUP BY window_start, window_end, item;
"""
ROWS = "1,tea,2.50,2024-01-31 10:00:00\n2,milk,100,2024-01-31 10:00:01\n3,tea,0.5,2024-01-31 10:00:02\n"


@pytest.fixture
def run(dataflow_cli, tmp_path):
    return SqlScripts(dataflow_cli, tmp_path, TABLES, ROWS)


def test_explain_flink_prints_a_script_and_nothing_else(run):
    out = run("SET 'parallelism.default' = '1';\nEXPLAIN FLINK INSERT INTO per_item SELECT Item, COUNT(*) FROM orders WHERE PRICE > 1 GROUP BY 1;")
    statements = [part.strip() for part in out.split(";\n") if part.strip()]
    assert statements[0] == "SET 'parallelism.default' = '1'"
    assert statements[1].startswith("CREATE TABLE IF NOT EXISTS `orders` (")
    assert statements[2].startswith("CREATE TABLE IF NOT EXISTS `per_item` (")
    assert statements[3] == "INSERT INTO `per_item`\nSELECT `item`, COUNT(*) FROM `orders` WHERE `price` > 1 GROUP BY `item`"
    assert len(statements) == 4
    assert not (run.dir / "out").exists()


def test_explain_flink_says_what_flink_has_not(run):
    run("EXPLAIN FLINK SELECT a.id FROM orders a ASOF JOIN orders b MATCH_CONDITION (a.ts >= b.ts) ON a.item = b.item;", expect=VALIDATION)
    assert "script.sql:7:" in run.cli.err and "Flink has no ASOF join" in run.cli.err


def test_explain_analyze_runs_the_statement_and_counts(run):
    out = run("SET 'execution.runtime-mode' = 'batch';\n"
              "EXPLAIN ANALYZE INSERT INTO per_item SELECT item, COUNT(*) FROM orders WHERE price > 1 GROUP BY item;")
    assert "3 rows out" in out and "3 rows in, 2 out" in out and "2 rows in" in out
    assert "3 rows read, 2 written" in out
    assert sum(len(path.read_text().splitlines()) for path in (run.dir / "out").iterdir()) == 2
    assert "rows read" in run("EXPLAIN ANALYZE SELECT * FROM orders;")
    run("EXPLAIN ANALYZE CREATE VIEW v AS SELECT 1;", expect=VALIDATION)
    assert "EXPLAIN ANALYZE runs the statement to its end" in run.cli.err


def test_explain_watermark_tells_what_it_would_be(run):
    out = run("EXPLAIN WATERMARK minutes;")
    assert 'source "orders": the latest ts less 1s of the split that is furthest behind' in out
    assert "waits for the watermark" in out


TEST = """
CREATE TEST counted
GIVEN orders (item, ts) VALUES ('tea', '2026-01-01 10:00:01'), ('tea', '2026-01-01 10:00:59'), ('milk', '2026-01-01 10:01:30'),
  ('tea', '2026-01-01 10:00:10')
EXPECT minutes VALUES ('2026-01-01 10:00:00', 'tea', {first}), (TIMESTAMP '2026-01-01 10:01:00', 'milk', 1)
EXPECT IN ORDER SELECT item, COUNT(*) FROM orders GROUP BY item ORDER BY item VALUES ('milk', 1), ('tea', 3)
EXPECT SELECT * FROM orders WHERE id > 0 NO ROWS;
"""


def test_a_test_that_passes(run):
    # A row that comes behind the watermark's window is late, as it is in a stream.
    assert run(TEST.replace("{first}", "2")) == "ok      counted\n"
    assert run("SET 'execution.runtime-mode' = 'batch';" + TEST.replace("{first}", "3")) == "ok      counted\n"


def test_a_test_that_fails_shows_what_differs_and_the_script_goes_on(run):
    out = run(TEST.replace("{first}", "7") + "SELECT COUNT(*) AS n FROM orders;", expect=FAILED)
    assert out.startswith("FAILED  counted  (line 8)\n")
    assert "    - {window_start: 2026-01-01 10:00:00.000, item: tea, n: 7}" in out
    assert "    + {window_start: 2026-01-01 10:00:00.000, item: tea, n: 2}" in out
    assert "differs in n" in out
    assert "| n |" in out
    assert "1 of 1 test failed" in run.cli.err
    assert json_documents(run(TEST.replace("{first}", "2"), "-o", "json"))[-1]["text"] == "ok      counted\n"


@pytest.mark.parametrize("test, where, words", [
    ("CREATE TEST t GIVEN oders VALUES (1) EXPECT minutes NO ROWS;", "7:21", 'did you mean "orders"?'),
    ("CREATE TEST t GIVEN minutes VALUES (1) EXPECT minutes NO ROWS;", "7:21", "is a view"),
    ("CREATE TEST t GIVEN orders (id, item) VALUES (1) EXPECT minutes NO ROWS;", "7:47", "1 values is given for 2 columns"),
    ("CREATE TEST t GIVEN orders (id) VALUES ('x') EXPECT minutes NO ROWS;", "7:41", "x"),
    ("CREATE TEST t EXPECT minutes VALUES (1);", "7:38", "1 values is expected of a query that gives 3 columns"),
])
def test_what_a_test_gets_wrong_is_shown_at_its_place(run, test, where, words):
    run(test, expect=VALIDATION)
    assert f"script.sql:{where}: " in run.cli.err and words in run.cli.err
