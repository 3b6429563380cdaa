#include "server_options.h"

#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace dataflow::server {
namespace {

void add_listeners(ConfigSchema& s) {
  using T = OptionType;
  s.add({.name = "data_dir",
         .type = T::kString,
         .default_value = "dataflow-data",
         .doc = "Folder for everything that is kept. One server at a time uses it.",
         .flag = "--data-dir",
         .environment = "DATAFLOW_DATA_DIR"});
  s.add({.name = "plugins.dir",
         .type = T::kString,
         .default_value = "",
         .doc = "Folder of plug-ins, whose *.so are loaded at the start; empty: `plugins` in the "
                "data directory."});
  s.add(
      {.name = "ready_file",
       .type = T::kString,
       .default_value = "",
       .doc =
           "File that appears, with the listeners' addresses as JSON, once every listener accepts.",
       .flag = "--ready-file",
       .environment = "DATAFLOW_READY_FILE"});
  s.add({.name = "kafka.listen",
         .type = T::kAddress,
         .default_value = "127.0.0.1:9092",
         .doc = "Address of the Kafka protocol; port 0 takes a free one."});
  s.add({.name = "http.listen",
         .type = T::kAddress,
         .default_value = "127.0.0.1:8080",
         .doc = "Address of HTTP (health, status); port 0 takes a free one."});
  s.add({.name = "metrics.listen",
         .type = T::kAddress,
         .default_value = "127.0.0.1:9090",
         .doc = "Address of the Prometheus metrics; port 0 takes a free one."});
  s.add({.name = "postgres.listen",
         .type = T::kAddress,
         .default_value = "127.0.0.1:5433",
         .doc =
             "Address of the PostgreSQL protocol (psql, JDBC, psycopg); port 0 takes a free one."});
  s.add({.name = "postgres.max_connections",
         .type = T::kInt,
         .default_value = "100",
         .doc = "Sessions of the PostgreSQL protocol at once; who comes beyond it is refused.",
         .min = "1",
         .max = "10000"});
}

void add_http(ConfigSchema& s) {
  using T = OptionType;
  s.add({.name = "http.allowed_hosts",
         .type = T::kString,
         .default_value = "",
         .doc = "Names, with commas between, by which clients ask HTTP for this server beside "
                "localhost and addresses (a proxy's, say); other names are refused, but for "
                "/health. `*` takes any."});
  s.add({.name = "http.sql_sessions",
         .type = T::kInt,
         .default_value = "100",
         .doc = "Sessions of SQL over HTTP at once; who comes beyond it is refused.",
         .min = "1",
         .max = "10000"});
  s.add({.name = "http.sql_statements",
         .type = T::kInt,
         .default_value = "64",
         .doc = "Statements that run over HTTP at once, each with a thread.",
         .min = "1",
         .max = "10000"});
  s.add({.name = "http.sql_idle_timeout",
         .type = T::kDuration,
         .default_value = "10m",
         .doc = "A session of SQL over HTTP that is asked nothing for so long ends.",
         .min = "1s"});
  s.add({.name = "http.sql_page_rows",
         .type = T::kInt,
         .default_value = "100000",
         .doc = "The most rows of one page of a result over HTTP.",
         .min = "1",
         .max = "10000000"});
}

void add_kafka(ConfigSchema& s) {
  using T = OptionType;
  s.add(
      {.name = "kafka.advertised",
       .type = T::kString,
       .default_value = "",
       .doc = "host:port that clients are told to connect to; empty: the address each one used."});
  s.add({.name = "kafka.node_id",
         .type = T::kInt,
         .default_value = "1",
         .doc = "This broker's id.",
         .min = "0",
         .max = "2147483647"});
  s.add({.name = "kafka.auto_create_topics",
         .type = T::kBool,
         .default_value = "true",
         .doc = "Whether a topic that a client asks for by name is made."});
  s.add({.name = "kafka.default_partitions",
         .type = T::kInt,
         .default_value = "1",
         .doc = "Partitions of a topic whose creator names no number.",
         .min = "1",
         .max = "10000"});
  s.add({.name = "kafka.io_threads",
         .type = T::kInt,
         .default_value = "0",
         .doc = "Threads that serve connections; 0: half of the cores, at least 2.",
         .min = "0",
         .max = "256"});
  s.add({.name = "kafka.max_request_bytes",
         .type = T::kBytes,
         .default_value = "100MiB",
         .doc = "The largest request that is taken.",
         .min = "1KiB",
         .max = "1GiB"});
  s.add({.name = "kafka.request_memory",
         .type = T::kBytes,
         .default_value = "256MiB",
         .doc = "Memory for all requests together; when it is used up, large ones wait. As much "
                "again for answers that clients do not take, and for requests that wait for the "
                "disk.",
         .min = "1MiB"});
  s.add({.name = "kafka.connection_memory",
         .type = T::kBytes,
         .default_value = "64MiB",
         .doc = "Memory for the unanswered requests of one connection.",
         .min = "64KiB"});
  s.add({.name = "kafka.send_buffer",
         .type = T::kBytes,
         .default_value = "200KiB",
         .doc =
             "What the kernel may hold of the answers on a connection; 0: as it sees fit. More for "
             "consumers far away.",
         .min = "0",
         .max = "1GiB"});
  s.add({.name = "kafka.max_connections",
         .type = T::kInt,
         .default_value = "20000",
         .doc = "Connections at a time; further ones are closed.",
         .min = "1",
         .max = "1000000"});
  s.add({.name = "kafka.idle_timeout",
         .type = T::kDuration,
         .default_value = "10m",
         .doc = "A connection without a request for so long is closed.",
         .min = "1s"});
}

void add_log(ConfigSchema& s) {
  using T = OptionType;
  s.add({.name = "log.retention",
         .type = T::kDuration,
         .default_value = "7d",
         .doc = "Default retention.ms of topics; -1 for ever.",
         .min = "-1"});
  s.add({.name = "log.retention_bytes",
         .type = T::kBytes,
         .default_value = "-1",
         .doc = "Default retention.bytes of topics, for each partition; -1 for all.",
         .min = "-1"});
  s.add({.name = "log.segment_bytes",
         .type = T::kBytes,
         .default_value = "1GiB",
         .doc = "Default segment.bytes of topics.",
         .min = "1KiB",
         .max = "2147483647"});
  s.add({.name = "log.segment_age",
         .type = T::kDuration,
         .default_value = "7d",
         .doc = "Default segment.ms of topics.",
         .min = "1ms"});
  s.add({.name = "log.max_message_bytes",
         .type = T::kBytes,
         .default_value = "1048588",
         .doc = "Default max.message.bytes of topics.",
         .min = "0",
         .max = "2147483647"});
  s.add({.name = "log.sync_threads",
         .type = T::kInt,
         .default_value = "4",
         .doc = "fdatasync calls under way at once.",
         .min = "1",
         .max = "64"});
  s.add({.name = "log.checkpoint_bytes",
         .type = T::kBytes,
         .default_value = "64MiB",
         .doc = "Bytes a partition takes between two checkpoints; bounds what recovery reads.",
         .min = "64KiB"});
  s.add({.name = "log.reserve",
         .type = T::kBytes,
         .default_value = "64MiB",
         .doc = "Free disk space below which writes are refused.",
         .min = "0"});
  s.add({.name = "log.page_cache",
         .type = T::kBytes,
         .default_value = "1GiB",
         .doc = "How much of what was written last stays in the machine's page cache; 0: no bound.",
         .min = "0"});
  s.add({.name = "log.zeros_ahead",
         .type = T::kBytes,
         .default_value = "128KiB",
         .doc =
             "Zeros behind the end of a partition whose writes are small, so that a sync need not "
             "wait for the file system's metadata; 0: none.",
         .min = "0",
         .max = "16MiB"});
  s.add({.name = "log.housekeeping_interval",
         .type = T::kDuration,
         .default_value = "5s",
         .doc = "Time between two rounds of retention and compaction.",
         .min = "10ms"});
  s.add({.name = "log.producer_id_expiration",
         .type = T::kDuration,
         .default_value = "1d",
         .doc = "How long an idempotent producer that sends nothing is remembered.",
         .min = "1s"});
}

void add_coordinators(ConfigSchema& s) {
  using T = OptionType;
  s.add({.name = "groups.min_session_timeout",
         .type = T::kDuration,
         .default_value = "6s",
         .doc = "The shortest session timeout that a group's member may ask for.",
         .min = "1ms"});
  s.add({.name = "groups.max_session_timeout",
         .type = T::kDuration,
         .default_value = "30m",
         .doc = "The longest session timeout that a group's member may ask for.",
         .min = "1ms"});
  s.add({.name = "groups.initial_rebalance_delay",
         .type = T::kDuration,
         .default_value = "0",
         .doc = "How long an empty group waits for more members before its first rebalance."});
  s.add({.name = "groups.max_size",
         .type = T::kInt,
         .default_value = "2147483647",
         .doc = "Members that a group may have.",
         .min = "1",
         .max = "2147483647"});
  s.add({.name = "groups.offsets_retention",
         .type = T::kDuration,
         .default_value = "7d",
         .doc = "How long an empty group's offsets are kept.",
         .min = "1ms"});
  s.add({.name = "transactions.max_timeout",
         .type = T::kDuration,
         .default_value = "1h",
         .doc = "The longest transaction timeout that a producer may ask for.",
         .min = "1ms"});
  s.add({.name = "transactions.id_expiration",
         .type = T::kDuration,
         .default_value = "7d",
         .doc = "How long a transactional id that is not used is remembered.",
         .min = "1s"});
}

void add_logging(ConfigSchema& s) {
  using T = OptionType;
  s.add({.name = "logging.level",
         .type = T::kEnum,
         .default_value = "info",
         .doc = "Least level of the lines that are written.",
         .choices = {"debug", "info", "warn", "error", "off"}});
  s.add({.name = "logging.format",
         .type = T::kEnum,
         .default_value = "text",
         .doc = "logfmt lines, or one JSON object a line.",
         .choices = {"text", "json"}});
  s.add({.name = "logging.file",
         .type = T::kString,
         .default_value = "",
         .doc = "File to write to; empty: standard error."});
}

void add_pipelines(ConfigSchema& s) {
  using T = OptionType;
  s.add({.name = "pipelines.threads",
         .type = T::kInt,
         .default_value = "0",
         .doc = "Threads that run pipelines; 0: one for each core.",
         .min = "0",
         .max = "256"});
  s.add({.name = "pipelines.state_memory",
         .type = T::kBytes,
         .default_value = "0",
         .doc = "Memory for the keyed state of all pipelines together; 0: half of the machine's. A "
                "pipeline that would take more fails at its last checkpoint, and says so.",
         .min = "0"});
  s.add({.name = "sql.query_memory",
         .type = T::kBytes,
         .default_value = "0",
         .doc = "Memory for the keyed state of all statements of clients together (SELECT, INSERT, "
                "SUBSCRIBE); 0: an eighth of the machine's. A statement that would take more "
                "fails, and pipelines do not feel it.",
         .min = "0"});
}

void add_sql(ConfigSchema& s) {
  s.add({.name = "sql.index_memory",
         .type = OptionType::kBytes,
         .default_value = "0",
         .doc =
             "Memory for the rows of keyed tables and materialized views that are read by key, of "
             "all together; 0: a quarter of the machine's. A table that does not fit is read "
             "from its topic at each query, and the server's log says so.",
         .min = "0"});
}

// Of the machine; 0 if nobody can say.
size_t half_of_memory() {
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long bytes = sysconf(_SC_PAGE_SIZE);
  return pages > 0 && bytes > 0 ? static_cast<size_t>(pages) * static_cast<size_t>(bytes) / 2 : 0;
}

void read_pipelines(const Config& config, ServerSettings& out) {
  out.engine.threads = static_cast<int>(config.get_int("pipelines.threads"));
  out.engine.state_memory_bytes = static_cast<size_t>(config.get_bytes("pipelines.state_memory"));
  if (out.engine.state_memory_bytes == 0) out.engine.state_memory_bytes = half_of_memory();
  out.queries = out.engine;
  out.queries.state_memory_bytes = static_cast<size_t>(config.get_bytes("sql.query_memory"));
  if (out.queries.state_memory_bytes == 0) out.queries.state_memory_bytes = half_of_memory() / 4;
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

// "a, b" without blanks and what is empty.
std::vector<std::string> names_in(const std::string& list) {
  std::vector<std::string> names;
  std::string name;
  for (const char c : list + ",") {
    if (c != ',') {
      if (c != ' ') name += c;
    } else if (!name.empty()) {
      names.push_back(std::exchange(name, {}));
    }
  }
  return names;
}

Result<Address> listen_address(const Config& config, const std::string& name) {
  Address address = config.get_address(name);
  if (!is_loopback(address.host)) {
    return Status::invalid(name + " is " + address.to_string() + " (from " +
                           config.origin(name).place +
                           "): only loopback addresses are allowed until keys and TLS exist; use "
                           "127.0.0.1:" +
                           std::to_string(address.port));
  }
  if (address.host == "localhost") address.host = "127.0.0.1";
  return address;
}

int32_t as_i32(int64_t value) { return static_cast<int32_t>(std::min<int64_t>(value, INT32_MAX)); }

Status read_kafka(const Config& config, kafka::KafkaOptions& out) {
  DF_ASSIGN_OR_RETURN(Address listen, listen_address(config, "kafka.listen"));
  out.host = listen.host;
  out.port = listen.port;
  const std::string& advertised = config.get_string("kafka.advertised");
  if (!advertised.empty()) {
    Result<Address> address = parse_address(advertised);
    if (!address.ok()) return address.status().with_context("kafka.advertised");
    out.advertised_host = address->host;
    out.advertised_port = address->port;
  }
  out.node_id = as_i32(config.get_int("kafka.node_id"));
  out.auto_create_topics = config.get_bool("kafka.auto_create_topics");
  out.default_partitions = as_i32(config.get_int("kafka.default_partitions"));
  out.io_threads = static_cast<int>(config.get_int("kafka.io_threads"));
  out.max_request_bytes = static_cast<size_t>(config.get_bytes("kafka.max_request_bytes"));
  out.request_memory_bytes = static_cast<size_t>(config.get_bytes("kafka.request_memory"));
  out.max_in_flight_bytes = static_cast<size_t>(config.get_bytes("kafka.connection_memory"));
  out.send_buffer_bytes = static_cast<int>(config.get_bytes("kafka.send_buffer"));
  out.max_connections = static_cast<size_t>(config.get_int("kafka.max_connections"));
  out.idle_timeout_ms = config.get_duration_ms("kafka.idle_timeout");
  return {};
}

Status read_http(const Config& config, ServerSettings& out) {
  DF_ASSIGN_OR_RETURN(const Address http, listen_address(config, "http.listen"));
  DF_ASSIGN_OR_RETURN(const Address metrics, listen_address(config, "metrics.listen"));
  out.http.name = "http";
  out.http.host = http.host;
  out.http.port = http.port;
  out.http.allowed_hosts = names_in(config.get_string("http.allowed_hosts"));
  out.metrics.name = "metrics";
  out.metrics.host = metrics.host;
  out.metrics.port = metrics.port;
  out.sql_http.max_sessions = static_cast<size_t>(config.get_int("http.sql_sessions"));
  out.sql_http.max_running = static_cast<size_t>(config.get_int("http.sql_statements"));
  out.sql_http.idle_ms = config.get_duration_ms("http.sql_idle_timeout");
  out.sql_http.max_page_rows = static_cast<size_t>(config.get_int("http.sql_page_rows"));
  return {};
}

void read_log(const Config& config, log::LogOptions& out) {
  out.defaults.retention_ms = config.get_duration_ms("log.retention");
  out.defaults.retention_bytes = config.get_bytes("log.retention_bytes");
  out.defaults.segment_bytes = config.get_bytes("log.segment_bytes");
  out.defaults.segment_ms = config.get_duration_ms("log.segment_age");
  out.defaults.max_message_bytes = config.get_bytes("log.max_message_bytes");
  out.sync_threads = static_cast<int>(config.get_int("log.sync_threads"));
  out.checkpoint_bytes = config.get_bytes("log.checkpoint_bytes");
  out.reserve_bytes = config.get_bytes("log.reserve");
  out.page_cache_bytes = config.get_bytes("log.page_cache");
  out.zeros_ahead = config.get_bytes("log.zeros_ahead");
  out.housekeeping_interval_ms = config.get_duration_ms("log.housekeeping_interval");
  out.producer_id_expiration_ms = config.get_duration_ms("log.producer_id_expiration");
}

}  // namespace

const ConfigSchema& server_schema() {
  static const ConfigSchema kSchema = [] {
    ConfigSchema s;
    add_listeners(s);
    add_http(s);
    add_kafka(s);
    add_log(s);
    add_coordinators(s);
    add_pipelines(s);
    add_sql(s);
    add_logging(s);
    // No settings: they say which file to read, or concern the command line and test scripts only.
    for (const char* name :
         {"DATAFLOW_ENDPOINT", "DATAFLOW_KAFKA", "DATAFLOW_CONFIG", "DATAFLOW_PROFILE",
          "DATAFLOW_BIN", "DATAFLOW_HOME", "DATAFLOW_DUCKDB"}) {
      s.allow_environment(name);
    }
    return s;
  }();
  return kSchema;
}

ConfigSources server_sources(const std::string& yaml, std::map<std::string, std::string> flags) {
  ConfigSources sources;
  sources.flags = std::move(flags);
  sources.environment = dataflow_environment(environ);
  const auto named = sources.environment.find("DATAFLOW_CONFIG");
  if (!yaml.empty()) {
    sources.yaml_path = yaml;
  } else if (named != sources.environment.end() && !named->second.empty()) {
    sources.yaml_path = named->second;
  }
  return sources;
}

Result<ServerSettings> server_settings(const Config& config) {
  ServerSettings s;
  s.data_dir = config.get_string("data_dir");
  s.plugins_dir = config.get_string("plugins.dir");
  if (s.data_dir.empty()) return Status::invalid("data_dir is empty; give --data-dir a folder");
  s.ready_file = config.get_string("ready_file");
  DF_ASSIGN_OR_RETURN(s.logging.level, parse_log_level(config.get_string("logging.level")));
  s.logging.format =
      config.get_string("logging.format") == "json" ? LogFormat::kJson : LogFormat::kText;
  s.logging.path = config.get_string("logging.file");
  DF_RETURN_IF_ERROR(read_kafka(config, s.kafka));
  read_pipelines(config, s);
  s.index_memory_bytes = config.get_bytes("sql.index_memory");
  if (s.index_memory_bytes == 0) {
    s.index_memory_bytes = static_cast<int64_t>(half_of_memory() / 2);
  }
  DF_RETURN_IF_ERROR(read_http(config, s));
  DF_ASSIGN_OR_RETURN(Address postgres, listen_address(config, "postgres.listen"));
  s.postgres.host = postgres.host;
  s.postgres.port = postgres.port;
  s.postgres.max_connections = static_cast<size_t>(config.get_int("postgres.max_connections"));
  read_log(config, s.log);
  s.log.dir = s.data_dir + "/log";
  s.groups.min_session_timeout_ms = as_i32(config.get_duration_ms("groups.min_session_timeout"));
  s.groups.max_session_timeout_ms = as_i32(config.get_duration_ms("groups.max_session_timeout"));
  s.groups.initial_rebalance_delay_ms =
      as_i32(config.get_duration_ms("groups.initial_rebalance_delay"));
  s.groups.max_size = as_i32(config.get_int("groups.max_size"));
  s.groups.offsets_retention_ms = config.get_duration_ms("groups.offsets_retention");
  s.transactions.max_timeout_ms = as_i32(config.get_duration_ms("transactions.max_timeout"));
  s.kafka.max_transaction_timeout_ms = s.transactions.max_timeout_ms;
  s.transactions.id_expiration_ms = config.get_duration_ms("transactions.id_expiration");
  return s;
}

}  // namespace dataflow::server
