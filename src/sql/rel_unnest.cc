// Rels that make several rows of one.
#include "expr/bound.h"
#include "names.h"
#include "rel.h"

namespace dataflow::sql {

Result<std::vector<Field>> element_fields(const Schema& schema, const ExpressionPtr& collection) {
  DF_ASSIGN_OR_RETURN(const expr::BoundPtr bound, expr::bind(collection, schema));
  const Type& type = bound->type();
  if (type.id() == TypeId::kMap) {
    std::vector<Field> fields = type.fields();
    fields[0].name = "KEY";
    fields[1].name = "VALUE";
    return fields;
  }
  if (type.id() != TypeId::kArray) {
    return at_place(collection->place,
                    "UNNEST takes an ARRAY or a MAP, this is " + type.to_string());
  }
  Field element = type.fields()[0];
  element.name = "EXPR$0";
  if (element.type.id() != TypeId::kRow) return std::vector<Field>{std::move(element)};
  std::vector<Field> fields = element.type.fields();
  for (Field& field : fields) field.nullable |= element.nullable;
  return fields;
}

Result<RelPtr> make_unnest(RelPtr input, UnnestRel unnest, Place place) {
  DF_ASSIGN_OR_RETURN(std::vector<Field> elements,
                      element_fields(*input->schema, unnest.collection));
  Rel rel = *input;
  rel.place = place;
  std::vector<Field> fields = input->schema->fields();
  for (size_t i = 0; i < elements.size(); ++i) {
    elements[i].name = unnest.columns[i];
    elements[i].nullable |= unnest.keep_empty;
    fields.push_back(std::move(elements[i]));
  }
  if (!unnest.ordinality.empty()) {
    fields.push_back({unnest.ordinality, Type::int32(), unnest.keep_empty});
  }
  rel.schema = std::make_shared<const Schema>(std::move(fields));
  rel.inputs = {std::move(input)};
  rel.what = std::move(unnest);
  return std::make_shared<const Rel>(std::move(rel));
}

}  // namespace dataflow::sql
