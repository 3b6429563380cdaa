// What EXPLAIN tells of a statement that is not run for it.
#pragma once

#include <string>
#include <vector>

#include "sql/compile.h"

namespace dataflow::jobs {

// The plan that a statement comes to. `warnings` are its compilation's.
struct ExplainedPlan {
  plan::Plan plan;
  std::vector<std::string> warnings;
};
// Of UPDATE and DELETE the query that finds the rows. kInvalid for a statement that has no plan.
Result<ExplainedPlan> plan_of(const sql::StatementAst& statement, const sql::Catalog& catalog,
                              const sql::Settings& settings, const std::string& script);

// EXPLAIN WATERMARK of a statement that does not run.
Result<std::string> planned_watermark(const sql::StatementAst& statement,
                                      const sql::Catalog& catalog, const sql::Settings& settings,
                                      const std::string& script);

// EXPLAIN, EXPLAIN PLAN JSON and EXPLAIN FLINK. `name` is the plan's where nobody gave it one;
// `kafka_address` is that of this server, empty where there is none.
struct ExplainText {
  std::string text;
  std::vector<std::string> warnings;
};
Result<ExplainText> explain_statement(const sql::Explain& explain, const sql::Catalog& catalog,
                                      const sql::Settings& settings, const std::string& script,
                                      const std::string& name, const std::string& kafka_address);

}  // namespace dataflow::jobs
