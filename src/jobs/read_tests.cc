#include "read_tests.h"

#include "types/temporal.h"

namespace dataflow::jobs {
namespace {

// {out: [row, …]}, or {out: {order: exact, columns: all, rows: [row, …]}}.
Result<std::vector<ExpectedOutput>> read_expect(YamlMap& map) {
  std::vector<ExpectedOutput> outputs;
  DF_ASSIGN_OR_RETURN(const std::optional<YamlMap> expect, map.map("expect"));
  if (!expect) return outputs;
  for (const YamlEntry& entry : expect->entries()) {
    ExpectedOutput output;
    output.output = entry.name;
    output.key = entry.key;
    output.rows = entry.value;
    if (entry.value.IsMap()) {
      DF_ASSIGN_OR_RETURN(YamlMap options, YamlMap::open(map.yaml(), entry.value,
                                                         expect->what() + ": " + entry.name));
      DF_ASSIGN_OR_RETURN(const auto order, options.choice("order", {"any", "exact"}));
      DF_ASSIGN_OR_RETURN(const auto columns, options.choice("columns", {"some", "all"}));
      const YAML::Node* rows = options.find("rows");
      if (rows == nullptr) return options.error("`rows` is missing");
      DF_RETURN_IF_ERROR(options.refuse_rest());
      output.in_order = order == 1;
      output.all_columns = columns == 1;
      output.rows.reset(*rows);
    }
    if (!output.rows.IsSequence()) {
      return expect->error_at(entry.key, "`" + entry.name + "` is a list of rows, or [] for none");
    }
    outputs.push_back(std::move(output));
  }
  return outputs;
}

Result<TestStep> read_test_step(const YamlText& yaml, const YAML::Node& node,
                                const std::string& what) {
  DF_ASSIGN_OR_RETURN(YamlMap map, YamlMap::open(yaml, node, what));
  TestStep step;
  DF_ASSIGN_OR_RETURN(step.advance_ms, map.duration("advance"));
  DF_ASSIGN_OR_RETURN(const auto restart, map.boolean("restart"));
  step.restart = restart.value_or(false);
  DF_ASSIGN_OR_RETURN(step.expect, read_expect(map));
  step.rows = map.rest();
  return step;
}

// A list of steps, or the rows of each source, all at once.
Result<std::vector<TestStep>> read_given(YamlMap& map) {
  std::vector<TestStep> steps;
  const YAML::Node* given = map.find("given");
  if (given == nullptr) return map.error("`given` is missing, such as {events: [{id: 1}]}");
  const std::string what = map.what() + ": given";
  if (!given->IsSequence()) {
    DF_ASSIGN_OR_RETURN(TestStep step, read_test_step(map.yaml(), *given, what));
    steps.push_back(std::move(step));
    return steps;
  }
  for (const auto& item : *given) {
    DF_ASSIGN_OR_RETURN(TestStep step, read_test_step(map.yaml(), item, what));
    steps.push_back(std::move(step));
  }
  return steps;
}

Result<std::map<std::string, std::string>> read_variables(YamlMap& map) {
  std::map<std::string, std::string> variables;
  DF_ASSIGN_OR_RETURN(const std::optional<YamlMap> inner, map.map("variables"));
  if (!inner) return variables;
  for (const YamlEntry& entry : inner->entries()) {
    DF_ASSIGN_OR_RETURN(variables[entry.name],
                        map.yaml().scalar(entry.value, inner->what() + ": " + entry.name));
  }
  return variables;
}

Result<TestCase> read_case(const YamlText& yaml, const YAML::Node& node) {
  DF_ASSIGN_OR_RETURN(YamlMap map, YamlMap::open(yaml, node, "test"));
  for (const char* known : {"name", "now", "variables", "given", "expect", "finish", "fails"}) {
    (void)map.has(known);
  }
  DF_RETURN_IF_ERROR(map.refuse_rest());
  TestCase test;
  test.place = YamlText::place(node);
  DF_ASSIGN_OR_RETURN(test.name, map.required("name"));
  DF_ASSIGN_OR_RETURN(const auto now, map.text("now"));
  if (now) {
    int64_t value = 0;
    if (!parse_timestamp(*now, Type::timestamp_tz(3), value)) {
      return map.error_at(*map.find("now"),
                          "`now` is `" + *now + "`; write a time such as 2026-01-31 12:00:00");
    }
    test.now_ms = value;
  }
  DF_ASSIGN_OR_RETURN(test.variables, read_variables(map));
  DF_ASSIGN_OR_RETURN(test.steps, read_given(map));
  DF_ASSIGN_OR_RETURN(test.expect, read_expect(map));
  DF_ASSIGN_OR_RETURN(const auto finish, map.boolean("finish"));
  test.finish = finish.value_or(true);
  DF_ASSIGN_OR_RETURN(test.fails, map.text("fails"));
  return test;
}

}  // namespace

Result<TestFile> read_tests(const YamlText& yaml, const YAML::Node& document) {
  if (!document.IsMap()) return yaml.error(document, "`tests` are missing");
  DF_ASSIGN_OR_RETURN(YamlMap root, YamlMap::open(yaml, document, ""));
  TestFile file;
  const YAML::Node* tests = root.find("tests");
  if (!root.has("sources") && !root.has("processing") && !root.has("windowing")) {
    DF_ASSIGN_OR_RETURN(file.pipeline, root.required("pipeline"));
    DF_RETURN_IF_ERROR(root.refuse_rest());
  }
  if (tests == nullptr || !tests->IsSequence() || tests->size() == 0) {
    return Status::not_found(yaml.file() +
                             ": there are no `tests`; they are a list of name, given and expect");
  }
  for (const auto& node : *tests) {
    DF_ASSIGN_OR_RETURN(TestCase test, read_case(yaml, node));
    file.cases.push_back(std::move(test));
  }
  return file;
}

}  // namespace dataflow::jobs
