// Arrays, maps and rows as bytes, value by value, and back to columns: what RowCodec writes of a
// column that is nested. No fast way for columns of plain types.
//
// Values that lie in another one are a group: a bit for each, from the lowest of the first byte,
// 1 there, 0 NULL; then those that are there, in order: of fixed width little-endian in their Arrow
// width, booleans as a byte, strings and bytes with u32 length first, nested ones as follows. An
// array: u32 count, and the group of its elements. A map: u32 count, the group of its keys, and
// that of its values. A row: the group of its fields.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "types/batch.h"
#include "types/type.h"

namespace dataflow::engine {

// Bytes of a value that is not NULL; `column` is one of `type`, which any may be.
size_t nested_size(const Type& type, const arrow::Array& column, int64_t row);
// Writes so many. What lies behind them.
char* put_nested(const Type& type, const arrow::Array& column, int64_t row, char* to);

// A column that is made of such bytes, value by value.
class NestedReader {
 public:
  explicit NestedReader(const Type& type);

  void add_null();
  // Takes a value from `at`, which goes on behind it. kCorrupt: `end` is before that; kTooLarge:
  // what is in the column does not fit in one. Then nothing but the destructor may follow.
  Status add(const char*& at, const char* end);
  ColumnPtr finish();

 private:
  Status add_group(size_t count, const char*& at, const char* end);
  Status add_text(const char*& at, const char* end);
  Status add_list(const char*& at, const char* end);
  Status add_row(const char*& at, const char* end);
  void end_value(bool is_there);

  const Type type_;
  const size_t width_;  // 0: of no fixed one
  int64_t rows_ = 0;
  int64_t nulls_ = 0;
  std::string valid_;                   // bits
  std::string values_;                  // or bytes of texts; bits of booleans
  std::vector<int32_t> offsets_;        // of texts, arrays, maps
  std::vector<NestedReader> children_;  // of types that are nested
};

}  // namespace dataflow::engine
