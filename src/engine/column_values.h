// The values of an Arrow column, read without a call for each: with_…(type, column, f) calls f with
// something that gives the value of a row by [row], once for the column's layout.
#pragma once

#include <arrow/array.h>

#include <cstring>
#include <string_view>

#include "types/type.h"

namespace dataflow::engine {

template <class Stored, class Given>
struct FixedValues {
  explicit FixedValues(const arrow::Array& column) : values(column.data()->GetValues<Stored>(1)) {}
  Given operator[](int64_t row) const { return static_cast<Given>(values[row]); }
  const Stored* values;
};

struct BooleanValues {
  explicit BooleanValues(const arrow::Array& column)
      : array(static_cast<const arrow::BooleanArray&>(column)) {}
  int64_t operator[](int64_t row) const { return array.Value(row) ? 1 : 0; }
  const arrow::BooleanArray& array;
};

struct DecimalValues {
  explicit DecimalValues(const arrow::Array& column)
      : bytes(column.data()->buffers[1]->data() + column.offset() * 16) {}
  __int128 operator[](int64_t row) const {
    __int128 value;
    std::memcpy(&value, bytes + row * 16, sizeof value);
    return value;
  }
  const uint8_t* bytes;
};

struct TextValues {
  explicit TextValues(const arrow::Array& column)
      : array(static_cast<const arrow::BinaryArray&>(column)) {}
  std::string_view operator[](int64_t row) const { return array.GetView(row); }
  const arrow::BinaryArray& array;
};

// Booleans, integers, dates, times, timestamps and intervals, as int64_t.
template <class F>
void with_ints(const Type& type, const arrow::Array& column, F&& f) {
  const bool short_time = type.id() == TypeId::kTime && type.units_per_milli() == 1;
  switch (type.id()) {
    case TypeId::kBoolean: return f(BooleanValues(column));
    case TypeId::kInt8: return f(FixedValues<int8_t, int64_t>(column));
    case TypeId::kInt16: return f(FixedValues<int16_t, int64_t>(column));
    case TypeId::kInt32:
    case TypeId::kDate:
    case TypeId::kMonths: return f(FixedValues<int32_t, int64_t>(column));
    default:
      if (short_time) return f(FixedValues<int32_t, int64_t>(column));
      return f(FixedValues<int64_t, int64_t>(column));
  }
}

// Of both widths, as double.
template <class F>
void with_floats(const Type& type, const arrow::Array& column, F&& f) {
  if (type.id() == TypeId::kFloat32) return f(FixedValues<float, double>(column));
  f(FixedValues<double, double>(column));
}

// Whether with_ints() reads a column of the type.
inline bool is_integral(const Type& type) {
  return type.id() == TypeId::kBoolean || type.is_integer() ||
         (type.id() >= TypeId::kDate && type.id() <= TypeId::kMillis);
}

}  // namespace dataflow::engine
