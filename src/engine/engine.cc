#include <algorithm>
#include <system_error>
#include <thread>

#include "engine/job.h"
#include "held_up_jobs.h"
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
        shared_(std::make_unique<Shared>(options)) {}

  ~EngineImpl() override {
    // A thread that a connector holds may come back at any time, and finds all of it.
    if (shared_->held_up.count() > 0) (void)shared_.release();
  }

  Status can_run(const plan::Plan& plan, const plan::Node& node) const override {
    const bool connector = std::holds_alternative<plan::SourceSpec>(node.spec) ||
                           std::holds_alternative<plan::SinkSpec>(node.spec);
    return connector ? Status() : make_operator(plan, node, connectors_).status();
  }

  Result<std::shared_ptr<Job>> start(JobConfig config) override {
    DF_ASSIGN_OR_RETURN(std::shared_ptr<JobImpl> job, make(std::move(config)));
    DF_RETURN_IF_ERROR(job->start());
    return std::shared_ptr<Job>(std::move(job));
  }

  Status deliver(JobConfig config) override {
    if (!env_.exists(config.state_dir)) return {};
    DF_ASSIGN_OR_RETURN(const std::shared_ptr<JobImpl> job, make(std::move(config)));
    return job->deliver();
  }

  size_t held_up() const override { return shared_->held_up.count(); }

 private:
  Result<std::shared_ptr<JobImpl>> make(JobConfig config) {
    const std::string held_up =
        config.state_dir.empty() ? "" : shared_->held_up.over(config.state_dir);
    if (!held_up.empty()) {
      return Status::unavailable("the last run of " + config.name + " is still held up (" +
                                 held_up + "); start it when that is over");
    }
    const std::string name = config.name;
    // A job has a thread of its own.
    try {
      return std::make_shared<JobImpl>(env_, timers_, connectors_, shared_->scheduler, options_,
                                       shared_->state_memory, shared_->held_up, std::move(config));
    } catch (const std::system_error& none) {
      return Status::unavailable("there is no thread for " + name + ": " + none.what());
    }
  }

  // What jobs share; a held up one still uses it.
  struct Shared {
    explicit Shared(const EngineOptions& options)
        : state_memory(options.state_memory_bytes),
          scheduler(options.threads > 0
                        ? options.threads
                        : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()))) {}
    state::MemoryBudget state_memory;  // outlives the tasks of every job
    Scheduler scheduler;
    HeldUpJobs held_up;
  };

  Env& env_;
  TimerQueue& timers_;
  Connectors& connectors_;
  const EngineOptions options_;
  std::unique_ptr<Shared> shared_;
};

}  // namespace

std::unique_ptr<Engine> Engine::create(Env& env, TimerQueue& timers, Connectors& connectors,
                                       EngineOptions options, Metrics* /*metrics*/) {
  return std::make_unique<EngineImpl>(env, timers, connectors, options);
}

}  // namespace dataflow::engine
