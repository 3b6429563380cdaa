#include "restart_policy.h"

#include <algorithm>

namespace dataflow::engine {

std::optional<int64_t> RestartPolicy::on_failure(int64_t now_millis, uint64_t random) {
  while (!failures_.empty() && failures_.front() <= now_millis - spec_.window_ms) {
    failures_.pop_front();
  }
  failures_.push_back(now_millis);
  const auto failures = static_cast<int64_t>(failures_.size());
  if (failures > spec_.max_attempts) return std::nullopt;
  return wait_after(failures, random);
}

int64_t RestartPolicy::on_full_disk(uint64_t random) { return wait_after(++full_disks_, random); }

int64_t RestartPolicy::wait_after(int64_t failures, uint64_t random) const {
  int64_t wait = spec_.backoff_ms;
  for (int64_t i = 1; i < failures && wait < spec_.max_backoff_ms; ++i) wait *= 2;
  wait = std::min(wait, spec_.max_backoff_ms);
  const int64_t tenth = wait / 10;
  if (tenth == 0) return wait;
  return wait - tenth + static_cast<int64_t>(random % static_cast<uint64_t>(2 * tenth + 1));
}

}  // namespace dataflow::engine
