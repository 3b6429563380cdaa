#include "jobs/run_script.h"

#include <cstdio>
#include <map>

#include "base/crc32c.h"
#include "base/edit_distance.h"
#include "define_statement.h"
#include "explain_analyze.h"
#include "explain_statement.h"
#include "final_rows.h"
#include "jobs/pipelines.h"
#include "script_answers.h"
#include "sql/catalog.h"
#include "sql/parser.h"
#include "sql/settings.h"
#include "statement_test.h"
#include "yaml_text.h"

namespace dataflow::jobs {
namespace {

// "line 3, column 8: what" becomes "FILE:3:8: what".
Status in_script(const std::string& file, const Status& status) {
  if (status.ok()) return status;
  const std::optional<PlacedWords> placed = placed_words(status.message());
  if (!placed) return Status(status.code(), file + ": " + status.message(), status.detail());
  return Status(status.code(),
                file + ":" + std::to_string(placed->place.line) + ":" +
                    std::to_string(placed->place.column) + ": " + placed->words,
                status.detail());
}

// The script's words are at fault, be it that they name what is not there.
Status refused(const Status& status) {
  switch (status.code()) {
    case StatusCode::kNotFound:
    case StatusCode::kAlreadyExists:
    case StatusCode::kConflict:
    case StatusCode::kUnsupported:
      return Status(StatusCode::kInvalid, status.message(), status.detail());
    default: return status;
  }
}

// Of a file's name what may stand in a job's.
std::string stem_of(const std::string& file) {
  std::string name = file.substr(file.rfind('/') == std::string::npos ? 0 : file.rfind('/') + 1);
  name = name.substr(0, name.rfind('.'));
  for (char& c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_';
    if (!plain) c = '-';
  }
  return name.empty() ? "script" : name;
}

class ScriptRun {
 public:
  ScriptRun(const std::string& file, const std::string& text, const ScriptParts& parts,
            ScriptHost& host)
      : text_(text), parts_(parts), host_(host), stem_(stem_of(file)) {}

  Status run(const sql::StatementAst& statement) {
    ++number_;
    statement_ = &statement;
    return std::visit([this](const auto& what) { return this->on(what); }, statement.what);
  }
  // Of the whole script. Tests that fail do not end it.
  Status tests_passed() const {
    if (failed_tests_ == 0) return {};
    return Status::internal(std::to_string(failed_tests_) + " of " + std::to_string(tests_) +
                            (tests_ == 1 ? " test failed" : " tests failed"));
  }

 private:
  Status on(const sql::SelectStatement& select) { return run_query(*select.query); }
  Status on(const sql::Insert& insert) { return run_inserts({insert}); }
  Status on(const sql::StatementSet& set) { return run_inserts(set.inserts); }
  Status on(const sql::CreateTable& create);
  Status on(const sql::CreateView& create);
  Status on(const sql::CreateFunction& create) {
    DF_RETURN_IF_ERROR(catalog_.create(create, statement_->text, text_));
    return done("function `" + create.name.last() + "` created");
  }
  Status on(const sql::Drop& drop) {
    DF_RETURN_IF_ERROR(catalog_.drop(drop, text_));
    return done("`" + drop.name.last() + "` dropped");
  }
  Status on(const sql::AlterTable& alter) {
    DF_RETURN_IF_ERROR(catalog_.alter(alter, text_));
    return done("`" + alter.name.last() + "` altered");
  }
  Status on(const sql::Set& set);
  Status on(const sql::Show& show);
  Status on(const sql::Describe& what) {
    DF_ASSIGN_OR_RETURN(const ResultTable table, describe(what.name, catalog_, settings_, text_));
    host_.on_rows(*statement_, table);
    return {};
  }
  Status on(const sql::Explain& explain);
  Status analyze(const sql::StatementAst& statement);
  Status on(const sql::Use& use);
  // Each statement is a whole of its own.
  Status on(const sql::Transaction&) { return done("done"); }
  Status on(const sql::Update&) { return on_server("UPDATE"); }
  Status on(const sql::Delete&) { return on_server("DELETE"); }
  Status on(const sql::Subscribe&) { return on_server("SUBSCRIBE"); }
  Status on(const sql::Flush&) { return on_server("FLUSH"); }
  Status on(const sql::CreateTest& test);

  Status later(const std::string& what) {
    return sql::error_at(text_, statement_->place, what + " is not supported yet");
  }
  // Of what only somebody who stays can keep.
  Status on_server(const std::string& what) {
    return sql::error_at(text_, statement_->place,
                         what +
                             " needs a server, which keeps tables and views: start `dataflow "
                             "server`, and give it the statement by psql (postgres.listen)");
  }
  Status done(const std::string& words) {
    host_.on_done(*statement_, words);
    return {};
  }
  Status run_query(const sql::Query& query);
  Status run_inserts(const std::vector<sql::Insert>& inserts);
  Status run_plan(plan::Plan& plan, const std::string& key, RunReport& report);
  std::string key_of_statement();
  void warn(const sql::Compiled& compiled) {
    for (const std::string& words : compiled.warnings) host_.on_warning(*statement_, words);
  }
  void name(plan::Plan& plan) const {
    plan.name = plan.name.empty() ? stem_ + "-" + std::to_string(number_) : plan.name;
  }

  const std::string& text_;
  const ScriptParts& parts_;
  ScriptHost& host_;
  const std::string stem_;
  int number_ = 0;
  const sql::StatementAst* statement_ = nullptr;
  sql::Catalog catalog_;
  sql::Settings settings_;
  int tests_ = 0, failed_tests_ = 0;
  std::map<std::string, int> keys_;  // how often each was given
};

// Of its words alone: another statement in front of it changes nothing.
std::string ScriptRun::key_of_statement() {
  char words[16];
  std::snprintf(words, sizeof words, "-%08x", crc32c(statement_->text));
  const std::string key = stem_ + words;
  return key + "-" + std::to_string(++keys_[key]);
}

Status ScriptRun::on(const sql::CreateTable& create) {
  if (!create.as) {
    DF_RETURN_IF_ERROR(catalog_.create(create, statement_->text, text_));
    return done("table `" + create.name.last() + "` created");
  }
  if (create.if_not_exists && catalog_.find_table(create.name.last()) != nullptr) {
    return done("table `" + create.name.last() + "` is there already");
  }
  DF_ASSIGN_OR_RETURN(const sql::CreateTable table,
                      table_of_query(create, catalog_, settings_, text_));
  DF_RETURN_IF_ERROR(catalog_.create(table, statement_->text, text_));
  sql::Insert insert;
  insert.target = create.name;
  insert.query = create.as;
  return run_inserts({insert});
}

Status ScriptRun::on(const sql::CreateView& create) {
  if (create.materialized) return on_server("CREATE MATERIALIZED VIEW");
  DF_RETURN_IF_ERROR(check_view(create, catalog_, settings_, text_));
  DF_RETURN_IF_ERROR(catalog_.create(create, statement_->text, text_));
  return done("view `" + create.name.last() + "` created");
}

Status ScriptRun::on(const sql::Set& set) {
  if (set.reset) {
    const Status reset = settings_.reset(set.key);
    if (!reset.ok()) return sql::error_at(text_, statement_->place, reset.message());
    return done(set.key.empty() ? "all settings reset" : "'" + set.key + "' reset");
  }
  if (set.key.empty()) {
    host_.on_rows(*statement_, show_settings(settings_));
    return {};
  }
  const Status given = settings_.set(set.key, set.value);
  if (!given.ok()) return sql::error_at(text_, statement_->place, given.message());
  return done("'" + set.key + "' set to '" + set.value + "'");
}

Status ScriptRun::on(const sql::Show& what) {
  if (what.kind == sql::ShowKind::kCreateTable || what.kind == sql::ShowKind::kCreateView) {
    DF_ASSIGN_OR_RETURN(const std::string words, show_create(what, catalog_, text_));
    host_.on_text(*statement_, words);
    return {};
  }
  DF_ASSIGN_OR_RETURN(const ResultTable table, show(what, catalog_, settings_, text_));
  host_.on_rows(*statement_, table);
  return {};
}

// Where it stands: it sees what was defined before it.
Status ScriptRun::on(const sql::CreateTest& test) {
  DF_ASSIGN_OR_RETURN(const CaseReport report,
                      run_sql_test(test, statement_->place, catalog_, settings_, text_));
  ++tests_;
  failed_tests_ += report.passed() ? 0 : 1;
  host_.on_text(*statement_, report_text(report));
  return {};
}

Status ScriptRun::on(const sql::Use& use) {
  DF_ASSIGN_OR_RETURN(const std::string name, used_name(use, text_));
  return done("in `" + name + "`");
}

Status ScriptRun::on(const sql::Explain& explain) {
  if (explain.kind == sql::ExplainKind::kAnalyze) return analyze(*explain.statement);
  if (explain.kind == sql::ExplainKind::kWatermark) {
    DF_ASSIGN_OR_RETURN(const std::string words,
                        planned_watermark(*explain.statement, catalog_, settings_, text_));
    host_.on_text(*statement_, words);
    return {};
  }
  plan::Plan plan;
  name(plan);
  DF_ASSIGN_OR_RETURN(const ExplainText made,
                      explain_statement(explain, catalog_, settings_, text_, plan.name, ""));
  for (const std::string& words : made.warnings) host_.on_warning(*statement_, words);
  host_.on_text(*statement_, made.text);
  return {};
}

// The statement runs, and what it gives is told of instead of shown; INSERT writes.
Status ScriptRun::analyze(const sql::StatementAst& statement) {
  DF_RETURN_IF_ERROR(can_be_analyzed(statement, text_));
  DF_ASSIGN_OR_RETURN(ExplainedPlan made, plan_of(statement, catalog_, settings_, text_));
  for (const std::string& words : made.warnings) host_.on_warning(*statement_, words);
  made.plan.job.restart.max_attempts = 0;
  const int64_t began = parts_.env.monotonic_nanos();
  RunReport report;
  DF_RETURN_IF_ERROR(run_plan(made.plan, "", report));
  (void)parts_.connectors.take(made.plan.name);
  const double seconds = static_cast<double>(parts_.env.monotonic_nanos() - began) / 1e9;
  host_.on_text(*statement_, analyzed_text(made.plan, report, seconds));
  return {};
}

Status ScriptRun::run_plan(plan::Plan& plan, const std::string& key, RunReport& report) {
  name(plan);
  DF_RETURN_IF_ERROR(check_plan(plan, parts_.connectors, parts_.engine));
  RunOptions options;
  DF_ASSIGN_OR_RETURN(const std::optional<std::string> dir, host_.begin_job(plan, key));
  if (!dir) return done(plan.name + " had finished before; it is not run again");
  options.state_dir = *dir;
  options.interrupted = [this] { return host_.interrupted(); };
  options.progress = [&](const engine::JobStatus& status) { host_.on_progress(plan, status); };
  const int64_t began = parts_.env.monotonic_nanos();
  Result<RunReport> ran = run_once(parts_.engine, plan, options);
  if (!ran.ok()) {
    if (ran.status().code() == StatusCode::kCancelled) return ran.status();
    // Rows and machines failed, not the script's words.
    return Status(StatusCode::kInternal, plan.name + ": " + ran.status().message());
  }
  report = std::move(*ran);
  const double seconds = static_cast<double>(parts_.env.monotonic_nanos() - began) / 1e9;
  DF_RETURN_IF_ERROR(host_.end_job(plan, key, report));
  host_.on_job(*statement_, plan, report, seconds);
  return report.interrupted ? Status::cancelled(plan.name + " was interrupted") : Status();
}

Status ScriptRun::run_inserts(const std::vector<sql::Insert>& inserts) {
  DF_ASSIGN_OR_RETURN(sql::Compiled made, sql::compile(inserts, catalog_, settings_, text_));
  warn(made);
  RunReport report;
  return run_plan(made.plan, key_of_statement(), report);
}

Status ScriptRun::run_query(const sql::Query& query) {
  DF_ASSIGN_OR_RETURN(sql::CompiledQuery made,
                      sql::compile(query, catalog_, settings_, text_, false));
  warn(made.compiled);
  // What was collected is in no checkpoint.
  made.compiled.plan.job.restart.max_attempts = 0;
  RunReport report;
  DF_RETURN_IF_ERROR(run_plan(made.compiled.plan, "", report));
  ResultTable table;
  table.columns = made.columns;
  table.rows = final_rows(made, parts_.connectors.take(made.compiled.plan.name));
  host_.on_rows(*statement_, table);
  return {};
}

}  // namespace

Status run_script(const std::string& file, const std::string& text, const ScriptParts& parts,
                  ScriptHost& host) {
  const Result<std::vector<sql::StatementAst>> statements = sql::parse_script(text);
  if (!statements.ok()) return in_script(file, refused(statements.status()));
  ScriptRun run(file, text, parts, host);
  for (const sql::StatementAst& statement : *statements) {
    const Status status = run.run(statement);
    if (!status.ok()) return in_script(file, refused(status));
    if (host.interrupted()) return Status::cancelled("interrupted");
  }
  const Status passed = run.tests_passed();
  if (!passed.ok()) return Status(passed.code(), file + ": " + passed.message());
  return {};
}

}  // namespace dataflow::jobs
