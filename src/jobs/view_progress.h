// How far materialized views are: what SHOW MATERIALIZED VIEWS tells on a server.
#pragma once

#include "jobs/run_script.h"
#include "sql_client.h"

namespace dataflow::jobs {

std::vector<sql::OutputColumn> view_progress_columns();
std::vector<Row> view_progress(SqlClient& client, const sql::Show& what,
                               const sql::Catalog& catalog);

}  // namespace dataflow::jobs
