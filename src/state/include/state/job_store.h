// JobStore: what a job has committed, in its own synced store. Writing a checkpoint is the moment
// of its commit: one atomic, synced batch.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/status.h"
#include "state/delta_block.h"
#include "state/ids.h"
#include "state/savepoint.h"

namespace dataflow::state {

// Output that becomes visible once its checkpoint is durable. Committing twice must be a no-op.
struct Committable {
  std::string sink;   // the operator's id
  std::string bytes;  // the sink's own
};

// Named bytes of an operator that belong to no key: a source's splits, a sink's open files. They
// are given to whichever task asks for the name after a restart.
struct NamedState {
  std::string operator_id;
  std::string name;
  std::optional<std::string> bytes;  // absent: forgotten
};

struct TableDelta {
  std::string operator_id;
  std::string table;
  int task = 0;
  DeltaBlock block;
};

// All that one checkpoint makes durable at once.
struct Checkpoint {
  CheckpointId id;
  std::vector<TableDelta> deltas;
  std::vector<NamedState> named;  // those that changed
  std::vector<Committable> committables;
  int64_t wall_millis = 0;
};

struct StoredCommittable {
  CheckpointId checkpoint;
  uint32_t index = 0;  // within the checkpoint
  Committable committable;
};

struct TableSize {
  std::string operator_id, table;
  uint64_t bytes = 0;
};

struct StoreStats {
  CheckpointId last;
  int64_t last_wall_millis = 0;
  uint64_t block_bytes = 0;  // of folded state
  uint64_t block_count = 0;
  uint64_t delta_bytes = 0;
  uint64_t delta_count = 0;
  // Since open(), by write() for deltas and by folding for blocks: their sum by the first is the
  // write amplification.
  uint64_t delta_bytes_written = 0;
  uint64_t folded_bytes_written = 0;
};

struct JobStoreOptions {
  // Deltas that wait to be folded; beyond it the next write() waits for the folding first.
  // It begins at an eighth of these bytes, or half of this number.
  uint64_t max_pending_delta_bytes = 128ULL << 20;
  uint32_t max_pending_deltas = 2048;
  // A table below this size is kept in one block for all key groups, a larger one in a block for
  // each group.
  uint64_t small_table_bytes = 16ULL << 20;
};

// Thread-safe; writes come from one thread at a time.
class JobStore {
 public:
  // Creates it if it is missing. kUnsupported for a newer format or another number of key groups.
  static Result<std::unique_ptr<JobStore>> open(Env& env, const std::string& dir,
                                                JobStoreOptions options = {});
  virtual ~JobStore() = default;

  // Durable when it returns ok. Ids must rise by one from last(). After kNoSpace nothing of it was
  // written, and the same checkpoint may be written again. On any other error nothing of it may be
  // assumed: the job stops and restarts from what a new open() finds.
  virtual Status write(const Checkpoint& checkpoint) = 0;
  // The committables of this checkpoint are acknowledged: they are dropped with a later write (or
  // not: they are then offered again after a restart, which is harmless).
  virtual void acknowledge(CheckpointId id) = 0;

  virtual CheckpointId last() const = 0;  // 0: none yet
  // Whether any of it is there later: else nobody need gather what has changed.
  virtual bool keeps() const { return true; }
  // In the order of (checkpoint, index): those not known to be acknowledged.
  virtual Result<std::vector<StoredCommittable>> committables() = 0;
  // Of one operator, by name.
  virtual Result<std::map<std::string, std::string>> named(const std::string& operator_id) = 0;
  // About how many rows load() will bring.
  virtual size_t rows_stored(const std::string& operator_id, const std::string& table,
                             KeyGroupRange groups) const = 0;
  // One table of an operator from all tasks, as blocks in the order in which each is to be
  // load()ed; those that have nothing of `groups` may be left out. Several may load at once.
  virtual Status load(const std::string& operator_id, const std::string& table,
                      KeyGroupRange groups,
                      const std::function<Status(const DeltaBlock&)>& visit) = 0;
  Status load(const std::string& operator_id, const std::string& table,
              const std::function<Status(const DeltaBlock&)>& visit) {
    return load(operator_id, table, {}, visit);
  }
  // Operators that have state (for a changed plan).
  virtual Result<std::vector<std::string>> operators() = 0;
  virtual Status forget_operator(const std::string& operator_id) = 0;

  // Small facts beside the state, such as the compiled plan; durable when it returns.
  virtual Status put_fact(const std::string& name, const std::string& bytes) = 0;
  virtual Result<std::optional<std::string>> fact(const std::string& name) = 0;

  // Folds what is pending now; otherwise that is done in the background, when enough has gathered.
  virtual Status fold() = 0;
  // Makes a savepoint at `dir`, which must not exist, as of the last checkpoint; `job` is its name
  // for people. Checkpoints may be written meanwhile. It holds those committables that are not
  // acknowledged: to owe nothing, it is made where there are none.
  virtual Result<SavepointInfo> save(const std::string& dir, const std::string& job) = 0;
  virtual StoreStats stats() const = 0;
  // What each table takes on disk, by operator and name: folded, and deltas that wait for that.
  virtual std::vector<TableSize> table_sizes() const = 0;
  virtual Status close() = 0;
};

}  // namespace dataflow::state
