// What a job does when it starts: a pure function of what was found.
//
// Nothing is visible before its checkpoint is durable, so there is nothing to abort: all carried
// committables are committed (again; that is a no-op for those that were), whatever else the sinks
// have staged belongs to no checkpoint and is dropped, and the job resumes from the last
// checkpoint.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/status.h"
#include "state/ids.h"

namespace dataflow::state {

struct CarriedCommittable {
  CheckpointId checkpoint;
  uint32_t index = 0;
  std::string sink;
};

// Output that a sink has made ready under the name of a checkpoint, committed or not.
struct StagedOutput {
  std::string sink;
  CheckpointId checkpoint;
  std::string name;
};

struct RecoveryFacts {
  CheckpointId last;                        // durable in the job's store; 0: none
  std::vector<CarriedCommittable> carried;  // in the order of (checkpoint, index)
  std::set<std::string> sinks;              // of the plan that starts
  // Up to which checkpoint a sink itself says that all is committed; no entry: it cannot say.
  std::map<std::string, CheckpointId> committed;
  std::vector<StagedOutput> staged;
};

struct RecoveryDecision {
  CheckpointId resume_from;        // 0: from the beginning
  std::vector<size_t> commit;      // of `carried`, in this order
  std::vector<CheckpointId> done;  // nothing of them is left to commit: acknowledge()
  std::vector<size_t> drop;        // of `staged`
};

// kConflict if going on would lose output or bring it twice: a sink is ahead of the store, or
// committables are for a sink that the plan no longer has. kCorrupt if the facts contradict each
// other.
Result<RecoveryDecision> decide_recovery(const RecoveryFacts& facts);

}  // namespace dataflow::state
