// Values as JSON, as Flink writes them.
#pragma once

#include <string>

#include "types/batch.h"
#include "types/type.h"

namespace dataflow::expr {

// The value in a row of a column, "null" too. Texts stand in quotes, JSON stands as it is, bytes
// are base64, times are ISO 8601; members of objects are in no order yet.
void append_json(const Type& type, const arrow::Array& column, int64_t row, std::string& out);

// JSON with the members of each object ordered by name, of equal ones the last.
std::string with_members_in_order(std::string json);

}  // namespace dataflow::expr
