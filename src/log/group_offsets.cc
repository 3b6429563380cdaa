#include "group_offsets.h"

#include <algorithm>

namespace dataflow::log {

void GroupOffsets::apply(const TopicPartition& partition, CommittedOffset offset) {
  committed_[partition] = std::move(offset);
}

const CommittedOffset* GroupOffsets::find(const TopicPartition& partition) const {
  const auto it = committed_.find(partition);
  return it == committed_.end() ? nullptr : &it->second;
}

std::vector<TopicPartition> GroupOffsets::of_topic(const std::string& topic) const {
  std::vector<TopicPartition> out;
  auto it = committed_.lower_bound(TopicPartition{topic, PartitionIndex(INT32_MIN)});
  for (; it != committed_.end() && it->first.topic == topic; ++it) out.push_back(it->first);
  return out;
}

bool GroupOffsets::unstable(const TopicPartition& partition) const {
  return std::any_of(staged_.begin(), staged_.end(),
                     [&](const auto& entry) { return entry.second.contains(partition); });
}

std::vector<TopicPartition> GroupOffsets::only_staged() const {
  std::set<TopicPartition> found;
  for (const auto& [producer, partitions] : staged_) {
    for (const TopicPartition& partition : partitions) {
      if (!committed_.contains(partition)) found.insert(partition);
    }
  }
  return {found.begin(), found.end()};
}

std::vector<TopicPartition> GroupOffsets::expired(const ExpiryView& view) const {
  std::vector<TopicPartition> out;
  const bool empty = view.phase == GroupPhase::kEmpty;
  for (const auto& [partition, offset] : committed_) {
    if (unstable(partition)) continue;
    if (offset.expires) {
      const bool read = !empty && (!view.subscribed || view.subscribed->contains(partition.topic));
      if (!read && view.now >= *offset.expires) out.push_back(partition);
      continue;
    }
    Timestamp since = offset.commit_time;
    if (!empty) {
      // While there are members, only what none of them reads may go.
      if (!view.subscribed || view.subscribed->contains(partition.topic)) continue;
    } else if (view.ever_had_members) {
      since = std::max(since, view.phase_since);
    }
    if (view.now - since >= view.retention_ms) out.push_back(partition);
  }
  return out;
}

}  // namespace dataflow::log
