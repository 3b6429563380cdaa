// Parser: JSON_VALUE, JSON_QUERY and JSON_EXISTS with their clauses, which become arguments; see
// json_function.h. Written with commas they are calls like others.
#include <optional>

#include "expr/parser.h"

namespace dataflow::expr {

// NULL | ERROR | DEFAULT value | EMPTY ARRAY | …, each by its name.
Result<std::string> Parser::parse_json_answer(const std::vector<std::string>& choices) {
  for (const std::string& choice : choices) {
    const size_t space = choice.find(' ');
    const std::string first = choice.substr(0, space);
    if (!peek().is_word(first)) continue;
    if (space != std::string::npos && !peek(1).is_word(choice.substr(space + 1))) continue;
    take();
    if (space != std::string::npos) take();
    return choice;
  }
  std::string all;
  for (const std::string& choice : choices) {
    all += (all.empty() ? "" : &choice == &choices.back() ? " or " : ", ") + choice;
  }
  return expected(all);
}

Result<Parser::Tree> Parser::parse_json_value(const Token& at, Trees arguments) {
  std::optional<Type> type;
  if (take_word("RETURNING")) {
    DF_ASSIGN_OR_RETURN(type, parse_returned_type());
  }
  Trees answers;
  for (int i = 0; i < 2; ++i) {
    answers.push_back(text_leaf(at, "NULL"));
    answers.push_back(leaf(literal(Value(), at.place)));
  }
  bool clauses = false;
  while (!peek().is_symbol(")")) {
    clauses = true;
    DF_ASSIGN_OR_RETURN(std::string answer, parse_json_answer({"NULL", "ERROR", "DEFAULT"}));
    Tree fallback = leaf(literal(Value(), at.place));
    if (answer == "DEFAULT") {
      DF_ASSIGN_OR_RETURN(fallback, parse_at(Binding::kOr));
    }
    DF_RETURN_IF_ERROR(expect_word("ON"));
    DF_ASSIGN_OR_RETURN(const std::string where, parse_json_answer({"EMPTY", "ERROR"}));
    const size_t first = where == "EMPTY" ? 0 : 2;
    answers[first] = text_leaf(at, std::move(answer));
    answers[first + 1] = std::move(fallback);
  }
  take();
  if (clauses) {
    for (Tree& answer : answers) arguments.push_back(std::move(answer));
  }
  DF_ASSIGN_OR_RETURN(Tree value, node(at, "JSON_VALUE", std::move(arguments)));
  if (!type || type->id() == TypeId::kString) return value;
  Expression made;
  made.kind = Kind::kCast;
  made.name = "CAST";
  made.type = std::move(*type);
  Trees one;
  one.push_back(std::move(value));
  return with_arguments(at, std::move(made), std::move(one));
}

// ARRAY<STRING>, VARCHAR(3): what may follow it are other words.
Result<Type> Parser::parse_returned_type() {
  const size_t first = position();
  if (peek().kind != TokenKind::kWord) return expected("a type");
  take();
  if (take_symbol("(")) {
    take();
    DF_RETURN_IF_ERROR(expect_symbol(")"));
  } else if (take_symbol("<")) {
    take();
    DF_RETURN_IF_ERROR(expect_symbol(">"));
  }
  return parse_type_here(first);
}

Result<Parser::Tree> Parser::parse_json_query(const Token& at, Trees arguments) {
  Type type = Type::string();
  const Token& returning = peek();
  if (take_word("RETURNING")) {
    DF_ASSIGN_OR_RETURN(type, parse_returned_type());
    if (!(type == Type::string()) && !(type == Type::array(Type::string()))) {
      return fail(returning, "JSON_QUERY is RETURNING STRING or ARRAY<STRING>");
    }
  }
  std::string wrapper = "WITHOUT";
  if (peek().is_word("WITHOUT") || peek().is_word("WITH")) {
    if (take().upper == "WITH") {
      wrapper = "UNCONDITIONAL";
      if (take_word("CONDITIONAL")) {
        wrapper = "CONDITIONAL";
      } else {
        take_word("UNCONDITIONAL");
      }
    }
    take_word("ARRAY");
    DF_RETURN_IF_ERROR(expect_word("WRAPPER"));
  }
  std::string answers[] = {"NULL", "NULL"};
  const bool texts = type.id() == TypeId::kArray;
  while (!peek().is_symbol(")")) {
    DF_ASSIGN_OR_RETURN(std::string answer,
                        parse_json_answer({"NULL", "ERROR", "EMPTY ARRAY", "EMPTY OBJECT"}));
    DF_RETURN_IF_ERROR(expect_word("ON"));
    DF_ASSIGN_OR_RETURN(const std::string where, parse_json_answer({"EMPTY", "ERROR"}));
    answers[where == "EMPTY" ? 0 : 1] = std::move(answer);
  }
  take();
  for (std::string* text : {&wrapper, &answers[0], &answers[1]}) {
    arguments.push_back(text_leaf(at, std::move(*text)));
  }
  if (texts) arguments.push_back(text_leaf(at, "ARRAY<STRING>"));
  return node(at, "JSON_QUERY", std::move(arguments));
}

Result<Parser::Tree> Parser::parse_json(const Token& at) {
  DF_RETURN_IF_ERROR(expect_symbol("("));
  Trees arguments;
  DF_ASSIGN_OR_RETURN(Tree json, parse_at(Binding::kOr));
  arguments.push_back(std::move(json));
  if (!take_symbol(",")) return expected("`,` and a path");
  DF_ASSIGN_OR_RETURN(Tree path, parse_at(Binding::kOr));
  arguments.push_back(std::move(path));
  if (take_symbol(",")) {
    DF_ASSIGN_OR_RETURN(Trees rest, parse_list(")"));
    for (Tree& argument : rest) arguments.push_back(std::move(argument));
    return node(at, at.upper, std::move(arguments));
  }
  if (take_symbol(")")) return node(at, at.upper, std::move(arguments));
  if (at.upper == "JSON_VALUE") return parse_json_value(at, std::move(arguments));
  if (at.upper == "JSON_QUERY") return parse_json_query(at, std::move(arguments));
  DF_ASSIGN_OR_RETURN(std::string answer, parse_json_answer({"TRUE", "FALSE", "UNKNOWN", "ERROR"}));
  DF_RETURN_IF_ERROR(expect_word("ON"));
  DF_RETURN_IF_ERROR(expect_word("ERROR"));
  DF_RETURN_IF_ERROR(expect_symbol(")"));
  arguments.push_back(text_leaf(at, std::move(answer)));
  return node(at, "JSON_EXISTS", std::move(arguments));
}

// NULL ON NULL and ABSENT ON NULL; empty: there is neither.
std::string Parser::take_on_null() {
  const bool null = peek().is_word("NULL"), absent = peek().is_word("ABSENT");
  if ((!null && !absent) || !peek(1).is_word("ON") || !peek(2).is_word("NULL")) return "";
  take();
  take();
  take();
  return null ? "NULL" : "ABSENT";
}

// [KEY] key VALUE value; with a comma between them, too.
Status Parser::parse_member(Trees& arguments) {
  const bool marked = peek().is_word("KEY") && !peek(1).is_word("VALUE") && !peek(1).is_symbol(",");
  if (marked) take();
  DF_ASSIGN_OR_RETURN(Tree key, parse_at(Binding::kOr));
  arguments.push_back(std::move(key));
  if (!take_word("VALUE") && !take_symbol(","))
    return expected("VALUE and what the key stands for");
  DF_ASSIGN_OR_RETURN(Tree value, parse_at(Binding::kOr));
  arguments.push_back(std::move(value));
  return {};
}

Result<Parser::Tree> Parser::parse_json_made(const Token& at) {
  DF_RETURN_IF_ERROR(expect_symbol("("));
  const bool object = at.upper == "JSON_OBJECT";
  Trees arguments;
  arguments.push_back(text_leaf(at, object ? "NULL" : "ABSENT"));
  std::string on_null = take_on_null();
  if (on_null.empty() && !peek().is_symbol(")")) {
    do {
      if (object) {
        DF_RETURN_IF_ERROR(parse_member(arguments));
      } else {
        DF_ASSIGN_OR_RETURN(Tree value, parse_at(Binding::kOr));
        arguments.push_back(std::move(value));
      }
    } while (take_symbol(","));
    on_null = take_on_null();
  }
  if (!on_null.empty()) arguments[0] = text_leaf(at, std::move(on_null));
  DF_RETURN_IF_ERROR(expect_symbol(")"));
  return node(at, at.upper, std::move(arguments));
}

}  // namespace dataflow::expr
