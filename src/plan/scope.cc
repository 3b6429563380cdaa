#include "scope.h"

#include <algorithm>
#include <set>

#include "plan/aggregate.h"

namespace dataflow::plan {
namespace {

std::string timestamps_of(const Schema& schema) {
  std::string all;
  for (const Field& field : schema.fields()) {
    if (field.type.is_timestamp()) all += (all.empty() ? "" : ", ") + field.name;
  }
  return all;
}

}  // namespace

std::string quoted(std::string_view name) { return "\"" + std::string(name) + "\""; }

Status error_at(const Node& node, const std::string& what) {
  std::string place;
  if (node.place.line > 0) {
    place = "line " + std::to_string(node.place.line) + ", column " +
            std::to_string(node.place.column) + ": ";
  }
  return Status::invalid(place + std::string(kind_name(node.spec)) + " " + quoted(node.id) + ": " +
                         what);
}

Scope::Scope(const Plan& plan, Node& node) : plan_(plan), node_(node) {
  for (const Input& input : node.inputs) {
    // Nodes are in order here, so that the inputs have been checked.
    const Node* from = plan.find(input.node);
    if (input.output == "late") {
      if (const auto* window = std::get_if<WindowSpec>(&from->spec); window != nullptr) {
        const Node* before = plan.find(from->inputs.front().node);
        inputs_.push_back({schema_of(plan, input), before->event_time});
        continue;
      }
    }
    inputs_.push_back({from->schema, from->event_time});
  }
}

Result<expr::BoundPtr> Scope::bind(const expr::ExpressionPtr& expression, const Schema& schema,
                                   std::string_view role) const {
  if (expression == nullptr) return error(std::string(role) + " is missing");
  auto bound = expr::bind(expression, schema);
  if (!bound.ok()) return error(std::string(role) + ": " + bound.status().message());
  return bound;
}

Status Scope::condition(const expr::ExpressionPtr& expression, const Schema& schema,
                        std::string_view role) const {
  DF_ASSIGN_OR_RETURN(const expr::BoundPtr bound, bind(expression, schema, role));
  if (bound->type().id() == TypeId::kBoolean) return {};
  return error(std::string(role) + " must be BOOLEAN, but " + expression->to_string() + " is " +
               bound->type().to_string());
}

Status Scope::column(const Schema& schema, std::string& name, std::string_view role) const {
  if (name.empty()) return error(std::string(role) + " has no name");
  const auto found = schema.require(name);
  if (!found.ok()) return error(std::string(role) + ": " + found.status().message());
  name = schema[*found].name;
  return {};
}

Status Scope::keys(const Schema& schema, std::vector<std::string>& names,
                   std::string_view role) const {
  for (size_t i = 0; i < names.size(); ++i) {
    std::string& name = names[i];
    DF_RETURN_IF_ERROR(column(schema, name, role));
    if (std::find(names.begin(), names.begin() + static_cast<ptrdiff_t>(i), name) !=
        names.begin() + static_cast<ptrdiff_t>(i)) {
      return error(std::string(role) + " " + quoted(name) + " is named twice");
    }
    const Type& type = schema[*schema.find(name)].type;
    if (!is_groupable(type)) {
      return error(std::string(role) + " " + quoted(name) + " is " + type.to_string() +
                   ", which cannot be a key; cast it to STRING, or take a field of it");
    }
  }
  return {};
}

Status Scope::event_time(size_t i, std::string& name, std::string_view role) const {
  const Incoming& from = inputs_[i];
  if (name.empty()) {
    if (!from.event_time) {
      return error("needs event time, but " + why_no_event_time(node_, i));
    }
    name = *from.event_time;
    return {};
  }
  DF_RETURN_IF_ERROR(column(*from.schema, name, role));
  if (from.event_time == name) return {};
  const Type& type = (*from.schema)[*from.schema->find(name)].type;
  if (!type.is_timestamp()) {
    const std::string choices = timestamps_of(*from.schema);
    return error(std::string(role) + " " + quoted(name) + " is " + type.to_string() +
                 ", not a timestamp; " +
                 (choices.empty() ? "its input has none" : "timestamps are " + choices));
  }
  // All rows are there before a window closes: no watermark is needed.
  if (plan_.job.bounded) return {};
  if (from.event_time) {
    return error(std::string(role) + " " + quoted(name) +
                 " is not its input's event time, which is " + quoted(*from.event_time));
  }
  return error(std::string(role) + " " + quoted(name) +
               " has no watermark: " + why_no_event_time(node_, i));
}

std::string Scope::why_no_event_time(const Node& node, size_t i) const {
  const Node* from = plan_.find(node.inputs[i].node);
  const std::string name = std::string(kind_name(from->spec)) + " " + quoted(from->id);
  if (const auto* source = std::get_if<SourceSpec>(&from->spec)) {
    const std::string choices = timestamps_of(*source->schema);
    return "source " + quoted(from->id) +
           " has no watermark; add a watermark with column and delay " + "to it (" +
           (choices.empty() ? "it has no timestamp column" : "timestamps: " + choices) + ")";
  }
  for (size_t input = 0; input < from->inputs.size(); ++input) {
    const Node* before = plan_.find(from->inputs[input].node);
    if (!before->event_time) return why_no_event_time(*from, input);
  }
  const Node* before = plan_.find(from->inputs.front().node);
  if (std::holds_alternative<ProjectSpec>(from->spec)) {
    return name + " drops the event time " + quoted(*before->event_time) + "; select it unchanged";
  }
  if (std::holds_alternative<UnionSpec>(from->spec)) {
    return "the inputs of " + name + " have different event times; project them to one name first";
  }
  if (std::holds_alternative<WindowSpec>(from->spec)) {
    return name + " gives none: its windows are not of event time";
  }
  return name + " gives none";
}

Status Scope::span(int64_t value, int64_t least, std::string_view role) const {
  if (value < least) {
    return error(std::string(role) + " is " + std::to_string(value) + "; it must be at least " +
                 std::to_string(least));
  }
  if (value > kMaxSpanMs) {
    return error(std::string(role) + " is " + std::to_string(value) + "; it can be at most " +
                 std::to_string(kMaxSpanMs) + " (36500 days)");
  }
  return {};
}

Status Scope::different_names(const std::vector<Field>& fields) const {
  std::set<std::string_view> names;
  for (const Field& field : fields) {
    if (names.insert(field.name).second) continue;
    return error("its output would have two columns named " + quoted(field.name) +
                 "; name the aggregate otherwise, or project the key first");
  }
  return {};
}

SchemaPtr Scope::with_free_names(std::vector<Field> fields) {
  for (size_t i = 0; i < fields.size(); ++i) {
    const std::string wanted = fields[i].name;
    const auto before = fields.begin() + static_cast<ptrdiff_t>(i);
    for (int number = 0;
         std::find_if(fields.begin(), before,
                      [&](const Field& field) { return field.name == fields[i].name; }) != before;
         ++number) {
      fields[i].name = wanted + std::to_string(number);
    }
  }
  return std::make_shared<const Schema>(std::move(fields));
}

}  // namespace dataflow::plan
