// What several pages of pipelines have.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "jobs/pipelines.h"

namespace dataflow::http {

// Null where no time was told, or time is over.
nlohmann::json time_or_null(int64_t ms);

// Of the splits that feed an operator: the one that holds it back, and how far ahead the others
// are.
struct Holding {
  const engine::SplitStats* split = nullptr;  // null: none counts, all are idle or at their end
  int64_t newest_ms = INT64_MIN;

  // By how much; null: the split has told no time yet, and so holds everything back.
  nlohmann::json behind_ms() const {
    if (split->watermark_ms == INT64_MIN) return nullptr;
    return newest_ms - split->watermark_ms;
  }
};

// Of a view with a job.
Holding holding_back(const jobs::PipelineView& view, const std::string& id);

}  // namespace dataflow::http
