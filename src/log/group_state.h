// The pure core of one group: events with their time go in, answers and things to store come out.
// No I/O, no clock, no lock, no randomness of its own.
//
// A waiting request is a Ticket: whoever calls keeps the callback, and each ticket appears exactly
// once in the effects of this or a later event.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "log/groups.h"
#include "pending_members.h"

namespace dataflow::log {

using Ticket = uint64_t;  // 0: nobody waits

struct Moment {
  int64_t ms = 0;  // monotonic
  Timestamp wall;
};

// What of a member is stored.
struct MemberRecord {
  std::string id;
  std::optional<std::string> instance_id;
  std::string client_id;
  std::string client_host;
  int32_t session_timeout_ms = 0;
  int32_t rebalance_timeout_ms = 0;
  std::vector<GroupProtocol> protocols;
  std::string assignment;
  friend bool operator==(const MemberRecord&, const MemberRecord&) = default;
};

// What of a group is stored. Phases: kEmpty, kCompletingRebalance (the leader's assignment is not
// stored yet) and kStable.
struct GroupRecord {
  GroupPhase phase = GroupPhase::kEmpty;
  Generation generation{0};
  std::string protocol_type;
  std::string protocol;
  std::string leader;
  Timestamp phase_since;
  std::vector<MemberRecord> members;
  friend bool operator==(const GroupRecord&, const GroupRecord&) = default;
};

enum class StoreReason : uint8_t { kGeneration, kAssignment, kMembers };

struct GroupEffects {
  struct Store {
    StoreReason reason;
    Generation generation;
    GroupRecord record;
  };
  std::vector<std::pair<Ticket, JoinResult>> joins;
  std::vector<std::pair<Ticket, SyncResult>> syncs;
  // The answers beside it, and those of later events, go out once it is stored; then stored() is
  // called.
  std::optional<Store> store;
};

class GroupState {
 public:
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
  // A new member's session begins with its first answer; before, nobody can tell whether it still
  // waits.
  static constexpr int64_t kNewMemberTimeoutMs = 300000;

  GroupState(std::string name, const GroupsOptions& options);

  // Takes over what was stored; every session starts at `now`.
  void restore(GroupRecord record, Moment now);

  // `new_id` is the member id to give if the request has none.
  GroupEffects join(JoinRequest request, std::string new_id, Ticket ticket, Moment now);
  GroupEffects sync(SyncRequest request, Ticket ticket, Moment now);
  Status heartbeat(const HeartbeatRequest& request, Moment now);
  GroupEffects leave(const std::vector<LeavingMember>& leaving, std::vector<Status>& statuses,
                     Moment now);
  // The store of the effects with this reason and generation is done, or failed.
  GroupEffects stored(StoreReason reason, Generation generation, bool ok, Moment now);
  // Does what has become due; call it at next_deadline().
  GroupEffects expire(Moment now);
  // Every waiting request is answered with `reason`.
  GroupEffects abandon(const Status& reason);
  // An accepted commit of a member counts as its heartbeat.
  Status check_commit(const CommitOrigin& origin, bool transactional, Moment now);

  int64_t next_deadline() const;
  GroupPhase phase() const { return phase_; }
  Generation generation() const { return generation_; }
  const std::string& protocol_type() const { return protocol_type_; }
  const std::string& protocol() const { return protocol_; }
  const std::string& leader() const { return leader_; }
  Timestamp phase_since() const { return phase_since_; }
  size_t size() const { return members_.size(); }
  size_t pending() const { return pending_.size(); }  // ids given out and not yet joined with
  GroupDescription describe() const;
  GroupRecord record() const;

  // The topics that members of a consumer group read; nothing if that cannot be told.
  std::optional<std::set<std::string>> subscribed_topics() const;

  // Breaks the test that calls it if an invariant does not hold: the words of the first one, or
  // empty.
  std::string broken_invariant() const;

 private:
  struct Member : MemberRecord {
    Ticket awaiting_join = 0;
    Ticket awaiting_sync = 0;
    bool is_new = false;  // has not had an answer to its first join
    int64_t deadline = kNever;
    bool waits() const { return awaiting_join != 0 || awaiting_sync != 0; }
    int64_t effective_deadline() const { return is_new || !waits() ? deadline : kNever; }
    const std::string* metadata_of(const std::string& protocol) const;
  };
  using Members = std::map<std::string, Member>;

  // Group-wide refusals, and what a request's identity amounts to.
  bool accepts_another(const std::string& member_id) const;
  bool supports(const JoinRequest& request) const;
  Status check_member(const std::string& id, const std::optional<std::string>& instance_id) const;
  size_t awaiting_join() const;

  void join_new(JoinRequest& request, std::string new_id, Ticket ticket, Moment now,
                GroupEffects& fx);
  void join_static(JoinRequest& request, std::string new_id, Ticket ticket, Moment now,
                   GroupEffects& fx);
  void join_known(JoinRequest& request, Ticket ticket, Moment now, GroupEffects& fx);
  void static_member_returned(Member& member, const JoinRequest& request, bool was_leader,
                              const std::string& old_id, Ticket ticket, Moment now,
                              GroupEffects& fx);
  void add_member(JoinRequest& request, std::string id, Ticket ticket, Moment now,
                  GroupEffects& fx);
  void update_member(Member& member, JoinRequest& request);
  void await_join(Member& member, Ticket ticket, GroupEffects& fx);
  void remove_member(Members::iterator it, GroupEffects& fx);
  void count_protocols(const Member& member, int by);
  Status remove_leaving(const LeavingMember& leaving, bool& changed, GroupEffects& fx);
  void after_removal(Moment now, GroupEffects& fx);

  void rebalance(Moment now, GroupEffects& fx);
  void prepare_rebalance(Moment now, GroupEffects& fx);
  void complete_if_all_joined(Moment now, GroupEffects& fx);
  void complete_join(Moment now, GroupEffects& fx);
  void become_empty(Moment now, GroupEffects& fx);
  void extend_initial_delay(Moment now, GroupEffects& fx);
  bool elect_joined_leader();
  std::string select_protocol() const;
  bool expire_sessions(int64_t now, GroupEffects& fx);
  bool expire_unsynced(int64_t now, GroupEffects& fx);
  void become_stable(Moment now, GroupEffects& fx);
  void refuse_syncs(const Status& reason, Moment now, GroupEffects& fx);
  void synced_or_gone(const std::string& id);

  void touch(Member& member, Moment now) { member.deadline = now.ms + member.session_timeout_ms; }
  int32_t rebalance_timeout() const;
  JoinResult join_answer(const Member& member) const;
  SyncResult sync_answer(const Member& member) const;
  std::vector<JoinedMember> joined_members() const;
  void store(StoreReason reason, GroupEffects& fx) const;

  const std::string name_;
  const GroupsOptions& options_;

  GroupPhase phase_ = GroupPhase::kEmpty;
  Generation generation_{0};
  std::string protocol_type_;
  std::string protocol_;
  std::string leader_;
  Timestamp phase_since_;
  Members members_;
  std::map<std::string, std::string> instances_;  // instance id -> member id
  PendingMembers pending_;
  std::map<std::string, int32_t> support_;  // protocol -> how many members know it
  std::set<std::string> unsynced_;          // members of this generation that sent no sync yet
  std::optional<std::map<std::string, std::string>>
      assignments_;  // the leader's, while being stored

  int64_t join_deadline_ = kNever;
  int64_t sync_deadline_ = kNever;
  bool initial_delay_ = false;      // waiting for more members of a group that was empty
  bool new_member_added_ = false;   // during that delay
  int64_t delay_remaining_ms_ = 0;  // how much longer it may still be extended
};

}  // namespace dataflow::log
