// The group coordinator: members, generations and assignments of Kafka's classic group protocol,
// and the offsets that groups commit. Every answer that promises something is given after meta has
// it on disk.
//
// Thread-safe, and nothing here blocks. A callback is called exactly once, from any thread (perhaps
// before the call returns), never with a lock held; it must not block. Errors are Status with a
// Fault as detail; kUnavailable without a Fault means "not now, the coordinator is stopping or its
// store fails".
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/env.h"
#include "base/ids.h"
#include "base/status.h"
#include "base/timer_queue.h"
#include "log/log.h"
#include "meta/store.h"

namespace dataflow::log {

struct GroupsOptions {
  int32_t min_session_timeout_ms = 6000;
  int32_t max_session_timeout_ms = 1800000;
  int32_t initial_rebalance_delay_ms = 0;  // an empty group waits this long for more members
  int32_t max_size = INT32_MAX;
  int32_t max_offset_metadata_bytes = 4096;
  int64_t offsets_retention_ms = 7LL * 24 * 3600 * 1000;
  int64_t expiry_check_interval_ms = 600000;
};

// "Dead" is only ever seen in a description: that group does not exist.
enum class GroupPhase : uint8_t {
  kEmpty,
  kPreparingRebalance,
  kCompletingRebalance,
  kStable,
  kDead
};
std::string_view group_phase_name(GroupPhase phase);  // as Kafka prints it: "Stable"

struct GroupProtocol {  // an assignor that a member knows, with what it tells the leader
  std::string name;
  std::string metadata;
  friend bool operator==(const GroupProtocol&, const GroupProtocol&) = default;
};

struct JoinRequest {
  std::string group;
  std::string member_id;  // empty: a new member
  std::optional<std::string> instance_id;
  std::string client_id;
  std::string client_host;  // as Kafka prints it: "/127.0.0.1"
  std::string protocol_type;
  std::vector<GroupProtocol> protocols;
  int32_t session_timeout_ms = 0;
  int32_t rebalance_timeout_ms = 0;  // version 0 has none: pass the session timeout
  bool require_member_id = false;    // version 4 and later
  bool can_skip_assignment = false;  // version 9 and later
};

struct JoinedMember {
  std::string member_id;
  std::optional<std::string> instance_id;
  std::string metadata;  // of the protocol that was chosen
};

struct JoinResult {
  Status status;
  std::string member_id;  // also with kMemberIdRequired: join again with it
  Generation generation{-1};
  std::string protocol_type;  // these three are empty unless the status is ok
  std::string protocol;
  std::string leader;
  bool skip_assignment = false;
  std::vector<JoinedMember> members;  // for the leader only
};

struct MemberAssignment {
  std::string member_id;
  std::string assignment;
};

struct SyncRequest {
  std::string group;
  std::string member_id;
  std::optional<std::string> instance_id;
  Generation generation{-1};
  std::optional<std::string> protocol_type;  // version 5 and later; must be the group's own
  std::optional<std::string> protocol;
  std::vector<MemberAssignment> assignments;  // from the leader
};

struct SyncResult {
  Status status;
  std::string protocol_type;
  std::string protocol;
  std::string assignment;
};

struct HeartbeatRequest {
  std::string group;
  std::string member_id;
  std::optional<std::string> instance_id;
  Generation generation{-1};
};

struct LeavingMember {
  std::string member_id;  // may be empty if there is an instance id
  std::optional<std::string> instance_id;
};

struct LeaveRequest {
  std::string group;
  std::vector<LeavingMember> members;  // versions before 3: exactly one
};

struct LeaveResult {
  Status status;                        // of the request as a whole
  std::vector<Status> member_statuses;  // one for each LeavingMember, in order, if the status is ok
};

struct OffsetToCommit {
  TopicPartition partition;
  Offset offset;
  LeaderEpoch leader_epoch{-1};
  std::string metadata;
};

// Who commits: a member of a generation, or (generation -1, no member id, no instance id) a
// consumer that only keeps its offsets here.
struct CommitOrigin {
  std::string group;
  Generation generation{-1};
  std::string member_id;
  std::optional<std::string> instance_id;
};

struct OffsetCommitRequest {
  CommitOrigin origin;
  std::optional<int64_t> retention_ms;  // versions 2-4, if not -1: this commit's own expiry
  std::vector<OffsetToCommit> offsets;
};

struct OffsetCommitResult {
  std::vector<Status>
      statuses;  // one for each offset, in order; a refused request repeats its reason
};

struct OffsetFetchRequest {
  std::string group;
  std::optional<std::vector<TopicPartition>> partitions;  // nothing: all that the group has
  bool require_stable = false;
};

struct FetchedOffset {
  TopicPartition partition;
  Status status;      // kUnstableOffsetCommit
  Offset offset{-1};  // -1: never committed
  LeaderEpoch leader_epoch{-1};
  std::string metadata;
};

struct OffsetFetchResult {
  Status status;
  std::vector<FetchedOffset> offsets;
};

struct OffsetDeleteResult {
  Status status;
  std::vector<Status> statuses;  // one for each partition, in order, if the status is ok
};

struct MemberDescription {
  std::string member_id;
  std::optional<std::string> instance_id;
  std::string client_id;
  std::string client_host;
  std::string metadata;    // only while the group is stable
  std::string assignment;  // until the next generation begins
};

struct GroupDescription {
  std::string group;
  GroupPhase phase = GroupPhase::kDead;
  std::string protocol_type;
  std::string protocol;
  std::vector<MemberDescription> members;
};

struct GroupListing {
  std::string group;
  std::string protocol_type;
  GroupPhase phase = GroupPhase::kEmpty;
};

struct GroupOffsetView {
  std::string group;
  TopicPartition partition;
  Offset offset;
  Timestamp commit_time;
};

using JoinCallback = std::function<void(JoinResult)>;
using SyncCallback = std::function<void(SyncResult)>;
using LeaveCallback = std::function<void(LeaveResult)>;
using OffsetCommitCallback = std::function<void(OffsetCommitResult)>;
using OffsetDeleteCallback = std::function<void(OffsetDeleteResult)>;
using StatusCallback = std::function<void(Status)>;

// What the transaction coordinator needs of the groups; nobody else calls it.
class TransactionalOffsets {
 public:
  struct Staged {
    std::string group;
    OffsetToCommit offset;
  };

  virtual ~TransactionalOffsets() = default;

  // One status for each offset. Those that are ok are staged: until settle() or forget() of this
  // producer their partitions are unstable for the group's readers.
  virtual std::vector<Status> stage(ProducerId producer, const CommitOrigin& origin,
                                    const std::vector<OffsetToCommit>& offsets) = 0;
  // Once more after a restart, for what was accepted before it.
  virtual void restage(ProducerId producer, const std::vector<Staged>& offsets) = 0;
  // Writes `batch` with these offsets as committed, whole or not at all; they are readable once
  // that is durable. If it fails the producer's offsets stay staged.
  virtual void settle(ProducerId producer, meta::WriteBatch batch,
                      const std::vector<Staged>& offsets, StatusCallback callback) = 0;
  // Nothing of the producer's is staged any more in these groups.
  virtual void forget(ProducerId producer, const std::vector<std::string>& groups) = 0;
};

class Groups : public TransactionalOffsets {
 public:
  // Loads every group. Members go on in the generation they had; their session timeouts start now.
  // The arguments outlive it. It listens to `log` for deleted topics.
  static Result<std::unique_ptr<Groups>> open(Env& env, meta::Store& store, Log& log,
                                              GroupsOptions options, TimerQueue& timers);
  ~Groups() override = default;

  // Answers every waiting request with kUnavailable and refuses later ones. Waits for its own
  // writes.
  virtual void close() = 0;

  virtual void join(JoinRequest request, JoinCallback callback) = 0;
  virtual void sync(SyncRequest request, SyncCallback callback) = 0;
  virtual Status heartbeat(const HeartbeatRequest& request) = 0;
  virtual void leave(const LeaveRequest& request, LeaveCallback callback) = 0;

  virtual void commit_offsets(OffsetCommitRequest request, OffsetCommitCallback callback) = 0;
  virtual OffsetFetchResult fetch_offsets(const OffsetFetchRequest& request) = 0;
  virtual void delete_offsets(const std::string& group,
                              const std::vector<TopicPartition>& partitions,
                              OffsetDeleteCallback callback) = 0;

  // A group that does not exist is described as kDead.
  virtual GroupDescription describe(const std::string& group) = 0;
  // By their names without regard to case; none: every group.
  virtual std::vector<GroupListing> list(const std::vector<std::string>& phases) = 0;
  virtual void delete_group(const std::string& group, StatusCallback callback) = 0;

  virtual std::vector<GroupOffsetView> all_offsets() = 0;

  // Drops what has expired. A timer does this every expiry_check_interval_ms; tests call it.
  virtual void expire_offsets() = 0;
};

}  // namespace dataflow::log
