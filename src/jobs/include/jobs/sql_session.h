// SQL of a running server: sessions that share one catalog, which outlives it. What speaks a
// protocol (edge/postgres, edge/http) opens a session for each of its clients.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "jobs/collect.h"
#include "sql/ast.h"
#include "sql/compile.h"

namespace dataflow::jobs {

// The rows of a statement, a part at a time. Used by one thread, but for cancel().
class RowStream {
 public:
  virtual ~RowStream() = default;
  // Up to `most` rows, at least one unless that was all. May block until there is one (SUBSCRIBE);
  // kCancelled where the session was told so meanwhile.
  virtual Result<std::vector<Row>> next(size_t most) = 0;
  // Whether next() may have to wait: who sends rows on had better send first what it has.
  virtual bool may_wait() const { return false; }
  // Whether next() answers at once. False: not within `wait_ms`, and `wake` is called, once and
  // from any thread, when it may do so; not within it is the stream asked anything.
  virtual bool await(int64_t /*wait_ms*/, const std::function<void()>& /*wake*/) { return true; }
  // Ends next(), now and later: kCancelled.
  virtual void cancel() {}
  // The session goes on to something else, and may end first: from here on what ends its statements
  // does not end this.
  virtual void detach() {}
};

// What a statement that has run says.
struct StatementAnswer {
  // What it did, in PostgreSQL's words: "CREATE TABLE", "INSERT 0 3". Of what gives rows the first
  // word only ("SELECT", "SHOW"): who sends them counts them.
  std::string tag;
  std::unique_ptr<RowStream> rows;  // none: it gives no rows
  std::vector<std::string> warnings;
};

// A statement that is bound to the catalog as it was when it was prepared. Looked up again at each
// execute() where the catalog has changed since.
class PreparedStatement {
 public:
  virtual ~PreparedStatement() = default;
  // Of $1, $2, …: those given, and what the text makes of the others.
  virtual const std::vector<Type>& parameters() const = 0;
  // None: it gives no rows.
  virtual const std::optional<std::vector<sql::OutputColumn>>& columns() const = 0;
  // Of the parameters' types; NULL is allowed.
  virtual Result<StatementAnswer> execute(const std::vector<Value>& parameters) = 0;
};

// What a statement has done so far: rows that came out of its sources and went into its sinks.
struct StatementProgress {
  uint64_t rows_read = 0, rows_written = 0;
};

enum class TransactionState : uint8_t { kNone, kOpen, kFailed };

// One client's: its settings and its transaction. Used by one thread, but for cancel() and
// progress().
class SqlSession {
 public:
  virtual ~SqlSession() = default;

  // The statements of a text, none of them looked up. kInvalid "line L, column C: what", then the
  // line and a caret.
  virtual Result<std::vector<sql::StatementAst>> parse(const std::string& text) = 0;
  // `text` is the whole that the statement was parsed from, in which its places count. Types that
  // nobody has given are found out.
  virtual Result<std::unique_ptr<PreparedStatement>> prepare(
      const sql::StatementAst& statement, const std::string& text,
      const std::vector<std::optional<Type>>& parameters) = 0;

  // What BEGIN, COMMIT and ROLLBACK have made of it. An error between makes it kFailed, in which
  // only ROLLBACK and COMMIT (which then rolls back) are taken.
  virtual TransactionState transaction() const = 0;
  // A statement of the open transaction failed outside of this session: in its protocol's part.
  virtual void fail_transaction() = 0;

  // A batch: statements that nobody has said BEGIN in front of, and that are one transaction all
  // the same. Where a transaction is open nothing happens; BEGIN makes the batch one, and COMMIT
  // and ROLLBACK end it. A statement that can be part of no transaction commits what the batch has
  // written, is done by itself, and the batch goes on behind it.
  virtual void open_batch() {}
  virtual bool in_batch() const { return false; }
  // Ok: all that it has written is durable. An error: nothing of it is there. The batch has ended.
  virtual Status commit_batch() { return {}; }
  virtual void drop_batch() {}
  // Who has written to a table in a batch keeps others from writing to it up to the batch's end, or
  // up to this: then commit_batch() is kConflict if somebody did.
  virtual void let_others_write() {}

  // Whether what writes is refused now.
  virtual bool read_only() const { return false; }
  // In the open transaction or batch: kConflict where it wants to write behind its first query.
  virtual Status set_read_only(bool /*only*/) { return {}; }
  // In those that begin later.
  virtual void set_read_only_by_default(bool /*only*/) {}

  // Of what it does now, or did last; some tenths of a second old.
  virtual StatementProgress progress() const { return {}; }
  // Ends what it does now, from any thread: that returns kCancelled.
  virtual void cancel() = 0;
  // Likewise, and whatever is asked of it later: its client has gone.
  virtual void close() { cancel(); }
  // What was cancelled before is over; what comes now is not cancelled. Each execute() begins so,
  // and so should who goes on reading rows after a while.
  virtual void begin() {}
};

// What there is to be told of by pg_catalog and information_schema.
struct RelationFacts {
  enum class Kind : uint8_t { kTable, kView, kMaterializedView };
  std::string name;
  Kind kind = Kind::kTable;
  std::vector<sql::OutputColumn> columns;
  std::vector<std::string> primary_key;
  std::string definition;  // of a view: its query as written
  std::string comment;
  std::map<std::string, std::string> column_comments = {};  // of those that have one
  // Those that INSERT fills, of a table whose rows the server keeps.
  std::vector<std::string> filled = {};
};

class SqlService {
 public:
  virtual ~SqlService() = default;
  virtual std::unique_ptr<SqlSession> open_session() = 0;
  // By name. `version` rises with each change.
  virtual std::vector<RelationFacts> relations() const = 0;
  virtual uint64_t version() const = 0;
};

}  // namespace dataflow::jobs
