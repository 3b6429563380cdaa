// SQL's text becomes statements.
#pragma once

#include <string>
#include <vector>

#include "sql/ast.h"

namespace dataflow::sql {

// All statements of a script, in order; empty ones (`;;`) are none. The first error ends it:
// kInvalid "line L, column C: what was expected and what was found", the line and a caret below.
Result<std::vector<StatementAst>> parse_script(const std::string& text);

// What $1, $2, … stand for in a text. Those behind `given` are NULL.
struct Parameters {
  std::vector<ExpressionPtr> given;
  size_t highest = 0;  // of those that the text names
};
inline constexpr size_t kMaxParameters = 65535;
Result<std::vector<StatementAst>> parse_script(const std::string& text, Parameters& parameters);

// Exactly one statement, with or without its semicolon.
Result<StatementAst> parse_statement(const std::string& text);

// The query as SQL that parses to the same tree.
std::string to_string(const Query& query);

// "line L, column C: what", the line of `text` there and a caret: what the binder says of a place.
Status error_at(const std::string& text, Place place, const std::string& what);

}  // namespace dataflow::sql
