// A group's committed offsets, read and written through its coordinator.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/status.h"
#include "cli/group_protocol.h"
#include "cli/topic_offsets.h"

namespace dataflow::cli {

// Of the named partitions, or (nullopt) of all that have one. What was not committed is left out.
// `stable`: waits for offsets that an open transaction is about to commit.
Result<OffsetsByPartition> fetch_group_offsets(KafkaCluster& cluster, const std::string& group,
                                               const std::optional<PartitionsByTopic>& partitions,
                                               bool stable);

// Whose commit it is: a member's in its generation, or nobody's, for a group without members.
struct Committer {
  std::string member_id;
  int32_t generation = -1;
};
// The first partition's error; kNone when all were taken. Fails only when the coordinator was not
// reached.
Result<wire::ErrorCode> commit_group_offsets(KafkaCluster& cluster, int32_t coordinator,
                                             const std::string& group, const Committer& committer,
                                             const OffsetsByPartition& offsets);

}  // namespace dataflow::cli
