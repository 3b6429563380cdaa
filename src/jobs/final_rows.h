// What is done with a SELECT's rows when all are there: ORDER BY, OFFSET, LIMIT.
#pragma once

#include "jobs/collect.h"
#include "sql/compile.h"

namespace dataflow::jobs {

// Sorted, cut, and without the hidden columns.
std::vector<Row> final_rows(const sql::CompiledQuery& query, std::vector<Row> rows);

}  // namespace dataflow::jobs
