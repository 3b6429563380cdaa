// A pipeline's job on a disk and a clock of its own, one step at a time.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/fault_env.h"
#include "base/timer_queue.h"
#include "engine/job.h"
#include "test_connectors.h"

namespace dataflow::jobs {

struct SimulatedRunOptions {
  int64_t now_ms = 0;
  // The clock means nothing: no time is too far ahead of it.
  bool any_time = true;
  engine::Connectors* plugins = nullptr;  // for the operators of plug-ins
  std::vector<plan::Input> taps;          // outputs of steps to look at, beside the sinks
};

// "step" or "step.output".
std::string tap_name(const plan::Input& input);

class SimulatedRun {
 public:
  // The plan is compiled; what its sources and sinks are is not asked.
  static Result<std::unique_ptr<SimulatedRun>> start(plan::Plan plan,
                                                     const SimulatedRunOptions& options);
  ~SimulatedRun();

  // Each of these returns when all that follows of it has happened. An error is the job's.
  Status give(const std::string& source, std::vector<GivenRow> rows);
  Status advance(int64_t ms);
  Status restart();
  Status finish();

  // What came out since the last call, of a sink, a tap or kDeadLetterNode.
  std::vector<ActualRow> take(const std::string& output);
  // Those of take(), with the schemas of their rows.
  static SchemaPtr output_schema(const plan::Plan& plan, const std::string& output);

 private:
  SimulatedRun() : timers_(env_) {}
  Status prepare(const SimulatedRunOptions& options);
  Status start_job();
  Status settle();
  Status await(const std::function<bool()>& there);

  FaultEnv env_;
  TimerQueue timers_;
  TestConnectors connectors_;
  plan::Plan plan_;
  std::unique_ptr<engine::Engine> engine_;
  std::shared_ptr<engine::Job> job_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  Status outcome_;
};

}  // namespace dataflow::jobs
