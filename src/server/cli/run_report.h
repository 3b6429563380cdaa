// How a job in this process goes, while it runs and at its end.
#pragma once

#include "base/env.h"
#include "cli/document.h"
#include "cli/run_dir.h"
#include "cli/session.h"
#include "jobs/run_once.h"
#include "plan/plan.h"

namespace dataflow::cli {

class RunProgress {
 public:
  RunProgress(Env& env, bool wanted) : env_(env), line_(wanted), began_(env.monotonic_nanos()) {}

  double seconds() const { return static_cast<double>(env_.monotonic_nanos() - began_) / 1e9; }
  void show(const plan::Plan& plan, const engine::JobStatus& status);
  void clear() { line_.clear(); }
  // For a next job.
  void begin() { began_ = env_.monotonic_nanos(); }

 private:
  Env& env_;
  ProgressLine line_;
  int64_t began_;
};

// RunDir::prepare(), and a note of where the job begins.
Status prepare_run(Session& session, RunDir& dir, const plan::Plan& plan);

// "counts: finished after 2s, 100 rows read, 20 written, 1 dead letter"
std::string run_words(const plan::Plan& plan, const jobs::RunReport& report, double seconds);
// The same for programs.
Document run_document(const plan::Plan& plan, const jobs::RunReport& report, double seconds);
// In the session's format.
void print_run(Session& session, const plan::Plan& plan, const jobs::RunReport& report,
               double seconds);

}  // namespace dataflow::cli
