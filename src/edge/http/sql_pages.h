// Statements, sessions and their errors as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "edge/http/server.h"
#include "held_sessions.h"

namespace dataflow::http {

inline constexpr const char* kSqlBase = "/api/v1/sql";

std::string path_of(const HeldSession& session, const HeldStatement& statement);

// {"code", "message", "line", "column"}
nlohmann::ordered_json error_of(const Status& status);
// A problem with what error_of() gives. `of_statement`: the statement is wrong, not the request.
Response sql_problem(const Status& status, bool of_statement);

nlohmann::ordered_json columns_of(const OutputColumns& columns, size_t from);
nlohmann::ordered_json statement_page(const HeldSession& session, const HeldStatement& statement);
nlohmann::ordered_json session_page(const HeldSession& session);
nlohmann::ordered_json relations_page(const std::vector<jobs::RelationFacts>& relations);

// In one line.
std::string text_of(const nlohmann::ordered_json& value);
Response ordered_answer(const nlohmann::ordered_json& body, int status = 200);

}  // namespace dataflow::http
