// A running server's SQL: its catalog is in meta, its managed tables and materialized views are
// topics of the log, its continuous queries are pipelines.
#pragma once

#include <memory>
#include <string>

#include "base/env.h"
#include "engine/job.h"
#include "jobs/collect.h"
#include "jobs/pipelines.h"
#include "jobs/sql_session.h"
#include "log/log.h"
#include "meta/store.h"

namespace dataflow::jobs {

struct SqlParts {
  Env& env;
  meta::Store& store;
  log::Log& log;
  engine::Engine& engine;         // over these connectors
  CollectConnectors& connectors;  // the outermost ones
  Pipelines& pipelines;
  std::string dir;  // of the states of queries while they run; what is in it goes
  // Of all keyed tables that are read by key; what does not fit is read through jobs.
  int64_t index_memory_bytes = int64_t{256} << 20;
};

// Reads the catalog, and brings to its end what a server that was killed had begun. Everything in
// `parts` outlives it. Thread-safe.
Result<std::unique_ptr<SqlService>> open_sql(SqlParts parts);

}  // namespace dataflow::jobs
