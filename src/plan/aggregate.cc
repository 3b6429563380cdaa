#include "plan/aggregate.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "types/decimal.h"

namespace dataflow::plan {
namespace {

constexpr std::array<AggregateFunction, 39> kFunctions = {{
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
    {AggregateKind::kListAgg, "LISTAGG",
     "LISTAGG([DISTINCT] text [, separator] [ORDER BY …]) [WITHIN GROUP (ORDER BY …)]",
     "the texts in order of arrival, or in that order, with the separator (a constant, else `,`) "
     "between them"},
    {AggregateKind::kArrayAgg, "ARRAY_AGG",
     "ARRAY_AGG([DISTINCT] any [{RESPECT | IGNORE} NULLS] [ORDER BY …])",
     "an array of the values in order of arrival, or in that order, NULLs too if they are not "
     "ignored"},
    {AggregateKind::kJsonArrayAgg, "JSON_ARRAYAGG",
     "JSON_ARRAYAGG([DISTINCT] any [{NULL | ABSENT} ON NULL] [ORDER BY …])",
     "a JSON array of the values in order of arrival, or in that order, as text; NULLs are left "
     "out if not said otherwise"},
    {AggregateKind::kJsonObjectAgg, "JSON_OBJECTAGG",
     "JSON_OBJECTAGG([KEY] text VALUE any [{NULL | ABSENT} ON NULL])",
     "a JSON object with a member of each row, ordered by name, as text; of equal keys the last to "
     "arrive counts, a "
     "NULL key does not"},
    {AggregateKind::kBoolAnd, "BOOL_AND", "BOOL_AND(boolean)", "whether all values are TRUE"},
    {AggregateKind::kBoolOr, "BOOL_OR", "BOOL_OR(boolean)", "whether any value is TRUE"},
    {AggregateKind::kPercentileDisc, "PERCENTILE_DISC",
     "PERCENTILE_DISC(place) WITHIN GROUP (ORDER BY ordered [DESC])",
     "the first value in the order up to which a part of `place`, a constant from 0 to 1, of all "
     "values stands; of an array of places an array"},
    {AggregateKind::kMode, "MODE", "MODE([DISTINCT] any) or MODE() WITHIN GROUP (ORDER BY any)",
     "the value that is there most often; of several the first in order of arrival, or in that "
     "order"},
    {AggregateKind::kCollect, "COLLECT", "COLLECT([DISTINCT] any)",
     "a map from each value to how often it is there, in order of arrival: Flink's MULTISET"},
    {AggregateKind::kBitAnd, "BIT_AND", "BIT_AND([DISTINCT] integer)",
     "the bits that all values have"},
    {AggregateKind::kBitOr, "BIT_OR", "BIT_OR([DISTINCT] integer)", "the bits that any value has"},
    {AggregateKind::kBitXor, "BIT_XOR", "BIT_XOR([DISTINCT] integer)",
     "the bits that an odd number of the values has"},
    {AggregateKind::kCovarPop, "COVAR_POP", "COVAR_POP(y, x)",
     "the covariance of the pairs in which neither is NULL, as DOUBLE"},
    {AggregateKind::kCovarSamp, "COVAR_SAMP", "COVAR_SAMP(y, x)",
     "the covariance estimated from a sample, as DOUBLE; NULL of one pair"},
    {AggregateKind::kCorr, "CORR", "CORR(y, x)",
     "the coefficient of correlation, as DOUBLE; NULL where either is always the same"},
    {AggregateKind::kRegrCount, "REGR_COUNT", "REGR_COUNT(y, x)",
     "how many pairs there are in which neither is NULL"},
    {AggregateKind::kRegrAvgX, "REGR_AVGX", "REGR_AVGX(y, x)", "the mean of these pairs' x"},
    {AggregateKind::kRegrAvgY, "REGR_AVGY", "REGR_AVGY(y, x)", "the mean of these pairs' y"},
    {AggregateKind::kRegrSxx, "REGR_SXX", "REGR_SXX(y, x)",
     "the sum of the squares of x less its mean"},
    {AggregateKind::kRegrSyy, "REGR_SYY", "REGR_SYY(y, x)",
     "the sum of the squares of y less its mean"},
    {AggregateKind::kRegrSxy, "REGR_SXY", "REGR_SXY(y, x)",
     "the sum of the products of both less their means"},
    {AggregateKind::kRegrSlope, "REGR_SLOPE", "REGR_SLOPE(y, x)",
     "the slope of the line that fits the pairs best, by least squares"},
    {AggregateKind::kRegrIntercept, "REGR_INTERCEPT", "REGR_INTERCEPT(y, x)",
     "where that line has x = 0"},
    {AggregateKind::kRegrR2, "REGR_R2", "REGR_R2(y, x)",
     "which part of the differences of y the line explains: the square of CORR, or 1 where y is "
     "always the same"},
}};

// Other names of the same functions.
constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kSynonyms = {
    {{"STDDEV", "STDDEV_SAMP"},
     {"VARIANCE", "VAR_SAMP"},
     {"APPROX_QUANTILE", "APPROX_PERCENTILE"},
     {"STRING_AGG", "LISTAGG"},
     {"ANY_VALUE", "FIRST_VALUE"},
     {"EVERY", "BOOL_AND"},
     {"PERCENTILE_CONT", "PERCENTILE"},
     {"QUANTILE_CONT", "PERCENTILE"},
     {"QUANTILE_DISC", "PERCENTILE_DISC"}}};

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
  const auto other = std::ranges::find(kSynonyms, upper, &decltype(kSynonyms)::value_type::first);
  if (other != kSynonyms.end()) upper = other->second;
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

bool is_of_pairs(const AggregateFunction& function) {
  return function.kind >= AggregateKind::kCovarPop;
}

bool is_of_order(const AggregateFunction& function) {
  switch (function.kind) {
    case AggregateKind::kListAgg:
    case AggregateKind::kArrayAgg:
    case AggregateKind::kJsonArrayAgg:
    case AggregateKind::kPercentileDisc:
    case AggregateKind::kMode: return true;
    default: return false;
  }
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
    case AggregateKind::kRegrCount: return AggregateType{Type::int64(), false};
    case AggregateKind::kBitAnd:
    case AggregateKind::kBitOr:
    case AggregateKind::kBitXor:
      if (!argument.is_integer()) return does_not_take(function, argument, "integers");
      return AggregateType{argument, nullable};
    case AggregateKind::kPercentileDisc:
      if (!is_ordered(argument)) return does_not_take(function, argument, "values with an order");
      return AggregateType{argument, nullable};
    case AggregateKind::kMode:
      if (argument.id() == TypeId::kNull) return does_not_take(function, argument, "typed values");
      return AggregateType{argument, nullable};
    case AggregateKind::kCollect:
      if (argument.id() == TypeId::kNull) return does_not_take(function, argument, "typed values");
      return AggregateType{Type::map(argument, Type::int32(), false), nullable};
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
    case AggregateKind::kBoolAnd:
    case AggregateKind::kBoolOr:
      if (argument->id() != TypeId::kBoolean) {
        return does_not_take(function, *argument, "booleans");
      }
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
  std::optional<Type> value = argument;
  if (!aggregate.order.empty() && argument && argument->id() == TypeId::kRow) {
    const Field& first = argument->fields().front();
    value = first.type;
    nullable |= first.nullable;
  }
  DF_ASSIGN_OR_RETURN(AggregateType made, aggregate_type(function, value, nullable));
  if (function.kind != AggregateKind::kPercentile &&
      function.kind != AggregateKind::kPercentileDisc) {
    return made;
  }
  DF_ASSIGN_OR_RETURN(const Places places, places_of(aggregate));
  if (places.is_array) made.type = Type::array(made.type);
  return made;
}

bool is_groupable(const Type& type) {
  return type.id() != TypeId::kNull && type.id() != TypeId::kJson && !type.is_nested();
}

bool is_ordered(const Type& type) { return is_groupable(type); }

}  // namespace dataflow::plan
