#include "cli/json_events.h"

#include <nlohmann/json.hpp>

namespace dataflow::cli {
namespace {

constexpr size_t kMaxValueBytes = 64 << 20;

bool is_space(int c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

class JsonEvents final : public EventReader {
 public:
  explicit JsonEvents(ByteSource& source) : in_(source) {}

  Result<bool> next(InputEvent& event) override;
  uint64_t bytes_taken() const override { return in_.bytes_taken(); }

 private:
  // The next character that is no white space; -1 at the end.
  Result<int> skip_space();
  // In an array: what stands between two elements. False at its end.
  Result<bool> take_separator(InputEvent& event);
  Status take_value(InputEvent& event);
  Status take_string(std::string& out, bool& ended);
  Status take_bracketed(InputEvent& event);
  Status take_word(InputEvent& event);

  CharReader in_;
  bool started_ = false;
  bool array_ = false;
  bool first_ = true;
  bool done_ = false;
};

Result<int> JsonEvents::skip_space() {
  while (true) {
    DF_ASSIGN_OR_RETURN(int next, in_.peek());
    if (!is_space(next)) return next;
    in_.take();
  }
}

Result<bool> JsonEvents::take_separator(InputEvent& event) {
  DF_ASSIGN_OR_RETURN(int next, skip_space());
  if (next == ']') {
    in_.take();
    done_ = true;
    DF_ASSIGN_OR_RETURN(int behind, skip_space());
    if (behind < 0) return false;
    event.line = in_.line();
    event.problem = "something follows the end of the array; nothing behind it was read";
    return true;
  }
  if (next < 0) {
    done_ = true;
    event.line = in_.line();
    event.problem = "the file ends before the array does: its ']' is missing";
    return true;
  }
  if (first_) return true;
  if (next == ',') {
    in_.take();
    DF_ASSIGN_OR_RETURN(next, skip_space());
    if (next == ']' || next == ',') {
      event.line = in_.line();
      event.problem = "an element is missing behind a comma";
    }
    return true;
  }
  event.problem = "a comma is missing before this element";
  return true;
}

Result<bool> JsonEvents::next(InputEvent& event) {
  event = {};
  if (done_) return false;
  if (!started_) {
    started_ = true;
    DF_RETURN_IF_ERROR(in_.skip_mark());
    DF_ASSIGN_OR_RETURN(int opening, skip_space());
    array_ = opening == '[';
    if (array_) in_.take();
  }
  if (array_) {
    DF_ASSIGN_OR_RETURN(bool more, take_separator(event));
    if (!more) return false;
    first_ = false;
    const bool no_value = done_ || event.line > 0;
    if (no_value) return true;
  }
  DF_ASSIGN_OR_RETURN(int next, skip_space());
  if (next < 0) return false;
  event.line = in_.line();
  const std::string earlier = event.problem;
  DF_RETURN_IF_ERROR(take_value(event));
  if (!earlier.empty()) {
    event.problem = earlier;
  } else if (event.problem.empty()) {
    event.problem = json_problem(event.value);
  }
  return true;
}

Status JsonEvents::take_value(InputEvent& event) {
  DF_ASSIGN_OR_RETURN(int first, in_.peek());
  if (first == '{' || first == '[') return take_bracketed(event);
  if (first == '"') {
    bool ended = false;
    DF_RETURN_IF_ERROR(take_string(event.value, ended));
    if (ended) event.problem = "the file ends within this text";
    return {};
  }
  return take_word(event);
}

// With its quotes. `ended`: the file did so first.
Status JsonEvents::take_string(std::string& out, bool& ended) {
  in_.take();
  out += '"';
  while (true) {
    DF_ASSIGN_OR_RETURN(int next, in_.peek());
    ended = next < 0;
    if (ended) return {};
    in_.take();
    out += static_cast<char>(next);
    if (next == '"') return {};
    if (next == '\\') {
      DF_ASSIGN_OR_RETURN(int escaped, in_.peek());
      if (escaped >= 0) {
        in_.take();
        out += static_cast<char>(escaped);
      }
    }
    if (out.size() > kMaxValueBytes)
      return Status::too_large("line " + std::to_string(in_.line()) + ": a value is over 64 MiB");
  }
}

Status JsonEvents::take_bracketed(InputEvent& event) {
  int depth = 0;
  while (true) {
    DF_ASSIGN_OR_RETURN(int next, in_.peek());
    if (next < 0) {
      event.problem = "the file ends within this value";
      return {};
    }
    if (next == '"') {
      bool ended = false;
      DF_RETURN_IF_ERROR(take_string(event.value, ended));
      continue;
    }
    in_.take();
    if (is_space(next)) continue;
    event.value += static_cast<char>(next);
    if (next == '{' || next == '[') ++depth;
    if (next == '}' || next == ']') --depth;
    if (depth == 0) return {};
    if (event.value.size() > kMaxValueBytes) {
      return Status::too_large("the value that begins in line " + std::to_string(event.line) +
                               " is over 64 MiB");
    }
  }
}

// A number or a word such as true, and anything else that does not belong there.
Status JsonEvents::take_word(InputEvent& event) {
  while (true) {
    DF_ASSIGN_OR_RETURN(int next, in_.peek());
    const bool ends = next < 0 || is_space(next) || next == ',' || next == ']';
    if (ends && !event.value.empty()) return {};
    if (next < 0) return {};
    in_.take();
    event.value += static_cast<char>(next);
    if (event.value.size() > kMaxValueBytes) {
      return Status::too_large("the value that begins in line " + std::to_string(event.line) +
                               " is over 64 MiB");
    }
  }
}

// Without what the library says of itself: "[json.exception.parse_error.101] parse error at …:
// words".
std::string plain_words(const std::string& what) {
  const size_t at = what.find("parse error at ");
  if (at == std::string::npos) return what;
  const size_t column = what.find("column ", at);
  const size_t colon = what.find(": ", at);
  if (colon == std::string::npos) return what;
  std::string words = what.substr(colon + 2);
  const std::string_view lead = "syntax error while parsing value - ";
  if (words.starts_with(lead)) words.erase(0, lead.size());
  if (column == std::string::npos || column > colon) return words;
  return "at " + what.substr(column, colon - column) + ": " + words;
}

}  // namespace

std::unique_ptr<EventReader> json_events(ByteSource& source) {
  return std::make_unique<JsonEvents>(source);
}

std::string json_problem(const std::string& text) {
  if (nlohmann::json::accept(text)) return {};
  try {
    const auto parsed = nlohmann::json::parse(text);
    if (parsed.is_discarded()) return "it is not JSON";
  } catch (const nlohmann::json::exception& e) {
    return "it is not JSON: " + plain_words(e.what());
  }
  return "it is not JSON";
}

}  // namespace dataflow::cli
