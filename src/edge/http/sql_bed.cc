#include "sql_bed.h"

#include <future>

#include "sql/parser.h"
#include "target.h"

namespace dataflow::http {

class CannedSql::Session final : public jobs::SqlSession {
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
  Result<std::unique_ptr<jobs::PreparedStatement>> prepare(
      const sql::StatementAst& statement, const std::string& text,
      const std::vector<std::optional<Type>>& parameters) override;
  jobs::TransactionState transaction() const override { return transaction_; }
  void fail_transaction() override { transaction_ = jobs::TransactionState::kFailed; }
  void cancel() override {
    const std::lock_guard lock(service_.mutex_);
    cancelled_ = true;
    service_.changed_.notify_all();
  }

  Status block() {
    std::unique_lock lock(service_.mutex_);
    ++service_.blocked_;
    service_.changed_.notify_all();
    service_.changed_.wait(lock, [this] { return cancelled_; });
    cancelled_ = false;
    --service_.blocked_;
    service_.changed_.notify_all();
    return Status::cancelled("canceling statement due to user request");
  }

  void turn(const sql::Transaction& to) {
    transaction_ = to.word == sql::TransactionWord::kBegin ? jobs::TransactionState::kOpen
                                                           : jobs::TransactionState::kNone;
  }

 private:
  CannedSql& service_;
  jobs::TransactionState transaction_ = jobs::TransactionState::kNone;
  bool cancelled_ = false;  // under the service's mutex
};

class CannedSql::Rows final : public jobs::RowStream {
 public:
  Rows(Session& session, Canned canned) : session_(session), canned_(std::move(canned)) {}

  Result<std::vector<jobs::Row>> next(size_t most) override {
    std::vector<jobs::Row> out;
    for (; at_ < canned_.rows.size() && out.size() < most; ++at_) out.push_back(canned_.rows[at_]);
    if (out.empty() && canned_.blocks) return session_.block();
    return out;
  }

 private:
  Session& session_;
  const Canned canned_;
  size_t at_ = 0;
};

class CannedSql::Prepared final : public jobs::PreparedStatement {
 public:
  Prepared(Session& session, sql::StatementAst statement, Canned canned)
      : session_(session), statement_(std::move(statement)), canned_(std::move(canned)) {}

  const std::vector<Type>& parameters() const override { return canned_.parameters; }
  const std::optional<std::vector<sql::OutputColumn>>& columns() const override {
    return canned_.columns;
  }
  Result<jobs::StatementAnswer> execute(const std::vector<Value>& parameters) override {
    if (const auto* to = std::get_if<sql::Transaction>(&statement_.what)) session_.turn(*to);
    if (!canned_.execute_error.ok()) return canned_.execute_error;
    if (!canned_.columns && canned_.blocks) return session_.block();
    jobs::StatementAnswer answer;
    answer.tag = canned_.tag;
    if (!canned_.columns) return answer;
    Canned canned = canned_;
    if (canned.echoes) canned.rows.push_back(parameters);
    answer.rows = std::make_unique<Rows>(session_, std::move(canned));
    return answer;
  }

 private:
  Session& session_;
  const sql::StatementAst statement_;
  const Canned canned_;
};

Result<std::unique_ptr<jobs::PreparedStatement>> CannedSql::Session::prepare(
    const sql::StatementAst& statement, const std::string& text,
    const std::vector<std::optional<Type>>&) {
  Canned canned;
  canned.tag = std::holds_alternative<sql::Set>(statement.what) ? "SET" : "BEGIN";
  if (const auto found = service_.canned_.find(statement.text); found != service_.canned_.end()) {
    canned = found->second;
  } else if (!std::holds_alternative<sql::Transaction>(statement.what) &&
             !std::holds_alternative<sql::Set>(statement.what)) {
    return sql::error_at(text, statement.place, "there is no table in `" + statement.text + "`");
  }
  return std::unique_ptr<jobs::PreparedStatement>(
      std::make_unique<Prepared>(*this, statement, std::move(canned)));
}

std::unique_ptr<jobs::SqlSession> CannedSql::open_session() {
  return std::make_unique<Session>(*this);
}

void CannedSql::wait_until_blocked(size_t count) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return blocked_ == count; });
}

size_t CannedSql::sessions() const {
  const std::lock_guard lock(mutex_);
  return sessions_;
}

void SqlBed::wait_for(const Listen& listen) {
  const auto told = std::make_shared<std::promise<void>>();
  const auto once = std::make_shared<std::once_flag>();
  const std::shared_ptr<void> held =
      listen([told, once] { std::call_once(*once, [&] { told->set_value(); }); });
  told->get_future().wait();
}

Response SqlBed::ask(const std::string& method, const std::string& target, const std::string& body,
                     const std::string& accept) {
  const bool json_body = !body.empty() && (body[0] == '{' || body[0] == '[');
  Request request = request_of(target, json_body ? "application/json" : "text/plain");
  request.method = method;
  request.body = body;
  request.accept = accept;
  const RouteMatch match = find_route(routes_, method == "HEAD" ? "GET" : method, request);
  if (match.route == nullptr) return problem(404, "no route", target);
  Response response = match.route->handle(request);
  while (response.later != nullptr) {
    wait_for(response.later->listen);
    response = response.later->answer();
  }
  return response;
}

nlohmann::json SqlBed::ask_json(const std::string& method, const std::string& target,
                                const std::string& body, int status) {
  const Response response = ask(method, target, body);
  EXPECT_EQ(response.status, status) << response.body;
  return json::parse(response.body, nullptr, false);
}

std::string SqlBed::read(const std::shared_ptr<BodyStream>& stream, size_t pieces) {
  std::string all;
  while (pieces > 0) {
    const BodyStream::Piece piece = stream->next();
    all += piece.bytes;
    if (piece.cut) return all + "CUT";
    if (piece.last) return all;
    if (piece.bytes.empty()) {
      wait_for(stream->listen);
    } else {
      --pieces;
    }
  }
  return all;
}

}  // namespace dataflow::http
