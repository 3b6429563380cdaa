"""dataflow run FILE.sql: scripts from files to files, what they print, and how they end."""

import pytest

from json_documents import json_documents
from sql_scripts import SqlScripts
from test_cli import FAILED, VALIDATION

TABLES = """
CREATE TABLE orders (id BIGINT, item STRING, price DECIMAL(10, 2), ts TIMESTAMP(3))
WITH ('connector' = 'filesystem', 'path' = '{dir}/in.csv', 'format' = 'csv');
"""
ROWS = "1,tea,2.50,2024-01-31 10:00:00\n2,two words,100,2024-01-31 10:00:01\n3,tea,0.5,2024-01-31 10:00:02\n"


@pytest.fixture
def run(dataflow_cli, tmp_path):
    return SqlScripts(dataflow_cli, tmp_path, TABLES, ROWS)


def written(folder):
    return "".join(path.read_text() for path in sorted(folder.iterdir()) if path.name[0] not in "._")


def test_rows_go_from_files_to_files_in_flinks_text(run):
    run("""
CREATE TABLE copied (id BIGINT, item STRING, price DECIMAL(10, 2), ts TIMESTAMP(3))
WITH ('connector' = 'filesystem', 'path' = 'file://{dir}/out', 'format' = 'csv');
INSERT INTO copied SELECT id, item, price, ts FROM orders WHERE id < 3;
""")
    assert written(run.dir / "out") == ('1,tea,2.5,"2024-01-31 10:00:00"\n'
                                        '2,"two words",1E+2,"2024-01-31 10:00:01"\n')
    assert "3 rows read" in run.cli.err


def test_a_select_prints_its_rows_sorted_and_cut(run):
    out = run("SELECT id, item FROM orders ORDER BY id DESC LIMIT 2;")
    lines = [line for line in out.splitlines() if line.startswith("|")]
    assert lines == ["| id | item      |", "|  3 | tea       |", "|  2 | two words |"]


def test_documents_for_programs(run):
    out = run("SELECT id, price FROM orders ORDER BY id;\nSHOW TABLES;", "-o", "json")
    documents = json_documents(out)
    assert [row[0] for row in documents[1]["rows"]] == [1, 2, 3]
    assert documents[1]["columns"][1]["name"] == "price"
    assert documents[2]["rows"] == [["orders"]]


def test_print_writes_flinks_rows(run):
    out = run("""
CREATE TABLE p (id BIGINT, price DECIMAL(10, 2), ts TIMESTAMP(3)) WITH ('connector' = 'print', 'print-identifier' = 'me');
INSERT INTO p SELECT id, price, ts FROM orders WHERE id = 1;
""")
    assert "me> +I[1, 2.50, 2024-01-31T10:00]" in out


def test_dead_letters_go_to_the_topic_that_was_set(run):
    (run.dir / "in.csv").write_text(ROWS + "4,tea,much,2024-01-31 10:00:03\n5,tea,0,2024-01-31 10:00:04\n")
    script = """
SET 'sql.dead-letters' = 'dead';
CREATE TABLE out (n DECIMAL(20, 10)) WITH ('connector' = 'blackhole');
INSERT INTO out SELECT 1 / price FROM orders;
RESET 'sql.dead-letters';
INSERT INTO out SELECT 1 / price FROM orders;
CREATE TABLE dead (pipeline STRING, reason STRING, field STRING, source STRING, row_offset BIGINT, `row` STRING)
WITH ('connector' = 'kafka', 'topic' = 'dead', 'format' = 'json', 'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset');
SELECT reason, field, source, row_offset FROM dead ORDER BY reason;
"""
    rows = json_documents(run(script, "-o", "json"))[-1]["rows"]
    assert [row[0] for row in rows] == ["decode", "expression"] and rows[0][1:3] == ["price", "orders"], rows
    assert rows[0][3] == len(ROWS)
    run("SET 'sql.dead-letters' = '';", expect=VALIDATION)
    assert "give a topic's name" in run.cli.err


def test_errors_have_a_place_and_nothing_runs_before_the_whole_is_parsed(run):
    run("SELECT nothing FROM orders;", expect=VALIDATION)
    assert "script.sql:4:8: " in run.cli.err and "^" in run.cli.err
    out = run("SHOW TABLES;\nSELEC 1;", expect=VALIDATION)
    assert "script.sql:5:" in run.cli.err and out == ""
    run("CREATE TABLE x (a INT) WITH ('connector' = 'filesystem', 'path' = 'x', 'formt' = 'csv');\n"
        "SELECT * FROM x;", expect=VALIDATION)
    assert "format" in run.cli.err
    run("SET 'execution.runtime-mod' = 'batch';", expect=VALIDATION)
    assert "execution.runtime-mode" in run.cli.err


@pytest.mark.parametrize("statement", ["UPDATE orders SET item = 'x'", "DELETE FROM orders", "FLUSH", "SUBSCRIBE TO orders",
                                       "CREATE MATERIALIZED VIEW v AS SELECT item FROM orders"])
def test_what_is_kept_is_kept_by_a_server(run, statement):
    run(statement + ";", expect=VALIDATION)
    assert "needs a server, which keeps tables and views" in run.cli.err, run.cli.err
    assert "script.sql:4:1: " in run.cli.err


def test_dead_letters_are_told(run):
    (run.dir / "in.csv").write_text(ROWS + "x,y,z,t\n")
    out = run("SELECT id FROM orders;")
    assert "3 rows" in out and "1 dead letter in all" in run.cli.err


def test_a_null_for_a_column_that_has_none_is_a_dead_letter(run):
    run("""
CREATE TABLE kept (id BIGINT NOT NULL, item STRING NOT NULL)
WITH ('connector' = 'filesystem', 'path' = '{dir}/out', 'format' = 'csv');
INSERT INTO kept SELECT NULLIF(id, 2), item FROM orders;
""")
    assert sorted(written(run.dir / "out").split()) == ["1,tea", "3,tea"]
    assert "1 dead letter in all" in run.cli.err


ENFORCED = """
SET 'table.exec.sink.not-null-enforcer' = '{how}';
CREATE TABLE kept (id BIGINT NOT NULL, item STRING NOT NULL)
WITH ('connector' = 'filesystem', 'path' = '{{dir}}/kept', 'format' = 'csv');
INSERT INTO kept SELECT id, CASE WHEN id <> 2 THEN item END FROM orders;
"""


def test_rows_with_a_null_are_left_out_where_that_is_asked_for(run):
    run(ENFORCED.format(how="drop"))
    assert written(run.dir / "kept") == "1,tea\n3,tea\n"
    assert "dead letter" not in run.cli.err


def test_a_null_fails_the_job_where_that_is_asked_for(run):
    run(ENFORCED.format(how="ERROR"), expect=FAILED)
    assert "column `item` of `kept` is NOT NULL, and a row has NULL there" in run.cli.err


def test_a_null_is_nothing_else(run):
    run(ENFORCED.format(how="ignore"), expect=VALIDATION)
    assert "give 'ERROR' or 'DROP'" in run.cli.err


def test_what_is_read_is_not_dropped(run):
    run("CREATE VIEW v AS SELECT id FROM orders;\nDROP TABLE orders;", expect=VALIDATION)
    assert "`v`" in run.cli.err
    run("CREATE VIEW v AS SELECT id FROM orders;\nDROP TABLE orders CASCADE;\nSHOW TABLES;")


def test_a_script_that_broke_off_goes_on_where_it_was(run):
    script = """
CREATE TABLE late (id BIGINT) WITH ('connector' = 'filesystem', 'path' = '{dir}/late.csv', 'format' = 'csv');
CREATE TABLE ids (id BIGINT) WITH ('connector' = 'filesystem', 'path' = '{dir}/out', 'format' = 'csv');
INSERT INTO ids SELECT id FROM orders;
INSERT INTO ids SELECT id FROM late;
"""
    state = run.dir / "state"
    run(script, "--data-dir", state, expect=VALIDATION)
    assert "late.csv" in run.cli.err
    (run.dir / "late.csv").write_text("4\n")
    run(script, "--data-dir", state)
    assert "had finished before; it is not run again" in run.cli.err
    assert sorted(written(run.dir / "out").split()) == ["1", "2", "3", "4"]
    run(script, "--data-dir", state)  # the whole of it has come to its end: anew
    assert sorted(written(run.dir / "out").split()) == ["1", "1", "2", "2", "3", "3", "4", "4"]


def test_nested_values_that_read_alike_are_rows_of_their_own(run):
    shown = run("SELECT * FROM (VALUES (ARRAY['a','b']), (ARRAY['a, b'])) AS t (x)", "-o", "json")
    assert '["a","b"]' in shown.replace(" ", "").replace("\n", "")
    assert '"a, b"' in shown


def test_over_in_order_of_processing_time(run):
    """Rows leave at once, beside those that came before them; no watermark is there to wait for."""
    (run.dir / "in.csv").write_text(ROWS + "4,tea,1,2024-01-31 09:00:00\n5,two words,1,2024-01-31 08:00:00\n")
    run("""
SET 'execution.runtime-mode' = 'streaming';
CREATE VIEW now AS SELECT *, PROCTIME() AS pt FROM orders;
CREATE TABLE out (id BIGINT, n BIGINT, total DECIMAL(38, 2), last_two DECIMAL(38, 2), place BIGINT, minute_ BIGINT)
WITH ('connector' = 'filesystem', 'path' = 'file://{dir}/out', 'format' = 'csv');
INSERT INTO out SELECT id, COUNT(*) OVER w, SUM(price) OVER w,
  SUM(price) OVER (PARTITION BY item ORDER BY pt ROWS BETWEEN 1 PRECEDING AND CURRENT ROW),
  RANK() OVER (PARTITION BY item ORDER BY pt), COUNT(*) OVER (ORDER BY pt RANGE BETWEEN INTERVAL '1' DAY PRECEDING AND CURRENT ROW)
FROM now WINDOW w AS (PARTITION BY item ORDER BY pt);
""")
    lines = sorted(written(run.dir / "out").splitlines())
    assert [line.rsplit(",", 1)[0] for line in lines] == ["1,1,2.5,2.5,1", "2,1,1E+2,1E+2,1", "3,2,3,3,2", "4,3,4,1.5,3", "5,2,101,101,2"]
    # Rows that are read together are in each other's range; the last ones have all in theirs.
    ranges = [int(line.rsplit(",", 1)[1]) for line in lines]
    assert max(ranges) == 5 and min(ranges) >= 1, ranges


def test_over_in_order_of_processing_time_reaches_neither_ahead_nor_short(run):
    script = """
SET 'execution.runtime-mode' = 'streaming';
CREATE TABLE b (n BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO b SELECT COUNT(*) OVER (ORDER BY pt ROWS BETWEEN 2 PRECEDING AND {}) FROM (SELECT *, PROCTIME() AS pt FROM orders) AS o;
"""
    for end in ("1 FOLLOWING", "1 PRECEDING"):
        run(script.replace("{}", end), expect=VALIDATION)
        assert "frames end with the current row" in " ".join(run.cli.err.split())
