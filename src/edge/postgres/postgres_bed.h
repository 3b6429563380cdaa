// A server over a fake service, on a free port.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "edge/postgres/server.h"
#include "fake_sql.h"
#include "listener.h"
#include "raw_client.h"

namespace dataflow::postgres {

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

  FakeSql sql;
  std::unique_ptr<PostgresServer> server;
};

inline sql::OutputColumn column(const char* name, Type type) {
  return {name, std::move(type), true};
}

// Rows of one INT column from 1.
inline Canned numbers(int64_t count) {
  Canned canned;
  canned.columns = {column("n", Type::int32())};
  for (int64_t i = 1; i <= count; ++i) canned.rows.push_back({Value::integer(Type::int32(), i)});
  return canned;
}

inline Canned writes(std::string tag) {
  Canned canned;
  canned.tag = std::move(tag);
  return canned;
}

}  // namespace dataflow::postgres
