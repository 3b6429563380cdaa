// Client: cursors of SQL, which are portals that have a name in it.
#include <algorithm>

#include "client.h"

namespace dataflow::postgres {
namespace {

// What one FETCH takes of a cursor. Of one that follows it is what is there, once there is
// something: the rest may never come.
class FetchedRows final : public jobs::RowStream {
 public:
  FetchedRows(std::shared_ptr<Portal> cursor, std::optional<uint64_t> count)
      : cursor_(std::move(cursor)), left_(count.value_or(UINT64_MAX)) {}

  Result<std::vector<jobs::Row>> next(size_t most) override {
    if (left_ == 0 || cursor_->done) return std::vector<jobs::Row>();
    Result<std::vector<jobs::Row>> rows =
        cursor_->answer->rows->next(static_cast<size_t>(std::min<uint64_t>(most, left_)));
    if (!rows.ok() || rows->empty()) {
      cursor_->done = true;
    } else {
      left_ = cursor_->statement->follows ? 0 : left_ - rows->size();
    }
    return rows;
  }
  bool may_wait() const override {
    return left_ > 0 && !cursor_->done && cursor_->answer->rows->may_wait();
  }

 private:
  const std::shared_ptr<Portal> cursor_;
  uint64_t left_;
};

std::optional<uint64_t> count_of(const OwnStatement& own) {
  return own.all ? std::nullopt : std::optional(own.count);
}

}  // namespace

Result<std::shared_ptr<Portal>> Client::find_portal(const std::string& name) const {
  const auto found = portals_.find(name);
  if (found != portals_.end()) return found->second;
  return sql_error(SqlState::kNoCursor, "cursor \"" + name + "\" does not exist");
}

Status Client::prepare_declare(const ReadStatement& read, const std::vector<uint32_t>& oids,
                               Statement& out) {
  auto query = std::make_shared<Statement>();
  DF_RETURN_IF_ERROR(prepare_query(read, oids, false, *query));
  if (!query->prepared->columns()) {
    return sql_error(SqlState::kSyntax, "DECLARE CURSOR needs a query that returns rows");
  }
  std::vector<Type> types = query->prepared->parameters();
  const auto run = [this, own = *read.own, query](const std::vector<Value>& parameters) {
    return declare(own, query, parameters);
  };
  out.prepared =
      std::make_unique<OwnPrepared>(run, std::optional<std::vector<sql::OutputColumn>>(), types);
  return {};
}

Result<jobs::StatementAnswer> Client::declare(const OwnStatement& own,
                                              std::shared_ptr<Statement> query,
                                              const std::vector<Value>& parameters) {
  if (!own.hold && !in_block()) {
    return sql_error(SqlState::kNoTransaction,
                     "DECLARE CURSOR can only be used in transaction blocks");
  }
  if (portals_.contains(own.name)) {
    return sql_error(SqlState::kDuplicateCursor, "cursor \"" + own.name + "\" already exists");
  }
  auto cursor = std::make_shared<Portal>();
  cursor->statement = std::move(query);
  cursor->parameters = parameters;
  cursor->hold = own.hold;
  if (own.binary) cursor->formats = {WireFormat::kBinary};
  DF_ASSIGN_OR_RETURN(cursor->answer, cursor->statement->prepared->execute(parameters));
  jobs::StatementAnswer answer;
  answer.tag = own.tag;
  answer.warnings = std::move(cursor->answer->warnings);
  portals_[own.name] = std::move(cursor);
  return answer;
}

Status Client::prepare_fetch(const OwnStatement& own, Statement& out) {
  DF_ASSIGN_OR_RETURN(const std::shared_ptr<Portal> cursor, find_portal(own.name));
  const Statement& query = *cursor->statement;
  if (query.columns() == nullptr) {
    return sql_error(SqlState::kInvalidCursorState,
                     "cursor \"" + own.name + "\" gives no rows to FETCH");
  }
  out.column_oids = query.column_oids;
  out.column_names = query.column_names;
  out.counts = true;
  out.follows = query.follows;
  out.binary = cursor->formats.size() == 1 && cursor->formats[0] == WireFormat::kBinary;
  const auto run = [this, own, columns = *query.columns()](
                       const std::vector<Value>&) -> Result<jobs::StatementAnswer> {
    DF_ASSIGN_OR_RETURN(const std::shared_ptr<Portal> now, find_portal(own.name));
    const std::vector<sql::OutputColumn>* const given = now->statement->columns();
    // Another cursor has got the name since.
    if (given == nullptr || !std::ranges::equal(*given, columns, {}, &sql::OutputColumn::type,
                                                &sql::OutputColumn::type)) {
      return sql_error(SqlState::kUnsupported, "cached plan must not change result type");
    }
    return fetch(own);
  };
  out.prepared = std::make_unique<OwnPrepared>(run, *query.columns());
  return {};
}

Result<jobs::StatementAnswer> Client::fetch(const OwnStatement& own) {
  DF_ASSIGN_OR_RETURN(const std::shared_ptr<Portal> cursor, find_portal(own.name));
  if (!cursor->answer || !cursor->answer->rows) {
    return sql_error(SqlState::kInvalidCursorState,
                     "cursor \"" + own.name + "\" gives no rows to FETCH");
  }
  jobs::StatementAnswer answer;
  answer.tag = own.tag;
  answer.rows = std::make_unique<FetchedRows>(cursor, count_of(own));
  return answer;
}

Result<jobs::StatementAnswer> Client::move(const OwnStatement& own) {
  DF_ASSIGN_OR_RETURN(jobs::StatementAnswer answer, fetch(own));
  constexpr size_t kAtOnce = 1024;
  uint64_t moved = 0;
  while (true) {
    DF_ASSIGN_OR_RETURN(const std::vector<jobs::Row> rows, answer.rows->next(kAtOnce));
    if (rows.empty()) break;
    moved += rows.size();
  }
  answer.rows.reset();
  answer.tag += " " + std::to_string(moved);
  return answer;
}

Status Client::close_cursor(const OwnStatement& own) {
  if (own.name.empty()) {
    portals_.clear();
    return {};
  }
  DF_RETURN_IF_ERROR(find_portal(own.name).status());
  portals_.erase(own.name);
  return {};
}

}  // namespace dataflow::postgres
