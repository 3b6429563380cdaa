// Subqueries in conditions. IN and EXISTS between the ANDs of a condition are semi joins, their
// opposites anti joins; all others stand for values (bind_subquery_value.cc).
#include "binder.h"
#include "parts.h"
#include "subquery.h"

namespace dataflow::sql {
namespace {

using expr::Kind;
using plan::JoinKind;

bool is_not(const expr::Expression& expression) {
  return expression.kind == Kind::kCall && expression.name == "NOT";
}

}  // namespace

const Subquery* subquery_of(const expr::Expression& expression) {
  if (expression.kind != Kind::kExtension) return nullptr;
  return dynamic_cast<const Subquery*>(expression.extension.get());
}

bool has_subquery(const expr::Expression& expression) {
  return anywhere_in(expression,
                     [](const expr::Expression& part) { return subquery_of(part) != nullptr; });
}

std::optional<bool> asks_for_membership(const Subquery& subquery, const std::string& comparison) {
  switch (subquery.kind) {
    case SubqueryKind::kIn: return true;
    case SubqueryKind::kNotIn: return false;
    case SubqueryKind::kAny: return comparison == "=" ? std::optional(true) : std::nullopt;
    case SubqueryKind::kAll:
      return comparison == "<>" || comparison == "!=" ? std::optional(false) : std::nullopt;
    case SubqueryKind::kScalar:
    case SubqueryKind::kExists: break;
  }
  return std::nullopt;
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

// What is compared is among the subquery's rows, or is not.
Result<RelPtr> Binder::bind_in(RelPtr rel, const Names& names, const ExpressionPtr& call,
                               const Query& query, bool is_in) {
  const Place place = call->place;
  DF_ASSIGN_OR_RETURN(const Relation sub, bind_inner(query, *rel, names));
  DF_ASSIGN_OR_RETURN(const Membership asked, membership_of(*rel, *call, sub, query.place));
  if (is_in) {
    return make_join(std::move(rel), sub.rel, JoinKind::kSemi, asked.equal(place), place);
  }
  // Nothing is known not to be among values of which one is NULL, and NULL not to be among any.
  if (asked.pairs.size() > 1) {
    return make_join(std::move(rel), sub.rel, JoinKind::kAnti, asked.not_different(place), place);
  }
  const MayBeEqual& pair = asked.pairs[0];
  DF_ASSIGN_OR_RETURN(
      rel, make_join(std::move(rel), sub.rel, JoinKind::kAnti, asked.equal(place), place));
  if (pair.other_nullable) {
    DF_ASSIGN_OR_RETURN(RelPtr null, null_if_any(sub.rel, pair.other->name));
    DF_ASSIGN_OR_RETURN(
        rel, make_join(std::move(rel), std::move(null), JoinKind::kAnti, nullptr, place));
  }
  if (!pair.value_nullable) return rel;
  DF_ASSIGN_OR_RETURN(RelPtr any, row_if_any(sub.rel, pair.other->name));
  return make_join(std::move(rel), std::move(any), JoinKind::kAnti,
                   expr::call("IS NULL", {pair.value}, place), place);
}

Result<RelPtr> Binder::bind_exists(RelPtr rel, const Names& names, const Query& query, bool exists,
                                   Place place) {
  DF_ASSIGN_OR_RETURN(const Relation sub, bind_inner(query, *rel, names));
  DF_ASSIGN_OR_RETURN(RelPtr one, row_if_any(sub.rel, sub.columns[0].in_rel));
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
    if (sub->kind == SubqueryKind::kExists) {
      return bind_exists(std::move(rel), names, *sub->query, positive, part->place);
    }
    const std::optional<bool> in = asks_for_membership(*sub, part->name);
    const bool plain = std::ranges::none_of(
        part->arguments, [](const ExpressionPtr& value) { return has_subquery(*value); });
    if (in && plain) return bind_in(std::move(rel), names, part, *sub->query, *in == positive);
  }
  taken = false;
  return rel;
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
