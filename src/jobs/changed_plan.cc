#include "changed_plan.h"

#include <algorithm>

#include "engine/job.h"
#include "plan/analyze.h"
#include "state/job_store.h"

namespace dataflow::jobs {
namespace {

// Of which plan a job's state is, kept beside it.
constexpr const char* kPlanFact = "plan";

bool same_place(const plan::SinkSpec& a, const plan::SinkSpec& b) {
  return a.connector == b.connector && a.options == b.options;
}

bool dead_letters_moved(const plan::Plan& before, const plan::Plan& after) {
  const auto& was = before.job.dead_letters;
  const auto& is = after.job.dead_letters;
  return was && (!is || !same_place(*was, *is));
}

std::string place_of(const plan::Node* node) {
  if (node == nullptr || node->place.line <= 0) return "";
  return "line " + std::to_string(node->place.line) + ", column " +
         std::to_string(node->place.column) + ": ";
}

// What the dead letters' sink keeps for itself; the rest are counts.
bool is_of_sink(const std::string& name) {
  return name.starts_with(engine::kCommitterPrefix) || name.starts_with("sink/");
}

}  // namespace

Result<std::vector<std::string>> dropped_by(const plan::Plan& before, const plan::Plan& after) {
  std::vector<std::string> gone;
  for (const plan::NodeChange& change : plan::compare_for_restart(before, after)) {
    if (change.change == plan::Continuity::kIncompatible) {
      const plan::Node* node = after.find(change.id);
      return Status::conflict(place_of(node) + std::string(plan::kind_name(node->spec)) + " \"" +
                              change.id + "\" cannot go on with its state: " + change.reason +
                              ", or deploy with --discard-state to begin the whole pipeline anew");
    }
    if (change.change != plan::Continuity::kRemoved) continue;
    if (plan::has_state(before.find(change.id)->spec)) gone.push_back(change.id);
  }
  if (dead_letters_moved(before, after)) gone.emplace_back(engine::kDeadLetterNode);
  return gone;
}

Result<plan::Plan> plan_of_state(Env& env, const std::string& state_dir) {
  DF_ASSIGN_OR_RETURN(const std::unique_ptr<state::JobStore> store,
                      state::JobStore::open(env, state_dir));
  DF_ASSIGN_OR_RETURN(const std::optional<std::string> json, store->fact(kPlanFact));
  DF_RETURN_IF_ERROR(store->close());
  if (!json) return Status::corrupt("the state in " + state_dir + " does not say of which plan");
  DF_ASSIGN_OR_RETURN(plan::Plan plan, plan::plan_from_json(*json));
  DF_RETURN_IF_ERROR(plan::validate(plan));
  return plan;
}

Status check_delivered(Env& env, const std::string& state_dir,
                       const std::vector<std::string>& operators) {
  if (operators.empty() || !env.exists(state_dir)) return {};
  DF_ASSIGN_OR_RETURN(const std::unique_ptr<state::JobStore> store,
                      state::JobStore::open(env, state_dir));
  DF_ASSIGN_OR_RETURN(const std::vector<state::StoredCommittable> owed, store->committables());
  if (owed.empty()) return store->close();
  return Status::conflict("checkpoint " + std::to_string(owed.front().checkpoint.value()) +
                          " may hold output for the sink \"" + owed.front().committable.sink +
                          "\"; start the pipeline as it is, so that it is delivered, then replace "
                          "it while it runs");
}

Status drop_operators(Env& env, const std::string& state_dir,
                      const std::vector<std::string>& operators, const std::string& plan_json) {
  if (operators.empty() || !env.exists(state_dir)) return {};
  DF_ASSIGN_OR_RETURN(const std::unique_ptr<state::JobStore> store,
                      state::JobStore::open(env, state_dir));
  DF_ASSIGN_OR_RETURN(const std::vector<state::StoredCommittable> delivered, store->committables());
  for (const state::StoredCommittable& one : delivered) store->acknowledge(one.checkpoint);
  state::Checkpoint checkpoint;
  checkpoint.id = store->last() + 1;
  checkpoint.wall_millis = env.now().value();
  for (const std::string& id : operators) {
    if (id != engine::kDeadLetterNode) {
      DF_RETURN_IF_ERROR(store->forget_operator(id));
      continue;
    }
    DF_ASSIGN_OR_RETURN(const auto named, store->named(id));
    for (const auto& [name, bytes] : named) {
      if (is_of_sink(name)) checkpoint.named.push_back({id, name, std::nullopt});
    }
  }
  DF_RETURN_IF_ERROR(store->write(checkpoint));
  DF_RETURN_IF_ERROR(store->put_fact(kPlanFact, plan_json));
  return store->close();
}

}  // namespace dataflow::jobs
