// SQL over HTTP: sessions, statements that run on threads of their own and are asked for by a
// handle, and their rows a page at a time, as JSON, CSV, Arrow or events; below /api/v1/sql. See
// docs/sql-http.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/env.h"
#include "base/timer_queue.h"
#include "edge/http/server.h"
#include "jobs/sql_session.h"

namespace dataflow::http {

struct SqlHttpOptions {
  size_t max_sessions = 100;
  size_t max_running = 64;  // statements, each with a thread
  size_t max_results = 32;  // of a session, that are not read to their end
  int64_t idle_ms = 10LL * 60 * 1000;
  size_t max_page_rows = 100'000;
};

class SqlOverHttp {
 public:
  // The service, the Env and the queue outlive stop().
  static std::unique_ptr<SqlOverHttp> open(const SqlHttpOptions& options, jobs::SqlService& service,
                                           Env& env, TimerQueue& timers);
  virtual ~SqlOverHttp() = default;
  // They may outlive this.
  virtual std::vector<Route> routes() = 0;
  // Cancels what runs, ends every session and joins the threads. Requests are refused from then on.
  virtual void stop() = 0;
};

}  // namespace dataflow::http
