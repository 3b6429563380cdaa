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

}  // namespace dataflow::sql
