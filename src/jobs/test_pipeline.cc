#include "jobs/test_pipeline.h"

#include <algorithm>
#include <set>

#include "base/edit_distance.h"
#include "compare_rows.h"
#include "read_tests.h"
#include "simulated_run.h"

namespace dataflow::jobs {
namespace {

constexpr const char* kDeadLetters = "dead_letters";
constexpr int64_t kUsualStartMs = 1767225600000;  // 2026-01-01 00:00:00

// The file of the pipeline, which may be that of its tests.
struct PipelineText {
  std::string file;
  std::string text;
};

// One case, from its compiled plan to its report.
class CaseRun {
 public:
  CaseRun(const YamlText& yaml, const TestCase& test, const plan::Plan& plan,
          engine::Connectors* plugins)
      : yaml_(yaml),
        test_(test),
        plan_(plan),
        plugins_(plugins),
        start_ms_(test.now_ms.value_or(kUsualStartMs)) {
    report_.name = test.name;
    report_.line = test.place.line;
  }

  // An error is the file's; what the pipeline does wrong is in the report.
  Result<CaseReport> run();

 private:
  struct Expectation {
    std::vector<ExpectedRow> rows;
    SchemaPtr schema;
    const ExpectedOutput* output;
  };

  Status read_everything();
  Status read_expectations(const std::vector<ExpectedOutput>& outputs,
                           std::vector<Expectation>& into);
  Result<SchemaPtr> schema_of(const ExpectedOutput& output);
  Status go(SimulatedRun& run);
  void look(SimulatedRun& run, const std::vector<Expectation>& expectations);
  void look_at_dead_letters(SimulatedRun& run);

  const YamlText& yaml_;
  const TestCase& test_;
  const plan::Plan& plan_;
  engine::Connectors* const plugins_;
  const int64_t start_ms_;
  // Of each step, and of the end.
  std::vector<std::map<std::string, std::vector<GivenRow>>> given_;
  std::vector<std::vector<Expectation>> expected_;
  std::vector<Expectation> expected_at_end_;
  std::set<std::string> taps_;
  bool dead_letters_expected_ = false;
  CaseReport report_;
};

// What a test may look at, for messages.
std::vector<std::string> outputs_of(const plan::Plan& plan) {
  std::vector<std::string> names = {kDeadLetters};
  for (const plan::Node& node : plan.nodes) {
    if (const auto* split = std::get_if<plan::SplitSpec>(&node.spec)) {
      for (const auto& branch : split->branches) names.push_back(node.id + "." + branch.name);
    } else {
      names.push_back(node.id);
    }
  }
  return names;
}

Result<SchemaPtr> CaseRun::schema_of(const ExpectedOutput& output) {
  const std::vector<std::string> names = outputs_of(plan_);
  const bool other = output.output.find('.') != std::string::npos;
  if (!other && std::ranges::find(names, output.output) == names.end()) {
    return yaml_.error(output.key, "test \"" + test_.name + "\": expect: there is no output `" +
                                       output.output + "`" + suggestion(output.output, names));
  }
  const SchemaPtr schema = SimulatedRun::output_schema(plan_, output.output);
  if (schema == nullptr) {
    return yaml_.error(output.key, "test \"" + test_.name + "\": expect: there is no output `" +
                                       output.output + "`" + suggestion(output.output, names));
  }
  const plan::Node* node = plan_.find(output.output);
  const bool sink = node != nullptr && std::holds_alternative<plan::SinkSpec>(node->spec);
  if (output.output == kDeadLetters) {
    dead_letters_expected_ = true;
  } else if (!sink) {
    taps_.insert(output.output);
  }
  return schema;
}

Status CaseRun::read_expectations(const std::vector<ExpectedOutput>& outputs,
                                  std::vector<Expectation>& into) {
  for (const ExpectedOutput& output : outputs) {
    Expectation expectation;
    expectation.output = &output;
    DF_ASSIGN_OR_RETURN(expectation.schema, schema_of(output));
    const TestRows rows(yaml_, expectation.schema, start_ms_,
                        "test \"" + test_.name + "\": " + output.output);
    for (const auto& node : output.rows) {
      DF_ASSIGN_OR_RETURN(ExpectedRow row, rows.expected(node));
      expectation.rows.push_back(std::move(row));
    }
    into.push_back(std::move(expectation));
  }
  return {};
}

Status CaseRun::read_everything() {
  std::vector<std::string> sources;
  for (const plan::Node& node : plan_.nodes) {
    if (std::holds_alternative<plan::SourceSpec>(node.spec)) sources.push_back(node.id);
  }
  for (const TestStep& step : test_.steps) {
    auto& given = given_.emplace_back();
    for (const YamlEntry& entry : step.rows) {
      std::vector<GivenRow>& rows_given = given[entry.name];
      const std::string what = "test \"" + test_.name + "\": ";
      if (std::ranges::find(sources, entry.name) == sources.end()) {
        std::vector<std::string> known = sources;
        known.insert(known.end(), {"advance", "restart", "expect"});
        const std::string near = suggestion(entry.name, known);
        return yaml_.error(entry.key, what + "there is no source `" + entry.name + "`" + near);
      }
      if (!entry.value.IsSequence()) {
        return yaml_.error(entry.value, what + entry.name + " is given a list of rows");
      }
      const auto& spec = std::get<plan::SourceSpec>(plan_.find(entry.name)->spec);
      const TestRows rows(yaml_, spec.schema, start_ms_, what + entry.name);
      for (const auto& node : entry.value) {
        DF_ASSIGN_OR_RETURN(GivenRow row, rows.given(node));
        rows_given.push_back(std::move(row));
      }
    }
    DF_RETURN_IF_ERROR(read_expectations(step.expect, expected_.emplace_back()));
  }
  return read_expectations(test_.expect, expected_at_end_);
}

void CaseRun::look(SimulatedRun& run, const std::vector<Expectation>& expectations) {
  for (const Expectation& one : expectations) {
    OutputReport output;
    output.output = one.output->output;
    output.line = YamlText::place(one.output->key).line;
    output.rows = compare_rows(one.rows, run.take(output.output), *one.schema,
                               {one.output->in_order, one.output->all_columns});
    report_.outputs.push_back(std::move(output));
  }
}

// Rows that leave unseen are what a test is to find: those that no expectation has taken.
void CaseRun::look_at_dead_letters(SimulatedRun& run) {
  const std::vector<ActualRow> dead = run.take(kDeadLetters);
  if (dead.empty()) return;
  OutputReport output;
  output.output = kDeadLetters;
  output.rows = compare_rows({}, dead, *engine::dead_letter_schema(), {});
  report_.outputs.push_back(std::move(output));
}

Status CaseRun::go(SimulatedRun& run) {
  for (size_t i = 0; i < test_.steps.size(); ++i) {
    // In the order of the file: one source after the other.
    for (const YamlEntry& entry : test_.steps[i].rows) {
      DF_RETURN_IF_ERROR(run.give(entry.name, std::move(given_[i].at(entry.name))));
    }
    if (test_.steps[i].advance_ms) DF_RETURN_IF_ERROR(run.advance(*test_.steps[i].advance_ms));
    if (test_.steps[i].restart) DF_RETURN_IF_ERROR(run.restart());
    look(run, expected_[i]);
  }
  if (test_.finish) DF_RETURN_IF_ERROR(run.finish());
  return {};
}

Result<CaseReport> CaseRun::run() {
  DF_RETURN_IF_ERROR(read_everything());
  SimulatedRunOptions options;
  options.now_ms = start_ms_;
  options.any_time = !test_.now_ms;
  options.plugins = plugins_;
  for (const std::string& tap : taps_) {
    const size_t dot = tap.find('.');
    options.taps.push_back(
        {tap.substr(0, dot), dot == std::string::npos ? "" : tap.substr(dot + 1)});
  }
  Result<std::unique_ptr<SimulatedRun>> run = SimulatedRun::start(plan_, options);
  const Status went = run.ok() ? go(**run) : run.status();
  if (test_.fails) {
    if (went.ok()) {
      report_.error = "the pipeline did not fail; it was to fail with: " + *test_.fails;
    } else if (went.message().find(*test_.fails) == std::string::npos) {
      report_.error =
          "the pipeline was to fail with: " + *test_.fails + "; it failed with: " + went.message();
    }
  } else if (!went.ok()) {
    report_.error = went.message();
  }
  if (!run.ok()) return report_;
  if (went.ok()) look(**run, expected_at_end_);
  // One that was to fail has not come to what is expected at the end.
  if (went.ok() || !dead_letters_expected_) look_at_dead_letters(**run);
  return report_;
}

Result<PipelineText> pipeline_of(const TestFile& tests, const std::string& file,
                                 const std::string& text, const PipelineTestOptions& options) {
  if (tests.pipeline.empty()) return PipelineText{file, text};
  const size_t slash = file.rfind('/');
  const bool beside = slash != std::string::npos && !tests.pipeline.starts_with('/');
  PipelineText found;
  found.file = beside ? file.substr(0, slash + 1) + tests.pipeline : tests.pipeline;
  DF_ASSIGN_OR_RETURN(found.text, options.read_file(found.file));
  return found;
}

}  // namespace

std::string_view row_verdict_name(RowVerdict verdict) {
  switch (verdict) {
    case RowVerdict::kSame: return "same";
    case RowVerdict::kDiffers: return "differs";
    case RowVerdict::kMissing: return "missing";
    case RowVerdict::kUnexpected: return "unexpected";
  }
  return "unknown";
}

bool OutputReport::passed() const {
  return std::ranges::all_of(rows,
                             [](const RowReport& row) { return row.verdict == RowVerdict::kSame; });
}

bool CaseReport::passed() const {
  return error.empty() && std::ranges::all_of(outputs, &OutputReport::passed);
}

Result<std::vector<CaseReport>> test_pipeline(const std::string& file, const std::string& text,
                                              const PipelineTestOptions& options) {
  const YamlText yaml(file, text, options.variables);
  std::vector<CaseReport> reports;
  try {
    DF_ASSIGN_OR_RETURN(const YAML::Node document, yaml.load());
    DF_ASSIGN_OR_RETURN(const TestFile tests, read_tests(yaml, document));
    DF_ASSIGN_OR_RETURN(const PipelineText pipeline, pipeline_of(tests, file, text, options));
    for (const TestCase& test : tests.cases) {
      if (test.name.find(options.only) == std::string::npos) continue;
      const Variables variables = [&](const std::string& name) {
        const auto own = test.variables.find(name);
        return own == test.variables.end() ? options.variables(name)
                                           : std::optional<std::string>(own->second);
      };
      DF_ASSIGN_OR_RETURN(const plan::Plan plan, compile_pipeline(pipeline.file, pipeline.text,
                                                                  variables, options.plugins));
      DF_ASSIGN_OR_RETURN(CaseReport report, CaseRun(yaml, test, plan, options.plugins).run());
      if (!report.error.empty()) {
        const Status placed = in_file(pipeline.file, pipeline.text, Status::internal(report.error));
        report.error = placed.message();
      }
      reports.push_back(std::move(report));
    }
  } catch (const YAML::Exception& problem) {
    return yaml.error(expr::Place{problem.mark.line + 1, problem.mark.column + 1}, problem.msg);
  }
  if (reports.empty()) {
    return Status::not_found(file + ": no test's name contains \"" + options.only + "\"");
  }
  return reports;
}

}  // namespace dataflow::jobs
