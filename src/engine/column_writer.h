// ColumnWriter: one column of results, written value after value without a call for each.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "types/batch.h"

namespace dataflow::engine {

class ColumnWriter {
 public:
  explicit ColumnWriter(Type type);

  const Type& type() const { return type_; }
  int64_t rows() const { return static_cast<int64_t>(valid_.size()); }

  void put_null();
  // For every type whose column holds integers or booleans; cut to the type's width.
  void put_int(int64_t value) {
    valid_.push_back(1);
    append(&value, width_);
  }
  void put_float(double value);
  void put_decimal(__int128 value) {
    valid_.push_back(1);
    append(&value, sizeof value);
  }
  // A value as its column holds it: of the width of a fixed-width type, or the text; of a nested
  // type as nested_values.h has it.
  void put_bytes(std::string_view bytes) {
    valid_.push_back(1);
    append(bytes.data(), bytes.size());
    if (width_ == 0) ends_.push_back(bytes_.size());
  }
  // Bytes of a value; 0 for text and nested types. Booleans take one.
  size_t width() const { return width_; }

  // The column, and begins the next one. kCorrupt: what was put is no value of a nested type.
  Result<ColumnPtr> take();

 private:
  void append(const void* from, size_t size) {
    bytes_.append(static_cast<const char*>(from), size);
  }
  Result<ColumnPtr> take_nested();
  void clear();

  Type type_;
  size_t width_;
  std::string bytes_;
  std::vector<uint64_t> ends_;  // of text and nested values
  std::vector<uint8_t> valid_;
};

}  // namespace dataflow::engine
