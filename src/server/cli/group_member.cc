#include "cli/group_member.h"

#include "cli/group_offsets.h"
#include "cli/group_protocol.h"
#include "cli/interrupt.h"
#include "wire/messages/heartbeat.h"
#include "wire/messages/leave_group.h"

namespace dataflow::cli {
namespace {

constexpr int32_t kSessionTimeoutMs = 30'000;
constexpr int32_t kRebalanceTimeoutMs = 60'000;
constexpr int64_t kHeartbeatNanos = 3'000'000'000;
constexpr const char* kRange = "range";
constexpr const char* kProtocolType = "consumer";

}  // namespace

Status GroupMember::find_coordinator() {
  if (has_coordinator_) return {};
  DF_ASSIGN_OR_RETURN(coordinator_, cluster_.coordinator(group_));
  has_coordinator_ = true;
  return {};
}

Status GroupMember::judge(wire::ErrorCode error, const std::string& doing, bool& again) {
  using E = wire::ErrorCode;
  again = true;
  switch (error) {
    case E::kNone: again = false; return {};
    case E::kUnknownMemberId:
    case E::kIllegalGeneration: member_id_.clear(); return {};
    case E::kRebalanceInProgress:
    case E::kUnstableOffsetCommit:
    case E::kCoordinatorLoadInProgress: return {};
    case E::kNotCoordinator:
    case E::kCoordinatorNotAvailable: has_coordinator_ = false; return {};
    default: again = false; return kafka_error(error, doing);
  }
}

Status GroupMember::join() {
  Backoff backoff(2 * kRebalanceTimeoutMs);
  while (true) {
    bool again = false;
    Status status = join_once(again);
    if (!status.ok() && is_connection_failure(status)) {
      has_coordinator_ = false;
      again = true;
    }
    if (!again) {
      last_heartbeat_nanos_ = posix_env().monotonic_nanos();
      return status;
    }
    if (!backoff.wait()) {
      DF_RETURN_IF_ERROR(check_interrupt());
      if (!status.ok()) return status;
      return Status::unavailable("joining group \"" + group_ + "\": it does not come to rest");
    }
  }
}

Status GroupMember::join_once(bool& again) {
  const std::string doing = "joining group \"" + group_ + "\"";
  DF_RETURN_IF_ERROR(find_coordinator());
  wire::JoinGroupRequest request;
  request.group_id = group_;
  request.session_timeout_ms = kSessionTimeoutMs;
  request.rebalance_timeout_ms = kRebalanceTimeoutMs;
  request.member_id = member_id_;
  request.protocol_type = kProtocolType;
  request.protocols.push_back({kRange, encode_subscription({topic_})});
  DF_ASSIGN_OR_RETURN(wire::JoinGroupResponse joined,
                      cluster_.call(coordinator_, request, kRebalanceTimeoutMs));
  if (joined.error_code == wire::ErrorCode::kMemberIdRequired) {
    request.member_id = member_id_ = joined.member_id;
    DF_ASSIGN_OR_RETURN(joined, cluster_.call(coordinator_, request, kRebalanceTimeoutMs));
  }
  if (joined.error_code == wire::ErrorCode::kInconsistentGroupProtocol) {
    return Status::conflict(doing +
                            ": its members share partitions in another way than \"range\"; "
                            "take another group, or stop them first");
  }
  DF_RETURN_IF_ERROR(judge(joined.error_code, doing, again));
  if (again) return {};
  member_id_ = joined.member_id;
  generation_ = joined.generation_id;
  return sync(joined, again);
}

Status GroupMember::sync(const wire::JoinGroupResponse& joined, bool& again) {
  wire::SyncGroupRequest request;
  request.group_id = group_;
  request.generation_id = generation_;
  request.member_id = member_id_;
  request.protocol_type = kProtocolType;
  request.protocol_name = kRange;
  if (joined.leader == joined.member_id && !joined.skip_assignment) {
    DF_RETURN_IF_ERROR(share_out(joined, request));
  }
  DF_ASSIGN_OR_RETURN(wire::SyncGroupResponse answer,
                      cluster_.call(coordinator_, request, kRebalanceTimeoutMs));
  DF_RETURN_IF_ERROR(judge(answer.error_code, "joining group \"" + group_ + "\"", again));
  if (again) return {};
  DF_ASSIGN_OR_RETURN(PartitionsByTopic mine, decode_assignment(answer.assignment));
  partitions_ = mine[topic_];
  return {};
}

// As the group's leader: who reads what, of every topic that a member asked for.
Status GroupMember::share_out(const wire::JoinGroupResponse& joined,
                              wire::SyncGroupRequest& request) {
  std::map<std::string, std::vector<std::string>> topics_by_member;
  for (const auto& member : joined.members) {
    DF_ASSIGN_OR_RETURN(topics_by_member[member.member_id], decode_subscription(member.metadata));
  }
  DF_ASSIGN_OR_RETURN(std::vector<TopicPlace> topics, cluster_.topics());
  std::map<std::string, int32_t> counts;
  for (const TopicPlace& topic : topics)
    counts[topic.name] = static_cast<int32_t>(topic.partitions.size());
  for (const auto& [member, partitions] : assign_ranges(topics_by_member, counts)) {
    request.assignments.push_back({member, encode_assignment(partitions)});
  }
  return {};
}

Result<std::map<int32_t, int64_t>> GroupMember::committed() {
  std::map<int32_t, int64_t> out;
  if (partitions_.empty()) return out;
  const PartitionsByTopic mine{{topic_, partitions_}};
  DF_ASSIGN_OR_RETURN(OffsetsByPartition offsets,
                      fetch_group_offsets(cluster_, group_, mine, true));
  for (const auto& [place, offset] : offsets) out[place.partition] = offset;
  return out;
}

Result<bool> GroupMember::keep_alive() {
  const int64_t now = posix_env().monotonic_nanos();
  if (now - last_heartbeat_nanos_ < kHeartbeatNanos) return true;
  last_heartbeat_nanos_ = now;
  DF_RETURN_IF_ERROR(find_coordinator());
  wire::HeartbeatRequest request;
  request.group_id = group_;
  request.generation_id = generation_;
  request.member_id = member_id_;
  auto answer = cluster_.call(coordinator_, request);
  if (!answer.ok()) {
    if (!is_connection_failure(answer.status())) return answer.status();
    has_coordinator_ = false;
    return false;
  }
  bool again = false;
  DF_RETURN_IF_ERROR(judge(answer->error_code, "keeping group \"" + group_ + "\" informed", again));
  return !again;
}

Result<bool> GroupMember::commit(const std::map<int32_t, int64_t>& offsets) {
  if (offsets.empty()) return true;
  if (member_id_.empty()) return false;
  OffsetsByPartition places;
  for (const auto& [partition, offset] : offsets) places[{topic_, partition}] = offset;
  Backoff backoff(cluster_.timeout_ms());
  while (true) {
    DF_RETURN_IF_ERROR(find_coordinator());
    auto error =
        commit_group_offsets(cluster_, coordinator_, group_, {member_id_, generation_}, places);
    if (!error.ok() && !is_connection_failure(error.status())) return error.status();
    if (error.ok()) {
      bool again = false;
      DF_RETURN_IF_ERROR(
          judge(*error, "committing the offsets of group \"" + group_ + "\"", again));
      if (!again) return true;
      // A group that rebalances still takes its members' offsets; one that has forgotten us does
      // not.
      if (*error == wire::ErrorCode::kRebalanceInProgress || member_id_.empty()) return false;
    } else {
      has_coordinator_ = false;
    }
    if (!backoff.wait()) return false;
  }
}

void GroupMember::leave() {
  if (!has_coordinator_ || member_id_.empty()) return;
  wire::LeaveGroupRequest request;
  request.group_id = group_;
  request.member_id = member_id_;
  request.members.push_back({member_id_});
  // Whether it arrives or not: the session ends by itself.
  (void)cluster_.call(coordinator_, request).ok();
  member_id_.clear();
}

}  // namespace dataflow::cli
