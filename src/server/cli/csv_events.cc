#include "cli/csv_events.h"

#include <set>
#include <vector>

#include "cli/document.h"
#include "cli/terminal.h"

namespace dataflow::cli {
namespace {

constexpr const char* kNotUtf8 =
    "it is not UTF-8; convert the file first:  iconv -f WINDOWS-1252 -t UTF-8 FILE";
constexpr size_t kMaxRowBytes = 64 << 20;

struct Field {
  std::string text;
  bool quoted = false;
};

// As JSON allows it: no leading zero, no plus; and short enough to survive as a number everywhere.
bool is_json_number(std::string_view text) {
  constexpr size_t kSafeDigits = 15;
  size_t digits = 0;
  size_t i = text.starts_with('-') ? 1 : 0;
  const size_t whole = i;
  const auto take_digits = [&] {
    const size_t from = i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
    digits += i - from;
    return i > from;
  };
  if (!take_digits()) return false;
  if (text[whole] == '0' && i - whole > 1) return false;
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (!take_digits()) return false;
  }
  return i == text.size() && digits <= kSafeDigits;
}

class CsvEvents final : public EventReader {
 public:
  CsvEvents(ByteSource& source, bool texts) : in_(source), texts_(texts) {}

  Result<bool> next(InputEvent& event) override {
    event = {};
    if (!started_) {
      started_ = true;
      DF_RETURN_IF_ERROR(in_.skip_mark());
      DF_ASSIGN_OR_RETURN(bool heading, take_row(event));
      if (!heading) return false;
      DF_RETURN_IF_ERROR(check_heading());
    }
    DF_ASSIGN_OR_RETURN(bool more, take_row(event));
    if (!more) return false;
    if (!event.problem.empty()) return true;
    if (row_.size() != names_.size()) {
      event.problem = "it has " + plural(static_cast<int64_t>(row_.size()), "field") +
                      " where the heading has " + std::to_string(names_.size());
      return true;
    }
    for (const Field& field : row_) {
      if (!is_utf8(field.text)) event.problem = kNotUtf8;
    }
    if (event.problem.empty()) write_object(event.value);
    return true;
  }
  uint64_t bytes_taken() const override { return in_.bytes_taken(); }

 private:
  // Rows without anything in them are skipped. False at the end.
  Result<bool> take_row(InputEvent& event);
  Result<bool> take_field(InputEvent& event);
  Status take_quoted(Field& field, InputEvent& event);
  Status check_heading();
  void write_object(std::string& out) const;

  CharReader in_;
  const bool texts_;
  bool started_ = false;
  std::vector<std::string> names_;
  std::vector<Field> row_;
};

Result<bool> CsvEvents::take_row(InputEvent& event) {
  while (true) {
    row_.clear();
    event.line = in_.line();
    DF_ASSIGN_OR_RETURN(int next, in_.peek());
    if (next < 0) return false;
    bool more = true;
    while (more) {
      DF_ASSIGN_OR_RETURN(more, take_field(event));
    }
    if (row_.size() > 1 || row_[0].quoted || !row_[0].text.empty()) return true;
  }
}

// True if another field of the row follows.
Result<bool> CsvEvents::take_field(InputEvent& event) {
  Field& field = row_.emplace_back();
  DF_ASSIGN_OR_RETURN(int first, in_.peek());
  if (first == '"') DF_RETURN_IF_ERROR(take_quoted(field, event));
  while (true) {
    DF_ASSIGN_OR_RETURN(int next, in_.peek());
    if (next < 0) return false;
    in_.take();
    if (next == ',') return true;
    if (next == '\n') {
      if (!field.quoted && field.text.ends_with('\r')) field.text.pop_back();
      return false;
    }
    if (field.quoted) {
      if (next != '\r' && event.problem.empty())
        event.problem = "something follows a field's closing quote";
    } else {
      field.text += static_cast<char>(next);
    }
    if (field.text.size() > kMaxRowBytes)
      return Status::too_large("line " + std::to_string(event.line) + ": a field is over 64 MiB");
  }
}

Status CsvEvents::take_quoted(Field& field, InputEvent& event) {
  in_.take();
  field.quoted = true;
  while (true) {
    DF_ASSIGN_OR_RETURN(int next, in_.peek());
    if (next < 0) {
      event.problem = "the file ends within quotes";
      return {};
    }
    in_.take();
    if (next == '"') {
      DF_ASSIGN_OR_RETURN(int behind, in_.peek());
      if (behind != '"') return {};
      in_.take();
    }
    field.text += static_cast<char>(next);
    if (field.text.size() > kMaxRowBytes)
      return Status::too_large("line " + std::to_string(event.line) + ": a field is over 64 MiB");
  }
}

Status CsvEvents::check_heading() {
  std::set<std::string> seen;
  for (const Field& field : row_) {
    if (field.text.empty())
      return Status::invalid("the CSV file's heading has a column without a name");
    if (!seen.insert(field.text).second) {
      return Status::invalid("the CSV file's heading names \"" + field.text + "\" twice");
    }
    if (!is_utf8(field.text)) {
      return Status::invalid(std::string("the CSV file's heading: ") + kNotUtf8);
    }
    names_.push_back(field.text);
  }
  return {};
}

void CsvEvents::write_object(std::string& out) const {
  out = "{";
  for (size_t i = 0; i < names_.size(); ++i) {
    if (i > 0) out += ',';
    append_json_string(out, names_[i]);
    out += ':';
    const Field& field = row_[i];
    const bool bare = !field.quoted && !texts_;
    if (bare && field.text.empty()) {
      out += "null";
    } else if (bare &&
               (is_json_number(field.text) || field.text == "true" || field.text == "false")) {
      out += field.text;
    } else {
      append_json_string(out, field.text);
    }
  }
  out += '}';
}

}  // namespace

std::unique_ptr<EventReader> csv_events(ByteSource& source, bool texts) {
  return std::make_unique<CsvEvents>(source, texts);
}

}  // namespace dataflow::cli
