#include <algorithm>
#include <functional>
#include <utility>

#include "edge/http/sql.h"
#include "expr/print.h"
#include "sql_body.h"
#include "sql_pages.h"
#include "sql_request.h"

namespace dataflow::http {
namespace {

using Sessions = std::shared_ptr<HeldSessions>;
using SessionPtr = std::shared_ptr<HeldSession>;
using StatementPtr = std::shared_ptr<HeldStatement>;
using nlohmann::json;

constexpr int64_t kMaxWaitMs = 30'000;
constexpr int64_t kUsualRows = 1000;
constexpr int64_t kMaxPage = INT64_MAX;
// One that waits for the end of a statement asks again behind it.
constexpr int64_t kLongWaitMs = 3600LL * 1000;

// The session is taken, and goes to whoever runs the statement.
Result<StatementPtr> prepared(const Sessions& sessions, HeldSession& session, jobs::SqlSession& sql,
                              const SqlRequest& asked, std::vector<Value>& parameters) {
  DF_ASSIGN_OR_RETURN(const std::vector<sql::StatementAst> statements, sql.parse(asked.statement));
  if (statements.size() != 1) {
    return Status::invalid("the text has " + std::to_string(statements.size()) +
                           " statements; send one at a time");
  }
  DF_ASSIGN_OR_RETURN(auto made, sql.prepare(statements[0], asked.statement, {}));
  DF_ASSIGN_OR_RETURN(parameters, read_parameters(made->parameters(), asked.parameters));
  const bool follows = std::holds_alternative<sql::Subscribe>(statements[0].what);
  return std::make_shared<HeldStatement>(session.next_id(), session.use(), sessions->env(),
                                         std::move(made), follows);
}

struct Refused {
  Status status;
  bool of_statement = false;
};

// A statement that has begun, or none: `refused` says why.
StatementPtr begin(const Sessions& sessions, HeldSession& session, const SqlRequest& asked,
                   Refused& refused) {
  const Result<jobs::SqlSession*> taken = session.use()->take();
  if (!taken.ok()) {
    refused.status = taken.status();
    return nullptr;
  }
  jobs::SqlSession& sql = **taken;
  std::vector<Value> parameters;
  const Result<StatementPtr> statement = prepared(sessions, session, sql, asked, parameters);
  if (!statement.ok()) {
    if (sql.transaction() == jobs::TransactionState::kOpen) sql.fail_transaction();
    session.use()->release();
    refused = {statement.status(), true};
    return nullptr;
  }
  refused.status = session.add(*statement);
  if (!refused.status.ok()) {
    session.use()->release();
    return nullptr;
  }
  refused.status = sessions->run(*statement, std::move(parameters));
  if (refused.status.ok()) return *statement;
  session.remove((*statement)->id());
  return nullptr;
}

// What one statement that is done at once, such as SET, gives.
Result<std::vector<jobs::Row>> run_now(HeldSession& session, const std::string& text) {
  using Rows = std::vector<jobs::Row>;
  DF_ASSIGN_OR_RETURN(jobs::SqlSession * sql, session.use()->take());
  const auto run = [&]() -> Result<Rows> {
    DF_ASSIGN_OR_RETURN(const std::vector<sql::StatementAst> statements, sql->parse(text));
    DF_ASSIGN_OR_RETURN(const auto made, sql->prepare(statements.at(0), text, {}));
    DF_ASSIGN_OR_RETURN(const jobs::StatementAnswer answer, made->execute({}));
    return answer.rows == nullptr ? Rows() : answer.rows->next(SIZE_MAX);
  };
  Result<Rows> rows = run();
  session.use()->release();
  return rows;
}

Status apply_settings(HeldSession& session, const std::map<std::string, std::string>& settings) {
  for (const auto& [key, value] : settings) {
    const std::string set = "SET " + expr::quoted_text(key) + " = " + expr::quoted_text(value);
    DF_RETURN_IF_ERROR(run_now(session, set).status());
  }
  return {};
}

Response open_session(const Sessions& sessions, const Request& request) {
  const Result<SqlRequest> asked = read_sql_request(request, false);
  if (!asked.ok()) return sql_problem(asked.status(), false);
  const Result<SessionPtr> session = sessions->open();
  if (!session.ok()) return sql_problem(session.status(), false);
  const Status applied = apply_settings(**session, asked->settings);
  if (!applied.ok()) {
    (void)sessions->end((*session)->id());
    return sql_problem(applied, true);
  }
  return ordered_answer({{"session", (*session)->id()}}, 201);
}

// Those that a request names.
struct Named {
  SessionPtr session;
  StatementPtr statement;
};

Result<Named> find_named(const Sessions& sessions, const Request& request) {
  Named named;
  DF_ASSIGN_OR_RETURN(named.session, sessions->find(request.parameters.at("session")));
  const auto id = request.parameters.find("statement");
  if (id == request.parameters.end()) return named;
  DF_ASSIGN_OR_RETURN(named.statement, named.session->find(id->second));
  return named;
}

Response statement_answer(const Named& named, int status) {
  return ordered_answer(statement_page(*named.session, *named.statement), status);
}

// At its end, or once `wait_ms` are over.
Response statement_later(const Named& named, int64_t wait_ms, int status) {
  if (wait_ms == 0) return statement_answer(named, status);
  Response response;
  response.later = std::make_shared<LaterAnswer>();
  response.later->most_ms = wait_ms;
  response.later->listen = [named](std::function<void()> wake) {
    return named.statement->listen(false, std::move(wake));
  };
  response.later->answer = [named, status] { return statement_answer(named, status); };
  return response;
}

Response post_statement(const Sessions& sessions, const Named& named, const Request& request) {
  const Result<int64_t> wait = query_number(request, "wait", 0, 0, kMaxWaitMs);
  if (!wait.ok()) return sql_problem(wait.status(), false);
  const Result<SqlRequest> asked = read_sql_request(request, true);
  if (!asked.ok()) return sql_problem(asked.status(), false);
  const Status applied = apply_settings(*named.session, asked->settings);
  if (!applied.ok()) return sql_problem(applied, false);
  Refused refused;
  const StatementPtr statement = begin(sessions, *named.session, *asked, refused);
  if (statement == nullptr) return sql_problem(refused.status, refused.of_statement);
  return statement_later({named.session, statement}, *wait, 201);
}

// A body that ends a session, or a statement, where its client goes away.
class Reading final : public BodyHolder {
 public:
  Reading(Sessions sessions, Named named, bool whole_session)
      : sessions_(std::move(sessions)),
        named_(std::move(named)),
        whole_session_(whole_session),
        reader_(named_.session->reader()) {}
  ~Reading() override {
    if (whole_session_) {
      sessions_->abandon(std::move(named_.session));
    } else if (!sent_whole_) {
      sessions_->abandon(std::move(named_.session), std::move(named_.statement));
    }
  }
  void sent_whole() override { sent_whole_ = true; }

 private:
  const Sessions sessions_;
  Named named_;
  const bool whole_session_;
  const std::shared_ptr<void> reader_;
  bool sent_whole_ = false;
};

Response page_problem(const HeldStatement& statement, const Status& status) {
  const StatementFacts facts = statement.facts();
  if (!facts.error.ok() && facts.error.message() == status.message()) {
    return sql_problem(status, true);
  }
  if (status.code() != StatusCode::kOutOfRange) return sql_problem(status, false);
  Response answer = sql_problem(status, false);
  json body = json::parse(answer.body);
  body["title"] = "Gone";
  body["status"] = answer.status = 410;
  answer.body = body.dump() + "\n";
  return answer;
}

struct PageAsked {
  Named named;
  RowFormat format = RowFormat::kJson;
  uint64_t number = 0;
  size_t max_rows = 0;
};

Response result_page(const PageAsked& asked, int64_t wait_ms) {
  const HeldStatement& statement = *asked.named.statement;
  const auto page = asked.named.statement->page(asked.number, asked.max_rows);
  if (!page.ok()) return page_problem(statement, page.status());
  const std::string base = path_of(*asked.named.session, statement) + "/result/";
  if (*page != nullptr) {
    const std::string next =
        (*page)->last ? std::string() : base + std::to_string(asked.number + 1);
    const Result<Response> made = page_response(statement, **page, asked.format, next);
    return made.ok() ? *made : sql_problem(made.status(), true);
  }
  if (wait_ms == 0) {
    return pending_response(statement, asked.format, base + std::to_string(asked.number));
  }
  Response response;
  response.later = std::make_shared<LaterAnswer>();
  response.later->most_ms = wait_ms;
  response.later->listen = [asked](std::function<void()> wake) {
    return asked.named.statement->listen(true, std::move(wake));
  };
  response.later->answer = [asked] { return result_page(asked, 0); };
  return response;
}

Response result(const Sessions& sessions, const Named& named, const Request& request) {
  if (request.method == "HEAD") {
    return problem(405, "Method not allowed", "a page is read by GET: to read it moves on");
  }
  const Result<RowFormat> format = row_format(request);
  if (!format.ok()) return problem(406, "Not acceptable", format.status().message());
  if (!named.statement->columns()) {
    const StatementFacts facts = named.statement->facts();
    if (!facts.error.ok()) return sql_problem(facts.error, true);
    return sql_problem(Status::not_found("the statement gives no rows"), false);
  }
  PageAsked asked{named, *format, 0, 0};
  Request number = request;
  number.query = "page=" + request.parameters.at("page");
  const auto most_rows = static_cast<int64_t>(sessions->options().max_page_rows);
  const Result<int64_t> page = query_number(number, "page", 0, 0, kMaxPage);
  const Result<int64_t> wait = query_number(request, "wait", 0, 0, kMaxWaitMs);
  const Result<int64_t> most =
      query_number(request, "max_rows", std::min(kUsualRows, most_rows), 1, most_rows);
  for (const Result<int64_t>* one : {&page, &wait, &most}) {
    if (!one->ok()) return sql_problem(one->status(), false);
  }
  asked.number = static_cast<uint64_t>(*page);
  asked.max_rows = static_cast<size_t>(*most);
  if (*format != RowFormat::kEvents) return result_page(asked, *wait);
  if (asked.number != named.statement->next_page()) {
    return sql_problem(
        Status::not_found("events go on with page " + std::to_string(named.statement->next_page())),
        false);
  }
  const Result<Response> stream =
      stream_response(named.statement, *format, std::make_shared<Reading>(sessions, named, false));
  return stream.ok() ? *stream : sql_problem(stream.status(), true);
}

// What a statement that has its whole answer in one says.
Response whole_answer(const Named& named, RowFormat format,
                      const std::shared_ptr<BodyHolder>& holder) {
  const StatementFacts facts = named.statement->facts();
  const bool runs = facts.state == StatementState::kRunning;
  if (!facts.error.ok()) return sql_problem(facts.error, true);
  const bool rows = named.statement->columns().has_value();
  if (rows && (!runs || named.statement->follows())) {
    const Result<Response> stream = stream_response(named.statement, format, holder);
    return stream.ok() ? *stream : sql_problem(stream.status(), true);
  }
  if (!runs) {
    return ordered_answer({{"state", state_word(facts.state)},
                           {"tag", facts.tag},
                           {"warnings", facts.warnings},
                           {"elapsed_ms", facts.elapsed_ms}});
  }
  Response response;
  response.later = std::make_shared<LaterAnswer>();
  response.later->most_ms = kLongWaitMs;
  response.later->listen = [named](std::function<void()> wake) {
    return named.statement->listen(false, std::move(wake));
  };
  response.later->answer = [named, format, holder] { return whole_answer(named, format, holder); };
  return response;
}

Response run_once(const Sessions& sessions, const Request& request) {
  const Result<RowFormat> format = row_format(request);
  if (!format.ok()) return problem(406, "Not acceptable", format.status().message());
  const Result<SqlRequest> asked = read_sql_request(request, true);
  if (!asked.ok()) return sql_problem(asked.status(), false);
  const Result<SessionPtr> session = sessions->open();
  if (!session.ok()) return sql_problem(session.status(), false);
  Named named{*session, nullptr};
  const Status applied = apply_settings(**session, asked->settings);
  Refused refused{applied, true};
  if (applied.ok()) named.statement = begin(sessions, **session, *asked, refused);
  const auto holder = std::make_shared<Reading>(sessions, named, true);
  if (named.statement == nullptr) return sql_problem(refused.status, refused.of_statement);
  return whole_answer(named, *format, holder);
}

using Handler = Response (*)(const Sessions&, const Named&, const Request&);

// A route below a session.
Route named_route(const Sessions& sessions, const char* method, const std::string& path,
                  Handler handle) {
  return {method, std::string(kSqlBase) + "/sessions/{session}" + path,
          [sessions, handle](const Request& request) {
            const Result<Named> named = find_named(sessions, request);
            if (!named.ok()) return sql_problem(named.status(), false);
            return handle(sessions, *named, request);
          },
          true};
}

// Answered once the session is free for another one.
Response drop_statement(const Sessions& sessions, const Named& named, const Request&) {
  sessions->cancel(named.statement);
  named.session->remove(named.statement->id());
  Response response;
  response.later = std::make_shared<LaterAnswer>();
  response.later->most_ms = kMaxWaitMs;
  response.later->listen = [named](std::function<void()> wake) {
    return named.statement->listen(false, std::move(wake));
  };
  response.later->answer = [named] {
    return ordered_answer({{"statement", named.statement->id()}, {"deleted", true}});
  };
  return response;
}

// With its settings, where it is free to tell them.
Response describe_session(const Sessions&, const Named& named, const Request&) {
  nlohmann::ordered_json page = session_page(*named.session);
  if (named.session->use()->transaction() != jobs::TransactionState::kNone) {
    return ordered_answer(page);
  }
  const Result<std::vector<jobs::Row>> settings = run_now(*named.session, "SET");
  if (!settings.ok()) return ordered_answer(page);
  page["settings"] = nlohmann::ordered_json::object();
  for (const jobs::Row& row : *settings) {
    if (row.size() == 2) page["settings"][row[0].to_string()] = row[1].to_string();
  }
  return ordered_answer(page);
}

void add_named(const Sessions& sessions, std::vector<Route>& routes) {
  const std::string one = "/statements/{statement}";
  const auto add = [&](const char* method, const std::string& path, Handler handle) {
    routes.push_back(named_route(sessions, method, path, handle));
  };
  add("GET", "", describe_session);
  add("DELETE", "", [](const Sessions& all, const Named& named, const Request&) {
    (void)all->end(named.session->id());
    return ordered_answer({{"session", named.session->id()}, {"deleted", true}});
  });
  add("POST", "/statements", post_statement);
  add("GET", one, [](const Sessions&, const Named& named, const Request& request) {
    const Result<int64_t> wait = query_number(request, "wait", 0, 0, kMaxWaitMs);
    if (!wait.ok()) return sql_problem(wait.status(), false);
    return statement_later(named, *wait, 200);
  });
  add("DELETE", one, drop_statement);
  add("POST", one + "/cancel", [](const Sessions& all, const Named& named, const Request&) {
    all->cancel(named.statement);
    return statement_answer(named, 200);
  });
  add("GET", one + "/result/{page}", result);
}

class Door final : public SqlOverHttp {
 public:
  Door(const SqlHttpOptions& options, jobs::SqlService& service, Env& env, TimerQueue& timers)
      : sessions_(std::make_shared<HeldSessions>(options, service, env, timers)) {
    sessions_->watch();
  }
  ~Door() override { stop(); }

  std::vector<Route> routes() override {
    std::vector<Route> all;
    const Sessions sessions = sessions_;
    all.push_back({"POST", kSqlBase,
                   [sessions](const Request& request) { return run_once(sessions, request); },
                   true});
    all.push_back({"POST", std::string(kSqlBase) + "/sessions",
                   [sessions](const Request& request) { return open_session(sessions, request); },
                   true});
    all.push_back({"GET", std::string(kSqlBase) + "/relations",
                   [sessions](const Request&) {
                     return ordered_answer(relations_page(sessions->service().relations()));
                   },
                   true});
    add_named(sessions, all);
    return all;
  }
  void stop() override { sessions_->stop(); }

 private:
  const Sessions sessions_;
};

}  // namespace

std::unique_ptr<SqlOverHttp> SqlOverHttp::open(const SqlHttpOptions& options,
                                               jobs::SqlService& service, Env& env,
                                               TimerQueue& timers) {
  return std::make_unique<Door>(options, service, env, timers);
}

}  // namespace dataflow::http
