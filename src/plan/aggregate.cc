#include "plan/aggregate.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace dataflow::plan {
namespace {

constexpr std::array<AggregateFunction, 11> kFunctions = {{
    {AggregateKind::kCount, "COUNT", "COUNT(*) or COUNT([DISTINCT] any)",
     "rows; with an argument, rows at which it is not NULL"},
    {AggregateKind::kSum, "SUM", "SUM([DISTINCT] number)", "the sum, in the argument's type"},
    {AggregateKind::kAvg, "AVG", "AVG([DISTINCT] number)",
     "the mean, in the argument's type: of integers truncated"},
    {AggregateKind::kMin, "MIN", "MIN(ordered)", "the least value"},
    {AggregateKind::kMax, "MAX", "MAX(ordered)", "the greatest value"},
    {AggregateKind::kFirstValue, "FIRST_VALUE", "FIRST_VALUE(any)",
     "the first value that is not NULL, in order of arrival"},
    {AggregateKind::kLastValue, "LAST_VALUE", "LAST_VALUE(any)",
     "the last value that is not NULL, in order of arrival"},
    {AggregateKind::kStddevPop, "STDDEV_POP", "STDDEV_POP([DISTINCT] number)",
     "the standard deviation of the values, in AVG's type"},
    {AggregateKind::kStddevSamp, "STDDEV_SAMP", "STDDEV_SAMP([DISTINCT] number)",
     "the standard deviation estimated from a sample, in AVG's type; NULL of one value"},
    {AggregateKind::kVarPop, "VAR_POP", "VAR_POP([DISTINCT] number)",
     "the variance of the values, in AVG's type"},
    {AggregateKind::kVarSamp, "VAR_SAMP", "VAR_SAMP([DISTINCT] number)",
     "the variance estimated from a sample, in AVG's type; NULL of one value"},
}};

constexpr int kMaxPrecision = 38;
constexpr int kLeastScaleOfMean = 6;

Status does_not_take(const AggregateFunction& function, const Type& argument,
                     std::string_view takes) {
  return Status::invalid(std::string(function.name) + " takes " + std::string(takes) + ", not " +
                         argument.to_string());
}

Type mean_type(const Type& argument) {
  if (argument.id() != TypeId::kDecimal) return argument;
  return Type::decimal(kMaxPrecision, std::max(argument.scale(), kLeastScaleOfMean));
}

Type sum_type(const Type& argument) {
  if (argument.id() != TypeId::kDecimal) return argument;
  return Type::decimal(kMaxPrecision, argument.scale());
}

}  // namespace

std::span<const AggregateFunction> aggregate_functions() { return kFunctions; }

const AggregateFunction* find_aggregate(std::string_view name) {
  std::string upper(name);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (upper == "STDDEV") upper = "STDDEV_SAMP";
  if (upper == "VARIANCE") upper = "VAR_SAMP";
  const auto found = std::ranges::find(kFunctions, upper, &AggregateFunction::name);
  return found == kFunctions.end() ? nullptr : &*found;
}

Result<AggregateType> aggregate_type(const AggregateFunction& function,
                                     const std::optional<Type>& argument, bool nullable) {
  if (function.kind == AggregateKind::kCount) return AggregateType{Type::int64(), false};
  if (!argument) {
    return Status::invalid(std::string(function.name) + " needs an argument; only COUNT takes *");
  }
  switch (function.kind) {
    case AggregateKind::kMin:
    case AggregateKind::kMax:
      if (!is_ordered(*argument)) {
        return does_not_take(function, *argument,
                             "numbers, strings, bytes, booleans, dates, times and intervals");
      }
      return AggregateType{*argument, nullable};
    case AggregateKind::kFirstValue:
    case AggregateKind::kLastValue:
      if (argument->id() == TypeId::kNull)
        return does_not_take(function, *argument, "typed values");
      return AggregateType{*argument, nullable};
    default: break;
  }
  if (!argument->is_numeric()) return does_not_take(function, *argument, "numbers");
  if (function.kind == AggregateKind::kSum) return AggregateType{sum_type(*argument), nullable};
  const bool of_sample =
      function.kind == AggregateKind::kStddevSamp || function.kind == AggregateKind::kVarSamp;
  return AggregateType{mean_type(*argument), nullable || of_sample};
}

bool is_groupable(const Type& type) {
  return type.id() != TypeId::kNull && type.id() != TypeId::kJson && !type.is_nested();
}

bool is_ordered(const Type& type) { return is_groupable(type); }

}  // namespace dataflow::plan
