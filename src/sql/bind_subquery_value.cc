// Subqueries that stand for values, conditions beside OR and in lists among them. Each is a left
// join with what the value is made of, of which there is one row at most for each row.
#include <algorithm>

#include "binder.h"
#include "parts.h"
#include "subquery.h"

namespace dataflow::sql {
namespace {

using expr::Kind;
using plan::JoinKind;

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
  if (const auto* join = rel.as<JoinRel>()) {
    return has_one_row(*join->left) && has_one_row(*join->right);
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

ExpressionPtr is_not_null(const ExpressionPtr& value) {
  return expr::call("IS NOT NULL", {value}, value->place);
}

ExpressionPtr truth(bool value, Place place) { return expr::literal(Value::boolean(value), place); }

ExpressionPtr unknown(Place place) {
  return expr::cast(expr::literal(Value(), place), Type::boolean(), place);
}

ExpressionPtr case_of(std::vector<ExpressionPtr> arguments, Place place) {
  auto made = std::make_shared<expr::Expression>();
  made->kind = Kind::kCase;
  made->place = place;
  made->arguments = std::move(arguments);
  return made;
}

std::set<std::string> names_of(const Rel& rel) {
  std::set<std::string> names;
  for (const Field& field : rel.schema->fields()) names.insert(field.name);
  return names;
}

// The value as a column, so that it is computed once.
Result<ExpressionPtr> column_of(RelPtr& rel, const ExpressionPtr& value) {
  if (value->kind == Kind::kColumn || value->kind == Kind::kLiteral) return value;
  const std::string name = free_name("$value", names_of(*rel));
  std::vector<plan::NamedExpression> columns = all_columns(*rel->schema);
  columns.push_back({name, value});
  DF_ASSIGN_OR_RETURN(rel, make_project(rel, std::move(columns)));
  return expr::column(name, value->place);
}

// The rows of `one`, of which there is one at most, beside each row; its columns under names that
// the Rel has not.
Result<std::vector<ExpressionPtr>> with_row(RelPtr& rel, RelPtr one, Place place) {
  std::set<std::string> taken = names_of(*rel);
  std::vector<plan::NamedExpression> columns;
  std::vector<ExpressionPtr> values;
  for (const Field& field : one->schema->fields()) {
    const std::string name = free_name("$sub", taken);
    taken.insert(name);
    columns.push_back({name, expr::column(field.name)});
    values.push_back(expr::column(name, place));
  }
  DF_ASSIGN_OR_RETURN(one, make_project(std::move(one), std::move(columns)));
  DF_ASSIGN_OR_RETURN(rel, make_join(rel, std::move(one), JoinKind::kLeft, nullptr, place));
  return values;
}

// One row with an array of the column's values, of which the first two tell what is to be known:
// that there is one, or that there are more.
Result<RelPtr> at_most_two(RelPtr rel, const std::string& column, Place place) {
  plan::RankSpec two;
  two.last = 2;
  DF_ASSIGN_OR_RETURN(rel, make_rank(std::move(rel), std::move(two), place));
  AggregateRel all;
  all.place = place;
  plan::Aggregate values;
  values.function = "ARRAY_AGG";
  values.argument = expr::column(column, place);
  values.name = "$all";
  all.aggregates.push_back(std::move(values));
  return make_aggregate(std::move(rel), std::move(all));
}

Result<ExpressionPtr> is_any(RelPtr& rel, Result<RelPtr> one, Place place) {
  if (!one.ok()) return one.status();
  DF_ASSIGN_OR_RETURN(const auto values, with_row(rel, std::move(*one), place));
  return is_not_null(values[0]);
}

// What is not decided by the rows that are known: NULL where a NULL leaves it open, else `rest`.
Result<ExpressionPtr> undecided(RelPtr& rel, const RelPtr& sub, const MayBeEqual& pair,
                                std::vector<ExpressionPtr> cases, bool rest, Place place) {
  ExpressionPtr open;
  if (pair.value_nullable) {
    DF_ASSIGN_OR_RETURN(const ExpressionPtr any,
                        is_any(rel, row_if_any(sub, pair.other->name), place));
    open = both(is_null(pair.value), any);
  }
  if (pair.other_nullable) {
    DF_ASSIGN_OR_RETURN(const ExpressionPtr null,
                        is_any(rel, null_if_any(sub, pair.other->name), place));
    open = open == nullptr ? null : expr::call("OR", {open, null}, place);
  }
  if (open != nullptr) {
    cases.push_back(open);
    cases.push_back(unknown(place));
  }
  cases.push_back(truth(rest, place));
  return case_of(std::move(cases), place);
}

MayBeEqual pair_of(const Rel& rel, const ExpressionPtr& value, const Relation& sub, size_t column,
                   Place place) {
  MayBeEqual pair{value, expr::column(sub.columns[column].in_rel, place)};
  pair.value_nullable = is_nullable(rel, value);
  pair.other_nullable = is_nullable(*sub.rel, pair.other);
  return pair;
}

}  // namespace

ExpressionPtr Membership::equal(Place place) const {
  ExpressionPtr all;
  for (const MayBeEqual& pair : pairs) {
    all = both(std::move(all), expr::call("=", {pair.value, pair.other}, place));
  }
  return all;
}

ExpressionPtr Membership::not_different(Place place) const {
  ExpressionPtr all;
  for (const MayBeEqual& pair : pairs) {
    ExpressionPtr one = expr::call("=", {pair.value, pair.other}, place);
    if (pair.value_nullable) one = expr::call("OR", {one, is_null(pair.value)}, place);
    if (pair.other_nullable) one = expr::call("OR", {one, is_null(pair.other)}, place);
    all = both(std::move(all), std::move(one));
  }
  return all;
}

Result<RelPtr> row_if_any(RelPtr rel, const std::string& name) {
  std::vector<plan::NamedExpression> columns = {
      {name, expr::literal(Value::integer(Type::int32(), 1))}};
  DF_ASSIGN_OR_RETURN(RelPtr one, make_project(std::move(rel), std::move(columns)));
  AggregateRel any;
  any.keys = {name};
  return make_aggregate(std::move(one), std::move(any));
}

Result<RelPtr> null_if_any(RelPtr rel, const std::string& column) {
  DF_ASSIGN_OR_RETURN(RelPtr null, make_filter(std::move(rel), is_null(expr::column(column))));
  return row_if_any(std::move(null), column);
}

Result<Membership> membership_of(const Rel& rel, const expr::Expression& call, const Relation& sub,
                                 Place query) {
  const size_t values = call.arguments.size();
  if (sub.columns.size() != values) {
    const std::string wanted = values == 1 ? "one column" : std::to_string(values) + " columns";
    return at_place(query, "a subquery of IN gives " + wanted + ", this one " +
                               std::to_string(sub.columns.size()));
  }
  Membership asked;
  for (size_t i = 0; i < values; ++i) {
    asked.pairs.push_back(pair_of(rel, call.arguments[i], sub, i, call.place));
  }
  return asked;
}

Result<ExpressionPtr> Binder::bind_scalar(RelPtr& rel, const Names& names, const Query& query,
                                          Place place) {
  DF_ASSIGN_OR_RETURN(const Relation made, bind_inner(query, *rel, names));
  if (made.columns.size() != 1) {
    return at_place(place, "a subquery that stands for a value gives one column");
  }
  if (!has_one_row(*made.rel)) {
    DF_ASSIGN_OR_RETURN(RelPtr one, at_most_two(made.rel, made.columns[0].in_rel, place));
    DF_ASSIGN_OR_RETURN(const auto values, with_row(rel, std::move(one), place));
    return expr::call("ELEMENT", {values[0]}, place);
  }
  DF_ASSIGN_OR_RETURN(rel, make_join(rel, made.rel, JoinKind::kLeft, nullptr, place));
  return expr::column(made.columns[0].in_rel, place);
}

Result<ExpressionPtr> Binder::is_there(RelPtr& rel, const Names& names, const Query& query,
                                       Place place) {
  DF_ASSIGN_OR_RETURN(const Relation sub, bind_inner(query, *rel, names));
  return is_any(rel, row_if_any(sub.rel, sub.columns[0].in_rel), place);
}

Result<ExpressionPtr> Binder::is_among(RelPtr& rel, const Names& names,
                                       const expr::Expression& call, const Query& query) {
  const Place place = call.place;
  expr::Expression over_columns = call;
  for (ExpressionPtr& value : over_columns.arguments) {
    DF_ASSIGN_OR_RETURN(value, column_of(rel, value));
  }
  DF_ASSIGN_OR_RETURN(const Relation sub, bind_inner(query, *rel, names));
  DF_ASSIGN_OR_RETURN(const Membership asked, membership_of(*rel, over_columns, sub, query.place));
  const bool unknown = std::ranges::any_of(asked.pairs, [](const MayBeEqual& pair) {
    return pair.value_nullable || pair.other_nullable;
  });
  if (unknown && asked.pairs.size() > 1) {
    return at_place(place,
                    "whether several columns are among rows that may hold NULL is not supported "
                    "yet, but for IN and NOT IN between the ANDs of a condition");
  }
  AggregateRel once;
  once.place = place;
  for (const MayBeEqual& pair : asked.pairs) once.keys.push_back(pair.other->name);
  DF_ASSIGN_OR_RETURN(RelPtr rows, make_aggregate(sub.rel, std::move(once)));
  DF_ASSIGN_OR_RETURN(rel,
                      make_join(rel, std::move(rows), JoinKind::kLeft, asked.equal(place), place));
  const ExpressionPtr found = is_not_null(asked.pairs[0].other);
  if (!unknown) return found;
  return undecided(rel, sub.rel, asked.pairs[0], {found, truth(true, place)}, false, place);
}

// x > ANY (…): greater than the least; x > ALL (…): not at most the greatest. Of no rows ANY is
// FALSE and ALL is TRUE; a NULL leaves open what the others have not decided.
Result<ExpressionPtr> Binder::compared(RelPtr& rel, const Names& names,
                                       const expr::Expression& call, const Query& query, bool all) {
  const Place place = call.place;
  DF_ASSIGN_OR_RETURN(const ExpressionPtr value, column_of(rel, call.arguments[0]));
  DF_ASSIGN_OR_RETURN(const Relation sub, bind_inner(query, *rel, names));
  if (sub.columns.size() != 1 || call.arguments.size() != 1) {
    return at_place(query.place, "a subquery of " + std::string(all ? "ALL" : "ANY") +
                                     " gives one column, this one " +
                                     std::to_string(sub.columns.size()));
  }
  const MayBeEqual pair = pair_of(*rel, value, sub, 0, place);
  const std::string& op = call.name;
  // `= ALL` and `<> ANY`: one differs, so that the least or the greatest does.
  const bool by_both = op[0] == '=' || op == "<>" || op[0] == '!';
  AggregateRel extremes;
  extremes.place = place;
  for (const char* function : {"MIN", "MAX"}) {
    const bool wanted = by_both || (function[1] == 'I') == ((op[0] == '>') != all);
    if (!wanted) continue;
    plan::Aggregate aggregate;
    aggregate.function = function;
    aggregate.argument = pair.other;
    aggregate.name = function;
    extremes.aggregates.push_back(std::move(aggregate));
  }
  DF_ASSIGN_OR_RETURN(RelPtr one, make_aggregate(sub.rel, std::move(extremes)));
  DF_ASSIGN_OR_RETURN(const auto found, with_row(rel, std::move(one), place));
  ExpressionPtr decided = expr::call(by_both ? "<>" : op, {value, found[0]}, place);
  if (by_both) {
    decided = expr::call("OR", {decided, expr::call("<>", {value, found[1]}, place)}, place);
  } else if (all) {
    decided = expr::call("NOT", {decided}, place);
  }
  return undecided(rel, sub.rel, pair, {decided, truth(!all, place)}, all, place);
}

Result<ExpressionPtr> Binder::bind_values_of(RelPtr& rel, const Names& names,
                                             const ExpressionPtr& expression) {
  if (!has_subquery(*expression)) return expression;
  DF_ASSIGN_OR_RETURN(const ExpressionPtr made,
                      with_parts_as(expression, [&](const ExpressionPtr& part) {
                        return bind_values_of(rel, names, part);
                      }));
  const Subquery* sub = subquery_of(*made);
  if (sub == nullptr || has_over(*made)) return made;
  if (sub->kind == SubqueryKind::kScalar) return bind_scalar(rel, names, *sub->query, made->place);
  if (sub->kind == SubqueryKind::kExists) return is_there(rel, names, *sub->query, made->place);
  if (const std::optional<bool> in = asks_for_membership(*sub, made->name)) {
    DF_ASSIGN_OR_RETURN(ExpressionPtr among, is_among(rel, names, *made, *sub->query));
    return *in ? among : expr::call("NOT", {std::move(among)}, made->place);
  }
  return compared(rel, names, *made, *sub->query, sub->kind == SubqueryKind::kAll);
}

}  // namespace dataflow::sql
