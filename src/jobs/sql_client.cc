// The session: statements are parsed, given their parameters, and run.
#include "sql_client.h"

#include <algorithm>

#include "point_read.h"
#include "sql/parser.h"
#include "sql_parameters.h"
#include "statement_run.h"

namespace dataflow::jobs {
namespace {

// The statement of `text`, with these parameters in it: the text is read again, unless there are
// none.
Result<sql::StatementAst> with_parameters(const std::string& text,
                                          const sql::StatementAst& statement,
                                          sql::Parameters parameters) {
  if (parameters.given.empty()) return statement;
  const sql::Place place = statement.place;
  DF_ASSIGN_OR_RETURN(std::vector<sql::StatementAst> all, sql::parse_script(text, parameters));
  const auto found = std::ranges::find_if(all, [&](const sql::StatementAst& each) {
    return each.place.line == place.line && each.place.column == place.column;
  });
  if (found == all.end()) return Status::internal("the statement is not in its text any more");
  return std::move(*found);
}

class Prepared final : public PreparedStatement {
 public:
  Prepared(SqlClient& client, uint64_t version, sql::StatementAst statement, std::string text,
           std::vector<Type> parameters, std::optional<std::vector<sql::OutputColumn>> columns)
      : client_(client),
        version_(version),
        statement_(std::move(statement)),
        text_(std::move(text)),
        parameters_(std::move(parameters)),
        columns_(std::move(columns)) {}

  const std::vector<Type>& parameters() const override { return parameters_; }
  const std::optional<std::vector<sql::OutputColumn>>& columns() const override { return columns_; }
  Result<StatementAnswer> execute(const std::vector<Value>& parameters) override;

 private:
  Status look_again(const sql::StatementAst& statement, const SqlServer::CatalogAt& at);
  std::optional<std::vector<Row>> read_by_key(const std::vector<Value>& parameters);

  SqlClient& client_;
  uint64_t version_;  // of the catalog that the columns were found in
  const sql::StatementAst statement_;
  const std::string text_;
  const std::vector<Type> parameters_;
  const std::optional<std::vector<sql::OutputColumn>> columns_;
  // Of a SELECT that is answered by key: compiled once for each version of the catalog.
  std::unique_ptr<PointRead> read_;
  uint64_t read_version_ = 0;
};

// What one that has failed still takes.
bool ends_transaction(const sql::StatementAst& statement) {
  const auto* word = std::get_if<sql::Transaction>(&statement.what);
  if (word == nullptr) return false;
  switch (word->word) {
    case sql::TransactionWord::kCommit:
    case sql::TransactionWord::kRollback:
    case sql::TransactionWord::kRollbackTo: return true;
    default: return false;
  }
}

// Who asked has been told of the columns.
Status Prepared::look_again(const sql::StatementAst& statement, const SqlServer::CatalogAt& at) {
  if (at.version == version_ || !columns_) return {};
  DF_ASSIGN_OR_RETURN(const auto columns,
                      columns_of_statement(client_, *at.catalog, statement, text_));
  const bool same = columns && std::ranges::equal(*columns, *columns_, [](auto& a, auto& b) {
                      return a.name == b.name && a.type == b.type;
                    });
  if (!same) {
    return Status::unsupported(
        "cached plan must not change result type: what the statement reads was defined anew; "
        "prepare it again");
  }
  version_ = at.version;
  return {};
}

// None: it is no such query, or a job has to answer it (and to find words for what is wrong).
std::optional<std::vector<Row>> Prepared::read_by_key(const std::vector<Value>& parameters) {
  const auto* const select = std::get_if<sql::SelectStatement>(&statement_.what);
  if (select == nullptr || !PointRead::may_be(*select->query) || client_.pending ||
      !client_.settings.point_reads()) {
    return std::nullopt;
  }
  if (client_.server.version() != read_version_) {
    const SqlServer::CatalogAt at = client_.server.catalog_at();
    read_version_ = at.version;
    read_ = nullptr;
    const auto marked = with_parameters(text_, statement_, as_markers(parameters_));
    if (!marked.ok() || !look_again(*marked, at).ok()) return std::nullopt;
    const sql::Query& query = *std::get<sql::SelectStatement>(marked->what).query;
    if (!PointRead::may_be(query)) return std::nullopt;
    const auto made = sql::compile(query, *at.catalog, client_.settings, text_, false);
    if (made.ok()) read_ = PointRead::make(*made, *at.catalog);
  }
  if (read_ == nullptr) return std::nullopt;
  return read_->run(client_, parameters);
}

Result<StatementAnswer> Prepared::execute(const std::vector<Value>& parameters) {
  if (parameters.size() != parameters_.size()) {
    return Status::invalid("the statement takes " + std::to_string(parameters_.size()) +
                           " parameters, " + std::to_string(parameters.size()) + " are given");
  }
  if (client_.transaction == TransactionState::kFailed && !ends_transaction(statement_)) {
    return Status::conflict(
        "the transaction has failed: nothing more is done before ROLLBACK ends it");
  }
  client_.begin();
  if (auto rows = read_by_key(parameters)) return rows_answer("SELECT", std::move(*rows));
  const auto run = [&]() -> Result<StatementAnswer> {
    DF_ASSIGN_OR_RETURN(const sql::StatementAst statement,
                        with_parameters(text_, statement_, as_literals(parameters)));
    const SqlServer::CatalogAt at = client_.server.catalog_at();
    DF_RETURN_IF_ERROR(look_again(statement, at));
    return run_statement(client_, at.catalog, statement, text_);
  };
  Result<StatementAnswer> answer = run();
  if (!answer.ok() && client_.transaction == TransactionState::kOpen) {
    client_.transaction = TransactionState::kFailed;
  }
  return answer;
}

class Session final : public SqlSession {
 public:
  explicit Session(SqlServer& server) : client_(server) {}

  Result<std::vector<sql::StatementAst>> parse(const std::string& text) override {
    sql::Parameters none;
    auto parsed = sql::parse_script(text, none);
    if (!parsed.ok()) fail_transaction();
    return parsed;
  }
  Result<std::unique_ptr<PreparedStatement>> prepare(
      const sql::StatementAst& statement, const std::string& text,
      const std::vector<std::optional<Type>>& parameters) override {
    client_.rows_read = client_.rows_written = 0;
    auto prepared = look_up(statement, text, parameters);
    if (!prepared.ok()) fail_transaction();
    return prepared;
  }

  TransactionState transaction() const override { return client_.transaction; }
  void fail_transaction() override {
    if (client_.transaction == TransactionState::kOpen) {
      client_.transaction = TransactionState::kFailed;
    }
  }
  StatementProgress progress() const override { return {client_.rows_read, client_.rows_written}; }
  void cancel() override { client_.cancelled = true; }
  void close() override {
    client_.closed = true;
    client_.cancelled = true;
  }
  void begin() override { client_.begin(); }

  void open_batch() override {
    if (client_.in_transaction() || client_.transaction != TransactionState::kNone) return;
    client_.batch = true;
    client_.read_only = client_.read_only_by_default;
    client_.asked = false;
  }
  bool in_batch() const override { return client_.batch; }
  Status commit_batch() override {
    if (!client_.batch) return {};
    client_.batch = false;
    return commit_pending(client_);
  }
  void let_others_write() override { client_.let_others_write(); }
  void drop_batch() override {
    if (client_.batch) client_.forget_transaction();
  }
  bool read_only() const override { return client_.refuses_writes(); }
  Status set_read_only(bool only) override {
    if (!only && client_.read_only && client_.asked) {
      return Status::conflict("transaction read-write mode must be set before any query");
    }
    client_.read_only = only;
    return {};
  }
  void set_read_only_by_default(bool only) override { client_.read_only_by_default = only; }

 private:
  Result<std::unique_ptr<PreparedStatement>> look_up(
      const sql::StatementAst& statement, const std::string& text,
      const std::vector<std::optional<Type>>& parameters);

  SqlClient client_;
};

Result<std::unique_ptr<PreparedStatement>> Session::look_up(
    const sql::StatementAst& statement, const std::string& text,
    const std::vector<std::optional<Type>>& parameters) {
  const auto [catalog, version] = client_.server.catalog_at();
  DF_ASSIGN_OR_RETURN(std::vector<Type> types,
                      parameter_types(statement, text, parameters, *catalog));
  sql::Parameters nulls;
  for (const Type& type : types) {
    nulls.given.push_back(expr::cast(expr::literal(Value()), type));
  }
  DF_ASSIGN_OR_RETURN(const sql::StatementAst typed,
                      with_parameters(text, statement, std::move(nulls)));
  // Of a transaction that has failed nothing is looked up.
  std::optional<std::vector<sql::OutputColumn>> columns;
  if (client_.transaction != TransactionState::kFailed) {
    DF_ASSIGN_OR_RETURN(columns, columns_of_statement(client_, *catalog, typed, text));
  }
  return std::unique_ptr<PreparedStatement>(std::make_unique<Prepared>(
      client_, version, statement, text, std::move(types), std::move(columns)));
}

}  // namespace

std::unique_ptr<SqlSession> make_sql_session(SqlServer& server) {
  return std::make_unique<Session>(server);
}

}  // namespace dataflow::jobs
