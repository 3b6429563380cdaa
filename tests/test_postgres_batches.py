"""Statements of PostgreSQL's clients that are one transaction though nobody has said BEGIN."""

import asyncio
import random
import socket
import struct
import subprocess
import threading

import asyncpg
import psycopg
import pytest

from eventually import eventually
from test_clients_java import JAVA, class_path  # noqa: F401
from test_postgres import LIMIT_S, connect, db, psql  # noqa: F401

TABLE = "CREATE TABLE t (k BIGINT, v BIGINT, PRIMARY KEY (k) NOT ENFORCED)"


def keys(db):  # noqa: F811
    return sorted(row[0] for row in db.execute("SELECT k FROM t").fetchall())


def message(kind, body=b""):
    return kind + struct.pack("!i", len(body) + 4) + body


def executed(text):
    """One statement by the extended protocol, without Sync."""
    return (message(b"P", b"\0" + text.encode() + b"\0\0\0") + message(b"B", b"\0\0\0\0\0\0\0\0")
            + message(b"E", b"\0\0\0\0\0"))


SYNC = message(b"S")
FLUSH = message(b"H")


class Raw:
    """A client that says what no driver does."""

    def __init__(self, server):
        host, port = server.postgres.split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=LIMIT_S)
        body = struct.pack("!i", 3 << 16) + b"user\0u\0\0"
        self.socket.sendall(struct.pack("!i", len(body) + 4) + body)
        self.until(b"Z")

    def send(self, data):
        self.socket.sendall(data)

    def receive(self, count):
        data = b""
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    def until(self, kind):
        """The kinds of the messages up to that one, and its body."""
        seen = b""
        while True:
            at = self.receive(1)
            body = self.receive(struct.unpack("!i", self.receive(4))[0] - 4)
            seen += at
            if at == kind:
                return seen, body

    def close(self):
        self.socket.close()


def test_executemany_of_asyncpg_is_written_whole_or_not_at_all(server, db):  # noqa: F811
    db.execute(TABLE)
    host, port = server.postgres.split(":")

    async def run():
        connection = await asyncpg.connect(host=host, port=int(port), user="somebody", database="dataflow", timeout=60)
        await connection.executemany("INSERT INTO t VALUES ($1, 10 / $2)", [(i, 1) for i in range(200)])
        with pytest.raises(asyncpg.DivisionByZeroError):
            await connection.executemany("INSERT INTO t VALUES ($1, 10 / $2)", [(i, i % 350) for i in range(300, 400)])
        await connection.executemany("UPDATE t SET v = v + 1 WHERE k = $1", [(1,), (1,), (1,)])
        assert await connection.fetchval("SELECT v FROM t WHERE k = 1") == 13
        await connection.close()

    asyncio.run(run())
    assert keys(db) == list(range(200))


def test_pipelines_of_psycopg(server, db):  # noqa: F811
    db.execute(TABLE)
    with connect(server, autocommit=True) as pipelined:
        with pipelined.pipeline():
            for i in range(20):
                pipelined.execute("INSERT INTO t VALUES (%s, %s)", (i, i))
            assert pipelined.execute("SELECT COUNT(*) FROM t").fetchone() == (20,)
        assert keys(db) == list(range(20))
        with pytest.raises(psycopg.errors.DivisionByZero):
            with pipelined.pipeline():
                pipelined.execute("INSERT INTO t VALUES (100, 1)")
                pipelined.execute("DELETE FROM t WHERE k < 10")
                pipelined.execute("INSERT INTO t VALUES (101, 1 / %s)", (0,))
                pipelined.execute("INSERT INTO t VALUES (102, 1)")
        assert keys(db) == list(range(20))
        # What was synchronised before an error stays.
        with pytest.raises(psycopg.errors.DivisionByZero):
            with pipelined.pipeline() as pipeline:
                pipelined.execute("INSERT INTO t VALUES (100, 1)")
                pipeline.sync()
                pipelined.execute("INSERT INTO t VALUES (101, 1)")
                pipelined.execute("INSERT INTO t VALUES (102, 1 / %s)", (0,))
        assert keys(db) == [*range(20), 100]
        with pipelined.pipeline(), pipelined.transaction():
            pipelined.execute("DELETE FROM t WHERE k = 100")
            pipelined.cursor().executemany("UPDATE t SET v = v + %s WHERE k = 1", [(1,), (10,)])
        assert pipelined.execute("SELECT v FROM t WHERE k = 1").fetchone() == (12,)


def test_batches_of_pgjdbc(server, db, class_path):  # noqa: F811
    db.execute(TABLE)
    done = subprocess.run([*JAVA, "-cp", class_path, "JdbcBatch", server.postgres], capture_output=True, text=True, timeout=LIMIT_S)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "all as it should be", done.stdout


def test_statements_of_one_text_are_one_transaction(psql, db):  # noqa: F811
    said = psql("CREATE TABLE t (k BIGINT, v BIGINT, PRIMARY KEY (k) NOT ENFORCED); INSERT INTO t VALUES (1, 1);"
                "CREATE TABLE u (a BIGINT); INSERT INTO u VALUES (1); INSERT INTO t VALUES (2, 2); SELECT COUNT(*) FROM t")
    assert said.count("CREATE TABLE") == 2 and said.count("INSERT 0 1") == 3 and " 2\n" in said
    psql("INSERT INTO t VALUES (3, 3); UPDATE t SET v = 1 / 0 WHERE k = 3; INSERT INTO t VALUES (4, 4)", fails=True)
    assert keys(db) == [1, 2]
    assert "no transaction in progress" in psql("INSERT INTO t VALUES (3, 3); COMMIT; INSERT INTO t VALUES (4, 4); ROLLBACK")
    assert keys(db) == [1, 2, 3]
    psql("INSERT INTO t VALUES (5, 5); BEGIN; INSERT INTO t VALUES (6, 6)")
    assert keys(db) == [1, 2, 3]
    psql("INSERT INTO t VALUES (5, 5); BEGIN; INSERT INTO t VALUES (6, 6); COMMIT; SET LOCAL application_name = 'x'; SELECT 1")
    assert keys(db) == [1, 2, 3, 5, 6]


def test_who_goes_away_before_sync_has_written_nothing(server, db):  # noqa: F811
    db.execute(TABLE)
    db.execute("INSERT INTO t VALUES (1, 0)")
    raw = Raw(server)
    raw.send(executed("INSERT INTO t VALUES (2, 0)") + executed("UPDATE t SET v = v + 1") + FLUSH)
    assert raw.until(b"C")[0] == b"12C"
    assert raw.until(b"C") == (b"12C", b"UPDATE 2\0")
    assert db.execute("SELECT k, v FROM t").fetchall() == [(1, 0)]
    # It reads to write: who else does so waits for its end.
    waiting = threading.Thread(target=lambda: db.execute("UPDATE t SET v = v + 10"))
    waiting.start()
    raw.close()
    waiting.join(LIMIT_S)
    assert not waiting.is_alive()
    assert db.execute("SELECT k, v FROM t").fetchall() == [(1, 10)]
    again = Raw(server)
    again.send(executed("INSERT INTO t VALUES (2, 0)") + FLUSH)
    again.until(b"C")
    again.send(executed("DELETE FROM t WHERE k = 1") + SYNC)
    assert again.until(b"Z") == (b"12CZ", b"I")
    assert keys(db) == [2]
    again.close()


def test_what_sync_has_answered_survives_sigkill_and_no_batch_is_cut(server):
    """Each batch writes a number into ten rows: after any kill all ten have the same one."""
    rng = random.Random(11)
    with connect(server, autocommit=True) as db:  # noqa: F811
        db.execute(TABLE)
    for _ in range(4):
        acknowledged = [0]
        sent = [0]
        raw = Raw(server)

        def write(raw=raw, acknowledged=acknowledged, sent=sent):
            try:
                while True:
                    sent[0] += 1
                    raw.send(b"".join(executed(f"INSERT INTO t VALUES ({k}, {sent[0]})") for k in range(10)) + SYNC)
                    raw.until(b"Z")
                    acknowledged[0] = sent[0]
            except (EOFError, OSError):
                pass

        writer = threading.Thread(target=write)
        writer.start()
        least = rng.randrange(3, 12)
        eventually(lambda acknowledged=acknowledged, least=least: acknowledged[0] >= least, "batches are written")
        server.kill9()
        writer.join(LIMIT_S)
        server.start()
        with connect(server, autocommit=True) as db:  # noqa: F811
            values = {row[0] for row in db.execute("SELECT v FROM t").fetchall()}
            assert len(values) == 1 and values <= {acknowledged[0], sent[0]}
            assert len(keys(db)) == 10


def test_a_transaction_that_only_reads_writes_nothing(server, db, psql):  # noqa: F811
    db.execute(TABLE)
    with connect(server) as connection:
        connection.read_only = True
        assert connection.execute("SELECT COUNT(*) FROM t").fetchone() == (0,)
        assert connection.execute("SHOW transaction_read_only").fetchone() == ("on",)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction, match="cannot execute INSERT in a read-only transaction"):
            connection.execute("INSERT INTO t VALUES (1, 1)")
        connection.rollback()
        connection.read_only = None
        connection.execute("SET TRANSACTION READ ONLY")
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("CREATE TABLE u (a BIGINT)")
        connection.rollback()
        connection.execute("INSERT INTO t VALUES (1, 1)")
        connection.execute("SET TRANSACTION READ ONLY")
        with pytest.raises(psycopg.errors.ActiveSqlTransaction):
            connection.execute("SET TRANSACTION READ WRITE")
        connection.rollback()
    with connect(server, autocommit=True, options="-c default_transaction_read_only=on") as connection:
        for text in ("INSERT INTO t VALUES (1, 1)", "BEGIN; DELETE FROM t; COMMIT", "CREATE INDEX i ON t (v)", "SELECT 1; DELETE FROM t"):
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                connection.execute(text)
            connection.execute("ROLLBACK")
        connection.execute("BEGIN READ WRITE; INSERT INTO t VALUES (1, 1); COMMIT")
        connection.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE")
        connection.execute("INSERT INTO t VALUES (2, 2)")
        connection.execute("SET default_transaction_read_only = true")
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("INSERT INTO t VALUES (3, 3)")
        connection.execute("RESET ALL")
        assert connection.execute("SHOW default_transaction_read_only").fetchone() == ("on",)
        with pytest.raises(psycopg.errors.InvalidParameterValue):
            connection.execute("SET default_transaction_read_only = perhaps")
    assert keys(db) == [1, 2]
    assert "only be used in transaction blocks" in psql("SET TRANSACTION READ ONLY")


def test_a_batch_that_is_not_ended_lets_others_write(server, db):  # noqa: F811
    db.execute(TABLE)
    db.execute("INSERT INTO t VALUES (1, 1)")
    raw = Raw(server)
    raw.send(executed("UPDATE t SET v = v + 1") + FLUSH)
    assert raw.until(b"C") == (b"12C", b"UPDATE 1\0")
    # Silent as it is, it does not keep the other one waiting for long, and cannot write any more.
    assert db.execute("UPDATE t SET v = v + 10").rowcount == 1
    raw.send(SYNC)
    said, error = raw.until(b"E")
    assert said == b"E" and b"C40001\0" in error
    assert raw.until(b"Z") == (b"Z", b"I")
    assert db.execute("SELECT v FROM t").fetchall() == [(11,)]
    raw.close()
