#include "test_rows.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/edit_distance.h"
#include "base/units.h"
#include "format/decoder.h"

namespace dataflow::jobs {
namespace {

// As near as sums of floating-point numbers in another order come to each other.
constexpr double kRelativeError = 1e-9;
constexpr const char* kKindKey = "$op";

std::string json_text(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool is_json_number(const std::string& text) {
  return nlohmann::json::accept(text) && nlohmann::json::parse(text).is_number();
}

bool same_value(const Value& a, const Value& b) {
  if (!b.type().is_float() || a.is_null() || b.is_null()) return a == b;
  const double x = a.as_double();
  const double y = b.as_double();
  if (x == y || (std::isnan(x) && std::isnan(y))) return true;
  return std::abs(x - y) <= kRelativeError * std::max(std::abs(x), std::abs(y));
}

std::optional<RowKind> kind_of(const std::string& text) {
  for (const RowKind kind :
       {RowKind::kInsert, RowKind::kUpdateBefore, RowKind::kUpdateAfter, RowKind::kDelete}) {
    if (row_kind_name(kind) == text) return kind;
  }
  return std::nullopt;
}

std::string with_kind(std::optional<RowKind> kind, std::string text) {
  if (!kind || *kind == RowKind::kInsert) return text;
  return std::string(row_kind_name(*kind)) + " " + text;
}

SchemaPtr all_nullable(const Schema& schema, const std::vector<size_t>& columns) {
  std::vector<Field> fields;
  for (const size_t column : columns) {
    fields.push_back(schema[column]);
    fields.back().nullable = true;
  }
  return std::make_shared<const Schema>(std::move(fields));
}

}  // namespace

Status TestRows::append_scalar(const YAML::Node& node, const Type& type, const std::string& what,
                               std::string& out) const {
  DF_ASSIGN_OR_RETURN(const std::string text, yaml_.scalar(node, what));
  // A tag of `?` is what stands without quotes.
  const bool plain = node.Tag() == "?";
  if (plain && (text.empty() || text == "~" || text == "null" || text == "NULL")) {
    out += "null";
    return {};
  }
  const Result<int64_t> behind = text.starts_with('+') ? parse_duration_ms(text.substr(1))
                                                       : Result<int64_t>(Status::invalid(""));
  if (type.is_timestamp() && behind.ok()) {
    out += std::to_string(start_ms_ + *behind);
    return {};
  }
  const bool as_it_stands = (type.is_numeric() && is_json_number(text)) ||
                            (type.is_timestamp() && plain && is_json_number(text)) ||
                            (type.id() == TypeId::kBoolean && (text == "true" || text == "false"));
  out += as_it_stands ? text : json_text(text);
  return {};
}

Status TestRows::append_value(const YAML::Node& node, const Type& type, const std::string& what,
                              std::string& out) const {
  if (node.IsNull()) {
    out += "null";
    return {};
  }
  if (node.IsScalar()) return append_scalar(node, type, what, out);
  const bool list = node.IsSequence();
  out += list ? "[" : "{";
  bool first = true;
  for (const auto& item : node) {
    if (!first) out += ",";
    first = false;
    if (list) {
      const Type inner = type.id() == TypeId::kArray ? type.element() : Type::null();
      DF_RETURN_IF_ERROR(append_value(item, inner, what, out));
      continue;
    }
    DF_ASSIGN_OR_RETURN(const std::string name, yaml_.scalar(item.first, what));
    Type inner = type.id() == TypeId::kMap ? type.fields()[1].type : Type::null();
    if (type.id() == TypeId::kRow) {
      for (const Field& field : type.fields()) {
        if (field.name == name) inner = field.type;
      }
    }
    out += json_text(name) + ":";
    DF_RETURN_IF_ERROR(append_value(item.second, inner, what, out));
  }
  out += list ? "]" : "}";
  return {};
}

Result<std::string> TestRows::object(const YAML::Node& node, std::vector<size_t>& columns,
                                     std::optional<RowKind>* kind) const {
  DF_ASSIGN_OR_RETURN(const YamlMap map, YamlMap::open(yaml_, node, what_));
  std::string out = "{";
  for (const YamlEntry& entry : map.entries()) {
    const std::string what = what_ + ": `" + entry.name + "`";
    if (kind != nullptr && entry.name == kKindKey) {
      DF_ASSIGN_OR_RETURN(const std::string text, yaml_.scalar(entry.value, what));
      *kind = kind_of(text);
      if (!*kind) return yaml_.error(entry.value, what + " is one of +I, -U, +U, -D");
      continue;
    }
    const std::optional<size_t> column = schema_->find(entry.name);
    if (!column) {
      std::vector<std::string> names;
      std::string all;
      for (const Field& field : schema_->fields()) {
        names.push_back(field.name);
        all += (all.empty() ? "" : ", ") + field.name;
      }
      const std::string near = suggestion(entry.name, names);
      return yaml_.error(entry.key, what_ + ": there is no column `" + entry.name + "`" +
                                        (near.empty() ? "; there are " + all : near));
    }
    columns.push_back(*column);
    if (out.size() > 1) out += ",";
    out += json_text((*schema_)[*column].name) + ":";
    DF_RETURN_IF_ERROR(append_value(entry.value, (*schema_)[*column].type, what, out));
  }
  return out + "}";
}

Result<GivenRow> TestRows::given(const YAML::Node& node) const {
  GivenRow row;
  if (node.IsScalar()) {
    row.is_payload = true;
    DF_ASSIGN_OR_RETURN(row.text, yaml_.scalar(node, what_));
    return row;
  }
  std::vector<size_t> columns;
  DF_ASSIGN_OR_RETURN(row.text, object(node, columns, nullptr));
  return row;
}

Result<ExpectedRow> TestRows::expected(const YAML::Node& node) const {
  ExpectedRow row;
  row.place = YamlText::place(node);
  std::vector<size_t> columns;
  DF_ASSIGN_OR_RETURN(std::string text, object(node, columns, &row.kind));
  if (columns.empty()) return row;
  const SchemaPtr schema = all_nullable(*schema_, columns);
  DF_ASSIGN_OR_RETURN(const auto decoder, format::make_decoder("json", schema, {}));
  const size_t size = text.size();
  text.append(format::kPayloadPadding, '\0');
  RowFault fault;
  if (!decoder->add(std::string_view(text).substr(0, size), fault)) {
    const std::string field = fault.field.empty() ? "" : "`" + fault.field + "`: ";
    return yaml_.error(node, what_ + ": " + field + fault.reason);
  }
  DF_ASSIGN_OR_RETURN(const std::vector<ColumnPtr> values, decoder->take());
  for (size_t i = 0; i < columns.size(); ++i) {
    row.values[columns[i]] = value_at((*schema)[i].type, *values[i], 0);
  }
  return row;
}

std::vector<size_t> differing(const ExpectedRow& expected, const ActualRow& actual, bool all) {
  std::vector<size_t> columns;
  for (size_t i = 0; i < actual.values.size(); ++i) {
    const auto found = expected.values.find(i);
    if (found == expected.values.end()) {
      if (all) columns.push_back(i);
    } else if (!same_value(found->second, actual.values[i])) {
      columns.push_back(i);
    }
  }
  return columns;
}

bool same_row(const ExpectedRow& expected, const ActualRow& actual, bool all) {
  if (expected.kind && *expected.kind != actual.kind) return false;
  return differing(expected, actual, all).empty();
}

std::string text_of(const ActualRow& row, const Schema& schema) {
  std::string out;
  for (size_t i = 0; i < row.values.size(); ++i) {
    out += (i == 0 ? "" : ", ") + schema[i].name + ": " + row.values[i].to_string();
  }
  return with_kind(row.kind, "{" + out + "}");
}

std::string text_of(const ExpectedRow& row, const Schema& schema) {
  std::string out;
  for (const auto& [column, value] : row.values) {
    out += (out.empty() ? "" : ", ") + schema[column].name + ": " + value.to_string();
  }
  return with_kind(row.kind, "{" + out + "}");
}

}  // namespace dataflow::jobs
