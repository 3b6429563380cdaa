// SQL over HTTP without a socket: its routes are asked, over canned answers.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/fault_env.h"
#include "edge/http/sql.h"
#include "jobs/canned_sql.h"

namespace dataflow::http {

using jobs::Canned;
using jobs::canned_numbers;
using jobs::CannedSql;

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

// What SUBSCRIBE TO gives: those rows as inserted ones, and no more until it is cancelled.
inline Canned followed(int64_t count) {
  Canned canned = canned_numbers(count);
  canned.tag = "SUBSCRIBE";
  canned.columns->insert(canned.columns->begin(), column("op", Type::string(), false));
  for (jobs::Row& row : canned.rows) row.insert(row.begin(), Value::string("+I"));
  canned.blocks = true;
  return canned;
}

}  // namespace dataflow::http
