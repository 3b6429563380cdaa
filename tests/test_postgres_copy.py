"""COPY … FROM STDIN on a running server, by psycopg 3 and psql."""

import datetime
import decimal
import os
import subprocess

import psycopg
import pytest

from test_postgres import LIMIT_S, connect, db, psql  # noqa: F401

TABLE = """CREATE TABLE things (id BIGINT, name STRING, price DECIMAL(10, 2), at TIMESTAMP(3), day DATE, good BOOLEAN, size DOUBLE, tags ARRAY<INT>,
  raw BYTES, PRIMARY KEY (id) NOT ENFORCED)"""
ROW = (1, "a\tb\\c\nd", decimal.Decimal("10.50"), datetime.datetime(2026, 1, 2, 3, 4, 5, 678000), datetime.date(2024, 2, 29), True, 1.5, [1, None, 3], b"\x00\xff")
NULLS = (2,) + (None,) * 8


def all_of(db):  # noqa: F811
    return db.execute("SELECT * FROM things ORDER BY id").fetchall()


@pytest.mark.parametrize("options", ["", "(FORMAT binary)"])
def test_rows_are_copied_in_and_out(db, options):  # noqa: F811
    db.execute(TABLE)
    with db.cursor().copy(f"COPY things FROM STDIN {options}") as copy:
        if options:
            copy.set_types(["int8", "text", "numeric", "timestamp", "date", "bool", "float8", "int4[]", "bytea"])
        copy.write_row(ROW)
        copy.write_row(NULLS)
    assert all_of(db) == [ROW, NULLS]
    # What goes out comes in.
    with db.cursor().copy(f"COPY things TO STDOUT {options}") as copy:
        data = b"".join(bytes(part) for part in copy)
    db.execute(TABLE.replace("things", "again"))
    with db.cursor().copy(f"COPY again FROM STDIN {options}") as copy:
        for i in range(0, len(data), 7):
            copy.write(data[i:i + 7])
    assert db.execute("SELECT * FROM again ORDER BY id").fetchall() == [ROW, NULLS]


def test_all_rows_are_there_or_none(server, db):  # noqa: F811
    db.execute(TABLE)
    cursor = db.cursor()
    with cursor.copy("COPY things (id, name) FROM STDIN") as copy:
        for i in range(12_345):
            copy.write_row((i, f"n{i}"))
    assert cursor.rowcount == 12_345
    assert db.execute("SELECT COUNT(*), SUM(id) FROM things").fetchone() == (12_345, sum(range(12_345)))
    with pytest.raises(psycopg.errors.InvalidTextRepresentation, match=r"COPY, row 2001: column id: .*no number"):
        with db.cursor().copy("COPY things (id, name) FROM STDIN") as copy:
            for i in range(4_000):
                copy.write_row((100_000 + i if i != 2_000 else "no number", "x"))
    with pytest.raises(psycopg.errors.BadCopyFileFormat, match="line 2: missing data"):
        with db.cursor().copy("COPY things (id, name) FROM STDIN") as copy:
            copy.write("200000\ta\n200001\n")
    with pytest.raises(ZeroDivisionError):
        with db.cursor().copy("COPY things (id, name) FROM STDIN") as copy:
            copy.write("200000\ta\n")
            raise ZeroDivisionError
    assert db.execute("SELECT COUNT(*) FROM things").fetchone() == (12_345,)
    with connect(server) as other:
        with other.cursor().copy("COPY things (id, name) FROM STDIN") as copy:
            copy.write_row((300_000, "within a transaction"))
        other.rollback()
        with other.cursor().copy("COPY things (id, name) FROM STDIN") as copy:
            copy.write_row((300_001, "within a transaction"))
        other.commit()
    assert db.execute("SELECT id FROM things WHERE id >= 300000").fetchall() == [(300_001,)]
    # Wide ones, and columns that nobody fills.
    wide = ", ".join(f"c{i} INT" for i in range(200))
    db.execute(f"CREATE TABLE wide ({wide}, twice AS c0 * 2)")
    with db.cursor().copy("COPY public.wide FROM STDIN") as copy:
        for i in range(700):
            copy.write_row([i] * 200)
    assert db.execute("SELECT COUNT(*), SUM(twice), SUM(c199) FROM wide").fetchone() == (700, 699 * 700, 699 * 350)
    db.execute("CREATE TABLE elsewhere (a INT) WITH ('connector' = 'blackhole')")
    with pytest.raises(psycopg.errors.FeatureNotSupported, match="tables that the server keeps"):
        db.cursor().copy("COPY elsewhere FROM STDIN").__enter__()
    with pytest.raises(psycopg.errors.UndefinedTable):
        db.cursor().copy("COPY nothing FROM STDIN").__enter__()


def test_psql_sends_files(server, db, psql, tmp_path):  # noqa: F811
    db.execute(TABLE)
    path = tmp_path / "in.csv"
    path.write_text('id,name,good\n1,"a, ""b""\nc",t\n2,,\n3,"",f\n')
    assert "COPY 3" in psql(f"\\copy things (id, name, good) FROM '{path}' CSV HEADER")
    assert db.execute("SELECT id, name, good FROM things ORDER BY id").fetchall() == [(1, 'a, "b"\nc', True), (2, None, None), (3, "", False)]
    host, port = server.postgres.split(":")
    script = "COPY things (id, name) FROM STDIN;\n4\tfour\n5\t\\N\n\\.\nSELECT COUNT(*) FROM things;\n"
    done = subprocess.run(["psql", "-X", "-A", "-h", host, "-p", port, "-U", "somebody", "dataflow"], input=script, env=os.environ, timeout=LIMIT_S,
                          capture_output=True, text=True)
    assert done.stdout == "COPY 2\ncount\n5\n(1 row)\n", done.stderr
    assert "reads from STDIN only" in psql("COPY things FROM '/etc/passwd'", fails=True)
