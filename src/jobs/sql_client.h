// The session of one client: what it has set, its transaction, its statements.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "jobs/sql_session.h"
#include "sql/settings.h"
#include "sql_server.h"
#include "table_writer.h"

namespace dataflow::jobs {

std::unique_ptr<SqlSession> make_sql_session(SqlServer& server);

// What the statements of one session share.
struct SqlClient {
  explicit SqlClient(SqlServer& shared) : server(shared) {}

  SqlServer& server;
  sql::Settings settings;
  TransactionState transaction = TransactionState::kNone;
  // What the open transaction writes when it is committed.
  std::optional<TableChanges> pending;
  // Within the open transaction, in the order in which they were made.
  struct Savepoint {
    std::string name;
    std::optional<size_t> rows;  // of `pending`; none: there was none
  };
  std::vector<Savepoint> savepoints;
  // What it does now is to end. Of one that is closed all that it does.
  std::atomic<bool> cancelled = false;
  std::atomic<bool> closed = false;
  // Of what it does now.
  std::atomic<uint64_t> rows_read = 0, rows_written = 0;

  void begin() {
    rows_read = rows_written = 0;
    cancelled = false;
    if (closed) cancelled = true;
  }
};

// What a statement says that was told to end.
inline Status cancelled_by_user() {
  return Status::cancelled("canceling statement due to user request");
}

// What the statement does, with its parameters in place. `text` is the whole that its places count
// in.
Result<StatementAnswer> run_statement(SqlClient& client,
                                      std::shared_ptr<const sql::Catalog> catalog,
                                      const sql::StatementAst& statement, const std::string& text);
// The columns of its rows; none: it gives no rows.
Result<std::optional<std::vector<sql::OutputColumn>>> columns_of_statement(
    SqlClient& client, const sql::Catalog& catalog, const sql::StatementAst& statement,
    const std::string& text);

}  // namespace dataflow::jobs
