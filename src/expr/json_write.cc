#include "json_write.h"

#include <arrow/array.h>

#include <cmath>

#include "base/base64.h"
#include "civil_time.h"
#include "decimal_text.h"
#include "expr/print.h"
#include "json_tree.h"
#include "types/value.h"

namespace dataflow::expr {
namespace {

void append_double(double value, std::string& out) {
  if (!std::isfinite(value)) return append_json_text(double_text(value), out);
  append_json_number(double_text(value), out);
}

void append_bytes(std::string_view bytes, std::string& out) {
  std::string text(base64_size(bytes.size()), '\0');
  encode_base64(bytes, text.data());
  append_json_text(text, out);
}

// "2026-01-31T12:34:56.7"
void append_moment(const Type& type, int64_t value, std::string& out) {
  const std::optional<int64_t> micros = to_micros(type, value);
  std::string text = timestamp_text(micros.value_or(0), 6);
  if (const size_t blank = text.find(' '); blank != std::string::npos) text[blank] = 'T';
  text.resize(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  out += '"' + text + (type.id() == TypeId::kTimestampTz ? "Z\"" : "\"");
}

void append_scalar(const Type& type, const arrow::Array& column, int64_t row, std::string& out) {
  const Value value = value_at(type, column, row);
  switch (type.id()) {
    case TypeId::kBoolean: out += value.as_bool() ? "true" : "false"; return;
    case TypeId::kInt8:
    case TypeId::kInt16:
    case TypeId::kInt32:
    case TypeId::kInt64: out += std::to_string(value.as_int()); return;
    case TypeId::kFloat32:
    case TypeId::kFloat64: return append_double(value.as_double(), out);
    case TypeId::kDecimal: out += decimal_text(value.as_decimal(), type.scale()); return;
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz: return append_moment(type, value.as_int(), out);
    case TypeId::kBytes: return append_bytes(value.as_text(), out);
    default: return append_json_text(value.to_string(), out);
  }
}

// The key of a map, or the name of a field.
void append_key(std::string_view key, std::string& out) {
  if (out.back() != '{') out += ',';
  append_json_text(key, out);
  out += ':';
}

void append_map(const Type& type, const arrow::MapArray& maps, int64_t row, std::string& out) {
  out += '{';
  const Type& key = type.fields()[0].type;
  for (int64_t at = maps.value_offset(row); at < maps.value_offset(row + 1); ++at) {
    append_key(value_at(key, *maps.keys(), at).to_string(), out);
    append_json(type.fields()[1].type, *maps.items(), at, out);
  }
  out += '}';
}

}  // namespace

void append_json(const Type& type, const arrow::Array& column, int64_t row, std::string& out) {
  if (type.id() == TypeId::kNull || column.IsNull(row)) {
    out += "null";
    return;
  }
  switch (type.id()) {
    case TypeId::kString:
      return append_json_text(static_cast<const arrow::BinaryArray&>(column).GetView(row), out);
    case TypeId::kJson: out += static_cast<const arrow::BinaryArray&>(column).GetView(row); return;
    case TypeId::kArray: {
      const auto& lists = static_cast<const arrow::ListArray&>(column);
      out += '[';
      for (int64_t at = lists.value_offset(row); at < lists.value_offset(row + 1); ++at) {
        if (out.back() != '[' || at > lists.value_offset(row)) out += ',';
        append_json(type.element(), *lists.values(), at, out);
      }
      out += ']';
      return;
    }
    case TypeId::kMap:
      return append_map(type, static_cast<const arrow::MapArray&>(column), row, out);
    case TypeId::kRow: {
      const auto& rows = static_cast<const arrow::StructArray&>(column);
      out += '{';
      for (size_t i = 0; i < type.fields().size(); ++i) {
        append_key(type.fields()[i].name, out);
        append_json(type.fields()[i].type, *rows.field(static_cast<int>(i)), row, out);
      }
      out += '}';
      return;
    }
    default: return append_scalar(type, column, row, out);
  }
}

std::string with_members_in_order(std::string json) {
  if (json.find('{') == std::string::npos) return json;
  JsonTree tree;
  if (!tree.parse(json)) return json;
  std::string ordered;
  tree.write(0, ordered);
  return ordered;
}

}  // namespace dataflow::expr
