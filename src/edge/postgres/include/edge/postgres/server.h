// The PostgreSQL listener: SQL sessions for psql, JDBC, psycopg and whatever else speaks
// PostgreSQL's frontend/backend protocol 3.0 to 3.2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "base/env.h"
#include "base/status.h"
#include "jobs/sql_session.h"

namespace dataflow::postgres {

struct PostgresOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 5433;          // 0: a free one
  size_t max_connections = 100;  // sessions; who comes beyond it is told 53300
  size_t max_message_bytes = 64u << 20;
  // Until a client has begun its session, whatever it sends meanwhile.
  int64_t login_timeout_ms = 60'000;
  // Throws std::system_error where there are no more threads. A test may give another one.
  std::function<std::thread(std::function<void()>)> make_thread = [](std::function<void()> run) {
    return std::thread(std::move(run));
  };
};

// Every connection has a thread of its own. The service and the Env must outlive stop().
class PostgresServer {
 public:
  // Binds, listens and starts. The error of a port that is taken names address and port.
  static Result<std::unique_ptr<PostgresServer>> start(PostgresOptions options,
                                                       jobs::SqlService& service, Env& env);
  virtual ~PostgresServer() = default;
  virtual uint16_t port() const = 0;
  // Cancels what sessions do, closes every connection and joins the threads.
  virtual void stop() = 0;
};

}  // namespace dataflow::postgres
