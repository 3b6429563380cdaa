// A server over canned answers, on a free port.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "edge/postgres/server.h"
#include "jobs/canned_sql.h"
#include "listener.h"
#include "raw_client.h"

namespace dataflow::postgres {

using jobs::Canned;
using jobs::canned_numbers;

class PostgresBed : public testing::Test {
 protected:
  void start(PostgresOptions options = {}, std::unique_ptr<CatalogQueries> catalog = nullptr) {
    options.port = 0;
    auto started = start_server(options, sql, posix_env(), std::move(catalog));
    ASSERT_TRUE(started.ok()) << started.status();
    server = std::move(*started);
  }
  RawClient connect() {
    RawClient client(server->port());
    client.start();
    return client;
  }

  jobs::CannedSql sql;
  std::unique_ptr<PostgresServer> server;
};

inline sql::OutputColumn column(const char* name, Type type) {
  return {name, std::move(type), true};
}

inline Canned writes(std::string tag) {
  Canned canned;
  canned.tag = std::move(tag);
  return canned;
}

}  // namespace dataflow::postgres
