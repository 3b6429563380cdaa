// The rows of INSERT … VALUES, without a job.
#pragma once

#include <optional>
#include <vector>

#include "engine/connectors.h"
#include "jobs/collect.h"

namespace dataflow::jobs {

// What the plan's sink would get, in order. None: a job has to answer; also where a row fails,
// which that finds the words for.
std::optional<std::vector<Row>> values_rows(const plan::Plan& plan, engine::Connectors& connectors,
                                            int64_t now_millis);

}  // namespace dataflow::jobs
