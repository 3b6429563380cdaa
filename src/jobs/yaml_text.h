// A YAML document whose every error names file, line and column, and whose values may hold
// variables.
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "expr/expression.h"
#include "jobs/pipeline_yaml.h"

namespace dataflow::jobs {

class YamlText {
 public:
  // All three outlive it.
  YamlText(const std::string& file, const std::string& text, const Variables& variables)
      : file_(file), text_(text), variables_(variables) {}

  // The document's one mapping.
  Result<YAML::Node> load() const;
  // "file:line:column: what"
  Status error(const YAML::Node& node, const std::string& what) const;
  Status error(expr::Place place, const std::string& what) const;

  const std::string& file() const { return file_; }
  // The text of a scalar, variables filled in.
  Result<std::string> scalar(const YAML::Node& node, const std::string& what) const;
  static expr::Place place(const YAML::Node& node);
  // Where a scalar's own text begins: behind its quote, or on the line below `|`.
  expr::Place text_place(const YAML::Node& node) const;

 private:
  Result<std::string> fill_in(const YAML::Node& node, const std::string& text, int depth) const;

  const std::string& file_;
  const std::string& text_;
  const Variables& variables_;
};

struct YamlEntry {
  std::string name;
  YAML::Node key;
  YAML::Node value;
};

// A mapping whose keys are asked for by name. What nobody asked for is refused, with the nearest of
// the names that were.
class YamlMap {
 public:
  // `what` begins messages: `step "counts"`.
  static Result<YamlMap> open(const YamlText& text, const YAML::Node& node, std::string what);

  // Null if it is not there (or without a value).
  const YAML::Node* find(const std::string& name);
  bool has(const std::string& name) { return find(name) != nullptr; }
  Result<std::optional<std::string>> text(const std::string& name);
  Result<std::string> required(const std::string& name);
  // In milliseconds, at least `least`.
  Result<std::optional<int64_t>> duration(const std::string& name, int64_t least = 0);
  Result<std::optional<int64_t>> integer(const std::string& name, int64_t least, int64_t most);
  Result<std::optional<bool>> boolean(const std::string& name);
  // One scalar or a list of them; empty if it is not there.
  Result<std::vector<std::string>> names(const std::string& name);
  // Its place in `words`; none if it is not there.
  Result<std::optional<size_t>> choice(const std::string& name,
                                       const std::vector<std::string>& words);
  Result<std::optional<YamlMap>> map(const std::string& name);
  Result<YamlMap> required_map(const std::string& name);

  // What was not asked for, in the order of the file.
  std::vector<YamlEntry> rest() const;
  Status refuse_rest() const;

  const std::vector<YamlEntry>& entries() const { return entries_; }
  const std::string& what() const { return what_; }
  const YAML::Node& node() const { return node_; }
  // Of this mapping, and of one of its values.
  Status error(const std::string& what) const;
  Status error_at(const YAML::Node& node, const std::string& what) const;
  std::vector<std::string> known() const { return {known_.begin(), known_.end()}; }
  const YamlText& yaml() const { return *yaml_; }

 private:
  YamlMap(const YamlText& yaml, YAML::Node node, std::string what)
      : yaml_(&yaml), node_(std::move(node)), what_(std::move(what)) {}

  const YamlText* yaml_;
  YAML::Node node_;
  std::string what_;
  std::vector<YamlEntry> entries_;
  std::set<std::string> known_;
};

Result<expr::ExpressionPtr> read_expression(const YamlText& yaml, const YAML::Node& node,
                                            const std::string& what);
// `30s`, `500ms`, or a bare number of milliseconds.
Result<int64_t> read_duration(const YamlText& yaml, const YAML::Node& node,
                              const std::string& what);
// A message of another room that begins with "line 3, column 4: ".
struct PlacedWords {
  expr::Place place;
  std::string words;
};
std::optional<PlacedWords> placed_words(const std::string& message);
// An error of another room that begins with "line 3, column 4: " begins "FILE:3:4: " instead, and
// then `what` if that is given.
Status with_file(const std::string& file, const Status& status, const std::string& what = "");

}  // namespace dataflow::jobs
