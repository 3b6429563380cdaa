// Job: a running pipeline. The Engine runs the tasks of all jobs on one set of worker threads.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/status.h"
#include "engine/connectors.h"
#include "engine/operator.h"
#include "plan/plan.h"
#include "state/job_store.h"
#include "state/savepoint.h"

namespace dataflow {
class Metrics;
class TimerQueue;
}  // namespace dataflow

namespace dataflow::engine {

enum class JobState : uint8_t {
  kStarting,
  kRunning,
  kRestarting,  // failed, and waits for its backoff
  kStopping,
  kStopped,
  kFinished,  // every source ended and everything is committed
  kFailed,    // for good; the reason is in JobStatus
};
std::string_view job_state_name(JobState state);

// The columns of a dead letter: pipeline, operator, reason, field, message, source, split,
// row_offset, time, row. The last is the row as text, or a payload that could not be decoded.
const SchemaPtr& dead_letter_schema();
// What the dead letters' sink is called where state and output are kept by node.
inline constexpr const char* kDeadLetterNode = "$dead_letters";
// So begin the names of what a sink's committer keeps, beside what is kept of other nodes.
inline constexpr std::string_view kCommitterPrefix = "committer/";

struct TableStats {
  std::string table;
  uint64_t rows = 0, bytes = 0;  // in memory
  uint64_t stored_bytes = 0;     // on disk: what is folded, and what waits for that
};

struct OperatorStats {
  std::string id;
  std::string kind;
  int tasks = 0;
  uint64_t rows_in = 0, rows_out = 0;
  uint64_t late_rows = 0, dead_rows = 0;  // in all runs of the job
  // Of the tasks that it leads, in this run: they worked, waited as an output was full, and had
  // nothing to do. What is left of the time they waited for a thread.
  double busy_seconds = 0, blocked_seconds = 0, idle_seconds = 0;
  int64_t watermark_ms = INT64_MIN;          // INT64_MIN: none yet
  uint64_t state_rows = 0, state_bytes = 0;  // of its tables, and what stands beside them
  uint64_t index_bytes = 0;                  // of these bytes the last
  std::vector<TableStats> tables;
  std::optional<OpenWindows> windows;  // of all its tasks; the rows of those that have the oldest
};

struct SplitStats {
  std::string source, split, position;
  int64_t watermark_ms = INT64_MIN;
  bool idle = false, ended = false;
  int64_t lag = 0;
  uint64_t rows = 0;       // read, in all runs of the job
  uint64_t dead_rows = 0;  // since this run began: not decoded, or without a usable time
};

struct JobStatus {
  JobState state = JobState::kStarting;
  std::string reason;  // of the last failure
  int restarts = 0;
  CheckpointId last_checkpoint;
  int64_t last_checkpoint_wall_ms = 0;
  double last_checkpoint_seconds = 0;  // from barrier to durable
  uint64_t last_checkpoint_bytes = 0;
  uint64_t checkpoints = 0;  // since the start of this process
  std::vector<OperatorStats> operators;
  std::vector<SplitStats> splits;
  std::map<std::string, uint64_t> dead_letters;  // by reason, in all runs of the job
};

// What befell a job while it ran on.
struct JobEvent {
  enum class Kind : uint8_t { kCheckpoint, kRestart };
  Kind kind = Kind::kCheckpoint;
  CheckpointId checkpoint;  // that was taken
  double seconds = 0;       // it took, or until the restart
  uint64_t bytes = 0;       // of it
  std::string reason;       // of the restart
};

// What becomes of a first attempt that fails.
enum class FirstAttempt : uint8_t {
  kMustRun,    // start() says why, and the job is over
  kGoesOn,     // the same, unless there is a checkpoint: then it is tried again as after a failure
  kNotAwaited  // start() does not wait for it, and it is tried again as after a failure
};

struct JobConfig {
  std::string name;
  plan::Plan plan;        // validated
  std::string state_dir;  // the job's own; made if missing, and gone on from if there
  // Called once, from a thread of the engine, when the job is finished, stopped or failed for good.
  std::function<void(JobState, const Status&)> on_end;
  // A savepoint's folder: where `state_dir` has no state yet, the job begins with this one's, at
  // its own parallelism. Sinks' committers begin anew.
  std::string restore_from;
  // Called from a thread of the engine, which must not be held up. May be empty.
  std::function<void(const JobEvent&)> on_event;
  FirstAttempt first_attempt = FirstAttempt::kMustRun;
  // Runs the plan as it stands and not plan::to_run() of it, which tests hold against each other.
  bool as_written = false;
  // Nobody goes on with it: it keeps no state, and leaves `state_dir` alone.
  bool forgets = false;
};

class Job {
 public:
  virtual ~Job() = default;
  virtual const std::string& name() const = 0;
  // Never waits for what the job does.
  virtual JobStatus status() const = 0;
  // Takes a checkpoint and ends the tasks; what was made is committed. Returns when it is over. A
  // connector that holds it up is interrupted after EngineOptions::stop_wait_ms. One that cannot be
  // is left to itself a little later: the job is over, and what it has not delivered is owed in its
  // store. kConflict if something may be owed.
  virtual Status stop() = 0;
  // Ends the tasks at once, as a crash would: the last checkpoint stands. As in stop(), no
  // connector holds it up for long.
  virtual void cancel() = 0;
  // Returns when a checkpoint that began after the call is durable and its output committed.
  // kTimedOut behind EngineOptions::checkpoint_wait_ms, naming who holds it up: it goes on without
  // anybody who waits. kCancelled if the job ends first. Both hold for savepoint() too.
  virtual Result<CheckpointId> checkpoint() = 0;
  // Takes a checkpoint, delivers its output, and keeps it as a savepoint (state/savepoint.h) at
  // `dir`, which must not be there yet. The job runs on, and outlives it or not.
  virtual Result<state::SavepointInfo> savepoint(const std::string& dir) = 0;
  // Returns when the job has ended, with how.
  virtual Status wait() = 0;
};

struct EngineOptions {
  int threads = 0;            // 0: the machine's cores
  int64_t batch_rows = 4096;  // of a batch, and rows of a split between two watermarks
  size_t queue_batches = 4;   // that may wait between two tasks
  // What the keyed state of all jobs may take in memory; 0: no limit. A job that would take more
  // fails at its last checkpoint, and says so.
  size_t state_memory_bytes = 0;
  int64_t start_wait_ms = 10'000;       // for a first attempt; it goes on behind start() by itself
  int64_t stop_wait_ms = 10'000;        // until what holds up the end of a job is interrupted
  int64_t leave_wait_ms = 3'000;        // from then until it is left to itself
  int64_t checkpoint_wait_ms = 30'000;  // for one that somebody asks for
};

class Engine {
 public:
  // Everything given must outlive it; `timers` must be running. `metrics` may be null.
  static std::unique_ptr<Engine> create(Env& env, TimerQueue& timers, Connectors& connectors,
                                        EngineOptions options, Metrics* metrics);
  virtual ~Engine() = default;
  // kUnsupported if this engine does not have what the node asks for. Of a validated plan.
  virtual Status can_run(const plan::Plan& plan, const plan::Node& node) const = 0;
  // Opens the state, commits what the last checkpoint left, and starts the tasks. kUnavailable
  // while an earlier job over this state is held up, though it was told to end.
  virtual Result<std::shared_ptr<Job>> start(JobConfig config) = 0;
  // Delivers what the checkpoints of a job that does not run owe to its sinks. Of the plan only
  // those sinks are opened, and nothing runs. Ok: nothing is owed any more. What holds it up is
  // interrupted and left to itself as by Job::stop(). kUnavailable as from start().
  virtual Status deliver(JobConfig config) = 0;
  // How many jobs are over and still held up by a connector. While there are any, what was given to
  // create() has to stay, even when the engine goes.
  virtual size_t held_up() const { return 0; }
};

}  // namespace dataflow::engine
