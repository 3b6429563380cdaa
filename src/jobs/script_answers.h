// What SHOW, DESCRIBE and SET tell.
#pragma once

#include "jobs/run_script.h"
#include "sql/catalog.h"
#include "sql/settings.h"

namespace dataflow::jobs {

// kUnsupported for what only a server has; kNotFound with the nearest name.
Result<ResultTable> show(const sql::Show& statement, const sql::Catalog& catalog,
                         const sql::Settings& settings, const std::string& script);
Result<ResultTable> describe(const sql::Name& name, const sql::Catalog& catalog,
                             const sql::Settings& settings, const std::string& script);
ResultTable show_settings(const sql::Settings& settings);
// The statement that makes it.
std::string create_text(const sql::Table& table);
std::string create_text(const sql::View& view);
// SHOW CREATE TABLE and VIEW.
Result<std::string> show_create(const sql::Show& statement, const sql::Catalog& catalog,
                                const std::string& script);

}  // namespace dataflow::jobs
