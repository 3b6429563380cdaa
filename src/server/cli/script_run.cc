#include "cli/script_run.h"

#include <cmath>
#include <filesystem>
#include <map>

#include "base/durable_dirs.h"
#include "base/uuid.h"
#include "cli/exit_codes.h"
#include "cli/interrupt.h"
#include "cli/local_engine.h"
#include "cli/run_dir.h"
#include "cli/run_report.h"
#include "jobs/run_script.h"

namespace dataflow::cli {
namespace {

constexpr uint64_t kLargestScript = 16 << 20;

Document document_of(const Value& value) {
  if (value.is_null()) return nullptr;
  switch (value.type().id()) {
    case TypeId::kBoolean: return value.as_bool();
    case TypeId::kInt8:
    case TypeId::kInt16:
    case TypeId::kInt32:
    case TypeId::kInt64: return value.as_int();
    case TypeId::kFloat32:
    case TypeId::kFloat64:
      if (!std::isfinite(value.as_double())) return jobs::cell_text(value);
      return Document::Raw{jobs::cell_text(value)};
    case TypeId::kDecimal: return Document::Raw{value.to_string()};
    case TypeId::kArray: {
      Document list = Document::array();
      for (const Value& each : value.as_list()) list.push(document_of(each));
      return list;
    }
    case TypeId::kMap: {
      Document object = Document::object();
      const Value::List& pairs = value.as_list();
      for (size_t i = 0; i + 1 < pairs.size(); i += 2) {
        object.put(pairs[i].to_string(), document_of(pairs[i + 1]));
      }
      return object;
    }
    case TypeId::kRow: {
      Document object = Document::object();
      const Value::List& fields = value.as_list();
      for (size_t i = 0; i < fields.size(); ++i) {
        object.put(value.type().fields()[i].name, document_of(fields[i]));
      }
      return object;
    }
    default: return value.to_string();
  }
}

// A box as other SQL shells draw it: numbers to the right.
std::string drawn(const jobs::ResultTable& table) {
  std::vector<size_t> widths;
  std::vector<std::vector<std::string>> cells;
  for (const sql::OutputColumn& column : table.columns) {
    widths.push_back(display_width(printable(column.name)));
  }
  for (const jobs::Row& row : table.rows) {
    std::vector<std::string>& line = cells.emplace_back();
    for (size_t i = 0; i < row.size(); ++i) {
      line.push_back(printable(jobs::cell_text(row[i])));
      widths[i] = std::max(widths[i], display_width(line.back()));
    }
  }
  std::string rule = "+";
  for (const size_t width : widths) rule += std::string(width + 2, '-') + "+";
  rule += "\n";
  std::string text = rule;
  const auto put = [&](size_t i, const std::string& cell, bool right) {
    const std::string pad(widths[i] - display_width(cell), ' ');
    text += (i == 0 ? "| " : " | ") + (right ? pad + cell : cell + pad);
  };
  for (size_t i = 0; i < widths.size(); ++i) {
    put(i, printable(table.columns[i].name), table.columns[i].type.is_numeric());
  }
  text += " |\n" + rule;
  for (const std::vector<std::string>& line : cells) {
    for (size_t i = 0; i < line.size(); ++i) put(i, line[i], table.columns[i].type.is_numeric());
    text += " |\n";
  }
  if (!cells.empty()) text += rule;
  return text + plural(static_cast<int64_t>(cells.size()), "row") + "\n";
}

class Host final : public jobs::ScriptHost {
 public:
  Host(Session& session, Env& env, LocalEngine& local, bool is_temporary, std::string script)
      : session_(session),
        env_(env),
        connectors_(local.connectors()),
        dir_(local.dir()),
        is_temporary_(is_temporary),
        script_(std::move(script)),
        progress_(env, !session.quiet()) {}

  void on_rows(const sql::StatementAst& statement, const jobs::ResultTable& table) override {
    if (!session_.structured()) {
      session_.out().write(drawn(table));
      session_.out().flush();
      return;
    }
    Document page = page_of(statement);
    Document columns = Document::array();
    for (const sql::OutputColumn& column : table.columns) {
      Document one = Document::object();
      one.put("name", column.name);
      one.put("type", column.type.to_string() + (column.nullable ? "" : " NOT NULL"));
      columns.push(std::move(one));
    }
    page.put("columns", std::move(columns));
    Document rows = Document::array();
    for (const jobs::Row& row : table.rows) {
      Document line = Document::array();
      for (const Value& value : row) line.push(document_of(value));
      rows.push(std::move(line));
    }
    page.put("rows", std::move(rows));
    print(page);
  }
  void on_text(const sql::StatementAst& statement, const std::string& text) override {
    if (!session_.structured()) {
      session_.out().write(text.ends_with('\n') ? text : text + "\n");
      session_.out().flush();
      return;
    }
    Document page = page_of(statement);
    page.put("text", text);
    print(page);
  }
  void on_done(const sql::StatementAst& statement, const std::string& words) override {
    if (!session_.structured()) return session_.note(words);
    Document page = page_of(statement);
    page.put("done", words);
    print(page);
  }
  void on_warning(const sql::StatementAst& statement, const std::string& words) override {
    session_.note("line " + std::to_string(statement.place.line) + ": warning: " + words);
  }
  void on_progress(const plan::Plan& plan, const engine::JobStatus& status) override {
    progress_.show(plan, status);
  }
  void on_job(const sql::StatementAst& statement, const plan::Plan& plan,
              const jobs::RunReport& report, double seconds) override {
    progress_.clear();
    dead_ += report.rows_dead;
    for (const auto& [reason, count] : report.last.dead_letters) reasons_[reason] += count;
    if (std::holds_alternative<sql::SelectStatement>(statement.what)) return;
    if (!session_.structured()) return session_.note(run_words(plan, report, seconds));
    Document page = page_of(statement);
    page.put("job", run_document(plan, report, seconds));
    print(page);
  }
  bool interrupted() override { return cli::interrupted(); }

  Result<std::optional<std::string>> begin_job(const plan::Plan& plan,
                                               const std::string& key) override {
    progress_.begin();
    // Nobody will go on with a folder that ends with this process.
    if (is_temporary_ && jobs::ends_and_is_local(plan, connectors_)) {
      return std::optional(std::string());
    }
    if (key.empty()) {
      const std::string dir = dir_ + "/queries/" + plan.name;
      if (env_.exists(dir)) DF_RETURN_IF_ERROR(env_.remove_tree(dir));
      return std::optional(dir);
    }
    RunDir run_dir(env_, dir_ + "/runs/" + key);
    if (resumes_ && run_dir.has_finished(plan, run_)) return std::optional<std::string>();
    DF_RETURN_IF_ERROR(prepare_run(session_, run_dir, plan));
    return std::optional(run_dir.state());
  }
  Status end_job(const plan::Plan& plan, const std::string& key,
                 const jobs::RunReport& report) override {
    progress_.clear();
    const std::string query = dir_ + "/queries/" + plan.name;
    if (env_.exists(query)) return env_.remove_tree(query);
    if (is_temporary_ || report.state != engine::JobState::kFinished) return {};
    return key.empty() ? Status() : RunDir(env_, dir_ + "/runs/" + key).finish(run_);
  }

  // A mark that stays until the whole script has come to its end: a run that finds it goes on with
  // the run before.
  Status begin_script() {
    if (is_temporary_) return {};
    resumes_ = env_.exists(mark());
    if (resumes_) {
      DF_ASSIGN_OR_RETURN(run_, env_.read_file(mark(), kLargestScript));
      return {};
    }
    run_ = " " + Uuid::random(env_).to_string();
    DF_RETURN_IF_ERROR(create_dirs_durably(env_, dir_ + "/runs"));
    return env_.write_file_durably(mark(), run_);
  }
  Status end_script() { return is_temporary_ ? Status() : env_.remove_file(mark()); }

  // What the whole script left undelivered.
  void tell_dead_letters() {
    progress_.clear();
    if (dead_ == 0) return;
    std::string words = plural(static_cast<int64_t>(dead_), "dead letter") + " in all";
    const char* sign = ": ";
    for (const auto& [reason, count] : reasons_) {
      words += sign + grouped(static_cast<int64_t>(count)) + " " + reason;
      sign = ", ";
    }
    session_.note(words);
  }

 private:
  static Document page_of(const sql::StatementAst& statement) {
    Document page = Document::object();
    page.put("line", statement.place.line);
    page.put("statement", statement.text);
    return page;
  }
  void print(const Document& page) {
    print_document(session_.out(), session_.format(), page);
    session_.out().flush();
  }

  std::string mark() const { return dir_ + "/runs/" + script_ + ".under-way"; }

  Session& session_;
  Env& env_;
  engine::Connectors& connectors_;
  const std::string dir_;
  const bool is_temporary_;  // the folder goes with this process
  const std::string script_;
  std::string run_;       // the id of this run of the script, and of those that go on with it
  bool resumes_ = false;  // it goes on with one
  RunProgress progress_;
  uint64_t dead_ = 0;
  std::map<std::string, uint64_t> reasons_;
};

Status run_in(Session& session, Env& env, const PipelineRun& run, const std::string& text,
              LocalEngine& local) {
  DF_RETURN_IF_ERROR(local.open());
  Host host(session, env, local, run.data_dir.empty(),
            std::filesystem::path(run.file).stem().string());
  DF_RETURN_IF_ERROR(host.begin_script());
  Status ended = jobs::run_script(run.file, text, {env, local.engine(), local.connectors()}, host);
  if (ended.ok()) ended = host.end_script();
  host.tell_dead_letters();
  if (ended.code() == StatusCode::kCancelled) {
    const Status stopped = check_interrupt();
    if (!stopped.ok()) ended = stopped;
  }
  const Status closed = local.close();
  return ended.ok() ? closed : ended;
}

}  // namespace

Status run_sql_script(Session& session, const PipelineRun& run) {
  Env& env = posix_env();
  DF_ASSIGN_OR_RETURN(const std::string text, env.read_file(run.file, kLargestScript));
  return with_local_engine(run.data_dir, run.plugins_dir, [&](LocalEngine& local) {
    return run_in(session, env, run, text, local);
  });
}

}  // namespace dataflow::cli
