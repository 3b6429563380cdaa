// Rows as a table in a box, the way other SQL shells draw it: numbers to the right.
#include <algorithm>
#include <numeric>

#include "cli/sql/row_writer.h"
#include "cli/sql/text_width.h"
#include "cli/terminal.h"

namespace dataflow::cli {
namespace {

// So many rows say how wide the columns are.
constexpr size_t kRowsForWidths = 1000;
constexpr size_t kNarrowest = 6;
constexpr std::string_view kNull = "<NULL>";

std::string dimmed(const std::string& text) { return "\x1b[2m" + text + "\x1b[0m"; }
std::string bold(const std::string& text) { return "\x1b[1m" + text + "\x1b[0m"; }

class TableWriter final : public RowWriter {
 public:
  TableWriter(const RowLook& look, TextSink sink) : look_(look), sink_(std::move(sink)) {}

  void begin(const std::vector<SqlColumn>& columns) override {
    columns_ = columns;
    for (SqlColumn& column : columns_) column.name = on_one_line(column.name);
  }

  void row(const std::vector<Document>& cells) override {
    ++count_;
    std::vector<std::string>& line = held_.emplace_back();
    for (const Document& cell : cells) line.push_back(cell_of(cell));
    line.resize(columns_.size());
    if (lines_ || held_.size() >= kRowsForWidths) flush_held();
  }
  void flush() override {
    if (look_.endless && !held_.empty()) flush_held();
  }
  void end() override {
    flush_held();
    if (count_ > 0) sink_(lines_->rule());
    std::string words = plural(static_cast<int64_t>(count_), "row");
    if (cut_) words += ", cut to the width of the terminal (\\x shows them whole)";
    sink_(words + "\n");
  }

 private:
  void flush_held() {
    if (!lines_) {
      const std::vector<size_t> whole = widths();
      const std::vector<size_t> fit = look_.width == 0 ? whole : fitted(whole, look_.width);
      cut_ = fit != whole;
      lines_.emplace(columns_, fit, look_.coloured);
      sink_(lines_->rule() + lines_->heading() + lines_->rule());
    }
    for (const std::vector<std::string>& cells : held_) {
      sink_(lines_->line(cells, look_.width > 0));
    }
    held_.clear();
  }
  std::vector<size_t> widths() const {
    std::vector<size_t> widths;
    for (size_t i = 0; i < columns_.size(); ++i) {
      size_t width = columns_of(columns_[i].name);
      for (const auto& row : held_) width = std::max(width, columns_of(row[i]));
      widths.push_back(width);
    }
    return widths;
  }

  RowLook look_;
  TextSink sink_;
  std::vector<SqlColumn> columns_;
  std::vector<std::vector<std::string>> held_;
  std::optional<TableLines> lines_;
  uint64_t count_ = 0;
  bool cut_ = false;
};

// A line for each value: for rows that are too wide to be read as one.
class ExpandedWriter final : public RowWriter {
 public:
  ExpandedWriter(const RowLook& look, TextSink sink) : look_(look), sink_(std::move(sink)) {}
  void begin(const std::vector<SqlColumn>& columns) override {
    for (const SqlColumn& column : columns) {
      names_.push_back(on_one_line(column.name));
      width_ = std::max(width_, columns_of(names_.back()));
    }
  }
  void row(const std::vector<Document>& cells) override {
    const std::string title = "-[ row " + std::to_string(++count_) + " ]";
    std::string text = title + std::string(width_ + 12, '-') + "\n";
    for (size_t i = 0; i < cells.size() && i < names_.size(); ++i) {
      const std::string value = cell_of(cells[i]);
      const bool null = look_.coloured && cells[i].is_null();
      text += names_[i] + std::string(width_ - columns_of(names_[i]), ' ') + " | " +
              (null ? dimmed(value) : value) + "\n";
    }
    sink_(text);
  }
  void end() override { sink_(plural(static_cast<int64_t>(count_), "row") + "\n"); }

 private:
  RowLook look_;
  TextSink sink_;
  std::vector<std::string> names_;
  size_t width_ = 0;
  uint64_t count_ = 0;
};

}  // namespace

std::vector<size_t> fitted(std::vector<size_t> widths, size_t width) {
  // "| " and " | " and " |" around them.
  const size_t borders = 3 * widths.size() + 1;
  size_t total = std::accumulate(widths.begin(), widths.end(), borders);
  while (total > width && !widths.empty()) {
    const auto widest = std::max_element(widths.begin(), widths.end());
    if (*widest <= kNarrowest) break;
    // All that are as wide give way together, down to the next one.
    size_t next = kNarrowest;
    size_t as_wide = 0;
    for (const size_t w : widths) {
      if (w == *widest) ++as_wide;
      if (w < *widest) next = std::max(next, w);
    }
    const size_t level = *widest;
    const size_t share = std::max<size_t>(1, (total - width + as_wide - 1) / as_wide);
    const size_t step = std::min(level - next, share);
    for (size_t& w : widths) {
      if (w == level) w -= step;
    }
    total -= step * as_wide;
  }
  return widths;
}

TableLines::TableLines(const std::vector<SqlColumn>& columns, std::vector<size_t> widths,
                       bool coloured)
    : columns_(columns), widths_(std::move(widths)), coloured_(coloured) {}

std::string TableLines::rule() const {
  std::string text = "+";
  for (const size_t width : widths_) text += std::string(width + 2, '-') + "+";
  return text + "\n";
}

std::string TableLines::cell(size_t i, const std::string& text, bool cuts) const {
  const std::string shown = cuts ? cut_to(text, widths_[i]) : text;
  const size_t used = columns_of(shown);
  const std::string pad(widths_[i] > used ? widths_[i] - used : 0, ' ');
  const std::string drawn = coloured_ && text == kNull ? dimmed(shown) : shown;
  return columns_[i].numeric() ? pad + drawn : drawn + pad;
}

std::string TableLines::heading() const {
  std::string text;
  for (size_t i = 0; i < columns_.size(); ++i) {
    const std::string name = cell(i, columns_[i].name, true);
    text += (i == 0 ? "| " : " | ") + (coloured_ ? bold(name) : name);
  }
  return text + " |\n";
}

std::string TableLines::line(const std::vector<std::string>& cells, bool cuts) const {
  std::string text;
  for (size_t i = 0; i < columns_.size(); ++i) {
    text += (i == 0 ? "| " : " | ") + cell(i, cells[i], cuts);
  }
  return text + " |\n";
}

std::unique_ptr<RowWriter> make_table_writer(const RowLook& look, TextSink sink) {
  if (look.expanded) return std::make_unique<ExpandedWriter>(look, std::move(sink));
  return std::make_unique<TableWriter>(look, std::move(sink));
}

}  // namespace dataflow::cli
