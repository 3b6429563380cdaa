// INSERT INTO … SELECT between tables that the server keeps: rows are copied, as in PostgreSQL.
#pragma once

#include <string>

#include "sql/ast.h"
#include "sql/catalog.h"
#include "sql/settings.h"

namespace dataflow::jobs {

// Whether the statement writes what its query has now, and is over then: it reads and writes
// nothing but tables and materialized views of the server's own, and nobody has SET a mode.
bool is_kept_copy(const sql::Insert& insert, const sql::Catalog& catalog, sql::Settings settings,
                  const std::string& text);

}  // namespace dataflow::jobs
