"""What a field of the schema is in C++."""

CPP_TYPES = {
    "bool": "bool", "int8": "int8_t", "int16": "int16_t", "uint16": "uint16_t", "int32": "int32_t",
    "int64": "int64_t", "float64": "double", "string": "std::string", "bytes": "std::string",
    "uuid": "Uuid", "records": "RecordsField", "error": "ErrorCode",
}
WIRE_SIZES = {"bool": 1, "int8": 1, "int16": 2, "uint16": 2, "int32": 4, "int64": 8, "float64": 8,
              "uuid": 16, "error": 2}
SCALARS = ("bool", "int8", "int16", "uint16", "int32", "int64", "float64", "error", "uuid")


def element_type(field):
    return CPP_TYPES.get(field.type, field.type)


def member_type(field):
    kind = element_type(field)
    if field.array:
        kind = f"std::vector<{kind}>"
    if field.null and field.type != "records":
        kind = f"std::optional<{kind}>"
    return kind


def literal(field):
    """The default of a scalar."""
    if field.type == "error":
        return "ErrorCode::kNone"
    if field.type == "bool":
        return field.default or "false"
    if field.type == "float64":
        return "0.0"
    value = int(field.default or "0", 0)
    if value in (-(2**31), -(2**63)):  # the literal without its sign would not fit the type
        return f"{value + 1} - 1"
    return str(value)


def initialiser(field):
    """What stands behind a member's name in its declaration."""
    if field.array:
        return f" = {member_type(field)[len('std::optional<'):-1]}()" \
            if field.null and field.default != "null" else ""
    if field.type in SCALARS and field.type != "uuid":
        return f" = {literal(field)}"
    if field.type in ("string", "bytes") and field.default != "null":
        if field.default:
            return f' = "{field.default}"'
        return " = std::string()" if field.null else ""
    return ""


def differs_from_default(field, value, message):
    """A C++ condition: the (tagged) member is worth encoding."""
    if field.null and field.type != "records":
        if field.default == "null":
            return f"{value}.has_value()"
        return f"!{value} || !{value}->empty()"
    if field.array:
        return f"!{value}.empty()"
    if field.type == "uuid":
        return f"!{value}.is_zero()"
    if field.type in SCALARS:
        return f"{value} != {literal(field)}"
    if field.type in ("string", "bytes"):
        return f'{value} != "{field.default}"' if field.default else f"!{value}.empty()"
    return f"{value} != {message.name}::{field.type}()"


def version_test(versions, limit):
    """A C++ condition on `version`, or None where every version of `limit` passes."""
    tests = []
    if versions.first > limit.first:
        tests.append(f"version >= {versions.first}")
    if versions.last < limit.last:
        tests.append(f"version <= {versions.last}")
    return " && ".join(tests) or None


def smallest_wire_size(field, message):
    """The fewest bytes that one element of the array takes in any version."""
    if field.type in WIRE_SIZES:
        return WIRE_SIZES[field.type]
    if field.struct is None:
        return 1 if message.flexible_from is not None else (2 if field.type == "string" else 4)
    return min(struct_size(field.struct, message, version) for version in field.versions)


def struct_size(struct, message, version):
    flexible = message.flexible_from is not None and version >= message.flexible_from
    size = 1 if flexible else 0
    for field in struct.fields:
        if version not in field.versions or field.tag is not None:
            continue
        if field.array or field.type in ("bytes", "records"):
            size += 1 if flexible else 4
        elif field.type == "string":
            size += 1 if flexible and not field.plain else 2
        elif field.struct:
            size += struct_size(field.struct, message, version)
        else:
            size += WIRE_SIZES[field.type]
    return max(size, 1)
