"""Reads of keyed tables and views by key, by a PostgreSQL client: over kills, beside writers, while a view fills."""

import threading
import time

import pytest

from test_postgres import connect

EVENTS = "CREATE TABLE events (k BIGINT, v BIGINT)"
TOTALS = "CREATE MATERIALIZED VIEW totals AS SELECT k, COUNT(*) AS n, SUM(v) AS s FROM events GROUP BY k"
READ = "SELECT n, s FROM totals WHERE k = %s"


def views(db, name):
    cursor = db.execute(f"SHOW MATERIALIZED VIEWS LIKE '{name}'")
    columns = [column.name for column in cursor.description]
    return [dict(zip(columns, row)) for row in cursor.fetchall()]


def test_rows_are_read_by_key_over_kills(server):
    rows = {}
    for start in range(3):
        with connect(server, autocommit=True) as db:
            if start == 0:
                db.execute(EVENTS)
                db.execute(TOTALS)
            values = [(start * 7 + i % 50, i) for i in range(500)]
            db.execute("INSERT INTO events VALUES " + ", ".join(f"({k}, {v})" for k, v in values))
            for k, v in values:
                n, s = rows.get(k, (0, 0))
                rows[k] = (n + 1, s + v)
            db.execute("FLUSH")
            for k in [*rows, 10_000]:
                assert db.execute(READ, (k,), prepare=True).fetchone() == rows.get(k)
            between = db.execute("SELECT k, n, s FROM totals WHERE k BETWEEN %s AND %s", (5, 9), prepare=True).fetchall()
            assert sorted(between) == [(k, *rows[k]) for k in range(5, 10) if k in rows]
            (view,) = views(db, "totals")
            assert (view["state"], view["percent read"], view["behind"]) == ("running", 100, 0)
            assert view["rows"] == len(rows)
        server.kill9()
        server.start()


def test_a_client_reads_what_any_client_wrote(server):
    with connect(server, autocommit=True) as writer:
        writer.execute("CREATE TABLE t (k BIGINT, v BIGINT, PRIMARY KEY (k) NOT ENFORCED)")
        written, over, wrong = [0], threading.Event(), []

        def read():
            with connect(server, autocommit=True) as reader:
                while not over.is_set():
                    least = written[0]
                    row = reader.execute("SELECT v FROM t WHERE k = %s", (1,), prepare=True).fetchone()
                    if least > 0 and (row is None or row[0] < least):
                        wrong.append((least, row))

        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        for i in range(1, 200):
            writer.execute(f"INSERT INTO t VALUES (1, {i})")
            written[0] = i
        over.set()
        for reader in readers:
            reader.join()
        assert not wrong


def test_a_views_first_fill_is_shown_and_can_be_ended(server):
    with connect(server, autocommit=True) as db:
        # A source that gives its rows slowly, so that the fill goes on while it is looked at.
        db.execute("CREATE TABLE slow (k BIGINT, v BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '100', "
                   "'number-of-rows' = '100000', 'fields.k.kind' = 'random', 'fields.k.max' = '10')")
        began = time.monotonic()
        db.execute("CREATE MATERIALIZED VIEW sums AS SELECT k, SUM(v) AS s FROM slow GROUP BY k")
        assert time.monotonic() - began < 60
        (view,) = views(db, "sums")
        assert view["state"] == "running" and view["percent read"] < 100 and view["behind"] > 0, view
        assert view["sources"].startswith("slow: ")
        db.execute("DROP MATERIALIZED VIEW sums")
        assert views(db, "sums") == []


@pytest.mark.parametrize("memory", ["1KiB", "64MiB"])
def test_a_table_that_does_not_fit_is_read_all_the_same(start_server, memory):
    server = start_server("--sql-index-memory", memory)
    with connect(server, autocommit=True) as db:
        db.execute("CREATE TABLE t (k BIGINT, v STRING, PRIMARY KEY (k) NOT ENFORCED)")
        db.execute("INSERT INTO t VALUES " + ", ".join(f"({i}, '{'x' * 50}{i}')" for i in range(200)))
        for k in (0, 7, 199):
            assert db.execute("SELECT v FROM t WHERE k = %s", (k,), prepare=True).fetchone() == ("x" * 50 + str(k),)
    told = server.log().count("a table is read through jobs")
    assert told == (1 if memory == "1KiB" else 0)
