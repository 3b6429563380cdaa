// BEGIN, COMMIT and ROLLBACK, and what is done at a transaction's end.
#include <chrono>
#include <utility>

#include "statement_run.h"

namespace dataflow::jobs {
namespace {

// How long it takes at most until a cancelled one hears of it.
constexpr std::chrono::milliseconds kLook{20};

}  // namespace

Result<std::unique_lock<std::timed_mutex>> hold_writing(SqlClient& client,
                                                        const std::string& table) {
  std::unique_lock held(client.server.writing(table), std::defer_lock);
  while (!held.try_lock_for(kLook)) {
    if (client.cancelled) return cancelled_by_user();
  }
  return held;
}

Status commit_pending(SqlClient& client) {
  const std::optional<TableChanges> pending = std::exchange(client.pending, std::nullopt);
  Status written;
  if (pending && client.written == pending->table.name) {
    written = write_changes(client.server, *pending);
  } else if (pending) {
    client.let_others_write();
    DF_ASSIGN_OR_RETURN(const auto held, hold_writing(client, pending->table.name));
    written = write_changes(client.server, *pending);
  }
  client.let_others_write();
  return written;
}

// A batch's next statements are sent by now, or soon: nobody writes in between, so that it never
// has to be run again. Who said BEGIN may be long about it: others go on, and COMMIT sees whether
// they did. A batch holds one table, so that no two wait for each other.
Result<std::unique_lock<std::timed_mutex>> StatementRun::hold_replacing(const std::string& table) {
  if (!client_.batch) return hold_writing(client_, table);
  if (client_.written == table) return std::unique_lock<std::timed_mutex>();
  if (client_.pending && client_.pending->table.name != table) DF_RETURN_IF_ERROR(leave_batch());
  client_.let_others_write();
  DF_ASSIGN_OR_RETURN(client_.writing, hold_writing(client_, table));
  client_.written = table;
  return std::unique_lock<std::timed_mutex>();
}

StatementRun::Answer StatementRun::on(const sql::Transaction& transaction) {
  using sql::TransactionWord;
  switch (transaction.word) {
    case TransactionWord::kBegin: return begin(transaction);
    case TransactionWord::kSavepoint:
    case TransactionWord::kRelease:
    case TransactionWord::kRollbackTo: return at_savepoint(transaction);
    case TransactionWord::kRollback:
    case TransactionWord::kCommit: break;
  }
  const bool none = client_.transaction == TransactionState::kNone;
  const bool commits = transaction.word == TransactionWord::kCommit &&
                       client_.transaction != TransactionState::kFailed;
  StatementAnswer answer = statement_done(commits ? "COMMIT" : "ROLLBACK");
  if (none) answer.warnings.push_back("there is no transaction in progress");
  if (!commits) {
    client_.forget_transaction();
    return answer;
  }
  client_.transaction = TransactionState::kNone;
  client_.savepoints.clear();
  client_.batch = false;
  DF_RETURN_IF_ERROR(commit_pending(client_));
  return answer;
}

// What a batch has written is of the transaction that it goes over into.
StatementRun::Answer StatementRun::begin(const sql::Transaction& transaction) {
  StatementAnswer answer = statement_done("BEGIN");
  if (client_.transaction == TransactionState::kOpen) {
    answer.warnings.push_back("there is already a transaction in progress");
  } else if (!client_.batch) {
    client_.read_only = client_.read_only_by_default;
    client_.asked = false;
  }
  if (!transaction.name.parts.empty()) client_.read_only = transaction.name.last() == "READ ONLY";
  client_.transaction = TransactionState::kOpen;
  client_.batch = false;
  client_.let_others_write();
  return answer;
}

}  // namespace dataflow::jobs
