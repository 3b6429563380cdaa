#include "server_run.h"

#include <sys/resource.h>
#include <unistd.h>
#include <csignal>

#include <cstdio>
#include <cstdlib>
#include <optional>

#include "base/logger.h"
#include "base/metrics.h"
#include "base/timer_queue.h"
#include "base/unsynced_env.h"
#include "connect/connectors.h"
#include "data_dir.h"
#include "edge/http/openapi.h"
#include "edge/http/pipelines.h"
#include "edge/http/sql.h"
#include "engine/job.h"
#include "jobs/pipeline_metrics.h"
#include "jobs/pipelines.h"
#include "jobs/sql_server.h"
#include "load_plugins.h"
#include "server_options.h"
#include "server_pages.h"

namespace dataflow::server {
namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

// As many open files as the machine allows: a segment and a connection hold one each.
void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);
}

// The ids of jobs' producers come from where those of clients' do: two that each reserve blocks of
// their own would give one out twice.
class SharedProducerIds final : public log::ProducerIds {
 public:
  explicit SharedProducerIds(log::Transactions& transactions) : transactions_(transactions) {}
  void next(Callback callback) override {
    transactions_.init_producer({}, [callback](const log::InitProducerResult& made) {
      if (made.status.ok()) {
        callback(made.producer_id);
      } else {
        callback(made.status);
      }
    });
  }

 private:
  log::Transactions& transactions_;
};

// Everything that runs, in the order in which it starts; stop() goes backwards.
class RunningServer {
 public:
  RunningServer(Env& env, ServerSettings settings) : env_(env), settings_(std::move(settings)) {}

  Status start();
  Status stop();
  // A connector still holds a thread of a job, which uses all of this: it must not be destroyed.
  bool held_up() const {
    return (engine_ != nullptr && engine_->held_up() > 0) ||
           (query_engine_ != nullptr && query_engine_->held_up() > 0);
  }

 private:
  Status open_pipelines();
  Status start_listeners();
  Status write_ready_file();

  Env& env_;
  ServerSettings settings_;
  Metrics metrics_registry_;
  ServerFacts facts_;
  std::vector<MetricCallback> lag_;
  std::vector<MetricCallback> of_pipelines_;
  DataDir data_;
  std::unique_ptr<meta::Store> store_;
  std::unique_ptr<TimerQueue> timers_;
  std::unique_ptr<log::Log> log_;
  std::unique_ptr<log::Groups> groups_;
  std::unique_ptr<log::Transactions> transactions_;
  std::unique_ptr<log::ProducerIds> producer_ids_;
  std::unique_ptr<plugins::Plugins> plugins_;
  std::unique_ptr<engine::Connectors> connectors_;
  std::unique_ptr<jobs::CollectConnectors> collect_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<Env> unsynced_;
  std::unique_ptr<engine::Engine> query_engine_;
  std::unique_ptr<jobs::Pipelines> pipelines_;
  std::unique_ptr<jobs::SqlService> sql_;
  std::unique_ptr<http::SqlOverHttp> sql_over_http_;
  std::unique_ptr<kafka::KafkaServer> kafka_;
  std::unique_ptr<http::Server> http_;
  std::unique_ptr<http::Server> metrics_;
  std::unique_ptr<postgres::PostgresServer> postgres_;
};

Status RunningServer::start() {
  const int64_t began = env_.monotonic_nanos();
  const std::string words = "process " + std::to_string(getpid());
  DF_ASSIGN_OR_RETURN(data_, open_data_dir(env_, settings_.data_dir, words));
  DF_ASSIGN_OR_RETURN(store_, meta::Store::open(env_, settings_.data_dir + "/meta"));
  DF_ASSIGN_OR_RETURN(settings_.kafka.cluster_id, cluster_id(env_, *store_));
  DF_ASSIGN_OR_RETURN(log_, log::Log::open(env_, *store_, settings_.log, &metrics_registry_));
  timers_ = std::make_unique<TimerQueue>(env_);
  timers_->start();
  DF_ASSIGN_OR_RETURN(groups_, log::Groups::open(env_, *store_, *log_, settings_.groups, *timers_));
  DF_ASSIGN_OR_RETURN(transactions_, log::Transactions::open(env_, *store_, *log_, *groups_,
                                                             settings_.transactions, *timers_));
  DF_RETURN_IF_ERROR(open_pipelines());
  DF_RETURN_IF_ERROR(start_listeners());
  pipelines_->start_all();
  DF_RETURN_IF_ERROR(write_ready_file());
  log_info("the server is ready", {{"version", DATAFLOW_VERSION},
                                   {"data_dir", settings_.data_dir},
                                   {"kafka", facts_.kafka},
                                   {"http", facts_.http},
                                   {"metrics", facts_.metrics},
                                   {"postgres", facts_.postgres},
                                   {"started_in_ms", (env_.monotonic_nanos() - began) / 1000000}});
  return {};
}

Status RunningServer::open_pipelines() {
  producer_ids_ = std::make_unique<SharedProducerIds>(*transactions_);
  const std::string& given = settings_.plugins_dir;
  if (!given.empty() && !env_.exists(given)) {
    return Status::not_found("plugins.dir " + given + ": there is no such folder");
  }
  DF_ASSIGN_OR_RETURN(
      plugins_,
      load_plugins(env_, timers_.get(), given.empty() ? settings_.data_dir + "/plugins" : given));
  connectors_ = connect::make_connectors({env_, *log_, *producer_ids_, groups_.get(), timers_.get(),
                                          &metrics_registry_, plugins_.get()});
  // Outermost: queries collect their rows here.
  collect_ = std::make_unique<jobs::CollectConnectors>(*connectors_);
  engine_ = engine::Engine::create(env_, *timers_, *collect_, settings_.engine, &metrics_registry_);
  DF_ASSIGN_OR_RETURN(
      pipelines_,
      jobs::Pipelines::open({env_, *store_, *engine_, *collect_, settings_.data_dir + "/jobs",
                             settings_.data_dir + "/savepoints", &metrics_registry_}));
  // Queries begin anew after a crash: none of their state waits for the disk.
  unsynced_ = make_unsynced_env(env_);
  query_engine_ =
      engine::Engine::create(*unsynced_, *timers_, *collect_, settings_.queries, nullptr);
  DF_ASSIGN_OR_RETURN(
      sql_, jobs::open_sql({env_, *store_, *log_, *query_engine_, *collect_, *pipelines_,
                            settings_.data_dir + "/queries", settings_.index_memory_bytes}));
  return {};
}

Status RunningServer::start_listeners() {
  facts_.log = log_.get();
  facts_.groups = groups_.get();
  facts_.plugins = plugins_.get();
  facts_.env = &env_;
  facts_.started = env_.now();
  facts_.data_dir = settings_.data_dir;
  facts_.cluster_id = settings_.kafka.cluster_id;
  lag_ = register_lag_metrics(metrics_registry_, facts_);
  of_pipelines_ = jobs::register_pipeline_metrics(metrics_registry_, env_, *pipelines_);
  DF_ASSIGN_OR_RETURN(kafka_, kafka::KafkaServer::start(env_, *log_, *groups_, *transactions_,
                                                        settings_.kafka, &metrics_registry_));
  facts_.kafka = Address{settings_.kafka.host, kafka_->port()}.to_string();
  DF_ASSIGN_OR_RETURN(metrics_,
                      http::Server::start(settings_.metrics, metrics_routes(metrics_registry_)));
  facts_.metrics = Address{settings_.metrics.host, metrics_->port()}.to_string();
  DF_ASSIGN_OR_RETURN(postgres_, postgres::PostgresServer::start(settings_.postgres, *sql_, env_));
  facts_.postgres = Address{settings_.postgres.host, postgres_->port()}.to_string();
  // Its routes read the facts, which are complete but for this address.
  std::vector<http::Route> routes = http_routes(facts_);
  for (http::Route& route : http::pipeline_routes(*pipelines_)) routes.push_back(std::move(route));
  sql_over_http_ = http::SqlOverHttp::open(settings_.sql_http, *sql_, env_, *timers_);
  for (http::Route& route : sql_over_http_->routes()) routes.push_back(std::move(route));
  routes.push_back(http::openapi_route(DATAFLOW_VERSION));
  DF_ASSIGN_OR_RETURN(http_, http::Server::start(settings_.http, std::move(routes)));
  facts_.http = Address{settings_.http.host, http_->port()}.to_string();
  return {};
}

Status RunningServer::write_ready_file() {
  if (settings_.ready_file.empty()) return {};
  const std::string temporary = settings_.ready_file + ".tmp";
  {
    DF_ASSIGN_OR_RETURN(std::unique_ptr<File> file, env_.open(temporary, OpenMode::kTruncate));
    DF_RETURN_IF_ERROR(file->write_at(0, ready_json(facts_, getpid())));
  }
  return env_.rename(temporary, settings_.ready_file);
}

Status RunningServer::stop() {
  lag_.clear();
  of_pipelines_.clear();
  if (metrics_) metrics_->stop();
  // Its sessions hold jobs, and ask the pipelines.
  if (postgres_) postgres_->stop();
  postgres_.reset();
  if (sql_over_http_) sql_over_http_->stop();
  // While the log still takes what their last checkpoints commit; and before the requests that wait
  // for a job have to end.
  if (pipelines_) pipelines_->close();
  if (http_) http_->stop();
  sql_.reset();
  pipelines_.reset();
  if (!held_up()) {
    engine_.reset();
    query_engine_.reset();
    collect_.reset();
    connectors_.reset();
    plugins_.reset();
  }
  if (kafka_) kafka_->stop();
  if (transactions_) transactions_->close();
  if (groups_) groups_->close();
  Status closed = log_ ? log_->close() : Status();
  if (timers_) timers_->stop();
  Status stored = store_ ? store_->close() : Status();
  if (!settings_.ready_file.empty()) (void)env_.remove_file(settings_.ready_file).ok();
  return closed.ok() ? stored : closed;
}

Result<ServerSettings> read_settings(const std::vector<std::string>& arguments) {
  std::string yaml;
  std::vector<std::string> rest;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& a = arguments[i];
    if (a.starts_with("--config=")) {
      yaml = a.substr(9);
    } else if (a == "--config") {
      if (i + 1 == arguments.size())
        return Status::invalid("--config needs the path of a YAML file");
      yaml = arguments[++i];
    } else {
      rest.push_back(a);
      continue;
    }
    if (yaml.empty()) return Status::invalid("--config is empty; give it the path of a YAML file");
  }
  DF_ASSIGN_OR_RETURN(auto flags, parse_flags(server_schema(), rest));
  DF_ASSIGN_OR_RETURN(
      Config config,
      Config::load(server_schema(), server_sources(yaml, std::move(flags)), posix_env()));
  return server_settings(config);
}

int fail(const Status& status, int code) {
  std::fprintf(stderr, "dataflow server: %s\n", status.message().c_str());
  return code;
}

}  // namespace

std::string server_help() {
  std::string text =
      "Runs the DataFlow server until SIGTERM or SIGINT.\n\n"
      "Usage: dataflow server [--config FILE.yaml] [options]\n\n"
      "A flag wins over the environment, that over the file (--config or DATAFLOW_CONFIG), that\n"
      "over the default. "
      "`dataflow config print` shows each value and where it comes from.\n\nOptions:\n";
  for (const Option& o : server_schema().options()) {
    std::string left = "  " + o.flag + " " + (o.default_value.empty() ? "\"\"" : o.default_value);
    if (left.size() < 44) left.resize(44, ' ');
    text += left + "  " + o.doc + "\n";
  }
  text +=
      "\n`dataflow server --reference` prints docs/configuration.md.\n\nExamples:\n"
      "  dataflow server --data-dir ./data\n"
      "  dataflow server --data-dir ./data --kafka-listen 127.0.0.1:0 --http-listen 127.0.0.1:0 "
      "\\\n"
      "      --metrics-listen 127.0.0.1:0 --ready-file ./ready.json\n";
  return text;
}

int run_server(const std::vector<std::string>& arguments) {
  for (const std::string& a : arguments) {
    if (a == "--help" || a == "-h") {
      std::fputs(server_help().c_str(), stdout);
      return 0;
    }
    if (a == "--reference") {
      std::fputs(config_reference(server_schema()).c_str(), stdout);
      return 0;
    }
  }
  // Before any thread exists, so that all of them leave these signals to this one.
  const sigset_t signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  Result<ServerSettings> settings = read_settings(arguments);
  if (!settings.ok()) return fail(settings.status(), kUsage);
  Status logging = configure_logging(settings->logging);
  if (!logging.ok()) return fail(logging, kFailed);
  raise_file_limit();
  RunningServer server(posix_env(), std::move(*settings));
  Status started = server.start();
  if (!started.ok()) {
    log_error("the server cannot start", {{"why", started.message()}});
    (void)server.stop().ok();
    const int code = fail(started, kFailed);
    if (server.held_up()) std::_Exit(code);
    return code;
  }
  int got = 0;
  sigwait(&signals, &got);
  log_info("stopping", {{"signal", got == SIGTERM ? "SIGTERM" : "SIGINT"}});
  Status stopped = server.stop();
  if (!stopped.ok()) {
    log_error("the stop was not clean; the next start recovers", {{"why", stopped.message()}});
  } else {
    log_info("stopped", {});
  }
  const int code = stopped.ok() ? 0 : kFailed;
  if (server.held_up()) std::_Exit(code);
  return code;
}

}  // namespace dataflow::server
