// Rows as tests write them, and as they are compared.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "types/batch.h"
#include "yaml_text.h"

namespace dataflow::jobs {

// A row given to a source: columns as a JSON object, or a payload as it stands.
struct GivenRow {
  std::string text;
  bool is_payload = false;
};

struct ExpectedRow {
  expr::Place place;
  std::map<size_t, Value> values;  // by column
  std::optional<RowKind> kind;
};

struct ActualRow {
  RowKind kind = RowKind::kInsert;
  std::vector<Value> values;
};

// Reads rows of one schema. `start_ms`: where the test's clock begins.
class TestRows {
 public:
  TestRows(const YamlText& yaml, SchemaPtr schema, int64_t start_ms, std::string what)
      : yaml_(yaml), schema_(std::move(schema)), start_ms_(start_ms), what_(std::move(what)) {}

  Result<GivenRow> given(const YAML::Node& node) const;
  Result<ExpectedRow> expected(const YAML::Node& node) const;

 private:
  // The columns named, as a JSON object.
  Result<std::string> object(const YAML::Node& node, std::vector<size_t>& columns,
                             std::optional<RowKind>* kind) const;
  Status append_value(const YAML::Node& node, const Type& type, const std::string& what,
                      std::string& out) const;
  Status append_scalar(const YAML::Node& node, const Type& type, const std::string& what,
                       std::string& out) const;

  const YamlText& yaml_;
  const SchemaPtr schema_;
  const int64_t start_ms_;
  const std::string what_;
};

// The columns in which they differ, of those that the expected row names (of all, where `all`).
std::vector<size_t> differing(const ExpectedRow& expected, const ActualRow& actual, bool all);
bool same_row(const ExpectedRow& expected, const ActualRow& actual, bool all);

// "{k: a, n: 2}", with the kind of change in front where it is not an insertion.
std::string text_of(const ActualRow& row, const Schema& schema);
std::string text_of(const ExpectedRow& row, const Schema& schema);

}  // namespace dataflow::jobs
