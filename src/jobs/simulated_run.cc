#include "simulated_run.h"

#include <algorithm>
#include <chrono>

#include "jobs/pipelines.h"

namespace dataflow::jobs {
namespace {

constexpr int kThreads = 2;
constexpr int64_t kDayMs = 24LL * 3600 * 1000;
// Of real time. Only a fault of the engine makes a step take so long.
constexpr std::chrono::seconds kLongestStep{60};

plan::SinkSpec test_sink() {
  plan::SinkSpec sink;
  sink.connector = "test";
  sink.format = "json";
  return sink;
}

}  // namespace

std::string tap_name(const plan::Input& input) {
  return input.output.empty() ? input.node : input.node + "." + input.output;
}

SchemaPtr SimulatedRun::output_schema(const plan::Plan& plan, const std::string& output) {
  if (output == "dead_letters") return engine::dead_letter_schema();
  if (const plan::Node* node = plan.find(output)) {
    const bool sink = std::holds_alternative<plan::SinkSpec>(node->spec);
    return sink ? plan::schema_of(plan, node->inputs.at(0)) : node->schema;
  }
  const size_t dot = output.find('.');
  const std::string step = output.substr(0, dot);
  if (dot == std::string::npos || plan.find(step) == nullptr) return nullptr;
  return plan::schema_of(plan, {step, output.substr(dot + 1)});
}

Status SimulatedRun::prepare(const SimulatedRunOptions& options) {
  // One task each: rows come in one order.
  plan_.job.parallelism = 1;
  plan_.job.checkpoint_interval_ms = kDayMs;
  plan_.job.restart.max_attempts = 0;
  plan_.job.dead_letters = test_sink();
  connectors_.outputs["dead_letters"] = connectors_.outputs[engine::kDeadLetterNode] =
      std::make_shared<TestOutput>();
  for (const plan::Input& tap : options.taps) {
    plan::Node node;
    node.id = "$tap " + tap_name(tap);
    node.inputs = {tap};
    node.spec = test_sink();
    connectors_.outputs[tap_name(tap)] = connectors_.outputs[node.id] =
        std::make_shared<TestOutput>();
    plan_.nodes.push_back(std::move(node));
  }
  for (plan::Node& node : plan_.nodes) {
    node.parallelism.reset();
    if (auto* source = std::get_if<plan::SourceSpec>(&node.spec)) {
      if (source->watermark && options.any_time) source->watermark->max_future_skew_ms = 0;
      auto input = std::make_shared<TestInput>();
      input->on_end([this] {
        const std::lock_guard lock(mutex_);
        changed_.notify_all();
      });
      connectors_.inputs[node.id] = std::move(input);
    } else if (std::holds_alternative<plan::SinkSpec>(node.spec)) {
      auto& output = connectors_.outputs[node.id];
      if (output == nullptr) output = std::make_shared<TestOutput>();
    }
  }
  return plan::validate(plan_);
}

Result<std::unique_ptr<SimulatedRun>> SimulatedRun::start(plan::Plan plan,
                                                          const SimulatedRunOptions& options) {
  std::unique_ptr<SimulatedRun> run(new SimulatedRun());
  run->plan_ = std::move(plan);
  run->connectors_.plugins = options.plugins;
  run->env_.set_now(Timestamp(options.now_ms));
  DF_RETURN_IF_ERROR(run->prepare(options));
  engine::EngineOptions engine_options;
  engine_options.threads = kThreads;
  engine_options.batch_rows = 1;  // the watermark moves with every row
  run->engine_ =
      engine::Engine::create(run->env_, run->timers_, run->connectors_, engine_options, nullptr);
  DF_RETURN_IF_ERROR(check_operators(run->plan_, *run->engine_));
  DF_RETURN_IF_ERROR(run->start_job());
  DF_RETURN_IF_ERROR(run->settle());
  return run;
}

SimulatedRun::~SimulatedRun() {
  if (job_ != nullptr) job_->cancel();
  job_.reset();
  engine_.reset();
}

Status SimulatedRun::start_job() {
  for (const auto& [name, input] : connectors_.inputs) input->begin_again();
  over_ = false;
  outcome_ = {};
  engine::JobConfig config;
  config.name = plan_.name;
  config.plan = plan_;
  config.state_dir = "/state";
  config.on_end = [this](engine::JobState /*state*/, const Status& why) {
    const std::lock_guard lock(mutex_);
    over_ = true;
    outcome_ = why;
    changed_.notify_all();
  };
  DF_ASSIGN_OR_RETURN(job_, engine_->start(std::move(config)));
  return {};
}

Status SimulatedRun::await(const std::function<bool()>& there) {
  std::unique_lock lock(mutex_);
  const bool came = changed_.wait_for(lock, kLongestStep, [&] { return over_ || there(); });
  if (over_ && !outcome_.ok()) return outcome_;
  if (came) return {};
  return Status::timed_out("the pipeline did not come to rest; this is a fault of the engine");
}

Status SimulatedRun::settle() {
  DF_RETURN_IF_ERROR(await([this] {
    return std::ranges::all_of(connectors_.inputs,
                               [](const auto& one) { return one.second->at_end(); });
  }));
  // Its barrier comes behind everything that the sources have sent, and behind timers that are due.
  const Status taken = job_->checkpoint().status();
  if (taken.ok()) return {};
  const Status failed = await([] { return false; });
  return failed.ok() ? taken : failed;
}

Status SimulatedRun::give(const std::string& source, std::vector<GivenRow> rows) {
  connectors_.inputs.at(source)->add(std::move(rows));
  return settle();
}

Status SimulatedRun::advance(int64_t ms) {
  env_.advance_ms(ms);
  timers_.run_due();
  // A source tells behind the first barrier that it has been idle for long enough.
  DF_RETURN_IF_ERROR(settle());
  return settle();
}

Status SimulatedRun::restart() {
  DF_RETURN_IF_ERROR(job_->stop());
  DF_RETURN_IF_ERROR(await([] { return false; }));
  job_.reset();
  DF_RETURN_IF_ERROR(start_job());
  return settle();
}

Status SimulatedRun::finish() {
  for (const auto& [name, input] : connectors_.inputs) input->finish();
  return await([] { return false; });
}

std::vector<ActualRow> SimulatedRun::take(const std::string& output) {
  return connectors_.outputs.at(output)->take();
}

}  // namespace dataflow::jobs
