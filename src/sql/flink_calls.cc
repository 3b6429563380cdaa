// Calls that Flink reads only with words between their arguments.
#include "flink_names.h"

namespace dataflow::sql {
namespace {

using expr::Expression;

std::string json_value(const Expression& e) {
  const auto answer = [&](size_t at, const char* of) {
    const std::string word = e.arguments[at]->value.as_text();
    const std::string value = word == "DEFAULT" ? " " + e.arguments[at + 1]->to_string() : "";
    return " " + word + value + " ON " + of;
  };
  return answer(2, "EMPTY") + answer(4, "ERROR");
}

std::string json_query(const Expression& e) {
  const std::string wrapper = e.arguments[2]->value.as_text();
  const std::string type = e.arguments.size() == 6 ? " RETURNING ARRAY<STRING>" : "";
  return type + (wrapper == "WITHOUT" ? " WITHOUT WRAPPER" : " WITH " + wrapper + " WRAPPER") +
         " " + e.arguments[3]->value.as_text() + " ON EMPTY " + e.arguments[4]->value.as_text() +
         " ON ERROR";
}

}  // namespace

std::optional<std::string> flink_call(const Expression& e) {
  const size_t n = e.arguments.size();
  const auto text = [&](size_t i) { return e.arguments[i]->to_string(); };
  const auto is_text = [&](size_t i) {
    return i < n && e.arguments[i]->kind == expr::Kind::kLiteral &&
           e.arguments[i]->value.type().id() == TypeId::kString && !e.arguments[i]->value.is_null();
  };
  if (e.name == "LENGTH" && n == 1) return "CHAR_LENGTH(" + text(0) + ")";
  if (e.name == "ILIKE" || e.name == "NOT ILIKE") {
    const std::string escape = n == 3 ? " ESCAPE UPPER(" + text(2) + ")" : "";
    return "(UPPER(" + text(0) + ") " + (e.name == "ILIKE" ? "LIKE" : "NOT LIKE") + " UPPER(" +
           text(1) + ")" + escape + ")";
  }
  if (e.name == "NUMERIC" && n == 1) return "CAST(" + text(0) + " AS DECIMAL(38, 18))";
  if ((e.name == "BINARY" || e.name == "VARBINARY") && n == 2) {
    return "CAST(" + text(0) + " AS " + e.name + "(" + text(1) + "))";
  }
  // What stands in front of IN may be no sum there.
  if (e.name == "POSITION" && n == 2) return "LOCATE(" + text(0) + ", " + text(1) + ")";
  if (e.name == "OVERLAY" && n >= 3) {
    return "OVERLAY(" + text(0) + " PLACING " + text(1) + " FROM " + text(2) +
           (n == 4 ? " FOR " + text(3) : "") + ")";
  }
  std::string clauses;
  if (e.name == "JSON_VALUE" && n == 6 && is_text(2) && is_text(4)) {
    clauses = json_value(e);
  } else if (e.name == "JSON_QUERY" && (n == 5 || n == 6) && is_text(2) && is_text(3) &&
             is_text(4)) {
    clauses = json_query(e);
  } else if (e.name == "JSON_EXISTS" && n == 3 && is_text(2)) {
    clauses = " " + e.arguments[2]->value.as_text() + " ON ERROR";
  } else {
    return std::nullopt;
  }
  return e.name + "(" + text(0) + ", " + text(1) + clauses + ")";
}

}  // namespace dataflow::sql
