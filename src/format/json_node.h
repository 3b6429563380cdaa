// JsonNode: a field of a row, an element of an array, or a key or value of a map: a column and how
// to read into it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "column_buffer.h"
#include "json_object.h"

namespace dataflow::format {

struct JsonNode {
  JsonNode(const Field& field, ColumnBuffer& buffer)
      : name(field.name), nullable(field.nullable), column(&buffer) {
    const std::vector<Field>& inner = field.type.fields();
    if (field.type.id() == TypeId::kRow) object = std::make_unique<JsonObject>(inner);
    for (size_t i = 0; i < inner.size(); ++i) children.emplace_back(inner[i], buffer.child(i));
  }

  std::string name;
  bool nullable;
  ColumnBuffer* column;
  std::vector<JsonNode> children;
  std::unique_ptr<JsonObject> object;  // of a row
};

}  // namespace dataflow::format
