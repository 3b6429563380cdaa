#include "cli/pipeline_test_command.h"

#include <CLI/CLI.hpp>

#include "base/env.h"
#include "cli/exit_codes.h"
#include "jobs/test_pipeline.h"
#include "load_plugins.h"

namespace dataflow::cli {
namespace {

constexpr uint64_t kLargestFile = 1 << 20;

Document document_of(const jobs::RowReport& row) {
  Document out = Document::object();
  out.put("verdict", jobs::row_verdict_name(row.verdict));
  if (!row.expected.empty()) out.put("expected", row.expected);
  if (!row.actual.empty()) out.put("actual", row.actual);
  if (row.line > 0) out.put("line", row.line);
  Document columns = Document::array();
  for (const std::string& column : row.columns) columns.push(column);
  if (!row.columns.empty()) out.put("columns", std::move(columns));
  return out;
}

Document document_of(const jobs::CaseReport& report) {
  Document out = Document::object();
  out.put("name", report.name);
  out.put("line", report.line);
  out.put("passed", report.passed());
  if (!report.error.empty()) out.put("error", report.error);
  Document outputs = Document::array();
  for (const jobs::OutputReport& output : report.outputs) {
    Document rows = Document::array();
    for (const jobs::RowReport& row : output.rows) rows.push(document_of(row));
    Document one = Document::object();
    one.put("output", output.output);
    one.put("passed", output.passed());
    one.put("rows", std::move(rows));
    outputs.push(std::move(one));
  }
  out.put("outputs", std::move(outputs));
  return out;
}

std::string line_of(const jobs::RowReport& row) {
  const std::string place = row.line > 0 ? "  (line " + std::to_string(row.line) + ")" : "";
  switch (row.verdict) {
    case jobs::RowVerdict::kSame: return "      " + printable(row.expected) + "\n";
    case jobs::RowVerdict::kMissing:
      return coloured_out(Colour::kRed, "    - " + printable(row.expected)) + place + "\n";
    case jobs::RowVerdict::kUnexpected:
      return coloured_out(Colour::kGreen, "    + " + printable(row.actual)) + "\n";
    case jobs::RowVerdict::kDiffers: break;
  }
  std::string columns;
  for (const std::string& column : row.columns) columns += (columns.empty() ? "" : ", ") + column;
  return coloured_out(Colour::kRed, "    - " + printable(row.expected)) + place + "\n" +
         coloured_out(Colour::kGreen, "    + " + printable(row.actual)) + "\n" +
         "      differs in " + printable(columns) + "\n";
}

// The outputs that differ, each with all of its rows, so that the difference stands in its place.
std::string words_of(const std::string& file, const jobs::CaseReport& report) {
  if (report.passed())
    return coloured_out(Colour::kGreen, "ok      ") + printable(report.name) + "\n";
  std::string out = coloured_out(Colour::kRed, "FAILED  ") + printable(report.name) + "  (" + file +
                    ":" + std::to_string(report.line) + ")\n";
  if (!report.error.empty()) out += "  " + printable_lines(report.error) + "\n";
  for (const jobs::OutputReport& output : report.outputs) {
    if (output.passed()) continue;
    const std::string place = output.line > 0 ? " (line " + std::to_string(output.line) + ")" : "";
    out += "  " + printable(output.output) + place + ":  - expected, + came\n";
    for (const jobs::RowReport& row : output.rows) out += line_of(row);
  }
  return out;
}

Status run_tests(Session& session, const std::string& file, const std::string& only,
                 const std::string& plugins_dir) {
  DF_ASSIGN_OR_RETURN(const std::string folder,
                      server::plugins_folder(posix_env(), plugins_dir, ""));
  DF_ASSIGN_OR_RETURN(const auto plugins, server::load_plugins(posix_env(), nullptr, folder));
  DF_ASSIGN_OR_RETURN(const std::string text, posix_env().read_file(file, kLargestFile));
  jobs::PipelineTestOptions options;
  options.variables = jobs::environment_variables();
  options.only = only;
  options.plugins = plugins.get();
  options.read_file = [](const std::string& path) {
    return posix_env().read_file(path, kLargestFile);
  };
  DF_ASSIGN_OR_RETURN(const std::vector<jobs::CaseReport> reports,
                      jobs::test_pipeline(file, text, options));
  int64_t passed = 0;
  Document tests = Document::array();
  for (const jobs::CaseReport& report : reports) {
    if (report.passed()) ++passed;
    if (session.structured()) {
      tests.push(document_of(report));
    } else {
      session.out().write(words_of(file, report));
    }
  }
  const int64_t failed = static_cast<int64_t>(reports.size()) - passed;
  if (session.structured()) {
    Document page = Document::object();
    page.put("file", file);
    page.put("passed", passed);
    page.put("failed", failed);
    page.put("tests", std::move(tests));
    print_document(session.out(), session.format(), page);
  }
  if (failed == 0) {
    session.note(plural(passed, "test") + " passed");
    return {};
  }
  return with_exit_code(Status::invalid(std::to_string(failed) + " of " +
                                        plural(passed + failed, "test") + " failed"),
                        ExitCode::kFailed);
}

}  // namespace

void add_pipeline_test(CommandTree& tree, CLI::App& group) {
  CLI::App& command = add_command(
      group, "test", "run a pipeline's tests: given rows, expected rows, a clock that they move",
      {"dataflow pipeline test counts.yaml  the section `tests` of the pipeline's file",
       "dataflow pipeline test counts_test.yaml --only late  of a file with `pipeline: "
       "counts.yaml`",
       "dataflow pipeline test counts.yaml -o json",
       "  a test:  tests:", "           - name: counts by meeting", "             given:",
       "             - events: [{meeting_id: a, ts: +1s}, {meeting_id: a, ts: +2s}]",
       "             - advance: 10s", "             expect: {out: [{meeting_id: a, n: 2}]}"});
  struct Options {
    std::string file;
    std::string only;
    std::string plugins_dir;
  };
  auto options = std::make_shared<Options>();
  command.add_option("FILE", options->file, "the YAML file with the tests")->required();
  command.add_option("--only", options->only, "run those whose names contain this");
  command
      .add_option("--plugins-dir", options->plugins_dir,
                  "folder of plug-ins (default: DATAFLOW_PLUGINS_DIR)")
      ->type_name("DIR");
  set_action(tree, command, [options](Session& session) {
    return run_tests(session, options->file, options->only, options->plugins_dir);
  });
}

}  // namespace dataflow::cli
