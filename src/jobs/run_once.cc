#include "jobs/run_once.h"

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace dataflow::jobs {
namespace {

constexpr std::chrono::milliseconds kLook{20};

// How the job ended, told by a thread of the engine.
struct End {
  std::mutex mutex;
  std::condition_variable changed;
  bool over = false;
  engine::JobState state = engine::JobState::kFailed;
  Status status;

  void set(engine::JobState how, const Status& why) {
    const std::lock_guard lock(mutex);
    over = true;
    state = how;
    status = why;
    changed.notify_all();
  }
  bool wait_a_little() {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, kLook, [this] { return over; });
  }
};

}  // namespace

void count_rows(const plan::Plan& plan, RunReport& report) {
  report.rows_read = report.rows_written = report.rows_dead = 0;
  for (const engine::OperatorStats& stats : report.last.operators) {
    report.rows_dead += stats.dead_rows + stats.late_rows;
    const plan::Node* node = plan.find(stats.id);
    if (node == nullptr) continue;
    if (std::holds_alternative<plan::SourceSpec>(node->spec)) report.rows_read += stats.rows_out;
    if (std::holds_alternative<plan::SinkSpec>(node->spec)) report.rows_written += stats.rows_in;
  }
}

Result<RunReport> run_once(engine::Engine& engine, plan::Plan plan, const RunOptions& options) {
  RunReport report;
  // The job may tell its end after this function has given up on it.
  const auto end = std::make_shared<End>();
  engine::JobConfig config;
  config.name = plan.name;
  config.plan = plan;
  config.state_dir = options.state_dir;
  config.forgets = options.forgets;
  config.on_end = [end](engine::JobState state, const Status& why) { end->set(state, why); };
  DF_ASSIGN_OR_RETURN(const std::shared_ptr<engine::Job> job, engine.start(std::move(config)));
  while (!end->wait_a_little()) {
    if (options.progress) options.progress(job->status());
    if (!options.interrupted || !options.interrupted()) continue;
    if (options.give_up) {
      job->cancel();
      if (job->status().state == engine::JobState::kFinished) break;
      return Status::cancelled("it was interrupted");
    }
    report.interrupted = true;
    DF_RETURN_IF_ERROR(job->stop().with_context("stopping the pipeline"));
    break;
  }
  const Status how = job->wait();
  report.last = job->status();
  report.state = report.last.state;
  count_rows(plan, report);
  if (report.state == engine::JobState::kFailed) {
    if (!how.ok()) return how;
    return Status::internal("the pipeline failed: " + report.last.reason);
  }
  return report;
}

}  // namespace dataflow::jobs
