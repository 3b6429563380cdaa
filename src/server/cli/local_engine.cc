#include "cli/local_engine.h"

#include <unistd.h>

#include <cstdlib>

#include "connect/connectors.h"

namespace dataflow::cli {

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

}  // namespace dataflow::cli
