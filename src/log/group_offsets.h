// The offsets of one group, in memory: what is committed, and what open transactions have staged.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "log/groups.h"
#include "log/partition.h"

namespace dataflow::log {

struct CommittedOffset {
  Offset offset;
  LeaderEpoch leader_epoch{-1};
  std::string metadata;
  Timestamp commit_time;
  std::optional<Timestamp> expires;  // asked for by the commit itself
  friend bool operator==(const CommittedOffset&, const CommittedOffset&) = default;
};

// What decides on expiry besides the offset itself.
struct ExpiryView {
  Timestamp now;
  int64_t retention_ms = 0;
  GroupPhase phase = GroupPhase::kEmpty;
  bool ever_had_members = false;
  Timestamp phase_since;
  std::optional<std::set<std::string>> subscribed;  // nothing: unknown
};

class GroupOffsets {
 public:
  using Committed = std::map<TopicPartition, CommittedOffset>;

  void apply(const TopicPartition& partition, CommittedOffset offset);
  void erase(const TopicPartition& partition) { committed_.erase(partition); }
  const CommittedOffset* find(const TopicPartition& partition) const;
  const Committed& committed() const { return committed_; }
  std::vector<TopicPartition> of_topic(const std::string& topic) const;

  void stage(ProducerId producer, const TopicPartition& partition) {
    staged_[producer].insert(partition);
  }
  void forget(ProducerId producer) { staged_.erase(producer); }
  bool unstable(const TopicPartition& partition) const;
  bool has_staged() const { return !staged_.empty(); }
  // Partitions that are staged and have no committed offset.
  std::vector<TopicPartition> only_staged() const;

  // Never one that a transaction has staged.
  std::vector<TopicPartition> expired(const ExpiryView& view) const;

 private:
  Committed committed_;
  std::map<ProducerId, std::set<TopicPartition>> staged_;
};

}  // namespace dataflow::log
