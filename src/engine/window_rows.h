// WindowRows: the rows of one side of a join in one window, which are sorted by key when the window
// is over. Not state: made anew from it.
#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "state/keyed_table.h"

namespace dataflow::engine {

struct WindowKey {
  uint64_t hash;
  std::string_view key;
};

class WindowRows {
 public:
  using Row = state::RowNumber;
  struct Entry {
    uint64_t hash;  // of its key
    Row row;
  };

  size_t size() const { return rows_.size() + late_.size(); }
  void add(uint64_t hash, Row row) { rows_.push_back({hash, row}); }
  // By key; equal ones stand together.
  void sort(const state::KeyedTable& table);
  // Once sorted: rows that come late are found as well, but stand in no order.
  void add_to_sorted(uint64_t hash, Row row);
  // Once sorted: puts the rows of the key at the end of `found`.
  void find(const state::KeyedTable& table, const WindowKey& key, std::vector<Row>& found) const;

  // Those that were there when it was sorted.
  std::span<const Entry> sorted() const { return rows_; }
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const Entry& entry : rows_) visit(entry.row);
    for (const Entry& entry : late_) visit(entry.row);
  }

 private:
  static void put_if_of(const state::KeyedTable& table, const WindowKey& key, const Entry& entry,
                        std::vector<Row>& found);

  std::vector<Entry> rows_;
  std::vector<Entry> late_;  // few; merged into the others now and then
};

// The keys of sorted rows, one after the other.
class KeyRuns {
 public:
  KeyRuns(const WindowRows& rows, const state::KeyedTable& table);

  bool at_end() const { return run_.empty(); }
  std::span<const state::RowNumber> rows() const { return run_; }
  // One that is at its end is behind all keys.
  std::strong_ordering compare(const KeyRuns& other) const;
  void next();

 private:
  const state::KeyedTable& table_;
  std::span<const WindowRows::Entry> left_;
  WindowKey key_{};
  std::vector<state::RowNumber> run_;
};

}  // namespace dataflow::engine
