// Dates and times of rows, as functions reckon with them.
#pragma once

#include "civil_time.h"
#include "row_function.h"

namespace dataflow::expr {

// Of a column's number its microseconds; the row fails where there are too many.
inline int64_t micros_of(Row& row, const Type& type, int64_t value) {
  const std::optional<int64_t> micros = to_micros(type, value);
  if (!micros) row.fail([] { return "a time that is too far from 1970"; });
  return micros.value_or(0);
}

}  // namespace dataflow::expr
