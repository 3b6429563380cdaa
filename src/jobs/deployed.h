// One deployed pipeline in memory: its row, and the job that runs it.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "event_log.h"
#include "jobs/pipelines.h"
#include "pipeline_rows.h"

namespace dataflow::jobs {

class Deployed {
 public:
  Deployed(PipelineRow row, std::shared_ptr<const plan::Plan> plan)
      : row_(std::move(row)), plan_(std::move(plan)) {}

  // Held by whoever changes it, for as long as that takes; taken before everything else.
  std::mutex change;

  PipelineRow row() const;
  void set_row(PipelineRow row, std::shared_ptr<const plan::Plan> plan);
  std::shared_ptr<const plan::Plan> plan() const;

  // A job that has not ended by itself; null if there is none.
  std::shared_ptr<engine::Job> job() const;
  void set_job(std::shared_ptr<engine::Job> job, uint64_t run);
  // Lets go of the last job, which has ended. Whoever owns the pipelines calls it before they go:
  // a job's own thread may be the last to hold this, and must not be the one that ends the job.
  void drop_job();
  // The number that the next job's end is to be told with.
  uint64_t next_run();
  // The job of this run is over; of one that was replaced nothing is kept.
  void end_job(uint64_t run, engine::JobState state, const Status& why);
  // It never came to run.
  void set_failed(const Status& why);
  // It had finished before the server started.
  void set_finished();
  bool finished() const;
  // Returns when the end of its last job has been told.
  void await_end();

  PipelineView view() const;
  // Events are kept in this folder, and begin with those that are there.
  void keep_events(Env& env, const std::string& dir);
  void move_events(const std::string& dir);
  void note(Timestamp when, std::string kind, std::string words);
  std::vector<PipelineEvent> events() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable ended_changed_;
  PipelineRow row_;
  std::shared_ptr<const plan::Plan> plan_;
  std::shared_ptr<engine::Job> job_;
  uint64_t runs_ = 0;     // begun
  uint64_t job_run_ = 0;  // of job_
  uint64_t ended_run_ = 0;
  std::optional<engine::JobState> ended_;  // of the last run
  std::string reason_;

  mutable std::mutex events_mutex_;  // of what follows
  std::deque<PipelineEvent> events_;
  std::unique_ptr<EventLog> event_log_;
};

}  // namespace dataflow::jobs
