// What $1, $2, … are, where their types are not given.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sql/ast.h"
#include "sql/catalog.h"
#include "sql/parser.h"

namespace dataflow::jobs {

// A parameter that is inserted has its column's type, one that is compared with a column that
// column's, one in LIMIT or OFFSET is BIGINT; any other one is a STRING. `text` is the whole that
// the statement is in.
Result<std::vector<Type>> parameter_types(const sql::StatementAst& statement,
                                          const std::string& text,
                                          const std::vector<std::optional<Type>>& given,
                                          const sql::Catalog& catalog);

sql::Parameters as_literals(const std::vector<Value>& values);

}  // namespace dataflow::jobs
