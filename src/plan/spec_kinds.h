// The kinds of nodes by name, in the order of Spec's alternatives.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "plan/plan.h"

namespace dataflow::plan {

inline constexpr std::array<std::string_view, std::variant_size_v<Spec>> kSpecKinds = {
    "source", "filter", "project",      "window",   "window_join", "interval_join", "deduplicate",
    "union",  "split",  "sink",         "operator", "group",       "join",          "temporal_join",
    "rank",   "over",   "window_table", "upsert",   "unnest"};

// An empty spec of that kind.
std::optional<Spec> spec_of_kind(std::string_view kind);

}  // namespace dataflow::plan
