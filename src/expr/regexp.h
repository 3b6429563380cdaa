// Regular expressions. RE2's: they take time in proportion to the text whatever the expression,
// which a server that runs its users' expressions needs; Java's lookaround and back references,
// which nobody can do so, are refused where the expression is bound.
#pragma once

#include <re2/re2.h>

#include <memory>
#include <string_view>

#include "base/status.h"

namespace dataflow::expr {

using Regexp = std::shared_ptr<const re2::RE2>;

// kInvalid says what is wrong with it.
Result<Regexp> make_regexp(std::string_view pattern);
// The expression that SIMILAR TO's pattern stands for.
Result<std::string> similar_to_regexp(std::string_view pattern, std::string_view escape);

struct Match {
  size_t begin = 0;
  size_t end = 0;
};

// The matches one after the other as Java finds them: the next one begins where the last one ended,
// or a character behind it where that was empty.
class Matches {
 public:
  Matches(const re2::RE2& regexp, std::string_view text) : regexp_(regexp), text_(text) {}
  // False: there are no more.
  bool next(Match& match);

 private:
  const re2::RE2& regexp_;
  std::string_view text_;
  size_t from_ = 0;
  bool done_ = false;
};

// Java's String.split(regexp, limit): without a limit (0) no empty texts at the end.
void split_by(const re2::RE2& regexp, std::string_view text, size_t limit,
              std::vector<std::string_view>& out);

}  // namespace dataflow::expr
