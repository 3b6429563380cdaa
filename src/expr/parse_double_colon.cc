// Parser: what PostgreSQL's clients write and Flink's SQL does not have: x::type, and ILIKE.
#include <algorithm>
#include <limits>

#include "expr/interval_text.h"
#include "expr/parser.h"

namespace dataflow::expr {

namespace {

// The words that may follow the first one of a type's name.
bool continues_type(const Token& token) {
  for (const char* word :
       {"PRECISION", "VARYING", "WITH", "WITHOUT", "LOCAL", "TIME", "ZONE", "NOT", "NULL", "YEAR",
        "MONTH", "DAY", "SECOND", "TO", "ARRAY", "MULTISET"}) {
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
    } else if (open == 0 && !continues_type(token)) {
      break;
    } else if (open == 0 && token.is_word("NOT") && !peek(1).is_word("NULL")) {
      break;
    }
    take();
  }
  return parse_type_here(first);
}

// PostgreSQL's `numeric` is as long as its value; ours has as much room on both sides.
Result<Parser::Tree> Parser::parse_double_colon(const Token& at, Tree operand) {
  constexpr int kMostDigits = 38;
  constexpr int kScale = 18;
  const bool numeric =
      peek().is_word("NUMERIC") || peek().is_word("DECIMAL") || peek().is_word("DEC");
  const bool free = numeric && !peek(1).is_symbol("(");
  const Token& of_interval = peek(1);
  const bool unit = of_interval.kind == TokenKind::kWord && continues_type(of_interval);
  if (peek().is_word("INTERVAL") && !unit && !of_interval.is_word("HOUR") &&
      !of_interval.is_word("MINUTE")) {
    return parse_interval_cast(at, std::move(operand));
  }
  Expression made;
  made.kind = Kind::kCast;
  made.name = "CAST";
  const size_t first = at_;
  DF_ASSIGN_OR_RETURN(made.type, parse_type_name());
  if (free && made.type.id() == TypeId::kDecimal) made.type = Type::decimal(kMostDigits, kScale);
  if (free && made.type.id() == TypeId::kArray) {
    made.type = Type::array(Type::decimal(kMostDigits, kScale));
  }
  Trees one;
  one.push_back(std::move(operand));
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

// x ILIKE p is UPPER(x) LIKE UPPER(p).
Result<Parser::Tree> Parser::parse_ilike(const Token& at, bool negated, Tree operand) {
  DF_ASSIGN_OR_RETURN(Tree pattern, parse_at(Binding::kSum));
  Trees operands;
  for (Tree* side : {&operand, &pattern}) {
    Trees one;
    one.push_back(std::move(*side));
    DF_ASSIGN_OR_RETURN(Tree upper, node(at, "UPPER", std::move(one)));
    operands.push_back(std::move(upper));
  }
  if (take_word("ESCAPE")) {
    DF_ASSIGN_OR_RETURN(Tree escape, parse_at(Binding::kSum));
    operands.push_back(std::move(escape));
  }
  return node(at, negated ? "NOT LIKE" : "LIKE", std::move(operands));
}

}  // namespace dataflow::expr
