// The aggregate functions: names, arguments and the type of what they give. One table for planning,
// for the engine that computes them and for documentation.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plan/spec.h"
#include "types/schema.h"

namespace dataflow::plan {

enum class AggregateKind : uint8_t {
  kCount,
  kSum,
  kAvg,
  kMin,
  kMax,
  kFirstValue,
  kLastValue,
  kStddevPop,
  kStddevSamp,
  kVarPop,
  kVarSamp,
  kApproxCountDistinct,
  kApproxPercentile,
  kBoolAnd,
  kBoolOr,
  kPercentile,
  kMedian,
  kListAgg,
  kArrayAgg,
  kJsonArrayAgg,
  kJsonObjectAgg,
  kPercentileDisc,
  kMode,
  kCollect,
  kBitAnd,
  kBitOr,
  kBitXor,
  kCovarPop,
  kCovarSamp,
  kCorr,
  kRegrCount,
  kRegrAvgX,
  kRegrAvgY,
  kRegrSxx,
  kRegrSyy,
  kRegrSxy,
  kRegrSlope,
  kRegrIntercept,
  kRegrR2,
};

struct AggregateFunction {
  AggregateKind kind;
  std::string_view name;  // "SUM"
  std::string_view signature;
  std::string_view help;
};

std::span<const AggregateFunction> aggregate_functions();

// By name in any case, or synonym (STDDEV, VARIANCE, APPROX_QUANTILE); null if there is none.
const AggregateFunction* find_aggregate(std::string_view name);

// Whether what it keeps of its rows is a sketch, from which no row can be taken back.
bool is_sketch(const AggregateFunction& function);
// Whether it keeps all values of its rows, in the order of their arrival: lists and percentiles.
bool gathers(const AggregateFunction& function);

// Whether it is of two numbers, ROW(y, x): covariances, correlations and regressions.
bool is_of_pairs(const AggregateFunction& function);
// Whether the order of its values makes a difference to it, so that ORDER BY may stand within.
bool is_of_order(const AggregateFunction& function);

// What it takes behind the argument: kInvalid if the parameters are none of that.
Status check_parameters(const AggregateFunction& function, const Aggregate& aggregate);
// Their number, the least and the most.
std::pair<size_t, size_t> parameters_of(const AggregateFunction& function);
// The places in a distribution, each from 0 to 1, that are the parameter of a percentile.
struct Places {
  std::vector<double> of;
  bool is_array = false;  // gives an array of values, one a place
};
Result<Places> places_of(const Aggregate& aggregate);
Result<double> place_of(const Aggregate& aggregate);  // one, and no array
// Of lists: what stands between the texts of LISTAGG, and whether NULLs have a place in the list.
std::string separator_of(const Aggregate& aggregate);
bool keeps_nulls(const AggregateFunction& function, const Aggregate& aggregate);

struct AggregateType {
  Type type;
  bool nullable;
};

// What the function gives over an argument of this type (none: COUNT(*)), with Flink's rules: SUM
// keeps an integer's or float's type and widens DECIMAL(p, s) to DECIMAL(38, s); AVG keeps it too
// (and truncates integers) and gives DECIMAL(38, max(s, 6)); deviations and variances are typed as
// AVG. NULLs are skipped, so a result is NULL only where no argument was left: `nullable` is that
// of the argument, or true where a filter may leave no row. kInvalid says what the function takes.
Result<AggregateType> aggregate_type(const AggregateFunction& function,
                                     const std::optional<Type>& argument, bool nullable);
// The same of an aggregate with its parameters: of an array of places an array.
Result<AggregateType> aggregate_type(const Aggregate& aggregate,
                                     const std::optional<Type>& argument, bool nullable);

// Whether values can be keys of groups, and counted as distinct: they have one meaning of equality.
bool is_groupable(const Type& type);
// Whether MIN and MAX know an order of them.
bool is_ordered(const Type& type);

}  // namespace dataflow::plan
