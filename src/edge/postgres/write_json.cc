#include <cmath>
#include <string_view>

#include "write_value.h"

namespace dataflow::postgres {
namespace {

void write_quoted(std::string_view text, std::string& out) {
  static constexpr char kDigits[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

// A key is a text, whatever its type is.
void write_key(const Value& key, std::string& out) {
  std::string text;
  if (!key.is_null()) write_text(key, text);
  write_quoted(text, out);
}

void write_list(const Value& value, std::string& out) {
  const Value::List& list = value.as_list();
  const TypeId id = value.type().id();
  const bool map = id == TypeId::kMap;
  const std::vector<Field>& fields = value.type().fields();
  out += id == TypeId::kArray ? '[' : '{';
  for (size_t i = 0; i < list.size(); i += map ? 2 : 1) {
    if (i > 0) out += ',';
    if (map) {
      write_key(list[i], out);
      out += ':';
    } else if (id == TypeId::kRow) {
      write_quoted(i < fields.size() ? std::string_view(fields[i].name) : std::string_view(), out);
      out += ':';
    }
    const size_t at = map ? i + 1 : i;
    if (at < list.size()) write_json(list[at], out);
  }
  out += id == TypeId::kArray ? ']' : '}';
}

}  // namespace

void write_json(const Value& value, std::string& out) {
  if (value.is_null()) {
    out += "null";
    return;
  }
  const Type& type = value.type();
  if (type.is_nested()) return write_list(value, out);
  const bool finite = !type.is_float() || std::isfinite(value.as_double());
  if (type.id() == TypeId::kBoolean) {
    out += value.as_bool() ? "true" : "false";
  } else if (type.id() == TypeId::kJson || (type.is_numeric() && finite)) {
    write_text(value, out);
  } else {
    write_key(value, out);
  }
}

}  // namespace dataflow::postgres
