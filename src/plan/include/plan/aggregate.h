// The aggregate functions: names, arguments and the type of what they give. One table for planning,
// for the engine that computes them and for documentation.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

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
// How many parameters it takes behind the argument.
size_t parameters_of(const AggregateFunction& function);
// The place in a distribution, from 0 to 1, that is the parameter of a percentile.
Result<double> place_of(const Aggregate& aggregate);

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

// Whether values can be keys of groups, and counted as distinct: they have one meaning of equality.
bool is_groupable(const Type& type);
// Whether MIN and MAX know an order of them.
bool is_ordered(const Type& type);

}  // namespace dataflow::plan
