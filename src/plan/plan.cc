#include "plan/plan.h"

#include <algorithm>

#include "spec_kinds.h"

namespace dataflow::plan {
namespace {

template <size_t... I>
std::optional<Spec> make_spec(std::string_view kind, std::index_sequence<I...>) {
  std::optional<Spec> made;
  ((kSpecKinds[I] == kind ? void(made.emplace(std::in_place_index<I>)) : void()), ...);
  return made;
}

}  // namespace

std::optional<Spec> spec_of_kind(std::string_view kind) {
  return make_spec(kind, std::make_index_sequence<std::variant_size_v<Spec>>());
}

std::string_view kind_name(const Spec& spec) { return kSpecKinds[spec.index()]; }

const Node* Plan::find(std::string_view id) const {
  const auto found = std::ranges::find(nodes, id, &Node::id);
  return found == nodes.end() ? nullptr : &*found;
}

bool is_read(const SourceSpec& spec, const std::string& column) {
  return !spec.read || std::ranges::find(*spec.read, column) != spec.read->end();
}

SchemaPtr schema_read(const SourceSpec& spec) {
  if (!spec.read) return spec.schema;
  std::vector<Field> fields;
  for (const Field& field : spec.schema->fields()) {
    if (is_read(spec, field.name)) fields.push_back(field);
  }
  return std::make_shared<const Schema>(std::move(fields));
}

SchemaPtr schema_of(const Plan& plan, const Input& input) {
  const Node* node = plan.find(input.node);
  if (node == nullptr) return nullptr;
  if (input.output == "late" && std::holds_alternative<WindowSpec>(node->spec)) {
    return schema_of(plan, node->inputs.front());
  }
  return node->schema;
}

}  // namespace dataflow::plan
