"""SQL over HTTP on a running server, by plain HTTP."""

import http.client
import io
import json
import threading
import urllib.error
import urllib.request

import pytest

from eventually import eventually

LIMIT_S = 100
BASE = "/api/v1/sql"
ARROW = "application/vnd.apache.arrow.stream"
KEYED = "CREATE TABLE t (k INT, v STRING, PRIMARY KEY (k) NOT ENFORCED)"


class Sql:
    """The API of one server."""

    def __init__(self, server):
        self.address = server.http

    def raw(self, method, path, body=None, accept="application/json", content_type="application/json"):
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://{self.address}{path}", data, method=method,
                                         headers={"Accept": accept, "Content-Type": content_type})
        try:
            with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.headers, refused.read()

    def __call__(self, method, path, body=None, expect=200):
        status, _, said = self.raw(method, path, body)
        assert status == expect, said
        return json.loads(said)

    def session(self, **settings):
        return Session(self, f"{BASE}/sessions/" + self("POST", f"{BASE}/sessions", {"settings": settings}, 201)["session"])


class Session:
    def __init__(self, sql, path):
        self.sql = sql
        self.path = path

    def start(self, statement, *parameters, wait=0, expect=201):
        return self.sql("POST", f"{self.path}/statements?wait={wait}",
                        {"statement": statement, "parameters": list(parameters)}, expect)

    def at(self, statement):
        return f"{self.path}/statements/{statement['statement']}"

    def run(self, statement, *parameters):
        """Its tag, or its rows."""
        made = self.start(statement, *parameters, wait=30000)
        while made["state"] == "running":
            made = self.sql("GET", self.at(made) + "?wait=30000")
        assert made["state"] == "finished", made
        return self.rows(made) if "columns" in made else made["tag"]

    def rows(self, made, max_rows=1000):
        rows, next_page = [], made["next"]
        while next_page:
            page = self.sql("GET", f"{next_page}?max_rows={max_rows}")
            assert len(page["rows"]) <= max_rows
            rows += page["rows"]
            next_page = page.get("next")
        return rows

    def fails(self, statement, *parameters):
        return self.start(statement, *parameters, expect=400)


@pytest.fixture
def sql(server):
    return Sql(server)


def test_tables_are_made_written_and_read_in_pages(sql):
    session = sql.session()
    assert session.run(KEYED) == "CREATE TABLE"
    assert session.run("INSERT INTO t VALUES " + ", ".join(f"({i}, 'v{i}')" for i in range(25))) == "INSERT 0 25"
    made = session.start("SELECT k, v FROM t ORDER BY k", wait=30000)
    assert made["columns"] == [{"name": "k", "type": "INT", "nullable": False}, {"name": "v", "type": "STRING", "nullable": True}]
    assert session.rows(made, max_rows=10) == [[i, f"v{i}"] for i in range(25)]
    assert session.run("SELECT v FROM t WHERE k = $1", 7) == [["v7"]]
    assert session.run("INSERT INTO t VALUES ($1, $2)", 99, "ü'\"\n") == "INSERT 0 1"
    assert session.run("SELECT v FROM t WHERE k = 99") == [["ü'\"\n"]]
    assert session.run("SHOW TABLES") == [["t"]]
    relations = sql("GET", f"{BASE}/relations")
    assert [(one["name"], one["kind"], one["primary_key"]) for one in relations] == [("t", "table", ["k"])]


def test_errors_say_where(sql):
    session = sql.session()
    session.run(KEYED)
    wrong = session.fails("SELECT k,\n  vv FROM t")
    assert (wrong["line"], wrong["column"], wrong["code"]) == (2, 3, "invalid")
    assert "  vv FROM t\n" in wrong["message"] and '"v"' in wrong["message"]
    assert session.fails("SELEC 1")["line"] == 1
    assert "2 statements" in session.fails("SELECT 1; SELECT 2")["message"]
    assert "1 parameters, 2 are given" in session.fails("SELECT k FROM t WHERE k = $1", 1, 2)["message"]
    assert session.fails("SELECT '\0' AS \0")["code"] == "invalid"
    made = session.start("SELECT CAST(v AS INT) FROM (VALUES ('x')) AS d (v)", wait=30000)
    assert made["state"] == "failed" and made["error"]["message"]
    status, _, _ = sql.raw("POST", f"{session.path}/statements", b"[" * 100_000)
    assert status == 400
    # Refused by its head: no body is waited for.
    connection = http.client.HTTPConnection(sql.address, timeout=LIMIT_S)
    connection.putrequest("POST", f"{session.path}/statements")
    connection.putheader("Content-Length", str(2 << 20))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()
    assert sql("GET", f"{BASE}/sessions/nope", expect=404)["code"] == "not found"


def test_settings_are_a_sessions_own(sql):
    one, other = sql.session(**{"parallelism.default": "1"}), sql.session()

    def setting(session):
        return dict(session.run("SET")).get("parallelism.default")

    assert setting(one) == sql("GET", one.path)["settings"]["parallelism.default"] == "1"
    before = setting(other)
    assert other.run("SET 'table.local-time-zone' = 'UTC'") == "SET"
    assert setting(other) == before and before != "1"
    refused = sql("POST", f"{BASE}/sessions", {"settings": {"paralelism.default": "1"}}, 400)
    assert "parallelism.default" in refused["message"]


def test_transactions_are_whole_or_not_there(sql):
    one, other = sql.session(), sql.session()
    one.run(KEYED)
    assert one.run("BEGIN") == "BEGIN"
    one.run("INSERT INTO t VALUES (1, 'a')")
    one.run("INSERT INTO t VALUES (2, 'b')")
    assert sql("GET", one.path)["transaction"] == "open"
    assert other.run("SELECT k FROM t") == []
    assert one.run("COMMIT") == "COMMIT"
    assert other.run("SELECT k FROM t ORDER BY k") == [[1], [2]]
    one.run("BEGIN")
    one.run("INSERT INTO t VALUES (3, 'c')")
    one.fails("SELECT nope FROM t")
    assert sql("GET", one.path)["transaction"] == "failed"
    assert one.run("COMMIT") == "ROLLBACK"
    # What was not committed goes with its session.
    other.run("BEGIN")
    other.run("INSERT INTO t VALUES (4, 'd')")
    sql("DELETE", other.path)
    assert one.run("SELECT COUNT(*) FROM t") == [[2]]


def test_a_subscription_gives_changes_until_it_is_cancelled(sql):
    session, writer = sql.session(), sql.session()
    session.run(KEYED)
    made = session.start("SUBSCRIBE TO t")
    assert made["following"] and [one["name"] for one in made["columns"]] == ["k", "v"]
    assert session.start("SELECT 1", expect=409)["code"] == "conflict"
    seen, next_page = [], made["next"]

    def read_until(count):
        nonlocal next_page
        while len(seen) < count:
            page = sql("GET", next_page + "?wait=30000")
            seen.extend(zip(page["changes"], map(tuple, page["rows"])))
            next_page = page["next"]

    writer.run("INSERT INTO t VALUES (1, 'a')")
    read_until(1)
    writer.run("UPDATE t SET v = 'b' WHERE k = 1")
    writer.run("DELETE FROM t WHERE k = 1")
    read_until(4)
    assert seen == [("+I", (1, "a")), ("-U", (1, "a")), ("+U", (1, "b")), ("-D", (1, "b"))]
    waits = threading.Thread(target=lambda: sql("GET", next_page + "?wait=30000"))
    waits.start()
    sql("POST", session.at(made) + "/cancel")
    waits.join(LIMIT_S)
    assert not waits.is_alive()
    assert sql("GET", session.at(made) + "?wait=30000")["state"] == "cancelled"
    assert session.run("SELECT 1") == [[1]]


def test_what_runs_ends_by_delete(sql):
    session = sql.session()
    session.run("CREATE TABLE slow (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '1000', 'number-of-rows' = '100000000')")
    made = session.start("SELECT COUNT(*) FROM slow")
    assert sql("GET", session.at(made))["state"] == "running"
    assert sql("GET", made["next"] + "?wait=1")["rows"] == []
    sql("DELETE", session.at(made))
    assert session.run("SELECT 1") == [[1]]


def test_a_page_of_another_site_changes_nothing(sql):
    def asked_from(origin):
        request = urllib.request.Request(f"http://{sql.address}{BASE}", b"SELECT 1", {"Origin": origin, "Content-Type": "text/plain"})
        try:
            with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:
                return answer.status
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code

    assert asked_from("http://example.org") == 403 and asked_from("null") == 403
    assert asked_from(f"http://{sql.address}") == 200


def events_of(answer, count):
    """So many events as (name, data), comments left out."""
    events, name = [], None
    while len(events) < count:
        line = answer.readline().decode().rstrip("\n")
        if line.startswith("event: "):
            name = line[7:]
        elif line.startswith("data: "):
            events.append((name, json.loads(line[6:])))
    return events


def open_stream(sql, method, path, body=None, accept="text/event-stream"):
    connection = http.client.HTTPConnection(sql.address, timeout=LIMIT_S)
    connection.request(method, path, body, {"Accept": accept, "Content-Type": "text/plain"})
    return connection, connection.getresponse()


def test_events_follow_a_query_and_end_with_their_client(sql):
    session, writer = sql.session(), sql.session()
    session.run(KEYED)
    writer.run("INSERT INTO t VALUES (1, 'a')")
    made = session.start("SUBSCRIBE TO (SELECT COUNT(*) AS n FROM t)")
    connection, answer = open_stream(sql, "GET", made["next"])
    first, row = events_of(answer, 2)
    assert first == ("columns", {"columns": [{"name": "n", "type": "BIGINT", "nullable": False}]})
    assert row == ("row", {"change": "+I", "row": [1]})
    writer.run("INSERT INTO t VALUES (2, 'b')")
    assert events_of(answer, 1)[0][1] in ({"rows": [[1], [2]], "changes": ["-U", "+U"]}, {"change": "-U", "row": [1]})
    answer.close()
    connection.close()
    eventually(lambda: sql.raw("GET", session.at(made))[0] == 404, "its end")
    again = json.dumps({"statement": "SELECT 1"}).encode()
    eventually(lambda: sql.raw("POST", f"{session.path}/statements", again)[0] == 201, "room for another one")


def test_one_request_may_be_all(sql):
    def once(statement, accept="application/json"):
        return sql.raw("POST", BASE, statement.encode(), accept, "text/plain")

    assert json.loads(once(KEYED)[2])["tag"] == "CREATE TABLE"
    rows = ", ".join(f"({i}, 'v {i}')" for i in range(3000))
    assert json.loads(once(f"INSERT INTO t VALUES {rows}")[2])["tag"] == "INSERT 0 3000"
    whole = json.loads(once("SELECT k, v FROM t ORDER BY k")[2])
    assert whole["rows"] == [[i, f"v {i}"] for i in range(3000)] and whole["state"] == "finished"
    lines = once("SELECT k, v FROM t ORDER BY k LIMIT 2", "text/csv")[2]
    assert lines == b"k,v\r\n0,v 0\r\n1,v 1\r\n"
    status, headers, problem = once("SELECT x FROM t")
    assert (status, headers["Content-Type"], json.loads(problem)["column"]) == (400, "application/problem+json", 8)
    assert once("SELECT 1", "image/png")[0] == 406
    # Who goes away ends what it asked for.
    connection, answer = open_stream(sql, "POST", BASE, "SUBSCRIBE TO t")
    assert events_of(answer, 1)[0][0] == "columns"
    answer.close()
    connection.close()
    one = {"statement": "SELECT v FROM t WHERE k = $1", "parameters": [5], "settings": {"parallelism.default": "1"}}
    assert sql("POST", BASE, one)["rows"] == [["v 5"]]


def test_arrow_streams_are_read_by_arrow(sql):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import ipc

    session = sql.session()
    session.run("CREATE TABLE t (k INT, d DECIMAL(10, 2), at TIMESTAMP(3), l ARRAY<STRING>, y BYTES)")
    session.run("INSERT INTO t VALUES (1, 1.5, TIMESTAMP '2026-01-31 12:00:00.5', ARRAY['a', 'b'], X'00FF'), (2, NULL, NULL, NULL, NULL)")
    _, headers, body = sql.raw("POST", BASE, b"SELECT * FROM t ORDER BY k", ARROW, "text/plain")
    assert headers["Content-Type"] == ARROW
    table = ipc.open_stream(io.BytesIO(body)).read_all()
    assert table.schema.field("d").type == pyarrow.decimal128(10, 2)
    assert [str(one) for one in table["d"].to_pylist()] == ["1.50", "None"]
    assert table["l"].to_pylist() == [["a", "b"], None] and table["y"].to_pylist() == [b"\x00\xff", None]
    made = session.start("SELECT k FROM t ORDER BY k", wait=30000)
    pages, next_page = [], made["next"]
    while next_page:
        _, headers, body = sql.raw("GET", next_page + "?max_rows=1", accept=ARROW)
        pages.append(ipc.open_stream(io.BytesIO(body)).read_all())
        link = headers.get("Link")
        next_page = link and link.split("<")[1].split(">")[0]
    assert pyarrow.concat_tables(pages)["k"].to_pylist() == [1, 2]


ENDLESS = """CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = 'unlimited', 'fields.n.kind' = 'sequence',
  'fields.n.start' = '1', 'fields.n.end' = '1000000000000')"""


def test_rows_that_are_long_in_coming_hold_up_nobody(server, sql):
    session = sql.session()
    session.run(ENDLESS)
    made = session.start("SELECT n FROM numbers WHERE n = 1", wait=30000)
    assert made["state"] == "finished", made
    page = sql("GET", made["next"])
    assert page["rows"] == [[1]]
    # More of them than the server has threads to read with.
    waiting = []
    for _ in range(8):
        connection = http.client.HTTPConnection(sql.address, timeout=LIMIT_S)
        connection.request("GET", page["next"] + "?wait=30000")
        waiting.append(connection)
    assert sql("GET", f"{BASE}/relations")[0]["name"] == "numbers"
    assert sql("GET", session.at(made))["next"] == page["next"]
    assert session.run("SELECT 1") == [[1]]
    assert sql("POST", session.at(made) + "/cancel")["state"] == "cancelled"
    for connection in waiting:
        assert connection.getresponse().status == 409
        connection.close()
    left = session.start("SELECT n FROM numbers WHERE n = 1", wait=30000)
    assert sql("GET", left["next"])["rows"] == [[1]]
    server.stop()


def test_a_cancelled_statement_leaves_the_results_of_others(sql):
    session = sql.session()
    session.run(ENDLESS.replace("1000000000000", "50000"))
    first = session.start("SELECT n FROM numbers", wait=30000)
    second = session.start("SUBSCRIBE TO numbers")
    assert sql("POST", session.at(second) + "/cancel")
    assert sql("GET", session.at(second) + "?wait=30000")["state"] == "cancelled"
    assert sum(n for (n,) in session.rows(first)) == 50000 * 50001 // 2


def test_what_a_statement_has_done_is_told_while_it_runs(sql):
    session = sql.session()
    session.run(ENDLESS)
    session.run("CREATE TABLE copy (n BIGINT)")
    counting = session.start("SELECT COUNT(*) FROM numbers")
    assert eventually(lambda: sql("GET", session.at(counting))["progress"]["rows_read"], "rows that are read", LIMIT_S) > 0
    sql("DELETE", session.at(counting))
    filling = session.start("INSERT INTO copy SELECT n FROM numbers")

    def written():
        said = sql("GET", session.at(filling))
        assert said["state"] == "running", said
        return said["progress"]["rows_written"]

    assert eventually(written, "rows that are written", LIMIT_S) > 0
    sql("DELETE", session.at(filling))


def test_the_most_wanted_format_is_given(sql):
    def content_type(accept):
        return sql.raw("POST", BASE, b"SELECT 1", accept, "text/plain")[1]["Content-Type"]

    assert content_type("text/csv;q=0.5, application/json") == "application/json"
    assert content_type(f"text/csv;q=0.5, {ARROW};q=0.7") == ARROW
    assert content_type("text/html, */*;q=0.8") == "application/json"


def test_names_that_lead_here_from_elsewhere_are_refused(start_server):
    server = start_server("--http-allowed-hosts", "data.example, other.example")

    def asked(path, host):
        request = urllib.request.Request(f"http://{server.http}{path}", headers={"Host": host})
        try:
            with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:
                return answer.status
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code

    for host in ("evil.example", "evil.example:8080", "127.0.0.1.evil.example"):
        assert asked(f"{BASE}/relations", host) == 421
        assert asked("/status", host) == 421
        assert asked("/health", host) == 200
    for host in ("localhost:1", "127.0.0.1", "[::1]:8080", "data.example", "OTHER.example:443"):
        assert asked(f"{BASE}/relations", host) == 200


def test_sessions_have_limits_that_are_settings(start_server):
    sql = Sql(start_server("--http-sql-sessions", "1", "--http-sql-idle-timeout", "1s", "--http-sql-page-rows", "2"))
    session = sql.session()
    made = session.start("SELECT n FROM (VALUES (1), (2), (3)) AS v(n)", wait=30000)
    assert sql("GET", made["next"] + "?max_rows=3", expect=400)["detail"] == "`max_rows` must be a whole number from 1 to 2"
    assert len(sql("GET", made["next"])["rows"]) == 2
    sql("POST", f"{BASE}/sessions", {}, 503)
    eventually(lambda: sql.raw("POST", f"{BASE}/sessions", {})[0] == 201, "the end of the idle session", LIMIT_S)
    assert "asked nothing for 1s" in sql("GET", session.path, expect=404)["detail"]


def test_sessions_run_beside_each_other_and_a_stop_ends_them(server, sql):
    sessions = [sql.session() for _ in range(4)]
    sessions[0].run(KEYED)
    failures = []

    def work(number, session):
        try:
            for i in range(10):
                session.run("INSERT INTO t VALUES ($1, 'x')", number * 100 + i)
        except AssertionError as failed:
            failures.append(failed)

    threads = [threading.Thread(target=work, args=one) for one in enumerate(sessions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT_S)
    assert not failures
    assert sessions[0].run("SELECT COUNT(*) FROM t") == [[40]]
    sessions[1].start("SUBSCRIBE TO t")
    connection, answer = open_stream(sql, "POST", BASE, "SUBSCRIBE TO t")
    events_of(answer, 1)
    server.stop()
    connection.close()
