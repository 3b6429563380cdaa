// Reading and writing Arrow columns without their builders: typed loops over buffers.
#pragma once

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/util/bit_util.h>

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "node.h"

namespace dataflow::expr {

using Int128 = Value::Int128;
using BufferPtr = std::shared_ptr<arrow::Buffer>;

// What a column's values are in memory: TypeId to C++. Calls f with a value of that type.
template <class F>
auto with_storage(TypeId id, const Type& type, F&& f) {
  switch (id) {
    case TypeId::kBoolean: return f(bool{});
    case TypeId::kInt8: return f(int8_t{});
    case TypeId::kInt16: return f(int16_t{});
    case TypeId::kInt64:
    case TypeId::kTimestamp:
    case TypeId::kTimestampTz:
    case TypeId::kMillis: return f(int64_t{});
    case TypeId::kTime:
      if (type.units_per_milli() == 1000) return f(int64_t{});
      return f(int32_t{});
    case TypeId::kFloat32: return f(float{});
    case TypeId::kFloat64: return f(double{});
    case TypeId::kDecimal: return f(Int128{});
    case TypeId::kString:
    case TypeId::kBytes:
    case TypeId::kJson: return f(std::string_view{});
    default: return f(int32_t{});  // INT, DATE, INTERVAL YEAR TO MONTH
  }
}

template <class F>
auto with_storage(const Type& type, F&& f) {
  return with_storage(type.id(), type, std::forward<F>(f));
}

// The values of a column by row; of a literal the same one for each.
template <class T>
class Values {
 public:
  explicit Values(const Input& input) : step_(input.constant ? 0 : 1) {
    const arrow::ArrayData& data = *input.column->data();
    if constexpr (std::is_same_v<T, std::string_view>) {
      offsets_ = data.GetValues<int32_t>(1);
      bytes_ = data.buffers[2] == nullptr ? nullptr
                                          : reinterpret_cast<const char*>(data.buffers[2]->data());
    } else if constexpr (std::is_same_v<T, bool>) {
      bits_ = data.buffers[1]->data();
      offset_ = data.offset;
    } else {
      raw_ = reinterpret_cast<const char*>(data.buffers[1]->data()) +
             data.offset * static_cast<int64_t>(sizeof(T));
    }
  }

  T operator[](int64_t row) const {
    row *= step_;
    if constexpr (std::is_same_v<T, std::string_view>) {
      return {bytes_ + offsets_[row], static_cast<size_t>(offsets_[row + 1] - offsets_[row])};
    } else if constexpr (std::is_same_v<T, bool>) {
      return arrow::bit_util::GetBit(bits_, row + offset_);
    } else if constexpr (std::is_same_v<T, Int128>) {
      Int128 value;  // Arrow aligns decimals to 8 bytes only
      std::memcpy(&value, raw_ + row * 16, 16);
      return value;
    } else {
      return reinterpret_cast<const T*>(raw_)[row];
    }
  }

  const T* data() const { return reinterpret_cast<const T*>(raw_); }
  bool constant() const { return step_ == 0; }

 private:
  int64_t step_;
  const int32_t* offsets_ = nullptr;
  const char* bytes_ = nullptr;
  const uint8_t* bits_ = nullptr;
  int64_t offset_ = 0;
  const char* raw_ = nullptr;
};

// Of `bytes`, and so much behind them that whole words may be written.
Result<BufferPtr> allocate(int64_t bytes);
Result<BufferPtr> allocate_bits(int64_t rows, bool value);

inline int64_t word_count(int64_t rows) { return (rows + 63) / 64; }
inline uint64_t* words_of(const BufferPtr& bits) {
  return reinterpret_cast<uint64_t*>(bits->mutable_data());
}
inline const uint64_t* const_words_of(const BufferPtr& bits) {
  return reinterpret_cast<const uint64_t*>(bits->data());
}

// A column's validity from bit 0 on, padded to whole words; null if no row is NULL.
Result<BufferPtr> validity_of(const arrow::Array& column);
// A boolean column's values from bit 0 on, padded to whole words.
Result<BufferPtr> bits_of(const arrow::Array& column);

// Where the rows of a result are NULL: where an input is, and where it is said so afterwards.
class Nulls {
 public:
  static Result<Nulls> of(const std::vector<Input>& inputs, int64_t rows);

  bool any() const { return bits_ != nullptr; }
  bool is_null(int64_t row) const {
    return bits_ != nullptr && !arrow::bit_util::GetBit(bits_->data(), row);
  }
  Status set_null(int64_t row);
  const BufferPtr& bits() const { return bits_; }

 private:
  explicit Nulls(int64_t rows) : rows_(rows) {}

  int64_t rows_;
  BufferPtr bits_;
  bool owned_ = false;  // may be written
};

// The selected rows whose bit is set. Bits behind the last row do not count.
std::vector<int32_t> rows_of(const uint64_t* words, int64_t rows, const Selection& selection);

ColumnPtr make_array(const std::shared_ptr<arrow::DataType>& layout, int64_t rows,
                     std::vector<BufferPtr> buffers);
// The same of an array, map or row; the children's offsets are their own.
ColumnPtr make_nested(const std::shared_ptr<arrow::DataType>& layout, int64_t rows,
                      std::vector<BufferPtr> buffers, const std::vector<ColumnPtr>& children);
Result<ColumnPtr> all_null(const std::shared_ptr<arrow::DataType>& layout, int64_t rows);

template <class F>
void for_each_row(const Selection& selection, int64_t rows, F&& f) {
  if (selection.all) {
    for (int64_t row = 0; row < rows; ++row) f(row);
  } else {
    for (int32_t row : selection.rows) f(static_cast<int64_t>(row));
  }
}

// A result as it is written, rows rising. Rows that are left out stay undefined (texts: empty).
template <class T>
class Writer {
 public:
  Status open(int64_t rows) {
    DF_ASSIGN_OR_RETURN(buffer_, allocate(rows * static_cast<int64_t>(sizeof(T))));
    out_ = reinterpret_cast<T*>(buffer_->mutable_data());
    return {};
  }
  void set(int64_t row, T value) { out_[row] = value; }
  Result<ColumnPtr> finish(const std::shared_ptr<arrow::DataType>& layout, int64_t rows,
                           const Nulls& nulls) {
    return make_array(layout, rows, {nulls.bits(), buffer_});
  }

 private:
  BufferPtr buffer_;
  T* out_ = nullptr;
};

template <>
class Writer<bool> {
 public:
  Status open(int64_t rows) {
    DF_ASSIGN_OR_RETURN(buffer_, allocate_bits(rows, false));
    return {};
  }
  void set(int64_t row, bool value) {
    if (value) arrow::bit_util::SetBit(buffer_->mutable_data(), row);
  }
  Result<ColumnPtr> finish(const std::shared_ptr<arrow::DataType>& layout, int64_t rows,
                           const Nulls& nulls) {
    return make_array(layout, rows, {nulls.bits(), buffer_});
  }

 private:
  BufferPtr buffer_;
};

class TextWriter {
 public:
  Status open(int64_t rows);
  // The bytes of `row` are appended here; then end_row().
  std::string& bytes() { return bytes_; }
  void begin_row(int64_t row) {
    for (; written_ <= row; ++written_) offsets_[written_] = static_cast<int32_t>(bytes_.size());
  }
  // Takes back what the row has written.
  void drop_row(int64_t row) { bytes_.resize(static_cast<size_t>(offsets_[row])); }
  bool too_large() const { return bytes_.size() > INT32_MAX; }
  Result<ColumnPtr> finish(const std::shared_ptr<arrow::DataType>& layout, int64_t rows,
                           const Nulls& nulls);

 private:
  BufferPtr buffer_;
  int32_t* offsets_ = nullptr;
  int64_t written_ = 0;
  std::string bytes_;
};

}  // namespace dataflow::expr
