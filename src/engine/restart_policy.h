// When a failed job is started again: pure, so that it is tested without a clock.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "plan/plan.h"

namespace dataflow::engine {

class RestartPolicy {
 public:
  explicit RestartPolicy(const plan::RestartSpec& spec) : spec_(spec) {}

  // A failure at this moment: after how many milliseconds to try again, or nothing: give up.
  // `random` (any bits) is the jitter: a tenth either way.
  std::optional<int64_t> on_failure(int64_t now_millis, uint64_t random);

 private:
  const plan::RestartSpec spec_;
  std::deque<int64_t> failures_;  // within the window
};

}  // namespace dataflow::engine
