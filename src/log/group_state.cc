// One group's members: who may join, who is who, who waits for what. What a rebalance does with
// them is in group_rebalance.cc.
#include "group_state.h"

#include <algorithm>

#include "group_faults.h"

namespace dataflow::log {

namespace {

JoinResult refused_join(Status status, std::string member_id) {
  JoinResult result;
  result.status = std::move(status);
  result.member_id = std::move(member_id);
  return result;
}

SyncResult refused_sync(Status status) {
  SyncResult result;
  result.status = std::move(status);
  return result;
}

}  // namespace

std::string_view group_phase_name(GroupPhase phase) {
  switch (phase) {
    case GroupPhase::kEmpty: return "Empty";
    case GroupPhase::kPreparingRebalance: return "PreparingRebalance";
    case GroupPhase::kCompletingRebalance: return "CompletingRebalance";
    case GroupPhase::kStable: return "Stable";
    case GroupPhase::kDead: return "Dead";
  }
  return "Unknown";
}

const std::string* GroupState::Member::metadata_of(const std::string& protocol) const {
  for (const GroupProtocol& known : protocols) {
    if (known.name == protocol) return &known.metadata;
  }
  return nullptr;
}

GroupState::GroupState(std::string name, const GroupsOptions& options)
    : name_(std::move(name)), options_(options) {}

void GroupState::restore(GroupRecord record, Moment now) {
  phase_ = record.phase;
  generation_ = record.generation;
  protocol_type_ = std::move(record.protocol_type);
  protocol_ = std::move(record.protocol);
  leader_ = std::move(record.leader);
  phase_since_ = record.phase_since;
  for (MemberRecord& stored : record.members) {
    Member member;
    static_cast<MemberRecord&>(member) = std::move(stored);
    touch(member, now);
    count_protocols(member, 1);
    if (member.instance_id) instances_[*member.instance_id] = member.id;
    if (phase_ == GroupPhase::kCompletingRebalance) unsynced_.insert(member.id);
    std::string id = member.id;
    members_.emplace(std::move(id), std::move(member));
  }
  if (phase_ == GroupPhase::kCompletingRebalance) sync_deadline_ = now.ms + rebalance_timeout();
}

GroupEffects GroupState::join(JoinRequest request, std::string new_id, Ticket ticket, Moment now) {
  GroupEffects fx;
  if (!accepts_another(request.member_id)) {
    const auto it = members_.find(request.member_id);
    if (it != members_.end()) {
      remove_member(it, fx);
      after_removal(now, fx);
    }
    fx.joins.emplace_back(ticket, refused_join(group_faults::full(name_, options_.max_size), ""));
  } else if (!supports(request)) {
    fx.joins.emplace_back(
        ticket,
        refused_join(group_faults::inconsistent(
                         name_, "its members use the protocol type `" + protocol_type_ +
                                    "` and none of this member's assignors is known to all of "
                                    "them; use the same partition.assignment.strategy"),
                     request.member_id));
  } else if (!request.member_id.empty()) {
    join_known(request, ticket, now, fx);
  } else if (request.instance_id) {
    join_static(request, std::move(new_id), ticket, now, fx);
  } else {
    join_new(request, std::move(new_id), ticket, now, fx);
  }
  return fx;
}

bool GroupState::accepts_another(const std::string& member_id) const {
  const auto limit = static_cast<size_t>(std::max(options_.max_size, 1));
  const auto it = members_.find(member_id);
  switch (phase_) {
    case GroupPhase::kPreparingRebalance:
      return (it != members_.end() && it->second.awaiting_join != 0) || awaiting_join() < limit;
    case GroupPhase::kCompletingRebalance:
    case GroupPhase::kStable: return it != members_.end() || members_.size() < limit;
    default: return true;
  }
}

bool GroupState::supports(const JoinRequest& request) const {
  if (phase_ == GroupPhase::kEmpty) {
    return !request.protocol_type.empty() && !request.protocols.empty();
  }
  if (request.protocol_type != protocol_type_) return false;
  return std::any_of(request.protocols.begin(), request.protocols.end(), [&](const auto& protocol) {
    const auto it = support_.find(protocol.name);
    return (it == support_.end() ? 0 : static_cast<size_t>(it->second)) == members_.size();
  });
}

size_t GroupState::awaiting_join() const {
  return static_cast<size_t>(std::count_if(members_.begin(), members_.end(), [](const auto& entry) {
    return entry.second.awaiting_join != 0;
  }));
}

Status GroupState::check_member(const std::string& id,
                                const std::optional<std::string>& instance_id) const {
  if (instance_id) {
    const auto it = instances_.find(*instance_id);
    if (it == instances_.end()) return group_faults::unknown_member(name_, id);
    if (it->second != id) return group_faults::fenced(name_, *instance_id);
    return {};
  }
  return members_.contains(id) ? Status() : group_faults::unknown_member(name_, id);
}

void GroupState::join_new(JoinRequest& request, std::string new_id, Ticket ticket, Moment now,
                          GroupEffects& fx) {
  if (!request.require_member_id) {
    add_member(request, std::move(new_id), ticket, now, fx);
    return;
  }
  pending_.add(new_id, now.ms + request.session_timeout_ms);
  Status status = fault(Fault::kMemberIdRequired, StatusCode::kConflict,
                        "group `" + name_ + "` gave the new member an id; join again with it");
  fx.joins.emplace_back(ticket, refused_join(std::move(status), std::move(new_id)));
}

void GroupState::join_static(JoinRequest& request, std::string new_id, Ticket ticket, Moment now,
                             GroupEffects& fx) {
  const auto instance = instances_.find(*request.instance_id);
  if (instance == instances_.end()) {
    add_member(request, std::move(new_id), ticket, now, fx);
    return;
  }
  const std::string old_id = instance->second;
  auto node = members_.extract(old_id);
  Member& old = node.mapped();
  const Status fenced = group_faults::fenced(name_, *request.instance_id);
  if (old.awaiting_join != 0)
    fx.joins.emplace_back(old.awaiting_join, refused_join(fenced, old_id));
  if (old.awaiting_sync != 0) fx.syncs.emplace_back(old.awaiting_sync, refused_sync(fenced));
  old.awaiting_join = old.awaiting_sync = 0;

  const bool was_leader = leader_ == old_id;
  if (was_leader) leader_ = new_id;
  if (unsynced_.erase(old_id) > 0) unsynced_.insert(new_id);
  instance->second = new_id;
  node.key() = new_id;
  old.id = std::move(new_id);
  Member& member = members_.insert(std::move(node)).position->second;
  update_member(member, request);
  touch(member, now);
  static_member_returned(member, request, was_leader, old_id, ticket, now, fx);
}

void GroupState::static_member_returned(Member& member, const JoinRequest& request, bool was_leader,
                                        const std::string& old_id, Ticket ticket, Moment now,
                                        GroupEffects& fx) {
  const bool keeps_protocol = phase_ == GroupPhase::kStable && select_protocol() == protocol_;
  if (!keeps_protocol) {
    await_join(member, ticket, fx);
    rebalance(now, fx);
    return;
  }
  JoinResult answer = join_answer(member);
  answer.members.clear();
  if (request.can_skip_assignment) {
    answer.skip_assignment = was_leader;
    if (was_leader) answer.members = joined_members();
  } else if (was_leader) {
    // It must not take itself for the leader: its assignment would be made and never used.
    answer.leader = old_id;
  }
  fx.joins.emplace_back(ticket, std::move(answer));
  store(StoreReason::kMembers, fx);
}

void GroupState::join_known(JoinRequest& request, Ticket ticket, Moment now, GroupEffects& fx) {
  if (pending_.contains(request.member_id) && !request.instance_id) {
    pending_.erase(request.member_id);
    std::string id = request.member_id;
    add_member(request, std::move(id), ticket, now, fx);
    return;
  }
  Status known = check_member(request.member_id, request.instance_id);
  if (!known.ok()) {
    fx.joins.emplace_back(ticket, refused_join(std::move(known), request.member_id));
    return;
  }
  Member& member = members_.at(request.member_id);
  const bool unchanged = member.protocols == request.protocols;
  const bool current =
      unchanged && (phase_ == GroupPhase::kCompletingRebalance ||
                    (phase_ == GroupPhase::kStable && leader_ != request.member_id));
  if (current) {
    // Its first answer was lost, or it lost sight of the coordinator: nothing about the group
    // changes.
    touch(member, now);
    fx.joins.emplace_back(ticket, join_answer(member));
    return;
  }
  update_member(member, request);
  await_join(member, ticket, fx);
  rebalance(now, fx);
}

void GroupState::add_member(JoinRequest& request, std::string id, Ticket ticket, Moment now,
                            GroupEffects& fx) {
  if (members_.empty()) protocol_type_ = request.protocol_type;
  if (leader_.empty()) leader_ = id;
  if (request.instance_id) instances_[*request.instance_id] = id;
  Member& member = members_[id];
  member.id = std::move(id);
  member.instance_id = request.instance_id;
  update_member(member, request);
  member.is_new = true;
  member.deadline = now.ms + kNewMemberTimeoutMs;
  await_join(member, ticket, fx);
  if (initial_delay_) new_member_added_ = true;
  rebalance(now, fx);
}

void GroupState::update_member(Member& member, JoinRequest& request) {
  count_protocols(member, -1);
  member.client_id = request.client_id;
  member.client_host = request.client_host;
  member.session_timeout_ms = request.session_timeout_ms;
  member.rebalance_timeout_ms = request.rebalance_timeout_ms;
  member.protocols = std::move(request.protocols);
  count_protocols(member, 1);
}

void GroupState::await_join(Member& member, Ticket ticket, GroupEffects& fx) {
  if (member.awaiting_join != 0) {
    fx.joins.emplace_back(member.awaiting_join,
                          refused_join(group_faults::superseded(name_), member.id));
  }
  member.awaiting_join = ticket;
}

void GroupState::count_protocols(const Member& member, int by) {
  std::set<std::string> names;
  for (const GroupProtocol& protocol : member.protocols) names.insert(protocol.name);
  for (const std::string& name : names) {
    if ((support_[name] += by) == 0) support_.erase(name);
  }
}

void GroupState::remove_member(Members::iterator it, GroupEffects& fx) {
  Member& member = it->second;
  const Status gone = group_faults::unknown_member(name_, member.id);
  if (member.awaiting_join != 0) {
    fx.joins.emplace_back(member.awaiting_join, refused_join(gone, member.id));
  }
  if (member.awaiting_sync != 0) fx.syncs.emplace_back(member.awaiting_sync, refused_sync(gone));
  count_protocols(member, -1);
  if (member.instance_id) instances_.erase(*member.instance_id);
  synced_or_gone(member.id);
  const bool was_leader = leader_ == member.id;
  members_.erase(it);
  if (was_leader) leader_ = members_.empty() ? "" : members_.begin()->first;
}

GroupEffects GroupState::leave(const std::vector<LeavingMember>& leaving,
                               std::vector<Status>& statuses, Moment now) {
  GroupEffects fx;
  bool removed = false;
  for (const LeavingMember& member : leaving) {
    statuses.push_back(remove_leaving(member, removed, fx));
  }
  if (removed) {
    after_removal(now, fx);
  } else {
    complete_if_all_joined(now, fx);
  }
  return fx;
}

Status GroupState::remove_leaving(const LeavingMember& leaving, bool& removed, GroupEffects& fx) {
  std::string id = leaving.member_id;
  if (id.empty() && leaving.instance_id) {
    const auto it = instances_.find(*leaving.instance_id);
    if (it == instances_.end()) return group_faults::unknown_member(name_, *leaving.instance_id);
    id = it->second;
  } else if (pending_.erase(id)) {
    return {};
  } else {
    DF_RETURN_IF_ERROR(check_member(id, leaving.instance_id));
  }
  remove_member(members_.find(id), fx);
  removed = true;
  return {};
}

Status GroupState::heartbeat(const HeartbeatRequest& request, Moment now) {
  DF_RETURN_IF_ERROR(check_member(request.member_id, request.instance_id));
  if (request.generation != generation_) {
    return group_faults::illegal_generation(name_, request.generation, generation_);
  }
  touch(members_.at(request.member_id), now);
  // While the assignment is awaited a heartbeat is in order: the member has its join's answer
  // already.
  if (phase_ == GroupPhase::kPreparingRebalance) return group_faults::rebalancing(name_);
  return {};
}

Status GroupState::check_commit(const CommitOrigin& origin, bool transactional, Moment now) {
  const bool names_member =
      origin.generation.value() >= 0 || !origin.member_id.empty() || origin.instance_id.has_value();
  if (origin.generation.value() < 0 && phase_ == GroupPhase::kEmpty) return {};
  if (names_member) {
    DF_RETURN_IF_ERROR(check_member(origin.member_id, origin.instance_id));
    if (origin.generation != generation_) {
      return group_faults::illegal_generation(name_, origin.generation, generation_);
    }
  } else if (!transactional) {
    return fault(Fault::kUnknownMember, StatusCode::kConflict,
                 "group `" + name_ + "` has members; only they may commit its offsets");
  } else {
    return {};
  }
  if (transactional) return {};
  // The member knows this generation, so it may still commit what it read before; not while the
  // assignment is awaited, when nobody owns anything.
  if (phase_ == GroupPhase::kCompletingRebalance) return group_faults::rebalancing(name_);
  touch(members_.at(origin.member_id), now);
  return {};
}

GroupDescription GroupState::describe() const {
  GroupDescription out;
  out.group = name_;
  out.phase = phase_;
  out.protocol_type = protocol_type_;
  const bool stable = phase_ == GroupPhase::kStable;
  if (stable) out.protocol = protocol_;
  for (const auto& [id, member] : members_) {
    MemberDescription about{id, member.instance_id, member.client_id, member.client_host, "", ""};
    const std::string* metadata = stable ? member.metadata_of(protocol_) : nullptr;
    if (metadata != nullptr) about.metadata = *metadata;
    about.assignment = member.assignment;
    out.members.push_back(std::move(about));
  }
  return out;
}

GroupRecord GroupState::record() const {
  GroupRecord out{phase_, generation_, protocol_type_, protocol_, leader_, phase_since_, {}};
  for (const auto& [id, member] : members_) {
    MemberRecord stored = member;
    if (assignments_) {
      const auto it = assignments_->find(id);
      stored.assignment = it == assignments_->end() ? "" : it->second;
    }
    out.members.push_back(std::move(stored));
  }
  if (assignments_) out.phase = GroupPhase::kStable;
  return out;
}

void GroupState::store(StoreReason reason, GroupEffects& fx) const {
  fx.store = GroupEffects::Store{reason, generation_, record()};
}

}  // namespace dataflow::log
