// Where a topic's partitions begin and end, and which offsets belong to a moment.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "base/status.h"
#include "cli/kafka_cluster.h"
#include "cli/moment.h"

namespace dataflow::cli {

// The protocol's special timestamps.
inline constexpr int64_t kLatestTimestamp = -1;
inline constexpr int64_t kEarliestTimestamp = -2;

struct OffsetQuestion {
  std::string topic;
  int32_t partition = 0;
  bool operator<(const OffsetQuestion& other) const {
    return std::tie(topic, partition) < std::tie(other.topic, other.partition);
  }
};
using OffsetsByPartition = std::map<OffsetQuestion, int64_t>;

// The first offset whose record has at least this timestamp, -1 where there is none. Partitions
// without a leader are left out of the answer; every other failure is repeated while that may help.
Result<OffsetsByPartition> list_offsets(KafkaCluster& cluster,
                                        const std::vector<TopicPlace>& topics, int64_t timestamp);

struct OffsetRange {
  int64_t first = 0;
  int64_t end = 0;
};
// By partition. Fails if one of them cannot be asked.
Result<std::map<int32_t, OffsetRange>> offset_ranges(KafkaCluster& cluster,
                                                     const TopicPlace& topic);

// The offset that the start point means in each of the topic's partitions. An offset outside of
// what a partition holds is moved to the nearest end of it.
Result<std::map<int32_t, int64_t>> resolve_start(KafkaCluster& cluster, const TopicPlace& topic,
                                                 const StartPoint& start);

}  // namespace dataflow::cli
