// Rows as text: for people as a table, for programs as CSV, JSON, Markdown or YAML. Rows go out as
// they come; only a table holds some back, to know how wide its columns are.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/document.h"
#include "cli/sql/sql_client.h"

namespace dataflow::cli {

enum class SqlFormat { kTable, kCsv, kJson, kMarkdown, kYaml };
// kInvalid (usage) with the names there are.
Result<SqlFormat> parse_sql_format(const std::string& name);
std::string_view name_of(SqlFormat format);

struct RowLook {
  size_t width = 0;       // of the terminal: longer lines are cut. 0: nothing is
  bool expanded = false;  // each row as lines of "column | value"
  bool coloured = false;
  bool endless = false;  // nobody knows when it ends: each part goes out at once, JSON as lines
};

class RowWriter {
 public:
  virtual ~RowWriter() = default;
  virtual void begin(const std::vector<SqlColumn>& columns) = 0;
  virtual void row(const std::vector<Document>& cells) = 0;
  // What has come so far is to be seen.
  virtual void flush() {}
  virtual void end() = 0;
};

using TextSink = std::function<void(std::string_view)>;
std::unique_ptr<RowWriter> make_row_writer(SqlFormat format, const RowLook& look, TextSink sink);
// Of them, in a file of its own.
std::unique_ptr<RowWriter> make_table_writer(const RowLook& look, TextSink sink);

// The value as a table shows it, on one line: <NULL>, TRUE, texts as they are, what is nested as
// JSON.
std::string cell_of(const Document& value);

// Widths that fit into `width` columns, borders and all: what is widest gives way first.
std::vector<size_t> fitted(std::vector<size_t> widths, size_t width);

// Lines of a table, as the writer and the live view draw them.
class TableLines {
 public:
  TableLines(const std::vector<SqlColumn>& columns, std::vector<size_t> widths, bool coloured);
  std::string rule() const;
  std::string heading() const;
  // `cells` are those of cell_of(); a longer one is cut if `cuts`.
  std::string line(const std::vector<std::string>& cells, bool cuts) const;

 private:
  std::string cell(size_t i, const std::string& text, bool cuts) const;

  std::vector<SqlColumn> columns_;
  std::vector<size_t> widths_;
  bool coloured_;
};

}  // namespace dataflow::cli
