// Savepoint: a job's state as of one checkpoint, in a folder of its own that outlives the job and
// its store. JobStore::save() makes one; a new job can begin from it, at any parallelism.
//
// Of a running job it is taken where all output of its checkpoint has been delivered. One that
// stopped may owe some: that stays its own, and who begins from the savepoint owes nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/status.h"
#include "state/ids.h"

namespace dataflow::state {

struct SavepointInfo {
  std::string dir;
  std::string job;  // of which it is the state
  CheckpointId checkpoint;
  int64_t wall_millis = 0;  // when it was taken
  uint64_t bytes = 0;       // of its files; some of them may be shared with the job's own
  std::string problem;      // why nobody can begin from it; only `dir` is known then
};

// kNotFound if there is none at `dir`; kCorrupt names the file that is missing or has another size.
Result<SavepointInfo> read_savepoint(Env& env, const std::string& dir);
// Those in the folder `parent`, the oldest first, and before them those that are damaged. What is
// unfinished is passed over.
Result<std::vector<SavepointInfo>> list_savepoints(Env& env, const std::string& parent);
// Makes `job_dir`, where no state may be yet, the folder of a job that begins with the savepoint's
// state. Every file is checked against its checksum before anything is there under that name. What
// a sink's committer remembered (named states that begin with `forget`) is left out, and what it
// was owed.
Status restore_savepoint(Env& env, const std::string& dir, const std::string& job_dir,
                         const std::string& forget);
// A savepoint of a job that does not run.
Result<SavepointInfo> save_stopped_job(Env& env, const std::string& job_dir, const std::string& dir,
                                       const std::string& job);

}  // namespace dataflow::state
