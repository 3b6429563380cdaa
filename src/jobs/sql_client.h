// The session of one client: what it has set, its transaction, its statements.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
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
  // What follows is one transaction that nobody has begun; `transaction` is kNone.
  bool batch = false;
  // Of that one: nobody else writes to the table whose rows it has read. One thread's, as all this.
  std::unique_lock<std::timed_mutex> writing;
  std::string written;                // the table, while that is held
  bool read_only = false;             // of the open transaction or batch
  bool read_only_by_default = false;  // of the next one
  bool asked = false;                 // it has had a statement that reads or writes
  // What it does now is to end. Of one that is closed all that it does.
  std::atomic<bool> cancelled = false;
  std::atomic<bool> closed = false;
  // Of what it does now.
  std::atomic<uint64_t> rows_read = 0, rows_written = 0;

  bool in_transaction() const { return batch || transaction == TransactionState::kOpen; }
  bool refuses_writes() const {
    return batch || transaction != TransactionState::kNone ? read_only : read_only_by_default;
  }
  void let_others_write() {
    written.clear();
    if (writing.owns_lock()) writing.unlock();
  }
  // Nothing of it is written.
  void forget_transaction() {
    pending.reset();
    savepoints.clear();
    transaction = TransactionState::kNone;
    batch = false;
    let_others_write();
  }

  void begin() {
    rows_read = rows_written = 0;
    cancelled = false;
    if (closed) cancelled = true;
  }
};

// What it has pending is durable when this returns, or gone; and others may write.
Status commit_pending(SqlClient& client);
// To that table, once nobody else does; kCancelled.
Result<std::unique_lock<std::timed_mutex>> hold_writing(SqlClient& client,
                                                        const std::string& table);

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
