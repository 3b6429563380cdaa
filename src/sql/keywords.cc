#include "keywords.h"

#include <algorithm>
#include <array>

#include "expr/lexer.h"
#include "expr/print.h"

namespace dataflow::sql {

namespace {

template <size_t kCount>
bool holds(const std::array<std::string_view, kCount>& sorted, std::string_view word) {
  return std::binary_search(sorted.begin(), sorted.end(), word);
}

}  // namespace

bool is_clause_word(std::string_view capitals) {
  static constexpr std::array<std::string_view, 30> kWords = {
      "ALL",    "AND",   "AS",    "BETWEEN", "CASE",   "DISTINCT", "ELSE",      "EXCEPT",
      "EXISTS", "FALSE", "FROM",  "GROUP",   "HAVING", "IN",       "INTERSECT", "IS",
      "JOIN",   "LIKE",  "NOT",   "NULL",    "ON",     "OR",       "ORDER",     "SELECT",
      "THEN",   "TRUE",  "UNION", "WHEN",    "WHERE",  "WITH"};
  return holds(kWords, capitals);
}

bool ends_before_alias(std::string_view capitals) {
  static constexpr std::array<std::string_view, 24> kWords = {
      "CROSS",   "END",     "ESCAPE",          "FETCH",
      "FOR",     "FULL",    "INNER",           "INTO",
      "LEFT",    "LIMIT",   "MATCH_CONDITION", "MATCH_RECOGNIZE",
      "MINUS",   "NATURAL", "OFFSET",          "PARTITION",
      "PIVOT",   "QUALIFY", "RIGHT",           "TABLESAMPLE",
      "UNPIVOT", "USING",   "VALUES",          "WINDOW"};
  return is_clause_word(capitals) || holds(kWords, capitals);
}

std::string name_text(std::string_view name) {
  std::string text = expr::name_to_sql(name);
  if (text.starts_with('`')) return text;
  static constexpr std::array<std::string_view, 12> kWords = {
      "ANTI",      "ASOF",   "CUBE", "EMIT",  "GROUPING",  "LATERAL",
      "RECURSIVE", "ROLLUP", "SEMI", "TABLE", "UNBOUNDED", "UNNEST"};
  const std::string capitals = expr::in_capitals(name);
  return ends_before_alias(capitals) || holds(kWords, capitals) ? "`" + text + "`" : text;
}

const std::vector<std::string>& statement_words() {
  static const auto* kWords = new std::vector<std::string>{
      "SELECT",   "WITH",     "VALUES",    "INSERT",  "EXECUTE",   "BEGIN", "CREATE",
      "DROP",     "ALTER",    "UPDATE",    "DELETE",  "SUBSCRIBE", "SET",   "RESET",
      "SHOW",     "DESCRIBE", "DESC",      "EXPLAIN", "USE",       "FLUSH", "COMMIT",
      "ROLLBACK", "START",    "SAVEPOINT", "RELEASE"};
  return *kWords;
}

const std::vector<std::string>& clause_words() {
  static const auto* kWords = new std::vector<std::string>{
      "FROM",  "WHERE", "GROUP",  "HAVING",    "WINDOW", "QUALIFY", "ORDER", "LIMIT", "OFFSET",
      "FETCH", "UNION", "EXCEPT", "INTERSECT", "EMIT",   "JOIN",    "LEFT",  "RIGHT", "FULL",
      "INNER", "CROSS", "ON",     "USING",     "VALUES", "SELECT",  "WITH"};
  return *kWords;
}

}  // namespace dataflow::sql
