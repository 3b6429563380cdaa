// Member ids that were given out and not yet joined with, and when each is forgotten. Anybody may
// ask for any number of them, so that no call looks at all of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace dataflow::log {

class PendingMembers {
 public:
  void add(std::string id, int64_t forget_at_ms) {
    by_time_.emplace(forget_at_ms, id);
    times_[std::move(id)] = forget_at_ms;
  }
  // False if it was not there.
  bool erase(const std::string& id) {
    const auto it = times_.find(id);
    if (it == times_.end()) return false;
    by_time_.erase({it->second, id});
    times_.erase(it);
    return true;
  }
  bool contains(const std::string& id) const { return times_.contains(id); }
  bool empty() const { return times_.empty(); }
  size_t size() const { return times_.size(); }
  // Far in the future if there is none.
  int64_t next_ms() const {
    return by_time_.empty() ? std::numeric_limits<int64_t>::max() : by_time_.begin()->first;
  }
  // Whether any was due.
  bool forget_due(int64_t now_ms) {
    const size_t before = size();
    while (next_ms() <= now_ms) {
      times_.erase(by_time_.begin()->second);
      by_time_.erase(by_time_.begin());
    }
    return size() < before;
  }

 private:
  std::map<std::string, int64_t> times_;
  std::set<std::pair<int64_t, std::string>> by_time_;
};

}  // namespace dataflow::log
