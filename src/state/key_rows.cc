#include "key_rows.h"

#include <algorithm>
#include <utility>

namespace dataflow::state {

namespace {

constexpr size_t kFirstSlots = 64;
constexpr size_t kDeadKeysWorthCompacting = 64 << 10;

// Of equal size; without a call for what most keys are.
inline bool same_bytes(const char* a, const char* b, size_t size) {
  using hash_detail::load4;
  using hash_detail::load8;
  if (size > 16) return std::memcmp(a, b, size) == 0;
  if (size >= 8) return load8(a) == load8(b) && load8(a + size - 8) == load8(b + size - 8);
  if (size >= 4) return load4(a) == load4(b) && load4(a + size - 4) == load4(b + size - 4);
  for (size_t i = 0; i < size; ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

}  // namespace

inline bool KeyRows::holds(const Row& row, uint64_t hash, std::string_view key,
                           int64_t number) const {
  if (row.hash != hash || row.number != number || row.key_size != key.size()) return false;
  return same_bytes(key_of(row).data(), key.data(), key.size());
}

void KeyRows::upsert_block(std::span<const uint64_t> hashes, const std::string_view* keys,
                           const int64_t* numbers, RowNumber* rows, std::vector<RowNumber>& made) {
  reserve_slots(live_ + hashes.size());
  // Three passes, so that the cache misses of a block overlap: slots, then rows, then the work.
  uint64_t mixed[kBlock];
  for (size_t i = 0; i < hashes.size(); ++i) {
    mixed[i] = mix(hashes[i], numbers[i]);
    __builtin_prefetch(&slots_[mixed[i] & mask_]);
  }
  for (size_t i = 0; i < hashes.size(); ++i) {
    const Slot slot = slots_[mixed[i] & mask_];
    if (slot != 0) __builtin_prefetch(&rows_[row_of(slot)]);
  }
  for (size_t i = 0; i < hashes.size(); ++i) {
    const uint64_t tag = mixed[i] >> 32;
    size_t at = mixed[i] & mask_;
    for (;; at = (at + 1) & mask_) {
      const Slot slot = slots_[at];
      if (slot == 0) {
        rows[i] = make(hashes[i], keys[i], numbers[i]);
        slots_[at] = tag << 32 | (rows[i] + 1);
        made.push_back(rows[i]);
        break;
      }
      if (slot >> 32 == tag && holds(rows_[row_of(slot)], hashes[i], keys[i], numbers[i])) {
        rows[i] = row_of(slot);
        break;
      }
    }
  }
}

std::optional<RowNumber> KeyRows::find(uint64_t hash, std::string_view key, int64_t number) const {
  if (live_ == 0) return std::nullopt;
  const uint64_t mixed = mix(hash, number);
  for (size_t at = mixed & mask_; slots_[at] != 0; at = (at + 1) & mask_) {
    const Slot slot = slots_[at];
    if (slot >> 32 == mixed >> 32 && holds(rows_[row_of(slot)], hash, key, number)) {
      return row_of(slot);
    }
  }
  return std::nullopt;
}

RowNumber KeyRows::make(uint64_t hash, std::string_view key, int64_t number) {
  ++live_;
  if (!free_rows_.empty()) {
    const RowNumber row = free_rows_.back();
    free_rows_.pop_back();
    rows_[row].hash = hash;
    rows_[row].number = number;
    set_key(rows_[row], key);
    return row;
  }
  // `key` may lie in a row: it is read before the rows can move.
  Row made{hash, number, 0, {}};
  set_key(made, key);
  rows_.push_back(made);
  return static_cast<RowNumber>(rows_.size() - 1);
}

void KeyRows::set_key(Row& row, std::string_view key) {
  row.key_size = static_cast<uint32_t>(key.size());
  if (key.size() <= kInline) {
    std::copy(key.begin(), key.end(), row.key);
    return;
  }
  const uint64_t at = long_keys_.size();
  if (at + key.size() > long_keys_.capacity()) {
    // Not in place: `key` may lie in the old memory.
    std::vector<char> grown;
    grown.reserve(std::max(2 * long_keys_.capacity(), at + key.size()));
    grown.assign(long_keys_.begin(), long_keys_.end());
    grown.insert(grown.end(), key.begin(), key.end());
    long_keys_.swap(grown);
  } else {
    long_keys_.resize(at + key.size());
    std::memcpy(long_keys_.data() + at, key.data(), key.size());
  }
  std::memcpy(row.key, long_keys_.data() + at, 4);
  std::memcpy(row.key + 4, &at, sizeof at);
}

void KeyRows::reserve_slots(size_t rows) {
  if (rows * 8 <= slots_.size() * 5) return;
  size_t wanted = std::max(slots_.size(), kFirstSlots);
  while (rows * 8 > wanted * 5) wanted *= 2;
  slots_.assign(wanted, 0);
  mask_ = wanted - 1;
  for (RowNumber row = 0; row < rows_.size(); ++row) {
    if (rows_[row].key_size == kNoKey) continue;
    const uint64_t mixed = mix(rows_[row].hash, rows_[row].number);
    size_t at = mixed & mask_;
    while (slots_[at] != 0) at = (at + 1) & mask_;
    slots_[at] = mixed >> 32 << 32 | (row + 1);
  }
}

void KeyRows::erase(RowNumber row) {
  free_slot_of(row);
  Row& erased = rows_[row];
  if (erased.key_size > kInline) dead_key_bytes_ += erased.key_size;
  erased.key_size = kNoKey;
  free_rows_.push_back(row);
  --live_;
  if (dead_key_bytes_ > kDeadKeysWorthCompacting && dead_key_bytes_ > long_keys_.size() / 2) {
    compact_long_keys();
  }
}

// Without a tombstone: what stands behind the hole and may stand in it moves up.
void KeyRows::free_slot_of(RowNumber row) {
  size_t hole = mix(rows_[row].hash, rows_[row].number) & mask_;
  while (row_of(slots_[hole]) != row) hole = (hole + 1) & mask_;
  for (size_t at = (hole + 1) & mask_; slots_[at] != 0; at = (at + 1) & mask_) {
    const Row& other = rows_[row_of(slots_[at])];
    const size_t home = mix(other.hash, other.number) & mask_;
    if (((at - home) & mask_) < ((at - hole) & mask_)) continue;
    slots_[hole] = slots_[at];
    hole = at;
  }
  slots_[hole] = 0;
}

void KeyRows::compact_long_keys() {
  std::vector<char> kept;
  kept.reserve(long_keys_.size() - dead_key_bytes_);
  for (Row& row : rows_) {
    if (row.key_size == kNoKey || row.key_size <= kInline) continue;
    const std::string_view key = key_of(row);
    const uint64_t at = kept.size();
    kept.insert(kept.end(), key.begin(), key.end());
    std::memcpy(row.key + 4, &at, sizeof at);
  }
  long_keys_.swap(kept);
  dead_key_bytes_ = 0;
}

size_t KeyRows::memory_bytes() const {
  return slots_.capacity() * sizeof(Slot) + rows_.capacity() * sizeof(Row) +
         free_rows_.capacity() * sizeof(RowNumber) + long_keys_.capacity();
}

}  // namespace dataflow::state
