// StatementParser: what expressions hold only within a statement.
#include <algorithm>
#include <charconv>

#include "expr/operators.h"
#include "keywords.h"
#include "statement_parser.h"

namespace dataflow::sql {

using expr::Expression;
using expr::Kind;

bool StatementParser::begins_query(size_t position) const {
  const Token& first = token(position);
  if (first.kind != TokenKind::kWord) return false;
  auto behind = [&](size_t n) -> const Token& {
    return token(std::min(position + n, token_count() - 1));
  };
  if (first.upper == "SELECT") return true;
  if (first.upper == "VALUES") {
    const Token& next = behind(1);
    return next.is_symbol("(") || next.is_word("ROW") || next.kind == TokenKind::kInteger ||
           next.kind == TokenKind::kString;
  }
  if (first.upper == "WITH") {
    return is_name(behind(1)) &&
           (behind(1).is_word("RECURSIVE") || behind(2).is_word("AS") || behind(2).is_symbol("("));
  }
  if (first.upper != "TABLE" || !is_name(behind(1))) return false;
  const Token& end = behind(2);
  return end.is_symbol(")") || end.is_symbol(";") || end.is_symbol(".") ||
         end.kind == TokenKind::kEnd || continues_query(end);
}

bool StatementParser::continues_query(const Token& token) const {
  for (const char* word :
       {"UNION", "INTERSECT", "EXCEPT", "MINUS", "ORDER", "LIMIT", "OFFSET", "FETCH", "EMIT"}) {
    if (token.is_word(word)) return true;
  }
  return false;
}

// Of `((SELECT …) …` only what stands behind the inner parentheses says what the outer ones hold.
bool StatementParser::opens_query(size_t ahead) const {
  const size_t outer = position() + ahead;
  if (outer >= token_count() || !token(outer).is_symbol("(")) return false;
  size_t inner = outer;
  while (token(inner + 1).is_symbol("(")) ++inner;
  if (!begins_query(inner + 1)) return false;
  for (; inner > outer; --inner) {
    if (closing_[inner] == 0) return true;
    const Token& behind = token(closing_[inner] + 1);
    if (!behind.is_symbol(")") && !continues_query(behind)) return false;
  }
  return true;
}

// END is a column where it cannot close a CASE.
bool StatementParser::names_column(const Token& word) const {
  if (word.upper == "END") return !within_case();
  return expr::Parser::names_column(word);
}

Status StatementParser::deepen(const Token& at, int depth) {
  deepest_ = std::max(deepest_, depth);
  if (deepest_ <= expr::kMaxDepth) return {};
  return fail(at, "the statement nests deeper than " + std::to_string(expr::kMaxDepth) + " levels");
}

Result<expr::Parser::Tree> StatementParser::deepened(const Token& at, Tree tree, int inside) const {
  tree.depth = std::max(tree.depth, inside + 1);
  if (tree.depth <= expr::kMaxDepth) return tree;
  return fail(at,
              "the expression nests deeper than " + std::to_string(expr::kMaxDepth) + " levels");
}

Result<ExpressionPtr> StatementParser::parse_expression(Binding least) {
  const Token& at = peek();
  DF_ASSIGN_OR_RETURN(Tree tree, parse_at(least));
  DF_RETURN_IF_ERROR(deepen(at, tree.depth));
  return std::move(tree.root);
}

Result<std::vector<ExpressionPtr>> StatementParser::parse_expressions() {
  std::vector<ExpressionPtr> all;
  do {
    DF_RETURN_IF_ERROR(count_column(peek(), all.size()));
    DF_ASSIGN_OR_RETURN(ExpressionPtr one, parse_expression());
    all.push_back(std::move(one));
  } while (take_symbol(","));
  return all;
}

Result<expr::Parser::Tree> StatementParser::parse_subquery(const Token& at, QueryUse use,
                                                           const std::string& comparison,
                                                           Trees operands) {
  const int outside = std::exchange(deepest_, 0);
  DF_RETURN_IF_ERROR(expect_symbol("("));
  auto subquery = std::make_shared<Subquery>();
  DF_ASSIGN_OR_RETURN(subquery->query, parse_query());
  if (!take_symbol(")")) return expected("`)` at the end of the query in parentheses");
  const int inside = std::exchange(deepest_, outside);
  switch (use) {
    case QueryUse::kValue: subquery->kind = SubqueryKind::kScalar; break;
    case QueryUse::kExists: subquery->kind = SubqueryKind::kExists; break;
    case QueryUse::kIn: subquery->kind = SubqueryKind::kIn; break;
    case QueryUse::kNotIn: subquery->kind = SubqueryKind::kNotIn; break;
    case QueryUse::kAny: subquery->kind = SubqueryKind::kAny; break;
    case QueryUse::kAll: subquery->kind = SubqueryKind::kAll; break;
  }
  // (a, b) IN (SELECT …) compares several columns.
  if (operands.size() == 1 && operands[0].root->kind == Kind::kCall &&
      operands[0].root->name == "ROW" && operands[0].root->arguments.size() > 1) {
    const Tree row = std::move(operands[0]);
    operands.clear();
    for (const ExpressionPtr& part : row.root->arguments) operands.push_back({part, row.depth});
  }
  Expression made;
  made.kind = Kind::kExtension;
  made.name = comparison;
  made.extension = std::move(subquery);
  DF_ASSIGN_OR_RETURN(Tree tree, with_arguments(at, std::move(made), std::move(operands)));
  return deepened(at, std::move(tree), inside);
}

// What only the function at hand writes so; false: it does not.
Result<bool> StatementParser::parse_own_argument(const Token& at, Trees& arguments) {
  if (!arguments.empty() || !at.is_word("JSON_OBJECTAGG")) return false;
  DF_RETURN_IF_ERROR(parse_member(arguments));
  return true;
}

Result<expr::Parser::Trees> StatementParser::parse_arguments(const Token& at, Clauses& clauses,
                                                             bool& special) {
  Trees arguments;
  if (take_symbol(")")) return arguments;
  if (take_symbol("*")) {
    special = clauses.star = true;
    DF_RETURN_IF_ERROR(expect_symbol(")"));
    return arguments;
  }
  if (take_word("DISTINCT")) {
    special = clauses.distinct = true;
  } else {
    take_word("ALL");
  }
  do {
    if (peek(1).is_symbol("=>")) {
      return fail(peek(),
                  "arguments have names only in table functions, such as "
                  "TABLE(TUMBLE(DATA => TABLE t, …))");
    }
    if (begins_query(position())) {
      return fail(peek(), "a query as an argument stands in parentheses of its own");
    }
    DF_ASSIGN_OR_RETURN(const bool taken, parse_own_argument(at, arguments));
    if (taken) continue;
    DF_ASSIGN_OR_RETURN(Tree argument, parse_at(Binding::kOr));
    arguments.push_back(std::move(argument));
  } while (take_symbol(","));
  if (at.is_word("JSON_OBJECTAGG") || at.is_word("JSON_ARRAYAGG")) {
    std::string on_null = take_on_null();
    if (!on_null.empty()) arguments.push_back(text_leaf(at, std::move(on_null)));
  }
  if (take_words("IGNORE NULLS")) {
    special = clauses.ignore_nulls = true;
  } else {
    take_words("RESPECT NULLS");
  }
  if (at_words("ORDER BY")) {
    special = true;
    DF_ASSIGN_OR_RETURN(clauses.order_by, parse_order_by());
    if (at.is_word("JSON_ARRAYAGG") && arguments.size() == 1) {
      std::string on_null = take_on_null();
      if (!on_null.empty()) arguments.push_back(text_leaf(at, std::move(on_null)));
    }
  }
  if (!take_symbol(")")) return expected("`,` or `)`");
  return arguments;
}

Result<expr::Parser::Tree> StatementParser::parse_parameter(const Token& at) {
  const Token& number = peek(1);
  const bool numbered = number.kind == TokenKind::kInteger && number.from == at.to;
  if (parameters_ == nullptr || !numbered) {
    return fail(at, numbered ? "parameters stand in statements that are prepared"
                             : "a parameter has a number: $1");
  }
  size_t index = 0;
  const char* const end = number.text.data() + number.text.size();
  const auto read = std::from_chars(number.text.data(), end, index);
  if (read.ec != std::errc() || index == 0 || index > kMaxParameters) {
    return fail(at, "parameters are $1 to $" + std::to_string(kMaxParameters));
  }
  take();
  take();
  parameters_->highest = std::max(parameters_->highest, index);
  const auto& given = parameters_->given;
  return leaf(index <= given.size() ? given[index - 1] : expr::literal(Value(), at.place));
}

Result<expr::Parser::Tree> StatementParser::parse_call(const Token& at) {
  DF_RETURN_IF_ERROR(expect_symbol("("));
  const int outside = std::exchange(deepest_, 0);
  auto clauses = std::make_shared<Clauses>();
  bool special = false;
  DF_ASSIGN_OR_RETURN(Trees arguments, parse_arguments(at, *clauses, special));
  DF_RETURN_IF_ERROR(parse_call_clauses(*clauses, special));
  const int inside = std::exchange(deepest_, outside);
  if (!special) return node(at, expr::in_capitals(at.text), std::move(arguments));
  Expression made;
  made.kind = Kind::kExtension;
  made.name = expr::in_capitals(at.text);
  made.extension = std::move(clauses);
  DF_ASSIGN_OR_RETURN(Tree tree, with_arguments(at, std::move(made), std::move(arguments)));
  return deepened(at, std::move(tree), inside);
}

Status StatementParser::parse_call_clauses(Clauses& clauses, bool& special) {
  while (true) {
    const Token& behind = peek(1);
    if (at_words("WITHIN GROUP")) {
      take_words("WITHIN GROUP");
      DF_RETURN_IF_ERROR(expect_symbol("("));
      DF_ASSIGN_OR_RETURN(clauses.within_group, parse_order_by());
      DF_RETURN_IF_ERROR(expect_symbol(")"));
    } else if (peek().is_word("FILTER") && behind.is_symbol("(")) {
      take();
      take();
      DF_RETURN_IF_ERROR(expect_word("WHERE"));
      DF_ASSIGN_OR_RETURN(clauses.filter, parse_expression());
      DF_RETURN_IF_ERROR(expect_symbol(")"));
    } else if (take_words("IGNORE NULLS")) {
      clauses.ignore_nulls = true;
    } else if (take_words("RESPECT NULLS")) {
      continue;
    } else if (peek().is_word("OVER") && behind.is_symbol("(")) {
      take();
      take();
      DF_ASSIGN_OR_RETURN(clauses.over, parse_window());
    } else if (peek().is_word("OVER") && is_name(behind)) {
      take();
      clauses.over.emplace();
      clauses.over->place = peek().place;
      clauses.over->base = take().text;
    } else {
      return {};
    }
    special = true;
  }
}

Result<std::vector<OrderItem>> StatementParser::parse_order_by() {
  std::vector<OrderItem> items;
  DF_RETURN_IF_ERROR(expect_words("ORDER BY"));
  do {
    DF_RETURN_IF_ERROR(count_column(peek(), items.size()));
    OrderItem item;
    DF_ASSIGN_OR_RETURN(item.expression, parse_expression());
    // A parameter is a value, as in PostgreSQL: only a number that is written is a column's.
    if (parameters_ != nullptr && item.expression->kind == Kind::kLiteral &&
        std::ranges::find(parameters_->given, item.expression) != parameters_->given.end()) {
      const Type type = item.expression->value.type();
      item.expression = expr::cast(item.expression, type, item.expression->place);
    }
    DF_RETURN_IF_ERROR(parse_direction(item));
    items.push_back(std::move(item));
  } while (take_symbol(","));
  return items;
}

Status StatementParser::parse_direction(OrderItem& item) {
  if (!take_word("ASC")) item.descending = take_word("DESC");
  if (!take_word("NULLS")) return {};
  if (take_word("FIRST")) {
    item.nulls = NullsOrder::kFirst;
  } else if (take_word("LAST")) {
    item.nulls = NullsOrder::kLast;
  } else {
    return expected("FIRST or LAST");
  }
  return {};
}

// From behind its `(` to its `)`.
Result<WindowDefinition> StatementParser::parse_window() {
  WindowDefinition window;
  window.place = peek().place;
  const bool clause = at_words("PARTITION BY") || at_words("ORDER BY") || peek().is_word("ROWS") ||
                      peek().is_word("RANGE");
  if (at_name() && !clause) window.base = take().text;
  if (take_words("PARTITION BY")) {
    DF_ASSIGN_OR_RETURN(window.partition_by, parse_expressions());
  }
  if (at_words("ORDER BY")) {
    DF_ASSIGN_OR_RETURN(window.order_by, parse_order_by());
  }
  if (peek().is_word("ROWS") || peek().is_word("RANGE")) {
    DF_RETURN_IF_ERROR(parse_frame(window));
  }
  if (!take_symbol(")")) return expected("PARTITION BY, ORDER BY, ROWS, RANGE or `)`");
  return window;
}

Status StatementParser::parse_frame(WindowDefinition& window) {
  Frame& frame = window.frame.emplace();
  frame.rows = take().upper == "ROWS";
  if (!take_word("BETWEEN")) {
    DF_ASSIGN_OR_RETURN(frame.from, parse_bound(frame.from_offset));
    return {};
  }
  DF_ASSIGN_OR_RETURN(frame.from, parse_bound(frame.from_offset));
  DF_RETURN_IF_ERROR(expect_word("AND"));
  DF_ASSIGN_OR_RETURN(frame.to, parse_bound(frame.to_offset));
  return {};
}

Result<FrameBound> StatementParser::parse_bound(ExpressionPtr& offset) {
  if (take_words("CURRENT ROW")) return FrameBound::kCurrentRow;
  const bool unbounded = at_words("UNBOUNDED PRECEDING") || at_words("UNBOUNDED FOLLOWING");
  if (unbounded) {
    take();
  } else {
    DF_ASSIGN_OR_RETURN(offset, parse_expression(Binding::kSum));
  }
  if (take_word("PRECEDING")) {
    return unbounded ? FrameBound::kUnboundedPreceding : FrameBound::kPreceding;
  }
  if (take_word("FOLLOWING")) {
    return unbounded ? FrameBound::kUnboundedFollowing : FrameBound::kFollowing;
  }
  return expected("PRECEDING or FOLLOWING");
}

}  // namespace dataflow::sql
