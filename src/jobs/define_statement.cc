#include "define_statement.h"

#include "sql/compile.h"
#include "sql/parser.h"

namespace dataflow::jobs {

Result<sql::CreateTable> table_of_query(const sql::CreateTable& create, const sql::Catalog& catalog,
                                        const sql::Settings& settings, const std::string& script) {
  if (!create.columns.empty()) {
    return sql::error_at(script, create.name.place,
                         "CREATE TABLE … AS takes its columns from the query");
  }
  DF_ASSIGN_OR_RETURN(const std::vector<sql::OutputColumn> columns,
                      sql::describe_query(*create.as, catalog, settings, script));
  sql::CreateTable table = create;
  table.as = nullptr;
  for (const sql::OutputColumn& column : columns) {
    sql::ColumnDefinition definition;
    definition.name = column.name;
    definition.type = column.type;
    definition.nullable = column.nullable;
    definition.place = create.name.place;
    table.columns.push_back(std::move(definition));
  }
  return table;
}

Status check_view(const sql::CreateView& create, const sql::Catalog& catalog,
                  const sql::Settings& settings, const std::string& script) {
  DF_ASSIGN_OR_RETURN(const std::vector<sql::OutputColumn> columns,
                      sql::describe_query(*create.query, catalog, settings, script));
  if (create.columns.empty() || create.columns.size() == columns.size()) return {};
  return sql::error_at(script, create.name.place,
                       "view `" + create.name.last() + "` names " +
                           std::to_string(create.columns.size()) + " columns, its query gives " +
                           std::to_string(columns.size()));
}

Result<std::string> used_name(const sql::Use& use, const std::string& script) {
  const std::string known = use.catalog ? "default_catalog" : "default_database";
  if (use.name.last() == known) return known;
  return sql::error_at(script, use.name.place,
                       std::string("there is no ") + (use.catalog ? "catalog" : "database") + " `" +
                           use.name.last() + "`; there is `" + known + "`");
}

}  // namespace dataflow::jobs
