#include "plan/aggregate.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "types/decimal.h"

namespace dataflow::plan {
namespace {

constexpr std::array<AggregateFunction, 13> kFunctions = {{
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
    {AggregateKind::kApproxCountDistinct, "APPROX_COUNT_DISTINCT", "APPROX_COUNT_DISTINCT(any)",
     "about how many different values there are, by HyperLogLog of 2^14 registers: exact up to "
     "1,024, beyond with a relative error of 0.81 % (one standard deviation), in 16 KiB"},
    {AggregateKind::kApproxPercentile, "APPROX_PERCENTILE", "APPROX_PERCENTILE(number, place)",
     "about the value that a part of `place`, a constant from 0 to 1, lies below, as DOUBLE, by "
     "t-digest of compression 200: interpolated and exact up to 512 values, beyond within 2 % of "
     "the values around the median and far less at the ends; then it hangs on the order in which "
     "they came. NaN is passed over"},
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
  if (upper == "APPROX_QUANTILE") upper = "APPROX_PERCENTILE";
  if (upper == "VARIANCE") upper = "VAR_SAMP";
  const auto found = std::ranges::find(kFunctions, upper, &AggregateFunction::name);
  return found == kFunctions.end() ? nullptr : &*found;
}

bool is_sketch(const AggregateFunction& function) {
  return function.kind == AggregateKind::kApproxCountDistinct ||
         function.kind == AggregateKind::kApproxPercentile;
}

size_t parameters_of(const AggregateFunction& function) {
  return function.kind == AggregateKind::kApproxPercentile ? 1 : 0;
}

Result<double> place_of(const Aggregate& aggregate) {
  const auto wrong = Status::invalid(aggregate.function +
                                     " takes a number and a constant from 0 to 1, such as 0.95");
  if (aggregate.parameters.size() != 1) return wrong;
  const expr::Expression& given = *aggregate.parameters[0];
  if (given.kind != expr::Kind::kLiteral || given.value.is_null() ||
      !given.value.type().is_numeric()) {
    return wrong;
  }
  const Type& type = given.value.type();
  const double place = type.is_float() ? given.value.as_double()
                       : type.id() == TypeId::kDecimal
                           ? static_cast<double>(given.value.as_decimal()) /
                                 static_cast<double>(power_of_ten(type.scale()))
                           : static_cast<double>(given.value.as_int());
  if (!(place >= 0 && place <= 1)) return wrong;
  return place;
}

Result<AggregateType> aggregate_type(const AggregateFunction& function,
                                     const std::optional<Type>& argument, bool nullable) {
  if (function.kind == AggregateKind::kCount) return AggregateType{Type::int64(), false};
  if (!argument) {
    return Status::invalid(std::string(function.name) + " needs an argument; only COUNT takes *");
  }
  switch (function.kind) {
    case AggregateKind::kApproxCountDistinct:
      if (!is_groupable(*argument)) {
        return does_not_take(function, *argument, "values that can be told apart");
      }
      return AggregateType{Type::int64(), false};
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
  if (function.kind == AggregateKind::kApproxPercentile) {
    return AggregateType{Type::float64(), true};  // of NaNs alone
  }
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
