#include "statement_test.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/edit_distance.h"
#include "compare_rows.h"
#include "final_rows.h"
#include "simulated_run.h"
#include "sql/parser.h"
#include "test_values.h"

namespace dataflow::jobs {
namespace {

constexpr int64_t kStartMs = 1767225600000;  // 2026-01-01 00:00:00

struct GivenTable {
  sql::Table table;
  std::vector<GivenRow> rows;
};

class SqlTest {
 public:
  SqlTest(const sql::CreateTest& test, const sql::Catalog& catalog, const sql::Settings& settings,
          const std::string& script)
      : test_(test), catalog_(catalog), settings_(settings), script_(script) {}

  Status read() {
    for (const sql::CreateTest::Given& given : test_.given) DF_RETURN_IF_ERROR(read_given(given));
    return open_views();
  }
  Result<OutputReport> check(const sql::CreateTest::Expect& expect);

 private:
  Status read_given(const sql::CreateTest::Given& given);
  Status open_views();
  Result<std::vector<std::string>> columns_of(const sql::CreateTest::Given& given,
                                              const sql::Table& table) const;
  Result<std::vector<ExpectedRow>> expected_rows(const sql::CreateTest::Expect& expect,
                                                 const Schema& schema) const;
  Status give(SimulatedRun& run, const plan::Plan& plan) const;
  Result<std::vector<ActualRow>> rows_of(const sql::CompiledQuery& made) const;

  const sql::CreateTest& test_;
  sql::Catalog catalog_;  // its own
  const sql::Settings& settings_;
  const std::string& script_;
  std::vector<GivenTable> given_;  // in the order of the test
};

Result<std::vector<std::string>> SqlTest::columns_of(const sql::CreateTest::Given& given,
                                                     const sql::Table& table) const {
  std::vector<std::string> all, names;
  for (const sql::ColumnDefinition& column : table.columns) {
    if (column.kind != sql::ColumnKind::kComputed) all.push_back(column.name);
  }
  if (given.columns.empty()) return all;
  for (const sql::Name& name : given.columns) {
    if (std::ranges::find(all, name.last()) == all.end()) {
      return sql::error_at(script_, name.place,
                           "`" + table.name + "` has no column `" + name.last() + "` to give" +
                               suggestion(name.last(), all));
    }
    names.push_back(name.last());
  }
  return names;
}

Status SqlTest::read_given(const sql::CreateTest::Given& given) {
  const sql::Table* table = catalog_.find_table(given.table.last());
  const sql::View* const view = catalog_.find_view(given.table.last());
  if (table == nullptr && view != nullptr) table = view->kept.get();
  if (table == nullptr) {
    return sql::error_at(
        script_, given.table.place,
        view != nullptr ? "`" + view->name + "` is a view; give rows to the tables that it reads"
                        : "there is no table `" + given.table.last() + "`" +
                              suggestion(given.table.last(), catalog_.relation_names()));
  }
  GivenTable& into = given_.emplace_back();
  into.table = *table;
  DF_ASSIGN_OR_RETURN(const std::vector<std::string> names, columns_of(given, *table));
  for (const auto& row : given.rows.rows) {
    if (row.size() != names.size()) {
      return sql::error_at(script_, row.empty() ? given.table.place : row.front()->place,
                           "a row of " + std::to_string(row.size()) + " values is given for " +
                               std::to_string(names.size()) + " columns");
    }
    std::string text;
    for (size_t i = 0; i < row.size(); ++i) {
      const auto column = std::ranges::find(table->columns, names[i], &sql::ColumnDefinition::name);
      DF_ASSIGN_OR_RETURN(const Value value, constant_of(row[i], column->type, script_));
      text += (text.empty() ? "" : ",") + nlohmann::json(names[i]).dump() + ":" + json_of(value);
    }
    into.rows.push_back({"{" + text + "}", false});
  }
  return {};
}

// Materialized views are their queries here, but for those that are given rows.
Status SqlTest::open_views() {
  const std::map<std::string, sql::View> views = catalog_.views();
  for (const auto& [name, view] : views) {
    const bool given = std::ranges::any_of(
        given_, [&](const GivenTable& each) { return each.table.name == view.name; });
    if (view.kept == nullptr || given) continue;
    sql::CreateView create;
    create.name = {{name}, {}};
    create.or_replace = true;
    create.columns = view.columns;
    create.query = view.query;
    create.query_text = view.text;
    DF_RETURN_IF_ERROR(catalog_.create(create, view.text));
  }
  return {};
}

// The rows of VALUES in the query itself.
std::vector<GivenRow> rows_of_values(const plan::SourceSpec& spec) {
  std::vector<GivenRow> rows;
  for (const auto& row : nlohmann::json::parse(spec.options.at("rows"))) {
    std::string text;
    for (size_t i = 0; i < row.size(); ++i) {
      const Result<expr::ExpressionPtr> cell = expr::expression_from_json(row[i].dump());
      const std::string value = cell.ok() ? json_of((*cell)->value) : "null";
      text +=
          (text.empty() ? "" : ",") + nlohmann::json((*spec.schema)[i].name).dump() + ":" + value;
    }
    rows.push_back({"{" + text + "}", false});
  }
  return rows;
}

Status SqlTest::give(SimulatedRun& run, const plan::Plan& plan) const {
  for (const plan::Node& node : plan.nodes) {
    const auto* source = std::get_if<plan::SourceSpec>(&node.spec);
    if (source == nullptr || source->connector != "values") continue;
    DF_RETURN_IF_ERROR(run.give(node.id, rows_of_values(*source)));
  }
  for (const GivenTable& given : given_) {
    DF_ASSIGN_OR_RETURN(const plan::SourceSpec table,
                        sql::source_of(given.table, {}, settings_, script_));
    for (const plan::Node& node : plan.nodes) {
      const auto* source = std::get_if<plan::SourceSpec>(&node.spec);
      // Hints make a second source of a table, with a number behind its name.
      const bool same = source != nullptr && node.id.starts_with(given.table.name) &&
                        source->connector == table.connector && *source->schema == *table.schema;
      if (same) DF_RETURN_IF_ERROR(run.give(node.id, given.rows));
    }
  }
  return run.finish();
}

// What stands at the end: changes done, sorted and cut as the query says.
Result<std::vector<ActualRow>> SqlTest::rows_of(const sql::CompiledQuery& made) const {
  SimulatedRunOptions options;
  options.now_ms = kStartMs;
  DF_ASSIGN_OR_RETURN(const std::unique_ptr<SimulatedRun> run,
                      SimulatedRun::start(made.compiled.plan, options));
  DF_RETURN_IF_ERROR(give(*run, made.compiled.plan));
  CollectedRows standing;
  for (ActualRow& row : run->take(std::string(sql::kCollect))) {
    standing.add(row.kind, std::move(row.values));
  }
  std::vector<ActualRow> rows;
  for (Row& row : final_rows(made, standing.take())) {
    rows.push_back({RowKind::kInsert, std::move(row)});
  }
  return rows;
}

Result<std::vector<ExpectedRow>> SqlTest::expected_rows(const sql::CreateTest::Expect& expect,
                                                        const Schema& schema) const {
  std::vector<ExpectedRow> rows;
  for (const auto& row : expect.rows.rows) {
    ExpectedRow& into = rows.emplace_back();
    into.place = row.empty() ? expect.query->place : row.front()->place;
    if (row.size() != schema.size()) {
      return sql::error_at(script_, into.place,
                           "a row of " + std::to_string(row.size()) +
                               " values is expected of a query that gives " +
                               std::to_string(schema.size()) + " columns");
    }
    for (size_t i = 0; i < row.size(); ++i) {
      DF_ASSIGN_OR_RETURN(into.values[i], constant_of(row[i], schema[i].type, script_));
    }
  }
  return rows;
}

Result<OutputReport> SqlTest::check(const sql::CreateTest::Expect& expect) {
  const bool batch = settings_.mode() == sql::RuntimeMode::kBatch;
  DF_ASSIGN_OR_RETURN(sql::CompiledQuery made,
                      sql::compile(*expect.query, catalog_, settings_, script_, !batch));
  if (made.compiled.plan.name.empty()) made.compiled.plan.name = "test";
  std::vector<Field> fields;
  for (const sql::OutputColumn& column : made.columns) {
    fields.push_back({column.name, column.type, column.nullable});
  }
  const Schema schema(std::move(fields));
  DF_ASSIGN_OR_RETURN(const std::vector<ExpectedRow> expected, expected_rows(expect, schema));
  OutputReport report;
  report.output = sql::to_string(*expect.query);
  report.line = expect.query->place.line;
  DF_ASSIGN_OR_RETURN(const std::vector<ActualRow> actual, rows_of(made));
  report.rows = compare_rows(expected, actual, schema, {expect.ordered, true});
  return report;
}

std::string line_of(const RowReport& row) {
  const std::string place = row.line > 0 ? "  (line " + std::to_string(row.line) + ")" : "";
  if (row.verdict == RowVerdict::kSame) return "      " + row.expected + "\n";
  std::string out;
  if (!row.expected.empty()) out += "    - " + row.expected + place + "\n";
  if (!row.actual.empty()) out += "    + " + row.actual + "\n";
  if (row.verdict != RowVerdict::kDiffers) return out;
  std::string columns;
  for (const std::string& column : row.columns) columns += (columns.empty() ? "" : ", ") + column;
  return out + "      differs in " + columns + "\n";
}

}  // namespace

Result<CaseReport> run_sql_test(const sql::CreateTest& test, expr::Place place,
                                const sql::Catalog& catalog, const sql::Settings& settings,
                                const std::string& script) {
  CaseReport report;
  report.name = test.name.last();
  report.line = place.line;
  SqlTest run(test, catalog, settings, script);
  DF_RETURN_IF_ERROR(run.read());
  for (const sql::CreateTest::Expect& expect : test.expect) {
    Result<OutputReport> output = run.check(expect);
    if (output.ok()) {
      report.outputs.push_back(std::move(*output));
    } else if (output.status().code() == StatusCode::kInvalid) {
      return output.status();
    } else {
      report.error = output.status().message();
      break;
    }
  }
  return report;
}

std::string failure_text(const CaseReport& report) {
  std::string text = report.error;
  for (const OutputReport& output : report.outputs) {
    for (const RowReport& row : output.rows) {
      if (row.verdict == RowVerdict::kSame) continue;
      text += (text.empty() ? "" : "; ") + output.output + ": ";
      if (!row.expected.empty()) text += "expected " + row.expected;
      if (!row.actual.empty()) text += (row.expected.empty() ? "came " : ", came ") + row.actual;
    }
  }
  return text;
}

std::string report_text(const CaseReport& report) {
  if (report.passed()) return "ok      " + report.name + "\n";
  std::string out = "FAILED  " + report.name + "  (line " + std::to_string(report.line) + ")\n";
  if (!report.error.empty()) out += "  " + report.error + "\n";
  for (const OutputReport& output : report.outputs) {
    if (output.passed()) continue;
    out +=
        "  " + output.output + " (line " + std::to_string(output.line) + "):  - expected, + came\n";
    for (const RowReport& row : output.rows) out += line_of(row);
  }
  return out;
}

}  // namespace dataflow::jobs
