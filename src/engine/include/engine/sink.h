// Sink: where rows go. A connector implements these; the engine calls them.
//
// A writer (one a task) turns rows into staged output. At a barrier it hands over committables:
// what shall become visible once the checkpoint is durable. The committer (one a sink of a job)
// makes them visible. Nothing is visible before, so there is nothing to abort.
//
// A sink that cannot stage (at-least-once) writes out in write() or before_barrier(), and must have
// finished when before_barrier() returns.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "plan/plan.h"
#include "state/ids.h"
#include "state/job_store.h"
#include "types/batch.h"

namespace dataflow::engine {

using state::CheckpointId;

// Used by one task at a time.
class SinkWriter {
 public:
  virtual ~SinkWriter() = default;
  // Rows that cannot be written go into `faults`; they become dead letters.
  virtual Status write(const Batch& batch, std::vector<RowFault>& faults) = 0;
  // Nothing more will be written; on_barrier() is called once more.
  virtual Status on_end() { return {}; }
  // Hands over everything written since the last barrier. Also called at the end of input.
  virtual Status on_barrier(CheckpointId id, std::vector<std::string>& committables,
                            std::map<std::string, std::string>& named_state) = 0;
  // Bytes that wait for a checkpoint: much of it brings the next one forward.
  virtual int64_t staged_bytes() const = 0;
  // The moment of processing time (ms since 1970) by which a checkpoint is wanted, however little
  // waits.
  virtual std::optional<int64_t> checkpoint_by() const { return std::nullopt; }
};

// Called from one thread at a time, never at the same time as another call to the same committer.
class SinkCommitter {
 public:
  virtual ~SinkCommitter() = default;

  // Once, before anything else: what earlier checkpoints kept under the sink's id.
  virtual Status restore(const std::map<std::string, std::string>& named_state) = 0;
  // Right before the checkpoint is written, in the order of checkpoints: may finish the
  // committables (numbers that must follow each other) and change the named state that goes with
  // them.
  virtual Status prepare(CheckpointId id, std::vector<std::string>& committables,
                         std::map<std::string, std::string>& named_state) = 0;
  // The checkpoint is durable: make them visible, in order, durably; blocks. One that is visible
  // already is passed over. `after_restart` says that this may be so.
  virtual Status commit(CheckpointId id, const std::vector<std::string>& committables,
                        bool after_restart) = 0;
};

class Sink {
 public:
  virtual ~Sink() = default;
  virtual plan::Guarantee guarantee() const = 0;
  // Whether updates and deletions of rows (-U, +U, -D) can be told to it. A sink that only appends
  // gives them to the faults, and pipelines that make them all the time are refused.
  virtual bool takes_updates() const { return true; }
  virtual Result<std::unique_ptr<SinkWriter>> make_writer(
      int task, const std::map<std::string, std::string>& named_state) = 0;
  virtual Result<std::unique_ptr<SinkCommitter>> make_committer() = 0;
};

}  // namespace dataflow::engine
