#include "cli/local_engine.h"

#include <unistd.h>

#include <cstdlib>

#include "cli/interrupt.h"
#include "connect/connectors.h"
#include "load_plugins.h"

namespace dataflow::cli {
namespace {

// A folder of its own that goes away with the object.
class TemporaryDir {
 public:
  explicit TemporaryDir(Env& env) : env_(env) {}
  ~TemporaryDir();
  Result<std::string> make();

 private:
  Env& env_;
  std::string path_;
};

TemporaryDir::~TemporaryDir() {
  if (!path_.empty()) (void)env_.remove_tree(path_);
}

Result<std::string> TemporaryDir::make() {
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

}  // namespace

Status LocalEngine::open() {
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
  collect_ = std::make_unique<jobs::CollectConnectors>(*connectors_);
  engine_ = engine::Engine::create(env_, timers_, *collect_, {}, nullptr);
  return {};
}

Status LocalEngine::close() {
  if (held_up()) return {};
  engine_.reset();
  collect_.reset();
  connectors_.reset();
  if (groups_) groups_->close();
  Status closed = log_ ? log_->close() : Status();
  timers_.stop();
  const Status stored = store_ ? store_->close() : Status();
  return closed.ok() ? stored : closed;
}

Status with_local_engine(const std::string& data_dir, const std::string& plugins_dir,
                         const std::function<Status(LocalEngine&)>& run) {
  Env& env = posix_env();
  auto timers = std::make_unique<TimerQueue>(env);
  DF_ASSIGN_OR_RETURN(
      const std::string folder,
      server::plugins_folder(env, plugins_dir, data_dir.empty() ? "" : data_dir + "/plugins"));
  DF_ASSIGN_OR_RETURN(auto plugins, server::load_plugins(env, timers.get(), folder));
  timers->start();
  catch_interrupts();
  TemporaryDir temporary(env);
  std::string dir = data_dir;
  if (dir.empty()) {
    DF_ASSIGN_OR_RETURN(dir, temporary.make());
  }
  auto local = std::make_unique<LocalEngine>(env, *timers, *plugins, dir);
  const Status ended = run(*local);
  if (local->held_up()) {
    (void)local.release();
    (void)plugins.release();
    (void)timers.release();
  }
  return ended;
}

}  // namespace dataflow::cli
