"""Results over PostgreSQL's protocol: large, endless, cut short, cancelled, refused; and what is within a transaction."""

import os
import signal
import threading
from pathlib import Path

import psycopg
import pytest

from eventually import eventually
from test_postgres import connect, db  # noqa: F401

LIMIT_S = 100
# More rows than anybody waits for.
ENDLESS = """CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = 'unlimited', 'fields.n.kind' = 'sequence',
  'fields.n.start' = '1', 'fields.n.end' = '1000000000000')"""


def query_threads(server):
    """The threads of jobs that queries run in."""
    names = []
    for comm in Path(f"/proc/{server.pid}/task").glob("*/comm"):
        try:
            names.append(comm.read_text().strip())
        except OSError:  # it has ended meanwhile
            pass
    return [name for name in names if name.startswith(("job-query", "job-subscribe"))]


def a_query_runs(server):
    eventually(lambda: query_threads(server), "a query's job", LIMIT_S)


def no_query_runs(server):
    eventually(lambda: not query_threads(server), lambda: f"the end of {query_threads(server)}", LIMIT_S)


def ends_with_its_client(server, *statements):
    """What a client asks for, the last of it without an answer, ends when the client is killed."""
    reader = os.fork()
    if reader == 0:
        try:
            connection = connect(server)
            for statement in statements:
                connection.execute(statement)
        finally:
            os._exit(0)
    try:
        a_query_runs(server)
    finally:
        os.kill(reader, signal.SIGKILL)
        os.waitpid(reader, 0)
    no_query_runs(server)


def memory_of(server):
    for line in Path(f"/proc/{server.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) << 10


def test_limit_ends_the_query(server, db):  # noqa: F811
    db.execute(ENDLESS)
    assert len(db.execute("SELECT n FROM numbers LIMIT 5").fetchall()) == 5
    assert db.execute("SELECT n FROM numbers LIMIT 0").fetchall() == []
    no_query_runs(server)

    def cancel():
        a_query_runs(server)
        db.cancel_safe()

    canceller = threading.Thread(target=cancel)
    canceller.start()
    with pytest.raises(psycopg.errors.QueryCanceled):
        db.execute("SELECT n FROM numbers WHERE n < 0 LIMIT 5")
    canceller.join()
    no_query_runs(server)


def test_an_endless_result_is_read_as_it_goes(server, db):  # noqa: F811
    db.execute(ENDLESS)
    before = memory_of(server)
    with connect(server) as reader, reader.cursor() as cursor:
        seen = set()
        for (n,) in cursor.stream("SELECT n FROM numbers"):
            seen.add(n)
            if len(seen) == 200_000:
                break
        assert len(seen) == 200_000
        # It rests at what nobody reads, instead of piling it up.
        assert memory_of(server) - before < 200 << 20
        reader.cancel()
    no_query_runs(server)


def test_all_rows_come_by_cursor_copy_and_at_once(server, db):  # noqa: F811
    rows = 100_000
    db.execute(ENDLESS.replace("1000000000000", str(rows)))
    wanted = rows * (rows + 1) // 2
    assert sum(n for (n,) in db.execute("SELECT n FROM numbers")) == wanted
    with db.cursor().copy("COPY (SELECT n FROM numbers) TO STDOUT (FORMAT binary)") as copy:
        copy.set_types(["int8"])
        assert sum(row[0] for row in copy.rows()) == wanted
    with connect(server) as reader:
        with reader.cursor("numbers") as cursor:
            cursor.itersize = 3000
            assert sum(n for (n,) in cursor.execute("SELECT n FROM numbers")) == wanted
        # One that is closed early ends its job, and the connection goes on.
        with reader.cursor("some") as cursor:
            cursor.execute("SELECT n FROM numbers")
            assert len(cursor.fetchmany(10)) == 10
        assert reader.execute("SELECT COUNT(*) FROM numbers").fetchone() == (rows,)


@pytest.mark.parametrize("statement", ["SELECT COUNT(*) FROM numbers", "SELECT n FROM numbers WHERE n < 0",
                                       "SELECT n FROM numbers ORDER BY n DESC LIMIT 1", "SUBSCRIBE TO numbers"])
def test_a_client_that_dies_ends_what_it_asked_for(server, db, statement):  # noqa: F811
    db.execute(ENDLESS)
    ends_with_its_client(server, statement)


def test_a_client_that_dies_behind_move_ends_its_subscription(server, db):  # noqa: F811
    db.execute("CREATE TABLE t (k INT, PRIMARY KEY (k) NOT ENFORCED)")
    ends_with_its_client(server, "DECLARE c CURSOR FOR SUBSCRIBE TO t", "MOVE 5 FROM c")


def test_a_cancel_between_two_fetches_is_forgotten(server, db):  # noqa: F811
    db.execute("CREATE TABLE t (k INT, PRIMARY KEY (k) NOT ENFORCED)")
    with connect(server) as reader:
        reader.execute("DECLARE c CURSOR FOR SUBSCRIBE TO t")
        db.execute("INSERT INTO t VALUES (1)")
        assert reader.execute("FETCH 1 FROM c").fetchall() == [("+I", 1)]
        reader.cancel_safe()
        db.execute("INSERT INTO t VALUES (2)")
        assert reader.execute("FETCH 1 FROM c").fetchall() == [("+I", 2)]


@pytest.mark.parametrize("statement", ["SELECT COUNT(*) FROM numbers", "SELECT n FROM numbers", "SUBSCRIBE TO numbers"])
def test_sigterm_ends_the_server_under_a_query(server, db, statement):  # noqa: F811
    db.execute(ENDLESS)

    def read():
        try:
            with connect(server) as reader, reader.cursor() as cursor:
                for _ in cursor.stream(statement):
                    pass
        except psycopg.Error:
            pass

    thread = threading.Thread(target=read)
    thread.start()
    a_query_runs(server)
    server.stop()
    thread.join()


def test_what_is_kept_has_a_limit(db):  # noqa: F811
    db.execute(ENDLESS.replace("1000000000000", "100000"))
    db.execute("SET 'query.result-memory' = '1MiB'")
    with pytest.raises(psycopg.errors.OutOfMemory, match="SET 'query.result-memory' = '4MiB'"):
        db.execute("SELECT n FROM numbers ORDER BY n")
    assert db.execute("SELECT n FROM numbers ORDER BY n DESC LIMIT 2").fetchall() == [(100_000,), (99_999,)]
    assert len(db.execute("SELECT n FROM numbers").fetchall()) == 100_000


def test_errors_of_rows_have_their_codes_and_words(db):  # noqa: F811
    db.execute("CREATE TABLE t (a INT, b STRING NOT NULL)")
    db.execute("INSERT INTO t VALUES (0, 'x')")
    with pytest.raises(psycopg.errors.DivisionByZero) as error:
        db.execute("SELECT 10 / a FROM t")
    assert "division by zero" in str(error.value) and "pipeline" not in str(error.value)
    with pytest.raises(psycopg.errors.InvalidTextRepresentation, match="cannot be cast to INT"):
        db.execute("SELECT CAST(b AS INT) FROM t")
    with pytest.raises(psycopg.errors.NotNullViolation):
        db.execute("INSERT INTO t VALUES (1, NULL)")
    with pytest.raises(psycopg.errors.NotNullViolation):
        db.execute("INSERT INTO t (a) VALUES (1)")
    with pytest.raises(psycopg.errors.DatatypeMismatch):
        db.execute("INSERT INTO t SELECT b, b FROM t")
    db.execute("CREATE VIEW v AS SELECT a FROM t")
    with pytest.raises(psycopg.errors.DependentObjectsStillExist):
        db.execute("DROP TABLE t")


def test_indexes_are_taken_and_not_made(db):  # noqa: F811
    told = []
    db.add_notice_handler(lambda diagnostic: told.append(diagnostic.message_primary))
    db.execute("CREATE TABLE t (a INT PRIMARY KEY, b STRING UNIQUE, UNIQUE (a, b))")
    for statement in ("CREATE INDEX i ON t (a)", "CREATE UNIQUE INDEX IF NOT EXISTS i ON t USING btree (b DESC NULLS LAST, a)",
                      "CREATE INDEX ON t (LOWER(b), (a + 1)) WHERE a > 1", "DROP INDEX i, j", "DROP INDEX IF EXISTS i"):
        assert db.execute(statement).statusmessage == " ".join(statement.split()[0:1] + ["INDEX"])
    assert len(told) == 5 and "no index is made" in told[0] and "not checked" in told[1] and "not checked" not in told[2]
    with pytest.raises(psycopg.errors.UndefinedTable):
        db.execute("CREATE INDEX i ON nowhere (a)")
    with pytest.raises(psycopg.errors.UndefinedColumn):
        db.execute("CREATE INDEX i ON t (nothing)")
    for statement in ("CREATE INDEX i ON t", "CREATE INDEX i ON t (a", "CREATE INDEX i t (a)", "DROP INDEX i.", "CREATE INDEX i ON t ()"):
        with pytest.raises(psycopg.errors.SyntaxError):
            db.execute(statement)


def test_lists_are_parameters(db):  # noqa: F811
    db.execute("CREATE TABLE t (a BIGINT, b STRING)")
    db.execute("INSERT INTO t VALUES (1, 'x'), (2, 'y'), (3, NULL)")

    def ask(condition, *parameters, binary=False):
        rows = db.execute(f"SELECT a FROM t WHERE {condition}", parameters, binary=binary).fetchall()
        return sorted(a for (a,) in rows)

    for binary in (False, True):
        assert ask("a = ANY(%s)", [1, 3, 9], binary=binary) == [1, 3]
        assert ask("b = ANY(%s)", ["x", "q"], binary=binary) == [1]
        assert ask("a <> ALL(%s)", [1, 3], binary=binary) == [2]
        assert ask("a = ANY(%s)", [], binary=binary) == []
        assert ask("a <> ALL(%s)", [], binary=binary) == [1, 2, 3]
        assert ask("a = ANY(%s)", [2, None], binary=binary) == [2]
        assert ask("a <> ALL(%s)", [2, None], binary=binary) == []
        assert ask("NOT a = ANY(%s)", [2], binary=binary) == [1, 3]
        assert ask("a IN (%s, %s)", 1, 2, binary=binary) == [1, 2]
    assert db.execute("SELECT a = ANY(ARRAY[1, 2]) FROM t ORDER BY a").fetchall() == [(True,), (True,), (False,)]
    assert ask("a = ANY(%s::int8[])", [1]) == [1]
    with pytest.raises(psycopg.errors.SyntaxError, match="= ANY"):
        ask("a > ANY(%s)", [1])


def test_savepoints_go_back_within_a_transaction(server, db):  # noqa: F811
    db.execute("CREATE TABLE t (k INT, PRIMARY KEY (k) NOT ENFORCED)")
    with connect(server) as other:
        with other.transaction():
            with pytest.raises(psycopg.errors.UndefinedTable), other.transaction():
                other.execute("SELECT * FROM nope")
            other.execute("INSERT INTO t VALUES (1)")
            with pytest.raises(ZeroDivisionError), other.transaction():
                other.execute("INSERT INTO t VALUES (2)")
                raise ZeroDivisionError
            with other.transaction():
                other.execute("INSERT INTO t VALUES (3)")
            with pytest.raises(psycopg.errors.UndefinedColumn), other.transaction():
                other.execute("INSERT INTO t VALUES (4)")
                other.execute("SELECT nope FROM t")
            other.execute("SAVEPOINT a")
            other.execute("INSERT INTO t VALUES (5)")
            other.execute("ROLLBACK TO a")
            other.execute("ROLLBACK TO a")
        assert sorted(other.execute("SELECT k FROM t").fetchall()) == [(1,), (3,)]
        with pytest.raises(psycopg.errors.InvalidSavepointSpecification):
            other.execute("RELEASE SAVEPOINT b")
        other.rollback()
    with pytest.raises(psycopg.errors.NoActiveSqlTransaction):
        db.execute("SAVEPOINT a")


def test_what_sqlalchemy_sends(db):  # noqa: F811
    """Its statements as it writes them on psycopg: every parameter is cast."""
    db.execute("CREATE TABLE t (id BIGINT, who STRING, tags ARRAY<STRING>, at TIMESTAMP(3), PRIMARY KEY (id) NOT ENFORCED)")
    insert = "INSERT INTO t (id, who, tags, at) VALUES (%s::BIGINT, %s::VARCHAR, %s::TEXT[], %s::TIMESTAMP WITHOUT TIME ZONE)"
    with db.cursor() as cursor:
        cursor.executemany(insert, [(1, "a", ["x", None], None), (2, "b", None, None), (3, "c", [], None)])
    page = "SELECT t.id, t.tags \nFROM t \nWHERE t.id IN (%s::BIGINT, %s::BIGINT) ORDER BY t.id \n LIMIT %s::INTEGER OFFSET %s::INTEGER"
    assert db.execute(page, (1, 3, 5, 1)).fetchall() == [(3, [])]
    assert db.execute("SELECT %s::FLOAT8, %s::INT4, %s::JSONB IS NULL, %s::UUID", (1.5, 2, None, "u")).fetchone() == (1.5, 2, True, "u")


def test_statements_are_prepared_and_executed_by_name(db):  # noqa: F811
    db.execute("CREATE TABLE named (k BIGINT, v STRING, PRIMARY KEY (k) NOT ENFORCED)")
    db.execute("PREPARE put (bigint, text) AS INSERT INTO named VALUES ($1, upper($2))")
    assert db.execute("EXECUTE put (1, 'a')").rowcount == 1
    assert db.execute("EXECUTE put (1 + 1, NULL)").rowcount == 1
    db.execute("PREPARE get AS SELECT k, v, count(*) OVER () FROM named WHERE k <= $1 ORDER BY k")
    db.execute("PREPARE much AS SELECT $1::numeric")
    got = db.execute("EXECUTE get ('2')")
    assert [column.name for column in got.description] == ["k", "v", "count"]
    assert got.fetchall() == [(1, "A", 2), (2, None, 2)]
    for wrong, error in (("EXECUTE get", psycopg.errors.SyntaxError), ("EXECUTE nothing", psycopg.errors.InvalidSqlStatementName),
                         ("EXECUTE much ('12345678901234567890123.25')", psycopg.errors.NumericValueOutOfRange), ("EXECUTE get ('x')", psycopg.errors.InvalidTextRepresentation),
                         ("PREPARE get AS SELECT 1", psycopg.errors.DuplicatePreparedStatement), ("PREPARE p AS SELECT nope", psycopg.errors.UndefinedColumn)):
        with pytest.raises(error):
            db.execute(wrong)
    db.execute("DEALLOCATE get")
    with pytest.raises(psycopg.errors.InvalidSqlStatementName):
        db.execute("EXECUTE get (1)")

