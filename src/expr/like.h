// LIKE's patterns.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace dataflow::expr {

enum class LetterCase : uint8_t { kCounts, kIgnored };

class LikePattern {
 public:
  // `escape` is one character, or empty for none. kInvalid if it stands before an ordinary one.
  static Result<LikePattern> parse(std::string_view pattern, std::string_view escape,
                                   LetterCase letters = LetterCase::kCounts);

  // In time proportional to text times pattern at most; usually to the text.
  bool matches(std::string_view text) const;

 private:
  struct Step {
    enum Kind { kText, kAnyOne, kAnyMany } kind;
    std::string text;  // one character
  };
  bool matches_as_written(std::string_view text) const;

  std::vector<Step> steps_;
  LetterCase letters_ = LetterCase::kCounts;
};

}  // namespace dataflow::expr
