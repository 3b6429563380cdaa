// ColumnView: a column's memory, looked up once a batch, for loops over rows.
#pragma once

#include <arrow/array/data.h>

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "types/decimal.h"
#include "types/type.h"

namespace dataflow::format {

struct ColumnView {
  // `inherited`: rows of the array that stand before those of a struct that holds it.
  ColumnView(const Type& column_type, const arrow::ArrayData& data, int64_t inherited = 0);

  bool is_null(int64_t row) const {
    if (all_null) return true;
    const int64_t bit = offset + row;
    return validity != nullptr && (validity[bit / 8] >> (bit % 8) & 1) == 0;
  }
  template <class Number>
  Number get(int64_t row) const {
    Number value;
    std::memcpy(&value, values + (offset + row) * static_cast<int64_t>(sizeof value), sizeof value);
    return value;
  }
  bool boolean(int64_t row) const {
    const int64_t bit = offset + row;
    return (values[bit / 8] >> (bit % 8) & 1) != 0;
  }
  int64_t integer(int64_t row) const {
    switch (width) {
      case 8: return get<int64_t>(row);
      case 4: return get<int32_t>(row);
      case 2: return get<int16_t>(row);
      default: return get<int8_t>(row);
    }
  }
  std::string_view text(int64_t row) const {
    const auto begin = get<int32_t>(row);
    return {reinterpret_cast<const char*>(bytes) + begin,
            static_cast<size_t>(get<int32_t>(row + 1) - begin)};
  }

  const Type* type;
  bool all_null;
  int width = 0;
  int64_t offset;
  const uint8_t* validity = nullptr;
  const uint8_t* values = nullptr;  // of fixed width, bits, or offsets
  const uint8_t* bytes = nullptr;   // of text
  // Of an array (its elements), a map (keys, values) or a row.
  std::vector<ColumnView> children;
};

}  // namespace dataflow::format
