#include "random_query.h"

namespace dataflow::sql {

using expr::Expression;
using expr::Kind;

std::string QueryMaker::name() {
  static const char* kNames[] = {
      "a",       "b",       "Order",     "select",   "semi",    "asof",       "left",   "limit",
      "offset",  "value",   "x y",       "it`s",     "Ünï",     "1st",        "window", "end",
      "emit",    "unnest",  "table",     "values",   "with",    "over",       "filter", "unbounded",
      "lateral", "date",    "partition", "rows",     "current", "descriptor", "exists", "case",
      "row",     "natural", "using",     "recursive"};
  return kNames[below(static_cast<int>(std::size(kNames)))];
}

Name QueryMaker::qualified() {
  Name made;
  for (int n = 1 + below(2); n > 0; --n) made.parts.push_back(name());
  return made;
}

std::vector<ExpressionPtr> QueryMaker::expressions(int depth) {
  std::vector<ExpressionPtr> all;
  for (int n = 1 + below(3); n > 0; --n) all.push_back(expression(depth));
  return all;
}

std::vector<OrderItem> QueryMaker::order(int depth) {
  std::vector<OrderItem> items;
  for (int n = 1 + below(2); n > 0; --n) {
    items.push_back({expression(depth), once_in(2), static_cast<NullsOrder>(below(3))});
  }
  return items;
}

WindowDefinition QueryMaker::window(int depth) {
  WindowDefinition made;
  if (once_in(3)) made.base = name();
  if (once_in(2)) made.partition_by = expressions(depth);
  if (once_in(2)) made.order_by = order(depth);
  if (once_in(2)) {
    Frame frame;
    frame.rows = once_in(2);
    frame.from = static_cast<FrameBound>(below(5));
    frame.to = static_cast<FrameBound>(below(5));
    const auto has_offset = [](FrameBound bound) {
      return bound == FrameBound::kPreceding || bound == FrameBound::kFollowing;
    };
    if (has_offset(frame.from)) frame.from_offset = expression(depth);
    if (has_offset(frame.to)) frame.to_offset = expression(depth);
    made.frame = std::move(frame);
  }
  return made;
}

ExpressionPtr QueryMaker::extension(int depth) {
  auto made = std::make_shared<Expression>();
  made->kind = Kind::kExtension;
  if (once_in(2)) {
    auto clauses = std::make_shared<Clauses>();
    made->name = once_in(2) ? "SUM" : "MY AGG";
    clauses->star = once_in(4);
    if (!clauses->star) made->arguments = expressions(depth);
    clauses->distinct = !clauses->star && once_in(2);
    if (once_in(3)) clauses->filter = expression(depth);
    if (!clauses->star && once_in(3)) clauses->order_by = order(depth);
    if (once_in(3)) clauses->within_group = order(depth);
    clauses->ignore_nulls = once_in(3);
    if (!clauses->star || once_in(2)) clauses->over = window(depth);
    made->extension = std::move(clauses);
    return made;
  }
  auto subquery = std::make_shared<Subquery>();
  subquery->kind = static_cast<SubqueryKind>(below(6));
  subquery->query = query(depth);
  if (subquery->kind > SubqueryKind::kExists) made->arguments = expressions(depth);
  if (subquery->kind >= SubqueryKind::kAny) made->name = once_in(2) ? "=" : "<=";
  made->extension = std::move(subquery);
  return made;
}

ExpressionPtr QueryMaker::expression(int depth) {
  const int kind = depth <= 0 ? below(2) : below(10);
  const int rest = depth - 1;
  switch (kind) {
    case 0: return expr::column(name());
    case 1: return expr::literal(Value::integer(Type::int32(), below(9) - 4));
    case 2: return expr::call(once_in(2) ? "+" : "*", {expression(rest), expression(rest)});
    case 3: return expr::call(once_in(2) ? "=" : "<", {expression(rest), expression(rest)});
    case 4:
      return expr::call(once_in(2) ? "AND" : "OR",
                        {expression(rest), expression(rest), expression(rest)});
    case 5: return expr::call(once_in(2) ? "NOT" : "IS NULL", {expression(rest)});
    case 6: return expr::call("FIELD", {expression(rest), expr::literal(Value::string(name()))});
    case 7: return expr::cast(expression(rest), Type::array(Type::timestamp(3)));
    case 8: {
      auto made = std::make_shared<Expression>();
      made->kind = Kind::kCase;
      made->arguments = {expression(rest), expression(rest), expression(rest)};
      return made;
    }
    default: return extension(rest);
  }
}

TableFunction QueryMaker::function(int depth) {
  TableFunction made;
  made.lateral = once_in(3);
  if (once_in(3)) {
    made.name = "UNNEST";
    made.arguments.push_back({"", expression(depth), {}, {}});
    made.with_ordinality = once_in(2);
    return made;
  }
  made.name = once_in(2) ? "TUMBLE" : "MY.F";
  for (int n = below(4); n > 0; --n) {
    TableArgument argument;
    if (once_in(3)) argument.name = "DATA";
    const int kind = below(3);
    if (kind == 0) {
      argument.value = expr::call("+", {expression(depth), expression(depth)});
    } else if (kind == 1) {
      argument.value = std::vector<Name>{qualified(), qualified()};
    } else {
      TableRef ref;
      if (once_in(2)) {
        ref.what = NamedTable{qualified(), {}, nullptr};
      } else {
        ref.what = DerivedTable{query(depth - 1), false};
      }
      argument.value = std::make_shared<const TableRef>(std::move(ref));
      if (once_in(2)) argument.partition_by = {expr::column(name()), expr::column(name())};
    }
    made.arguments.push_back(std::move(argument));
  }
  return made;
}

JoinedTable QueryMaker::join(int depth) {
  JoinedTable made;
  made.type = static_cast<JoinType>(below(9));
  made.left = table(depth);
  made.right = table(depth);
  made.natural = made.type != JoinType::kCross && once_in(4);
  if (made.natural || made.type == JoinType::kCross) return made;
  if (once_in(2)) {
    made.on = expression(depth);
  } else {
    made.using_columns = {qualified()};
  }
  return made;
}

TableRefPtr QueryMaker::table(int depth) {
  auto ref = std::make_shared<TableRef>();
  const int kind = depth <= 0 ? 0 : below(4);
  if (kind == 3) {
    ref->what = join(depth - 1);
    return ref;
  }
  if (kind == 2) {
    ref->what = function(depth - 1);
  } else if (kind == 1) {
    ref->what = DerivedTable{query(depth - 1), once_in(3)};
  } else {
    NamedTable named;
    named.name = qualified();
    if (once_in(4)) named.hints = {{"k'k", "v*/", {}, {}}, {"l", "", {}, {}}};
    if (once_in(4)) named.as_of = expression(depth);
    ref->what = std::move(named);
  }
  if (once_in(2)) ref->alias = name();
  if (!ref->alias.empty() && once_in(3)) ref->columns = {name(), name()};
  return ref;
}

Select QueryMaker::select(int depth) {
  Select made;
  made.distinct = once_in(4);
  for (ExpressionPtr& item : expressions(depth)) {
    made.items.push_back({std::move(item), once_in(2) ? name() : std::string()});
  }
  if (!once_in(5)) made.from = table(depth);
  if (once_in(3)) made.where = expression(depth);
  made.has_group_by = once_in(3);
  if (made.has_group_by && !once_in(4)) made.group_by = expressions(depth);
  if (once_in(4)) made.having = expression(depth);
  if (once_in(4)) made.windows.emplace_back(name(), window(depth));
  if (once_in(4)) made.qualify = expression(depth);
  return made;
}

QueryPtr QueryMaker::query(int depth) {
  auto made = std::make_shared<Query>();
  const int kind = depth <= 0 ? 0 : below(6);
  if (depth > 0 && once_in(5)) made->with.push_back({name(), {name()}, query(depth - 1), {}});
  if (kind == 1) {
    made->body = Values{{expressions(0)}};
  } else if (kind == 2) {
    made->body = SetOperation{static_cast<SetKind>(below(3)), once_in(2), query(depth - 1),
                              query(depth - 1)};
  } else {
    made->body = select(depth - 1);
  }
  if (once_in(4)) made->order_by = order(0);
  if (once_in(4)) made->limit = expression(0);
  if (once_in(4)) made->offset = expression(0);
  made->emit = static_cast<Emit>(once_in(4) ? below(3) : 0);
  return made;
}

}  // namespace dataflow::sql
