#include "row_of_nothing.h"

#include <set>

namespace dataflow::sql {

Result<RelPtr> with_row_of_nothing(const RelPtr& input, std::vector<plan::Aggregate>& aggregates) {
  std::vector<plan::NamedExpression> columns;
  std::set<std::string> taken;
  std::vector<Field> fields;
  std::vector<Value> nothing;
  for (const Field& field : input->schema->fields()) {
    columns.push_back({field.name, expr::column(field.name)});
    taken.insert(field.name);
    fields.push_back({field.name, field.type, true});
    nothing.push_back(Value::null(field.type));
  }
  const std::string counts = free_name("$counts", taken);
  columns.push_back({counts, expr::literal(Value::boolean(true))});
  fields.push_back({counts, Type::boolean(), false});
  nothing.push_back(Value::boolean(false));
  DF_ASSIGN_OR_RETURN(RelPtr rows, make_project(input, std::move(columns)));
  const auto schema = std::make_shared<const Schema>(std::move(fields));
  for (plan::Aggregate& each : aggregates) {
    const ExpressionPtr is_row = expr::column(counts);
    each.filter = each.filter == nullptr ? is_row : expr::call("AND", {is_row, each.filter});
  }
  return make_union({std::move(rows), make_values(schema, {std::move(nothing)})});
}

}  // namespace dataflow::sql
