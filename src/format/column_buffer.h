// ColumnBuffer: a column while it is built. Values are written straight into what becomes the Arrow
// array's memory, and the newest rows can be taken back.
#pragma once

#include <arrow/buffer.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "types/batch.h"
#include "types/decimal.h"
#include "types/type.h"

namespace dataflow::format {

// Bytes that grow, in Arrow's memory.
class GrowingBytes {
 public:
  // Where the next bytes go, with room for `extra` of them.
  uint8_t* room(int64_t extra) {
    if (size_ + extra > capacity_ || data_ == nullptr) grow(extra);
    return data_ + size_;
  }
  void advance(int64_t bytes) { size_ += bytes; }
  template <class Number>
  void push(Number value) {
    std::memcpy(room(sizeof value), &value, sizeof value);
    size_ += static_cast<int64_t>(sizeof value);
  }
  template <class Number>
  Number get(int64_t i) const {
    Number value;
    std::memcpy(&value, data_ + i * static_cast<int64_t>(sizeof value), sizeof value);
    return value;
  }
  const uint8_t* data() const { return data_; }
  int64_t size() const { return size_; }
  void truncate(int64_t size) { size_ = size; }
  // Hands the bytes over; the next ones get as much memory at once.
  std::shared_ptr<arrow::Buffer> take();

 private:
  void grow(int64_t extra);

  std::shared_ptr<arrow::ResizableBuffer> buffer_;
  uint8_t* data_ = nullptr;
  int64_t size_ = 0;
  int64_t capacity_ = 0;
  int64_t last_size_ = 0;
};

class ColumnBuffer {
 public:
  explicit ColumnBuffer(const Type& type);

  const Type& type() const { return type_; }
  int64_t rows() const { return rows_; }

  void append_null();
  void append_bool(bool value) { append_number<uint8_t>(value); }
  // For every type whose column holds integers; `value` is in the range of the column's.
  void append_int(int64_t value) {
    switch (width_) {
      case 8: return append_number(value);
      case 4: return append_number(static_cast<int32_t>(value));
      case 2: return append_number(static_cast<int16_t>(value));
      default: return append_number(static_cast<int8_t>(value));
    }
  }
  void append_double(double value) {
    if (width_ == 8) return append_number(value);
    append_number(static_cast<float>(value));
  }
  void append_decimal(Int128 value) { append_number(value); }

  // Strings, bytes and JSON. Where the text goes, with room for `size` bytes; append_written() ends
  // it. Null if the column would hold more than Arrow's offsets reach.
  char* text_room(int64_t size) {
    if (data_.size() + size > INT32_MAX) return nullptr;
    return reinterpret_cast<char*>(data_.room(size));
  }
  void append_written(int64_t size) {
    data_.advance(size);
    values_.push(static_cast<int32_t>(data_.size()));
    count_valid();
  }
  bool append_text(std::string_view text) {
    char* const out = text_room(static_cast<int64_t>(text.size()));
    if (out == nullptr) return false;
    if (!text.empty()) std::memcpy(out, text.data(), text.size());
    append_written(static_cast<int64_t>(text.size()));
    return true;
  }

  // Of an array, map (keys and values) or row. Its values come first, then end_nested().
  ColumnBuffer& child(size_t i) { return children_[i]; }
  void end_nested();

  // Takes back the rows from `rows` on, and what children have for rows that did not end.
  void truncate(int64_t rows);

  // The column, of which nothing stays here.
  Result<ColumnPtr> take();

 private:
  template <class Number>
  void append_number(Number value) {
    values_.push(value);
    count_valid();
  }
  void count_valid() {
    ++rows_;
    if (!valid_.empty()) valid_.push_back(1);
  }
  bool has_offsets() const {
    return type_.id() == TypeId::kArray || type_.id() == TypeId::kMap || is_text_;
  }
  std::shared_ptr<arrow::ArrayData> take_data();

  Type type_;
  std::shared_ptr<arrow::DataType> arrow_type_;
  int width_ = 0;  // of a value in `values_`, where it is of fixed width
  bool is_text_ = false;
  int64_t rows_ = 0;
  GrowingBytes values_;         // values of fixed width (a boolean in a byte), or offsets
  GrowingBytes data_;           // of text
  std::vector<uint8_t> valid_;  // one a row; empty until the first null
  std::vector<ColumnBuffer> children_;
};

Result<std::vector<ColumnPtr>> take_columns(std::vector<ColumnBuffer>& columns);

}  // namespace dataflow::format
