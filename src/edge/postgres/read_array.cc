#include "read_array.h"

namespace dataflow::postgres {
namespace {

constexpr std::string_view kBlanks = " \t\n\r\v\f";

void skip_blanks(std::string_view& text) {
  const size_t from = text.find_first_not_of(kBlanks);
  text.remove_prefix(from == std::string_view::npos ? text.size() : from);
}

bool take(std::string_view& text, char sign) {
  if (!text.starts_with(sign)) return false;
  text.remove_prefix(1);
  return true;
}

// "a \"b\"": what a backslash is before stands for itself.
bool take_quoted(std::string_view& text, std::string& out) {
  while (!text.empty()) {
    char c = text.front();
    text.remove_prefix(1);
    if (c == '"') return true;
    if (c == '\\') {
      if (text.empty()) return false;
      c = text.front();
      text.remove_prefix(1);
    }
    out += c;
  }
  return false;
}

bool take_plain(std::string_view& text, std::string& out) {
  while (!text.empty() && text.front() != ',' && text.front() != '}') {
    char c = text.front();
    if (c == '"' || c == '{') return false;
    text.remove_prefix(1);
    if (c == '\\') {
      if (text.empty()) return false;
      c = text.front();
      text.remove_prefix(1);
    }
    out += c;
  }
  const size_t to = out.find_last_not_of(kBlanks);
  out.resize(to == std::string::npos ? 0 : to + 1);
  return !out.empty();
}

bool is_null_word(std::string_view word) {
  constexpr std::string_view kNull = "null";
  if (word.size() != kNull.size()) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    if ((word[i] | 0x20) != kNull[i]) return false;
  }
  return true;
}

}  // namespace

bool split_array(std::string_view text, std::vector<ArrayElement>& out) {
  skip_blanks(text);
  if (!take(text, '{')) return false;
  skip_blanks(text);
  bool more = !take(text, '}');
  while (more) {
    skip_blanks(text);
    std::string element;
    if (take(text, '"')) {
      if (!take_quoted(text, element)) return false;
      out.emplace_back(std::move(element));
    } else {
      if (!take_plain(text, element)) return false;
      const bool null = is_null_word(element);
      out.push_back(null ? ArrayElement() : ArrayElement(std::move(element)));
    }
    skip_blanks(text);
    more = take(text, ',');
    if (!more && !take(text, '}')) return false;
  }
  skip_blanks(text);
  return text.empty();
}

}  // namespace dataflow::postgres
