// The functions that only aggregates over rows (OverSpec) know: of the whole partition, whatever
// the frame, but for NTH_VALUE. Names, what they take and what they give; for planning, and for the
// engine.
#pragma once

#include <span>
#include <string_view>

#include "plan/spec.h"
#include "types/batch.h"
#include "types/decimal.h"

namespace dataflow::plan {

enum class OverFunctionKind : uint8_t {
  kRowNumber,
  kRank,
  kDenseRank,
  kPercentRank,
  kCumeDist,
  kNtile,
  kLag,
  kLead,
  kNthValue,  // of the frame
};

struct OverFunction {
  OverFunctionKind kind;
  std::string_view name;  // "ROW_NUMBER"
  std::string_view signature;
  std::string_view help;
  bool looks_ahead;  // at rows behind the current one in the order, so that it is for bounded jobs
};

std::span<const OverFunction> over_functions();

// By name in any case; null if there is none.
const OverFunction* find_over_function(std::string_view name);

// Of an aggregate that was checked: how many rows LAG and LEAD go, or NTH_VALUE into its frame, and
// NTILE's buckets.
int64_t offset_of(const Aggregate& aggregate);
int64_t buckets_of(const Aggregate& aggregate);
// What LAG and LEAD give where there is no such row, as a column of one value of their type.
Result<ColumnPtr> default_of(const Aggregate& aggregate, const Type& type);

// How far a range over numbers goes: of floats the number, of others units of their last digit. A
// part of one is left off, or makes another one.
struct RangeDistance {
  double number = 0;
  Int128 units = 0;
};
Result<RangeDistance> range_distance(const expr::Expression& value, const Type& column, bool up);

}  // namespace dataflow::plan
