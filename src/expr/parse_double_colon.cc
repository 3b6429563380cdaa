// Parser: what PostgreSQL's clients write and Flink's SQL does not have: x::type.
#include <algorithm>
#include <limits>

#include "expr/interval_text.h"
#include "expr/parser.h"

namespace dataflow::expr {

namespace {

bool is_unit_of_interval(const Token& token) {
  for (const char* word : {"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"}) {
    if (token.is_word(word)) return true;
  }
  return false;
}

// The words that may follow the first one of a type's name. Units, and TO, are an interval's: in
// FLOOR(x::TIMESTAMP TO DAY) they are FLOOR's.
bool continues_type(const Token& first, const Token& token) {
  if (first.is_word("INTERVAL") && (token.is_word("TO") || is_unit_of_interval(token))) return true;
  for (const char* word : {"PRECISION", "VARYING", "WITH", "WITHOUT", "LOCAL", "TIME", "ZONE",
                           "NOT", "NULL", "ARRAY", "MULTISET"}) {
    if (token.is_word(word)) return true;
  }
  return false;
}

}  // namespace

// A type ends where its words, and the brackets behind them, end. `a::INT NOT NULL` is no type and
// a test: after `::` a NOT that no NULL follows, and IS, belong to the expression around.
Result<Type> Parser::parse_type_name() {
  size_t first = at_;
  if (peek().kind != TokenKind::kWord) return expected("a type");
  take();
  int open = 0;
  while (peek().kind != TokenKind::kEnd) {
    const Token& token = peek();
    if (token.is_symbol("(") || token.is_symbol("<")) {
      // `a::INT < 5` compares: only these three have element types.
      const Token& before = tokens_[at_ - 1];
      if (token.text == "<" && !before.is_word("ARRAY") && !before.is_word("MAP") &&
          !before.is_word("ROW") && !before.is_word("MULTISET")) {
        break;
      }
      ++open;
    } else if (token.is_symbol(")") || token.is_symbol(">")) {
      if (open == 0) break;
      --open;
    } else if (token.is_symbol("<>") && open == 0) {
      break;
    } else if (open == 0 && !continues_type(tokens_[first], token)) {
      break;
    } else if (open == 0 && token.is_word("NOT") && !peek(1).is_word("NULL")) {
      break;
    }
    take();
  }
  return parse_type_here(first);
}

// PostgreSQL's `numeric` is as long as its value: NUMERIC(x) says how long that may be. Within a
// list there is as much room on both sides of the point.
Result<Parser::Tree> Parser::parse_double_colon(const Token& at, Tree operand) {
  constexpr int kMostDigits = 38;
  constexpr int kScale = 18;
  const bool numeric =
      peek().is_word("NUMERIC") || peek().is_word("DECIMAL") || peek().is_word("DEC");
  const bool free = numeric && !peek(1).is_symbol("(");
  const Token& of_interval = peek(1);
  if (peek().is_word("INTERVAL") && !is_unit_of_interval(of_interval)) {
    return parse_interval_cast(at, std::move(operand));
  }
  Expression made;
  made.kind = Kind::kCast;
  made.name = "CAST";
  const size_t first = at_;
  DF_ASSIGN_OR_RETURN(made.type, parse_type_name());
  if (free && made.type.id() == TypeId::kArray) {
    made.type = Type::array(Type::decimal(kMostDigits, kScale));
  }
  Trees one;
  one.push_back(std::move(operand));
  if (free && made.type.id() == TypeId::kDecimal) return node(at, "NUMERIC", std::move(one));
  DF_ASSIGN_OR_RETURN(Tree whole, with_arguments(at, std::move(made), std::move(one)));
  // `x::char` alone cannot be told from what stands behind it.
  if (!tokens_[std::min(first + 1, tokens_.size() - 1)].is_symbol("(")) return whole;
  return cut_to_length(at, first, std::move(whole));
}

// '1 day 2 hours'::interval says itself of which of the two kinds it is; of a parameter it is one
// of time.
Result<Parser::Tree> Parser::parse_interval_cast(const Token& at, Tree operand) {
  take();
  const Expression& of = *operand.root;
  if (of.kind != Kind::kLiteral || of.value.type().id() != TypeId::kString || of.value.is_null()) {
    Expression made;
    made.kind = Kind::kCast;
    made.name = "CAST";
    made.type = Type::millis();
    Trees one;
    one.push_back(std::move(operand));
    return with_arguments(at, std::move(made), std::move(one));
  }
  const std::optional<IntervalParts> interval = parse_interval_text(of.value.as_text());
  if (!interval) {
    return fail(at, "'" + std::string(of.value.as_text()) +
                        "' is no interval; one is written as '1 day 02:03:04'");
  }
  Token text = at;
  text.text = of.value.as_text();
  return interval_of(at, text, *interval, false);
}

}  // namespace dataflow::expr
