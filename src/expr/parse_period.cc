// Parser: of times, (a, b) OVERLAPS (c, d), x AT TIME ZONE z, and (a - b) SECOND.
#include "expr/parser.h"
#include "time_units.h"

namespace dataflow::expr {

namespace {

bool is_pair(const ExpressionPtr& tree) {
  return tree->kind == Kind::kCall && (tree->name == "ROW" || tree->name == "PERIOD") &&
         tree->arguments.size() == 2;
}

bool is_interval_unit(const Token& token) {
  return token.kind == TokenKind::kWord && is_difference_unit(token.upper);
}

}  // namespace

// A column may be called so, too.
bool Parser::opens_overlaps(const Tree& operand) const {
  const Token& behind = peek(1);
  return peek().is_word("OVERLAPS") && is_pair(operand.root) &&
         (behind.is_symbol("(") || behind.is_word("ROW") || behind.is_word("PERIOD"));
}

Result<Parser::Tree> Parser::parse_overlaps(Tree operand) {
  const Token& at = take();
  const Token& right_at = peek();
  DF_ASSIGN_OR_RETURN(Tree right, parse_at(Binding::kSum));
  if (!is_pair(right.root)) {
    return fail(right_at, "OVERLAPS takes a pair on each side: (begin, end) or (begin, interval)");
  }
  Trees ends;
  for (const Tree* pair : {&operand, &right}) {
    for (const ExpressionPtr& end : pair->root->arguments) ends.push_back({end, pair->depth});
  }
  return node(at, "OVERLAPS", std::move(ends));
}

Result<Parser::Tree> Parser::parse_at_time_zone(Tree operand) {
  const Token& at = take();
  take();
  take();
  Trees both;
  both.push_back(std::move(operand));
  DF_ASSIGN_OR_RETURN(both.emplace_back(), parse_primary());
  return node(at, "AT TIME ZONE", std::move(both));
}

// What stood in parentheses, and behind them perhaps a unit: SQL's way to say of which kind the
// interval between two times is.
Result<Parser::Tree> Parser::parse_difference(Tree operand) {
  const Expression& minus = *operand.root;
  const bool difference =
      minus.kind == Kind::kCall && minus.name == "-" && minus.arguments.size() == 2;
  if (!difference || !is_interval_unit(peek())) return operand;
  const Token& at = take();
  if (take_word("TO")) {
    const Token& last = peek();
    const bool months = months_of(*parse_time_unit(at.upper)) > 0;
    const bool known = is_interval_unit(last);
    if (!known || (months_of(*parse_time_unit(last.upper)) > 0) != months) {
      return fail(last,
                  "an interval goes from YEAR TO MONTH, or from DAY, HOUR or MINUTE to a "
                  "smaller unit of time");
    }
    take();
  }
  Trees arguments;
  arguments.push_back(text_leaf(at, at.upper));
  for (const ExpressionPtr& side : minus.arguments) arguments.push_back({side, operand.depth});
  return node(at, "DIFFERENCE", std::move(arguments));
}

}  // namespace dataflow::expr
