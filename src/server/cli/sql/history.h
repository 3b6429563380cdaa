// What was entered before, over the shells of one user.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace dataflow::cli {

class History {
 public:
  static constexpr size_t kMostEntries = 2000;
  static constexpr size_t kMostBytes = 1 << 20;
  static constexpr size_t kLongestEntry = 64 << 10;

  History() = default;  // without a file
  // An entry a line, `\n` for the line ends in it and `\\` for `\`. The file is its owner's alone.
  // What is beyond the limits is left out, and cut off from the file.
  explicit History(std::string path);

  // Not again what is the last one; nor what begins with a blank, so that secrets can be kept out
  // of it, nor what is too long. To the file at once: another shell may end at any time.
  Status add(const std::string& entry);

  size_t size() const { return entries_.size(); }
  const std::string& operator[](size_t i) const { return entries_[i]; }

 private:
  Status rewrite() const;

  std::string path_;
  std::vector<std::string> entries_;
};

}  // namespace dataflow::cli
