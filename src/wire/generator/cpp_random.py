"""The test's side: fills messages with random values, and lists every message for the round trip."""

from cpp_code import GENERATED, Code, when
from cpp_types import element_type, version_test


def source_text(number, groups):
    code = Code()
    code(GENERATED)
    for header, _ in groups:
        code(f'#include "wire/messages/{header}.h"')
    code('#include "round_trip.h"')
    code()
    code("namespace dataflow::wire {")
    for _, messages in groups:
        for message in messages:
            code()
            code("namespace {")
            for struct in [*message.structs, message]:
                fill_struct(code, struct, message)
            code()
            code("}  // namespace")
    code()
    code.open(f"std::vector<RoundTripCase> round_trip_cases_{number}()")
    code.open("return")
    for _, messages in groups:
        for message in messages:
            code(f"round_trip_case<{message.name}>([](auto& to, auto& random, int16_t version) {{ "
                 "fill(to, random, version); }),")
    code.close(";")
    code.close()
    code()
    code("}  // namespace dataflow::wire")
    return code.text()


def list_text(shards):
    code = Code()
    code(GENERATED)
    code('#include "round_trip.h"')
    code()
    code("namespace dataflow::wire {")
    code()
    for number in range(shards):
        code(f"std::vector<RoundTripCase> round_trip_cases_{number}();")
    code()
    code.open("std::vector<RoundTripCase> round_trip_cases()")
    code("std::vector<RoundTripCase> all;")
    for number in range(shards):
        code(f"for (auto& one : round_trip_cases_{number}()) all.push_back(one);")
    code("return all;")
    code.close()
    code()
    code("}  // namespace dataflow::wire")
    return code.text()


def fill_struct(code, struct, message):
    name = message.name if struct is message else f"{message.name}::{struct.name}"
    code()
    code.open(f"[[maybe_unused]] void fill([[maybe_unused]] {name}& to, [[maybe_unused]] RandomValues& random, "
              "[[maybe_unused]] int16_t version)")
    for field in struct.fields:
        with when(code, version_test(field.versions, struct.versions)):
            fill_field(code, field)
    code.close()


def fill_field(code, field):
    member = f"to.{field.name}"
    if not field.null:
        fill_value(code, field, member)
        return
    test = version_test(field.null, field.versions)
    code.open(f"if ({f'({test}) && ' if test else ''}random.chance(4))")
    code(f"{member} = {{}};")
    code.depth -= 1
    code.open("} else")
    if field.type == "records":
        code(f"{member} = random.records();")
    else:
        code(f"{member}.emplace();")
        fill_value(code, field, f"(*{member})")
    code.close()


def fill_value(code, field, target):
    if not field.array:
        fill_element(code, field, target)
        return
    code(f"{target}.clear();")
    code.open("for (size_t count = random.count(); count > 0; --count)")
    code(f"{element_type(field)} element{{}};" if field.struct is None else
         f"auto& element = {target}.emplace_back();")
    fill_element(code, field, "element")
    if field.struct is None:
        code(f"{target}.push_back(element);")
    code.close()


def fill_element(code, field, target):
    if field.struct:
        code(f"fill({target}, random, version);")
    elif field.type == "records":
        code(f"{target} = random.records();")
    else:
        code(f"random.fill_{field.type}({target});")
