// SUBSCRIBE: the changes of a query's rows, as they come.
#pragma once

#include <memory>
#include <string>

#include "sql/ast.h"
#include "sql/catalog.h"
#include "sql_client.h"

namespace dataflow::jobs {

// The column in front of the query's own: "+I", "-U", "+U" or "-D".
inline constexpr const char* kChangeColumn = "op";

// The query's job runs as long as the stream is held.
Result<std::unique_ptr<RowStream>> subscribe(SqlClient& client, const sql::Subscribe& statement,
                                             const sql::Catalog& catalog, const std::string& text);

}  // namespace dataflow::jobs
