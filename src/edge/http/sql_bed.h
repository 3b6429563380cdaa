// SQL over HTTP without a socket: its routes are asked, over a service that answers as a test says.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/fault_env.h"
#include "edge/http/sql.h"
#include "jobs/sql_session.h"

namespace dataflow::http {

// What a statement of a text does.
struct Canned {
  std::vector<Type> parameters;
  std::optional<std::vector<sql::OutputColumn>> columns;
  std::vector<jobs::Row> rows;
  std::string tag = "SELECT";
  Status execute_error;
  bool echoes = false;  // a row of the parameters
  bool blocks = false;  // behind the rows, or instead of them, until it is cancelled
};

// Its statements are read by the real parser.
class CannedSql final : public jobs::SqlService {
 public:
  void on(const std::string& text, Canned canned) { canned_[text] = std::move(canned); }
  std::unique_ptr<jobs::SqlSession> open_session() override;
  std::vector<jobs::RelationFacts> relations() const override { return facts; }
  uint64_t version() const override { return 1; }

  // Returns once so many statements block.
  void wait_until_blocked(size_t count);
  size_t sessions() const;

  std::vector<jobs::RelationFacts> facts;

 private:
  class Session;
  class Prepared;
  class Rows;

  std::map<std::string, Canned> canned_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  size_t blocked_ = 0;
  size_t sessions_ = 0;
};

class SqlBed : public testing::Test {
 protected:
  using json = nlohmann::json;

  void open(SqlHttpOptions options = {}) {
    http_ = SqlOverHttp::open(options, sql, env, timers);
    routes_ = http_->routes();
  }
  void TearDown() override {
    if (http_ != nullptr) http_->stop();
  }

  // The answer, however late it comes.
  Response ask(const std::string& method, const std::string& target, const std::string& body = "",
               const std::string& accept = "");
  json ask_json(const std::string& method, const std::string& target, const std::string& body = "",
                int status = 200);
  // What a stream gives, up to its end or that many pieces; "CUT" behind one that is not whole.
  static std::string read(const std::shared_ptr<BodyStream>& stream, size_t pieces = SIZE_MAX);
  static void wait_for(const Listen& listen);
  // The path of a new session.
  std::string session() {
    return "/api/v1/sql/sessions/" +
           ask_json("POST", "/api/v1/sql/sessions", "", 201)["session"].get<std::string>();
  }
  // The path of a statement, which may still run.
  std::string start(const std::string& in, const std::string& text) {
    const json made = ask_json("POST", in + "/statements", json{{"statement", text}}.dump(), 201);
    return in + "/statements/" + made["statement"].get<std::string>();
  }

  CannedSql sql;
  FaultEnv env;
  TimerQueue timers{env};
  std::unique_ptr<SqlOverHttp> http_;
  std::vector<Route> routes_;
};

inline sql::OutputColumn column(const char* name, Type type, bool nullable = true) {
  return {name, std::move(type), nullable};
}

// Rows of one INT column from 1.
inline Canned numbers(int64_t count) {
  Canned canned;
  canned.columns = {column("n", Type::int32())};
  for (int64_t i = 1; i <= count; ++i) canned.rows.push_back({Value::integer(Type::int32(), i)});
  return canned;
}

// What SUBSCRIBE TO gives: those rows as inserted ones, and no more until it is cancelled.
inline Canned followed(int64_t count) {
  Canned canned;
  canned.tag = "SUBSCRIBE";
  canned.columns = {column("op", Type::string(), false), column("n", Type::int32())};
  for (int64_t i = 1; i <= count; ++i) {
    canned.rows.push_back({Value::string("+I"), Value::integer(Type::int32(), i)});
  }
  canned.blocks = true;
  return canned;
}

}  // namespace dataflow::http
