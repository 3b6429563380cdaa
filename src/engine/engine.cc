#include <algorithm>
#include <thread>

#include "engine/job.h"
#include "job_impl.h"
#include "operators.h"

namespace dataflow::engine {
namespace {

class EngineImpl final : public Engine {
 public:
  EngineImpl(Env& env, TimerQueue& timers, Connectors& connectors, EngineOptions options)
      : env_(env),
        timers_(timers),
        connectors_(connectors),
        options_(options),
        state_memory_(options.state_memory_bytes),
        scheduler_(options.threads > 0
                       ? options.threads
                       : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()))) {}

  Status can_run(const plan::Plan& plan, const plan::Node& node) const override {
    const bool connector = std::holds_alternative<plan::SourceSpec>(node.spec) ||
                           std::holds_alternative<plan::SinkSpec>(node.spec);
    return connector ? Status() : make_operator(plan, node, connectors_).status();
  }

  Result<std::shared_ptr<Job>> start(JobConfig config) override {
    auto job = std::make_shared<JobImpl>(env_, timers_, connectors_, scheduler_, options_,
                                         state_memory_, std::move(config));
    DF_RETURN_IF_ERROR(job->start());
    return std::shared_ptr<Job>(std::move(job));
  }

 private:
  Env& env_;
  TimerQueue& timers_;
  Connectors& connectors_;
  const EngineOptions options_;
  state::MemoryBudget state_memory_;  // outlives the tasks of every job
  Scheduler scheduler_;
};

}  // namespace

std::unique_ptr<Engine> Engine::create(Env& env, TimerQueue& timers, Connectors& connectors,
                                       EngineOptions options, Metrics* /*metrics*/) {
  return std::make_unique<EngineImpl>(env, timers, connectors, options);
}

}  // namespace dataflow::engine
