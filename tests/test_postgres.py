"""SQL on a running server, by PostgreSQL's clients: psql, psycopg 3 and pgjdbc."""

import datetime
import decimal
import os
import random
import re
import subprocess
import threading

import psycopg
import pytest

from test_clients_java import JAVA, class_path  # noqa: F401

LIMIT_S = 100
ORDERS = """CREATE TABLE orders (id BIGINT, who STRING, amount DECIMAL(10, 2), at TIMESTAMP(3),
  PRIMARY KEY (id) NOT ENFORCED)"""
TOTALS = "SELECT who, SUM(amount) AS total, COUNT(*) AS n FROM orders GROUP BY who"


def connect(server, **options):
    host, port = server.postgres.split(":")
    return psycopg.connect(host=host, port=port, user="somebody", dbname="dataflow", **options)


@pytest.fixture
def db(server):
    with connect(server, autocommit=True) as connection:
        yield connection


@pytest.fixture
def psql(server):
    """psql(text or command, …) → what it printed; `fails` where it must not end well."""
    host, port = server.postgres.split(":")
    environment = {**os.environ, "PGHOST": host, "PGPORT": port, "PGUSER": "somebody", "PGDATABASE": "dataflow"}

    def run(*commands, fails=False):
        arguments = [part for command in commands for part in ("-c", command)]
        done = subprocess.run(["psql", "-X", "-v", "ON_ERROR_STOP=1", *arguments], env=environment, timeout=LIMIT_S,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


def test_psql_shows_tables_rows_and_errors(psql):
    said = psql(ORDERS, "INSERT INTO orders VALUES (1, 'ann', 10.5, TIMESTAMP '2026-01-01 10:00:00'), (2, 'bob', 3, NULL)",
                f"CREATE MATERIALIZED VIEW totals AS {TOTALS}", "FLUSH", "SELECT * FROM totals ORDER BY who")
    for words in ("CREATE TABLE", "INSERT 0 2", "CREATE MATERIALIZED VIEW", "FLUSH", " ann | 10.50 | 1", "(2 rows)", "can only grow"):
        assert words in said, said
    described = psql(r"\d", r"\d orders", r"\dm")
    assert re.search(r"public \| totals +\| materialized view", described)
    assert re.search(r"id +\| bigint +\| +\| not null", described) and "numeric(10,2)" in described
    assert '"orders_pkey" PRIMARY KEY' in described
    wrong = psql("SELECT who, amout FROM orders", fails=True)
    assert 'LINE 1: SELECT who, amout FROM orders\n                    ^' in wrong and '"amount"' in wrong
    assert "read by" in psql("DROP TABLE orders", fails=True)
    assert "DROP TABLE" in psql("DROP TABLE orders CASCADE")
    assert "Did not find any relations" in psql(r"\d")


def test_values_of_all_types_come_back(db):
    row = (1, True, 2, 3.5, decimal.Decimal("12.34"), "word's", b"\x00\xff", datetime.date(2026, 2, 28), datetime.time(1, 2, 3),
           datetime.datetime(2026, 1, 2, 3, 4, 5, 678000), ["a", None, "c,d"])
    db.execute("CREATE TABLE t (k INT, b BOOLEAN, i SMALLINT, d DOUBLE, m DECIMAL(10, 2), s STRING, y BYTES, day DATE, at TIME, "
               "moment TIMESTAMP(3), l ARRAY<STRING>, PRIMARY KEY (k) NOT ENFORCED)")
    db.execute(f"INSERT INTO t VALUES ({', '.join(['%s'] * len(row))})", row)
    db.execute("INSERT INTO t (k) VALUES (2)")
    for binary in (False, True):
        with db.cursor(binary=binary) as cursor:
            assert cursor.execute("SELECT * FROM t WHERE k = %s", (1,)).fetchall() == [row]
            assert cursor.execute("SELECT * FROM t WHERE k = %s", (2,)).fetchall() == [(2, *[None] * (len(row) - 1))]


def test_a_transaction_is_whole_or_not_there(server, db):
    db.execute("CREATE TABLE t (k INT, PRIMARY KEY (k) NOT ENFORCED)")
    with connect(server) as other:
        other.execute("INSERT INTO t VALUES (1)")
        other.rollback()
        assert other.execute("SELECT COUNT(*) FROM t").fetchone() == (0,)
        with other.cursor() as cursor:
            cursor.executemany("INSERT INTO t VALUES (%s)", [(i,) for i in range(10)])
        assert db.execute("SELECT COUNT(*) FROM t").fetchone() == (0,)
        other.commit()
        assert db.execute("SELECT COUNT(*) FROM t").fetchone() == (10,)
        other.execute("DELETE FROM t WHERE k < 5")
        with pytest.raises(psycopg.errors.UndefinedColumn):
            other.execute("SELECT nope FROM t")
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            other.execute("SELECT k FROM t")
        other.rollback()
        assert other.execute("SELECT COUNT(*) FROM t").fetchone() == (10,)


def test_views_of_the_first_of_each_and_of_one_row_as_a_value(db):
    db.execute("CREATE TABLE bids (id INT PRIMARY KEY, item STRING, price INT)")
    db.execute("CREATE TABLE limits (item STRING PRIMARY KEY, price INT)")
    db.execute("INSERT INTO bids VALUES (1, 'tea', 10), (2, 'tea', 30), (3, 'milk', 5); INSERT INTO limits VALUES ('all', 7)")
    best = "SELECT DISTINCT ON (item) item, id, price FROM bids ORDER BY item, price DESC"
    over = "SELECT id, price FROM bids WHERE price > (SELECT price FROM limits WHERE item = 'all')"
    db.execute(f"CREATE MATERIALIZED VIEW best AS {best}")
    db.execute(f"CREATE MATERIALIZED VIEW over_limit AS {over}")

    def same():
        db.execute("FLUSH")
        for view, query in (("best", best), ("over_limit", over)):
            assert db.execute(f"TABLE {view} ORDER BY ALL").fetchall() == sorted(db.execute(query).fetchall())
        return db.execute("SELECT item, id FROM best ORDER BY 1").fetchall(), db.execute("SELECT COUNT(*) FROM over_limit").fetchone()[0]

    assert same() == ([("milk", 3), ("tea", 2)], 2)
    db.execute("UPDATE limits SET price = 20 WHERE item = 'all'")
    db.execute("DELETE FROM bids WHERE id = 3")
    assert same() == ([("tea", 2)], 1)
    db.execute("UPDATE bids SET price = 1 WHERE id = 2")
    assert same() == ([("tea", 1)], 0)
    assert db.execute("TRUNCATE TABLE bids").statusmessage == "DELETE 2"
    assert same() == ([], 0)
    db.execute("INSERT INTO bids VALUES (1, 'tea', 10), (2, 'tea', 30)")
    with pytest.raises(psycopg.Error, match="one row in a subquery that stands for a value"):
        db.execute("SELECT (SELECT price FROM bids)")


def test_subscribe_follows_and_is_cancelled(server, db):
    db.execute("CREATE TABLE t (k INT, v STRING, PRIMARY KEY (k) NOT ENFORCED)")
    db.execute("INSERT INTO t VALUES (1, 'a')")
    with connect(server) as reader:
        cursor = reader.cursor("follows")
        cursor.execute("SUBSCRIBE TO t")
        assert cursor.fetchone() == ("+I", 1, "a")
        db.execute("UPDATE t SET v = 'b' WHERE k = 1")
        assert [cursor.fetchone(), cursor.fetchone()] == [("-U", 1, "a"), ("+U", 1, "b")]
        threading.Timer(0.2, reader.cancel).start()
        with pytest.raises(psycopg.errors.QueryCanceled):
            cursor.fetchone()


def test_what_was_acknowledged_survives_sigkill(server):
    """Views too: after each kill they are what their query says."""
    rng = random.Random(5)
    kept = {}
    with connect(server, autocommit=True) as db:
        db.execute(ORDERS)
        db.execute(f"CREATE MATERIALIZED VIEW totals AS {TOTALS}")
    for _ in range(4):
        with connect(server, autocommit=True) as db:
            for _ in range(40):
                key, who = rng.randrange(60), rng.choice("abcd")
                if rng.random() < 0.3:
                    db.execute("DELETE FROM orders WHERE id = %s", (key,))
                    kept.pop(key, None)
                else:
                    db.execute("INSERT INTO orders VALUES (%s, %s, 1.5, NULL)", (key, who))
                    kept[key] = who
        server.kill9()
        server.start()
        with connect(server, autocommit=True) as db:
            assert dict(db.execute("SELECT id, who FROM orders").fetchall()) == kept
            db.execute("FLUSH")
            assert (sorted(db.execute("SELECT * FROM totals").fetchall()) == sorted(db.execute(TOTALS).fetchall()))


def test_pgjdbc(server, db, class_path):  # noqa: F811
    db.execute(ORDERS)
    done = subprocess.run([*JAVA, "-cp", class_path, "JdbcRun", server.postgres], capture_output=True, text=True, timeout=LIMIT_S)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "all as it should be", done.stdout
    assert db.execute("SELECT COUNT(*) FROM orders").fetchone() == (99,)
