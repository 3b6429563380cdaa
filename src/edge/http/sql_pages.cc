#include "sql_pages.h"

#include <cstdio>

#include "pipeline_pages.h"

namespace dataflow::http {

using json = nlohmann::ordered_json;

std::string path_of(const HeldSession& session, const HeldStatement& statement) {
  return std::string(kSqlBase) + "/sessions/" + session.id() + "/statements/" + statement.id();
}

std::string text_of(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

Response ordered_answer(const json& body, int status) {
  return {status, "application/json",
          body.dump(2, ' ', false, json::error_handler_t::replace) + "\n"};
}

json error_of(const Status& status) {
  json out = {{"code", status_code_name(status.code())}, {"message", status.message()}};
  int line = 0;
  int column = 0;
  if (std::sscanf(status.message().c_str(), "line %d, column %d:", &line, &column) == 2) {
    out["line"] = line;
    out["column"] = column;
  }
  return out;
}

Response sql_problem(const Status& status, bool of_statement) {
  Response answer = status_answer(status);
  switch (status.code()) {
    case StatusCode::kNotFound:
    case StatusCode::kAlreadyExists:
    case StatusCode::kConflict:
    case StatusCode::kTooLarge:
      if (of_statement) answer = problem(400, "Not valid", status.message());
      break;
    case StatusCode::kCancelled: answer = problem(409, "Cancelled", status.message()); break;
    default: break;
  }
  json body = json::parse(answer.body);
  body.update(error_of(status));
  answer.body = text_of(body) + "\n";
  return answer;
}

json columns_of(const OutputColumns& columns, size_t from) {
  json out = json::array();
  for (size_t i = from; i < columns.size(); ++i) {
    out.push_back({{"name", columns[i].name},
                   {"type", columns[i].type.to_string()},
                   {"nullable", columns[i].nullable}});
  }
  return out;
}

json statement_page(const HeldSession& session, const HeldStatement& statement) {
  const StatementFacts facts = statement.facts();
  json out = {
      {"session", session.id()}, {"statement", statement.id()}, {"state", state_word(facts.state)}};
  if (!facts.tag.empty()) out["tag"] = facts.tag;
  if (statement.columns()) {
    out["columns"] = columns_of(*statement.columns(), statement.follows() ? 1 : 0);
  }
  out["warnings"] = facts.warnings;
  if (!facts.error.ok()) out["error"] = error_of(facts.error);
  out["elapsed_ms"] = facts.elapsed_ms;
  out["progress"] = {{"rows_read", facts.progress.rows_read},
                     {"rows_written", facts.progress.rows_written}};
  if (statement.follows()) out["following"] = true;
  if (statement.columns() && facts.state != StatementState::kFailed && statement.unread()) {
    out["next"] = path_of(session, statement) + "/result/" + std::to_string(statement.next_page());
  }
  return out;
}

json session_page(const HeldSession& session) {
  const char* transaction = "none";
  if (session.use()->transaction() == jobs::TransactionState::kOpen) transaction = "open";
  if (session.use()->transaction() == jobs::TransactionState::kFailed) transaction = "failed";
  json statements = json::array();
  for (const std::shared_ptr<HeldStatement>& statement : session.statements()) {
    statements.push_back(
        {{"statement", statement->id()}, {"state", state_word(statement->facts().state)}});
  }
  return {{"session", session.id()},
          {"transaction", transaction},
          {"statements", std::move(statements)}};
}

json relations_page(const std::vector<jobs::RelationFacts>& relations) {
  json out = json::array();
  for (const jobs::RelationFacts& relation : relations) {
    const char* kind = "table";
    if (relation.kind == jobs::RelationFacts::Kind::kView) kind = "view";
    if (relation.kind == jobs::RelationFacts::Kind::kMaterializedView) kind = "materialized view";
    out.push_back({{"name", relation.name},
                   {"kind", kind},
                   {"columns", columns_of(relation.columns, 0)},
                   {"primary_key", relation.primary_key},
                   {"comment", relation.comment}});
  }
  return out;
}

}  // namespace dataflow::http
