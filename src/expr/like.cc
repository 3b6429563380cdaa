#include "like.h"

#include "letter_case.h"
#include "utf8.h"

namespace dataflow::expr {

Result<LikePattern> LikePattern::parse(std::string_view pattern, std::string_view escape,
                                       LetterCase letters) {
  if (utf8_length(escape) > 1) return Status::invalid("ESCAPE takes one character");
  LikePattern parsed;
  parsed.letters_ = letters;
  while (!pattern.empty()) {
    size_t n = first_character_bytes(pattern);
    std::string_view c = pattern.substr(0, n);
    pattern.remove_prefix(n);
    if (!escape.empty() && c == escape) {
      n = first_character_bytes(pattern);
      c = pattern.substr(0, n);
      if (c != "%" && c != "_" && c != escape) {
        return Status::invalid("in a LIKE pattern ESCAPE may only stand before %, _ or itself");
      }
      pattern.remove_prefix(n);
      parsed.steps_.push_back({Step::kText, std::string(c)});
    } else if (c == "%") {
      bool again = !parsed.steps_.empty() && parsed.steps_.back().kind == Step::kAnyMany;
      if (!again) parsed.steps_.push_back({Step::kAnyMany, ""});
    } else if (c == "_") {
      parsed.steps_.push_back({Step::kAnyOne, ""});
    } else {
      parsed.steps_.push_back({Step::kText, std::string(c)});
    }
  }
  if (letters == LetterCase::kCounts) return parsed;
  for (Step& step : parsed.steps_) {
    std::string folded;
    append_folded(folded, step.text);
    step.text = std::move(folded);
  }
  return parsed;
}

bool LikePattern::matches(std::string_view text) const {
  if (letters_ == LetterCase::kCounts) return matches_as_written(text);
  std::string folded;
  append_folded(folded, text);
  return matches_as_written(folded);
}

bool LikePattern::matches_as_written(std::string_view text) const {
  constexpr size_t kNone = static_cast<size_t>(-1);
  size_t at = 0;
  size_t step = 0;
  size_t many = kNone;  // the last % seen, and up to where it has eaten
  size_t eaten = 0;
  while (at < text.size()) {
    std::string_view rest = text.substr(at);
    if (step < steps_.size() && steps_[step].kind == Step::kAnyMany) {
      many = step++;
      eaten = at;
    } else if (step < steps_.size() && steps_[step].kind == Step::kAnyOne) {
      at += first_character_bytes(rest);
      ++step;
    } else if (step < steps_.size() && rest.starts_with(steps_[step].text)) {
      at += steps_[step++].text.size();
    } else if (many != kNone) {
      eaten += first_character_bytes(text.substr(eaten));
      at = eaten;
      step = many + 1;
    } else {
      return false;
    }
  }
  while (step < steps_.size() && steps_[step].kind == Step::kAnyMany) ++step;
  return step == steps_.size();
}

}  // namespace dataflow::expr
