#include "plan/aggregate.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "types/decimal.h"

namespace dataflow::plan {
namespace {

constexpr std::array<AggregateFunction, 19> kFunctions = {{
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
    {AggregateKind::kPercentile, "PERCENTILE", "PERCENTILE([DISTINCT] number, place [, frequency])",
     "the value that a part of `place`, a constant from 0 to 1, lies below, as DOUBLE, "
     "interpolated; of an array of places an array. A value counts `frequency` times. All values "
     "are kept"},
    {AggregateKind::kMedian, "MEDIAN", "MEDIAN([DISTINCT] number)", "PERCENTILE(number, 0.5)"},
    {AggregateKind::kListAgg, "LISTAGG", "LISTAGG([DISTINCT] text [, separator])",
     "the texts in order of arrival, with the separator (a constant, else `,`) between them"},
    {AggregateKind::kArrayAgg, "ARRAY_AGG", "ARRAY_AGG([DISTINCT] any [{RESPECT | IGNORE} NULLS])",
     "an array of the values in order of arrival, NULLs too if they are not ignored"},
    {AggregateKind::kJsonArrayAgg, "JSON_ARRAYAGG", "JSON_ARRAYAGG(any [{NULL | ABSENT} ON NULL])",
     "a JSON array of the values in order of arrival, as text; NULLs are left out if not said "
     "otherwise"},
    {AggregateKind::kJsonObjectAgg, "JSON_OBJECTAGG",
     "JSON_OBJECTAGG([KEY] text VALUE any [{NULL | ABSENT} ON NULL])",
     "a JSON object with a member of each row, ordered by name, as text; of equal keys the last to "
     "arrive counts, a "
     "NULL key does not"},
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
  if (upper == "STRING_AGG") upper = "LISTAGG";
  const auto found = std::ranges::find(kFunctions, upper, &AggregateFunction::name);
  return found == kFunctions.end() ? nullptr : &*found;
}

bool is_sketch(const AggregateFunction& function) {
  return function.kind == AggregateKind::kApproxCountDistinct ||
         function.kind == AggregateKind::kApproxPercentile;
}

bool gathers(const AggregateFunction& function) {
  return function.kind >= AggregateKind::kPercentile;
}

namespace {

// Of those that keep their values: what the check has made of the argument.
Result<AggregateType> gathered_type(const AggregateFunction& function, const Type& argument,
                                    bool nullable) {
  switch (function.kind) {
    case AggregateKind::kListAgg:
      if (argument.id() != TypeId::kString) return does_not_take(function, argument, "texts");
      return AggregateType{Type::string(), nullable};
    case AggregateKind::kArrayAgg:
      if (argument.id() == TypeId::kNull) return does_not_take(function, argument, "typed values");
      return AggregateType{Type::array(argument), nullable};
    case AggregateKind::kJsonArrayAgg:
    case AggregateKind::kJsonObjectAgg: return AggregateType{Type::string(), false};
    default: return AggregateType{Type::float64(), true};
  }
}

}  // namespace

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
  if (gathers(function)) return gathered_type(function, *argument, nullable);
  if (!argument->is_numeric()) return does_not_take(function, *argument, "numbers");
  if (function.kind == AggregateKind::kApproxPercentile) {
    return AggregateType{Type::float64(), true};  // of NaNs alone
  }
  if (function.kind == AggregateKind::kSum) return AggregateType{sum_type(*argument), nullable};
  const bool of_sample =
      function.kind == AggregateKind::kStddevSamp || function.kind == AggregateKind::kVarSamp;
  return AggregateType{mean_type(*argument), nullable || of_sample};
}

Result<AggregateType> aggregate_type(const Aggregate& aggregate,
                                     const std::optional<Type>& argument, bool nullable) {
  const AggregateFunction& function = *find_aggregate(aggregate.function);
  DF_ASSIGN_OR_RETURN(AggregateType made, aggregate_type(function, argument, nullable));
  if (function.kind != AggregateKind::kPercentile) return made;
  DF_ASSIGN_OR_RETURN(const Places places, places_of(aggregate));
  if (places.is_array) made.type = Type::array(made.type);
  return made;
}

bool is_groupable(const Type& type) {
  return type.id() != TypeId::kNull && type.id() != TypeId::kJson && !type.is_nested();
}

bool is_ordered(const Type& type) { return is_groupable(type); }

}  // namespace dataflow::plan
