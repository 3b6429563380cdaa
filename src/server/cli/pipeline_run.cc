#include "cli/pipeline_run.h"

#include "base/timer_queue.h"
#include "cli/exit_codes.h"
#include "cli/interrupt.h"
#include "cli/local_engine.h"
#include "cli/run_dir.h"
#include "cli/run_report.h"
#include "engine/job.h"
#include "jobs/pipeline_yaml.h"
#include "jobs/pipelines.h"
#include "jobs/run_once.h"
#include "load_plugins.h"

namespace dataflow::cli {
namespace {

constexpr uint64_t kLargestFile = 1 << 20;

Result<plan::Plan> compile(const PipelineRun& run, const std::string& text,
                           engine::Connectors& connectors) {
  const jobs::Variables ours = jobs::environment_variables();
  const auto variable = [&](const std::string& name) {
    const auto param = run.params.find(name);
    return param == run.params.end() ? ours(name) : std::optional<std::string>(param->second);
  };
  return jobs::compile_pipeline(run.file, text, variable, &connectors);
}

Status run_in(Session& session, Env& env, const PipelineRun& run, const std::string& text,
              const plan::Plan& plan, LocalEngine& local, const std::string& dir) {
  DF_RETURN_IF_ERROR(local.open());
  const Status checked = jobs::check_plan(plan, local.connectors(), local.engine());
  if (!checked.ok()) {
    (void)local.close();
    return jobs::refusal(run.file, text, checked);
  }
  RunDir run_dir(env, dir + "/runs/" + plan.name);
  DF_ASSIGN_OR_RETURN(const RunDir::Begin begin, run_dir.prepare(plan));
  if (begin == RunDir::Begin::kGoesOn) {
    session.note(plan.name + ": going on from the last checkpoint");
  } else if (begin == RunDir::Begin::kAnew) {
    session.note(plan.name + ": the last run had finished; beginning anew");
  }
  RunProgress progress(env, !session.quiet());
  jobs::RunOptions options;
  options.state_dir = run_dir.state();
  options.interrupted = interrupted;
  options.progress = [&](const engine::JobStatus& status) { progress.show(plan, status); };
  const Result<jobs::RunReport> report = jobs::run_once(local.engine(), plan, options);
  progress.clear();
  Status ended = report.status();
  if (report.ok()) {
    print_run(session, plan, *report, progress.seconds());
    ended = check_interrupt();
    if (report->state == engine::JobState::kFinished) ended = run_dir.finish();
  } else if (report.status().code() != StatusCode::kCancelled) {
    ended = with_exit_code(report.status().with_context(plan.name), ExitCode::kFailed);
  }
  const Status closed = local.close();
  return ended.ok() ? closed : ended;
}

}  // namespace

Status run_pipeline(Session& session, const PipelineRun& run) {
  Env& env = posix_env();
  DF_ASSIGN_OR_RETURN(const std::string text, env.read_file(run.file, kLargestFile));
  auto timers = std::make_unique<TimerQueue>(env);
  DF_ASSIGN_OR_RETURN(
      const std::string folder,
      server::plugins_folder(env, run.plugins_dir,
                             run.data_dir.empty() ? "" : run.data_dir + "/plugins"));
  DF_ASSIGN_OR_RETURN(auto plugins, server::load_plugins(env, timers.get(), folder));
  DF_ASSIGN_OR_RETURN(const plan::Plan plan, compile(run, text, *plugins));
  timers->start();
  catch_interrupts();
  TemporaryDir temporary(env);
  std::string dir = run.data_dir;
  if (dir.empty()) {
    DF_ASSIGN_OR_RETURN(dir, temporary.make());
  }
  auto local = std::make_unique<LocalEngine>(env, *timers, *plugins, dir);
  Status ended = run_in(session, env, run, text, plan, *local, dir);
  if (local->held_up()) {
    (void)local.release();
    (void)plugins.release();
    (void)timers.release();
  }
  return ended;
}

}  // namespace dataflow::cli
