#include "path_partition.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/scalar.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/lower_case.h"
#include "row_partition.h"
#include "types/arrow_status.h"
#include "types/temporal.h"

namespace dataflow::connect {
namespace {

// What escaped_in_path() was given.
std::string unescaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    unsigned char byte = 0;
    const char* const end = text.data() + std::min<size_t>(text.size(), 3);
    if (text[0] == '%' && std::from_chars(text.data() + 1, end, byte, 16).ptr == text.data() + 3) {
      out += static_cast<char>(byte);
      text.remove_prefix(3);
      continue;
    }
    out += text[0];
    text.remove_prefix(1);
  }
  return out;
}

// Of the folder `name=value` that is nearest to the file.
std::optional<std::string> folder_value(std::string_view path, const std::string& name) {
  const std::string begin = escaped_in_path(name) + "=";
  path =
      path.substr(0, path.find_last_of('/') == std::string_view::npos ? 0 : path.find_last_of('/'));
  while (!path.empty()) {
    const size_t slash = path.find_last_of('/');
    const std::string_view folder = slash == std::string_view::npos ? path : path.substr(slash + 1);
    if (folder.starts_with(begin)) return unescaped(folder.substr(begin.size()));
    path = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
  }
  return std::nullopt;
}

std::optional<Value> value_of(const Type& type, const std::string& text) {
  int64_t number = 0;
  if (type.id() == TypeId::kString) return Value::text(type, text);
  if (type.id() == TypeId::kDate && parse_date(text, number)) return Value::integer(type, number);
  if (type.id() == TypeId::kBoolean) {
    const std::string word = lower_case(text);
    if (word != "true" && word != "false") return std::nullopt;
    return Value::boolean(word == "true");
  }
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  // Flink names the folder of a date after its number of days since 1970.
  if (type.id() == TypeId::kDate) return Value::integer(type, number);
  const int bits = 8 << (static_cast<int>(type.id()) - static_cast<int>(TypeId::kInt8));
  const int64_t most = INT64_MAX >> (64 - bits);
  if (number > most || number < -most - 1) return std::nullopt;
  return Value::integer(type, number);
}

}  // namespace

PathPartition::PathPartition(const plan::SourceSpec& spec, Partitions partitions)
    : schema_(spec.schema),
      read_(plan::schema_read(spec)),
      columns_(std::move(partitions.columns)),
      nothing_(std::move(partitions.nothing)) {}

plan::SourceSpec PathPartition::in_files(const plan::SourceSpec& spec) const {
  plan::SourceSpec out = spec;
  out.schema = without(*spec.schema, columns_);
  if (!out.read) return out;
  std::erase_if(*out.read, [&](const std::string& name) { return !out.schema->find(name); });
  return out;
}

Result<std::vector<Value>> PathPartition::values_of(const std::string& path) const {
  std::vector<Value> values;
  for (const size_t column : columns_) {
    const Field& field = (*schema_)[column];
    const std::optional<std::string> text = folder_value(path, field.name);
    if (!text) {
      return Status::invalid("file `" + path + "` lies in no folder `" + field.name +
                             "=…`, by which the rows are partitioned");
    }
    if (*text == nothing_) {
      values.push_back(Value::null(field.type));
      continue;
    }
    std::optional<Value> value = value_of(field.type, *text);
    if (!value) {
      return Status::invalid("file `" + path + "`: `" + *text + "` is no " +
                             field.type.to_string() + " for column `" + field.name + "`");
    }
    values.push_back(std::move(*value));
  }
  return values;
}

Result<Batch> PathPartition::with(const std::vector<Value>& values, Batch rows) const {
  Batch out = rows;
  out.schema = read_;
  out.columns.clear();
  size_t next = 0;
  for (size_t i = 0; i < read_->size(); ++i) {
    const Field& field = (*read_)[i];
    const auto column = std::ranges::find_if(
        columns_, [&](size_t each) { return (*schema_)[each].name == field.name; });
    if (column == columns_.end()) {
      out.columns.push_back(std::move(rows.columns[next++]));
      continue;
    }
    const Value& value = values[static_cast<size_t>(column - columns_.begin())];
    DF_ASSIGN_OR_RETURN(const ColumnPtr one, column_of(field.type, {value}));
    DF_ASSIGN_OR_RETURN(const auto scalar, from_arrow(one->GetScalar(0)));
    DF_ASSIGN_OR_RETURN(ColumnPtr all, from_arrow(arrow::MakeArrayFromScalar(*scalar, rows.rows)));
    out.columns.push_back(std::move(all));
  }
  return out;
}

}  // namespace dataflow::connect
