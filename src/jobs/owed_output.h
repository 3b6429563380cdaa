// What a job that does not run owes: output of its checkpoints that sinks may not have taken yet.
// It stands in the job's store, and nobody but a run of that store can deliver it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/status.h"

namespace dataflow::jobs {

struct OwedOutput {
  std::string sink;  // its node; engine::kDeadLetterNode
  uint64_t checkpoints = 0;
  uint64_t bytes = 0;
  // 0 checkpoints: its committer keeps something, which may be output that is not shown yet, such
  // as a file that is still written to.
};

// By sink; those that owe nothing are left out. Empty where there is no state.
Result<std::vector<OwedOutput>> owed_output(Env& env, const std::string& state_dir);

// "output of 2 checkpoints, 1234 bytes, to sink "out"; …"
std::string words_of(const std::vector<OwedOutput>& owed);

}  // namespace dataflow::jobs
