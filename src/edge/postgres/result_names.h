// What PostgreSQL calls the columns of a result that the query gives no name: count, upper,
// ?column?. (EXPR$0 elsewhere, as in Apache Flink.)
#pragma once

#include <string>
#include <vector>

#include "sql/ast.h"
#include "sql/compile.h"

namespace dataflow::postgres {

// Renames those of the columns.
std::vector<std::string> result_names(const sql::StatementAst& statement,
                                      const std::vector<sql::OutputColumn>& columns);

}  // namespace dataflow::postgres
