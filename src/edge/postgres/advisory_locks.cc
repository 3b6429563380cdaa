#include "advisory_locks.h"

#include <algorithm>

namespace dataflow::postgres {

bool AdvisoryLocks::is_free(const Wanted& wanted) const {
  const auto found = held_.find(wanted.key);
  return found == held_.end() || std::ranges::none_of(found->second, [&](const Held& held) {
           return held.owner != wanted.owner && !(held.shared && wanted.shared);
         });
}

// Whether who holds what is wanted waits for `owner`, through however many others.
bool AdvisoryLocks::waits_for(const Wanted& wanted, uint32_t owner, size_t depth) const {
  const auto found = held_.find(wanted.key);
  if (found == held_.end() || depth > waiting_.size()) return false;
  return std::ranges::any_of(found->second, [&](const Held& held) {
    if (held.owner == wanted.owner || (held.shared && wanted.shared)) return false;
    if (held.owner == owner) return true;
    const auto next = waiting_.find(held.owner);
    return next != waiting_.end() && waits_for(next->second, owner, depth + 1);
  });
}

AdvisoryLocks::Got AdvisoryLocks::take(const Wanted& wanted, std::chrono::milliseconds within) {
  std::unique_lock lock(mutex_);
  if (within.count() > 0 && !is_free(wanted)) {
    if (waits_for(wanted, wanted.owner, 0)) return Got::kNever;
    waiting_[wanted.owner] = wanted;
    released_.wait_for(lock, within, [&] { return is_free(wanted); });
    waiting_.erase(wanted.owner);
  }
  if (!is_free(wanted)) return Got::kNotYet;
  held_[wanted.key].push_back({wanted.owner, wanted.shared, wanted.transaction});
  return Got::kHeld;
}

bool AdvisoryLocks::release(uint32_t owner, const Key& key, bool shared) {
  const std::lock_guard lock(mutex_);
  const auto found = held_.find(key);
  if (found == held_.end()) return false;
  const auto one = std::ranges::find_if(found->second, [&](const Held& held) {
    return held.owner == owner && held.shared == shared && !held.transaction;
  });
  if (one == found->second.end()) return false;
  found->second.erase(one);
  if (found->second.empty()) held_.erase(found);
  released_.notify_all();
  return true;
}

template <class Which>
void AdvisoryLocks::erase(const Which& which) {
  const std::lock_guard lock(mutex_);
  if (held_.empty()) return;
  for (auto& [key, all] : held_) std::erase_if(all, which);
  std::erase_if(held_, [](const auto& entry) { return entry.second.empty(); });
  released_.notify_all();
}

void AdvisoryLocks::release_all(uint32_t owner) {
  erase([owner](const Held& held) { return held.owner == owner && !held.transaction; });
}

void AdvisoryLocks::end_transaction(uint32_t owner) {
  erase([owner](const Held& held) { return held.owner == owner && held.transaction; });
}

void AdvisoryLocks::leave(uint32_t owner) {
  erase([owner](const Held& held) { return held.owner == owner; });
}

}  // namespace dataflow::postgres
