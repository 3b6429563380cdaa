// The statements that ask: SELECT, SHOW, DESCRIBE, and what columns each statement gives.
#include "statement_run.h"

#include <algorithm>

#include "final_rows.h"
#include "jobs/rows_at_hand.h"
#include "plan/analyze.h"
#include "point_read.h"
#include "query_rows.h"
#include "script_answers.h"
#include "sql/parser.h"
#include "sql_subscribe.h"
#include "statement_error.h"
#include "statement_traits.h"
#include "view_progress.h"

namespace dataflow::jobs {
namespace {

// Whether what has come may be taken back.
bool changes(const plan::Plan& plan) {
  const plan::Node* const sink = plan.find(std::string(sql::kCollect));
  return sink == nullptr || plan::makes_updates(plan, *sink);
}

constexpr int64_t kNoCheckpointMs = 24LL * 3600 * 1000;

std::vector<sql::OutputColumn> text_columns(std::initializer_list<const char*> names) {
  std::vector<sql::OutputColumn> columns;
  for (const char* name : names) columns.push_back({name, Type::string(), true});
  return columns;
}

}  // namespace

Result<StatementAnswer> StatementRun::run() {
  const StatementTraits traits = traits_of(statement_);
  if (!traits.writes.empty() && client_.refuses_writes()) {
    return Status::read_only("cannot execute " + traits.writes + " in a read-only transaction");
  }
  if (!traits.joins) DF_RETURN_IF_ERROR(leave_batch());
  client_.asked = client_.asked || traits.asks;
  return std::visit([this](const auto& what) { return this->on(what); }, statement_.what);
}

StatementAnswer statement_done(std::string tag) { return {std::move(tag), nullptr, {}}; }

StatementAnswer rows_answer(std::string tag, std::vector<Row> rows) {
  return {std::move(tag), rows_at_hand(std::move(rows)), {}};
}

Status StatementRun::later(const std::string& what) const {
  return Status(StatusCode::kUnsupported,
                sql::error_at(text_, statement_.place, what + " is not supported yet").message());
}

Result<RunReport> StatementRun::run_plan(plan::Plan plan) {
  DF_RETURN_IF_ERROR(check_plan(plan, parts_.connectors, parts_.engine));
  // Whoever waits for it is told how it ends; nothing goes on from it.
  RunOptions options;
  if (!plan.job.bounded) options.state_dir = parts_.dir + "/" + plan.name;
  options.interrupted = [this] { return client_.cancelled.load(); };
  options.give_up = true;
  RunReport so_far;
  options.progress = [&](const engine::JobStatus& status) {
    so_far.last = status;
    count_rows(plan, so_far);
    client_.rows_read = so_far.rows_read;
    client_.rows_written = so_far.rows_written;
  };
  // What it writes is seen at its end, or not at all.
  plan.job.checkpoint_interval_ms = kNoCheckpointMs;
  Result<RunReport> report = run_once(parts_.engine, plan, options);
  if (!options.state_dir.empty()) (void)parts_.env.remove_tree(options.state_dir);
  if (report.ok()) {
    options.progress(report->last);
    return report;
  }
  if (report.status().code() == StatusCode::kCancelled) {
    return cancelled_by_user();
  }
  return statement_error(report.status());
}

bool StatementRun::reads_own_writes(const plan::Plan& plan) const {
  if (!client_.pending) return false;
  return std::ranges::any_of(plan.nodes, [&](const plan::Node& node) {
    const auto* source = std::get_if<plan::SourceSpec>(&node.spec);
    if (source == nullptr || source->connector != "log") return false;
    const auto topic = source->options.find("topic");
    return topic != source->options.end() && topic->second == client_.pending->table.name;
  });
}

Status StatementRun::show_own_writes(const plan::Plan& plan) const {
  if (!reads_own_writes(plan)) return {};
  auto staged = std::make_shared<engine::StagedRows>();
  staged->target = client_.pending->table.name;
  DF_ASSIGN_OR_RETURN(staged->committables, staged_changes(client_.server, *client_.pending));
  parts_.connectors.stage(plan.name, std::move(staged));
  return {};
}

Status StatementRun::name_query(sql::CompiledQuery& made) const {
  plan::Plan& plan = made.compiled.plan;
  plan.name = client_.server.job_name("query");
  // What was collected is in no checkpoint.
  plan.job.restart.max_attempts = 0;
  // Who asks is there to be told.
  plan.job.on_error = plan::ErrorPolicy::kFail;
  return show_own_writes(plan);
}

Result<std::vector<Row>> StatementRun::rows_of(sql::CompiledQuery& made) {
  DF_RETURN_IF_ERROR(name_query(made));
  const std::string name = made.compiled.plan.name;
  if (changes(made.compiled.plan)) {
    const Result<RunReport> report = run_plan(made.compiled.plan);
    std::vector<Row> rows = parts_.connectors.take(name);
    parts_.connectors.forget(name);
    if (!report.ok()) return report.status();
    return final_rows(made, std::move(rows));
  }
  const auto kept = std::make_shared<KeptRows>(made, result_memory(client_.settings));
  parts_.connectors.send(name, kept);
  const Result<RunReport> report = run_plan(made.compiled.plan);
  parts_.connectors.forget(name);
  if (!report.ok()) return report.status();
  return kept->take();
}

// Rows in no order leave as they come; the others when all are known.
Result<std::unique_ptr<RowStream>> StatementRun::stream_of(sql::CompiledQuery made) {
  if (!made.order_by.empty() || changes(made.compiled.plan)) {
    DF_ASSIGN_OR_RETURN(std::vector<Row> rows, rows_of(made));
    return rows_at_hand(std::move(rows));
  }
  DF_RETURN_IF_ERROR(name_query(made));
  plan::Plan& plan = made.compiled.plan;
  plan.job.checkpoint_interval_ms = kNoCheckpointMs;
  if (const Status fine = check_plan(plan, parts_.connectors, parts_.engine); !fine.ok()) {
    parts_.connectors.forget(plan.name);
    return fine;
  }
  QueryShape shape;
  shape.columns = made.columns.size();
  shape.offset = made.offset;
  shape.limit = made.limit;
  return start_query(client_, std::move(plan), shape, true);
}

// None: it is no such query, or a job has to answer it.
std::optional<std::vector<Row>> StatementRun::read_by_key(const sql::CompiledQuery& made) {
  // An index has what is committed.
  if (!client_.settings.point_reads() || reads_own_writes(made.compiled.plan)) return std::nullopt;
  const std::unique_ptr<PointRead> read = PointRead::make(made, *catalog_);
  if (read == nullptr) return std::nullopt;
  return read->run(client_, {});
}

StatementRun::Answer StatementRun::on(const sql::SelectStatement& select) {
  DF_ASSIGN_OR_RETURN(sql::CompiledQuery made,
                      sql::compile(*select.query, *catalog_, client_.settings, text_, false));
  StatementAnswer answer = statement_done("SELECT");
  if (std::optional<std::vector<Row>> read = read_by_key(made)) {
    answer.rows = rows_at_hand(std::move(*read));
  } else {
    DF_ASSIGN_OR_RETURN(answer.rows, stream_of(std::move(made)));
  }
  return answer;
}

StatementRun::Answer StatementRun::on(const sql::Subscribe& what) {
  StatementAnswer answer = statement_done("SUBSCRIBE");
  DF_ASSIGN_OR_RETURN(answer.rows, subscribe(client_, what, *catalog_, text_));
  return answer;
}

StatementRun::Answer StatementRun::on(const sql::Show& what) {
  if (what.kind == sql::ShowKind::kCreateTable || what.kind == sql::ShowKind::kCreateView) {
    DF_ASSIGN_OR_RETURN(std::string words, show_create(what, *catalog_, text_));
    return rows_answer("SHOW", {{Value::string(std::move(words))}});
  }
  if (what.kind == sql::ShowKind::kJobs) {
    std::vector<Row> rows;
    for (const PipelineView& pipeline : parts_.pipelines.list()) {
      rows.push_back({Value::string(pipeline.name), Value::string(pipeline.state)});
    }
    return rows_answer("SHOW", std::move(rows));
  }
  if (what.kind == sql::ShowKind::kMaterializedViews) {
    return rows_answer("SHOW", view_progress(client_, what, *catalog_));
  }
  DF_ASSIGN_OR_RETURN(ResultTable table, show(what, *catalog_, client_.settings, text_));
  return rows_answer("SHOW", std::move(table.rows));
}

StatementRun::Answer StatementRun::on(const sql::Describe& what) {
  DF_ASSIGN_OR_RETURN(ResultTable table, describe(what.name, *catalog_, client_.settings, text_));
  return rows_answer("DESCRIBE", std::move(table.rows));
}

Result<StatementAnswer> run_statement(SqlClient& client,
                                      std::shared_ptr<const sql::Catalog> catalog,
                                      const sql::StatementAst& statement, const std::string& text) {
  return StatementRun(client, std::move(catalog), statement, text).run();
}

Result<std::optional<std::vector<sql::OutputColumn>>> columns_of_statement(
    SqlClient& client, const sql::Catalog& catalog, const sql::StatementAst& statement,
    const std::string& text) {
  using Columns = std::optional<std::vector<sql::OutputColumn>>;
  if (const auto* select = std::get_if<sql::SelectStatement>(&statement.what)) {
    DF_ASSIGN_OR_RETURN(auto columns,
                        sql::describe_query(*select->query, catalog, client.settings, text));
    return Columns(std::move(columns));
  }
  if (const auto* follow = std::get_if<sql::Subscribe>(&statement.what)) {
    DF_ASSIGN_OR_RETURN(auto columns,
                        sql::describe_query(*follow->query, catalog, client.settings, text));
    columns.insert(columns.begin(), {kChangeColumn, Type::string(), false});
    return Columns(std::move(columns));
  }
  if (std::holds_alternative<sql::Explain>(statement.what)) return Columns(text_columns({"plan"}));
  if (const auto* what = std::get_if<sql::Describe>(&statement.what)) {
    DF_ASSIGN_OR_RETURN(ResultTable table, describe(what->name, catalog, client.settings, text));
    return Columns(std::move(table.columns));
  }
  if (const auto* set = std::get_if<sql::Set>(&statement.what)) {
    return set->key.empty() && !set->reset ? Columns(text_columns({"key", "value"})) : Columns();
  }
  const auto* what = std::get_if<sql::Show>(&statement.what);
  if (what == nullptr) return Columns();
  if (what->kind == sql::ShowKind::kJobs) return Columns(text_columns({"job name", "state"}));
  if (what->kind == sql::ShowKind::kMaterializedViews) return Columns(view_progress_columns());
  if (what->kind == sql::ShowKind::kCreateTable || what->kind == sql::ShowKind::kCreateView) {
    return Columns(text_columns({"statement"}));
  }
  DF_ASSIGN_OR_RETURN(ResultTable table, show(*what, catalog, client.settings, text));
  return Columns(std::move(table.columns));
}

}  // namespace dataflow::jobs
