"""dataflow-cli sql: scripts, and a person at a terminal."""

import csv
import fcntl
import io
import json
import os
import pty
import re
import select
import signal
import stat
import struct
import subprocess
import termios
import time

import pytest
import yaml

from test_cli import CANNOT_CONNECT, FAILED, INTERRUPTED, NOT_FOUND, OK, USAGE, Cli

DEADLINE_S = 90
TABLE = "CREATE TABLE t (id BIGINT, name STRING, price DECIMAL(10, 2), PRIMARY KEY (id) NOT ENFORCED)"
ROWS = "INSERT INTO t VALUES (1, 'plain', 1.50), (2, NULL, 22.00), (3, 'a,\"b\"', NULL)"
# Takes days, and next to nothing of the processor.
ENDLESS = ("CREATE TABLE endless (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '100', "
           "'number-of-rows' = '100000000')")


@pytest.fixture
def cli(dataflow_cli, server, tmp_path):
    return Cli(dataflow_cli, tmp_path / "home", server)


def sql(cli, *statements, **options):
    args = [part for statement in statements for part in ("-c", statement)]
    return cli("sql", *args, *options.pop("args", ()), **options)


@pytest.fixture
def table(cli):
    sql(cli, TABLE, ROWS)
    return cli


class Shell:
    """A person's terminal with the shell on it."""

    def __init__(self, cli, *args, rows=24, columns=100):
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        env = {**cli.env, "TERM": "xterm", "NO_COLOR": "1"}
        self.process = subprocess.Popen([cli.program, "sql", *args], stdin=slave, stdout=slave, stderr=slave,
                                        env=env, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        self.terminal = master
        self.raw = b""
        self.seen = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.terminal)

    def text(self):
        """What was written, without what only moves the cursor."""
        return re.sub(r"\x1b\[[?0-9;]*[A-Za-z]", "", self.raw.decode(errors="replace")).replace("\r", "")

    def send(self, keys):
        os.write(self.terminal, keys.encode())

    def expect(self, wanted):
        """Reads until it was written, behind what was expected before; what was written up to there."""
        deadline = time.monotonic() + DEADLINE_S
        while (place := self.text().find(wanted, self.seen)) < 0:
            assert time.monotonic() < deadline, f"no {wanted!r} in {self.text()[self.seen:]!r}"
            if select.select([self.terminal], [], [], 1)[0]:
                try:
                    self.raw += os.read(self.terminal, 65536)
                except OSError:  # the shell has ended
                    assert wanted in self.text()[self.seen:], f"no {wanted!r} in {self.text()[self.seen:]!r}"
        before = self.text()[self.seen:place]
        self.seen = place + len(wanted)
        return before

    def enter(self, text, expected):
        self.send(text + "\r")
        return self.expect(expected)

    def leave(self, keys="\x04"):
        self.send(keys)
        deadline = time.monotonic() + DEADLINE_S
        while self.process.poll() is None:
            assert time.monotonic() < deadline, self.text()
            if select.select([self.terminal], [], [], 0.1)[0]:
                try:
                    self.raw += os.read(self.terminal, 65536)
                except OSError:
                    break
        return self.process.wait(DEADLINE_S)


PROMPT = "dataflow> "

# Scripts


def test_statements_of_the_command_line(cli):
    assert sql(cli, TABLE + "; " + ROWS) == "CREATE TABLE\nINSERT 0 3\n"
    assert sql(cli, "SELECT id, name, price FROM t ORDER BY id LIMIT 10") == (
        "+----+--------+--------+\n"
        "| id | name   |  price |\n"
        "+----+--------+--------+\n"
        "|  1 | plain  |   1.50 |\n"
        "|  2 | <NULL> |  22.00 |\n"
        "|  3 | a,\"b\"  | <NULL> |\n"
        "+----+--------+--------+\n"
        "3 rows\n")
    assert sql(cli, "SELECT 1 AS a WHERE FALSE").endswith("0 rows\n")
    assert sql(cli, "") == "" and sql(cli, "-- nothing") == ""


def test_a_transaction_that_is_left_open_is_told_of(table):
    told = "a transaction was left without COMMIT or ROLLBACK: nothing of it was kept"
    sql(table, "BEGIN; INSERT INTO t VALUES (9, 'x', NULL)")
    assert told in table.err
    table("sql", stdin="BEGIN;\nSELECT nope FROM t;\n", expect=FAILED)
    assert told in table.err
    sql(table, "BEGIN; INSERT INTO t VALUES (8, 'x', NULL); COMMIT")
    assert told not in table.err
    assert sql(table, "SELECT id FROM t WHERE id > 7", args=["--format", "csv"]) == "id\n8\n"


def test_text_that_is_not_utf8_is_refused_with_its_place(cli, tmp_path):
    path = tmp_path / "latin1.sql"
    path.write_bytes(b"SELECT 1 AS a;\n\nSELECT 'gr\xc3\xbc\xdfe' AS b;\n")
    cli("sql", "-f", path, expect=FAILED)
    assert f"{path}:3:12: the byte 0xdf is no UTF-8" in cli.err


def test_formats(table):
    query = "SELECT id, name, price FROM t ORDER BY id LIMIT 10"
    assert list(csv.reader(io.StringIO(sql(table, query, args=["--format", "csv"])))) == [
        ["id", "name", "price"], ["1", "plain", "1.50"], ["2", "", "22.00"], ["3", "a,\"b\"", ""]]
    rows = [{"id": 1, "name": "plain", "price": 1.5}, {"id": 2, "name": None, "price": 22},
            {"id": 3, "name": "a,\"b\"", "price": None}]
    assert json.loads(sql(table, query, args=["--format", "json"])) == rows
    assert json.loads(sql(table, query, args=["-o", "json"])) == rows
    assert yaml.safe_load(sql(table, query, args=["-o", "yaml"])) == rows
    assert sql(table, query, args=["--format", "markdown"]).splitlines()[:4] == [
        "| id | name | price |", "|---:|---|---:|", "| 1 | plain | 1.50 |", "| 2 | *NULL* | 22.00 |"]
    # For programs only rows are data.
    assert sql(table, "CREATE VIEW v AS SELECT 1 AS a", query, args=["--format", "json"]).startswith("[\n{")
    assert "CREATE VIEW" in table.err
    assert sql(table, query, args=["--format", "xml"], expect=USAGE) == ""
    assert "csv" in table.err


def test_numbers_keep_their_digits(cli):
    query = "SELECT CAST('12345678901234567890.123456789' AS DECIMAL(38, 9)) AS d"
    assert "12345678901234567890.123456789" in sql(cli, query)
    assert sql(cli, query, args=["--format", "csv"]) == "d\n12345678901234567890.123456789\n"


def test_a_script_ends_at_its_first_error(cli, tmp_path):
    script = tmp_path / "report.sql"
    script.write_text("-- a report\nSELECT 1 AS a;\n\nSELECT\n  b FROM nowhere; SELECT 2 AS c;\n")
    out = cli("sql", "-f", script, "--format", "csv", expect=FAILED)
    assert out == "a\n1\n"
    assert f"{script}:5:10: " in cli.err and "nowhere" in cli.err
    assert re.search(r"^ +b FROM nowhere\n +\^$", cli.err, re.MULTILINE), cli.err
    out = cli("sql", "-f", script, "--format", "csv", "--keep-going", expect=FAILED)
    assert out == "a\n1\nc\n2\n"
    cli("sql", "-f", tmp_path / "none.sql", expect=NOT_FOUND)
    assert "none.sql" in cli.err


def test_a_script_from_standard_input(cli, tmp_path):
    (tmp_path / "inner.sql").write_text("SELECT 3 AS c;")
    script = f"SELECT 1 AS a;\n\\i {tmp_path}/inner.sql\n\\format json\nSELECT 'x;y' AS b"
    for args in ((), ("-f", "-")):
        assert cli("sql", "--format", "csv", *args, stdin=script) == 'a\n1\nc\n3\n[\n{"b":"x;y"}\n]\n'
    cli("sql", stdin="SELEC 1;\nSELECT 2;", expect=FAILED)
    assert "stdin:1:1: " in cli.err and "did you mean" in cli.err


def test_statement_sets_and_errors_of_one_statement(cli):
    set_ = "EXECUTE STATEMENT SET BEGIN INSERT INTO a VALUES (1); INSERT INTO b VALUES (2); END"
    sql(cli, "CREATE TABLE a (x INT)", "CREATE TABLE b (x INT)", set_, expect=None)
    assert "expected" not in cli.err, cli.err
    assert sql(cli, "SELECT 1 AS a; SELCT 2", expect=FAILED).endswith("1 row\n")
    assert "line 1, column 1: expected a statement" in cli.err and "\n  SELCT 2\n  ^" in cli.err


def test_settings_of_the_session(cli):
    out = sql(cli, "SET", args=["-s", "parallelism.default=3", "--format", "csv"])
    assert "parallelism.default" in out and "3" in out
    sql(cli, "SET", args=["-s", "nothing"], expect=USAGE)


def test_without_a_server(dataflow_cli, tmp_path):
    offline = Cli(dataflow_cli, tmp_path / "home")
    sql(offline, "SELECT 1", args=["--server", "127.0.0.1:1"], expect=CANNOT_CONNECT)
    assert "127.0.0.1:1" in offline.err and "--server" in offline.err


def test_long_results_come_in_parts(cli):
    sql(cli, "CREATE TABLE many (n BIGINT) WITH ('connector' = 'datagen', 'number-of-rows' = '25000', "
             "'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '25000')")
    numbers = sql(cli, "SELECT n FROM many", args=["--format", "csv"]).split()
    assert sorted(map(int, numbers[1:])) == list(range(1, 25001))
    assert len(json.loads(sql(cli, "SELECT n FROM many", args=["--format", "json"]))) == 25000
    assert sql(cli, "SELECT n FROM many").endswith("25,000 rows\n")


def test_a_stream_of_changes(table):
    following = table.start("sql", "--format", "json", "-c", "SUBSCRIBE TO t", stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)
    first = [json.loads(following.stdout.readline()) for _ in range(3)]
    assert {row["op"] for row in first} == {"+I"} and {row["id"] for row in first} == {1, 2, 3}
    sql(table, "UPDATE t SET name = 'other' WHERE id = 1")
    changes = [json.loads(following.stdout.readline()) for _ in range(2)]
    assert [(row["op"], row["name"]) for row in changes] == [("-U", "plain"), ("+U", "other")]
    following.send_signal(signal.SIGINT)
    assert following.wait(DEADLINE_S) == INTERRUPTED


def test_an_interrupt_ends_a_script(cli):
    sql(cli, ENDLESS)
    running = cli.start("sql", "-c", "SELECT 1 AS begun", "-c", "SELECT COUNT(*) FROM endless", "-c", "SELECT 2",
                        "--format", "csv", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert running.stdout.readline() == "begun\n" and running.stdout.readline() == "1\n"
    running.send_signal(signal.SIGINT)
    out, _ = running.communicate(timeout=DEADLINE_S)
    assert running.returncode == INTERRUPTED and out == ""


# A person at a terminal


def test_statements_of_more_than_one_line(table):
    with Shell(table) as shell:
        shell.expect(PROMPT)
        shell.enter("SELECT name", "      -> ")
        shell.enter("FROM t WHERE name = 'pl", "      '> ")
        shell.send("\x03")  # leaves what was begun
        shell.expect(PROMPT)
        shell.enter("SELECT id,", "      -> ")
        drawn = shell.enter("name FROM t WHERE id = 1;", "1 row")
        assert "|  1 | plain |" in drawn
        shell.expect(PROMPT)
        shell.enter("SELECT nme FROM t;", "did you mean")
        shell.expect(PROMPT)
        assert shell.leave() == OK


def test_history_is_kept(cli):
    with Shell(cli) as shell:
        shell.expect(PROMPT)
        shell.enter("SELECT 11 AS eleven;", "1 row")
        shell.expect(PROMPT)
        shell.enter("SELECT\r12 AS twelve;", "1 row")
        shell.expect(PROMPT)
        assert shell.leave("\\q\r") == OK
    kept = cli.home / "sql_history"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert kept.read_text().splitlines()[:2] == ["SELECT 11 AS eleven;", "SELECT\\n12 AS twelve;"]
    with Shell(cli) as shell:
        shell.expect(PROMPT)
        shell.send("\x1b[A\x1b[A\r")  # \q, then the one before
        assert "12 AS twelve" in shell.expect("1 row")
        shell.expect(PROMPT)
        shell.send("\x12ELEVEN\x7f\x7f\x7f\x7f\x7f\x7feleven")
        shell.expect("(search) eleven: SELECT 11")
        shell.send("\r")
        shell.expect("|     11 |")
        shell.expect(PROMPT)
        assert shell.leave("exit\r") == OK


def test_completion(table):
    with Shell(table) as shell:
        shell.expect(PROMPT)
        shell.send("sel\t")
        shell.expect("select ")
        shell.send("id FROM t WHERE pric\t= 22;\r")
        assert "price = 22" in shell.expect("1 row")
        shell.expect(PROMPT)
        shell.send("\\ti\t\r")
        shell.expect("Timing is on.")
        assert shell.leave("\x15\x04") == OK


def test_control_c_cancels_what_runs(cli):
    sql(cli, ENDLESS)
    with Shell(cli) as shell:
        shell.expect(PROMPT)
        shell.enter("SELECT COUNT(*) FROM endless;", " rows read (Ctrl-C cancels)")
        shell.send("\x03")
        shell.expect("cancelled")
        shell.expect(PROMPT)
        assert "|     1 |" in shell.enter("SELECT 1 AS alive;", "1 row")
        shell.expect(PROMPT)
        assert shell.leave() == OK


def test_the_last_statement_in_an_editor(table, tmp_path):
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nsed -i "s/id = 1/id = 3/" "$2"\n')
    editor.chmod(0o755)
    table.env.update(VISUAL="", EDITOR=f"{editor} --wait")
    with Shell(table) as shell:
        shell.expect(PROMPT)
        shell.enter("SELECT id FROM t WHERE id = 1;", "1 row")
        shell.expect(PROMPT)
        shell.enter("\\e", "SELECT id FROM t WHERE id = 3;")
        shell.send("\r")
        assert "|  3 |" in shell.expect("1 row")
        shell.expect(PROMPT)
        assert shell.leave() == OK
    table.env["EDITOR"] = "false"
    with Shell(table) as shell:
        shell.expect(PROMPT)
        shell.enter("\\e", "`false` failed")
        shell.expect(PROMPT)
        assert shell.leave() == OK
    sql(table, "\\e", expect=FAILED)
    assert "is for a person at a terminal" in table.err


def test_a_live_view(table):
    with Shell(table) as shell:
        shell.expect(PROMPT)
        shell.enter("SUBSCRIBE TO t;", "3 rows, 3 changes")
        sql(table, "UPDATE t SET name = 'other' WHERE id = 1")
        shell.expect("|  1 | other")
        shell.expect("3 rows, 5 changes")
        sql(table, "DELETE FROM t WHERE id = 2")
        shell.expect("2 rows, 6 changes")
        shell.send("q")
        shell.expect(PROMPT)
        shell.enter("SUBSCRIBE TO t;", "2 rows, ")
        shell.send("\x03")
        shell.expect(PROMPT)
        assert shell.leave() == OK


def test_its_own_commands(table):
    with Shell(table) as shell:
        shell.expect(PROMPT)
        assert "| t    | table |" in shell.enter("\\dt", "1 row")
        shell.enter("\\dv", "no views")
        drawn = shell.enter("\\d t", "3 rows")
        assert "t, a table" in drawn and "DECIMAL(10, 2)" in drawn and "primary key" in drawn
        shell.enter("\\d nothing", "no table or view")
        assert "UPPER(" in shell.enter("\\df upper", "1 row")
        shell.enter("help", "\\timing")
        shell.enter("\\x on", "is on.")
        assert "-[ row 1 ]" in shell.enter("SELECT 1 AS a, 2 AS b;", "1 row")
        shell.enter("\\format csv", "The format is csv.")
        shell.enter("SELECT 'x' AS a;", "a\nx\n")
        shell.enter("\\nonsense", "there is no command \\nonsense")
        assert shell.leave() == OK


def test_long_results_page_by_page(cli):
    sql(cli, "CREATE TABLE many (n BIGINT) WITH ('connector' = 'datagen', 'number-of-rows' = '100000', "
             "'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '100000')")
    with Shell(cli, rows=10) as shell:
        shell.expect(PROMPT)
        first = shell.enter("SELECT n FROM many;", "q: enough --")
        assert first.count("|\n") == 7
        shell.send(" ")
        assert shell.expect("q: enough --").count("|\n") == 9
        shell.send("q")
        shell.expect(PROMPT)
        assert shell.leave() == OK


def test_the_shell_outlives_the_server(table, server):
    with Shell(table, "-s", "parallelism.default=3") as shell:
        shell.expect(PROMPT)
        # The prompt is drawn again while the line is typed: what SET did is seen by what SET shows.
        shell.enter("SET 'pipeline.name' = 'kept';", PROMPT)
        shell.enter("SET;", "2 rows")
        shell.expect(PROMPT)
        server.stop()
        shell.enter("SELECT 1;", "no DataFlow server answers")
        server.start(same_ports=True)
        shell.enter("SET;", "a new one has begun")
        told = shell.expect(" rows")
        assert "kept" in told and "parallelism.default" in told
        shell.expect(PROMPT)
        shell.enter("BEGIN;", "dataflow*> ")
        shell.enter("COMMIT;", PROMPT)
        assert shell.leave() == OK
