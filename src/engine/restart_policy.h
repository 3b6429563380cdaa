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
  // The disk is full, which is no fault of the job: it is tried again for as long as that takes.
  int64_t on_full_disk(uint64_t random);
  // A checkpoint is durable.
  void on_checkpoint() { full_disks_ = 0; }

 private:
  // Behind the n-th failure in a row.
  int64_t wait_after(int64_t failures, uint64_t random) const;

  const plan::RestartSpec spec_;
  std::deque<int64_t> failures_;  // within the window
  int64_t full_disks_ = 0;        // since the last checkpoint
};

}  // namespace dataflow::engine
