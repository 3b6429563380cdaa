// Every setting of `dataflow server`: declared here once; flags, environment, YAML, checks and the
// reference page docs/configuration.md come from it.
#pragma once

#include <string>

#include "base/config.h"
#include "base/logger.h"
#include "base/status.h"
#include "edge/http/server.h"
#include "edge/http/sql.h"
#include "edge/kafka/server.h"
#include "edge/postgres/server.h"
#include "engine/job.h"
#include "log/groups.h"
#include "log/log.h"
#include "log/transactions.h"

namespace dataflow::server {

const ConfigSchema& server_schema();

// Where the server's configuration comes from: its flags, the process's environment, and the YAML
// file of `yaml`, or of DATAFLOW_CONFIG if `yaml` is empty.
ConfigSources server_sources(const std::string& yaml, std::map<std::string, std::string> flags);

struct ServerSettings {
  std::string data_dir;
  std::string plugins_dir;  // empty: `plugins` in data_dir, if it is there
  std::string ready_file;
  dataflow::LogOptions logging;
  log::LogOptions log;
  log::GroupsOptions groups;
  log::TransactionsOptions transactions;
  kafka::KafkaOptions kafka;
  engine::EngineOptions engine;
  int64_t index_memory_bytes = 0;  // of keyed tables that are read by key
  engine::EngineOptions queries;   // of clients: their state takes none of the pipelines'
  http::ServerOptions http;
  http::SqlHttpOptions sql_http;
  http::ServerOptions metrics;
  postgres::PostgresOptions postgres;
};

// kInvalid for what the options' own checks cannot see, such as an address that is not loopback.
Result<ServerSettings> server_settings(const Config& config);

}  // namespace dataflow::server
