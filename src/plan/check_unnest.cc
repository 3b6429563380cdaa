// Nodes that make several rows of one.
#include <algorithm>

#include "scope.h"

namespace dataflow::plan {
namespace {

// What an element of the collection is made of; none where it is no collection.
std::vector<Field> fields_of_element(const Type& type) {
  if (type.id() == TypeId::kMap) return type.fields();
  if (type.id() != TypeId::kArray) return {};
  const Field& element = type.fields()[0];
  if (element.type.id() != TypeId::kRow) return {element};
  std::vector<Field> fields = element.type.fields();
  for (Field& field : fields) field.nullable |= element.nullable;
  return fields;
}

}  // namespace

Status check_unnest(const Scope& scope, UnnestSpec& spec) {
  const Schema& input = *scope.input().schema;
  DF_ASSIGN_OR_RETURN(const expr::BoundPtr bound, scope.bind(spec.collection, input, "collection"));
  std::vector<Field> elements = fields_of_element(bound->type());
  if (elements.empty()) {
    return scope.error("takes the elements of an ARRAY or a MAP, this is " +
                       bound->type().to_string());
  }
  if (elements.size() != spec.columns.size()) {
    return scope.error("names " + std::to_string(spec.columns.size()) +
                       " columns, an element has " + std::to_string(elements.size()));
  }
  std::vector<Field> fields;
  for (std::string& name : spec.kept) {
    DF_RETURN_IF_ERROR(scope.column(input, name, "kept column"));
    fields.push_back(input[*input.find(name)]);
  }
  for (size_t i = 0; i < elements.size(); ++i) {
    elements[i].name = spec.columns[i];
    elements[i].nullable |= spec.keep_empty;
    fields.push_back(std::move(elements[i]));
  }
  if (!spec.ordinality.empty()) {
    fields.push_back({spec.ordinality, Type::int32(), spec.keep_empty});
  }
  DF_RETURN_IF_ERROR(scope.different_names(fields));
  scope.node().schema = std::make_shared<const Schema>(std::move(fields));
  const auto& time = scope.input().event_time;
  if (time && std::ranges::find(spec.kept, *time) != spec.kept.end()) {
    scope.node().event_time = time;
  }
  return {};
}

}  // namespace dataflow::plan
