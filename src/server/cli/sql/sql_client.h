// SQL over HTTP, as the shell speaks it: one session of a server, its statements, their results
// page by page.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/document.h"
#include "cli/endpoint.h"
#include "cli/http_get.h"

namespace dataflow::cli {

struct SqlColumn {
  std::string name;
  std::string type;
  bool nullable = true;
  bool numeric() const;
};

// Why a statement failed. Places count within its own text; 0 where the server names none.
struct SqlError {
  std::string message;
  size_t line = 0;
  size_t column = 0;
};

struct SqlStatement {
  std::string id;
  std::string state;                              // running, finished, failed, cancelled
  std::string tag;                                // what it did: "CREATE TABLE", "INSERT 0 3"
  std::optional<std::vector<SqlColumn>> columns;  // none: it gives no rows
  std::vector<std::string> warnings;
  std::optional<SqlError> error;
  bool following = false;  // its rows are changes that never end by themselves
  int64_t rows_read = -1;  // up to now; -1: not told
  int64_t rows_written = -1;

  bool running() const { return state == "running"; }
};

struct SqlPage {
  std::vector<SqlColumn> columns;
  std::vector<std::vector<Document>> rows;
  std::vector<std::string> changes;  // of a following one: what each row is
  std::optional<int64_t> next;       // none: that was all
  std::string state;
  std::optional<SqlError> error;
};

struct SqlRelation {
  std::string name;
  std::string kind;  // table, view, materialized view
  std::vector<SqlColumn> columns;
  std::vector<std::string> primary_key;
  std::string comment;
};

class SqlClient {
 public:
  using Settings = std::map<std::string, std::string>;
  SqlClient(HttpEndpoint http, int64_t timeout_ms)
      : http_(std::move(http)), timeout_ms_(timeout_ms) {}

  const HttpEndpoint& endpoint() const { return http_; }
  // Ends what waits for an answer of status() and page() once something can be read there.
  void wake_on(int fd) { wake_fd_ = fd; }

  Status open(const Settings& settings);
  void close();
  // "none", "open" or "failed"
  Result<std::string> transaction();

  // Waits up to so long for its end. An error of the statement is in `error`; a Status is about the
  // way to the server. kNotFound: the session is gone.
  Result<SqlStatement> start(const std::string& text, int64_t wait_ms);
  // kCancelled: woken, or interrupted.
  Result<SqlStatement> status(const std::string& id, int64_t wait_ms);
  Result<SqlPage> page(const std::string& id, int64_t number, int64_t wait_ms, int64_t most);
  Result<SqlStatement> cancel(const std::string& id);
  // It is not asked about any more.
  void release(const std::string& id);
  Result<std::vector<SqlRelation>> relations(int64_t timeout_ms);

 private:
  struct Answer {
    int status = 0;
    Document body;
  };
  Result<Answer> ask(HttpCall call);
  std::string session_path() const;
  std::string statement_path(const std::string& id) const;

  HttpEndpoint http_;
  int64_t timeout_ms_;
  int wake_fd_ = -1;
  std::string session_;
};

}  // namespace dataflow::cli
