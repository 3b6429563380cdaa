"""Holds our schema of the Kafka protocol (src/wire/schema) against the definitions that Kafka's own
client library carries: every message that we have, version by version, field by field."""

import json
import os
import re
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "src" / "wire" / "schema"
sys.path.insert(0, str(ROOT / "src" / "wire" / "generator"))

import kmsg  # noqa: E402

# Our headers leave out the word "request" that each of the reference's names starts with.
HEADER_NAMES = {"request_api_key": "api_key", "request_api_version": "api_version"}
ZERO = {"bool": "false", "string": "", "bytes": "", "uuid": "", "records": "", "float64": "0"}
LAST_VERSION = 32767


def reference_jar():
    found = sorted((ROOT / "build" / "java" / "lib").glob("kafka-clients-*.jar"))
    given = os.environ.get("KAFKA_CLIENTS_JAR")
    if found:
        return found[-1]
    if given:
        return Path(given)
    pytest.fail("no kafka-clients jar: run script/bootstrap, or set KAFKA_CLIENTS_JAR")


@pytest.fixture(scope="module")
def reference():
    """Message name → its definition, from the jar."""
    jar = reference_jar()
    definitions = {}
    with zipfile.ZipFile(jar) as archive:
        for name in archive.namelist():
            if re.fullmatch(r"common/message/\w+\.json", name):
                text = re.sub(r"^\s*//.*$", "", archive.read(name).decode(), flags=re.MULTILINE)
                definitions[Path(name).stem] = json.loads(text)
    print(f"\nreference: {jar.name}, {len(definitions)} messages")
    return definitions


def versions_of(text):
    if text in (None, "none"):
        return range(0)
    text = str(text)
    if text.endswith("+"):
        return range(int(text[:-1]), LAST_VERSION)
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def snake_case(camel):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", camel).lower()


def plain_default(default, kind, array):
    if default is None:
        return "[]" if array else ZERO.get(kind, "0")
    default = str(default).lower() if isinstance(default, bool) else str(default)
    if default not in ("null", "") and kind.startswith(("int", "uint")):
        return str(int(default, 0))
    return default


def reference_fields(fields, version, flexible, structs, path=""):
    """[(what it is, where, …)] in the order of the wire: tagged fields last, by their tags."""
    rows = []
    for field in fields:
        if version not in versions_of(field["versions"]):
            continue
        name = path + HEADER_NAMES.get(snake_case(field["name"]), snake_case(field["name"]))
        array = field["type"].startswith("[]")
        kind = field["type"].removeprefix("[]")
        nested = field.get("fields") or structs.get(kind)
        tag = field["tag"] if version in versions_of(field.get("taggedVersions")) else None
        compact = flexible and field.get("flexibleVersions") != "none"
        row = (name, "[]" * array + ("struct" if nested else kind),
               version in versions_of(field.get("nullableVersions")),
               plain_default(field.get("default"), "struct" if nested else kind, array), tag, compact)
        inner = reference_fields(nested, version, flexible, structs, name + ".") if nested else []
        rows.append((row, inner))
    return in_wire_order(rows)


def our_fields(fields, version, flexible, path=""):
    rows = []
    for field in fields:
        if version not in field.versions:
            continue
        kind = "struct" if field.struct else {"error": "int16"}.get(field.type, field.type)
        row = (path + field.name, "[]" * field.array + kind, bool(field.null) and version in field.null,
               plain_default(field.default, kind, field.array), field.tag, flexible and not field.plain)
        inner = our_fields(field.struct.fields, version, flexible, row[0] + ".") if field.struct else []
        rows.append((row, inner))
    return in_wire_order(rows)


def in_wire_order(rows):
    rows.sort(key=lambda pair: (pair[0][4] is not None, pair[0][4] or 0))
    return [row for pair in rows for row in (pair[0], *pair[1])]


class Comparison:
    def __init__(self):
        self.messages = 0
        self.versions = 0
        self.fields = 0
        self.problems = []
        self.gone = []  # versions that the reference has no more

    def message(self, message, definition):
        self.messages += 1
        name, gone = message.name, []
        for version in message.versions:
            if version not in versions_of(definition["validVersions"]):
                gone.append(version)
                continue
            self.versions += 1
            flexible = message.flexible_from is not None and version >= message.flexible_from
            if flexible != (version in versions_of(definition["flexibleVersions"])):
                self.problems.append(f"{name} version {version}: flexible is {flexible} with us")
                continue
            structs = {struct["name"]: struct["fields"] for struct in definition.get("commonStructs", [])}
            self.rows(f"{name} version {version}", our_fields(message.fields, version, flexible),
                      reference_fields(definition["fields"], version, flexible, structs))
        if gone:
            self.gone.append(f"{name} {gone[0]}-{gone[-1]}")

    def rows(self, where, ours, theirs):
        self.fields += len(ours)
        if [row[0] for row in ours] != [row[0] for row in theirs]:
            missing = [row[0] for row in theirs if row[0] not in [own[0] for own in ours]]
            extra = [row[0] for row in ours if row[0] not in [their[0] for their in theirs]]
            self.problems.append(f"{where}: missing {missing}, too much {extra}, or in another order")
            return
        words = ("name", "type", "null", "default", "tag", "compact")
        for own, their in zip(ours, theirs):
            for word, mine, other in zip(words, own, their):
                if mine != other:
                    self.problems.append(f"{where}: {own[0]}: {word} is {mine!r}, the reference has {other!r}")


def compare(folder, definitions):
    comparison = Comparison()
    apis, headers = kmsg.read_schema(folder)
    for api in apis:
        for message in (api.request, api.response):
            definition = definitions.get(message.name)
            if definition is None:
                comparison.problems.append(f"{message.name}: the reference does not have it")
            elif (definition["apiKey"], definition["type"]) != (api.key, message.kind):
                comparison.problems.append(f"{message.name}: key is {api.key}, the reference has {definition['apiKey']}")
            else:
                comparison.message(message, definition)
    for header in headers:
        comparison.message(header, definitions[header.name])
    return comparison


def test_schema_agrees_with_the_reference(reference):
    comparison = compare(SCHEMA, reference)
    print(f"compared {comparison.messages} messages, {comparison.versions} message versions, "
          f"{comparison.fields} fields in them")
    print(f"not in this reference any more, so not compared: {', '.join(comparison.gone) or 'nothing'}")
    assert not comparison.problems, "\n".join(comparison.problems)
    assert comparison.messages >= 76 and comparison.versions >= 300
    # Kafka 4 took the oldest Produce away; anything else missing means that the test looks away.
    assert all(gone.startswith("Produce") for gone in comparison.gone)


@pytest.mark.parametrize("file, line, changed, problem", [
    ("metadata", "    node_id int32", "    node_id int64", "type is 'int64'"),
    ("metadata", "    node_id int32", "    node int32", r"missing \['brokers.node_id'\]"),
    ("metadata", "      offline_replicas []int32 5+", None, "missing .*offline_replicas"),
    ("metadata", "  controller_id int32 1+ default -1", "  controller_id int32 2+ default -1", "controller_id"),
    ("metadata", "  controller_id int32 1+ default -1", "  controller_id int32 1+ default 0", "default is '0'"),
    ("metadata", "  topics []Topic null 1+", "  topics []Topic null", "version 0: topics: null is True"),
    ("metadata", "flexible 9+", "flexible 8+", "version 8: flexible"),
    ("metadata", "api 3 metadata", "api 4 metadata", "key is 4"),
    ("fetch", "    partitions []int32", "    partitions int32", "type is 'int32'"),
    ("fetch", "      current_leader LeaderIdAndEpoch 12+ tag 1", "      leader LeaderIdAndEpoch 12+ tag 1", "leader"),
    ("fetch", "        leader_epoch int32 default -1", "        leader_epoch int32", "leader_epoch: default is '0'"),
    ("api_versions", "  zk_migration_ready bool 3+ tag 3", "  zk_migration_ready bool 4+ tag 3", "version 3: missing"),
    ("create_topics", "  timeout_ms int32 default 60000", "  timeout_ms int32 default 6000", "default is '6000'"),
    ("headers", "  client_id string null plain", "  client_id string null", "client_id: compact is True"),
])
def test_a_deliberate_mismatch_is_found(reference, tmp_path, file, line, changed, problem):
    copy = shutil.copytree(SCHEMA, tmp_path / "schema")
    path = copy / f"{file}.kmsg"
    lines = path.read_text().splitlines()
    at = lines.index(line)
    lines[at:at + 1] = [] if changed is None else [changed]
    path.write_text("\n".join(lines) + "\n")
    problems = compare(copy, reference).problems
    assert problems and re.search(problem, problems[0]), problems


def test_swapped_tags_and_swapped_fields_are_found(reference, tmp_path):
    copy = shutil.copytree(SCHEMA, tmp_path / "schema")
    fetch = copy / "fetch.kmsg"
    text = fetch.read_text()
    fetch.write_text(text.replace("tag 0\n        epoch", "tag 1\n        epoch")
                     .replace("12+ tag 1\n        leader_id", "12+ tag 0\n        leader_id"))
    heartbeat = copy / "heartbeat.kmsg"
    text = heartbeat.read_text()
    heartbeat.write_text(text.replace("  group_id string\n  generation_id int32\n",
                                      "  generation_id int32\n  group_id string\n"))
    problems = "\n".join(compare(copy, reference).problems)
    assert "FetchResponse version 12" in problems and "HeartbeatRequest version 0" in problems


@pytest.mark.parametrize("text, problem", [
    ("api 3 metadata\nrequest\nresponse\n", "`versions` is missing"),
    ("api 3 metadata\nversions 0-9\nrequest\n  name strin\nresponse\n", ":4: `strin` is no type"),
    ("api 3 metadata\nversions 0-9\nrequest\n  name string 10+\nresponse\n", ":4: .*outside of 0-9"),
    ("api 3 metadata\nversions 0-9\nrequest\n  name int32 null\nresponse\n", "int32 cannot be null"),
    ("api 3 metadata\nversions 0-9\nrequest\n  name int8 default 128\nresponse\n", "`128` is no int8"),
    ("api 3 metadata\nversions 0-9\nrequest\n  name int8 tag 0\nresponse\n", "needs flexible versions"),
    ("api 3 metadata\nversions 0-9\nrequest\n  list []Thing\nresponse\n", "struct Thing has no fields"),
    ("api 3 metadata\nversions 0-9\nrequest\n  one int8\n  one int8\nresponse\n", ":5: .*twice"),
    ("api 3 metadata\nversions 0-9\nrequest\n   one int8\nresponse\n", ":4: indentation"),
    ("api 3 other\nversions 0-9\nrequest\nresponse\n", "not named after its api"),
    ("api 3 metadata\nversions 0-9\nrequest\n  name string nul\nresponse\n", "`nul` is not understood"),
])
def test_a_schema_file_that_breaks_the_format_is_refused(tmp_path, text, problem):
    (tmp_path / "metadata.kmsg").write_text(text)
    with pytest.raises(kmsg.SchemaError, match=problem):
        kmsg.read_schema(tmp_path)
