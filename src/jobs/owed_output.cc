#include "owed_output.h"

#include <map>
#include <set>

#include "engine/job.h"
#include "state/job_store.h"

namespace dataflow::jobs {

Result<std::vector<OwedOutput>> owed_output(Env& env, const std::string& state_dir) {
  std::vector<OwedOutput> owed;
  if (!env.exists(state_dir)) return owed;
  DF_ASSIGN_OR_RETURN(const std::unique_ptr<state::JobStore> store,
                      state::JobStore::open(env, state_dir));
  std::map<std::string, OwedOutput> by_sink;
  std::map<std::string, std::set<int64_t>> checkpoints;
  DF_ASSIGN_OR_RETURN(const std::vector<state::StoredCommittable> left, store->committables());
  for (const state::StoredCommittable& one : left) {
    checkpoints[one.committable.sink].insert(one.checkpoint.value());
    by_sink[one.committable.sink].bytes += one.committable.bytes.size();
  }
  DF_ASSIGN_OR_RETURN(const std::vector<std::string> operators, store->operators());
  for (const std::string& id : operators) {
    DF_ASSIGN_OR_RETURN(const auto named, store->named(id));
    // Names stand in order.
    const auto first = named.lower_bound(std::string(engine::kCommitterPrefix));
    if (first != named.end() && first->first.starts_with(engine::kCommitterPrefix)) by_sink[id];
  }
  DF_RETURN_IF_ERROR(store->close());
  for (auto& [sink, output] : by_sink) {
    output.sink = sink;
    output.checkpoints = checkpoints[sink].size();
    owed.push_back(std::move(output));
  }
  return owed;
}

std::string words_of(const std::vector<OwedOutput>& owed) {
  std::string words;
  for (const OwedOutput& one : owed) {
    if (!words.empty()) words += "; ";
    if (one.checkpoints == 0) {
      words += "what it may still hold back";
    } else {
      words += "output of " + std::to_string(one.checkpoints) +
               (one.checkpoints == 1 ? " checkpoint, " : " checkpoints, ") +
               std::to_string(one.bytes) + " bytes,";
    }
    const bool dead = one.sink == engine::kDeadLetterNode;
    words += dead ? " to the dead letters' sink" : " to sink \"" + one.sink + "\"";
  }
  return words;
}

}  // namespace dataflow::jobs
