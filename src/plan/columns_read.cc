#include <map>
#include <set>

#include "plan/analyze.h"
#include "scope.h"

namespace dataflow::plan {
namespace {

using Columns = std::set<std::string, std::less<>>;

// Takes them as the schema spells them.
void add(Columns& to, const Schema& schema, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (const auto found = schema.find(name)) to.insert(schema[*found].name);
  }
}

void add(Columns& to, const Schema& schema, const expr::ExpressionPtr& expression) {
  if (expression != nullptr) add(to, schema, expr::columns_of(*expression));
}

// The columns of input `i` that the node reads, given those of its output that are read.
struct ReadOf {
  const Plan& plan;
  const Node& node;
  size_t i;
  const Columns& of_output;

  const Schema& schema() const { return *input_schema(i); }
  SchemaPtr input_schema(size_t input) const { return schema_of(plan, node.inputs[input]); }

  Columns operator()(const SourceSpec&) const { return {}; }
  Columns operator()(const FilterSpec& spec) const {
    Columns read = of_output;
    add(read, schema(), spec.condition);
    return read;
  }
  Columns operator()(const ProjectSpec& spec) const {
    Columns read;
    for (const auto& column : spec.columns) add(read, schema(), column.expression);
    return read;
  }
  Columns operator()(const WindowSpec& spec) const {
    Columns read;
    add(read, schema(), spec.keys);
    add(read, schema(), {spec.time_column});
    for (const auto& aggregate : spec.aggregates) {
      add(read, schema(), aggregate.argument);
      add(read, schema(), aggregate.filter);
    }
    return read;
  }
  Columns operator()(const WindowJoinSpec& spec) const {
    constexpr size_t kWindowColumns = 3;
    return of_join(spec, kWindowColumns, of_output);
  }
  Columns operator()(const IntervalJoinSpec& spec) const {
    Columns read = of_join(spec, 0, of_output);
    if (spec.condition == nullptr) return read;
    const size_t left = input_schema(0)->size();
    const SchemaPtr both = pair_schema(*input_schema(0), *input_schema(1));
    for (const std::string& name : expr::columns_of(*spec.condition)) {
      const auto found = both->find(name);
      if (!found || (*found < left) != (i == 0)) continue;
      read.insert(schema()[i == 0 ? *found : *found - left].name);
    }
    return read;
  }
  Columns operator()(const DeduplicateSpec& spec) const {
    Columns read = of_output;
    add(read, schema(), spec.keys);
    add(read, schema(), {spec.time_column});
    return read;
  }
  Columns operator()(const UnionSpec&) const { return of_output; }
  Columns operator()(const SplitSpec& spec) const {
    Columns read = of_output;
    for (const auto& branch : spec.branches) add(read, schema(), branch.condition);
    return read;
  }
  Columns operator()(const SinkSpec&) const { return all(); }
  Columns operator()(const CustomSpec&) const { return all(); }

 private:
  Columns all() const {
    Columns read;
    for (const Field& field : schema().fields()) read.insert(field.name);
    return read;
  }
  // Output columns stand in the order of the inputs', under other names maybe.
  template <class Spec>
  Columns of_join(const Spec& spec, size_t first, const Columns& wanted) const {
    Columns read;
    add(read, schema(), i == 0 ? spec.left_keys : spec.right_keys);
    add(read, schema(), {i == 0 ? spec.left_time : spec.right_time});
    if (i == 1) first += input_schema(0)->size();
    const Schema& output = *node.schema;
    for (size_t c = 0; c < schema().size() && first + c < output.size(); ++c) {
      if (wanted.contains(output[first + c].name)) read.insert(schema()[c].name);
    }
    return read;
  }
};

}  // namespace

std::vector<std::string> columns_read(const Plan& plan, const std::string& source) {
  // Of each node's main output; consumers stand behind, so that it is known when it is asked for.
  std::map<std::string, Columns, std::less<>> read;
  std::map<std::string, Columns, std::less<>> read_late;
  for (size_t n = plan.nodes.size(); n-- > 0;) {
    const Node& node = plan.nodes[n];
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const Input& input = node.inputs[i];
      Columns columns = std::visit(ReadOf{plan, node, i, read[node.id]}, node.spec);
      // Late rows leave a window as they came.
      if (std::holds_alternative<WindowSpec>(node.spec)) columns.merge(read_late[node.id]);
      const Node* from = plan.find(input.node);
      const bool late = input.output == "late" && std::holds_alternative<WindowSpec>(from->spec);
      (late ? read_late : read)[input.node].merge(columns);
    }
  }
  const Node* node = plan.find(source);
  std::vector<std::string> columns;
  if (node == nullptr || node->schema == nullptr) return columns;
  Columns& wanted = read[source];
  if (node->event_time) wanted.insert(*node->event_time);
  const auto& spec = std::get<SourceSpec>(node->spec);
  for (const NamedExpression& column : spec.computed) {
    if (wanted.contains(column.name)) add(wanted, *spec.schema, column.expression);
  }
  for (const Field& field : spec.schema->fields()) {
    if (wanted.contains(field.name)) columns.push_back(field.name);
  }
  return columns;
}

}  // namespace dataflow::plan
