// Parser: the calls that SQL writes with words between their arguments. Units become text literals:
// EXTRACT(YEAR FROM t) is EXTRACT('YEAR', t).
#include "base/edit_distance.h"
#include "expr/parser.h"
#include "time_units.h"

namespace dataflow::expr {

Result<Parser::Tree> Parser::parse_special(const Token& at, bool& matched) {
  matched = true;
  const std::string& name = at.upper;
  if (name == "EXTRACT") return parse_extract(at);
  if (name == "TRIM") return parse_trim(at);
  if (name == "SUBSTRING") return parse_substring(at);
  if (name == "POSITION") return parse_position(at);
  if (name == "OVERLAY") return parse_overlay(at);
  if (name == "JSON_VALUE" || name == "JSON_QUERY" || name == "JSON_EXISTS") return parse_json(at);
  if (name == "JSON_OBJECT" || name == "JSON_ARRAY") return parse_json_made(at);
  if (name == "TIMESTAMPADD" || name == "TIMESTAMPDIFF") return parse_unit_call(at);
  if (name == "FLOOR" || name == "CEIL" || name == "CEILING") return parse_rounding(at);
  matched = false;
  return Tree{};
}

Result<std::string> Parser::parse_unit() {
  const Token& token = peek();
  bool named = token.kind == TokenKind::kWord || token.kind == TokenKind::kString;
  auto unit = named ? parse_time_unit(token.text) : std::nullopt;
  if (!unit) {
    return fail(token, "expected a unit of time, found " + token.shown() +
                           (named ? suggestion(token.text, time_unit_names()) : std::string()));
  }
  take();
  return std::string(time_unit_name(*unit));
}

Result<Parser::Tree> Parser::parse_extract(const Token& at) {
  DF_RETURN_IF_ERROR(expect_symbol("("));
  const Token& unit_at = peek();
  DF_ASSIGN_OR_RETURN(std::string unit, parse_unit());
  if (!take_symbol(",")) DF_RETURN_IF_ERROR(expect_word("FROM"));
  DF_ASSIGN_OR_RETURN(Tree from, parse_at(Binding::kOr));
  DF_RETURN_IF_ERROR(expect_symbol(")"));
  Trees arguments;
  arguments.push_back(text_leaf(unit_at, std::move(unit)));
  arguments.push_back(std::move(from));
  return node(at, "EXTRACT", std::move(arguments));
}

// TRIM(x), TRIM([LEADING|TRAILING|BOTH] [y] FROM x): the latter has three arguments.
Result<Parser::Tree> Parser::parse_trim(const Token& at) {
  DF_RETURN_IF_ERROR(expect_symbol("("));
  const Token& side = peek();
  std::string side_name = "BOTH";
  bool named = false;
  for (const char* word : {"LEADING", "TRAILING", "BOTH"}) {
    // A column may be called so, too.
    if (!side.is_word(word) || peek(1).is_symbol(")") || peek(1).is_symbol(",")) continue;
    side_name = word;
    named = true;
  }
  if (named) take();
  Tree removed = text_leaf(side, " ");
  if (!named || !peek().is_word("FROM")) {
    DF_ASSIGN_OR_RETURN(removed, parse_at(Binding::kOr));
    if (!named && !peek().is_word("FROM")) {
      Trees arguments;
      arguments.push_back(std::move(removed));
      while (take_symbol(",")) {
        DF_ASSIGN_OR_RETURN(Tree more, parse_at(Binding::kOr));
        arguments.push_back(std::move(more));
      }
      DF_RETURN_IF_ERROR(expect_symbol(")"));
      return node(at, "TRIM", std::move(arguments));
    }
  }
  DF_RETURN_IF_ERROR(expect_word("FROM"));
  DF_ASSIGN_OR_RETURN(Tree from, parse_at(Binding::kOr));
  DF_RETURN_IF_ERROR(expect_symbol(")"));
  Trees arguments;
  arguments.push_back(text_leaf(side, std::move(side_name)));
  arguments.push_back(std::move(removed));
  arguments.push_back(std::move(from));
  return node(at, "TRIM", std::move(arguments));
}

Result<Parser::Tree> Parser::parse_substring(const Token& at) {
  DF_RETURN_IF_ERROR(expect_symbol("("));
  Trees arguments;
  const char* words[] = {"FROM", "FOR"};
  for (const char* word : words) {
    DF_ASSIGN_OR_RETURN(Tree argument, parse_at(Binding::kOr));
    arguments.push_back(std::move(argument));
    if (!take_symbol(",") && !take_word(word)) {
      DF_RETURN_IF_ERROR(expect_symbol(")"));
      return node(at, "SUBSTRING", std::move(arguments));
    }
  }
  DF_ASSIGN_OR_RETURN(Tree length, parse_at(Binding::kOr));
  arguments.push_back(std::move(length));
  DF_RETURN_IF_ERROR(expect_symbol(")"));
  return node(at, "SUBSTRING", std::move(arguments));
}

Result<Parser::Tree> Parser::parse_position(const Token& at) {
  DF_RETURN_IF_ERROR(expect_symbol("("));
  Trees arguments;
  DF_ASSIGN_OR_RETURN(Tree wanted, parse_at(Binding::kSum));
  arguments.push_back(std::move(wanted));
  if (!take_symbol(",")) DF_RETURN_IF_ERROR(expect_word("IN"));
  DF_ASSIGN_OR_RETURN(Tree within, parse_at(Binding::kOr));
  arguments.push_back(std::move(within));
  DF_RETURN_IF_ERROR(expect_symbol(")"));
  return node(at, "POSITION", std::move(arguments));
}

// OVERLAY(x PLACING y FROM n [FOR m]), or with commas.
Result<Parser::Tree> Parser::parse_overlay(const Token& at) {
  DF_RETURN_IF_ERROR(expect_symbol("("));
  Trees arguments;
  const char* words[] = {"PLACING", "FROM", "FOR"};
  for (size_t i = 0;; ++i) {
    DF_ASSIGN_OR_RETURN(Tree argument, parse_at(Binding::kOr));
    arguments.push_back(std::move(argument));
    if (i < 3 && (take_symbol(",") || take_word(words[i]))) continue;
    if (i == 2 || i == 3) break;
    return expected(i == 0 ? "PLACING" : i == 1 ? "FROM" : "`)`");
  }
  DF_RETURN_IF_ERROR(expect_symbol(")"));
  return node(at, "OVERLAY", std::move(arguments));
}

Result<Parser::Tree> Parser::parse_unit_call(const Token& at) {
  DF_RETURN_IF_ERROR(expect_symbol("("));
  Trees arguments;
  const Token& unit_at = peek();
  DF_ASSIGN_OR_RETURN(std::string unit, parse_unit());
  arguments.push_back(text_leaf(unit_at, std::move(unit)));
  DF_RETURN_IF_ERROR(expect_symbol(","));
  DF_ASSIGN_OR_RETURN(Trees rest, parse_list(")"));
  for (Tree& argument : rest) arguments.push_back(std::move(argument));
  return node(at, at.upper, std::move(arguments));
}

// FLOOR(x), FLOOR(t TO unit).
Result<Parser::Tree> Parser::parse_rounding(const Token& at) {
  DF_RETURN_IF_ERROR(expect_symbol("("));
  Trees arguments;
  DF_ASSIGN_OR_RETURN(Tree operand, parse_at(Binding::kOr));
  arguments.push_back(std::move(operand));
  if (take_word("TO") || take_symbol(",")) {
    const Token& unit_at = peek();
    DF_ASSIGN_OR_RETURN(std::string unit, parse_unit());
    arguments.push_back(text_leaf(unit_at, std::move(unit)));
  }
  DF_RETURN_IF_ERROR(expect_symbol(")"));
  return node(at, at.upper == "CEILING" ? "CEIL" : at.upper, std::move(arguments));
}

}  // namespace dataflow::expr
