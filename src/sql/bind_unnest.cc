// UNNEST: the elements of arrays and maps, alone or beside the rows that hold them. A function that
// gives an array gives its elements as rows.
#include "base/lower_case.h"
#include "binder.h"

namespace dataflow::sql {
namespace {

bool is_true(const ExpressionPtr& on) {
  return on == nullptr || (on->kind == expr::Kind::kLiteral && !on->value.is_null() &&
                           on->value.type().id() == TypeId::kBoolean && on->value.as_bool());
}

bool is_series(const TableFunction& function) {
  return function.name == "GENERATE_SERIES" || function.name == "RANGE";
}

// Whose elements the rows are.
Result<ExpressionPtr> collection_of(const TableFunction& function, Place place) {
  std::vector<ExpressionPtr> values;
  for (const TableArgument& argument : function.arguments) {
    const auto* written = std::get_if<ExpressionPtr>(&argument.value);
    if (written == nullptr || !argument.name.empty()) {
      return at_place(
          argument.place,
          function.name + (is_series(function) ? " takes values" : " takes an ARRAY or a MAP"));
    }
    if (has_subquery(**written) || has_over(**written) || has_aggregates(**written)) {
      return at_place((*written)->place,
                      function.name +
                          " is about single rows; subqueries, aggregates and OVER stand in a query "
                          "in front of it");
    }
    values.push_back(*written);
  }
  if (is_series(function)) return expr::call(function.name, std::move(values), place);
  if (values.size() == 1) return values.front();
  return at_place(values.size() > 1 ? values[1]->place : place,
                  values.empty() ? "UNNEST takes an ARRAY or a MAP"
                                 : "UNNEST of several arrays is not supported yet");
}

}  // namespace

bool is_unnest(const TableRef& table) {
  const auto* function = std::get_if<TableFunction>(&table.what);
  return function != nullptr && (function->name == "UNNEST" || is_series(*function));
}

Result<Binder::From> Binder::bind_unnest(const From& left, const TableRef& table, bool outer) {
  const auto& function = std::get<TableFunction>(table.what);
  DF_ASSIGN_OR_RETURN(const ExpressionPtr written, collection_of(function, table.place));
  UnnestRel unnest;
  unnest.keep_empty = outer;
  DF_ASSIGN_OR_RETURN(unnest.collection, left.names.resolve(written));
  DF_ASSIGN_OR_RETURN(std::vector<Field> elements,
                      element_fields(*left.rel->schema, unnest.collection));
  Relation relation;
  std::set<std::string> taken;
  for (const Field& field : left.rel->schema->fields()) taken.insert(field.name);
  const auto add = [&](const std::string& name) {
    // Windows' columns are found by their names.
    std::string in_rel = free_name("$" + name, taken);
    taken.insert(in_rel);
    relation.columns.push_back({name, in_rel});
    return in_rel;
  };
  for (const Field& element : elements) unnest.columns.push_back(add(element.name));
  if (function.with_ordinality) unnest.ordinality = add("ORDINALITY");
  DF_ASSIGN_OR_RETURN(relation.rel, make_unnest(left.rel, std::move(unnest), written->place));
  // As PostgreSQL calls the one column of a function's table.
  if (is_series(function)) {
    relation.columns[0].name = table.alias.empty() ? lower_case(function.name) : table.alias;
  }
  DF_RETURN_IF_ERROR(rename(relation, table.columns, table.place));
  return From{relation.rel, Names(catalog_, {{table.alias, std::move(relation.columns)}})};
}

Result<Binder::From> Binder::join_unnest(From left, const JoinedTable& join, Place place) {
  const bool outer = join.type == JoinType::kLeft;
  if (!outer && join.type != JoinType::kInner && join.type != JoinType::kCross) {
    return at_place(place, "UNNEST is joined by CROSS JOIN, JOIN or LEFT JOIN");
  }
  if (join.natural || !join.using_columns.empty()) {
    return at_place(place, "a join with UNNEST takes ON, or CROSS JOIN");
  }
  if (outer && !is_true(join.on)) {
    return at_place(join.on->place,
                    "LEFT JOIN UNNEST takes ON TRUE; other conditions are not supported yet");
  }
  DF_ASSIGN_OR_RETURN(From made, bind_unnest(left, *join.right, outer));
  std::vector<VisibleTable> tables = left.names.tables();
  for (const VisibleTable& table : made.names.tables()) tables.push_back(table);
  made.names = Names(catalog_, std::move(tables));
  if (is_true(join.on)) return made;
  if (has_over(*join.on) || has_aggregates(*join.on)) {
    return at_place(join.on->place,
                    "ON is about single rows here; aggregates and OVER stand in a "
                    "query around it");
  }
  DF_ASSIGN_OR_RETURN(const ExpressionPtr on, made.names.resolve(join.on));
  DF_ASSIGN_OR_RETURN(made.rel, bind_where(made.rel, made.names, on));
  return made;
}

}  // namespace dataflow::sql
