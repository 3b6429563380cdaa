"""Reads the schema files (*.kmsg) into a model.

A file describes one API. Indentation nests, `#` starts a comment, and a line is a list of words:

    api 3 metadata              key and name; messages are MetadataRequest and MetadataResponse
    versions 0-9                versions that the codec speaks and the server advertises
    flexible 9+                 versions in the flexible form (compact lengths, tagged fields)
    refused 0-2                 advertised, but a request of these is answered with an error
    served no                   the codec knows it, the server does not offer it yet

    request
      topics []Topic 1+ null 2+
        name string
    response
      error_code error
      rack string null default null tag 0

A field is `name type`, then in this order, each optional: the versions that have it (without: those of
its parent), `null [versions]` where it may be null, `default value`, `tag number` (a tagged field) and
`plain` (never in the compact form). Versions are `3`, `3-5` or `3+`.

Types: bool int8 int16 uint16 int32 int64 float64 string bytes uuid records, `error` (an int16 that
holds an error code), a struct name, and `[]` before any of them but records. A struct's fields are
indented below the first field that names it; later fields of the message may name it again.

The file headers.kmsg starts with `headers` and has a block `header name versions [flexible versions]`
for each header.
"""

import dataclasses
import pathlib
import re

PRIMITIVES = ("bool", "int8", "int16", "uint16", "int32", "int64", "float64",
              "string", "bytes", "uuid", "records", "error")
INTEGERS = {"int8": 8, "int16": 16, "uint16": 16, "int32": 32, "int64": 64}
NULLABLE = ("string", "bytes", "records")
RESERVED = ("Request", "Response", "Reader", "Writer", "Result", "Status", "ErrorCode", "ApiKey", "Uuid",
            "RecordsField")  # struct names that would hide what the generated code means
LAST_VERSION = 32767


class SchemaError(Exception):
    """A schema file that breaks the format; the message starts with file:line."""


@dataclasses.dataclass
class Versions:
    first: int
    last: int

    def within(self, other):
        return other.first <= self.first and self.last <= other.last

    def __contains__(self, version):
        return self.first <= version <= self.last

    def __iter__(self):
        return iter(range(self.first, self.last + 1))


@dataclasses.dataclass
class Field:
    name: str
    type: str  # without []; a primitive or a struct's name
    array: bool
    struct: "Struct | None"
    versions: Versions
    null: "Versions | None"
    default: "str | None"
    tag: "int | None"
    plain: bool


@dataclasses.dataclass
class Struct:
    name: str
    versions: Versions
    fields: list


@dataclasses.dataclass
class Message(Struct):
    kind: str  # request, response, header
    flexible_from: "int | None"
    structs: list  # nested ones, each after those that it uses


@dataclasses.dataclass
class Api:
    key: int
    name: str
    versions: Versions
    flexible_from: "int | None" = None
    accepted_from: "int | None" = None
    served: bool = True
    request: "Message | None" = None
    response: "Message | None" = None

    @property
    def camel(self):
        return camel_case(self.name)


@dataclasses.dataclass
class Line:
    indent: int
    words: list
    where: str

    def fail(self, problem):
        raise SchemaError(f"{self.where}: {problem}")


def camel_case(snake):
    return "".join(part.capitalize() for part in snake.split("_"))


def read_lines(path):
    lines = []
    for number, text in enumerate(pathlib.Path(path).read_text().splitlines(), 1):
        text = text.split("#")[0].rstrip()
        if not text:
            continue
        spaces = len(text) - len(text.lstrip(" "))
        line = Line(spaces // 2, text.split(), f"{path}:{number}")
        if spaces % 2 or "\t" in text:
            line.fail("indentation is two spaces a level")
        lines.append(line)
    return lines


def is_versions(word):
    return re.fullmatch(r"\d+(\+|-\d+)?", word) is not None


def parse_versions(line, word, limit=None):
    if not is_versions(word):
        line.fail(f"`{word}` is no version range (3, 3-5 or 3+)")
    numbers = [int(n) for n in re.findall(r"\d+", word)]
    open_end = limit.last if limit else LAST_VERSION
    versions = Versions(numbers[0], open_end if word.endswith("+") else numbers[-1])
    if versions.first > versions.last or (limit and not versions.within(limit)):
        line.fail(f"versions {word} lie outside of {limit.first}-{limit.last}")
    return versions


class MessageParser:
    """Reads the fields of one message from the lines below its opening line."""

    def __init__(self, lines, message):
        self.lines = lines
        self.message = message
        self.by_name = {}

    def parse(self, position):
        self.message.fields, position = self.fields(position, 1, self.message.versions)
        return position

    def fields(self, position, indent, limit):
        found = []
        while position < len(self.lines) and self.lines[position].indent >= indent:
            line = self.lines[position]
            if line.indent > indent:
                line.fail("nothing above this line can have fields of its own")
            field = self.field(line, limit)
            if any(other.name == field.name for other in found):
                line.fail(f"field {field.name} stands here twice")
            position = self.struct_of(field, line, position + 1)
            found.append(field)
        self.check_tags(found)
        return found, position

    def field(self, line, limit):
        words = list(line.words)
        if len(words) < 2:
            line.fail("a field is `name type …`")
        name, kind = words.pop(0), words.pop(0)
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            line.fail(f"`{name}` is no snake_case name")
        array = kind.startswith("[]")
        kind = kind[2:] if array else kind
        if kind not in PRIMITIVES and not re.fullmatch(r"[A-Z][A-Za-z0-9]*", kind):
            line.fail(f"`{kind}` is no type")
        if kind in RESERVED:
            line.fail(f"a struct may not be named {kind}")
        versions = parse_versions(line, words.pop(0), limit) if words and is_versions(words[0]) else limit
        field = Field(name, kind, array, None, versions, None, None, None, False)
        if words and words[0] == "null":
            words.pop(0)
            explicit = words and is_versions(words[0])
            field.null = parse_versions(line, words.pop(0), versions) if explicit else versions
        if words and words[0] == "default":
            field.default = (words + [""])[1]
            del words[:2]
        if words and words[0] == "tag":
            field.tag = self.tag(line, words)
        if words == ["plain"]:
            field.plain = True
            words.pop()
        if words:
            line.fail(f"`{' '.join(words)}` is not understood here")
        self.check(field, line)
        return field

    def tag(self, line, words):
        if len(words) < 2 or not words[1].isdigit():
            line.fail("`tag` needs a number")
        number = int(words[1])
        del words[:2]
        return number

    def check(self, field, line):
        if field.array and field.type == "records":
            line.fail("there are no arrays of records")
        if field.null and not field.array and field.type not in NULLABLE:
            line.fail(f"{field.type} cannot be null")
        if field.default == "null" and not field.null:
            line.fail("the default is null where null is not allowed")
        if field.default not in (None, "null"):
            if field.array or field.type not in ("bool", "string", *INTEGERS):
                line.fail(f"{field.type} takes no default but null")
            self.check_value(field, line)
        if field.tag is not None:
            flexible_from = self.message.flexible_from
            if flexible_from is None or field.versions.first < flexible_from:
                line.fail("a tagged field needs flexible versions")
            if field.type == "records":
                line.fail("records cannot be tagged")

    def check_value(self, field, line):
        if field.type == "bool" and field.default not in ("true", "false"):
            line.fail("a bool's default is true or false")
        if field.type in INTEGERS:
            bits = INTEGERS[field.type]
            low, high = (0, 2**bits) if field.type == "uint16" else (-(2 ** (bits - 1)), 2 ** (bits - 1))
            if not re.fullmatch(r"-?(0x[0-9a-f]+|\d+)", field.default) or \
               not low <= int(field.default, 0) < high:
                line.fail(f"`{field.default}` is no {field.type}")

    def check_tags(self, fields):
        tags = sorted(field.tag for field in fields if field.tag is not None)
        if tags != list(range(len(tags))):
            raise SchemaError(f"{self.lines[0].where}: {self.message.name}: tags {tags} are not 0, 1, 2 …")

    def struct_of(self, field, line, position):
        has_body = position < len(self.lines) and self.lines[position].indent > line.indent
        if field.type in PRIMITIVES:
            if has_body:
                self.lines[position].fail(f"{field.type} has no fields")
            return position
        if field.type in self.by_name:
            if has_body:
                self.lines[position].fail(f"struct {field.type} has its fields already")
            field.struct = self.by_name[field.type]
            return position
        if not has_body:
            line.fail(f"struct {field.type} has no fields")
        struct = Struct(field.type, field.versions, [])
        struct.fields, position = self.fields(position, line.indent + 1, field.versions)
        self.by_name[field.type] = field.struct = struct
        self.message.structs.append(struct)
        return position


def flexible_from(line, word, versions):
    flexible = parse_versions(line, word, versions)
    if flexible.last != versions.last:
        line.fail("flexible versions have no end")
    return flexible.first


def new_message(name, versions, kind, flexible):
    return Message(name=name, versions=versions, fields=[], kind=kind, flexible_from=flexible, structs=[])


def read_api(path):
    lines = read_lines(path)
    if not lines or lines[0].words[0] != "api" or len(lines[0].words) != 3:
        raise SchemaError(f"{path}: the first line is `api key name`")
    api = Api(int(lines[0].words[1]), lines[0].words[2], Versions(0, LAST_VERSION))
    position = 1
    while position < len(lines) and len(lines[position].words) == 2 and lines[position].indent == 0:
        line = lines[position]
        word, value = line.words
        if word == "versions":
            api.versions = parse_versions(line, value)
            api.accepted_from = api.versions.first
        elif word == "flexible":
            api.flexible_from = flexible_from(line, value, api.versions)
        elif word == "refused":
            api.accepted_from = parse_versions(line, value, api.versions).last + 1
        elif word == "served" and value == "no":
            api.served = False
        else:
            line.fail(f"`{' '.join(line.words)}` is not understood here")
        position += 1
    if api.accepted_from is None:
        raise SchemaError(f"{path}: `versions` is missing")
    for kind in ("request", "response"):
        if position >= len(lines) or lines[position].words != [kind]:
            raise SchemaError(f"{path}: `{kind}` is missing or stands in the wrong place")
        message = new_message(api.camel + kind.capitalize(), api.versions, kind, api.flexible_from)
        setattr(api, kind, message)
        position = MessageParser(lines, message).parse(position + 1)
    if position != len(lines):
        lines[position].fail("this line belongs to nothing")
    return api


def read_headers(path):
    lines = read_lines(path)
    if not lines or lines[0].words != ["headers"]:
        raise SchemaError(f"{path}: the first line is `headers`")
    headers, position = [], 1
    while position < len(lines):
        line = lines[position]
        if line.words[0] != "header" or len(line.words) not in (3, 5):
            line.fail("a header is `header name versions [flexible versions]`")
        versions = parse_versions(line, line.words[2])
        flexible = flexible_from(line, line.words[4], versions) if len(line.words) == 5 else None
        message = new_message(camel_case(line.words[1]), versions, "header", flexible)
        position = MessageParser(lines, message).parse(position + 1)
        headers.append(message)
    return headers


def read_schema(folder):
    """All APIs in the order of their keys, and the headers."""
    apis, headers = [], []
    for path in sorted(pathlib.Path(folder).glob("*.kmsg")):
        if path.name == "headers.kmsg":
            headers = read_headers(path)
            continue
        api = read_api(path)
        if path.stem != api.name:
            raise SchemaError(f"{path}: the file is not named after its api {api.name}")
        apis.append(api)
    apis.sort(key=lambda api: api.key)
    for one, next_one in zip(apis, apis[1:]):
        if one.key == next_one.key:
            raise SchemaError(f"{folder}: {one.name} and {next_one.name} have the same key {one.key}")
    return apis, headers
