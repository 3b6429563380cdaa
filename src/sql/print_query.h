// Pieces of queries as SQL writes them.
#pragma once

#include <string>
#include <vector>

#include "sql/ast.h"

namespace dataflow::sql {

bool is_star(const expr::Expression& expression);
std::string order_text(const std::vector<OrderItem>& items);  // ORDER BY …
std::string list_text(const std::vector<ExpressionPtr>& expressions);
std::string window_text(const WindowDefinition& window);        // (PARTITION BY …)
std::string names_text(const std::vector<std::string>& names);  // (a, b)
std::string table_text(const TableRef& ref);

}  // namespace dataflow::sql
