// KeyNumbers: a small number for each key that an index has something of, found for a whole batch
// at once. Not state: who keeps one makes it anew.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "state/keyed_table.h"

namespace dataflow::engine {

class KeyNumbers {
 public:
  using Key = state::RowNumber;

  KeyNumbers() : keys_({"keys", 1, {}}) {}

  // The keys' numbers, below limit(); a new one where a key has none.
  void find(std::span<const uint64_t> hashes, std::span<const std::string_view> keys,
            std::vector<Key>& found);
  size_t limit() const { return used_.size(); }
  bool is_used(Key key) const { return used_[key] != 0; }
  // The number may be another key's from now on.
  void release(Key key);
  void clear();

  size_t memory_bytes() const;

 private:
  state::KeyedTable keys_;
  std::vector<uint8_t> used_;  // by number
  std::vector<int64_t> zeros_;
  std::vector<Key> made_;
};

}  // namespace dataflow::engine
