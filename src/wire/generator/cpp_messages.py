"""Headers and sources of the messages."""

from cpp_code import GENERATED, Code, when
from cpp_types import (SCALARS, differs_from_default, element_type, initialiser, member_type,
                       smallest_wire_size, version_test)


def header_text(messages, api):
    code = Code()
    code(GENERATED)
    code("#pragma once")
    code()
    for name in ("cstdint", "optional", "string", "string_view", "vector"):
        code(f"#include <{name}>")
    code()
    for name in ("base/status.h", "base/uuid.h", "wire/api_key.h", "wire/error_code.h", "wire/records.h"):
        code(f'#include "{name}"')
    code()
    code("namespace dataflow::wire {")
    code()
    code("class Reader;")
    code("class Writer;")
    for message in messages:
        code(f"struct {message.name};")
    for message in messages:
        code()
        declare(code, message, api)
    code()
    code("}  // namespace dataflow::wire")
    return code.text()


def declare(code, message, api):
    code.open(f"struct {message.name}")
    if api:
        code(f"static constexpr ApiKey kApiKey = ApiKey::k{api.camel};")
        other = api.response if message is api.request else api.request
        code(f"using {other.kind.capitalize()} = {other.name};")
    code(f'static constexpr std::string_view kName = "{message.name}";')
    code(f"static constexpr int16_t kMinVersion = {message.versions.first};")
    code(f"static constexpr int16_t kMaxVersion = {message.versions.last};")
    for struct in message.structs:
        code()
        code.open(f"struct {struct.name}")
        members(code, struct, message)
        code()
        code(f"bool operator==(const {struct.name}&) const = default;")
        code.close(";")
    if message.fields:
        code()
    members(code, message, message)
    code()
    code(f"bool operator==(const {message.name}&) const = default;")
    code("// A member that the version lacks is left out; null where it knows none is written as empty.")
    code("void encode(Writer& out, int16_t version) const;")
    code("// Members that the version lacks keep their defaults. Leaves what follows the message unread.")
    code(f"static Result<{message.name}> decode(Reader& in, int16_t version);")
    code.close(";")


def members(code, struct, message):
    for field in struct.fields:
        notes = []
        if field.versions.first > struct.versions.first or field.versions.last < struct.versions.last:
            notes.append(range_words(field.versions, message.versions))
        if field.null and (field.null.first > field.versions.first or field.null.last < field.versions.last):
            notes.append("null " + range_words(field.null, message.versions))
        comment = f"  // {', '.join(notes)}" if notes else ""
        code(f"{member_type(field)} {field.name}{initialiser(field)};{comment}")


def range_words(versions, limit):
    if versions.last == limit.last:
        return f"v{versions.first}+"
    if versions.first == versions.last:
        return f"v{versions.first}"
    return f"v{versions.first}-{versions.last}"


def source_text(groups):
    """groups: (name of the header, messages)."""
    code = Code()
    code(GENERATED)
    for header, _ in groups:
        code(f'#include "wire/messages/{header}.h"')
    code('#include "wire/reader.h"')
    code('#include "wire/writer.h"')
    code()
    code("namespace dataflow::wire {")
    for _, messages in groups:
        for message in messages:
            code()
            code("namespace {")
            for struct in [*message.structs, message]:
                write_struct(code, struct, message)
                read_struct(code, struct, message)
            code()
            code("}  // namespace")
            entry_points(code, message)
            if message.kind != "header":
                reencoding(code, message)
    code()
    code("}  // namespace dataflow::wire")
    return code.text()


def full_name(struct, message):
    return message.name if struct is message else f"{message.name}::{struct.name}"


def flexible_test(struct, message):
    start = message.flexible_from
    if start is None or start > struct.versions.last:
        return "false"
    return "true" if start <= struct.versions.first else f"version >= {start}"


def flexible_of(field):
    return "false" if field.plain else "flexible"


def null_of(field):
    return version_test(field.null, field.versions) or "true"


def write_struct(code, struct, message):
    code()
    code.open(f"[[maybe_unused]] void write(Writer& out, [[maybe_unused]] const {full_name(struct, message)}& from, "
              "[[maybe_unused]] int16_t version)")
    flexible = flexible_test(struct, message)
    code(f"[[maybe_unused]] const bool flexible = {flexible};")
    for field in struct.fields:
        if field.tag is None:
            with when(code, version_test(field.versions, struct.versions)):
                write_field(code, field, f"from.{field.name}")
    if flexible != "false":
        with when(code, None if flexible == "true" else "flexible"):
            write_tags(code, struct, message)
    code.close()


def write_tags(code, struct, message):
    tagged = sorted((field for field in struct.fields if field.tag is not None), key=lambda f: f.tag)
    if not tagged:
        code("out.write_varuint(0);")
        return
    code("uint32_t tags = 0;")
    for field in tagged:
        test = version_test(field.versions, struct.versions)
        value = differs_from_default(field, f"from.{field.name}", message)
        code(f"const bool has_{field.name} = {f'{test} && ({value})' if test else value};")
        code(f"if (has_{field.name}) ++tags;")
    code("out.write_varuint(tags);")
    for field in tagged:
        code.open(f"if (has_{field.name})")
        code(f"const size_t start = out.begin_tag({field.tag});")
        write_field(code, field, f"from.{field.name}")
        code("out.end_tag(start);")
        code.close()


def write_field(code, field, value):
    flexible = flexible_of(field)
    if field.array:
        write_array(code, field, value)
    elif field.struct:
        code(f"write(out, {value}, version);")
    elif field.type == "records":
        code(f"out.write_records({value}, {flexible}, {null_of(field) if field.null else 'false'});")
    elif field.type in ("string", "bytes"):
        if field.null:
            code(f"out.write_nullable_{field.type}({value}, {flexible}, {null_of(field)});")
        else:
            code(f"out.write_{field.type}({value}, {flexible});")
    else:
        code(f"out.write_{field.type}({value});")


def write_array(code, field, value):
    if not field.null:
        write_elements(code, field, value)
        return
    code.open(f"if ({value})")
    write_elements(code, field, f"*{value}")
    if null_of(field) != "true":
        code.depth -= 1
        code.open(f"}} else if (!({null_of(field)}))")
        code("out.write_length(0, flexible);")
    code.depth -= 1
    code.open("} else")
    code("out.write_null_length(flexible);")
    code.close()


def write_elements(code, field, value):
    size = value[1:] + "->size()" if value.startswith("*") else value + ".size()"
    code(f"out.write_length({size}, flexible);")
    by_value = field.type in SCALARS and field.type != "uuid"
    code.open(f"for (const auto{'' if by_value else '&'} element : {value})")
    if field.struct:
        code("write(out, element, version);")
    elif field.type in ("string", "bytes"):
        code(f"out.write_{field.type}(element, flexible);")
    else:
        code(f"out.write_{field.type}(element);")
    code.close()


def read_struct(code, struct, message):
    code()
    code.open(f"[[maybe_unused]] bool read(Reader& in, [[maybe_unused]] {full_name(struct, message)}& to, "
              "[[maybe_unused]] int16_t version)")
    flexible = flexible_test(struct, message)
    code(f"[[maybe_unused]] const bool flexible = {flexible};")
    prefix = "" if struct is message else struct.name + "."
    for field in struct.fields:
        if field.tag is None:
            with when(code, version_test(field.versions, struct.versions)):
                read_field(code, field, message, prefix + field.name)
    if flexible != "false":
        with when(code, None if flexible == "true" else "flexible"):
            read_tags(code, struct, message, prefix)
    code("return true;")
    code.close()


def read_tags(code, struct, message, prefix):
    tagged = sorted((field for field in struct.fields if field.tag is not None), key=lambda f: f.tag)
    failed = f'return in.fail_at("{prefix}tagged fields");'
    if not tagged:
        code(f"if (!in.skip_tags()) {failed}")
        return
    code("uint32_t tags;")
    code(f"if (!in.read_tag_count(tags)) {failed}")
    code.open("for (; tags > 0; --tags)")
    code("Reader::Tag tag;")
    code(f"if (!in.open_tag(tag)) {failed}")
    for field in tagged:
        test = version_test(field.versions, struct.versions)
        opening = f"if (tag.number == {field.tag}{' && ' + test if test else ''})"
        if field is not tagged[0]:
            code.depth -= 1
            opening = "} else " + opening
        code.open(opening)
        read_field(code, field, message, prefix + field.name)
    code.depth -= 1
    code.open("} else")
    code("in.skip_tag();")
    code.close()
    code(f"if (!in.close_tag(tag)) {failed}")
    code.close()


def read_field(code, field, message, path):
    member, flexible = f"to.{field.name}", flexible_of(field)
    failed = f'return in.fail_at("{path}");'
    if field.array:
        read_array(code, field, message, path)
    elif field.struct:
        code(f"if (!read(in, {member}, version)) return false;")
    elif field.type == "records":
        null = null_of(field) if field.null else "false"
        code(f"if (!in.read_records({member}, {flexible}, {null})) {failed}")
    elif field.type in ("string", "bytes"):
        if field.null:
            code(f"if (!in.read_nullable_{field.type}({member}, {flexible}, {null_of(field)})) {failed}")
        else:
            code(f"if (!in.read_{field.type}({member}, {flexible})) {failed}")
    else:
        code(f"if (!in.read_{field.type}({member})) {failed}")


def read_array(code, field, message, path):
    member = f"to.{field.name}"
    wire_size = smallest_wire_size(field, message)
    kind = element_type(field)
    memory = f"sizeof({message.name}::{kind})" if field.struct else f"sizeof({kind})"
    failed = f'return in.fail_at("{path}");'
    code.open()
    code("size_t count;")
    if field.null:
        code("bool null = false;")
        code(f"if (!in.read_nullable_count(count, null, flexible, {null_of(field)}, {wire_size}, {memory})) "
             f"{failed}")
        code.open("if (null)")
        code(f"{member}.reset();")
        code.depth -= 1
        code.open("} else")
        code(f"{member}.emplace(count);")
        read_elements(code, field, f"*{member}", failed)
        code.close()
    else:
        code(f"if (!in.read_count(count, flexible, {wire_size}, {memory})) {failed}")
        code(f"{member}.clear();")
        code(f"{member}.resize(count);")
        read_elements(code, field, member, failed)
    code.close()


def read_elements(code, field, value, failed):
    code.open(f"for (auto& element : {value})")
    if field.struct:
        code("if (!read(in, element, version)) return false;")
    elif field.type in ("string", "bytes"):
        code(f"if (!in.read_{field.type}(element, flexible)) {failed}")
    else:
        code(f"if (!in.read_{field.type}(element)) {failed}")
    code.close()


def entry_points(code, message):
    code()
    code.open(f"void {message.name}::encode(Writer& out, int16_t version) const")
    code.open("if (version < kMinVersion || version > kMaxVersion)")
    code('out.fail("encoding " + std::string(kName) + ": there is no version " + std::to_string(version));')
    code("return;")
    code.close()
    code("write(out, *this, version);")
    code.close()
    code()
    code.open(f"Result<{message.name}> {message.name}::decode(Reader& in, int16_t version)")
    code.open("if (version < kMinVersion || version > kMaxVersion)")
    code("return Reader::unknown_version(kName, version, kMinVersion, kMaxVersion);")
    code.close()
    code(f"Result<{message.name}> result{{{message.name}()}};")
    code("if (!read(in, *result, version)) return in.error(kName, version);")
    code("return result;")
    code.close()


def api_key_text(apis):
    code = Code()
    code(GENERATED)
    code("#pragma once")
    code()
    code("#include <cstdint>")
    code()
    code("namespace dataflow::wire {")
    code()
    code.open("enum class ApiKey : int16_t")
    for api in apis:
        code(f"k{api.camel} = {api.key},")
    code.close(";")
    code()
    code("}  // namespace dataflow::wire")
    return code.text()


def api_ranges_text(apis):
    code = Code()
    code(GENERATED)
    code('#include "wire/api.h"')
    code()
    code("namespace dataflow::wire {")
    code()
    code.open("std::span<const ApiRange> api_ranges()")
    code.open("static constexpr ApiRange kRanges[] =")
    for api in apis:
        flexible = "kNeverFlexible" if api.flexible_from is None else api.flexible_from
        code(f"{{ApiKey::k{api.camel}, {api.versions.first}, {api.versions.last}, {flexible}, "
             f'"{api.camel}", {str(api.served).lower()}, {api.accepted_from}}},')
    code.close(";")
    code("return kRanges;")
    code.close()
    code()
    code("}  // namespace dataflow::wire")
    return code.text()


def reencode_name(message):
    return f"reencode_{message.name}"


def reencoding(code, message):
    """Here and not in the table's file, which would otherwise compile every message a second time."""
    code()
    code.open(f"Status {reencode_name(message)}(Reader& in, Writer& out, int16_t version)")
    code(f"DF_ASSIGN_OR_RETURN(const {message.name} message, {message.name}::decode(in, version));")
    code("message.encode(out, version);")
    code("return out.status();")
    code.close()


def message_table_text(apis):
    code = Code()
    code(GENERATED)
    code('#include "wire/message_table.h"')
    code()
    code("namespace dataflow::wire {")
    code()
    for api in apis:
        for message in (api.request, api.response):
            code(f"Status {reencode_name(message)}(Reader& in, Writer& out, int16_t version);")
    code()
    code.open("std::span<const MessageEntry> message_table()")
    code.open("static constexpr MessageEntry kTable[] =")
    for api in apis:
        for message in (api.request, api.response):
            code(f'{{"{message.name}", ApiKey::k{api.camel}, {str(message is api.request).lower()}, '
                 f"{message.versions.first}, {message.versions.last}, {reencode_name(message)}}},")
    code.close(";")
    code("return kTable;")
    code.close()
    code()
    code("}  // namespace dataflow::wire")
    return code.text()
