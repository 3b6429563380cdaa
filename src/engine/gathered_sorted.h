// Gathered values that another one gets in an order of their own.
#pragma once

#include <memory>
#include <vector>

#include "gathered_values.h"
#include "plan/spec.h"

namespace dataflow::engine {

// `row`: ROW(value, key, …) with a key for each part of the order; `inner` is of the value.
std::unique_ptr<GatheredValues> make_sorted(std::unique_ptr<GatheredValues> inner, const Type& row,
                                            const std::vector<plan::ValueOrder>& order);

}  // namespace dataflow::engine
