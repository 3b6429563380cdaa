#include "columns_read.h"

#include "cannot_fail.h"
#include "plan/analyze.h"

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

Columns all_of(const Schema& schema) {
  Columns columns;
  for (const Field& field : schema.fields()) columns.insert(field.name);
  return columns;
}

// One that may fail stays for its dead letters; there must be one, and of the rest only what is
// read.
std::vector<NamedExpression> kept_columns(const Node& node, const Schema& input,
                                          const Columns& of_output) {
  const auto& all = std::get<ProjectSpec>(node.spec).columns;
  std::vector<NamedExpression> kept;
  for (const NamedExpression& column : all) {
    if (of_output.contains(column.name) || column.name == node.event_time ||
        !cannot_fail(*column.expression, input)) {
      kept.push_back(column);
    }
  }
  if (kept.empty()) kept.push_back(all.front());
  return kept;
}

// The columns of input `i` that the node reads, given those of its output that are read.
struct ReadOf {
  const Plan& plan;
  const Node& node;
  size_t i;
  const Columns& of_output;

  SchemaPtr schema() const { return schema_of(plan, node.inputs[i]); }

  Columns operator()(const SourceSpec&) const { return {}; }
  Columns operator()(const FilterSpec& spec) const {
    Columns read = of_output;
    add(read, *schema(), spec.condition);
    return read;
  }
  Columns operator()(const ProjectSpec&) const {
    const SchemaPtr input = schema();
    Columns read;
    for (const auto& column : kept_columns(node, *input, of_output)) {
      add(read, *input, column.expression);
    }
    return read;
  }
  Columns of_groups(const std::vector<std::string>& keys,
                    const std::vector<Aggregate>& aggregates) const {
    const SchemaPtr input = schema();
    Columns read;
    add(read, *input, keys);
    for (const auto& aggregate : aggregates) {
      add(read, *input, aggregate.argument);
      add(read, *input, aggregate.filter);
    }
    return read;
  }
  Columns operator()(const WindowSpec& spec) const {
    Columns read = of_groups(spec.keys, spec.aggregates);
    add(read, *schema(), {spec.time_column});
    return read;
  }
  Columns operator()(const GroupSpec& spec) const { return of_groups(spec.keys, spec.aggregates); }
  // What is kept of a row is what was there before this plan, and what another one finds.
  Columns operator()(const WindowJoinSpec&) const { return all_of(*schema()); }
  Columns operator()(const IntervalJoinSpec&) const { return all_of(*schema()); }
  Columns operator()(const JoinSpec&) const { return all_of(*schema()); }
  Columns operator()(const TemporalJoinSpec&) const { return all_of(*schema()); }
  Columns operator()(const RankSpec&) const { return all_of(*schema()); }
  Columns operator()(const OverSpec&) const { return all_of(*schema()); }
  Columns operator()(const WindowTableSpec&) const { return all_of(*schema()); }
  Columns operator()(const UnnestSpec& spec) const {
    Columns read;
    add(read, *schema(), spec.kept);
    add(read, *schema(), spec.collection);
    return read;
  }
  Columns operator()(const DeduplicateSpec& spec) const {
    if (spec.keep_last || !spec.time_column.empty()) return all_of(*schema());
    Columns read = of_output;
    add(read, *schema(), spec.keys);
    return read;
  }
  Columns operator()(const UpsertSpec&) const { return all_of(*schema()); }
  Columns operator()(const UnionSpec&) const { return of_output; }
  Columns operator()(const SplitSpec& spec) const {
    Columns read = of_output;
    for (const auto& branch : spec.branches) add(read, *schema(), branch.condition);
    return read;
  }
  Columns operator()(const SinkSpec&) const { return all_of(*schema()); }
  Columns operator()(const CustomSpec&) const { return all_of(*schema()); }
};

bool is_late(const Plan& plan, const Input& input) {
  return input.output == "late" && std::holds_alternative<WindowSpec>(plan.find(input.node)->spec);
}

}  // namespace

ColumnsRead::ColumnsRead(const Plan& plan) : plan_(plan) {
  // Each time a union asks for more, until it need not.
  do {
    ask();
  } while (!give());
}

void ColumnsRead::ask() {
  main_ = wanted_;
  late_.clear();
  // Consumers stand behind, so that all is known of a node when it is asked.
  for (size_t n = plan_.nodes.size(); n-- > 0;) {
    const Node& node = plan_.nodes[n];
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const Input& input = node.inputs[i];
      Columns columns = std::visit(ReadOf{plan_, node, i, main_[node.id]}, node.spec);
      // Late rows leave a window as they came.
      if (std::holds_alternative<WindowSpec>(node.spec)) columns.merge(Columns(late_[node.id]));
      (is_late(plan_, input) ? late_ : main_)[input.node].merge(columns);
    }
  }
}

const ColumnsRead::Columns& ColumnsRead::given_to(const Input& input) const {
  return (is_late(plan_, input) ? given_late_ : given_).at(input.node);
}

ColumnsRead::Columns ColumnsRead::given_by(const Node& node) const {
  Columns columns;
  if (std::holds_alternative<SourceSpec>(node.spec)) {
    for (const std::string& name : of_source(node)) columns.insert(name);
    for (const NamedExpression& column : std::get<SourceSpec>(node.spec).computed) {
      columns.insert(column.name);
    }
    return columns;
  }
  if (std::holds_alternative<ProjectSpec>(node.spec)) {
    for (const NamedExpression& column : of_projection(node)) columns.insert(column.name);
    return columns;
  }
  const bool as_they_came = std::holds_alternative<FilterSpec>(node.spec) ||
                            std::holds_alternative<SplitSpec>(node.spec) ||
                            std::holds_alternative<DeduplicateSpec>(node.spec) ||
                            std::holds_alternative<UnionSpec>(node.spec);
  return as_they_came ? given_to(node.inputs[0]) : all_of(*node.schema);
}

bool ColumnsRead::give() {
  bool same = true;
  for (const Node& node : plan_.nodes) {
    given_[node.id] = given_by(node);
    if (std::holds_alternative<WindowSpec>(node.spec)) {
      given_late_[node.id] = given_to(node.inputs[0]);
    }
    if (!std::holds_alternative<UnionSpec>(node.spec)) continue;
    for (const Input& input : node.inputs) {
      const Columns& given = given_to(input);
      if (given == given_[node.id]) continue;
      same = false;
      wanted_[node.id].insert(given.begin(), given.end());
      wanted_[node.id].insert(given_[node.id].begin(), given_[node.id].end());
    }
  }
  return same;
}

std::vector<std::string> ColumnsRead::of_source(const Node& node) const {
  const auto& spec = std::get<SourceSpec>(node.spec);
  const auto wanted = main_.find(node.id);
  std::vector<std::string> columns;
  // Computed columns may fail at a row, whoever reads them.
  Columns of_computed;
  for (const NamedExpression& column : spec.computed) {
    add(of_computed, *spec.schema, column.expression);
  }
  for (const Field& field : spec.schema->fields()) {
    const bool read = of_computed.contains(field.name) ||
                      (wanted != main_.end() && wanted->second.contains(field.name));
    if (read || spec.decode_all || field.name == node.event_time) columns.push_back(field.name);
  }
  return columns;
}

std::vector<NamedExpression> ColumnsRead::of_projection(const Node& node) const {
  const auto wanted = main_.find(node.id);
  return kept_columns(node, *schema_of(plan_, node.inputs[0]),
                      wanted == main_.end() ? Columns() : wanted->second);
}

std::vector<std::string> columns_read(const Plan& plan, const std::string& source) {
  const Node* node = plan.find(source);
  if (node == nullptr || !std::holds_alternative<SourceSpec>(node->spec)) return {};
  return ColumnsRead(plan).of_source(*node);
}

}  // namespace dataflow::plan
