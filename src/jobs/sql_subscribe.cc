#include "sql_subscribe.h"

#include "query_rows.h"

namespace dataflow::jobs {

Result<std::unique_ptr<RowStream>> subscribe(SqlClient& client, const sql::Subscribe& statement,
                                             const sql::Catalog& catalog, const std::string& text) {
  const SqlParts& parts = client.server.parts();
  DF_ASSIGN_OR_RETURN(sql::CompiledQuery made,
                      sql::compile(*statement.query, catalog, client.settings, text, true));
  plan::Plan& plan = made.compiled.plan;
  plan.name = client.server.job_name("subscribe");
  // What was told is not taken back by another attempt.
  plan.job.restart.max_attempts = 0;
  DF_RETURN_IF_ERROR(check_plan(plan, parts.connectors, parts.engine));
  QueryShape shape;
  shape.columns = made.columns.size();
  shape.says_change = true;
  return start_query(client, std::move(plan), shape, false);
}

}  // namespace dataflow::jobs
