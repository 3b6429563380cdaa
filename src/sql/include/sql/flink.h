// Statements as Apache Flink's SQL client runs them: EXPLAIN FLINK.
#pragma once

#include <string>

#include "sql/ast.h"
#include "sql/catalog.h"
#include "sql/settings.h"

namespace dataflow::sql {

// A whole script: the settings that matter, what the statement reads and writes, and the statement,
// in Flink's dialect. Tables that we keep ourselves are topics of the broker at `kafka_address`;
// where that is empty a placeholder stands, and a comment says so. The statement is one that
// compiles. kInvalid says at its place what Flink has no way to do.
Result<std::string> flink_script(const StatementAst& statement, const Catalog& catalog,
                                 const Settings& settings, const std::string& script,
                                 const std::string& kafka_address);

}  // namespace dataflow::sql
