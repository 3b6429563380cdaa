#include "cli/sql/line_editor.h"

#include <algorithm>

#include "cli/sql/text_width.h"

namespace dataflow::cli {
namespace {

constexpr size_t kMostListed = 200;
constexpr std::string_view kPasteOn = "\x1b[?2004h";
constexpr std::string_view kPasteOff = "\x1b[?2004l";
constexpr std::string_view kTab = "    ";

std::string up(size_t rows) { return rows == 0 ? "" : "\x1b[" + std::to_string(rows) + "A"; }
std::string right(size_t columns) {
  return columns == 0 ? "" : "\x1b[" + std::to_string(columns) + "C";
}

// One character, or a part of one, as it is drawn.
std::string drawn(std::string_view character) {
  return character == "\t" ? std::string(kTab) : on_one_line(character);
}

std::string common_start(const std::vector<std::string>& choices) {
  std::string start = choices.front();
  for (const std::string& choice : choices) {
    size_t same = 0;
    while (same < start.size() && same < choice.size() && start[same] == choice[same]) ++same;
    start.resize(same);
  }
  // Not into the middle of a character.
  while (!start.empty() &&
         code_point_at(start, character_before(start, start.size())).value == 0xFFFD) {
    start.pop_back();
  }
  return start;
}

}  // namespace

LineEditor::Picture LineEditor::picture(const std::string& first_prompt) const {
  const std::string& text = buffer_.text();
  const size_t width = std::max<size_t>(terminal_.size().columns, 8);
  const std::vector<std::string> prompts = hooks_.prompts(text);
  size_t line = 0;
  Picture out;
  out.rows.push_back(first_prompt);
  size_t used = columns_of(first_prompt);
  const auto note_cursor = [&](size_t at) {
    if (at != buffer_.cursor()) return;
    out.row = out.rows.size() - 1;
    out.column = used;
  };
  for (size_t at = 0; at < text.size();) {
    note_cursor(at);
    if (text[at] == '\n') {
      ++at;
      out.rows.push_back(line < prompts.size() ? prompts[line] : "");
      ++line;
      used = columns_of(out.rows.back());
      continue;
    }
    const size_t end = next_character(text, at);
    const std::string shown = drawn(std::string_view(text).substr(at, end - at));
    const size_t columns = columns_of(shown);
    if (used + columns > width) {
      out.rows.emplace_back();
      used = 0;
      note_cursor(at);
    }
    out.rows.back() += shown;
    used += columns;
    at = end;
  }
  // Behind a full row the cursor stands on the next one.
  if (used >= width) {
    out.rows.emplace_back();
    used = 0;
  }
  note_cursor(text.size());
  return out;
}

void LineEditor::draw(const std::string& first_prompt) {
  Picture now = picture(first_prompt);
  // Of a text that is higher than the screen what is around the cursor.
  const size_t room = std::max<size_t>(terminal_.size().rows, 2);
  if (now.rows.size() > room) {
    const size_t first = now.row < room ? 0 : now.row - room + 1;
    now.rows.erase(now.rows.begin(), now.rows.begin() + static_cast<ptrdiff_t>(first));
    now.rows.resize(std::min(room, now.rows.size()));
    now.row -= first;
  }
  std::string out = up(drawn_row_) + "\r\x1b[J";
  for (size_t i = 0; i < now.rows.size(); ++i) {
    if (i > 0) out += "\r\n";
    out += now.rows[i];
  }
  out += up(now.rows.size() - 1 - now.row) + "\r" + right(now.column);
  drawn_row_ = now.row;
  terminal_.write(out);
}

void LineEditor::leave_below() {
  const size_t cursor = buffer_.cursor();
  buffer_.move_to(buffer_.text().size());
  draw();
  buffer_.move_to(cursor);
  terminal_.write("\r\n");
  drawn_row_ = 0;
}

LineEditor::Entered LineEditor::read(const std::string& prompt, std::string text) {
  prompt_ = prompt;
  buffer_.set(std::move(text));
  draft_.clear();
  at_entry_ = history_.size();
  drawn_row_ = 0;
  terminal_.write(kPasteOn);
  Next next = Next::kGoOn;
  while (next == Next::kGoOn) {
    draw();
    Key key = keys_.next();
    if (key.kind == KeyKind::kSearch) key = search();
    next = take(key);
  }
  leave_below();
  terminal_.write(kPasteOff);
  if (next == Next::kCancel) return {End::kCancelled, ""};
  if (next == Next::kEndOfText) return {End::kEndOfText, ""};
  return {End::kEntered, buffer_.text()};
}

LineEditor::Next LineEditor::take(const Key& key) {
  Next next = Next::kGoOn;
  if (take_move(key.kind) || take_deletion(key.kind)) return next;
  switch (key.kind) {
    case KeyKind::kText:
    case KeyKind::kNewLine: buffer_.insert(key.text); break;
    case KeyKind::kEnter: enter_or_break(next); break;
    case KeyKind::kTab: complete(); break;
    case KeyKind::kYank: buffer_.yank(); break;
    case KeyKind::kClear:
      terminal_.write("\x1b[H\x1b[2J");
      drawn_row_ = 0;
      break;
    case KeyKind::kCancel: return Next::kCancel;
    case KeyKind::kEndOfText:
      if (buffer_.empty()) return Next::kEndOfText;
      buffer_.delete_here();
      break;
    case KeyKind::kSuspend:
      leave_below();
      terminal_.write(kPasteOff);
      terminal_.suspend();
      terminal_.write(kPasteOn);
      break;
    case KeyKind::kGone: return Next::kEndOfText;
    default: break;
  }
  return next;
}

bool LineEditor::take_move(KeyKind kind) {
  switch (kind) {
    case KeyKind::kLeft: buffer_.left(); return true;
    case KeyKind::kRight: buffer_.right(); return true;
    case KeyKind::kWordLeft: buffer_.word_left(); return true;
    case KeyKind::kWordRight: buffer_.word_right(); return true;
    case KeyKind::kHome: buffer_.home(); return true;
    case KeyKind::kEnd: buffer_.end(); return true;
    case KeyKind::kUp:
      if (!buffer_.up()) older();
      return true;
    case KeyKind::kDown:
      if (!buffer_.down()) newer();
      return true;
    default: return false;
  }
}

bool LineEditor::take_deletion(KeyKind kind) {
  switch (kind) {
    case KeyKind::kBackspace: buffer_.backspace(); return true;
    case KeyKind::kDelete: buffer_.delete_here(); return true;
    case KeyKind::kDeleteWordBefore: buffer_.delete_word_before(); return true;
    case KeyKind::kDeleteWordBehind: buffer_.delete_word_behind(); return true;
    case KeyKind::kDeleteToStart: buffer_.delete_to_start(); return true;
    case KeyKind::kDeleteToEnd: buffer_.delete_to_end(); return true;
    default: return false;
  }
}

// Of a text that is whole Enter is the end wherever the cursor stands.
void LineEditor::enter_or_break(Next& next) {
  if (hooks_.is_whole(buffer_.text())) {
    next = Next::kEnter;
  } else {
    buffer_.insert("\n");
  }
}

// Where it goes on up, the cursor stands in the first line, and where it goes on down in the last
// one, so that the same key leads on.
void LineEditor::show_entry(size_t index, bool at_start) {
  if (at_entry_ == history_.size()) draft_ = buffer_.text();
  at_entry_ = index;
  buffer_.set(index == history_.size() ? draft_ : history_[index]);
  if (!at_start) return;
  buffer_.move_to(0);
  buffer_.end();
}

void LineEditor::older() {
  if (at_entry_ > 0) show_entry(at_entry_ - 1, true);
}

void LineEditor::newer() {
  if (at_entry_ < history_.size()) show_entry(at_entry_ + 1, false);
}

void LineEditor::complete() {
  const Completion found = hooks_.complete(buffer_.text(), buffer_.cursor());
  if (found.choices.empty()) return;
  if (found.choices.size() == 1) {
    buffer_.replace_from(found.from, found.choices.front() + found.behind);
    return;
  }
  const std::string start = common_start(found.choices);
  const std::string so_far = buffer_.text().substr(found.from, buffer_.cursor() - found.from);
  if (start.size() > so_far.size()) {
    buffer_.replace_from(found.from, start);
  } else {
    list(found.choices);
  }
}

void LineEditor::list(const std::vector<std::string>& choices) {
  const size_t shown = std::min(choices.size(), kMostListed);
  size_t width = 0;
  for (size_t i = 0; i < shown; ++i) width = std::max(width, columns_of(choices[i]) + 2);
  const size_t columns = std::max<size_t>(1, (terminal_.size().columns - 1) / width);
  const size_t lines = (shown + columns - 1) / columns;
  std::string out;
  for (size_t line = 0; line < lines; ++line) {
    for (size_t i = line; i < shown; i += lines) {
      out += choices[i];
      if (i + lines < shown) out += std::string(width - columns_of(choices[i]), ' ');
    }
    out += "\r\n";
  }
  if (shown < choices.size()) {
    out += "… and " + std::to_string(choices.size() - shown) + " more\r\n";
  }
  leave_below();
  terminal_.write(out);
}

bool LineEditor::find_back(const std::string& wanted, size_t before) {
  for (size_t i = before; i > 0; --i) {
    const size_t place = history_[i - 1].find(wanted);
    if (place == std::string::npos) continue;
    if (at_entry_ == history_.size()) draft_ = buffer_.text();
    at_entry_ = i - 1;
    buffer_.set(history_[i - 1]);
    buffer_.move_to(place);
    return true;
  }
  return false;
}

Key LineEditor::search() {
  const std::string before = buffer_.text();
  const size_t cursor = buffer_.cursor();
  const size_t entry = at_entry_;
  std::string wanted;
  bool found = true;
  while (true) {
    draw((found ? "(search) " : "(nothing found) ") + on_one_line(wanted) + ": ");
    const Key key = keys_.next();
    switch (key.kind) {
      case KeyKind::kText:
        wanted += key.text;
        found = find_back(wanted, std::min(at_entry_ + 1, history_.size()));
        break;
      case KeyKind::kBackspace:
        wanted.resize(character_before(wanted, wanted.size()));
        found = wanted.empty() || find_back(wanted, history_.size());
        break;
      case KeyKind::kSearch: found = !wanted.empty() && find_back(wanted, at_entry_); break;
      case KeyKind::kNone: break;
      case KeyKind::kGiveUp:
      case KeyKind::kCancel:
        at_entry_ = entry;
        buffer_.set(before);
        buffer_.move_to(cursor);
        return {};
      default: return key;
    }
  }
}

}  // namespace dataflow::cli
