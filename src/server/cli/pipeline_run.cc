#include "cli/pipeline_run.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "base/timer_queue.h"
#include "cli/exit_codes.h"
#include "cli/interrupt.h"
#include "cli/run_dir.h"
#include "connect/connectors.h"
#include "data_dir.h"
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

// A folder of its own that goes away with the object.
class TemporaryDir {
 public:
  explicit TemporaryDir(Env& env) : env_(env) {}
  ~TemporaryDir() {
    if (!path_.empty()) (void)env_.remove_tree(path_);
  }
  Result<std::string> make() {
    const char* const root = std::getenv("TMPDIR");
    std::string path = std::string(root != nullptr && *root != '\0' ? root : "/tmp");
    path += "/dataflow-run-XXXXXX";
    if (mkdtemp(path.data()) == nullptr) {
      return Status::io_error("no temporary folder can be made as " + path +
                              "; set TMPDIR, or give --data-dir");
    }
    path_ = path;
    return path;
  }

 private:
  Env& env_;
  std::string path_;
};

// What a job needs around it. Members are ended in the other order.
class LocalEngine {
 public:
  LocalEngine(Env& env, TimerQueue& timers, engine::Connectors& plugins, std::string dir)
      : env_(env), dir_(std::move(dir)), timers_(timers), plugins_(plugins) {}

  Status open() {
    const std::string words = "dataflow run, process " + std::to_string(getpid());
    DF_ASSIGN_OR_RETURN(data_, server::open_data_dir(env_, dir_, words));
    DF_ASSIGN_OR_RETURN(store_, meta::Store::open(env_, dir_ + "/meta"));
    log::LogOptions log;
    log.dir = dir_ + "/log";
    DF_ASSIGN_OR_RETURN(log_, log::Log::open(env_, *store_, log, nullptr));
    DF_ASSIGN_OR_RETURN(groups_, log::Groups::open(env_, *store_, *log_, {}, timers_));
    DF_ASSIGN_OR_RETURN(producer_ids_, log::ProducerIds::open(*store_));
    connectors_ = connect::make_connectors(
        {env_, *log_, *producer_ids_, groups_.get(), &timers_, nullptr, &plugins_});
    engine_ = engine::Engine::create(env_, timers_, *connectors_, {}, nullptr);
    return {};
  }
  // A connector still holds a thread of the job, which uses all of this: it must not be destroyed.
  bool held_up() const { return engine_ != nullptr && engine_->held_up() > 0; }
  Status close() {
    if (held_up()) return {};
    engine_.reset();
    connectors_.reset();
    if (groups_) groups_->close();
    Status closed = log_ ? log_->close() : Status();
    timers_.stop();
    const Status stored = store_ ? store_->close() : Status();
    return closed.ok() ? stored : closed;
  }
  engine::Engine& engine() { return *engine_; }
  engine::Connectors& connectors() { return *connectors_; }

 private:
  Env& env_;
  const std::string dir_;
  server::DataDir data_;
  std::unique_ptr<meta::Store> store_;
  TimerQueue& timers_;
  engine::Connectors& plugins_;
  std::unique_ptr<log::Log> log_;
  std::unique_ptr<log::Groups> groups_;
  std::unique_ptr<log::ProducerIds> producer_ids_;
  std::unique_ptr<engine::Connectors> connectors_;
  std::unique_ptr<engine::Engine> engine_;
};

class Progress {
 public:
  Progress(Env& env, const plan::Plan& plan, bool wanted)
      : env_(env), plan_(plan), line_(wanted), began_(env.monotonic_nanos()) {}

  double seconds() const { return static_cast<double>(env_.monotonic_nanos() - began_) / 1e9; }
  void show(const engine::JobStatus& status) {
    if (!line_.due()) return;
    jobs::RunReport report;
    report.last = status;
    jobs::count_rows(plan_, report);
    std::string text = std::string(engine::job_state_name(status.state)) + "  " +
                       grouped(static_cast<int64_t>(report.rows_read)) + " read  " +
                       grouped(static_cast<int64_t>(report.rows_written)) + " written";
    if (report.rows_dead > 0) {
      text += "  " + grouped(static_cast<int64_t>(report.rows_dead)) + " dead letters";
    }
    const auto rate = static_cast<int64_t>(static_cast<double>(report.rows_read) / seconds());
    line_.show(text + "  " + grouped(rate) + " rows/s");
  }
  void clear() { line_.clear(); }

 private:
  Env& env_;
  const plan::Plan& plan_;
  ProgressLine line_;
  const int64_t began_;
};

void print_report(Session& session, const plan::Plan& plan, const jobs::RunReport& report,
                  double seconds) {
  if (!session.structured()) {
    std::string words = plan.name + ": " + std::string(engine::job_state_name(report.state)) +
                        " after " + human_duration(static_cast<int64_t>(seconds * 1000)) + ", " +
                        plural(static_cast<int64_t>(report.rows_read), "row") + " read, " +
                        grouped(static_cast<int64_t>(report.rows_written)) + " written";
    if (report.rows_dead > 0) {
      words += ", " + plural(static_cast<int64_t>(report.rows_dead), "dead letter");
    }
    session.note(words);
    return;
  }
  Document page = Document::object();
  page.put("pipeline", plan.name);
  page.put("state", std::string(engine::job_state_name(report.state)));
  page.put("interrupted", report.interrupted);
  page.put("seconds", seconds);
  page.put("rows_read", report.rows_read);
  page.put("rows_written", report.rows_written);
  page.put("rows_dead", report.rows_dead);
  Document reasons = Document::object();
  for (const auto& [reason, count] : report.last.dead_letters) reasons.put(reason, count);
  page.put("dead_letters", std::move(reasons));
  page.put("restarts", report.last.restarts);
  page.put("checkpoint", report.last.last_checkpoint.value());
  print_document(session.out(), session.format(), page);
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
  Progress progress(env, plan, !session.quiet());
  jobs::RunOptions options;
  options.state_dir = run_dir.state();
  options.interrupted = interrupted;
  options.progress = [&](const engine::JobStatus& status) { progress.show(status); };
  const Result<jobs::RunReport> report = jobs::run_once(local.engine(), plan, options);
  progress.clear();
  Status ended = report.status();
  if (report.ok()) {
    print_report(session, plan, *report, progress.seconds());
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
