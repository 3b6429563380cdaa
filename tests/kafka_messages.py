"""Kafka's messages as dictionaries, in every version, from our own schema files: for requests that no
client library lets through. A field that is left out has its default (0, empty or what the schema
says); answers hold every field of their version."""

import struct
import sys
from pathlib import Path

from raw_kafka import RawClient, frame

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src" / "wire" / "generator"))

import kmsg  # noqa: E402

NUMBERS = {
    "bool": ">?",
    "int8": ">b",
    "int16": ">h",
    "uint16": ">H",
    "int32": ">i",
    "int64": ">q",
    "float64": ">d",
    "error": ">h",
}
APIS = {api.name: api for api in kmsg.read_schema(ROOT / "src" / "wire" / "schema")[0]}


def is_flexible(api, version):
    return api.flexible_from is not None and version >= api.flexible_from


def varuint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out + bytes([number]))


def default_of(field):
    if field.default == "null":
        return None
    if field.array:
        return []
    if field.struct:
        return {}
    if field.type in ("string", "records", "bytes", "uuid"):
        return {"string": field.default or "", "uuid": bytes(16)}.get(field.type, b"")
    if field.type == "bool":
        return field.default == "true"
    return int(field.default or "0", 0)


class Encoder:
    def __init__(self, version, flexible):
        self.version, self.flexible = version, flexible

    def length(self, size, short=False):
        """Of a string, bytes or an array; None for null."""
        if self.flexible:
            return varuint(0 if size is None else size + 1)
        return struct.pack(">h" if short else ">i", -1 if size is None else size)

    def one(self, field, value):
        if field.struct:
            return self.struct(field.struct.fields, value)
        if field.type in NUMBERS:
            return struct.pack(NUMBERS[field.type], value)
        if field.type == "uuid":
            return value
        if value is None:
            return self.length(None, field.type == "string")
        raw = value.encode() if field.type == "string" else bytes(value)
        return self.length(len(raw), field.type == "string") + raw

    def field(self, field, value):
        if not field.array:
            return self.one(field, value)
        if value is None:
            return self.length(None)
        return self.length(len(value)) + b"".join(self.one(field, item) for item in value)

    def struct(self, fields, values):
        """`values` may hold b"" under "tags": what stands there is sent as the tagged fields."""
        unknown = set(values) - {field.name for field in fields} - {"tags"}
        assert not unknown, f"no such fields: {unknown}"
        out = b""
        for field in fields:
            if self.version in field.versions and field.tag is None:
                out += self.field(field, values.get(field.name, default_of(field)))
        return out + values.get("tags", b"\0") if self.flexible else out


class Decoder:
    def __init__(self, data, version, flexible):
        self.data, self.version, self.flexible, self.at = data, version, flexible, 0

    def number(self, form):
        (value,) = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return value

    def varuint(self):
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def take(self, size):
        assert self.at + size <= len(self.data), "an answer ends within a field"
        self.at += size
        return self.data[self.at - size : self.at]

    def length(self, short=False):
        return self.varuint() - 1 if self.flexible else self.number(">h" if short else ">i")

    def one(self, field):
        if field.struct:
            return self.struct(field.struct.fields)
        if field.type in NUMBERS:
            return self.number(NUMBERS[field.type])
        if field.type == "uuid":
            return self.take(16)
        size = self.length(field.type == "string")
        if size < 0:
            return None
        return self.take(size).decode() if field.type == "string" else self.take(size)

    def field(self, field):
        if not field.array:
            return self.one(field)
        size = self.length()
        return None if size < 0 else [self.one(field) for _ in range(size)]

    def struct(self, fields):
        values = {}
        tagged = {}
        for field in fields:
            if self.version not in field.versions:
                continue
            if field.tag is None:
                values[field.name] = self.field(field)
            else:
                tagged[field.tag] = field
        for _ in range(self.varuint() if self.flexible else 0):
            tag, size = self.varuint(), self.varuint()
            end = self.at + size
            if tag in tagged:
                values[tagged[tag].name] = self.field(tagged[tag])
            self.at = end
        return values


def encode_request(name, version, values, correlation=1, client="raw"):
    """A whole request without its length field."""
    api = APIS[name]
    flexible = is_flexible(api, version)
    head = struct.pack(">hhih", api.key, version, correlation, len(client)) + client.encode()
    body = Encoder(version, flexible).struct(api.request.fields, values)
    return head + (b"\0" if flexible else b"") + body


def decode_answer(name, version, data):
    """`data` starts behind the correlation id; all of it must be used."""
    api = APIS[name]
    flexible = is_flexible(api, version)
    at = 1 if flexible and name != "api_versions" else 0
    decoder = Decoder(data[at:], version, flexible)
    answer = decoder.struct(api.response.fields)
    assert decoder.at == len(data) - at, f"{len(data) - at - decoder.at} bytes too many"
    return answer


class MessageClient(RawClient):
    """A connection that is asked with dictionaries."""

    def ask(self, name, version, **values):
        self.correlation += 1
        self.send(frame(encode_request(name, version, values, self.correlation)))
        correlation, answer = self.receive()
        assert correlation == self.correlation, (correlation, self.correlation)
        return decode_answer(name, version, answer)

    def says_nothing(self, name, version, **values):
        """Sends what has no answer; whether the connection closes is seen by the next call."""
        self.correlation += 1
        self.send(frame(encode_request(name, version, values, self.correlation)))
