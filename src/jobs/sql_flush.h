// FLUSH: waits until materialized views have caught up.
#pragma once

#include <string>

#include "sql/ast.h"
#include "sql/catalog.h"
#include "sql_client.h"

namespace dataflow::jobs {

// Returns once all that had been written to the log before the call is in the rows of the view, or
// of all views.
Status flush(SqlClient& client, const sql::Flush& statement, const sql::Catalog& catalog,
             const std::string& text);

}  // namespace dataflow::jobs
