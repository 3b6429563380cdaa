#include "state/recovery.h"

#include <tuple>

namespace dataflow::state {

namespace {

std::string text(CheckpointId id) { return std::to_string(id.value()); }

// A sink that has committed a checkpoint which the store does not know would get the same rows
// again, under other names.
Status check_sinks_are_behind(const RecoveryFacts& facts) {
  for (const auto& [sink, committed] : facts.committed) {
    if (committed <= facts.last) continue;
    return Status::conflict("restarting the job: sink " + sink + " has committed checkpoint " +
                            text(committed) + ", the job's state is of checkpoint " +
                            text(facts.last) +
                            "; restore the newer state, or begin with an empty sink");
  }
  return {};
}

Status check_carried(const RecoveryFacts& facts) {
  const CarriedCommittable* before = nullptr;
  for (const CarriedCommittable& carried : facts.carried) {
    const std::string what = "restarting the job: committable " + text(carried.checkpoint) + "/" +
                             std::to_string(carried.index);
    if (carried.checkpoint > facts.last || carried.checkpoint < CheckpointId(1)) {
      return Status::corrupt(what + " is of no checkpoint up to the last one, " + text(facts.last) +
                             "; restore a savepoint");
    }
    if (before != nullptr && std::tie(before->checkpoint, before->index) >=
                                 std::tie(carried.checkpoint, carried.index)) {
      return Status::corrupt(what + " is out of order; restore a savepoint");
    }
    if (!facts.sinks.contains(carried.sink)) {
      return Status::conflict(what + " is for sink " + carried.sink +
                              ", which the plan does not have; start the plan that has it once "
                              "more, so that its output is committed");
    }
    before = &carried;
  }
  return {};
}

bool is_committed(const RecoveryFacts& facts, const CarriedCommittable& carried) {
  const auto found = facts.committed.find(carried.sink);
  return found != facts.committed.end() && carried.checkpoint <= found->second;
}

// What the job's store carries for a sink, and what the sink has committed, is not to be dropped.
bool is_orphan(const RecoveryFacts& facts, const StagedOutput& staged) {
  if (staged.checkpoint > facts.last) return true;
  for (const CarriedCommittable& carried : facts.carried) {
    if (carried.sink == staged.sink && carried.checkpoint == staged.checkpoint) return false;
  }
  const auto found = facts.committed.find(staged.sink);
  return found == facts.committed.end() || staged.checkpoint > found->second;
}

}  // namespace

Result<RecoveryDecision> decide_recovery(const RecoveryFacts& facts) {
  DF_RETURN_IF_ERROR(check_sinks_are_behind(facts));
  DF_RETURN_IF_ERROR(check_carried(facts));
  RecoveryDecision decision;
  decision.resume_from = facts.last;
  std::map<CheckpointId, bool> is_done;
  for (size_t i = 0; i < facts.carried.size(); ++i) {
    const CarriedCommittable& carried = facts.carried[i];
    const bool committed = is_committed(facts, carried);
    if (!committed) decision.commit.push_back(i);
    const auto [entry, is_new] = is_done.emplace(carried.checkpoint, committed);
    if (!is_new) entry->second = entry->second && committed;
  }
  for (const auto& [checkpoint, done] : is_done) {
    if (done) decision.done.push_back(checkpoint);
  }
  for (size_t i = 0; i < facts.staged.size(); ++i) {
    if (is_orphan(facts, facts.staged[i])) decision.drop.push_back(i);
  }
  return decision;
}

}  // namespace dataflow::state
