// What the catalog's files say alike.
#pragma once

#include <string>
#include <vector>

#include "sql/ast.h"

namespace dataflow::sql {

std::string list_of_names(const std::vector<std::string>& names);  // `a`, `b`
// What places count in.
const std::string& or_text(const std::string& script, const std::string& text);
Status exists_already(const std::string& script, const Name& name, const std::string& what);

// Whether a call of that name means something without CREATE FUNCTION.
bool is_built_in(const std::string& name);

}  // namespace dataflow::sql
