// The `tests` of a file, before their rows are read: those need the schemas of the plan.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "yaml_text.h"

namespace dataflow::jobs {

// What is expected of one output: its rows, as they stand in the file.
struct ExpectedOutput {
  std::string output;
  YAML::Node key;
  YAML::Node rows;  // a list
  bool in_order = false;
  bool all_columns = false;
};

struct TestStep {
  std::vector<YamlEntry> rows;  // by source
  std::optional<int64_t> advance_ms;
  bool restart = false;
  std::vector<ExpectedOutput> expect;
};

struct TestCase {
  std::string name;
  expr::Place place;
  std::optional<int64_t> now_ms;
  std::map<std::string, std::string> variables;
  std::vector<TestStep> steps;
  std::vector<ExpectedOutput> expect;
  bool finish = true;
  std::optional<std::string> fails;
};

struct TestFile {
  std::string pipeline;  // the path of its file; empty: the same file
  std::vector<TestCase> cases;
};

Result<TestFile> read_tests(const YamlText& yaml, const YAML::Node& document);

}  // namespace dataflow::jobs
