"""The command line as its users see it: what it prints, where, and how it ends."""

import csv
import http.server
import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import threading
import time

import pytest
import yaml

OK, FAILED, USAGE, CANNOT_CONNECT, NOT_FOUND, VALIDATION, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130
CLEARED = ("DATAFLOW_ENDPOINT", "DATAFLOW_KAFKA", "DATAFLOW_PROFILE", "DATAFLOW_CONFIG",
           "DATAFLOW_DATA_DIR", "NO_COLOR", "KAFKA_BROKER")


class Cli:
    """Runs dataflow-cli with a home of its own, against one server."""

    def __init__(self, program, home, server=None):
        self.program = program
        self.home = home
        self.env = {k: v for k, v in os.environ.items() if k not in CLEARED}
        self.env["DATAFLOW_HOME"] = str(home)
        if server:
            self.env["DATAFLOW_ENDPOINT"] = server.http

    def __call__(self, *args, expect=OK, stdin="", env=None):
        """What it wrote to stdout; `.err` has what it wrote to stderr. Any end will do with expect=None."""
        done = subprocess.run([self.program, *map(str, args)], input=stdin, text=True, timeout=120,
                              capture_output=True, env={**self.env, **(env or {})})
        assert expect is None or done.returncode == expect, f"{args}: ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        self.err = done.stderr
        return done.stdout

    def json(self, *args, **options):
        return json.loads(self(*args, "-o", "json", **options))

    def start(self, *args, **options):
        return subprocess.Popen([self.program, *map(str, args)], env=self.env, text=True, **options)


@pytest.fixture
def cli(dataflow_cli, server, tmp_path):
    return Cli(dataflow_cli, tmp_path / "home", server)


@pytest.fixture
def offline(dataflow_cli, tmp_path):
    """Without a server."""
    return Cli(dataflow_cli, tmp_path / "home")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def consume_all(cli, stream, *args):
    return cli("consume", stream, "--exit", *args).splitlines()


# Help, usage, version, completion


def commands_below(cli, path=()):
    text = cli(*path, "--help")
    yield path, text
    section = re.search(r"^Commands:\n((?:  .*\n| {10,}.*\n)+)", text, re.MULTILINE)
    for line in section.group(1).splitlines() if section else []:
        name = re.match(r"  (\S+)", line)
        if name and name.group(1) != "server":
            yield from commands_below(cli, (*path, name.group(1)))


def test_every_command_has_help_with_examples(offline):
    found = {}
    for path, text in commands_below(offline):
        found[" ".join(path)] = text
        assert "Usage: dataflow" in text
        assert "\nExamples:\n  " in text, path
    for name in ("emulator start", "emulator status", "emulator stop", "emulator purge", "stream create",
                 "stream list", "stream describe", "stream alter", "stream delete", "publish", "consume",
                 "group list", "group describe", "group reset", "group delete", "config print", "doctor",
                 "log verify", "log repair", "version", "completion", "status"):
        assert name in found
    assert "demo-events" not in found[""]


def test_no_arguments_show_the_help_as_a_usage_error(offline):
    assert offline(expect=USAGE) == ""
    assert "Usage: dataflow" in offline.err
    offline("stream", expect=USAGE)
    assert "Usage: dataflow stream" in offline.err


@pytest.mark.parametrize("args, words", [
    (("strem", "list"), 'did you mean "stream"'),
    (("stream", "lst"), 'did you mean "list"'),
    (("stream", "create", "x", "--partition", "3"), 'did you mean "--partitions"'),
    (("stream", "create"), "NAME"),
    (("stream", "create", "x", "--partitions", "many"), "partitions"),
    (("stream", "list", "-o", "xml"), "table, wide, json and yaml"),
    (("publish", "s"), "--file"),
    (("publish", "s", "{}", "--acks", "2"), "--acks"),
    (("publish", "s", "{}", "--compression", "zip"), "--compression"),
    (("publish", "s", "{}", "--rate", "fast"), "--rate"),
    (("consume", "s", "--from", "somewhere"), "somewhere"),
    (("consume", "s", "--format", "%q"), "%q"),
    (("consume", "s", "--format", "100%"), "a lone %"),
    (("consume", "s", "-n", "-1"), "range 0 to 1000000000000000"),
    (("consume", "s", "-p", "-1"), "range 0 to"),
    (("publish", "s", "{}", "--key-field", ""), "--key-field is empty"),
    (("publish", "s", "-f", "-", "--key-separator", ""), "--key-separator is empty"),
    (("publish", "s", "{}", "--key-separator", "|"), "for lines of text"),
    (("publish", "s", "-f", "-", "--key-separator", "|", "--key", "k"), "not several"),
    (("demo-meetings", "1", "--topic", "users"), "user_events, chat_events or meeting_events"),
    (("group", "reset", "g"), "--to"),
    (("group", "reset", "g", "--to", "latest", "--shift", "1"), "either"),
    (("consume", "s", "--exit", "--follow"), "--follow"),
    (("--timeout", "soon", "stream", "list"), "--timeout"),
    (("--server", "nowhere", "stream", "list"), "--server"),
    (("completion", "tcsh"), "bash, zsh"),
])
def test_usage_errors_say_what_is_meant(offline, args, words):
    assert offline(*args, expect=USAGE) == ""
    assert words in offline.err


def test_version(offline):
    assert re.fullmatch(r"dataflow \d+\.\d+\.\d+\n", offline("version"))
    assert offline("--version") == offline("version")
    assert offline.json("version")["version"] in offline("version")


def bash_completer(cli, script):
    script.write_text(cli("completion", "bash"))

    def complete(*words):
        line = "source %s; COMP_WORDS=(%s %s); COMP_CWORD=%d; _dataflow; echo ${COMPREPLY[*]}" % (
            script, cli.program, " ".join(f"'{w}'" for w in words), len(words))
        return subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True, env=cli.env,
                              cwd=script.parent).stdout.split()

    return complete


def test_bash_completion_completes(offline, tmp_path):
    complete = bash_completer(offline, tmp_path / "completion.bash")
    assert complete("str") == ["stream"]
    assert set(complete("stream", "")) == {"create", "list", "describe", "alter", "delete"}
    assert "--partitions" in complete("stream", "create", "x", "--p")
    options = complete("stream", "list", "--")
    assert len(options) == len(set(options)) and {"--internal", "--output", "--help"} <= set(options)
    assert complete("stream", "list", "-o", "j") == ["json"]
    assert complete("publish", "s", "--compression", "l") == ["lz4"]
    assert complete("completion", "f") == ["fish"]
    assert complete("publish", "s", "--file", "compl") == ["completion.bash"]
    # Here -f is a format, and no file.
    assert complete("consume", "s", "-f", "compl") == []
    assert "--kafka-listen" in complete("server", "--kafka-l")


def test_bash_completion_knows_streams_and_groups(cli, tmp_path):
    complete = bash_completer(cli, tmp_path / "completion.bash")
    for name in ("user-events", "user-clicks", "orders"):
        cli("stream", "create", name)
    cli("publish", "orders", "x")
    cli("consume", "orders", "--group", "billing", "--exit")
    assert set(complete("consume", "user-")) == {"user-events", "user-clicks"}
    assert complete("stream", "delete", "or") == ["orders"]
    assert complete("group", "reset", "billing", "--topic", "or") == ["orders"]
    assert complete("group", "describe", "b") == ["billing"]
    # The name of a new stream is the user's to invent.
    assert complete("stream", "create", "or") == []


def test_fish_completion_completes(cli, tmp_path):
    script = tmp_path / "dataflow.fish"
    script.write_text(cli("completion", "fish"))
    cli("stream", "create", "user-events")
    env = {**cli.env, "PATH": f"{os.path.dirname(cli.program)}:{cli.env['PATH']}", "HOME": str(tmp_path)}

    def complete(line):
        done = subprocess.run(["fish", "-N", "-c", f"source {script}; complete -C '{line}'"], capture_output=True,
                              text=True, check=True, env=env)
        assert done.stderr == ""
        return {one.split("\t")[0] for one in done.stdout.splitlines()}

    assert complete("dataflow-cli str") == {"stream"}
    assert complete("dataflow-cli stream de") == {"describe", "delete"}
    assert "--partitions" in complete("dataflow-cli stream create --p")
    assert complete("dataflow-cli stream list -o j") == {"json"}
    assert complete("dataflow-cli consume us") == {"user-events"}


def test_zsh_completion_completes(cli, tmp_path):
    script = tmp_path / "_dataflow"
    script.write_text(cli("completion", "zsh"))
    cli("stream", "create", "user-events")

    # What the shell would offer, without the editor that it offers it in.
    frame = """
compdef() { :; }
compadd() { if [[ "$1" == -a ]]; then print -l -- ${(P)2}; else shift; print -l -- "$@"; fi }
_describe() { print -l -- ${(P)2} | sed 's/:.*//'; }
_files() { print files; }
source %s
words=(%s %s); CURRENT=$#words; _dataflow
"""

    def complete(*words):
        done = subprocess.run(["zsh", "-f", "-c", frame % (script, cli.program, " ".join(f"'{w}'" for w in words))],
                              capture_output=True, text=True, check=True, env=cli.env)
        assert done.stderr == ""
        return set(done.stdout.split())

    assert {"stream", "emulator", "server"} <= complete("")
    assert complete("stream", "") == {"create", "list", "describe", "alter", "delete"}
    assert {"--partitions", "--output"} <= complete("stream", "create", "x", "--")
    assert complete("stream", "list", "-o", "") == {"table", "wide", "json", "yaml"}
    assert complete("consume", "") == {"user-events"}
    assert complete("publish", "s", "--file", "") == {"files"}


@pytest.mark.parametrize("shell, mark", [("zsh", "#compdef dataflow"), ("fish", "complete -c dataflow ")])
def test_other_completions_name_every_command(offline, shell, mark):
    script = offline("completion", shell)
    assert mark in script
    for word in ("emulator", "describe", "max-messages", "repair"):
        assert word in script


# Finding the server


def test_no_server_is_exit_3_and_says_what_to_do(offline):
    offline("--server", f"127.0.0.1:{free_port()}", "stream", "list", expect=CANNOT_CONNECT)
    assert "emulator start" in offline.err
    offline("--kafka", f"127.0.0.1:{free_port()}", "stream", "list", expect=CANNOT_CONNECT)
    offline("--server", f"127.0.0.1:{free_port()}", "status", expect=CANNOT_CONNECT)


def test_something_else_than_a_server_is_exit_3(offline):
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, *args):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Page) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        address = f"127.0.0.1:{other.server_port}"
        offline("--server", address, "stream", "list", expect=CANNOT_CONNECT)
        assert "no DataFlow server" in offline.err
        offline("--kafka", address, "--timeout", "2s", "stream", "list", expect=CANNOT_CONNECT)
        other.shutdown()


def test_the_server_is_found_by_flag_environment_and_profile(dataflow_cli, server, tmp_path):
    cli = Cli(dataflow_cli, tmp_path / "home")
    cli("--server", server.http, "stream", "list")
    cli("stream", "list", "--server", f"http://{server.http}/")
    cli("--kafka", server.kafka, "stream", "list")
    cli("stream", "list", env={"DATAFLOW_ENDPOINT": server.http})
    cli("stream", "list", env={"DATAFLOW_KAFKA": server.kafka})
    nowhere = f"127.0.0.1:{free_port()}"
    # A flag wins over the environment.
    cli("--server", server.http, "stream", "list", env={"DATAFLOW_KAFKA": nowhere, "DATAFLOW_ENDPOINT": nowhere})
    (tmp_path / "home").mkdir()
    profile = tmp_path / "home" / "config.yaml"
    profile.write_text(f"server: {server.http}\noutput: json\nprofiles:\n  other: {{server: '{nowhere}'}}\n")
    assert json.loads(cli("stream", "list")) == []
    cli("--profile", "other", "stream", "list", expect=CANNOT_CONNECT)
    cli("stream", "list", expect=CANNOT_CONNECT, env={"DATAFLOW_PROFILE": "other"})
    profile.write_text("sever: x\n")
    cli("stream", "list", expect=VALIDATION)
    assert "config.yaml:1" in cli.err and '"server"' in cli.err


# Streams


def test_streams_from_creation_to_deletion(cli):
    assert cli("stream", "list") == "NAME  PARTITIONS  RECORDS  SIZE\n"
    assert "stream create" in cli.err
    assert cli("stream", "create", "orders", "--partitions", 3, "--retention", "7d", "-c",
               "cleanup.policy=compact") == ""
    assert "3 partitions" in cli.err
    cli("stream", "create", "orders", expect=NOT_FOUND)
    assert "orders" in cli.err
    cli("stream", "create", "orders", "--if-not-exists")
    made = cli.json("stream", "create", "user-events")
    assert made["name"] == "user-events" and made["created"] and len(made["id"]) == 22
    listed = cli.json("stream", "list")
    assert [(s["name"], s["partitions"], s["records"]) for s in listed] == [("orders", 3, 0), ("user-events", 1, 0)]
    assert listed[0]["retention_ms"] == 7 * 24 * 3600 * 1000
    assert yaml.safe_load(cli("stream", "list", "-o", "yaml")) == listed
    wide = cli("stream", "list", "-o", "wide")
    assert "CLEANUP POLICY" in wide and "compact" in wide and "7d" in wide
    cli("stream", "delete", "orders", "--yes")
    assert [s["name"] for s in cli.json("stream", "list")] == ["user-events"]


def test_stream_describe(cli):
    cli("stream", "create", "s", "--partitions", 2, "--config", "segment.bytes=1048576")
    cli("publish", "s", "one", "--partition", 1)
    told = cli.json("stream", "describe", "s")
    assert told["name"] == "s" and told["partitions"] == 2 and told["records"] == 1
    assert told["config"] == {"segment.bytes": "1048576"}
    assert told["effective_config"]["cleanup.policy"] == "delete"
    assert [p["records"] for p in told["partition_list"]] == [0, 1]
    assert yaml.safe_load(cli("stream", "describe", "s", "-o", "yaml")) == told
    table = cli("stream", "describe", "s")
    assert re.search(r"^Name: +s$", table, re.MULTILINE)
    assert "segment.bytes" in table and "retention.ms" not in table
    assert "retention.ms" in cli("stream", "describe", "s", "-o", "wide")
    cli("stream", "describe", "t", expect=NOT_FOUND)


def test_an_unknown_stream_names_the_nearest_one(cli):
    cli("stream", "create", "user-events")
    for command in (("stream", "describe"), ("consume",), ("stream", "alter", "--retention", "1d"),
                    ("stream", "delete", "--yes")):
        cli(*command, "user-event", expect=NOT_FOUND)
        assert 'did you mean "user-events"' in cli.err, command
    cli("publish", "user-event", "{}", expect=NOT_FOUND)
    assert [s["name"] for s in cli.json("stream", "list")] == ["user-events"]


def test_stream_alter(cli):
    cli("stream", "create", "s", "--partitions", 2)
    cli("stream", "alter", "s", expect=USAGE)
    cli("stream", "alter", "s", "--partitions", 4, "--retention", "1h")
    told = cli.json("stream", "describe", "s")
    assert told["partitions"] == 4 and told["config"] == {"retention.ms": "3600000"}
    cli("stream", "alter", "s", "--delete-config", "retention.ms")
    assert cli.json("stream", "describe", "s")["config"] == {}
    cli("stream", "alter", "s", "--partitions", 1, expect=VALIDATION)
    cli("stream", "alter", "s", "--config", "retention.mss=1", expect=VALIDATION)
    assert "retention.mss" in cli.err and '"retention.ms"' in cli.err


@pytest.mark.parametrize("args", [
    ("no/good",), ("s", "--config", "cleanup.policy=sometimes"), ("s", "--config", "nonsense.setting=1"),
])
def test_stream_create_validates(cli, args):
    cli("stream", "create", *args, expect=VALIDATION)
    assert cli.json("stream", "list") == []


def test_stream_delete_asks_first(cli):
    cli("stream", "create", "a")
    cli("stream", "create", "b")
    cli("stream", "delete", "a", expect=USAGE)
    assert "--yes" in cli.err
    # One that is not there keeps all of them.
    cli("stream", "delete", "a", "nothing-like-it", "--yes", expect=NOT_FOUND)
    assert len(cli.json("stream", "list")) == 2
    deleted = cli.json("stream", "delete", "a", "b", "nothing-like-it", "--yes", "--if-exists")
    assert deleted == [{"name": n, "deleted": True, "error": None} for n in ("a", "b")]


# Publish


def test_publish_one_event(cli):
    cli("stream", "create", "s")
    assert cli("publish", "s", '{"n":1}', "--key", "k", "-H", "source=test", "-H", "a=b=c") == ""
    assert "published 1 event" in cli.err
    cli("publish", "s", "--value=-dash")
    assert cli("consume", "s", "--exit", "--format", "%k|%v|%h\\n") == 'k|{"n":1}|source=test,a=b=c\n|-dash|\n'


def test_publish_a_json_array(cli, tmp_path):
    cli("stream", "create", "s")
    file = tmp_path / "sample_data.json"
    events = [{"user_id": f"u{i}", "amount": i + 0.5, "text": "a, [b] {c} \"d\""} for i in range(10)]
    file.write_text(json.dumps(events, indent=2))
    assert cli.json("publish", "s", "--file", file)["published"] == 10
    assert [json.loads(line) for line in consume_all(cli, "s")] == events


def test_publish_json_lines_from_standard_input(cli):
    cli("stream", "create", "s", "--partitions", 3)
    lines = [json.dumps({"user": {"id": i % 5}, "n": i}) for i in range(100)]
    result = cli.json("publish", "s", "-f", "-", "--key-field", "user.id", stdin="\n".join(lines))
    assert result["published"] == 100 and result["failed"] == 0 and result["errors"] == []
    seen = {}
    for record in map(json.loads, consume_all(cli, "s", "-o", "json")):
        seen.setdefault(record["key"], []).append((record["partition"], record["value"]["n"]))
    assert set(seen) == set("01234")
    for records in seen.values():
        assert len({partition for partition, _ in records}) == 1
        numbers = [n for _, n in records]
        assert numbers == sorted(numbers) and len(numbers) == 20


def test_publish_csv(cli, tmp_path):
    cli("stream", "create", "s")
    file = tmp_path / "events.csv"
    with open(file, "w", newline="") as out:
        csv.writer(out).writerows([["id", "name", "price"], [1, 'Doe, "J"', 9.5], ["007", "two\nlines", ""]])
    cli("publish", "s", "--file", file, "--key-field", "id")
    assert [json.loads(line) for line in consume_all(cli, "s")] == [
        {"id": 1, "name": 'Doe, "J"', "price": 9.5}, {"id": "007", "name": "two\nlines", "price": None}]


def test_publish_plain_lines(cli):
    cli("stream", "create", "s")
    cli("publish", "s", "--file", "-", "--input", "text", stdin="one\n\nthree")
    assert consume_all(cli, "s") == ["one", "", "three"]


def test_a_partly_failed_publish_is_not_0_and_counts(cli, tmp_path):
    cli("stream", "create", "s")
    file = tmp_path / "events.ndjson"
    file.write_text('{"id":1}\n{"id":\n{"id":3}\n{"x":4}\n')
    cli("publish", "s", "--file", file, "--key-field", "id", expect=VALIDATION)
    assert "events.ndjson:2" in cli.err and "events.ndjson:4" in cli.err
    assert "published 2 events" in cli.err and "2 not published" in cli.err
    result = json.loads(cli("publish", "s", "--file", file, "-o", "json", expect=VALIDATION))
    assert (result["published"], result["failed"]) == (3, 1)
    assert [e["line"] for e in result["errors"]] == [2]
    assert len(consume_all(cli, "s")) == 5


def test_a_record_over_the_limit_fails_alone(cli, tmp_path):
    cli("stream", "create", "s", "--config", "max.message.bytes=2000")
    file = tmp_path / "events.ndjson"
    sizes = [10] * 20 + [5000] + [10] * 20 + [5000] + [10] * 5
    file.write_text("".join(json.dumps({"n": n, "x": "y" * size}) + "\n" for n, size in enumerate(sizes)))
    result = json.loads(cli("publish", "s", "--file", file, "-o", "json", expect=VALIDATION))
    assert (result["published"], result["failed"]) == (45, 2)
    assert [e["line"] for e in result["errors"]] == [21, 42]
    assert "dataflow stream alter s --config max.message.bytes=" in cli.err
    small = [n for n, size in enumerate(sizes) if size == 10]
    assert [json.loads(line)["n"] for line in consume_all(cli, "s")] == small


def test_a_csv_row_that_is_not_utf8_is_refused(cli, tmp_path):
    cli("stream", "create", "s")
    file = tmp_path / "latin1.csv"
    file.write_bytes("id,name\n1,Z\u00fcrich\n2,Bern\n".encode("latin-1"))
    cli("publish", "s", "--file", file, expect=VALIDATION)
    assert "latin1.csv:2" in cli.err and "not UTF-8" in cli.err and "iconv" in cli.err
    assert consume_all(cli, "s") == ['{"id":2,"name":"Bern"}']


def test_a_file_that_is_not_there_is_all_that_is_said(cli, tmp_path):
    cli("stream", "create", "s")
    cli("publish", "s", "--file", tmp_path / "none.json", expect=NOT_FOUND)
    assert cli.err == f"dataflow: reading {tmp_path}/none.json: No such file or directory\n"


def test_no_single_letter_is_suggested_for_another(cli):
    cli("stream", "create", "s")
    cli("publish", "s", "--file", "-", "--key-field", "i", expect=VALIDATION, stdin='{"a":1}\n')
    assert 'no field "i"' in cli.err and "did you mean" not in cli.err


def test_an_interrupted_publish_says_how_far_it_came(cli, tmp_path):
    cli("stream", "create", "s")
    file = tmp_path / "events.ndjson"
    file.write_text(cli("demo-events", 1000))
    process = cli.start("publish", "s", "--file", file, "--rate", "20/s", stderr=subprocess.PIPE)
    assert cli("consume", "s", "-n", 1) != ""
    process.send_signal(signal.SIGINT)
    err = process.communicate(timeout=60)[1]
    assert process.returncode == INTERRUPTED
    said = re.fullmatch(r'interrupted: published (\d+) events? to "s"\n', err)
    assert said and int(said.group(1)) == len(consume_all(cli, "s"))


def test_publish_refuses_what_is_not_there(cli, tmp_path):
    cli("stream", "create", "s", "--partitions", 2)
    cli("publish", "s", "--file", tmp_path / "missing.json", expect=NOT_FOUND)
    cli("publish", "s", "{}", "--partition", 2, expect=NOT_FOUND)
    assert "numbered from 0" in cli.err
    cli("publish", "nowhere", "{}", expect=NOT_FOUND)
    assert "stream create nowhere" in cli.err


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
@pytest.mark.parametrize("acks", ["all", "1", "0"])
def test_codecs_and_acks(cli, codec, acks):
    cli("stream", "create", "s", "--partitions", 2)
    stdin = cli("demo-events", 2500)
    cli("publish", "s", "--file", "-", "--compression", codec, "--acks", acks, "--batch-size", 100, stdin=stdin)
    deadline = time.monotonic() + 30
    while True:
        lines = consume_all(cli, "s")
        # Only acks=all waits until the records are on disk, where readers see them.
        if acks == "all" or len(lines) == 2500 or time.monotonic() > deadline:
            break
    assert sorted(lines) == sorted(stdin.splitlines())


def test_keys_go_where_other_clients_put_them(cli, server):
    from kafka import KafkaProducer

    cli("stream", "create", "s", "--partitions", 7)
    keys = [f"key-{i}-{'x' * (i % 5)}" for i in range(50)]
    producer = KafkaProducer(bootstrap_servers=server.kafka)
    placed = {key: producer.send("s", key=key.encode(), value=b"v").get(30).partition for key in keys}
    producer.close()
    stdin = "\n".join(json.dumps({"k": key}) for key in keys)
    cli("stream", "create", "t", "--partitions", 7)
    cli("publish", "t", "--file", "-", "--key-field", "k", stdin=stdin)
    records = map(json.loads, consume_all(cli, "t", "-o", "json"))
    assert {r["key"]: r["partition"] for r in records} == placed


def test_keys_stand_in_front_of_lines_of_any_text(cli):
    cli("stream", "create", "s")
    cli("publish", "s", "--file", "-", "--key-separator", "::", expect=VALIDATION,
        stdin='a::{"cut off\nno key\n::no name\nb::c::d\n')
    assert 'standard input:2: not published: there is no "::" behind a key' in cli.err
    records = map(json.loads, consume_all(cli, "s", "-o", "json"))
    assert [(r["key"], r["value"]) for r in records] == [("a", '{"cut off'), ("", "no name"), ("b", "c::d")]


def test_what_is_written_slowly_is_published_as_it_comes(cli):
    cli("stream", "create", "s")
    reader = cli.start("consume", "s", "-n", 1, stdout=subprocess.PIPE)
    writer = cli.start("publish", "s", "--file", "-", stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    writer.stdin.write('{"n":1}\n')
    writer.stdin.flush()
    assert reader.communicate(timeout=60)[0] == '{"n":1}\n'
    writer.stdin.close()
    assert writer.wait(60) == OK


def test_rate_limits(cli):
    cli("stream", "create", "s")
    result = cli.json("publish", "s", "--file", "-", "--rate", "200/s", stdin="\n".join(["{}"] * 101))
    assert result["published"] == 101 and result["seconds"] >= 0.5


# Consume


def test_consume_formats(cli):
    cli("stream", "create", "s")
    cli("publish", "s", '{"a": [1]}', "--key", "k")
    assert cli("consume", "s", "--exit") == '{"a": [1]}\n'
    assert re.fullmatch(r's/0@0\t\d+\tk\t\{"a": \[1\]\}\n', cli("consume", "s", "--exit", "-o", "wide"))
    record = json.loads(cli("consume", "s", "--exit", "-o", "json"))
    assert record["stream"] == "s" and record["value"] == {"a": [1]} and record["key"] == "k"
    documents = list(yaml.safe_load_all(cli("consume", "s", "--exit", "-o", "yaml")))
    assert documents == [record] or documents[0]["value"] == {"a": [1]}
    assert cli("consume", "s", "--exit", "-f", "%t %p %o %K %S %H %%") == "s 0 0 1 10 0 %"


def test_consume_from_every_kind_of_place(cli):
    cli("stream", "create", "s")
    cli("publish", "s", "--file", "-", stdin="0\n1\n2\n")
    first = [json.loads(line) for line in consume_all(cli, "s", "-o", "json")]
    cut = time.time()
    while time.time() < cut + 0.01:
        pass
    cli("publish", "s", "--file", "-", stdin="3\n4\n")
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(cut)) + f".{int(cut % 1 * 1000) + 1:03d}Z"
    if int(cut % 1 * 1000) == 999:
        moment = f"@{int(cut * 1000) + 1}"
    for place, want in (("earliest", "01234"), ("beginning", "01234"), ("latest", ""), ("end", ""), ("2", "234"),
                        ("-2", "34"), ("99", ""), (moment, "34"), (f"@{int(cut * 1000) + 1}", "34"),
                        ("1h", "01234"), (first[0]["timestamp"], "01234")):
        assert consume_all(cli, "s", "--from", place) == list(want), place


def test_consume_stops_where_it_is_told(cli):
    cli("stream", "create", "s", "--partitions", 3)
    cli("publish", "s", "--file", "-", "--batch-size", 10, stdin=cli("demo-events", 100))
    assert len(cli("consume", "s", "--max-messages", 7).splitlines()) == 7
    assert cli("consume", "s", "-n", 0) == ""
    counts = [len(consume_all(cli, "s", "--partition", p)) for p in range(3)]
    assert sum(counts) == 100 and all(counts)
    assert len(consume_all(cli, "s", "-p", 0, "-p", 2)) == counts[0] + counts[2]
    cli("consume", "s", "-p", 3, expect=NOT_FOUND)


def test_consume_follows_until_interrupted(cli):
    cli("stream", "create", "s")
    cli("publish", "s", "one")
    process = cli.start("consume", "s", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline() == "one\n"
    cli("publish", "s", "two")
    assert process.stdout.readline() == "two\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (INTERRUPTED, "")
    assert err == 'interrupted: consumed 2 events from "s"\n'


def test_a_reader_that_goes_away_is_no_error(cli):
    cli("stream", "create", "s")
    cli("publish", "s", "--file", "-", stdin=cli("demo-events", 5000))
    process = cli.start("consume", "s", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    cli("publish", "s", "one more")
    assert process.wait(60) == OK
    assert process.stderr.read() == ""


def test_consume_shows_only_committed_transactions(cli, server):
    from confluent_kafka import Producer

    cli("stream", "create", "s")
    for ending in ("commit", "abort"):
        producer = Producer({"bootstrap.servers": server.kafka, "transactional.id": ending})
        producer.init_transactions(60)
        producer.begin_transaction()
        producer.produce("s", value=ending)
        producer.flush(60)
        (producer.commit_transaction if ending == "commit" else producer.abort_transaction)(60)
    assert consume_all(cli, "s") == ["commit"]
    assert consume_all(cli, "s", "--isolation", "read_uncommitted") == ["commit", "abort"]


def test_bytes_that_are_no_text(cli, server):
    from confluent_kafka import Producer

    cli("stream", "create", "s")
    producer = Producer({"bootstrap.servers": server.kafka})
    producer.produce("s", key=None, value=None)
    producer.produce("s", key=b"\xff", value=b"\x00\xfe", headers=[("h", b"\xfd")])
    assert producer.flush(30) == 0
    null, raw = map(json.loads, consume_all(cli, "s", "-o", "json"))
    assert null["key"] is None and null["value"] is None
    assert raw["key"] == {"base64": "/w=="} and raw["value"] == {"base64": "AP4="}
    assert raw["headers"] == {"h": {"base64": "/Q=="}}


def test_a_header_that_comes_twice_keeps_both_values(cli):
    cli("stream", "create", "s")
    cli("publish", "s", "x", "-H", "a=1", "-H", "b=2", "-H", "a=3")
    assert json.loads(cli("consume", "s", "--exit", "-o", "json"))["headers"] == {"a": ["1", "3"], "b": "2"}
    assert yaml.safe_load(cli("consume", "s", "--exit", "-o", "yaml"))["headers"] == {"a": ["1", "3"], "b": "2"}


def test_an_offset_that_no_partition_has_is_mentioned(cli):
    cli("stream", "create", "s")
    cli("publish", "s", "x")
    assert cli("consume", "s", "--exit", "--from", 99) == ""
    assert "no partition has offset 99" in cli.err
    cli("consume", "s", "--exit", "--from", 1795243200000)
    assert "--from @1795243200000" in cli.err
    cli("consume", "s", "--exit", "--from", 1)
    assert cli.err == ""


# Groups


def test_a_group_goes_on_where_it_left_off(cli):
    cli("stream", "create", "s", "--partitions", 2)
    cli("publish", "s", "--file", "-", "--batch-size", 10, stdin=cli("demo-events", 100))
    first = cli("consume", "s", "--group", "g", "-n", 30).splitlines()
    rest = cli("consume", "s", "--group", "g", "--exit").splitlines()
    assert len(first) == 30 and len(rest) == 70
    assert sorted(first + rest) == sorted(consume_all(cli, "s"))
    assert cli("consume", "s", "--group", "g", "--exit") == ""


def test_group_list_and_describe(cli):
    assert cli.json("group", "list") == []
    cli("stream", "create", "s", "--partitions", 2)
    cli("publish", "s", "--file", "-", "--batch-size", 10, stdin=cli("demo-events", 100))
    cli("consume", "s", "--group", "g", "-n", 30)
    assert [(g["group"], g["state"], g["members"]) for g in cli.json("group", "list")] == [("g", "Empty", 0)]
    told = cli.json("group", "describe", "g")
    assert told["lag"] == 70 and sum(p["lag"] for p in told["partitions"]) == 70
    assert yaml.safe_load(cli("group", "describe", "g", "-o", "yaml")) == told
    assert re.search(r"^Lag: +70$", cli("group", "describe", "g"), re.MULTILINE)
    assert "MEMBER ID" in cli("group", "describe", "g", "-o", "wide")
    cli("group", "describe", "h", expect=NOT_FOUND)


def test_two_members_share_and_an_active_group_is_protected(cli):
    cli("stream", "create", "s", "--partitions", 4)
    members = [cli.start("consume", "s", "--group", "g", "--format", "%p\\n", stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE) for _ in range(2)]
    deadline = time.monotonic() + 90
    while True:
        told = json.loads(cli("group", "describe", "g", "-o", "json")) if cli.json("group", "list") else None
        if told and told["members"] == 2 and told["state"] == "Stable" and len(told["partitions"]) == 4:
            break
        assert time.monotonic() < deadline, told
    cli("group", "reset", "g", "--to", "earliest", "--topic", "s", expect=NOT_FOUND)
    assert "2 members" in cli.err
    cli("group", "delete", "g", "--yes", expect=NOT_FOUND)
    for partition in range(4):
        cli("publish", "s", "x", "--partition", partition)
    seen = [sorted([m.stdout.readline(), m.stdout.readline()]) for m in members]
    assert sorted(seen) == [["0\n", "1\n"], ["2\n", "3\n"]]
    for member in members:
        member.send_signal(signal.SIGINT)
        assert member.wait(60) == INTERRUPTED
    told = cli.json("group", "describe", "g")
    assert told["state"] == "Empty" and told["lag"] == 0


def test_group_reset_and_delete(cli):
    cli("stream", "create", "s")
    cli("publish", "s", "--file", "-", stdin="0\n1\n2\n3\n")
    cli("consume", "s", "--group", "g", "--exit")
    plan = cli.json("group", "reset", "g", "--to", "1", "--dry-run")
    assert plan == [{"stream": "s", "partition": 0, "before": 4, "after": 1}]
    assert cli.json("group", "describe", "g")["lag"] == 0
    for to, want in (("1", "123"), ("earliest", "0123"), ("-1", "3"), ("latest", ""), ("1h", "0123")):
        cli("group", "reset", "g", "--to", to)
        assert cli("consume", "s", "--group", "g", "--exit").split() == list(want), to
    cli("group", "reset", "other", "--to", "2", "--topic", "s")
    assert cli("consume", "s", "--group", "other", "--exit").split() == ["2", "3"]
    cli("group", "reset", "unheard-of", "--to", "earliest", expect=NOT_FOUND)
    for shift, want in ((-3, "123"), (-99, "0123"), (-2, "23")):
        cli("group", "reset", "g", "--shift", shift)
        assert cli("consume", "s", "--group", "g", "--exit").split() == list(want), shift
    plan = cli.json("group", "reset", "g", "--shift", 99, "--dry-run")
    assert plan == [{"stream": "s", "partition": 0, "before": 4, "after": 4}]
    cli("stream", "create", "unread")
    cli("group", "reset", "g", "--shift", 1, "--topic", "unread", expect=USAGE)
    assert "--to" in cli.err
    cli("group", "delete", "g", expect=USAGE)
    cli("group", "delete", "g", "--yes")
    assert [g["group"] for g in cli.json("group", "list")] == ["other"]
    cli("group", "delete", "g", "--yes", expect=NOT_FOUND)


# Status, configuration, doctor


def test_status(cli, server):
    cli("stream", "create", "s")
    told = cli.json("status")
    assert told["kafka"] == server.kafka
    assert re.search(rf"^Kafka: +{server.kafka}$", cli("status"), re.MULTILINE)
    assert yaml.safe_load(cli("status", "-o", "yaml"))["http"] == server.http
    assert cli.json("status", "--kafka", server.kafka)["streams"] == 1


def test_config_print_names_each_origin(offline, tmp_path):
    file = tmp_path / "f.yaml"
    file.write_text("kafka:\n  listen: 127.0.0.1:1111\nlog:\n  retention: 3d\n")
    values = {v["name"]: v for v in offline.json(
        "config", "print", "--config", file, "--data-dir", "/tmp/x", env={"DATAFLOW_HTTP_LISTEN": "127.0.0.1:2222"})}
    assert values["kafka.listen"]["value"] == "127.0.0.1:1111" and values["kafka.listen"]["origin"].endswith("f.yaml:2")
    assert values["data_dir"]["origin"] == "--data-dir"
    assert values["http.listen"]["origin"] == "DATAFLOW_HTTP_LISTEN"
    assert values["metrics.listen"]["origin"] == "default"
    table = offline("config", "print", "--config", file)
    assert re.search(r"^log\.retention +3d +\S*f\.yaml:4$", table, re.MULTILINE)
    file.write_text("kafka:\n  lisen: x\n")
    offline("config", "print", "--config", file, expect=VALIDATION)
    assert "f.yaml:2" in offline.err and "listen" in offline.err
    offline("config", "print", "--data-dri", "x", expect=USAGE)


def test_the_configuration_file_may_be_named_in_the_environment(offline, tmp_path):
    file = tmp_path / "f.yaml"
    file.write_text("log:\n  retention: 3d\n")
    env = {"DATAFLOW_CONFIG": str(file)}
    values = {v["name"]: v for v in offline.json("config", "print", env=env)}
    assert values["log.retention"]["value"] == 3 * 86400000 and values["log.retention"]["origin"].endswith("f.yaml:2")
    other = tmp_path / "other.yaml"
    other.write_text("log:\n  retention: 4d\n")
    values = {v["name"]: v for v in offline.json("config", "print", "--config", other, env=env)}
    assert values["log.retention"]["value"] == 4 * 86400000


def test_config_print_and_doctor_say_what_the_server_would_refuse(offline):
    env = {"DATAFLOW_HTTP_LISTEN": "0.0.0.0:8080"}
    assert "0.0.0.0:8080" in offline("config", "print", env=env, expect=VALIDATION)
    assert "loopback" in offline.err and "DATAFLOW_HTTP_LISTEN" in offline.err
    checks = json.loads(offline("doctor", "-o", "json", env=env, expect=FAILED))
    assert checks[0]["result"] == "problem" and "loopback" in checks[0]["found"]


def test_doctor_with_a_server(cli):
    checks = {c["check"]: c for c in json.loads(doctor(cli))}
    assert checks["server"]["result"] == "ok" and checks["partitions"]["result"] == "ok"
    assert "ms" in checks["fsync time"]["found"]
    assert "free" in checks["disk space"]["found"]
    assert {"clock", "open files", "memory", "file system"} <= set(checks)


def doctor(cli, *args):
    """Ends with 0 or 1, as this machine has it; the ports 8080 and the like may be anybody's."""
    done = subprocess.run([cli.program, "doctor", "-o", "json", *map(str, args)], env=cli.env, text=True,
                          capture_output=True, timeout=120)
    checks = json.loads(done.stdout)
    assert done.returncode == (FAILED if any(c["result"] == "problem" for c in checks) else OK)
    return done.stdout


def test_doctor_names_who_has_a_port(offline, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        file = tmp_path / "f.yaml"
        file.write_text(f"kafka:\n  listen: 127.0.0.1:{port}\n")
        checks = {c["check"]: c for c in json.loads(doctor(offline, "--config", file, "--data-dir", tmp_path))}
    assert checks[f"port {port}"]["result"] == "problem"
    assert f"process {os.getpid()}" in checks[f"port {port}"]["found"]
    assert checks[f"port {port}"]["advice"]
    assert not list(tmp_path.glob("dataflow-doctor-*"))
    free = free_port()
    file.write_text(f"kafka:\n  listen: 127.0.0.1:{free}\n")
    checks = {c["check"]: c for c in json.loads(doctor(offline, "--config", file, "--data-dir", tmp_path))}
    assert checks[f"port {free}"]["result"] == "ok"


def test_doctor_without_anything(offline):
    offline("doctor", "--server", f"127.0.0.1:{free_port()}", expect=FAILED)
    assert "problem" in offline.err


# The emulator


@pytest.fixture
def emulator(offline):
    yield offline
    # Whatever a test left running.
    subprocess.run([offline.program, "-q", "emulator", "stop"], env=offline.env, capture_output=True, timeout=90)


def has_ended(pid):
    """Gone, or only waiting for the machine's first process to take note of its end."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_emulator_in_the_background(emulator):
    emulator("emulator", "status", expect=NOT_FOUND)
    emulator("emulator", "stop", expect=NOT_FOUND)
    started = emulator.json("emulator", "start", "--any-port", "--background")
    assert started["running"] and started["data_dir"] == str(emulator.home / "emulator" / "data")
    assert "stream create" in emulator.err and "emulator stop" in emulator.err
    assert emulator.json("emulator", "status") == started
    assert re.search(r"^Kafka: +127", emulator("emulator", "status"), re.MULTILINE)
    assert re.search(rf"^PostgreSQL: +{started['postgres']}$", emulator("emulator", "status"), re.MULTILINE)
    host, port = started["postgres"].split(":")
    asked = subprocess.run(["psql", "-h", host, "-p", port, "-Atc", "SELECT 1 + 1"], text=True, capture_output=True, timeout=60)
    assert asked.stdout == "2\n", asked.stderr
    # Without an endpoint it is the one that is found.
    emulator("stream", "create", "s")
    emulator("publish", "s", "kept")
    emulator("emulator", "start", "--any-port", "--background", expect=NOT_FOUND)
    emulator("emulator", "purge", "--yes", expect=NOT_FOUND)
    emulator("emulator", "stop")
    assert has_ended(started["pid"])
    emulator("emulator", "start", "--any-port", "-b")
    assert emulator("consume", "s", "--exit") == "kept\n"
    emulator("emulator", "stop")
    emulator("emulator", "purge", expect=USAGE)
    emulator("emulator", "purge", "--yes")
    assert not os.path.exists(started["data_dir"])


def test_purge_leaves_what_is_not_dataflows(emulator, tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    (own / "thesis.txt").write_text("years of work")
    emulator("emulator", "start", "--any-port", "-b", "--data-dir", own)
    emulator("stream", "create", "s")
    stopped = emulator.json("emulator", "stop")
    assert stopped["running"] is False and stopped["data_dir"] == str(own)
    assert emulator.json("emulator", "purge", "--yes") == {"removed": True, "data_dir": str(own)}
    assert "was left there" in emulator.err
    assert [f.name for f in own.iterdir()] == ["thesis.txt"]
    assert not (emulator.home / "emulator").exists()
    assert emulator.json("emulator", "purge", "--yes") == {"removed": False, "data_dir": None}


def test_purge_removes_the_data_that_it_names_and_no_other(emulator, tmp_path):
    emulator("emulator", "start", "--any-port", "-b")
    emulator("stream", "create", "s")
    emulator("publish", "s", "kept")
    emulator("emulator", "stop")
    emulator("emulator", "start", "--any-port", "-b", "--data-dir", tmp_path / "own")
    emulator("emulator", "stop")
    emulator("emulator", "purge", "--yes")
    assert not (tmp_path / "own").exists()
    emulator("emulator", "start", "--any-port", "-b")
    assert emulator("consume", "s", "--exit") == "kept\n"
    emulator("emulator", "stop")
    emulator("emulator", "purge", "--yes")
    assert not (emulator.home / "emulator").exists()


def test_emulator_in_the_foreground_ends_with_ctrl_c(emulator, tmp_path):
    process = emulator.start("emulator", "start", "--any-port", "--data-dir", tmp_path / "own", stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)
    assert process.stdout.readline().startswith("Kafka:")
    emulator("stream", "create", "s")
    told = emulator.json("emulator", "status")
    assert told["data_dir"] == str(tmp_path / "own")
    process.send_signal(signal.SIGINT)
    assert process.wait(90) == OK
    emulator("emulator", "status", expect=NOT_FOUND)


def test_emulator_names_a_port_that_is_taken(emulator):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        emulator("emulator", "start", "--background", expect=FAILED, env={
            "DATAFLOW_KAFKA_LISTEN": f"127.0.0.1:{port}", "DATAFLOW_HTTP_LISTEN": "127.0.0.1:0",
            "DATAFLOW_METRICS_LISTEN": "127.0.0.1:0", "DATAFLOW_POSTGRES_LISTEN": "127.0.0.1:0"})
    assert str(port) in emulator.err and "--any-port" in emulator.err


def waits_for_a_process(pid):
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            if os.readlink(f"/proc/{pid}/fd/{fd}") == "anon_inode:[pidfd]":
                return True
        except FileNotFoundError:
            pass
    return False


def test_an_emulator_that_was_just_killed_is_waited_for(emulator):
    place = emulator.home / "emulator"
    place.mkdir(parents=True)
    # Looks like a server of this emulator that answers nobody, as a killed one does until it is gone.
    dying = subprocess.Popen(["bash", "-c", "read -r _; exit 0", "dataflow", "server", str(place / "ready.json")],
                             stdin=subprocess.PIPE)
    (place / "ready.json").write_text(json.dumps({"pid": dying.pid, "kafka": "127.0.0.1:1",
                                                  "http": f"127.0.0.1:{free_port()}", "metrics": "127.0.0.1:1"}))
    start = emulator.start("emulator", "start", "--any-port", "--background", stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE)
    while start.poll() is None and not waits_for_a_process(start.pid):
        pass
    dying.kill()
    dying.wait()
    out, err = start.communicate(timeout=60)
    assert start.returncode == OK and "is running" in err, out + err
    emulator("emulator", "stop")


def test_a_stale_state_file_stops_nobody(emulator):
    place = emulator.home / "emulator"
    place.mkdir(parents=True)
    other = subprocess.Popen(["sleep", "600"])
    try:
        (place / "ready.json").write_text(json.dumps({"pid": other.pid, "kafka": "127.0.0.1:1", "http": "127.0.0.1:2",
                                                      "metrics": "127.0.0.1:3"}))
        emulator("emulator", "stop", expect=NOT_FOUND)
        assert other.poll() is None
        emulator("emulator", "start", "--any-port", "--background")
        emulator("emulator", "stop")
    finally:
        other.kill()
        other.wait()


# The log of a stopped server


def segments_of(server):
    return sorted(server.data_dir.glob("log/topics/*/*/*.log"))


def test_log_verify_wants_a_stopped_server_and_real_data(cli, server, tmp_path):
    cli("log", "verify", "--data-dir", server.data_dir, expect=NOT_FOUND)
    assert "stop the server" in cli.err
    cli("log", "verify", "--data-dir", tmp_path / "nothing", expect=NOT_FOUND)
    assert not (tmp_path / "nothing").exists()


def test_log_verify_and_repair(cli, server):
    cli("stream", "create", "s", "--partitions", 2)
    cli("stream", "create", "other")
    for n in range(10):
        cli("publish", "s", f"event {n}", "--partition", 0)
    server.stop()
    told = cli.json("log", "verify", "--data-dir", server.data_dir)
    assert [(p["stream"], p["partition"], p["result"], p["records"]) for p in told] == [
        ("other", 0, "sound", 0), ("s", 0, "sound", 10), ("s", 1, "sound", 0)]
    cli("log", "verify", "--data-dir", server.data_dir, "--topic", "sss", expect=NOT_FOUND)
    cli("log", "verify", "--data-dir", server.data_dir, "--topic", "s", "--partition", 2, expect=NOT_FOUND)
    segment = max(segments_of(server), key=lambda path: path.stat().st_size)
    size = segment.stat().st_size
    with open(segment, "r+b") as file:
        file.seek(size // 2)
        byte = file.read(1)
        file.seek(size // 2)
        file.write(bytes([byte[0] ^ 0xFF]))
    damaged = json.loads(cli("log", "verify", "--data-dir", server.data_dir, "--topic", "s", "-o", "json",
                             expect=FAILED))
    assert "log repair" in cli.err
    (range_,) = damaged[0]["damage"]
    lost = range(range_["first_lost_offset"], range_["first_lost_offset"] + range_["lost_offsets"])
    assert len(lost) == 1
    cli("log", "repair", "--data-dir", server.data_dir, expect=USAGE)
    repaired = cli.json("log", "repair", "--data-dir", server.data_dir, "--yes")
    (fixed,) = [p for p in repaired if p["damage"]]
    assert fixed["result"] == "repaired" and fixed["damage"][0]["first_lost_offset"] == lost[0]
    kept = fixed["damage"][0]["kept_in"]
    assert os.path.getsize(kept) == range_["bytes"]
    assert "sound" in cli("log", "verify", "--data-dir", server.data_dir, "--topic", "s")
    server.start(same_ports=True)
    want = [f"event {n}" for n in range(10) if n not in lost]
    assert consume_all(cli, "s", "-p", 0) == want
    cli("publish", "s", "writable again", "--partition", 0)
    assert cli("consume", "s", "-p", 0, "--exit", "--from", 10, "-f", "%o %v") == "10 writable again"
    assert cli.json("status")["read_only_partitions"] == []


# On a terminal


def run_on_terminal(cli, *args, answer=None, interrupt_at=None):
    """Everything that the command shows on a terminal, and its exit code. Ctrl-C once it shows `interrupt_at`."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(cli.program, [cli.program, *map(str, args)], {**cli.env, "TERM": "xterm"})
    shown = b""
    while True:
        try:
            select.select([terminal], [], [], 60)
            piece = os.read(terminal, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
        if answer and b"[y/N]" in shown:
            os.write(terminal, answer.encode())
            answer = None
        if interrupt_at and interrupt_at in shown:
            os.write(terminal, b"\x03")
            interrupt_at = None
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(terminal)
    return shown.decode(), code


def test_colours_only_on_a_terminal(cli):
    cli("stream", "create", "s")
    assert "\033[" not in cli("stream", "list")
    shown, code = run_on_terminal(cli, "stream", "list")
    assert code == OK and "\033[1m" in shown
    cli.env["NO_COLOR"] = "1"
    assert "\033[" not in run_on_terminal(cli, "stream", "list")[0]


def test_delete_asks_on_a_terminal(cli):
    cli("stream", "create", "s")
    shown, code = run_on_terminal(cli, "stream", "delete", "s", answer="n\n")
    assert code == FAILED and "nothing was done" in shown
    assert len(cli.json("stream", "list")) == 1
    assert run_on_terminal(cli, "stream", "delete", "s", answer="y\n")[1] == OK
    assert cli.json("stream", "list") == []


def test_progress_on_a_terminal(cli, tmp_path):
    cli("stream", "create", "s")
    file = tmp_path / "events.ndjson"
    file.write_text(cli("demo-events", 20000))
    shown, code = run_on_terminal(cli, "publish", "s", "--file", file, "--batch-size", 100)
    assert code == OK and "\r" in shown and "% read" in shown
    assert "published 20,000 events" in shown


def test_progress_at_a_rate_shows_how_much_is_read_until_ctrl_c(cli, tmp_path):
    cli("stream", "create", "s")
    file = tmp_path / "events.ndjson"
    file.write_text(cli("demo-events", 2000))
    shown, code = run_on_terminal(cli, "publish", "s", "--file", file, "--rate", "6000/m", interrupt_at=b"% read")
    assert code == INTERRUPTED and "interrupted: published" in shown
    lines = re.findall(r"\r\x1b\[K(\d[^\r]*published[^\r\x1b^]*)", shown)
    assert lines and all("% read" in line for line in lines), lines


def test_an_event_does_not_drive_the_terminal(cli):
    cli("stream", "create", "s")
    cli("publish", "s", "--file", "-", "--input", "text", stdin="a\tb\x1b[31mred\x07\n")
    shown, code = run_on_terminal(cli, "consume", "s", "--exit")
    assert code == OK and shown == "a\tb\\x1b[31mred\\x07\r\n"
    # Whoever says how it is to be written gets it so, and so does a pipe.
    assert "\x1b[31m" in run_on_terminal(cli, "consume", "s", "--exit", "--format", "%v\\n")[0]
    assert "\x1b[31m" in cli("consume", "s", "--exit")


def test_settings_may_be_written_with_units(cli):
    cli("stream", "create", "s", "-c", "segment.bytes=64MiB", "-c", "segment.ms=2h", "-c", "retention.ms=forever")
    config = cli.json("stream", "describe", "s")["config"]
    assert config == {"segment.bytes": str(64 << 20), "segment.ms": "7200000", "retention.ms": "-1"}
    cli("stream", "alter", "s", "--config", "max.message.bytes=2MiB", "--config", "retention.ms=86400000")
    config = cli.json("stream", "describe", "s")["config"]
    assert config["max.message.bytes"] == str(2 << 20) and config["retention.ms"] == "86400000"
    cli("stream", "alter", "s", "--config", "segment.ms=soon", expect=VALIDATION)
