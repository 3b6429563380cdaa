// EXPLAIN ANALYZE: the plan of a statement that has run, with what each of its nodes did.
#pragma once

#include <string>

#include "jobs/run_once.h"
#include "sql/ast.h"

namespace dataflow::jobs {

// kInvalid at its place for a statement that does not run to an end.
Status can_be_analyzed(const sql::StatementAst& statement, const std::string& script);

std::string analyzed_text(const plan::Plan& plan, const RunReport& report, double seconds);

}  // namespace dataflow::jobs
