// One member of a consumer group that reads one topic: joins, takes part in rebalances, keeps its
// session alive, commits, leaves.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "cli/kafka_cluster.h"
#include "wire/messages/join_group.h"
#include "wire/messages/sync_group.h"

namespace dataflow::cli {

class GroupMember {
 public:
  GroupMember(KafkaCluster& cluster, std::string group, std::string topic)
      : cluster_(cluster), group_(std::move(group)), topic_(std::move(topic)) {}

  // Joins, and waits until the group has agreed who reads what. Afterwards partitions() is new.
  Status join();
  const std::vector<int32_t>& partitions() const { return partitions_; }

  // The committed offset of each of this member's partitions that has one.
  Result<std::map<int32_t, int64_t>> committed();

  // Tells the coordinator that this member lives, when that is due. False: the group rebalances, or
  // does not know this member any more; commit, then join() again.
  Result<bool> keep_alive();
  // False as for keep_alive(): the offsets were not taken, their records will be read again.
  Result<bool> commit(const std::map<int32_t, int64_t>& offsets);
  // The others need not wait for the session's end.
  void leave();

 private:
  Status join_once(bool& again);
  Status sync(const wire::JoinGroupResponse& joined, bool& again);
  Status share_out(const wire::JoinGroupResponse& joined, wire::SyncGroupRequest& request);
  // `again` tells whether a repeat may help; a failure that will not pass is the status.
  Status judge(wire::ErrorCode error, const std::string& doing, bool& again);
  Status find_coordinator();

  KafkaCluster& cluster_;
  const std::string group_;
  const std::string topic_;
  int32_t coordinator_ = -1;
  bool has_coordinator_ = false;
  std::string member_id_;
  int32_t generation_ = -1;
  std::vector<int32_t> partitions_;
  int64_t last_heartbeat_nanos_ = 0;
};

}  // namespace dataflow::cli
