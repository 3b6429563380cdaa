#include "in_zone.h"

#include <algorithm>
#include <set>

#include "expr/bound.h"

namespace dataflow::sql {
namespace {

using expr::ExpressionPtr;
using expr::Kind;

bool is_zoned(const Type& type) {
  if (type.id() == TypeId::kTimestampTz) return true;
  return type.is_nested() &&
         std::ranges::any_of(type.fields(), [](const Field& f) { return is_zoned(f.type); });
}

const std::set<std::string>& functions_of_time() {
  static const auto* const kNames = [] {
    auto* names = new std::set<std::string>();
    for (const expr::FunctionInfo& info : expr::functions()) {
      if (info.group == "time") names->insert(info.name);
    }
    return names;
  }();
  return *kNames;
}

bool calls_time(const expr::Expression& e) {
  if (e.kind == Kind::kCast && is_zoned(e.type)) return true;
  if (e.kind == Kind::kCall && functions_of_time().contains(e.name)) return true;
  if (e.kind == Kind::kLiteral && is_zoned(e.value.type())) return true;
  return std::ranges::any_of(e.arguments, [](const ExpressionPtr& a) { return calls_time(*a); });
}

// Puts the expressions of one node's spec into the zone.
class Marking {
 public:
  Marking(const std::string& zone, std::vector<SchemaPtr> inputs)
      : zone_(zone), inputs_(std::move(inputs)) {}

  void operator()(plan::SourceSpec& spec) const {
    for (plan::NamedExpression& column : spec.computed) mark(column.expression, {spec.schema});
  }
  void operator()(plan::FilterSpec& spec) const { mark(spec.condition); }
  void operator()(plan::ProjectSpec& spec) const {
    for (plan::NamedExpression& column : spec.columns) mark(column.expression);
  }
  void operator()(plan::GroupSpec& spec) const { mark(spec.aggregates); }
  void operator()(plan::WindowSpec& spec) const { mark(spec.aggregates); }
  void operator()(plan::OverSpec& spec) const { mark(spec.aggregates); }
  void operator()(plan::UnnestSpec& spec) const { mark(spec.collection); }
  void operator()(plan::JoinSpec& spec) const { mark(spec.condition); }
  void operator()(plan::IntervalJoinSpec& spec) const { mark(spec.condition); }
  void operator()(plan::TemporalJoinSpec& spec) const { mark(spec.condition); }
  void operator()(plan::SplitSpec& spec) const {
    for (plan::SplitSpec::Branch& branch : spec.branches) mark(branch.condition);
  }
  template <class Spec>
  void operator()(Spec&) const {}

 private:
  void mark(std::vector<plan::Aggregate>& aggregates) const {
    for (plan::Aggregate& aggregate : aggregates) {
      mark(aggregate.filter);
      if (aggregate.argument == nullptr) continue;
      // Two arguments are to be seen as such.
      if (aggregate.argument->kind != Kind::kCall || aggregate.argument->name != "ROW") {
        mark(aggregate.argument);
        continue;
      }
      auto row = std::make_shared<expr::Expression>(*aggregate.argument);
      for (ExpressionPtr& part : row->arguments) mark(part);
      aggregate.argument = std::move(row);
    }
  }
  void mark(ExpressionPtr& expression) const { mark(expression, inputs_); }
  void mark(ExpressionPtr& expression, const std::vector<SchemaPtr>& schemas) const {
    if (expression == nullptr || expression->arguments.empty()) {
      const bool clock = expression != nullptr && expression->kind == Kind::kCall;
      if (!clock) return;
    }
    if (!calls_time(*expression) && !reads_zoned(*expression, schemas)) return;
    expression = expr::call("$IN_ZONE", {expr::literal(Value::string(zone_)), expression},
                            expression->place);
  }
  // Columns of both sides of a join may have one name: then either is taken for it.
  static bool reads_zoned(const expr::Expression& expression,
                          const std::vector<SchemaPtr>& schemas) {
    for (const std::string& name : expr::columns_of(expression)) {
      for (const SchemaPtr& schema : schemas) {
        const auto at = schema->find(name);
        if (at && is_zoned((*schema)[*at].type)) return true;
      }
    }
    return false;
  }

  const std::string& zone_;
  const std::vector<SchemaPtr> inputs_;
};

}  // namespace

bool is_utc(const std::string& zone) {
  return zone == "UTC" || zone == "Etc/UTC" || zone == "Z" || zone == "GMT";
}

Status put_in_zone(plan::Plan& plan, const std::string& zone) {
  for (plan::Node& node : plan.nodes) {
    std::vector<SchemaPtr> inputs;
    for (const plan::Input& input : node.inputs) inputs.push_back(schema_of(plan, input));
    std::visit(Marking(zone, std::move(inputs)), node.spec);
  }
  return plan::validate(plan);
}

}  // namespace dataflow::sql
