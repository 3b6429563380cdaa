// Subqueries in conditions and in lists of columns. They are joins: IN and EXISTS semi joins, their
// opposites anti joins, one that stands for a value a left join with its one row.
#include <algorithm>

#include "binder.h"

namespace dataflow::sql {
namespace {

using expr::Kind;
using plan::JoinKind;

const Subquery* subquery_of(const expr::Expression& expression) {
  if (expression.kind != Kind::kExtension) return nullptr;
  return dynamic_cast<const Subquery*>(expression.extension.get());
}

bool is_not(const expr::Expression& expression) {
  return expression.kind == Kind::kCall && expression.name == "NOT";
}

bool is_nullable(const Rel& rel, const ExpressionPtr& value) {
  if (value->kind == Kind::kLiteral) return value->value.is_null();
  if (value->kind != Kind::kColumn) return true;
  return (*rel.schema)[*rel.schema->find(value->name)].nullable;
}

// Of an aggregate over all rows, and of LIMIT 1, there is one row at most.
bool has_one_row(const Rel& rel) {
  if (rel.as<ProjectRel>() != nullptr) return has_one_row(*rel.input());
  if (const auto* filter = rel.as<FilterRel>()) {
    const expr::Expression& condition = *filter->condition;
    const bool none = condition.kind == Kind::kLiteral && !condition.value.is_null() &&
                      !condition.value.as_bool();
    return none || has_one_row(*rel.input());
  }
  if (const auto* group = rel.as<AggregateRel>()) return !group->by_window && group->keys.empty();
  if (const auto* rank = rel.as<RankRel>()) {
    return rank->spec.keys.empty() && rank->spec.first == rank->spec.last;
  }
  const auto* values = rel.as<ValuesRel>();
  return values != nullptr && values->rows.size() <= 1;
}

ExpressionPtr is_null(const ExpressionPtr& value) {
  return expr::call("IS NULL", {value}, value->place);
}

}  // namespace

bool has_subquery(const expr::Expression& expression) {
  if (subquery_of(expression) != nullptr) return true;
  return std::ranges::any_of(expression.arguments,
                             [](const ExpressionPtr& argument) { return has_subquery(*argument); });
}

// The subquery's columns only, under names that the Rel has not.
Result<Relation> Binder::bind_inner(const Query& query, const Rel& around, const Names& outer) {
  Result<Relation> bound = bind(query);
  if (!bound.ok()) {
    // A name that only the query around knows.
    const std::string& message = bound.status().message();
    for (const VisibleTable& table : outer.tables()) {
      bool known = message.find("`" + table.alias + "`") != std::string::npos;
      for (const VisibleColumn& column : table.columns) {
        known |= message.find("there is no column `" + column.name + "`") != std::string::npos;
      }
      if (!known) continue;
      return Status(bound.status().code(),
                    message +
                        " (the query around it knows the name: correlated subqueries are "
                        "not supported yet; write a JOIN)");
    }
    return bound.status();
  }
  std::set<std::string> taken;
  for (const Field& field : around.schema->fields()) taken.insert(field.name);
  std::vector<plan::NamedExpression> columns;
  for (VisibleColumn& column : bound->columns) {
    const std::string name = free_name("$sub", taken);
    taken.insert(name);
    columns.push_back({name, expr::column(column.in_rel)});
    column.in_rel = name;
  }
  // Its event time is nothing to the rows around it.
  Rel bare = *bound->rel;
  bare.event_time.reset();
  bare.window.reset();
  DF_ASSIGN_OR_RETURN(
      bound->rel, make_project(std::make_shared<const Rel>(std::move(bare)), std::move(columns)));
  return bound;
}

// `value` is one of the subquery's, or is not.
Result<RelPtr> Binder::bind_in(RelPtr rel, const Names& names, const expr::Expression& call,
                               const Query& query, bool is_in) {
  const ExpressionPtr& value = call.arguments[0];
  DF_ASSIGN_OR_RETURN(const Relation sub, bind_inner(query, *rel, names));
  if (sub.columns.size() != 1) {
    return at_place(query.place, "a subquery of IN gives one column, this one " +
                                     std::to_string(sub.columns.size()));
  }
  const ExpressionPtr other = expr::column(sub.columns[0].in_rel, call.place);
  ExpressionPtr on = expr::call("=", {value, other}, call.place);
  if (!is_in) {
    // Nothing is known not to be among values of which one is NULL.
    if (is_nullable(*rel, value)) on = expr::call("OR", {on, is_null(value)}, call.place);
    if (is_nullable(*sub.rel, other)) on = expr::call("OR", {on, is_null(other)}, call.place);
  }
  return make_join(std::move(rel), sub.rel, is_in ? JoinKind::kSemi : JoinKind::kAnti,
                   std::move(on), call.place);
}

Result<RelPtr> Binder::bind_exists(RelPtr rel, const Names& names, const Query& query, bool exists,
                                   Place place) {
  DF_ASSIGN_OR_RETURN(const Relation sub, bind_inner(query, *rel, names));
  // One row, if there is any.
  AggregateRel any;
  std::vector<plan::NamedExpression> columns = {
      {"$any", expr::literal(Value::integer(Type::int32(), 1))}};
  DF_ASSIGN_OR_RETURN(RelPtr one, make_project(sub.rel, std::move(columns)));
  any.keys = {"$any"};
  DF_ASSIGN_OR_RETURN(one, make_aggregate(std::move(one), std::move(any)));
  return make_join(std::move(rel), std::move(one), exists ? JoinKind::kSemi : JoinKind::kAnti,
                   nullptr, place);
}

Result<RelPtr> Binder::bind_condition(RelPtr rel, const Names& names, const ExpressionPtr& part,
                                      bool positive, bool& taken) {
  taken = true;
  if (is_not(*part)) {
    return bind_condition(std::move(rel), names, part->arguments[0], !positive, taken);
  }
  if (const Subquery* sub = subquery_of(*part)) {
    const bool any = sub->kind == SubqueryKind::kAny, all = sub->kind == SubqueryKind::kAll;
    if (sub->kind == SubqueryKind::kExists) {
      return bind_exists(std::move(rel), names, *sub->query, positive, part->place);
    }
    const bool in = sub->kind == SubqueryKind::kIn || (any && part->name == "=");
    const bool not_in =
        sub->kind == SubqueryKind::kNotIn || (all && (part->name == "<>" || part->name == "!="));
    if (in || not_in) {
      if (part->arguments.size() == 1 && !has_subquery(*part->arguments[0])) {
        return bind_in(std::move(rel), names, *part, *sub->query, in == positive);
      }
    }
    if (any || all) {
      return at_place(part->place, part->name + (any ? " ANY" : " ALL") +
                                       " (SELECT …) is not supported yet; compare with its "
                                       "MIN or MAX");
    }
  }
  taken = false;
  return rel;
}

Result<ExpressionPtr> Binder::bind_values_of(RelPtr& rel, const Names& names,
                                             const ExpressionPtr& expression) {
  if (const Subquery* sub = subquery_of(*expression)) {
    if (sub->kind != SubqueryKind::kScalar) {
      return at_place(expression->place,
                      "IN and EXISTS with a subquery stand in WHERE, between its ANDs");
    }
    DF_ASSIGN_OR_RETURN(const Relation made, bind_inner(*sub->query, *rel, names));
    if (made.columns.size() != 1) {
      return at_place(expression->place, "a subquery that stands for a value gives one column");
    }
    if (!has_one_row(*made.rel)) {
      return at_place(expression->place,
                      "a subquery that stands for a value must give one row: an aggregate without "
                      "GROUP BY, or LIMIT 1");
    }
    DF_ASSIGN_OR_RETURN(rel, make_join(rel, made.rel, JoinKind::kLeft, nullptr, expression->place));
    return expr::column(made.columns[0].in_rel, expression->place);
  }
  if (expression->arguments.empty()) return expression;
  auto made = std::make_shared<expr::Expression>(*expression);
  for (ExpressionPtr& argument : made->arguments) {
    DF_ASSIGN_OR_RETURN(argument, bind_values_of(rel, names, argument));
  }
  return ExpressionPtr(std::move(made));
}

Result<RelPtr> Binder::bind_where(RelPtr rel, const Names& names, const ExpressionPtr& where) {
  std::vector<ExpressionPtr> plain, others;
  for (const ExpressionPtr& part : conjuncts_of(where)) {
    (has_subquery(*part) ? others : plain).push_back(part);
  }
  DF_ASSIGN_OR_RETURN(rel, filtered(std::move(rel), std::move(plain)));
  for (const ExpressionPtr& part : others) {
    bool taken = false;
    DF_ASSIGN_OR_RETURN(rel, bind_condition(rel, names, part, true, taken));
    if (taken) continue;
    DF_ASSIGN_OR_RETURN(ExpressionPtr condition, bind_values_of(rel, names, part));
    DF_ASSIGN_OR_RETURN(rel, filtered(std::move(rel), {std::move(condition)}));
  }
  return rel;
}

}  // namespace dataflow::sql
