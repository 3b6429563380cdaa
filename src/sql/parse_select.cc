// StatementParser: SELECT and its clauses.
#include <algorithm>

#include "binder.h"
#include "print_query.h"
#include "same_name.h"
#include "statement_parser.h"

namespace dataflow::sql {

using expr::Expression;
using expr::Kind;

namespace {

ExpressionPtr first_by(std::shared_ptr<const Clauses> clauses, Place place) {
  auto number = std::make_shared<Expression>();
  number->kind = Kind::kExtension;
  number->name = "ROW_NUMBER";
  number->extension = std::move(clauses);
  number->place = place;
  return expr::call(
      "=", {std::move(number), expr::literal(Value::integer(Type::int32(), 1), place)}, place);
}

bool is_number(const Expression& expression) {
  return expression.kind == Kind::kLiteral && expression.value.type().is_integer() &&
         !expression.value.is_null();
}

bool has_star(const std::vector<SelectItem>& items) {
  return std::ranges::any_of(items,
                             [](const SelectItem& item) { return is_star(*item.expression); });
}

// What DISTINCT ON and the ORDER BY beside it mean by a place in the list, or by a name that it
// gives.
Result<ExpressionPtr> meant_by(const ExpressionPtr& written, const std::vector<SelectItem>& items) {
  if (is_number(*written)) {
    const int64_t at = written->value.as_int();
    if (has_star(items)) {
      return at_place(written->place, "beside DISTINCT ON and `*` columns are named, not counted");
    }
    if (at < 1 || at > std::ssize(items)) {
      return at_place(written->place, "place " + std::to_string(at) + ": the list has " +
                                          std::to_string(items.size()) + " columns");
    }
    return items[static_cast<size_t>(at - 1)].expression;
  }
  if (written->kind != Kind::kColumn) return written;
  for (const SelectItem& item : items) {
    if (same_name(item.alias, written->name)) return item.expression;
  }
  return written;
}

}  // namespace

Result<Select> StatementParser::parse_select() {
  Select select;
  DF_RETURN_IF_ERROR(expect_word("SELECT"));
  DF_RETURN_IF_ERROR(parse_distinct(select));
  if (select.items.empty()) {
    DF_ASSIGN_OR_RETURN(select.items, parse_items());
  }
  if (take_word("FROM")) {
    DF_ASSIGN_OR_RETURN(select.from, parse_from());
  }
  if (take_word("WHERE")) {
    DF_ASSIGN_OR_RETURN(select.where, parse_expression());
  }
  if (at_words("GROUP BY")) DF_RETURN_IF_ERROR(parse_group_by(select));
  if (take_word("HAVING")) {
    DF_ASSIGN_OR_RETURN(select.having, parse_expression());
  }
  if (peek().is_word("WINDOW")) DF_RETURN_IF_ERROR(parse_named_windows(select));
  if (peek().is_word("QUALIFY")) {
    if (select.first_of_each) {
      return fail(peek(), "beside DISTINCT ON there is no QUALIFY; put one into a query around");
    }
    take();
    DF_ASSIGN_OR_RETURN(select.qualify, parse_expression());
  }
  return select;
}

// DISTINCT ON (a, b) and its list: QUALIFY ROW_NUMBER() OVER (PARTITION BY a, b …) = 1, in the
// order that comes with ORDER BY.
Status StatementParser::parse_distinct(Select& select) {
  const Token& at = peek();
  if (!take_word("DISTINCT")) {
    take_word("ALL");
    return {};
  }
  select.first_of_each = peek().is_word("ON") && peek(1).is_symbol("(");
  select.distinct = !select.first_of_each;
  if (select.distinct) return {};
  take();
  take();
  auto clauses = std::make_shared<Clauses>();
  clauses->over.emplace();
  clauses->over->place = at.place;
  DF_ASSIGN_OR_RETURN(clauses->over->partition_by, parse_expressions());
  if (!take_symbol(")")) return expected("`,` or `)`");
  DF_ASSIGN_OR_RETURN(select.items, parse_items());
  for (ExpressionPtr& key : clauses->over->partition_by) {
    DF_ASSIGN_OR_RETURN(key, meant_by(key, select.items));
  }
  select.qualify = first_by(std::move(clauses), at.place);
  return deepen(at, deepest_ + 2);
}

Result<std::vector<SelectItem>> StatementParser::parse_items() {
  std::vector<SelectItem> items;
  do {
    DF_RETURN_IF_ERROR(count_column(peek(), items.size()));
    DF_ASSIGN_OR_RETURN(SelectItem item, parse_item());
    items.push_back(std::move(item));
  } while (take_symbol(","));
  return items;
}

// `*`, `t.*`, `db.t.*`
bool StatementParser::at_star() const {
  size_t ahead = 0;
  while ((peek(ahead).kind == TokenKind::kWord || peek(ahead).kind == TokenKind::kQuoted) &&
         peek(ahead + 1).is_symbol(".")) {
    ahead += 2;
  }
  return peek(ahead).is_symbol("*");
}

Result<SelectItem> StatementParser::parse_item() {
  SelectItem item;
  if (!at_star()) {
    DF_ASSIGN_OR_RETURN(item.expression, parse_expression());
    DF_ASSIGN_OR_RETURN(item.alias, parse_alias());
    return item;
  }
  auto star = std::make_shared<Star>();
  auto made = std::make_shared<Expression>();
  made->kind = Kind::kExtension;
  made->name = std::string(1, '*');
  made->place = star->qualifier.place = peek().place;
  while (!peek().is_symbol("*")) {
    star->qualifier.parts.push_back(take().text);
    take();
  }
  take();
  made->extension = std::move(star);
  item.expression = std::move(made);
  return item;
}

Status StatementParser::parse_group_by(Select& select) {
  take_words("GROUP BY");
  select.has_group_by = true;
  const Token& quantifier = peek();
  if (!take_word("DISTINCT") && take_word("ALL") && ends_group_by()) {
    return group_by_all(select, quantifier);
  }
  do {
    const Token& at = peek();
    if (at_words("GROUPING SETS")) return unsupported(at, "GROUPING SETS");
    for (const char* word : {"CUBE", "ROLLUP"}) {
      if (at.is_word(word) && peek(1).is_symbol("(")) return unsupported(at, word);
    }
    if (at.is_symbol("(") && peek(1).is_symbol(")")) {
      take();
      take();
      continue;
    }
    DF_RETURN_IF_ERROR(count_column(at, select.group_by.size()));
    DF_ASSIGN_OR_RETURN(ExpressionPtr key, parse_expression());
    // (a, b) is two keys.
    if (at.is_symbol("(") && key->kind == Kind::kCall && key->name == "ROW") {
      for (const ExpressionPtr& part : key->arguments) select.group_by.push_back(part);
    } else {
      select.group_by.push_back(std::move(key));
    }
  } while (take_symbol(","));
  return {};
}

bool StatementParser::ends_group_by() const {
  static constexpr const char* kBehind[] = {"HAVING", "WINDOW",    "QUALIFY", "ORDER", "LIMIT",
                                            "OFFSET", "FETCH",     "UNION",   "EMIT",  "EXCEPT",
                                            "MINUS",  "INTERSECT", "EXPECT"};
  const Token& at = peek();
  return at.kind == TokenKind::kEnd || at.is_symbol(")") || at.is_symbol(";") ||
         std::ranges::any_of(kBehind, [&](const char* word) { return at.is_word(word); });
}

// By all of the list that is neither an aggregate nor made of one.
Status StatementParser::group_by_all(Select& select, const Token& at) {
  if (has_star(select.items)) {
    return fail(at, "GROUP BY ALL takes a list of columns and aggregates, and no `*`");
  }
  for (const SelectItem& item : select.items) {
    const Expression& expression = *item.expression;
    // A number alone would be a place in the list.
    if (is_number(expression) || has_aggregates(expression) || has_over(expression)) continue;
    select.group_by.push_back(item.expression);
  }
  return {};
}

// Places in the list for ORDER BY ALL; DISTINCT ON takes what comes first by ORDER BY.
Status StatementParser::spell_order(Select& select, std::vector<OrderItem>& order_by) {
  const bool all = !order_by.empty() && is_star(*order_by.front().expression);
  if (all && !has_star(select.items)) {
    const OrderItem of_all = order_by.front();
    order_by.clear();
    for (size_t i = 1; i <= select.items.size(); ++i) {
      order_by.push_back(of_all);
      order_by.back().expression = expr::literal(
          Value::integer(Type::int32(), static_cast<int64_t>(i)), of_all.expression->place);
    }
  }
  if (!select.first_of_each) return {};
  const ExpressionPtr& number = select.qualify->arguments[0];
  auto clauses = std::make_shared<Clauses>(dynamic_cast<const Clauses&>(*number->extension));
  std::set<std::string> keys;
  for (const ExpressionPtr& key : clauses->over->partition_by) keys.insert(key->to_string());
  for (const OrderItem& item : order_by) {
    OrderItem by = item;
    if (is_star(*by.expression)) {
      return at_place(by.expression->place,
                      "beside DISTINCT ON and `*` ORDER BY takes expressions, and not ALL");
    }
    DF_ASSIGN_OR_RETURN(by.expression, meant_by(by.expression, select.items));
    if (!keys.contains(by.expression->to_string())) clauses->over->order_by.push_back(by);
  }
  select.qualify = first_by(std::move(clauses), number->place);
  return {};
}

Status StatementParser::parse_named_windows(Select& select) {
  take();
  do {
    DF_ASSIGN_OR_RETURN(std::string name, parse_name("the name of a window"));
    DF_RETURN_IF_ERROR(expect_word("AS"));
    DF_RETURN_IF_ERROR(expect_symbol("("));
    DF_ASSIGN_OR_RETURN(WindowDefinition window, parse_window());
    select.windows.emplace_back(std::move(name), std::move(window));
  } while (take_symbol(","));
  return {};
}

}  // namespace dataflow::sql
