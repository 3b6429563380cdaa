// Parser: names, literals, parentheses, calls, CASE and CAST.
#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include "base/edit_distance.h"
#include "expr/parser.h"

namespace dataflow::expr {

namespace {

bool is_bare_call(const Token& token) {
  for (const char* word : {"CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "LOCALTIME",
                           "LOCALTIMESTAMP", "CURRENT_ROW_TIMESTAMP"}) {
    if (token.is_word(word)) return true;
  }
  return false;
}

// Of a type of text or bytes that has a length, by its first tokens: ours have none, so that a cast
// to VARCHAR(3) also cuts, and one to CHAR(3) cuts and pads.
struct Length {
  int32_t count;
  bool pads;
  bool of_bytes;
};

std::optional<Length> length_of(const Token& name, const Token* behind) {
  const bool of_bytes = name.is_word("BINARY") || name.is_word("VARBINARY");
  bool pads = name.is_word("CHAR") || name.is_word("CHARACTER") || name.is_word("BINARY");
  if (!pads && !of_bytes && !name.is_word("VARCHAR")) return std::nullopt;
  if (pads && behind->is_word("VARYING")) {
    pads = false;
    ++behind;
  }
  if (pads && behind->is_symbol(")")) return Length{1, true, of_bytes};
  int32_t count = std::numeric_limits<int32_t>::max();
  if (behind->is_symbol("(")) {
    const std::string& digits = behind[1].text;
    std::from_chars(digits.data(), digits.data() + digits.size(), count);
  }
  if (count == std::numeric_limits<int32_t>::max()) return std::nullopt;
  return Length{count, pads, of_bytes};
}

// PostgreSQL's way to write a constant of a type: BOOLEAN 't'. DATE, TIME, TIMESTAMP and INTERVAL
// have literals of their own.
bool names_literals(std::string_view word) {
  static constexpr std::array<std::string_view, 22> kTypes = {
      "BOOLEAN", "BOOL",   "SMALLINT", "INT",    "INTEGER", "BIGINT", "INT2",        "INT4",
      "INT8",    "REAL",   "FLOAT",    "DOUBLE", "FLOAT4",  "FLOAT8", "TIMESTAMPTZ", "TEXT",
      "VARCHAR", "STRING", "BYTEA",    "JSON",   "JSONB",   "UUID"};
  return std::ranges::find(kTypes, word) != kTypes.end();
}

}  // namespace

Result<Parser::Tree> Parser::parse_primary() {
  const Token& token = peek();
  switch (token.kind) {
    case TokenKind::kEnd: return expected("an expression");
    case TokenKind::kInteger:
    case TokenKind::kDecimal:
    case TokenKind::kDouble: return parse_number(take(), false);
    case TokenKind::kString: return text_leaf(token, take().text);
    case TokenKind::kBytes:
      return leaf(literal(Value::text(Type::bytes(), take().text), token.place));
    case TokenKind::kQuoted: {
      take();
      if (!peek().is_symbol("(")) return leaf(column(token.text, token.place));
      // `FLOOR`(t TO DAY) is FLOOR's call as well.
      Token word = token;
      word.upper = in_capitals(word.text);
      bool matched = false;
      DF_ASSIGN_OR_RETURN(Tree special, parse_special(word, matched));
      if (matched) return special;
      return parse_call(token);
    }
    case TokenKind::kWord: return parse_word();
    case TokenKind::kSymbol: break;
  }
  if (token.is_symbol("(") && opens_query(0)) {
    return parse_subquery(token, QueryUse::kValue, "", {});
  }
  if (token.is_symbol("$")) return parse_parameter(token);
  if (!take_symbol("(")) return expected("an expression");
  DF_ASSIGN_OR_RETURN(Trees inside, parse_list(")"));
  if (inside.size() == 1) return std::move(inside[0]);
  if (inside.empty()) return fail(token, "() holds no expression");
  return node(token, "ROW", std::move(inside));
}

Result<Parser::Tree> Parser::parse_word() {
  const Token& word = take();
  const Token& behind = peek();
  if (word.upper == "TRUE" || word.upper == "FALSE") {
    return leaf(literal(Value::boolean(word.upper == "TRUE"), word.place));
  }
  if (word.upper == "NULL") return leaf(literal(Value(), word.place));
  if (word.upper == "CASE") return parse_case(word);
  if (behind.is_symbol("(")) {
    if (word.upper == "CAST") return parse_cast(word, false);
    if (word.upper == "TRY_CAST") return parse_cast(word, true);
    if (word.upper == "EXISTS" && opens_query(0)) {
      return parse_subquery(word, QueryUse::kExists, "", {});
    }
    bool matched = false;
    DF_ASSIGN_OR_RETURN(Tree special, parse_special(word, matched));
    if (matched) return special;
    return parse_call(word);
  }
  if (behind.kind == TokenKind::kString &&
      (word.upper == "DATE" || word.upper == "TIME" || word.upper == "TIMESTAMP")) {
    return parse_time_literal(word);
  }
  if (word.upper == "INTERVAL" &&
      (behind.kind == TokenKind::kString ||
       (peek(1).kind == TokenKind::kString && (behind.is_symbol("-") || behind.is_symbol("+"))))) {
    return parse_interval(word);
  }
  if (behind.kind == TokenKind::kString && names_literals(word.upper)) {
    DF_ASSIGN_OR_RETURN(const Type type, parse_type(word.upper));
    const Token& text = take();
    Expression made;
    made.kind = Kind::kCast;
    made.name = "CAST";
    made.type = type;
    Trees one;
    one.push_back(text_leaf(text, text.text));
    return with_arguments(word, std::move(made), std::move(one));
  }
  if ((word.upper == "ARRAY" || word.upper == "MAP") && take_symbol("[")) {
    DF_ASSIGN_OR_RETURN(Trees elements, parse_list("]"));
    if (word.upper == "MAP" && elements.size() % 2 != 0) {
      return fail(word, "MAP[…] takes keys and values in turn; the last key has no value");
    }
    return node(word, word.upper, std::move(elements));
  }
  if (is_bare_call(word)) return node(word, word.upper, {});
  if (!names_column(word)) {
    return fail(word, "expected an expression, found the keyword " + word.upper +
                          "; a column of that name stands in backticks: `" + word.text + "`");
  }
  return leaf(column(word.text, word.place));
}

Result<Parser::Tree> Parser::parse_parameter(const Token&) { return expected("an expression"); }

bool Parser::names_column(const Token& word) const {
  // Columns of these names are common; what makes a literal of them is read before.
  for (const char* also : {"DATE", "TIME", "TIMESTAMP", "INTERVAL", "MAP", "ARRAY", "ROW"}) {
    if (word.upper == also) return true;
  }
  return !is_reserved(word.upper);
}

Result<Parser::Trees> Parser::parse_list(std::string_view close) {
  Trees list;
  if (take_symbol(close)) return list;
  do {
    DF_ASSIGN_OR_RETURN(Tree element, parse_at(Binding::kOr));
    list.push_back(std::move(element));
  } while (take_symbol(","));
  if (!take_symbol(close)) return expected("`,` or `" + std::string(close) + "`");
  return list;
}

Result<Parser::Tree> Parser::parse_call(const Token& at) {
  DF_RETURN_IF_ERROR(expect_symbol("("));
  if (peek().is_word("DISTINCT") || peek().is_symbol("*")) {
    return fail(peek(),
                "aggregates such as COUNT(*) and SUM(DISTINCT x) have no place inside of an "
                "expression on single rows");
  }
  DF_ASSIGN_OR_RETURN(Trees arguments, parse_list(")"));
  return node(at, in_capitals(at.text), std::move(arguments));
}

Result<Parser::Tree> Parser::parse_cast(const Token& at, bool safe) {
  DF_RETURN_IF_ERROR(expect_symbol("("));
  DF_ASSIGN_OR_RETURN(Tree operand, parse_at(Binding::kOr));
  DF_RETURN_IF_ERROR(expect_word("AS"));
  size_t first = at_;
  int open = 0;
  while (peek().kind != TokenKind::kEnd) {
    if (peek().is_symbol("(")) ++open;
    if (peek().is_symbol(")") && --open < 0) break;
    take();
  }
  if (at_ == first) return expected("a type");
  Expression made;
  made.kind = Kind::kCast;
  made.name = safe ? "TRY_CAST" : "CAST";
  DF_ASSIGN_OR_RETURN(made.type, parse_type_here(first));
  DF_RETURN_IF_ERROR(expect_symbol(")"));
  Trees one;
  one.push_back(std::move(operand));
  DF_ASSIGN_OR_RETURN(Tree whole, with_arguments(at, std::move(made), std::move(one)));
  return cut_to_length(at, first, std::move(whole));
}

// CAST AS VARCHAR(n) cuts, CAST AS CHAR(n) pads as well, and so with bytes; the type's name began
// at that token, and a `)` or the end stands behind it.
Result<Parser::Tree> Parser::cut_to_length(const Token& at, size_t first, Tree whole) {
  const std::optional<Length> length = length_of(token(first), &token(first + 1));
  if (!length) return whole;
  const auto number = [&](int32_t value) {
    return leaf(literal(Value::integer(Type::int32(), value), at.place));
  };
  Trees arguments;
  arguments.push_back(std::move(whole));
  if (length->of_bytes) {
    arguments.push_back(number(length->count));
    return node(at, length->pads ? "BINARY" : "VARBINARY", std::move(arguments));
  }
  if (!length->pads) arguments.push_back(number(1));
  arguments.push_back(number(length->count));
  if (length->pads) arguments.push_back(text_leaf(at, " "));
  return node(at, length->pads ? "RPAD" : "SUBSTRING", std::move(arguments));
}

Result<Parser::Tree> Parser::parse_case(const Token& at) {
  ++cases_;
  bool simple = !peek().is_word("WHEN");
  Tree subject;
  if (simple) {
    DF_ASSIGN_OR_RETURN(subject, parse_at(Binding::kOr));
  }
  Trees arguments;
  if (!peek().is_word("WHEN")) return expected("WHEN");
  while (peek().is_word("WHEN")) {
    const Token& when = take();
    DF_ASSIGN_OR_RETURN(Tree condition, parse_at(Binding::kOr));
    if (simple) {
      Trees both;
      both.push_back(subject);
      both.push_back(std::move(condition));
      DF_ASSIGN_OR_RETURN(condition, node(when, "=", std::move(both)));
    }
    arguments.push_back(std::move(condition));
    DF_RETURN_IF_ERROR(expect_word("THEN"));
    DF_ASSIGN_OR_RETURN(Tree then, parse_at(Binding::kOr));
    arguments.push_back(std::move(then));
  }
  if (take_word("ELSE")) {
    DF_ASSIGN_OR_RETURN(Tree otherwise, parse_at(Binding::kOr));
    arguments.push_back(std::move(otherwise));
  }
  if (!take_word("END")) return expected("WHEN, ELSE or END");
  --cases_;
  Expression made;
  made.kind = Kind::kCase;
  return with_arguments(at, std::move(made), std::move(arguments));
}

}  // namespace dataflow::expr
