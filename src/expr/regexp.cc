#include "regexp.h"

#include "utf8.h"

namespace dataflow::expr {

Result<Regexp> make_regexp(std::string_view pattern) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  auto made = std::make_shared<re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
  if (made->ok()) return Regexp(std::move(made));
  return Status::invalid("the regular expression '" + std::string(utf8_substring(pattern, 0, 60)) +
                         "' cannot be read: " + made->error());
}

bool Matches::next(Match& match) {
  if (done_) return false;
  re2::StringPiece found;
  const re2::StringPiece text(text_.data(), text_.size());
  if (!regexp_.Match(text, from_, text_.size(), re2::RE2::UNANCHORED, &found, 1)) {
    done_ = true;
    return false;
  }
  match.begin = static_cast<size_t>(found.data() - text.data());
  match.end = match.begin + found.size();
  from_ = match.end;
  if (match.begin == match.end) {
    done_ = from_ >= text_.size();
    if (!done_) from_ += first_character_bytes(text_.substr(from_));
  }
  return true;
}

void split_by(const re2::RE2& regexp, std::string_view text, size_t limit,
              std::vector<std::string_view>& out) {
  out.clear();
  Matches matches(regexp, text);
  Match match;
  size_t from = 0;
  while ((limit == 0 || out.size() + 1 < limit) && matches.next(match)) {
    if (match.end == 0) continue;  // nothing stands before an empty match at the start
    if (match.begin == text.size() && match.end == match.begin) break;
    out.push_back(text.substr(from, match.begin - from));
    from = match.end;
  }
  if (out.empty()) {
    out.push_back(text);
    return;
  }
  out.push_back(text.substr(from));
  while (limit == 0 && !out.empty() && out.back().empty()) out.pop_back();
}

Result<std::string> similar_to_regexp(std::string_view pattern, std::string_view escape) {
  if (utf8_length(escape) > 1) return Status::invalid("ESCAPE takes one character");
  std::string out = "(?s)^(?:";
  bool within = false;  // brackets
  while (!pattern.empty()) {
    const size_t bytes = first_character_bytes(pattern);
    std::string_view character = pattern.substr(0, bytes);
    pattern.remove_prefix(bytes);
    if (!escape.empty() && character == escape) {
      if (pattern.empty()) return Status::invalid("the pattern ends with its escape");
      const size_t more = first_character_bytes(pattern);
      character = pattern.substr(0, more);
      pattern.remove_prefix(more);
      out += re2::RE2::QuoteMeta(re2::StringPiece(character.data(), character.size()));
      continue;
    }
    if (character == "[" && !within) {
      within = true;
      out += '[';
    } else if (character == "]" && within) {
      within = false;
      out += ']';
    } else if (within) {
      if (character == "[" && pattern.starts_with(":")) {  // a class: [:alpha:]
        const size_t end = pattern.find(":]");
        if (end == std::string_view::npos) return Status::invalid("the pattern's [: has no end");
        out += "[";
        for (const char c : pattern.substr(0, end)) {
          out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        }
        out += ":]";
        pattern.remove_prefix(end + 2);
      } else {
        if (character == "\\" || character == "[") out += '\\';
        out += character;
      }
    } else if (character == "%") {
      out += ".*";
    } else if (character == "_") {
      out += '.';
    } else if (std::string_view("|*+?{}()").find(character) != std::string_view::npos) {
      out += character;
    } else {
      out += re2::RE2::QuoteMeta(re2::StringPiece(character.data(), character.size()));
    }
  }
  return out + ")$";
}

}  // namespace dataflow::expr
