#include "cli/pipeline_run.h"

#include "cli/exit_codes.h"
#include "cli/interrupt.h"
#include "cli/local_engine.h"
#include "cli/run_dir.h"
#include "cli/run_report.h"
#include "engine/job.h"
#include "jobs/pipeline_yaml.h"
#include "jobs/pipelines.h"
#include "jobs/run_once.h"

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
              LocalEngine& local) {
  DF_ASSIGN_OR_RETURN(const plan::Plan plan, compile(run, text, local.plugins()));
  DF_RETURN_IF_ERROR(local.open());
  const Status checked = jobs::check_plan(plan, local.connectors(), local.engine());
  if (!checked.ok()) {
    (void)local.close();
    return jobs::refusal(run.file, text, checked);
  }
  RunDir run_dir(env, local.dir() + "/runs/" + plan.name);
  jobs::RunOptions options;
  // Nobody will go on with a folder that ends with this process.
  const bool keeps = !run.data_dir.empty() || !jobs::ends_and_is_local(plan, local.connectors());
  if (keeps) {
    DF_RETURN_IF_ERROR(prepare_run(session, run_dir, plan));
    options.state_dir = run_dir.state();
  }
  RunProgress progress(env, !session.quiet());
  options.interrupted = interrupted;
  options.progress = [&](const engine::JobStatus& status) { progress.show(plan, status); };
  const Result<jobs::RunReport> report = jobs::run_once(local.engine(), plan, options);
  progress.clear();
  Status ended = report.status();
  if (report.ok()) {
    print_run(session, plan, *report, progress.seconds());
    ended = check_interrupt();
    if (keeps && report->state == engine::JobState::kFinished) ended = run_dir.finish();
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
  return with_local_engine(run.data_dir, run.plugins_dir, [&](LocalEngine& local) {
    return run_in(session, env, run, text, local);
  });
}

}  // namespace dataflow::cli
