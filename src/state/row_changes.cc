#include "row_changes.h"

#include <utility>

namespace dataflow::state {

namespace {

constexpr size_t kStaleWorthSweeping = 1024;

}  // namespace

void RowChanges::erase(RowNumber row, uint64_t hash, std::string_view key, int64_t number) {
  if (!notes_) return;
  const bool unsaved = (unsaved_[row / 64] >> (row % 64) & 1) != 0;
  forget(row);
  if (unsaved) return;
  erased_.push_back({hash, number, erased_keys_.size(), static_cast<uint32_t>(key.size())});
  erased_keys_.append(key);
}

void RowChanges::forget(RowNumber row) {
  if (!notes_) return;
  static_cast<void>(take_bit(unsaved_, row));
  if (!take_bit(changed_, row)) return;
  // A table that nobody takes deltas from makes and erases rows without end.
  if (++stale_ < kStaleWorthSweeping || stale_ * 2 < rows_.size()) return;
  rows_ = take_rows();
  for (const RowNumber kept : rows_) changed_[kept / 64] |= uint64_t{1} << (kept % 64);
}

std::vector<RowNumber> RowChanges::take_rows() {
  size_t kept = 0;
  for (const RowNumber row : rows_) {
    if (take_bit(changed_, row)) rows_[kept++] = row;
  }
  rows_.resize(kept);
  stale_ = 0;
  return std::exchange(rows_, {});
}

void RowChanges::saved(std::span<const RowNumber> rows) {
  for (const RowNumber row : rows) static_cast<void>(take_bit(unsaved_, row));
  erased_.clear();
  erased_keys_.clear();
}

size_t RowChanges::memory_bytes() const {
  return (changed_.capacity() + unsaved_.capacity()) * sizeof(uint64_t) +
         rows_.capacity() * sizeof(RowNumber) + erased_.capacity() * sizeof(Erased) +
         erased_keys_.capacity();
}

}  // namespace dataflow::state
