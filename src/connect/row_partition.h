// In which folder a row belongs whose sink is partitioned: `day=2026-01-31/hour=10`, as Hive and
// Flink name them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "types/batch.h"

namespace dataflow::connect {

// Characters that mean something in paths are `%` and two hexadecimal digits.
std::string escaped_in_path(std::string_view text);

class RowPartition {
 public:
  // `columns`: of the schema, in the order of the folders. `nothing`: what stands for NULL and
  // empty texts.
  RowPartition(SchemaPtr schema, std::vector<size_t> columns, std::string nothing)
      : schema_(std::move(schema)), columns_(std::move(columns)), nothing_(std::move(nothing)) {}

  // What tells the row's folder from others, cheaply: good until the next call.
  std::string_view key(const Batch& batch, int64_t row);
  std::string folder(const Batch& batch, int64_t row) const;

 private:
  const SchemaPtr schema_;
  const std::vector<size_t> columns_;
  const std::string nothing_;
  std::string key_;
};

// Whether one of the names in it is longer than any file system takes.
bool has_long_name(std::string_view folder);

// The schema, and a batch, without the columns.
SchemaPtr without(const Schema& schema, const std::vector<size_t>& columns);
Batch without(const Batch& batch, SchemaPtr schema, const std::vector<size_t>& columns);

}  // namespace dataflow::connect
