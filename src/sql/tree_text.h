// Trees as texts that show what binds to what: for tests.
#pragma once

#include <string>

#include "sql/ast.h"

namespace dataflow::sql {

std::string tree_text(const expr::Expression& expression);
std::string tree_text(const Query& query);
std::string tree_text(const TableRef& ref);

}  // namespace dataflow::sql
