// SAVEPOINT, RELEASE and ROLLBACK TO: points within a transaction.
#include <algorithm>
#include <iterator>

#include "sql/parser.h"
#include "statement_run.h"

namespace dataflow::jobs {

// Of several of one name it is the last one that is meant. ROLLBACK TO keeps the one it goes back
// to, and is what a failed transaction goes on from.
StatementRun::Answer StatementRun::at_savepoint(const sql::Transaction& transaction) {
  using sql::TransactionWord;
  const bool makes = transaction.word == TransactionWord::kSavepoint;
  const bool back = transaction.word == TransactionWord::kRollbackTo;
  const std::string tag = makes ? "SAVEPOINT" : back ? "ROLLBACK" : "RELEASE";
  const std::string& name = transaction.name.last();
  if (client_.transaction == TransactionState::kNone) {
    return Status::conflict((back ? "ROLLBACK TO SAVEPOINT" : tag) +
                            " can only be used in transaction blocks");
  }
  std::vector<SqlClient::Savepoint>& points = client_.savepoints;
  std::optional<TableChanges>& pending = client_.pending;
  if (makes) {
    points.push_back({name, pending ? std::optional(pending->rows.size()) : std::nullopt});
    return statement_done(tag);
  }
  const auto found =
      std::find_if(points.rbegin(), points.rend(), [&](const auto& at) { return at.name == name; });
  if (found == points.rend()) {
    return sql::error_at(text_, transaction.name.place,
                         "savepoint \"" + name + "\" does not exist");
  }
  const auto point = std::prev(found.base());
  if (!back) {
    points.erase(point, points.end());
    return statement_done(tag);
  }
  if (!point->rows) {
    pending.reset();
  } else if (pending) {
    pending->rows.resize(*point->rows);
    pending->kinds.resize(*point->rows);
  }
  points.erase(std::next(point), points.end());
  client_.transaction = TransactionState::kOpen;
  return statement_done(tag);
}

}  // namespace dataflow::jobs
