// OrderedRows: rows of state in an order, each found by where it stands and by its place. Not
// state: made anew from it. The rows lie in blocks, so that one that comes or goes moves few
// others.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "state/keyed_table.h"

namespace dataflow::engine {

class OrderedRows {
 public:
  struct Entry {
    uint64_t head;  // order_key_head() of the row's order key
    state::RowNumber row;
    uint32_t mark;  // of the row's bytes: rows with different marks are different
  };
  // Holds until the next change. The end is no entry.
  struct At {
    size_t block = 0, in_block = 0;
    bool operator==(const At&) const = default;
  };

  size_t size() const { return size_; }
  At begin() const { return {}; }
  At end() const { return {blocks_.size(), 0}; }
  const Entry& operator[](At at) const { return blocks_[at.block][at.in_block]; }
  const Entry& back() const { return blocks_.back().back(); }
  At next(At at) const {
    return ++at.in_block < blocks_[at.block].size() ? at : At{at.block + 1, 0};
  }
  // Places count from 0; that of the end is size(), and from there on every place is the end. A
  // place behind `most` may be told as any other one behind it: those far behind are not counted.
  size_t place_of(At at, size_t most = SIZE_MAX) const;
  At at_place(size_t place) const;

  // The first entry of which `before` does not hold, which holds of the first ones only.
  template <class Before>
  At first_not(Before&& before) const {
    const auto block = std::partition_point(blocks_.begin(), blocks_.end(),
                                            [&](const Block& of) { return before(of.back()); });
    if (block == blocks_.end()) return end();
    const auto in_block = std::partition_point(block->begin(), block->end(), before);
    return {static_cast<size_t>(block - blocks_.begin()),
            static_cast<size_t>(in_block - block->begin())};
  }

  // It then stands there, and what stood there right behind it.
  void insert(At at, Entry entry);
  void append(Entry entry) { insert(end(), entry); }
  void erase(At at);
  void pop_back();
  void clear() { *this = {}; }

 private:
  using Block = std::vector<Entry>;  // never empty

  std::vector<Block> blocks_;
  size_t size_ = 0;
};

}  // namespace dataflow::engine
