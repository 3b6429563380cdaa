// KeyColumns: the key of each row of a batch as bytes, and their hashes. The bytes tell equal keys
// apart from others, begin with the first column (so that a prefix scan finds it), and can be
// turned back into values.
//
// For each column in turn: u8 0 for NULL, or u8 1 and the value: fixed-width ones little-endian in
// their Arrow width; strings and bytes as they are if they are the last column, else u32 length
// first. Floats: -0.0 is 0.0, all NaNs are one.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "column_writer.h"
#include "types/batch.h"

namespace dataflow::engine {

class KeyColumns {
 public:
  // No columns: one key, which is empty.
  explicit KeyColumns(std::vector<size_t> columns) : columns_(std::move(columns)) {}

  // Whether a column of this type can be (part of) a key.
  static bool can_be_key(const Type& type);

  Status read(const Batch& batch);
  // Valid until the next read().
  std::span<const std::string_view> keys() const { return keys_; }
  std::span<const uint64_t> hashes() const { return hashes_; }

  // For those to whom a key with a NULL in it is equal to none: looks for them in the batch.
  void find_nulls(const Batch& batch);
  // As of the last find_nulls(); without it no key has one.
  bool has_null(size_t row) const { return !nulls_.empty() && nulls_[row] != 0; }

 private:
  bool read_one_text(const Batch& batch);
  void append_column(const arrow::Array& column, const Type& type, bool last);
  void measure(const Batch& batch);

  const std::vector<size_t> columns_;
  std::string arena_;
  std::vector<uint32_t> at_;  // where each row's key is written next
  std::vector<std::string_view> keys_;
  std::vector<uint64_t> hashes_;
  std::vector<uint8_t> nulls_;  // none: no key has one
};

// Where the columns of a key stand.
Result<std::vector<size_t>> key_columns_of(const std::vector<std::string>& names,
                                           const Schema& schema);

// Writes the values of a key: the first column's to writers[columns[0]], and so on.
Status write_key(std::string_view key, std::span<const size_t> columns,
                 std::vector<ColumnWriter>& writers);

}  // namespace dataflow::engine
