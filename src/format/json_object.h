// JsonObject: which field of a row a key means. Rows of one source have their keys in one order, so
// the key that stood here in the last row is tried first.
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "types/type.h"

namespace dataflow::format {

inline constexpr int kUnknownKey = -1;

class JsonObject {
 public:
  explicit JsonObject(const std::vector<Field>& fields);

  // The field of the `position`-th key of an object, as it stands between its quotes; kUnknownKey
  // for none. -2 if the key has a wrong escape.
  int find(size_t position, std::string_view raw_key) {
    if (position < expected_.size()) {
      const Expected& expected = expected_[position];
      if (expected.key.size() == raw_key.size() &&
          std::memcmp(expected.key.data(), raw_key.data(), raw_key.size()) == 0) {
        return expected.field;
      }
    }
    return look_up(position, raw_key);
  }

  // Marks a field of the row at hand; false if it was marked already.
  bool mark(int field) {
    uint64_t& mark = marks_[static_cast<size_t>(field)];
    if (mark == row_) return false;
    mark = row_;
    return true;
  }
  bool is_marked(size_t field) const { return marks_[field] == row_; }
  void next_row() { ++row_; }

 private:
  struct Expected {
    std::string key;
    int field;
  };

  int look_up(size_t position, std::string_view raw_key);

  std::vector<std::string> names_;
  std::vector<Expected> expected_;
  std::vector<uint64_t> marks_;
  uint64_t row_ = 0;
  std::string scratch_;
};

}  // namespace dataflow::format
