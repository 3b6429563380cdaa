// OrderedValues: the values of a column as bytes that sort as the values do, and back. For state
// that keeps the values of groups.
//
// Integers, dates, times and booleans: 8 bytes big-endian with the sign bit flipped. Floats: the 8
// bytes of a double so changed that they sort (-0.0 before 0.0, NaN behind all; NaNs are one).
// Decimals: 16 bytes as integers. Strings and bytes as they are.
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

class OrderedValues {
 public:
  // Whether values of the type have an order here.
  static bool have_order(const Type& type);

  explicit OrderedValues(Type type) : type_(std::move(type)) {}

  // The column must live as long as its values are used.
  void read(const arrow::Array& column);
  // Of each row, valid until the next read(); those of NULLs mean nothing.
  std::span<const std::string_view> values() const { return values_; }
  std::span<const uint64_t> hashes() const { return hashes_; }

  // kCorrupt if the bytes are no value of the type.
  Status put(std::string_view bytes, ColumnWriter& out) const;

 private:
  template <class Values, class Store>
  void read_fixed(int64_t rows, size_t width, const Values& values, Store&& store);

  const Type type_;
  std::string arena_;
  std::vector<std::string_view> values_;
  std::vector<uint64_t> hashes_;
};

}  // namespace dataflow::engine
