// RowCodec: whole rows as bytes, for state that keeps rows, and back to columns. All columns of a
// batch are written and read one after the other, each without a call for every row.
//
// A row: a bit for each column, from the lowest of the first byte: 1 there, 0 NULL; then the
// columns that are there, in order: fixed-width ones little-endian in their Arrow width, booleans
// as a byte, strings and bytes with u32 length first, arrays, maps and rows as nested_values.h has
// them. (No value is changed: unlike a key, a row keeps its -0.0 and its NaN.)
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "types/batch.h"

namespace dataflow::engine {

class RowCodec {
 public:
  explicit RowCodec(SchemaPtr schema) : schema_(std::move(schema)) {}

  const SchemaPtr& schema() const { return schema_; }

  // All rows of a batch of that schema.
  Status encode(const Batch& batch);
  // Valid until the next encode().
  std::span<const std::string_view> rows() const { return rows_; }

  // Puts the columns of these rows at the end of `columns`. A view without data (a default one)
  // stands for a row that is not there: all of it is NULL. kCorrupt if bytes are no row.
  Status decode(std::span<const std::string_view> rows, std::vector<ColumnPtr>& columns) const;

 private:
  size_t bitmap_bytes() const { return (schema_->size() + 7) / 8; }
  void measure(const Batch& batch);

  SchemaPtr schema_;
  std::string arena_;
  std::vector<uint64_t> at_;  // where each row's next value is written
  std::vector<std::string_view> rows_;
};

}  // namespace dataflow::engine
