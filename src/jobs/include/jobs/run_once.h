// One pipeline in this process, without a server.
#pragma once

#include <functional>
#include <string>

#include "base/status.h"
#include "engine/job.h"
#include "plan/plan.h"

namespace dataflow::jobs {

struct RunOptions {
  std::string state_dir;
  // Looked at a few times a second; true ends the job with a checkpoint.
  std::function<bool()> interrupted;
  // Interrupted, it ends at once and delivers nothing: kCancelled, unless it had come to its end.
  bool give_up = false;
  // Nobody goes on with it.
  bool forgets = false;
  std::function<void(const engine::JobStatus&)> progress;
};

struct RunReport {
  engine::JobState state = engine::JobState::kFailed;
  bool interrupted = false;
  engine::JobStatus last;
  uint64_t rows_read = 0, rows_written = 0, rows_dead = 0;
};

// Returns when the sources have ended, the job has failed for good, or it was interrupted. The
// failure is the job's; an interrupted job is a report.
Result<RunReport> run_once(engine::Engine& engine, plan::Plan plan, const RunOptions& options);

// Rows that came out of sources, went into sinks, and left as dead letters.
void count_rows(const plan::Plan& plan, RunReport& report);

}  // namespace dataflow::jobs
