// What members of a consumer group tell each other through the coordinator: subscriptions and
// assignments, as Kafka's clients write them, and the "range" way of sharing partitions.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace dataflow::cli {

using PartitionsByTopic = std::map<std::string, std::vector<int32_t>>;

std::string encode_subscription(const std::vector<std::string>& topics);
Result<std::vector<std::string>> decode_subscription(std::string_view bytes);

std::string encode_assignment(const PartitionsByTopic& partitions);
// Empty bytes are an empty assignment.
Result<PartitionsByTopic> decode_assignment(std::string_view bytes);

// By member: each topic's partitions in order are dealt out in ranges as even as possible, the
// first members by id getting one more. `partition_counts`: topics without an entry are left out.
std::map<std::string, PartitionsByTopic> assign_ranges(
    const std::map<std::string, std::vector<std::string>>& topics_by_member,
    const std::map<std::string, int32_t>& partition_counts);

}  // namespace dataflow::cli
