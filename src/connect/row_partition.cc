#include "row_partition.h"

#include <arrow/array.h>

#include <algorithm>

#include "base/bytes.h"

namespace dataflow::connect {

std::string escaped_in_path(std::string_view text) {
  constexpr std::string_view kSpecial = "\"#%'*/:=?\\{}[]^\x7f";
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && kSpecial.find(c) == std::string_view::npos) {
      out += c;
      continue;
    }
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

std::string_view RowPartition::key(const Batch& batch, int64_t row) {
  key_.clear();
  for (const size_t column : columns_) {
    const arrow::Array& values = *batch.columns[column];
    if (values.IsNull(row)) {
      key_ += '\0';
      continue;
    }
    key_ += '\1';
    const size_t at = key_.size();
    key_.resize(at + sizeof(uint32_t));
    if ((*schema_)[column].type.id() == TypeId::kString) {
      key_ += static_cast<const arrow::BinaryArray&>(values).GetView(row);
    } else {
      key_ += value_at((*schema_)[column].type, values, row).to_string();
    }
    // Its length in front: a text may hold any bytes.
    store_le32(key_.data() + at, static_cast<uint32_t>(key_.size() - at - sizeof(uint32_t)));
  }
  return key_;
}

std::string RowPartition::folder(const Batch& batch, int64_t row) const {
  std::string path;
  for (const size_t column : columns_) {
    const Value value = value_at((*schema_)[column].type, *batch.columns[column], row);
    const std::string text = value.is_null() ? std::string() : value.to_string();
    if (!path.empty()) path += '/';
    path += escaped_in_path((*schema_)[column].name) + "=";
    path += escaped_in_path(text.empty() ? nothing_ : text);
  }
  return path;
}

bool has_long_name(std::string_view folder) {
  constexpr size_t kMost = 255;  // of bytes, on every file system of Linux
  while (folder.size() > kMost) {
    const size_t end = folder.find('/');
    if (end == std::string_view::npos || end > kMost) return true;
    folder.remove_prefix(end + 1);
  }
  return false;
}

SchemaPtr without(const Schema& schema, const std::vector<size_t>& columns) {
  std::vector<Field> fields;
  for (size_t i = 0; i < schema.size(); ++i) {
    if (std::ranges::find(columns, i) == columns.end()) fields.push_back(schema[i]);
  }
  return std::make_shared<const Schema>(std::move(fields));
}

Batch without(const Batch& batch, SchemaPtr schema, const std::vector<size_t>& columns) {
  Batch out = batch;
  out.schema = std::move(schema);
  out.columns.clear();
  for (size_t i = 0; i < batch.columns.size(); ++i) {
    if (std::ranges::find(columns, i) == columns.end()) out.columns.push_back(batch.columns[i]);
  }
  return out;
}

}  // namespace dataflow::connect
