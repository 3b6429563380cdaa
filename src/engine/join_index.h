// JoinIndex: of each join key the rows of state that both sides of a join have, as lists. Not
// state: made anew from it. A key is looked up once for a row of input, for both sides; a row comes
// and goes at the same cost however many its key has.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "key_numbers.h"
#include "state/keyed_table.h"

namespace dataflow::engine {

class JoinIndex {
 public:
  using Row = state::RowNumber;
  using Key = KeyNumbers::Key;
  static constexpr Row kNone = UINT32_MAX;

  // A number for each key, `keys`; valid until it is released.
  void find_keys(std::span<const uint64_t> hashes, std::span<const std::string_view> keys,
                 std::vector<Key>& found);
  // Before rows of these keys are looked at: so that their cache misses overlap.
  void prefetch(std::span<const Key> keys) const;
  // Forgets those of the keys that have no rows, and what else lost its last one.
  void release_unused(std::span<const Key> keys);

  // Puts a side's row at the end of its key's list. Where the row's number stood in a list before
  // (of a row that expired, and whose number is used again) it is taken out there.
  void link(Key key, size_t side, Row row);
  void unlink(size_t side, Row row);
  bool is_linked(size_t side, Row row) const {
    return row < links_[side].size() && links_[side][row].key != kNone;
  }
  Key key_of(size_t side, Row row) const { return links_[side][row].key; }

  Row first(Key key, size_t side) const { return lists_[key][side].first; }
  Row next(size_t side, Row row) const {
    const Link& link = links_[side][row];
    return lists_[link.key][side].last == row ? kNone : link.next;
  }
  // Rows of the side have numbers below it.
  Row end(size_t side) const { return static_cast<Row>(links_[side].size()); }
  void clear();

  // How many rows the side has of the key, equal ones counted each: kept by whoever owns this.
  int64_t& total(Key key, size_t side) { return lists_[key][side].total; }

  size_t memory_bytes() const;

 private:
  struct List {
    Row first = kNone, last = kNone;
    int64_t total = 0;
  };
  using Lists = std::array<List, 2>;
  // Of the first row `previous` says nothing, of the last one `next`.
  struct Link {
    Row previous = kNone, next = kNone;
    Key key = kNone;  // kNone: it is in no list
  };

  void release_if_unused(Key key);

  KeyNumbers keys_;
  std::vector<Lists> lists_;  // by key
  std::array<std::vector<Link>, 2> links_;
  std::vector<Key> emptied_;  // they may have rows again
};

}  // namespace dataflow::engine
