// Rels that look at rows in an order, and what all Rels share.
#include "expr/bound.h"
#include "names.h"
#include "plan/aggregate.h"
#include "plan/over_function.h"
#include "rel.h"

namespace dataflow::sql {
namespace {

// By time alone. Rows of one time: the first to arrive is the first, and the last the last.
std::optional<plan::DeduplicateSpec> deduplication(const Rel& input, const plan::RankSpec& spec) {
  if (spec.by_window || spec.keys.empty() || spec.first != 1 || spec.last != 1 ||
      spec.order.size() != 1) {
    return std::nullopt;
  }
  const plan::OrderColumn& by = spec.order.front();
  plan::DeduplicateSpec made;
  made.keys = spec.keys;
  made.keep_last = by.descending;
  if (input.event_time == by.column) {
    made.time_column = by.column;
    return made;
  }
  if (input.processing_times.contains(by.column)) return made;
  return std::nullopt;
}

}  // namespace

Result<Field> aggregate_field(const Schema& schema, const plan::Aggregate& aggregate) {
  using Kind = plan::OverFunctionKind;
  const plan::OverFunction* over = plan::find_over_function(aggregate.function);
  const bool shifts = over != nullptr && (over->kind == Kind::kLag || over->kind == Kind::kLead ||
                                          over->kind == Kind::kNthValue);
  if (over != nullptr && !shifts) {
    const bool share = over->kind == Kind::kPercentRank || over->kind == Kind::kCumeDist;
    return Field{aggregate.name, share ? Type::float64() : Type::int64(), false};
  }
  std::optional<Type> argument;
  bool nullable = false;
  if (aggregate.argument != nullptr) {
    DF_ASSIGN_OR_RETURN(const expr::BoundPtr bound, expr::bind(aggregate.argument, schema));
    argument = bound->type();
    nullable = bound->nullable();
  }
  nullable |= aggregate.filter != nullptr;
  if (argument && shifts) return Field{aggregate.name, *argument, true};
  const plan::AggregateFunction* function = plan::find_aggregate(aggregate.function);
  if (function == nullptr) {
    return Status::invalid("there is no aggregate function " + aggregate.function);
  }
  DF_ASSIGN_OR_RETURN(const plan::AggregateType type,
                      plan::aggregate_type(aggregate, argument, nullable));
  return Field{aggregate.name, type.type, type.nullable};
}

std::vector<plan::NamedExpression> all_columns(const Schema& schema) {
  std::vector<plan::NamedExpression> columns;
  for (const Field& field : schema.fields()) {
    columns.push_back({field.name, expr::column(field.name)});
  }
  return columns;
}

ExpressionPtr both(ExpressionPtr left, ExpressionPtr right) {
  if (left == nullptr) return right;
  if (right == nullptr) return left;
  const Place place = left->place;
  return expr::call("AND", {std::move(left), std::move(right)}, place);
}

std::vector<ExpressionPtr> conjuncts_of(const ExpressionPtr& condition) {
  if (condition == nullptr) return {};
  if (condition->kind != expr::Kind::kCall || condition->name != "AND") return {condition};
  std::vector<ExpressionPtr> parts;
  for (const ExpressionPtr& argument : condition->arguments) {
    for (ExpressionPtr& part : conjuncts_of(argument)) parts.push_back(std::move(part));
  }
  return parts;
}

Result<RelPtr> make_rank(RelPtr input, plan::RankSpec spec, Place place) {
  Rel rel = *input;
  rel.inputs = {input};
  rel.place = place;
  if (!spec.number.empty()) {
    std::vector<Field> fields = rel.schema->fields();
    fields.push_back({spec.number, Type::int64(), false});
    rel.schema = std::make_shared<const Schema>(std::move(fields));
  }
  std::optional<plan::DeduplicateSpec> once = deduplication(*input, spec);
  if (!spec.by_window) {
    rel.window.reset();
    if (!once) rel.event_time.reset();
  } else {
    rel.window->closed = true;
  }
  rel.what = RankRel{std::move(spec), std::move(once)};
  return std::make_shared<const Rel>(std::move(rel));
}

Result<RelPtr> make_over(RelPtr input, plan::OverSpec spec, Place place) {
  Rel rel = *input;
  rel.inputs = {input};
  rel.place = place;
  std::vector<Field> fields = rel.schema->fields();
  for (const plan::Aggregate& aggregate : spec.aggregates) {
    DF_ASSIGN_OR_RETURN(Field field, aggregate_field(*input->schema, aggregate));
    // A frame may hold no row.
    field.nullable |=
        aggregate.function != "COUNT" && plan::find_over_function(aggregate.function) == nullptr;
    fields.push_back(std::move(field));
  }
  rel.schema = std::make_shared<const Schema>(std::move(fields));
  rel.what = OverRel{std::move(spec)};
  return std::make_shared<const Rel>(std::move(rel));
}

}  // namespace dataflow::sql
