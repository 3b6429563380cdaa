// TouchOrder: rows of a table in the order in which they were last touched. Not state: made anew
// from the times that the rows keep.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "memory_of.h"
#include "state/keyed_table.h"

namespace dataflow::engine {

class TouchOrder {
 public:
  using Row = state::RowNumber;
  static constexpr Row kNone = UINT32_MAX;

  Row oldest() const { return oldest_; }  // kNone: there is no row
  // Becomes the newest, whether it was there or not.
  void touch(Row row) {
    if (row >= links_.size()) links_.resize(std::max<size_t>(row + 1, 2 * links_.size()));
    if (row == newest_) return;
    remove(row);
    links_[row] = {newest_, kNone, true};
    (newest_ == kNone ? oldest_ : links_[newest_].next) = row;
    newest_ = row;
  }
  void remove(Row row) {
    if (row >= links_.size() || !links_[row].there) return;
    const Links links = links_[row];
    (links.before == kNone ? oldest_ : links_[links.before].next) = links.next;
    (links.next == kNone ? newest_ : links_[links.next].before) = links.before;
    links_[row].there = false;
  }
  size_t memory_bytes() const { return memory_of(links_); }

 private:
  struct Links {
    Row before = kNone, next = kNone;
    bool there = false;
  };
  std::vector<Links> links_;  // by row
  Row oldest_ = kNone, newest_ = kNone;
};

}  // namespace dataflow::engine
