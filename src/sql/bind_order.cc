// ORDER BY, LIMIT and OFFSET.
#include <algorithm>

#include "binder.h"
#include "parts.h"
#include "print_query.h"

namespace dataflow::sql {
namespace {

using expr::Kind;

plan::OrderColumn order_column(const OrderItem& item, std::string column) {
  // NULL is the least value, as in Flink.
  const bool first =
      item.nulls == NullsOrder::kUsual ? !item.descending : item.nulls == NullsOrder::kFirst;
  return {std::move(column), item.descending, first};
}

bool is_number(const expr::Expression& expression) {
  return expression.kind == Kind::kLiteral && expression.value.type().is_integer() &&
         !expression.value.is_null();
}

// `ORDER BY 2` is the second column.
Result<size_t> place_in_list(const expr::Expression& number, size_t columns) {
  const int64_t wanted = number.value.as_int();
  if (wanted >= 1 && wanted <= static_cast<int64_t>(columns)) {
    return static_cast<size_t>(wanted - 1);
  }
  return at_place(number.place, "ORDER BY " + std::to_string(wanted) + ": the list has " +
                                    std::to_string(columns) + " columns");
}

// The column of the list that is meant by a name, or is that expression.
std::optional<size_t> in_list(const ExpressionPtr& written, const std::vector<OutputItem>& items,
                              size_t visible) {
  if (written->kind == Kind::kColumn) {
    for (size_t i = 0; i < visible; ++i) {
      if (same_name(items[i].name, written->name)) return i;
    }
  }
  const std::string text = written->to_string();
  for (size_t i = 0; i < items.size(); ++i) {
    if (!items[i].resolved && items[i].expression->to_string() == text) return i;
  }
  return std::nullopt;
}

}  // namespace

Result<int64_t> count_of(const ExpressionPtr& expression, const std::string& clause) {
  const ExpressionPtr& given =
      expression->kind == expr::Kind::kCast ? expression->arguments[0] : expression;
  const expr::Expression& value = *given;
  // A parameter that is not given yet, or NULL: all rows, as in PostgreSQL.
  if (value.kind == expr::Kind::kLiteral && value.value.is_null()) {
    return clause == "OFFSET" ? 0 : INT64_MAX;
  }
  if (is_number(value) && value.value.as_int() >= 0) return value.value.as_int();
  return at_place(expression->place, clause + " takes a whole number that is not negative");
}

ExpressionPtr without_aliases(const ExpressionPtr& expression, const Names& names,
                              const std::vector<OutputItem>& items) {
  if (expression->kind == Kind::kColumn) {
    const Result<const VisibleColumn*> known = names.find(expression->name, expression->place);
    if (!known.ok() || *known != nullptr) return expression;
    for (const OutputItem& item : items) {
      if (same_name(item.name, expression->name) && !item.resolved) return item.expression;
    }
    return expression;
  }
  std::vector<ExpressionPtr> parts = parts_of(*expression);
  if (parts.empty()) return expression;
  for (ExpressionPtr& part : parts) part = without_aliases(part, names, items);
  return with_parts(expression, std::move(parts));
}

Result<std::vector<SelectOrder>> add_order(const std::vector<OrderItem>& order_by,
                                           const Names& names, std::vector<OutputItem>& items,
                                           bool distinct) {
  const size_t visible = items.size();
  std::vector<SelectOrder> order;
  for (const OrderItem& item : order_by) {
    if (is_star(*item.expression)) {
      for (size_t i = 0; i < visible; ++i) order.push_back({i, order_column(item, "")});
      continue;
    }
    size_t at = items.size();
    if (is_number(*item.expression)) {
      DF_ASSIGN_OR_RETURN(at, place_in_list(*item.expression, visible));
    } else if (const auto known = in_list(item.expression, items, visible)) {
      at = *known;
    } else {
      if (distinct) {
        return at_place(item.expression->place,
                        "SELECT DISTINCT is ordered by columns of its list only");
      }
      items.push_back(
          {"$order" + std::to_string(at), without_aliases(item.expression, names, items)});
    }
    order.push_back({at, order_column(item, "")});
  }
  return order;
}

Status Binder::order_output(const std::vector<OrderItem>& order_by, Relation& relation) {
  const Names names(catalog_, {{"", relation.columns}});
  std::vector<plan::NamedExpression> columns = all_columns(*relation.rel->schema);
  const size_t before = columns.size();
  std::set<std::string> taken;
  for (const plan::NamedExpression& column : columns) taken.insert(column.name);
  for (const OrderItem& item : order_by) {
    if (is_star(*item.expression)) {
      for (const VisibleColumn& column : relation.columns) {
        relation.order.push_back(order_column(item, column.in_rel));
      }
      continue;
    }
    if (is_number(*item.expression)) {
      DF_ASSIGN_OR_RETURN(const size_t at,
                          place_in_list(*item.expression, relation.columns.size()));
      relation.order.push_back(order_column(item, relation.columns[at].in_rel));
      continue;
    }
    DF_ASSIGN_OR_RETURN(const ExpressionPtr key, names.resolve(item.expression));
    std::string name = key->name;
    if (key->kind != Kind::kColumn) {
      name = free_name("$order", taken);
      taken.insert(name);
      columns.push_back({name, key});
    }
    relation.order.push_back(order_column(item, std::move(name)));
  }
  if (columns.size() == before) return {};
  DF_ASSIGN_OR_RETURN(relation.rel, make_project(relation.rel, std::move(columns)));
  return {};
}

Result<Relation> Binder::limited(const Query& query, Relation relation, bool sort) {
  const std::vector<plan::OrderColumn> order = std::move(relation.order);
  relation.order.clear();
  plan::RankSpec spec;
  if (query.offset != nullptr) {
    DF_ASSIGN_OR_RETURN(const int64_t offset, count_of(query.offset, "OFFSET"));
    spec.first = std::min(offset, INT64_MAX - 1) + 1;
  }
  if (query.limit != nullptr) {
    DF_ASSIGN_OR_RETURN(const int64_t limit, count_of(query.limit, "LIMIT"));
    if (limit == 0) {
      DF_ASSIGN_OR_RETURN(relation.rel,
                          make_filter(relation.rel, expr::literal(Value::boolean(false))));
      return relation;
    }
    // As good as none.
    spec.last = limit > INT64_MAX - spec.first ? 0 : spec.first + limit - 1;
  } else if (spec.first == 1 && !(sort && !order.empty())) {
    return relation;  // an order within a query is none of what is around it
  }
  spec.order = order;
  const ExpressionPtr& at = query.limit != nullptr    ? query.limit
                            : query.offset != nullptr ? query.offset
                                                      : query.order_by[0].expression;
  DF_ASSIGN_OR_RETURN(relation.rel, make_rank(relation.rel, std::move(spec), at->place));
  return relation;
}

}  // namespace dataflow::sql
