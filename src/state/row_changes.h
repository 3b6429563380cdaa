// RowChanges: which rows of a table changed since its last delta, and which keys were erased. Each
// costs a bit and, when it changes, an entry: a delta costs what changed, not what there is.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "state/keyed_table.h"

namespace dataflow::state {

class RowChanges {
 public:
  struct Erased {
    uint64_t hash;
    int64_t number;
    size_t key_at;
    uint32_t key_size;
  };

  // Nothing is noted, and nothing costs anything: no delta will ever be made.
  void note_none() { notes_ = false; }

  // Row numbers are below `rows` from now on.
  void grow(size_t rows) {
    if (!notes_) return;
    changed_.resize((rows + 63) / 64);
    unsaved_.resize((rows + 63) / 64);
  }

  void mark(RowNumber row) {
    if (!notes_) return;
    uint64_t& word = changed_[row / 64];
    const uint64_t bit = uint64_t{1} << (row % 64);
    if ((word & bit) != 0) return;
    word |= bit;
    rows_.push_back(row);
  }
  // The row is new: no delta so far has its key, unless that key was erased since the last one.
  void mark_made(RowNumber row) {
    if (notes_) unsaved_[row / 64] |= uint64_t{1} << (row % 64);
  }

  // A key that no delta has needs no mention.
  void erase(RowNumber row, uint64_t hash, std::string_view key, int64_t number);
  // The same for a row that is taken away by a delta.
  void forget(RowNumber row);

  // The rows that changed and are still there, each once.
  std::vector<RowNumber> take_rows();
  // Each key once; it may have a row again.
  const std::vector<Erased>& erased() const { return erased_; }
  std::string_view key(const Erased& erased) const {
    return std::string_view(erased_keys_).substr(erased.key_at, erased.key_size);
  }
  // A delta has been made of `rows` and the erased keys.
  void saved(std::span<const RowNumber> rows);

  size_t memory_bytes() const;

 private:
  static bool take_bit(std::vector<uint64_t>& bits, RowNumber row) {
    const uint64_t bit = uint64_t{1} << (row % 64);
    const bool was_set = (bits[row / 64] & bit) != 0;
    bits[row / 64] &= ~bit;
    return was_set;
  }

  bool notes_ = true;
  std::vector<uint64_t> changed_;
  std::vector<uint64_t> unsaved_;
  // Every row whose bit is set, and some whose bit no longer is, or that stand here twice.
  std::vector<RowNumber> rows_;
  size_t stale_ = 0;
  std::vector<Erased> erased_;
  std::string erased_keys_;
};

}  // namespace dataflow::state
