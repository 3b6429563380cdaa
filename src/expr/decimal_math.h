// Exact arithmetic on decimals, rounded half up to a result's scale. Nothing where the result has
// more digits than its precision: Flink makes NULL of that.
#pragma once

#include <compare>
#include <optional>

#include "types/value.h"

namespace dataflow::expr {

struct DecimalValue {
  Value::Int128 unscaled = 0;
  int scale = 0;
};

std::optional<Value::Int128> decimal_add(DecimalValue a, DecimalValue b, const Type& result);
std::optional<Value::Int128> decimal_multiply(DecimalValue a, DecimalValue b, const Type& result);
// b is not 0.
std::optional<Value::Int128> decimal_divide(DecimalValue a, DecimalValue b, const Type& result);
std::optional<Value::Int128> decimal_modulo(DecimalValue a, DecimalValue b, const Type& result);

// The same number with another scale and precision.
std::optional<Value::Int128> decimal_to(DecimalValue value, const Type& result);
// Without its fraction, towards zero; floor and ceiling.
Value::Int128 decimal_whole(DecimalValue value);
Value::Int128 decimal_floor(DecimalValue value);
Value::Int128 decimal_ceil(DecimalValue value);

std::strong_ordering decimal_compare(DecimalValue a, DecimalValue b);
double decimal_to_double(DecimalValue value);
// The decimal that the shortest text of the double writes.
std::optional<Value::Int128> double_to_decimal(double value, const Type& result);

}  // namespace dataflow::expr
