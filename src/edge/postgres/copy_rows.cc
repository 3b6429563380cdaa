// Text and CSV are lines; of both `\.` alone in a line is the end, as PostgreSQL's own scripts have
// it.
#include "copy_rows.h"

#include <algorithm>
#include <utility>

#include "copy_binary.h"
#include "sql_state.h"

namespace dataflow::postgres {
namespace {

constexpr size_t kMostBytes = 64 << 20;

Status bad_format(const std::string& what) { return sql_error(SqlState::kBadCopyFormat, what); }

bool is_octal(char c) { return c >= '0' && c <= '7'; }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// What stands behind a backslash at `i`, which moves to its last character.
char escaped(std::string_view field, size_t& i) {
  constexpr std::string_view kNames = "bfnrtv";
  constexpr std::string_view kLetters = "\b\f\n\r\t\v";
  const char c = field[i];
  if (const size_t at = kNames.find(c); at != std::string_view::npos) return kLetters[at];
  int code = 0;
  if (is_octal(c)) {
    const size_t most = i + 3;
    for (code = c - '0'; i + 1 < field.size() && i + 1 < most && is_octal(field[i + 1]);) {
      code = code * 8 + (field[++i] - '0');
    }
    return static_cast<char>(code);
  }
  if (c != 'x' || i + 1 >= field.size() || hex_digit(field[i + 1]) < 0) return c;
  const size_t most = i + 3;
  while (i + 1 < field.size() && i + 1 < most && hex_digit(field[i + 1]) >= 0) {
    code = code * 16 + hex_digit(field[++i]);
  }
  return static_cast<char>(code);
}

std::string without_escapes(std::string_view field) {
  std::string text;
  for (size_t i = 0; i < field.size(); ++i) {
    if (field[i] == '\\' && i + 1 < field.size()) {
      text += escaped(field, ++i);
    } else {
      text += field[i];
    }
  }
  return text;
}

class CopyLines : public CopyRows {
 public:
  CopyLines(const CopyOptions& options, size_t columns) : options_(options), columns_(columns) {}

  Status feed(std::string_view part, std::vector<CopyFields>& rows) final {
    if (ended_) return {};
    text_ += part;
    while (!ended_ && find_end()) {
      std::string_view line = std::string_view(text_).substr(from_, at_ - from_);
      from_ = ++at_;
      if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
      DF_RETURN_IF_ERROR(take(line, rows));
    }
    text_.erase(0, from_);
    at_ -= from_;
    from_ = 0;
    return text_.size() > kMostBytes ? told(bad_format("a line of over 64 MiB")) : Status();
  }

  Status finish(std::vector<CopyFields>& rows) final {
    if (ended_ || text_.empty()) return {};
    if (is_within_quotes()) return told(bad_format("unterminated CSV quoted field"));
    return take(text_, rows);
  }

 protected:
  // Whether the line goes on behind the next character of it.
  virtual bool goes_on(char c) = 0;
  virtual bool is_within_quotes() const { return false; }
  virtual void split(std::string_view line, CopyFields& fields) = 0;

  const CopyOptions& options() const { return options_; }

 private:
  // Moves to the end of the line that begins at from_; false: it has not come yet.
  bool find_end() {
    for (; at_ < text_.size(); ++at_) {
      if (!goes_on(text_[at_])) return true;
    }
    return false;
  }

  Status take(std::string_view line, std::vector<CopyFields>& rows) {
    ++lines_;
    if (lines_ == 1 && options_.header) return {};
    if (line == "\\.") {
      ended_ = true;
      return {};
    }
    CopyFields fields;
    split(line, fields);
    if (fields.size() > columns_) {
      return told(bad_format("extra data after last expected column"));
    }
    if (fields.size() < columns_) {
      return told(bad_format("missing data: the row has " + std::to_string(fields.size()) + " of " +
                             std::to_string(columns_) + " columns"));
    }
    rows.push_back(std::move(fields));
    return {};
  }

  Status told(Status status) const {
    return status.with_context("COPY, line " + std::to_string(lines_));
  }

  const CopyOptions options_;
  const size_t columns_;
  std::string text_;
  size_t from_ = 0, at_ = 0;
  uint64_t lines_ = 0;
  bool ended_ = false;
};

class CopyText final : public CopyLines {
 public:
  using CopyLines::CopyLines;

 private:
  bool goes_on(char c) override {
    if (std::exchange(behind_backslash_, false)) return true;
    behind_backslash_ = c == '\\';
    return c != '\n';
  }

  void split(std::string_view line, CopyFields& fields) override {
    behind_backslash_ = false;
    for (size_t from = 0;;) {
      size_t end = from;
      while (end < line.size() && line[end] != options().delimiter) {
        end += line[end] == '\\' ? 2 : 1;
      }
      end = std::min(end, line.size());
      const std::string_view field = line.substr(from, end - from);
      if (field == options().null) {
        fields.emplace_back();
      } else {
        fields.emplace_back(without_escapes(field));
      }
      if (end == line.size()) return;
      from = end + 1;
    }
  }

  bool behind_backslash_ = false;
};

class CopyCsv final : public CopyLines {
 public:
  using CopyLines::CopyLines;

 private:
  bool goes_on(char c) override {
    if (std::exchange(escaped_, false)) return true;
    if (c == options().quote) {
      quoted_ = !quoted_;
    } else if (quoted_ && c == options().escape) {
      escaped_ = true;
    }
    return quoted_ || c != '\n';
  }
  bool is_within_quotes() const override { return quoted_; }

  void split(std::string_view line, CopyFields& fields) override {
    for (size_t at = 0;; ++at) {
      bool was_quoted = false;
      std::string field = take_field(line, at, was_quoted);
      if (!was_quoted && field == options().null) {
        fields.emplace_back();
      } else {
        fields.emplace_back(std::move(field));
      }
      if (at >= line.size()) return;
    }
  }

  // Up to the delimiter, which is left, or the end.
  std::string take_field(std::string_view line, size_t& at, bool& was_quoted) const {
    std::string field;
    bool within = false;
    for (; at < line.size(); ++at) {
      const char c = line[at];
      if (!within && c == options().delimiter) break;
      const bool more = at + 1 < line.size();
      if (within && c == options().escape && more &&
          (line[at + 1] == options().quote || line[at + 1] == options().escape)) {
        field += line[++at];
      } else if (c == options().quote) {
        within = !within;
        was_quoted = true;
      } else {
        field += c;
      }
    }
    return field;
  }

  bool quoted_ = false;
  bool escaped_ = false;
};

}  // namespace

std::unique_ptr<CopyRows> make_copy_rows(const CopyOptions& options, size_t columns) {
  switch (options.format) {
    case CopyFormat::kText: return std::make_unique<CopyText>(options, columns);
    case CopyFormat::kCsv: return std::make_unique<CopyCsv>(options, columns);
    case CopyFormat::kBinary: break;
  }
  return std::make_unique<CopyBinary>(columns);
}

}  // namespace dataflow::postgres
