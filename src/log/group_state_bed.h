// A group under a clock that only the test turns. Stores are done at once unless the test holds
// them. Test-only; not part of the room.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "group_state.h"
#include "log/fault.h"

namespace dataflow::log {

class GroupBed {
 public:
  explicit GroupBed(GroupsOptions options_in = {}) : options(options_in) {
    state.emplace("g", options);
  }

  static JoinRequest request(const std::string& member_id, const std::string& protocols = "range") {
    JoinRequest out;
    out.group = "g";
    out.member_id = member_id;
    out.client_id = "c";
    out.client_host = "/127.0.0.1";
    out.protocol_type = "consumer";
    for (const char name : protocols == "range" ? std::string("r") : protocols) {
      out.protocols.push_back({std::string(1, name), "about " + member_id});
    }
    out.session_timeout_ms = 10000;
    out.rebalance_timeout_ms = 30000;
    return out;
  }

  Ticket join(JoinRequest request) {
    const Ticket ticket = ++tickets;
    take(state->join(std::move(request), "m" + std::to_string(++ids), ticket, now));
    return ticket;
  }
  Ticket join(const std::string& member_id) { return join(request(member_id)); }
  Ticket join_static(const std::string& instance, bool can_skip = false,
                     const std::string& protocols = "range") {
    JoinRequest asked = request("", protocols);
    asked.instance_id = instance;
    asked.can_skip_assignment = can_skip;
    return join(asked);
  }
  Ticket sync(SyncRequest request) {
    const Ticket ticket = ++tickets;
    take(state->sync(std::move(request), ticket, now));
    return ticket;
  }
  Ticket sync(const std::string& member, std::vector<MemberAssignment> assignments = {}) {
    SyncRequest asked;
    asked.group = "g";
    asked.member_id = member;
    asked.generation = state->generation();
    asked.assignments = std::move(assignments);
    return sync(asked);
  }
  Fault heartbeat(const std::string& member, std::optional<int32_t> generation = {}) {
    const Generation asked(generation.value_or(state->generation().value()));
    const Status status = state->heartbeat({"g", member, std::nullopt, asked}, now);
    return fault_of(status);
  }
  std::vector<Fault> leave(const std::vector<LeavingMember>& members) {
    std::vector<Status> statuses;
    take(state->leave(members, statuses, now));
    std::vector<Fault> out;
    for (const Status& status : statuses) out.push_back(fault_of(status));
    return out;
  }
  Fault commit(int32_t generation, const std::string& member, bool transactional = false,
               std::optional<std::string> instance = {}) {
    return fault_of(
        state->check_commit({"g", Generation(generation), member, instance}, transactional, now));
  }

  // Turns the clock, doing on the way whatever becomes due.
  void pass(int64_t ms) {
    const int64_t end = now.ms + ms;
    while (state->next_deadline() <= end) {
      const int64_t due = std::max(state->next_deadline(), now.ms);
      now.wall = now.wall + (due - now.ms);
      now.ms = due;
      take(state->expire(now));
    }
    now.wall = now.wall + (end - now.ms);
    now.ms = end;
  }

  void finish_stores(bool ok = true) {
    while (!held.empty()) {
      const GroupEffects::Store store = held.front();
      held.erase(held.begin());
      if (ok) disk = store.record;
      newest_lost = !ok;
      take(state->stored(store.reason, store.generation, ok, now));
    }
  }

  void restart() {
    state.emplace("g", options);
    held.clear();
    if (disk) state->restore(*disk, now);
    check();
  }

  // Two members "m1" (leader) and "m2" in a stable generation.
  void two_stable() {
    join("");
    sync("m1");
    join("");
    join("m1");
    sync("m1", {{"m1", "a1"}, {"m2", "a2"}});
    sync("m2");
    ASSERT_EQ(state->phase(), GroupPhase::kStable);
    ASSERT_EQ(state->leader(), "m1");
  }

  void take(GroupEffects effects) {
    for (auto& [ticket, result] : effects.joins) {
      EXPECT_TRUE(joins.emplace(ticket, std::move(result)).second) << "two answers to one join";
    }
    for (auto& [ticket, result] : effects.syncs) {
      EXPECT_TRUE(syncs.emplace(ticket, std::move(result)).second) << "two answers to one sync";
    }
    check();
    if (effects.store) held.push_back(*effects.store);
    if (!hold_stores) finish_stores();
  }
  void check() { EXPECT_EQ(state->broken_invariant(), ""); }

  GroupsOptions options;
  std::optional<GroupState> state;
  Moment now{1000, Timestamp(1700000000000)};
  Ticket tickets = 0;
  int ids = 0;
  std::map<Ticket, JoinResult> joins;
  std::map<Ticket, SyncResult> syncs;
  bool hold_stores = false;
  std::vector<GroupEffects::Store> held;
  std::optional<GroupRecord> disk;
  bool newest_lost = false;  // the disk refused the last thing to store
};

}  // namespace dataflow::log
