// EXPLAIN, and CREATE TEST, which is run and not kept.
#include <algorithm>

#include "explain_analyze.h"
#include "explain_statement.h"
#include "kept_copy.h"
#include "sql/parser.h"
#include "sql_server.h"
#include "statement_run.h"
#include "statement_test.h"
#include "watermark_text.h"

namespace dataflow::jobs {
namespace {

// Where rows go that nobody wants to see.
class NoRows final : public RowTaker {
 public:
  Status add(const Batch&) override { return {}; }
};

// For people: a row for each line, as PostgreSQL shows a plan.
StatementAnswer lines_answer(const std::string& words, std::vector<std::string> warnings) {
  std::vector<Row> lines;
  for (size_t from = 0; from < words.size();) {
    const size_t end = std::min(words.find('\n', from), words.size());
    lines.push_back({Value::string(words.substr(from, end - from))});
    from = end + 1;
  }
  StatementAnswer answer = rows_answer("EXPLAIN", std::move(lines));
  answer.warnings = std::move(warnings);
  return answer;
}

}  // namespace

StatementRun::Answer StatementRun::on(const sql::Explain& explain) {
  if (explain.kind == sql::ExplainKind::kAnalyze) return analyze(*explain.statement);
  if (explain.kind == sql::ExplainKind::kWatermark) return watermark(*explain.statement);
  DF_ASSIGN_OR_RETURN(ExplainText made, explain_statement(explain, *catalog_, client_.settings,
                                                          text_, "statement", ""));
  if (explain.kind != sql::ExplainKind::kPlanJson) {
    return lines_answer(made.text, std::move(made.warnings));
  }
  StatementAnswer answer = rows_answer("EXPLAIN", {{Value::string(std::move(made.text))}});
  answer.warnings = std::move(made.warnings);
  return answer;
}

// The statement runs, and what it gives is told of instead of shown; INSERT writes.
StatementRun::Answer StatementRun::analyze(const sql::StatementAst& statement) {
  DF_RETURN_IF_ERROR(can_be_analyzed(statement, text_));
  const bool writes = !std::holds_alternative<sql::SelectStatement>(statement.what);
  if (writes && client_.transaction == TransactionState::kOpen) {
    return Status::unsupported(
        "EXPLAIN ANALYZE of what writes is no part of a transaction; COMMIT in front of it");
  }
  sql::Settings settings = client_.settings;
  const auto* insert = std::get_if<sql::Insert>(&statement.what);
  if (insert != nullptr && is_kept_copy(*insert, *catalog_, settings, text_)) {
    DF_RETURN_IF_ERROR(settings.set("execution.runtime-mode", "batch"));
  }
  DF_ASSIGN_OR_RETURN(ExplainedPlan made, plan_of(statement, *catalog_, settings, text_));
  DF_ASSIGN_OR_RETURN(const bool ends, comes_to_an_end(made.plan));
  if (!ends) {
    return sql::error_at(
        text_, statement.place,
        "EXPLAIN ANALYZE runs the statement to its end, and this one has none; SET "
        "'execution.runtime-mode' = 'batch' reads what is there now");
  }
  made.plan.name = client_.server.job_name("analyze");
  made.plan.job.restart.max_attempts = 0;
  made.plan.job.on_error = plan::ErrorPolicy::kFail;
  parts_.connectors.send(made.plan.name, std::make_shared<NoRows>());
  const int64_t began = parts_.env.monotonic_nanos();
  const Status shown = show_own_writes(made.plan);
  const Result<RunReport> report = shown.ok() ? run_plan(made.plan) : Result<RunReport>(shown);
  parts_.connectors.forget(made.plan.name);
  if (!report.ok()) return report.status();
  const double seconds = static_cast<double>(parts_.env.monotonic_nanos() - began) / 1e9;
  return lines_answer(analyzed_text(made.plan, *report, seconds), std::move(made.warnings));
}

// Of the pipelines that the statement has become, else of what it would be.
StatementRun::Answer StatementRun::watermark(const sql::StatementAst& statement) {
  std::string text;
  for (const PipelineView& pipeline : parts_.pipelines.list()) {
    if (pipeline.name != pipeline_of(statement) && pipeline.source != statement.text) continue;
    text += watermark_text(pipeline);
  }
  if (!text.empty()) return lines_answer(text, {});
  DF_ASSIGN_OR_RETURN(text, planned_watermark(statement, *catalog_, client_.settings, text_));
  return lines_answer(text, {});
}

// SELECT * FROM v of a materialized view, or what makes it; else empty.
std::string StatementRun::pipeline_of(const sql::StatementAst& statement) const {
  const sql::Name* name = nullptr;
  if (const auto* create = std::get_if<sql::CreateView>(&statement.what)) name = &create->name;
  if (const auto* select = std::get_if<sql::SelectStatement>(&statement.what)) {
    const auto* body = std::get_if<sql::Select>(&select->query->body);
    const bool plain = body != nullptr && body->from != nullptr && body->where == nullptr &&
                       body->group_by.empty() && select->query->with.empty();
    const auto* named = plain ? std::get_if<sql::NamedTable>(&body->from->what) : nullptr;
    if (named != nullptr) name = &named->name;
  }
  const sql::View* const view = name == nullptr ? nullptr : catalog_->find_view(name->last());
  return view != nullptr && view->materialized ? pipeline_of_view(view->name) : std::string();
}

StatementRun::Answer StatementRun::on(const sql::CreateTest& test) {
  DF_ASSIGN_OR_RETURN(const CaseReport report,
                      run_sql_test(test, statement_.place, *catalog_, client_.settings, text_));
  if (report.passed()) return statement_done("CREATE TEST");
  return Status::internal("test `" + report.name + "` failed: " + failure_text(report));
}

Result<bool> StatementRun::comes_to_an_end(const plan::Plan& plan) {
  if (plan.job.bounded) return true;
  for (const plan::Node& node : plan.nodes) {
    const auto* source = std::get_if<plan::SourceSpec>(&node.spec);
    if (source == nullptr) continue;
    engine::ConnectorContext context;
    context.job = "insert";
    context.node = node.id;
    DF_ASSIGN_OR_RETURN(const auto opened, parts_.connectors.make_source(*source, context));
    if (!opened->bounded()) return false;
  }
  return true;
}

}  // namespace dataflow::jobs
