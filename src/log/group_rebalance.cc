// The phases of one group: Empty -> PreparingRebalance (members are joining) -> CompletingRebalance
// (the leader's assignment is awaited) -> Stable, and back to PreparingRebalance whenever the
// members change.
#include <algorithm>

#include "group_faults.h"
#include "group_state.h"
#include "group_subscription.h"

namespace dataflow::log {

int32_t GroupState::rebalance_timeout() const {
  int32_t longest = 0;
  for (const auto& [id, member] : members_)
    longest = std::max(longest, member.rebalance_timeout_ms);
  return longest;
}

void GroupState::rebalance(Moment now, GroupEffects& fx) {
  if (phase_ == GroupPhase::kPreparingRebalance) {
    complete_if_all_joined(now, fx);
  } else {
    prepare_rebalance(now, fx);
  }
}

void GroupState::prepare_rebalance(Moment now, GroupEffects& fx) {
  if (phase_ == GroupPhase::kCompletingRebalance) {
    assignments_.reset();
    refuse_syncs(group_faults::rebalancing(name_), now, fx);
  }
  unsynced_.clear();
  sync_deadline_ = kNever;
  const bool was_empty = phase_ == GroupPhase::kEmpty;
  initial_delay_ = was_empty && options_.initial_rebalance_delay_ms > 0;
  phase_ = GroupPhase::kPreparingRebalance;
  phase_since_ = now.wall;
  if (initial_delay_) {
    const int64_t delay = options_.initial_rebalance_delay_ms;
    join_deadline_ = now.ms + delay;
    delay_remaining_ms_ = std::max<int64_t>(rebalance_timeout() - delay, 0);
    new_member_added_ = false;
    return;
  }
  join_deadline_ = now.ms + rebalance_timeout();
  if (was_empty) {
    // Nobody owns anything yet, so nobody has to wait for an id that was given out and may never be
    // used: its client may have died. Once there is a generation, the next one waits for it.
    complete_join(now, fx);
    return;
  }
  complete_if_all_joined(now, fx);
}

void GroupState::extend_initial_delay(Moment now, GroupEffects& fx) {
  if (new_member_added_ && delay_remaining_ms_ > 0) {
    const int64_t delay =
        std::min<int64_t>(options_.initial_rebalance_delay_ms, delay_remaining_ms_);
    new_member_added_ = false;
    delay_remaining_ms_ -= delay;
    join_deadline_ = now.ms + delay;
    return;
  }
  initial_delay_ = false;
  complete_join(now, fx);
}

void GroupState::complete_if_all_joined(Moment now, GroupEffects& fx) {
  if (phase_ != GroupPhase::kPreparingRebalance || initial_delay_) return;
  if (pending_.empty() && awaiting_join() == members_.size()) complete_join(now, fx);
}

void GroupState::complete_join(Moment now, GroupEffects& fx) {
  for (auto it = members_.begin(); it != members_.end();) {
    const auto member = it++;
    const bool stays = member->second.awaiting_join != 0 || member->second.instance_id.has_value();
    if (!stays) remove_member(member, fx);
  }
  if (members_.empty()) {
    become_empty(now, fx);
    return;
  }
  if (!elect_joined_leader()) {
    // Only static members that are away: their sessions decide what becomes of the group.
    join_deadline_ = now.ms + rebalance_timeout();
    return;
  }
  ++generation_;
  protocol_ = select_protocol();
  phase_ = GroupPhase::kCompletingRebalance;
  phase_since_ = now.wall;
  join_deadline_ = kNever;
  sync_deadline_ = now.ms + rebalance_timeout();
  for (auto& [id, member] : members_) {
    member.assignment.clear();
    member.is_new = false;
    touch(member, now);
    unsynced_.insert(id);
    if (member.awaiting_join != 0) fx.joins.emplace_back(member.awaiting_join, join_answer(member));
    member.awaiting_join = 0;
  }
  store(StoreReason::kGeneration, fx);
}

void GroupState::become_empty(Moment now, GroupEffects& fx) {
  ++generation_;
  protocol_.clear();
  leader_.clear();
  phase_ = GroupPhase::kEmpty;
  phase_since_ = now.wall;
  join_deadline_ = kNever;
  initial_delay_ = false;
  store(StoreReason::kMembers, fx);
}

bool GroupState::elect_joined_leader() {
  const auto leader = members_.find(leader_);
  if (leader != members_.end() && leader->second.awaiting_join != 0) return true;
  for (const auto& [id, member] : members_) {
    if (member.awaiting_join == 0) continue;
    leader_ = id;
    return true;
  }
  return false;
}

std::string GroupState::select_protocol() const {
  // Each member votes for the first of its protocols that all members know.
  std::map<std::string, size_t> votes;
  for (const auto& [id, member] : members_) {
    for (const GroupProtocol& protocol : member.protocols) {
      if (static_cast<size_t>(support_.at(protocol.name)) != members_.size()) continue;
      ++votes[protocol.name];
      break;
    }
  }
  std::string best;
  size_t most = 0;
  for (const auto& [name, count] : votes) {
    if (count > most) {
      best = name;
      most = count;
    }
  }
  return best;
}

GroupEffects GroupState::sync(SyncRequest request, Ticket ticket, Moment now) {
  GroupEffects fx;
  Status refusal = check_member(request.member_id, request.instance_id);
  if (refusal.ok() && request.generation != generation_) {
    refusal = group_faults::illegal_generation(name_, request.generation, generation_);
  }
  if (refusal.ok() && ((request.protocol_type && *request.protocol_type != protocol_type_) ||
                       (request.protocol && *request.protocol != protocol_))) {
    refusal =
        group_faults::inconsistent(name_, "its protocol is `" + protocol_ + "` of type `" +
                                              protocol_type_ + "`, the request names another");
  }
  if (refusal.ok() && phase_ == GroupPhase::kPreparingRebalance) {
    refusal = group_faults::rebalancing(name_);
  }
  if (!refusal.ok()) {
    fx.syncs.emplace_back(ticket, SyncResult{std::move(refusal), "", "", ""});
    return fx;
  }
  Member& member = members_.at(request.member_id);
  synced_or_gone(member.id);
  touch(member, now);
  if (phase_ == GroupPhase::kStable) {
    fx.syncs.emplace_back(ticket, sync_answer(member));
    return fx;
  }
  if (member.awaiting_sync != 0) {
    fx.syncs.emplace_back(member.awaiting_sync,
                          SyncResult{group_faults::superseded(name_), "", "", ""});
  }
  member.awaiting_sync = ticket;
  if (member.id == leader_ && !assignments_) {
    assignments_.emplace();
    for (MemberAssignment& made : request.assignments) {
      (*assignments_)[std::move(made.member_id)] = std::move(made.assignment);
    }
    store(StoreReason::kAssignment, fx);
  }
  return fx;
}

GroupEffects GroupState::stored(StoreReason reason, Generation generation, bool ok, Moment now) {
  GroupEffects fx;
  if (phase_ != GroupPhase::kCompletingRebalance || generation != generation_) return fx;
  const bool ours = reason != StoreReason::kAssignment || assignments_.has_value();
  if (!ours || (ok && reason != StoreReason::kAssignment)) return fx;
  if (ok) {
    become_stable(now, fx);
    return fx;
  }
  assignments_.reset();
  refuse_syncs(Status::unavailable("group `" + name_ + "` could not be stored; try again"), now,
               fx);
  prepare_rebalance(now, fx);
  return fx;
}

void GroupState::become_stable(Moment now, GroupEffects& fx) {
  for (auto& [id, member] : members_) {
    const auto it = assignments_->find(id);
    member.assignment = it == assignments_->end() ? "" : std::move(it->second);
    if (member.awaiting_sync == 0) continue;
    fx.syncs.emplace_back(member.awaiting_sync, sync_answer(member));
    member.awaiting_sync = 0;
    touch(member, now);
  }
  assignments_.reset();
  phase_ = GroupPhase::kStable;
  phase_since_ = now.wall;
}

void GroupState::refuse_syncs(const Status& reason, Moment now, GroupEffects& fx) {
  for (auto& [id, member] : members_) {
    if (member.awaiting_sync == 0) continue;
    fx.syncs.emplace_back(member.awaiting_sync, SyncResult{reason, "", "", ""});
    member.awaiting_sync = 0;
    touch(member, now);
  }
}

void GroupState::synced_or_gone(const std::string& id) {
  unsynced_.erase(id);
  if (unsynced_.empty()) sync_deadline_ = kNever;
}

void GroupState::after_removal(Moment now, GroupEffects& fx) {
  if (phase_ == GroupPhase::kPreparingRebalance) {
    complete_if_all_joined(now, fx);
  } else if (phase_ != GroupPhase::kEmpty) {
    prepare_rebalance(now, fx);
  }
}

GroupEffects GroupState::expire(Moment now) {
  GroupEffects fx;
  const bool pending_gone = pending_.forget_due(now.ms);
  if (expire_sessions(now.ms, fx)) {
    after_removal(now, fx);
  } else if (pending_gone) {
    complete_if_all_joined(now, fx);
  }
  if (phase_ == GroupPhase::kPreparingRebalance && join_deadline_ <= now.ms) {
    if (initial_delay_) {
      extend_initial_delay(now, fx);
    } else {
      complete_join(now, fx);
    }
  } else if (expire_unsynced(now.ms, fx)) {
    after_removal(now, fx);
  }
  return fx;
}

bool GroupState::expire_sessions(int64_t now, GroupEffects& fx) {
  bool removed = false;
  for (auto it = members_.begin(); it != members_.end();) {
    const auto member = it++;
    if (member->second.effective_deadline() > now) continue;
    remove_member(member, fx);
    removed = true;
  }
  return removed;
}

bool GroupState::expire_unsynced(int64_t now, GroupEffects& fx) {
  if (sync_deadline_ > now) return false;
  const std::set<std::string> late = std::exchange(unsynced_, {});
  sync_deadline_ = kNever;
  for (const std::string& id : late) remove_member(members_.find(id), fx);
  return !late.empty();
}

GroupEffects GroupState::abandon(const Status& reason) {
  GroupEffects fx;
  for (auto& [id, member] : members_) {
    if (member.awaiting_join != 0) {
      JoinResult refused;
      refused.status = reason;
      refused.member_id = id;
      fx.joins.emplace_back(member.awaiting_join, std::move(refused));
    }
    if (member.awaiting_sync != 0) {
      fx.syncs.emplace_back(member.awaiting_sync, SyncResult{reason, "", "", ""});
    }
    member.awaiting_join = member.awaiting_sync = 0;
  }
  return fx;
}

int64_t GroupState::next_deadline() const {
  int64_t next = std::min(join_deadline_, sync_deadline_);
  for (const auto& [id, member] : members_) next = std::min(next, member.effective_deadline());
  return std::min(next, pending_.next_ms());
}

JoinResult GroupState::join_answer(const Member& member) const {
  JoinResult out;
  out.member_id = member.id;
  out.generation = generation_;
  out.protocol_type = protocol_type_;
  out.protocol = protocol_;
  out.leader = leader_;
  if (member.id == leader_) out.members = joined_members();
  return out;
}

SyncResult GroupState::sync_answer(const Member& member) const {
  return SyncResult{Status(), protocol_type_, protocol_, member.assignment};
}

std::vector<JoinedMember> GroupState::joined_members() const {
  std::vector<JoinedMember> out;
  for (const auto& [id, member] : members_) {
    const std::string* metadata = member.metadata_of(protocol_);
    out.push_back({id, member.instance_id, metadata == nullptr ? "" : *metadata});
  }
  return out;
}

std::optional<std::set<std::string>> GroupState::subscribed_topics() const {
  std::set<std::string> topics;
  if (protocol_type_ != kConsumerProtocolType) return std::nullopt;
  if (members_.empty()) return topics;
  if (protocol_.empty()) return std::nullopt;
  for (const auto& [id, member] : members_) {
    const std::string* metadata = member.metadata_of(protocol_);
    // One that is joining may not know the last generation's protocol.
    if (metadata == nullptr || !add_subscribed_topics(*metadata, topics).ok()) return std::nullopt;
  }
  return topics;
}

std::string GroupState::broken_invariant() const {
  std::map<std::string, int32_t> support;
  size_t statics = 0;
  for (const auto& [id, member] : members_) {
    if (member.id != id) return "a member stands under another id";
    std::set<std::string> names;
    for (const GroupProtocol& protocol : member.protocols) names.insert(protocol.name);
    for (const std::string& name : names) ++support[name];
    if (member.instance_id) {
      ++statics;
      const auto it = instances_.find(*member.instance_id);
      if (it == instances_.end() || it->second != id) return "an instance id names another member";
    }
    if (member.awaiting_join != 0 && phase_ != GroupPhase::kPreparingRebalance) {
      return "a join waits outside of PreparingRebalance";
    }
    if (member.awaiting_sync != 0 && phase_ != GroupPhase::kCompletingRebalance) {
      return "a sync waits outside of CompletingRebalance";
    }
    if (pending_.contains(id)) return "a member's id is still pending";
  }
  if (statics != instances_.size()) return "an instance id without a member";
  if (support != support_) return "the protocols are counted wrongly";
  for (const std::string& id : unsynced_) {
    if (!members_.contains(id)) return "a sync is awaited from nobody";
  }
  if (phase_ == GroupPhase::kEmpty) return members_.empty() ? "" : "an empty group has members";
  if (phase_ == GroupPhase::kPreparingRebalance) {
    return join_deadline_ == kNever ? "a rebalance without an end" : "";
  }
  if (members_.empty()) return "no members in a generation";
  if (!members_.contains(leader_)) return "the leader is no member";
  if (!support_.contains(protocol_)) return "nobody knows the chosen protocol";
  return unsynced_.empty() == (sync_deadline_ == kNever) ? "" : "the wait for syncs has no end";
}

}  // namespace dataflow::log
