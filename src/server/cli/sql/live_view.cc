#include "cli/sql/live_view.h"

#include <algorithm>

#include "cli/sql/row_writer.h"
#include "cli/sql/text_width.h"
#include "cli/terminal.h"

namespace dataflow::cli {
namespace {

// Heading, the rules around it and below the rows, the words, and the line that the cursor is on.
constexpr size_t kLinesAround = 6;

}  // namespace

void LiveView::apply(const SqlPage& page) {
  for (size_t i = 0; i < page.rows.size(); ++i) {
    LiveRows::Cells cells;
    for (const Document& value : page.rows[i]) cells.push_back(cell_of(value));
    cells.resize(columns_.size());
    rows_.apply(i < page.changes.size() ? page.changes[i] : "+I", std::move(cells));
  }
}

void LiveView::draw(const std::string& words) {
  const ScreenSize screen = terminal_.size();
  const size_t room = screen.rows > kLinesAround ? screen.rows - kLinesAround : 1;
  const std::vector<const LiveRows::Cells*> shown = rows_.first(room);
  widths_.resize(columns_.size(), 1);
  for (size_t i = 0; i < columns_.size(); ++i) {
    widths_[i] = std::max(widths_[i], columns_of(on_one_line(columns_[i].name)));
    for (const LiveRows::Cells* row : shown) {
      widths_[i] = std::max(widths_[i], columns_of((*row)[i]));
    }
  }
  std::vector<SqlColumn> columns = columns_;
  for (SqlColumn& column : columns) column.name = on_one_line(column.name);
  const TableLines lines(columns, fitted(widths_, screen.columns), coloured_);
  std::string text = lines.rule() + lines.heading() + lines.rule();
  for (const LiveRows::Cells* row : shown) text += lines.line(*row, true);
  text += lines.rule();
  std::string below = plural(static_cast<int64_t>(rows_.size()), "row");
  if (shown.size() < rows_.size()) {
    below = "the first " + grouped(static_cast<int64_t>(shown.size())) + " of " + below;
  }
  below += ", " + plural(static_cast<int64_t>(rows_.changes()), "change") + words;
  text += cut_to(below, screen.columns - 1) + "\n";

  std::string out;
  if (drawn_lines_ > 0) out = "\x1b[" + std::to_string(drawn_lines_) + "A";
  out += "\r";
  drawn_lines_ = 0;
  for (size_t from = 0; from < text.size();) {
    const size_t end = text.find('\n', from);
    out += text.substr(from, end - from) + "\x1b[K\n";
    from = end + 1;
    ++drawn_lines_;
  }
  terminal_.write(out + "\x1b[J");
}

}  // namespace dataflow::cli
