#include "cli/report.h"

#include <algorithm>
#include <cctype>

#include "cli/exit_codes.h"
#include "cli/moment.h"

namespace dataflow::cli {
namespace {

constexpr std::string_view kGap = "  ";

// The key in words; a duration for people needs no unit in its name.
std::string words_of(const Column& column) {
  std::string text = column.key;
  if (column.kind == CellKind::kDuration && text.ends_with("_ms")) text.resize(text.size() - 3);
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

std::string heading(const Column& column) {
  std::string text = words_of(column);
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<uint8_t>(c)));
  return text;
}

std::string label(const Column& column) {
  std::string text = words_of(column);
  if (text == "http") return "HTTP";
  if (text == "postgres") return "PostgreSQL";
  text[0] = static_cast<char>(std::toupper(static_cast<uint8_t>(text[0])));
  return text;
}

std::string cell(const Document& value, CellKind kind) {
  const int64_t* number = value.integer();
  if (number == nullptr) return printable(value.to_cell());
  switch (kind) {
    case CellKind::kBytes: return *number < 0 ? "unlimited" : human_bytes(*number);
    case CellKind::kDuration: return *number < 0 ? "forever" : human_duration(*number);
    case CellKind::kTime: return *number < 0 ? "-" : format_moment(*number);
    default: return value.to_json();
  }
}

bool right_aligned(CellKind kind) { return kind == CellKind::kNumber || kind == CellKind::kBytes; }

void append_padded(std::string& line, const std::string& text, size_t width, bool right,
                   bool last) {
  const size_t used = display_width(text);
  const std::string space(width > used ? width - used : 0, ' ');
  if (right) line += space;
  line += text;
  if (!right && !last) line += space;
}

}  // namespace

Result<OutputFormat> parse_output_format(std::string_view name) {
  if (name == "table") return OutputFormat::kTable;
  if (name == "wide") return OutputFormat::kWide;
  if (name == "json") return OutputFormat::kJson;
  if (name == "yaml") return OutputFormat::kYaml;
  return usage_error("-o " + std::string(name) + ": the formats are table, wide, json and yaml");
}

Document Listing::to_document() const {
  Document list = Document::array();
  for (const auto& row : rows_) {
    Document object = Document::object();
    for (size_t i = 0; i < columns_.size(); ++i) object.put(columns_[i].key, row[i]);
    list.push(std::move(object));
  }
  return list;
}

std::string Listing::to_table(bool wide) const {
  std::vector<size_t> shown;
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (wide || !columns_[i].wide) shown.push_back(i);
  }
  std::vector<std::vector<std::string>> lines(1);
  for (const size_t i : shown) lines[0].push_back(heading(columns_[i]));
  for (const auto& row : rows_) {
    lines.emplace_back();
    for (const size_t i : shown) lines.back().push_back(cell(row[i], columns_[i].kind));
  }
  std::vector<size_t> widths(shown.size(), 0);
  for (const auto& line : lines) {
    for (size_t i = 0; i < line.size(); ++i)
      widths[i] = std::max(widths[i], display_width(line[i]));
  }
  std::string text;
  for (size_t n = 0; n < lines.size(); ++n) {
    std::string line;
    for (size_t i = 0; i < shown.size(); ++i) {
      if (i > 0) line += kGap;
      append_padded(line, lines[n][i], widths[i], right_aligned(columns_[shown[i]].kind),
                    i + 1 == shown.size());
    }
    text += (n == 0 ? coloured_out(Colour::kBold, line) : line) + "\n";
  }
  return text;
}

void Facts::add(std::string key, Document value, CellKind kind, bool wide) {
  facts_.push_back({{std::move(key), kind, wide}, std::move(value)});
}

void Facts::put_into(Document& object) const {
  for (const Fact& fact : facts_) object.put(fact.column.key, fact.value);
}

std::string Facts::to_table(bool wide) const {
  size_t width = 0;
  for (const Fact& fact : facts_) {
    if (wide || !fact.column.wide) width = std::max(width, label(fact.column).size());
  }
  std::string text;
  for (const Fact& fact : facts_) {
    if (fact.column.wide && !wide) continue;
    const std::string name = label(fact.column);
    const std::string space(width - name.size() + kGap.size(), ' ');
    text += coloured_out(Colour::kBold, name + ":") + space;
    text += cell(fact.value, fact.column.kind) + "\n";
  }
  return text;
}

void print_document(Output& out, OutputFormat format, const Document& document) {
  out.write(format == OutputFormat::kYaml ? document.to_yaml() : document.to_pretty_json() + "\n");
}

void print_listing(Output& out, OutputFormat format, const Listing& listing) {
  if (is_structured(format)) {
    print_document(out, format, listing.to_document());
  } else {
    out.write(listing.to_table(format == OutputFormat::kWide));
  }
}

}  // namespace dataflow::cli
