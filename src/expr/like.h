// LIKE's patterns.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace dataflow::expr {

class LikePattern {
 public:
  // `escape` is one character, or empty for none. kInvalid if it stands before an ordinary one.
  static Result<LikePattern> parse(std::string_view pattern, std::string_view escape);

  // In time proportional to text times pattern at most; usually to the text.
  bool matches(std::string_view text) const;

 private:
  struct Step {
    enum Kind { kText, kAnyOne, kAnyMany } kind;
    std::string text;  // one character
  };
  std::vector<Step> steps_;
};

}  // namespace dataflow::expr
