#include "sql_subscribe.h"

#include "query_rows.h"

namespace dataflow::jobs {
namespace {

// A keyed table or view as it stands, or some of its rows: its changes come in the order of its
// topic from one task, which more would only mix.
bool is_one_table(const plan::Plan& plan) {
  bool keyed = false;
  for (const plan::Node& node : plan.nodes) {
    keyed |= std::holds_alternative<plan::UpsertSpec>(node.spec);
    const bool row_by_row = std::holds_alternative<plan::SourceSpec>(node.spec) ||
                            std::holds_alternative<plan::UpsertSpec>(node.spec) ||
                            std::holds_alternative<plan::FilterSpec>(node.spec) ||
                            std::holds_alternative<plan::ProjectSpec>(node.spec) ||
                            std::holds_alternative<plan::SinkSpec>(node.spec);
    if (!row_by_row) return false;
  }
  return keyed;
}

}  // namespace

Result<std::unique_ptr<RowStream>> subscribe(SqlClient& client, const sql::Subscribe& statement,
                                             const sql::Catalog& catalog, const std::string& text) {
  const SqlParts& parts = client.server.parts();
  DF_ASSIGN_OR_RETURN(sql::CompiledQuery made,
                      sql::compile(*statement.query, catalog, client.settings, text, true));
  plan::Plan& plan = made.compiled.plan;
  plan.name = client.server.job_name("subscribe");
  if (plan.job.parallelism == 0 && is_one_table(plan)) plan.job.parallelism = 1;
  // What was told is not taken back by another attempt.
  plan.job.restart.max_attempts = 0;
  DF_RETURN_IF_ERROR(check_plan(plan, parts.connectors, parts.engine));
  QueryShape shape;
  shape.columns = made.columns.size();
  shape.says_change = true;
  return start_query(client, std::move(plan), shape, false);
}

}  // namespace dataflow::jobs
