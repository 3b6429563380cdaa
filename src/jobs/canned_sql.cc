#include "jobs/canned_sql.h"

#include <utility>
#include <variant>

#include "sql/parser.h"
#include "sql_client.h"

namespace dataflow::jobs {

Canned canned_numbers(int64_t count) {
  Canned canned;
  canned.columns = {{"n", Type::int32(), true}};
  for (int64_t i = 1; i <= count; ++i) canned.rows.push_back({Value::integer(Type::int32(), i)});
  return canned;
}

class CannedSql::Session final : public SqlSession {
 public:
  explicit Session(CannedSql& service) : service_(service) {
    const std::lock_guard lock(service_.mutex_);
    ++service_.sessions_;
  }
  ~Session() override {
    const std::lock_guard lock(service_.mutex_);
    --service_.sessions_;
  }

  Result<std::vector<sql::StatementAst>> parse(const std::string& text) override {
    sql::Parameters none;
    return sql::parse_script(text, none);
  }
  Result<std::unique_ptr<PreparedStatement>> prepare(
      const sql::StatementAst& statement, const std::string& text,
      const std::vector<std::optional<Type>>& parameters) override;
  TransactionState transaction() const override { return transaction_; }
  void open_batch() override {
    if (transaction_ == TransactionState::kNone) batch_ = true;
  }
  bool in_batch() const override { return batch_; }
  Status commit_batch() override {
    if (!std::exchange(batch_, false)) return {};
    const std::lock_guard lock(service_.mutex_);
    ++service_.committed_;
    return std::exchange(service_.commit_error, Status());
  }
  void drop_batch() override { batch_ = false; }
  void fail_transaction() override { transaction_ = TransactionState::kFailed; }
  void cancel() override {
    const std::lock_guard lock(service_.mutex_);
    cancelled_ = true;
    service_.changed_.notify_all();
  }
  void close() override {
    const std::lock_guard lock(service_.mutex_);
    closed_ = cancelled_ = true;
    service_.changed_.notify_all();
  }
  void begin() override {
    const std::lock_guard lock(service_.mutex_);
    cancelled_ = closed_;
  }

  StatementProgress progress() const override {
    const std::lock_guard lock(service_.mutex_);
    return progress_;
  }
  void set_progress(const StatementProgress& progress) {
    const std::lock_guard lock(service_.mutex_);
    progress_ = progress;
  }

  // Until the session is cancelled, or what `end` says.
  Status block(const bool& end) {
    std::unique_lock lock(service_.mutex_);
    ++service_.blocked_;
    service_.changed_.notify_all();
    service_.changed_.wait(lock, [&] { return cancelled_ || end; });
    cancelled_ = closed_;
    --service_.blocked_;
    service_.changed_.notify_all();
    return cancelled_by_user();
  }

  std::string turn(const sql::Transaction& to) {
    const bool failed = transaction_ == TransactionState::kFailed;
    batch_ = false;
    if (to.word == sql::TransactionWord::kBegin) {
      transaction_ = TransactionState::kOpen;
      return "BEGIN";
    }
    transaction_ = TransactionState::kNone;
    return to.word == sql::TransactionWord::kCommit && !failed ? "COMMIT" : "ROLLBACK";
  }

 private:
  CannedSql& service_;
  TransactionState transaction_ = TransactionState::kNone;
  bool batch_ = false;
  // Under the service's mutex:
  bool cancelled_ = false, closed_ = false;
  StatementProgress progress_;
};

class CannedSql::Rows final : public RowStream {
 public:
  Rows(CannedSql& service, Session& session, Canned canned)
      : service_(service), session_(session), canned_(std::move(canned)) {}

  Result<std::vector<Row>> next(size_t most) override {
    std::vector<Row> out;
    for (; at_ < canned_.rows.size() && out.size() < most; ++at_) out.push_back(canned_.rows[at_]);
    if (!out.empty()) return out;
    if (canned_.blocks) return session_.block(cancelled_);
    if (!canned_.row_error.ok()) return canned_.row_error;
    return out;
  }
  bool may_wait() const override { return at_ == canned_.rows.size() && canned_.blocks; }
  bool await(int64_t, const std::function<void()>&) override {
    const std::lock_guard lock(service_.mutex_);
    return !may_wait() || cancelled_;
  }
  void cancel() override {
    const std::lock_guard lock(service_.mutex_);
    cancelled_ = true;
    service_.changed_.notify_all();
  }

 private:
  CannedSql& service_;
  Session& session_;
  const Canned canned_;
  size_t at_ = 0;
  bool cancelled_ = false;  // under the service's mutex
};

class CannedSql::Prepared final : public PreparedStatement {
 public:
  Prepared(CannedSql& service, Session& session, sql::StatementAst statement, Canned canned)
      : service_(service),
        session_(session),
        statement_(std::move(statement)),
        canned_(std::move(canned)) {}

  const std::vector<Type>& parameters() const override { return canned_.parameters; }
  const std::optional<std::vector<sql::OutputColumn>>& columns() const override {
    return canned_.columns;
  }
  Result<StatementAnswer> execute(const std::vector<Value>& parameters) override {
    StatementAnswer answer;
    session_.set_progress(canned_.progress);
    answer.tag = canned_.tag;
    answer.warnings = canned_.warnings;
    if (const auto* to = std::get_if<sql::Transaction>(&statement_.what)) {
      answer.tag = session_.turn(*to);
      return answer;
    }
    if (!canned_.execute_error.ok()) return canned_.execute_error;
    if (const auto* set = std::get_if<sql::Set>(&statement_.what); set && !canned_.columns) {
      const std::lock_guard lock(service_.mutex_);
      service_.settings_.push_back(set->key + "=" + set->value);
      answer.tag = set->reset ? "RESET" : "SET";
      return answer;
    }
    if (!canned_.columns) {
      const bool never = false;
      if (canned_.blocks) return session_.block(never);
      return answer;
    }
    Canned canned = canned_;
    if (canned.echoes) canned.rows.push_back(parameters);
    answer.rows = std::make_unique<Rows>(service_, session_, std::move(canned));
    return answer;
  }

 private:
  CannedSql& service_;
  Session& session_;
  const sql::StatementAst statement_;
  const Canned canned_;
};

Result<std::unique_ptr<PreparedStatement>> CannedSql::Session::prepare(
    const sql::StatementAst& statement, const std::string& text,
    const std::vector<std::optional<Type>>& parameters) {
  {
    const std::lock_guard lock(service_.mutex_);
    service_.types_ = parameters;
  }
  Canned canned;
  const auto found = service_.canned_.find(statement.text);
  if (found != service_.canned_.end()) {
    canned = found->second;
  } else if (!std::holds_alternative<sql::Transaction>(statement.what) &&
             !std::holds_alternative<sql::Set>(statement.what)) {
    return sql::error_at(text, statement.place,
                         "there is no table or view `" + statement.text + "`; did you mean \"t\"?");
  }
  if (!canned.prepare_error.ok()) return canned.prepare_error;
  return std::unique_ptr<PreparedStatement>(
      std::make_unique<Prepared>(service_, *this, statement, std::move(canned)));
}

std::unique_ptr<SqlSession> CannedSql::open_session() { return std::make_unique<Session>(*this); }

void CannedSql::wait_until_blocked(size_t count) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return blocked_ == count; });
}

size_t CannedSql::batches_committed() const {
  const std::lock_guard lock(mutex_);
  return committed_;
}

size_t CannedSql::sessions() const {
  const std::lock_guard lock(mutex_);
  return sessions_;
}

std::vector<std::string> CannedSql::settings_given() const {
  const std::lock_guard lock(mutex_);
  return settings_;
}

std::vector<std::optional<Type>> CannedSql::types_given() const {
  const std::lock_guard lock(mutex_);
  return types_;
}

}  // namespace dataflow::jobs
