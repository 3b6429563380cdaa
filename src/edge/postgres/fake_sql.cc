#include "fake_sql.h"

#include <algorithm>
#include <variant>

#include "sql/parser.h"

namespace dataflow::postgres {
namespace {

// A parameter is a column of a name that is as long: places stay as they are.
std::string with_columns(std::string text) {
  std::replace(text.begin(), text.end(), '$', 'p');
  return text;
}

}  // namespace

void FakeSql::on(const std::string& text, Canned canned) {
  canned_[with_columns(text)] = std::move(canned);
}

class FakeSql::Session final : public jobs::SqlSession {
 public:
  explicit Session(FakeSql& service) : service_(service) {}

  Result<std::vector<sql::StatementAst>> parse(const std::string& text) override {
    return sql::parse_script(with_columns(text));
  }
  Result<std::unique_ptr<jobs::PreparedStatement>> prepare(
      const sql::StatementAst& statement, const std::string& text,
      const std::vector<std::optional<Type>>& parameters) override;
  jobs::TransactionState transaction() const override { return transaction_; }
  void fail_transaction() override { transaction_ = jobs::TransactionState::kFailed; }
  void cancel() override {
    const std::lock_guard lock(service_.mutex_);
    if (blocking_) cancelled_ = true;
    service_.changed_.notify_all();
  }

  void close() override {
    const std::lock_guard lock(service_.mutex_);
    closed_ = cancelled_ = true;
    service_.changed_.notify_all();
  }

  Status block() {
    std::unique_lock lock(service_.mutex_);
    cancelled_ = closed_;
    blocking_ = true;
    ++service_.blocked_;
    service_.changed_.notify_all();
    service_.changed_.wait(lock, [this] { return cancelled_; });
    blocking_ = false;
    --service_.blocked_;
    service_.changed_.notify_all();
    return Status::cancelled("the statement was cancelled");
  }

  std::string turn(const sql::Transaction& to) {
    const bool failed = transaction_ == jobs::TransactionState::kFailed;
    if (to.word == sql::TransactionWord::kBegin) {
      transaction_ = jobs::TransactionState::kOpen;
      return "BEGIN";
    }
    transaction_ = jobs::TransactionState::kNone;
    return to.word == sql::TransactionWord::kCommit && !failed ? "COMMIT" : "ROLLBACK";
  }

 private:
  FakeSql& service_;
  jobs::TransactionState transaction_ = jobs::TransactionState::kNone;
  bool blocking_ = false, cancelled_ = false, closed_ = false;  // under the service's mutex
};

class FakeSql::Rows final : public jobs::RowStream {
 public:
  Rows(Session& session, Canned canned) : session_(session), canned_(std::move(canned)) {}

  Result<std::vector<jobs::Row>> next(size_t most) override {
    std::vector<jobs::Row> out;
    for (; at_ < canned_.rows.size() && out.size() < most; ++at_) out.push_back(canned_.rows[at_]);
    if (!out.empty()) return out;
    if (canned_.blocks) return session_.block();
    if (!canned_.row_error.ok()) return canned_.row_error;
    return out;
  }
  bool may_wait() const override { return at_ == canned_.rows.size() && canned_.blocks; }

 private:
  Session& session_;
  const Canned canned_;
  size_t at_ = 0;
};

class FakeSql::Prepared final : public jobs::PreparedStatement {
 public:
  Prepared(FakeSql& service, Session& session, sql::StatementAst statement, Canned canned)
      : service_(service),
        session_(session),
        statement_(std::move(statement)),
        canned_(std::move(canned)) {}

  const std::vector<Type>& parameters() const override { return canned_.parameters; }
  const std::optional<std::vector<sql::OutputColumn>>& columns() const override {
    return canned_.columns;
  }
  Result<jobs::StatementAnswer> execute(const std::vector<Value>& parameters) override {
    jobs::StatementAnswer answer;
    answer.tag = canned_.tag;
    answer.warnings = canned_.warnings;
    if (const auto* to = std::get_if<sql::Transaction>(&statement_.what)) {
      answer.tag = session_.turn(*to);
      return answer;
    }
    if (const auto* set = std::get_if<sql::Set>(&statement_.what)) {
      const std::lock_guard lock(service_.mutex_);
      service_.settings_.push_back(set->key + "=" + set->value);
      answer.tag = set->reset ? "RESET" : "SET";
      return answer;
    }
    if (!canned_.execute_error.ok()) return canned_.execute_error;
    if (!canned_.columns) {
      if (canned_.blocks) return session_.block();
      return answer;
    }
    Canned canned = canned_;
    if (canned.echoes) canned.rows.push_back(parameters);
    answer.rows = std::make_unique<Rows>(session_, std::move(canned));
    return answer;
  }

 private:
  FakeSql& service_;
  Session& session_;
  const sql::StatementAst statement_;
  const Canned canned_;
};

Result<std::unique_ptr<jobs::PreparedStatement>> FakeSql::Session::prepare(
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
  return std::unique_ptr<jobs::PreparedStatement>(
      std::make_unique<Prepared>(service_, *this, statement, std::move(canned)));
}

std::unique_ptr<jobs::SqlSession> FakeSql::open_session() {
  return std::make_unique<Session>(*this);
}

void FakeSql::wait_until_blocked(size_t count) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return blocked_ == count; });
}

std::vector<std::string> FakeSql::settings_given() {
  const std::lock_guard lock(mutex_);
  return settings_;
}

std::vector<std::optional<Type>> FakeSql::types_given() {
  const std::lock_guard lock(mutex_);
  return types_;
}

}  // namespace dataflow::postgres
