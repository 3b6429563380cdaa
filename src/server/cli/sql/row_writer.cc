#include "cli/sql/row_writer.h"

#include "cli/exit_codes.h"
#include "cli/sql/text_width.h"

namespace dataflow::cli {
namespace {

constexpr std::pair<std::string_view, SqlFormat> kFormats[] = {
    {"table", SqlFormat::kTable},       {"csv", SqlFormat::kCsv},   {"json", SqlFormat::kJson},
    {"markdown", SqlFormat::kMarkdown}, {"yaml", SqlFormat::kYaml},
};

// RFC 4180 but for the line's end, which is the machine's. NULL is nothing at all, an empty text
// two quotes.
class CsvWriter final : public RowWriter {
 public:
  explicit CsvWriter(TextSink sink) : sink_(std::move(sink)) {}
  void begin(const std::vector<SqlColumn>& columns) override {
    std::vector<Document> names;
    for (const SqlColumn& column : columns) names.emplace_back(column.name);
    row(names);
  }
  void row(const std::vector<Document>& cells) override {
    std::string line;
    for (size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) line += ',';
      if (cells[i].is_null()) continue;
      append(line, cells[i].to_cell());
    }
    // A line with nothing on it would be no row to who reads it.
    if (cells.size() == 1 && line.empty()) line = "\"\"";
    sink_(line + "\n");
  }
  void end() override {}

 private:
  static void append(std::string& line, const std::string& text) {
    if (!text.empty() && text.find_first_of(",\"\r\n") == std::string::npos) {
      line += text;
      return;
    }
    line += '"';
    for (const char c : text) line += c == '"' ? std::string("\"\"") : std::string(1, c);
    line += '"';
  }
  TextSink sink_;
};

class ObjectWriter : public RowWriter {
 public:
  explicit ObjectWriter(TextSink sink) : sink_(std::move(sink)) {}
  void begin(const std::vector<SqlColumn>& columns) override { columns_ = columns; }

 protected:
  Document object_of(const std::vector<Document>& cells) const {
    Document object = Document::object();
    for (size_t i = 0; i < cells.size() && i < columns_.size(); ++i) {
      object.put(columns_[i].name, cells[i]);
    }
    return object;
  }
  TextSink sink_;

 private:
  std::vector<SqlColumn> columns_;
};

// An array with a row a line; of what never ends the rows alone.
class JsonWriter final : public ObjectWriter {
 public:
  JsonWriter(TextSink sink, bool lines) : ObjectWriter(std::move(sink)), lines_(lines) {}
  void row(const std::vector<Document>& cells) override {
    const std::string before = lines_ ? "" : first_ ? "[\n" : ",\n";
    first_ = false;
    sink_(before + object_of(cells).to_json() + (lines_ ? "\n" : ""));
  }
  void end() override {
    if (!lines_) sink_(first_ ? "[]\n" : "\n]\n");
  }

 private:
  bool lines_;
  bool first_ = true;
};

class YamlWriter final : public ObjectWriter {
 public:
  using ObjectWriter::ObjectWriter;
  void row(const std::vector<Document>& cells) override {
    any_ = true;
    Document list = Document::array();
    list.push(object_of(cells));
    sink_(list.to_yaml());
  }
  void end() override {
    if (!any_) sink_("[]\n");
  }

 private:
  bool any_ = false;
};

class MarkdownWriter final : public RowWriter {
 public:
  explicit MarkdownWriter(TextSink sink) : sink_(std::move(sink)) {}
  void begin(const std::vector<SqlColumn>& columns) override {
    std::string names = "|";
    std::string rule = "|";
    for (const SqlColumn& column : columns) {
      names += " " + safe(column.name) + " |";
      rule += column.numeric() ? "---:|" : "---|";
    }
    sink_(names + "\n" + rule + "\n");
  }
  void row(const std::vector<Document>& cells) override {
    std::string line = "|";
    for (const Document& cell : cells) {
      line += " " + (cell.is_null() ? std::string("*NULL*") : safe(cell_of_lines(cell))) + " |";
    }
    sink_(line + "\n");
  }
  void end() override {}

 private:
  static std::string cell_of_lines(const Document& cell) {
    return cell.text() != nullptr ? *cell.text() : cell_of(cell);
  }
  // What Markdown would take for its own.
  static std::string safe(const std::string& text) {
    std::string out;
    for (const char c : text) {
      if (c == '\n') {
        out += "<br>";
      } else if (c == '<') {
        out += "&lt;";
      } else {
        if (c == '|' || c == '\\' || c == '*' || c == '_' || c == '`') out += '\\';
        if (c != '\r') out += c;
      }
    }
    return out;
  }
  TextSink sink_;
};

}  // namespace

Result<SqlFormat> parse_sql_format(const std::string& name) {
  for (const auto& [known, format] : kFormats) {
    if (name == known) return format;
  }
  return usage_error("there is no format " + name +
                     "; the formats are table, csv, json, markdown and yaml");
}

std::string_view name_of(SqlFormat format) {
  for (const auto& [name, known] : kFormats) {
    if (known == format) return name;
  }
  return "";
}

std::unique_ptr<RowWriter> make_row_writer(SqlFormat format, const RowLook& look, TextSink sink) {
  switch (format) {
    case SqlFormat::kCsv: return std::make_unique<CsvWriter>(std::move(sink));
    case SqlFormat::kJson: return std::make_unique<JsonWriter>(std::move(sink), look.endless);
    case SqlFormat::kMarkdown: return std::make_unique<MarkdownWriter>(std::move(sink));
    case SqlFormat::kYaml: return std::make_unique<YamlWriter>(std::move(sink));
    default: return make_table_writer(look, std::move(sink));
  }
}

std::string cell_of(const Document& value) {
  if (value.is_null()) return "<NULL>";
  if (const std::string* text = value.text()) return on_one_line(*text);
  const std::string json = value.to_json();
  if (json == "true") return "TRUE";
  if (json == "false") return "FALSE";
  return on_one_line(json);
}

}  // namespace dataflow::cli
