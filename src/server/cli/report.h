// How a command's result looks: a table for people, JSON or YAML for programs, from the same rows.
#pragma once

#include <string>
#include <vector>

#include "cli/document.h"
#include "cli/terminal.h"

namespace dataflow::cli {

enum class OutputFormat { kTable, kWide, kJson, kYaml };

Result<OutputFormat> parse_output_format(std::string_view name);
inline bool is_structured(OutputFormat format) {
  return format == OutputFormat::kJson || format == OutputFormat::kYaml;
}

enum class CellKind { kText, kNumber, kBytes, kDuration, kTime };

struct Column {
  std::string key;  // in JSON and YAML; upper case, with spaces for `_`, it is the table's heading
  CellKind kind = CellKind::kText;
  bool wide = false;  // only with -o wide, and always in JSON and YAML
};

// Rows of the same columns; a row has one value for each. Numbers of bytes, durations (ms) and
// times (ms since 1970) are numbers in JSON and written for people in the table.
class Listing {
 public:
  explicit Listing(std::vector<Column> columns) : columns_(std::move(columns)) {}

  void add(std::vector<Document> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.empty(); }
  size_t size() const { return rows_.size(); }

  Document to_document() const;
  std::string to_table(bool wide) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Document>> rows_;
};

// Facts about one thing: "Name:  value" lines.
class Facts {
 public:
  void add(std::string key, Document value, CellKind kind = CellKind::kText, bool wide = false);
  // Into the object that will hold further members.
  void put_into(Document& object) const;
  std::string to_table(bool wide) const;

 private:
  struct Fact {
    Column column;
    Document value;
  };
  std::vector<Fact> facts_;
};

// Prints a document with -o json or -o yaml.
void print_document(Output& out, OutputFormat format, const Document& document);
// Prints the listing in any format; an empty table prints its headings only.
void print_listing(Output& out, OutputFormat format, const Listing& listing);

}  // namespace dataflow::cli
