// What is counted and computed of gathered values: the most frequent one, how often each is there,
// bits, covariances and regressions.
#pragma once

#include <memory>

#include "gathered_values.h"

namespace dataflow::engine {

// Null: it is none of them.
std::unique_ptr<GatheredValues> make_statistic(plan::AggregateKind kind,
                                               const plan::Aggregate& aggregate,
                                               const Type& argument);
// Puts a value as it is gathered.
Status put_gathered(const Type& type, std::string_view value, ColumnWriter& out);

}  // namespace dataflow::engine
