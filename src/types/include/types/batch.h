// Batch: rows as Arrow columns, as they move through the engine.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "types/schema.h"
#include "types/value.h"

namespace arrow {
class Array;
}

namespace dataflow {

using ColumnPtr = std::shared_ptr<arrow::Array>;

// What a row does to the table that the stream stands for.
enum class RowKind : uint8_t {
  kInsert = 0,        // +I
  kUpdateBefore = 1,  // -U
  kUpdateAfter = 2,   // +U
  kDelete = 3,        // -D
};
std::string_view row_kind_name(RowKind kind);  // "+I"

// Where rows came from, for dead letters: up to the first stateful operator a row can be traced to
// one record of one source.
struct RowOrigins {
  struct Run {
    int64_t first_row;  // of the batch; the run ends where the next one begins
    std::string source;
    std::string split;
  };
  std::vector<Run> runs;
  std::vector<int64_t> offsets;  // one a row
};

struct Batch {
  SchemaPtr schema;
  int64_t rows = 0;
  std::vector<ColumnPtr> columns;  // as many as the schema has fields, each of `rows` values
  // One a row; empty when all are kInsert, which is the usual case.
  std::shared_ptr<const std::vector<RowKind>> kinds;
  std::shared_ptr<const RowOrigins> origins;  // null behind the first stateful operator

  RowKind kind(int64_t row) const {
    return kinds == nullptr ? RowKind::kInsert : (*kinds)[static_cast<size_t>(row)];
  }
  int64_t memory_bytes() const;  // what its columns take, shared ones too
};

// The rows `from` .. `from + rows` without copying columns.
Batch slice(const Batch& batch, int64_t from, int64_t rows);
// The rows named, in that order; each < batch.rows.
Result<Batch> take(const Batch& batch, std::span<const int32_t> rows);
Result<Batch> concat(const std::vector<Batch>& batches);  // at least one, all of one schema
// For tests and small inputs: rows of values.
Result<Batch> batch_of(SchemaPtr schema, const std::vector<std::vector<Value>>& rows);
std::vector<Value> row_of(const Batch& batch, int64_t row);

// A row that cannot be used, and why. It goes to the dead letters (or fails the statement).
struct RowFault {
  int64_t row;        // of the batch at hand
  std::string field;  // may be empty
  std::string reason;
};

}  // namespace dataflow
