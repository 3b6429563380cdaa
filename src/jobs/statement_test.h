// CREATE TEST: given rows of tables, expected rows of queries. Nothing outside is read or written:
// the tables are what the test gives them, on a disk and a clock of the test's own.
#pragma once

#include <string>

#include "jobs/test_pipeline.h"
#include "sql/compile.h"

namespace dataflow::jobs {

// Queries run as the session's mode says: as streams, in which the watermark moves with every row
// that is given, and rows behind it are late; or in batch mode. In both the rows that stand at the
// end are compared. Tables that are given nothing have no rows; a materialized view is its query,
// unless it is given rows. kInvalid at its place for what cannot be understood; what comes out
// wrong is in the report.
Result<CaseReport> run_sql_test(const sql::CreateTest& test, expr::Place place,
                                const sql::Catalog& catalog, const sql::Settings& settings,
                                const std::string& script);

// What differs, in one line; empty if nothing does.
std::string failure_text(const CaseReport& report);
// As `dataflow pipeline test` shows one, without colours.
std::string report_text(const CaseReport& report);

}  // namespace dataflow::jobs
