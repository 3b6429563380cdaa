#include "key_rows.h"

#include <algorithm>
#include <functional>

namespace dataflow::state {

namespace {

constexpr size_t kFirstSlots = 64;
constexpr size_t kLargeSlots = 1 << 20;  // from here on they grow by a quarter
constexpr size_t kDeadKeysWorthCompacting = 64 << 10;

}  // namespace

inline KeyRows::PackedKey KeyRows::pack(std::string_view key) {
  using hash_detail::load4;
  using hash_detail::load8;
  const uint64_t size = key.size();
  if (size > kInline) return {kLong | size << 32, 0};
  const char* from = key.data();
  uint64_t first = 0;
  uint64_t rest = 0;
  if (size >= 8) {
    first = load8(from);
    if (size > 8) rest = load8(from + size - 8) >> (8 * (16 - size));
  } else if (size >= 4) {
    first = load4(from) | load4(from + size - 4) << (8 * (size - 4));
  } else {
    for (uint64_t i = 0; i < size; ++i) first |= uint64_t{static_cast<uint8_t>(from[i])} << (8 * i);
  }
  return {size | first << 8, first >> 56 | rest << 8};
}

inline bool KeyRows::holds(RowNumber row, std::string_view key, PackedKey packed,
                           int64_t number) const {
  const uint64_t* words = row_at(row);
  if (words[0] != packed.low) return false;
  if (stride_ == kWide ? words[2] != static_cast<uint64_t>(number) : number != 0) return false;
  if (key.size() <= kInline) return words[1] == packed.high;
  return std::memcmp(long_keys_.data() + words[1], key.data(), key.size()) == 0;
}

std::string_view KeyRows::key(RowNumber row) const {
  const uint64_t* words = row_at(row);
  const uint64_t size = words[0] & 0xff;
  if (size <= kInline) return {reinterpret_cast<const char*>(words) + 1, size};
  return {long_keys_.data() + words[1], words[0] >> 32};
}

void KeyRows::upsert_block(std::span<const uint64_t> hashes, const std::string_view* keys,
                           const int64_t* numbers, RowNumber* rows, std::vector<RowNumber>& made) {
  reserve_slots(live_ + hashes.size());
  // Three passes, so that the cache misses of a block overlap: slots, then rows, then the work.
  uint64_t tags[kBlock];
  size_t at[kBlock];
  for (size_t i = 0; i < hashes.size(); ++i) {
    tags[i] = tag_of(hashes[i], numbers[i]);
    at[i] = home(tags[i]);
    __builtin_prefetch(&slots_[at[i]]);
  }
  for (size_t i = 0; i < hashes.size(); ++i) {
    while (slots_[at[i]] != 0 && slots_[at[i]] >> 32 != tags[i]) at[i] = next(at[i]);
    if (slots_[at[i]] == 0) continue;
    const uint64_t* row = row_at(row_of(slots_[at[i]]));
    __builtin_prefetch(row);
    __builtin_prefetch(row + stride_ - 1);
  }
  for (size_t i = 0; i < hashes.size(); ++i) {
    const PackedKey packed = pack(keys[i]);
    for (size_t here = at[i];; here = next(here)) {
      const Slot slot = slots_[here];
      if (slot == 0) {
        rows[i] = make(keys[i], packed, numbers[i]);
        slots_[here] = tags[i] << 32 | (rows[i] + 1);
        made.push_back(rows[i]);
        break;
      }
      if (slot >> 32 == tags[i] && holds(row_of(slot), keys[i], packed, numbers[i])) {
        rows[i] = row_of(slot);
        break;
      }
    }
  }
}

std::optional<RowNumber> KeyRows::find(uint64_t hash, std::string_view key, int64_t number) const {
  if (live_ == 0) return std::nullopt;
  const PackedKey packed = pack(key);
  const uint64_t tag = tag_of(hash, number);
  for (size_t at = home(tag); slots_[at] != 0; at = next(at)) {
    const Slot slot = slots_[at];
    if (slot >> 32 == tag && holds(row_of(slot), key, packed, number)) return row_of(slot);
  }
  return std::nullopt;
}

RowNumber KeyRows::make(std::string_view key, PackedKey packed, int64_t number) {
  if (number != 0 && stride_ == kNarrow) widen();
  if (key.size() > kInline) packed = keep_long(key);
  ++live_;
  RowNumber row = end_;
  if (free_ != 0) {
    row = static_cast<RowNumber>(free_ - 1);
    free_ = row_at(row)[1];
  } else {
    ++end_;
    rows_.resize(end_ * stride_);
  }
  uint64_t* words = row_at(row);
  words[0] = packed.low;
  words[1] = packed.high;
  if (stride_ == kWide) words[2] = static_cast<uint64_t>(number);
  return row;
}

KeyRows::PackedKey KeyRows::keep_long(std::string_view key) {
  const size_t at = long_keys_.size();
  // `key` may lie in what moves.
  const auto* begin = long_keys_.data();
  const bool own =
      at > 0 && !std::less<>()(key.data(), begin) && std::less<>()(key.data(), begin + at);
  const size_t from = own ? static_cast<size_t>(key.data() - begin) : 0;
  long_keys_.resize(at + key.size());
  std::memcpy(long_keys_.data() + at, own ? long_keys_.data() + from : key.data(), key.size());
  return {kLong | uint64_t{key.size()} << 32, at};
}

// All rows so far have the number 0.
void KeyRows::widen() {
  PlainArray<uint64_t> wide;
  wide.resize(size_t{end_} * kWide);
  for (size_t row = 0; row < end_; ++row) {
    wide[row * kWide] = rows_[row * kNarrow];
    wide[row * kWide + 1] = rows_[row * kNarrow + 1];
  }
  rows_ = std::move(wide);
  stride_ = kWide;
}

void KeyRows::reserve(size_t rows) {
  if (rows == 0) return;
  const size_t slots = std::max(kFirstSlots, rows * 5 / 4 + 1);
  if (slots > slots_.size()) move_slots(slots);
  rows_.reserve(rows * stride_);
}

void KeyRows::reserve_slots(size_t rows) {
  if (rows * 5 <= slots_.size() * 4) return;
  size_t wanted = std::max(slots_.size(), kFirstSlots);
  while (rows * 5 > wanted * 4) wanted += wanted < kLargeSlots ? wanted : wanted / 4;
  move_slots(wanted);
}

// They move nearly in the order of their tags, from one end to the other, and no row is read.
void KeyRows::move_slots(size_t wanted) {
  PlainArray<Slot> old = std::exchange(slots_, {});
  slots_.reserve(wanted);
  slots_.resize(wanted);
  for (size_t i = 0; i < old.size(); ++i) {
    if (old[i] == 0) continue;
    size_t at = home(old[i] >> 32);
    while (slots_[at] != 0) at = next(at);
    slots_[at] = old[i];
  }
}

void KeyRows::erase(RowNumber row) {
  free_slot_of(row);
  uint64_t* words = row_at(row);
  if ((words[0] & 0xff) == kLong) dead_key_bytes_ += words[0] >> 32;
  words[0] = kFree;
  words[1] = free_;
  free_ = row + 1;
  --live_;
  if (dead_key_bytes_ > kDeadKeysWorthCompacting && dead_key_bytes_ > long_keys_.size() / 2) {
    compact_long_keys();
  }
}

// Without a tombstone: what stands behind the hole and may stand in it moves up.
void KeyRows::free_slot_of(RowNumber row) {
  size_t hole = home(tag_of(hash(row), number(row)));
  while (row_of(slots_[hole]) != row) hole = next(hole);
  for (size_t at = next(hole); slots_[at] != 0; at = next(at)) {
    if (distance(home(slots_[at] >> 32), at) < distance(hole, at)) continue;
    slots_[hole] = slots_[at];
    hole = at;
  }
  slots_[hole] = 0;
}

void KeyRows::compact_long_keys() {
  PlainArray<char> kept;
  kept.reserve(long_keys_.size() - dead_key_bytes_);
  for (RowNumber row = 0; row < end_; ++row) {
    uint64_t* words = row_at(row);
    if ((words[0] & 0xff) != kLong) continue;
    const size_t at = kept.size();
    kept.append(long_keys_.data() + words[1], words[0] >> 32);
    words[1] = at;
  }
  long_keys_ = std::move(kept);
  dead_key_bytes_ = 0;
}

size_t KeyRows::memory_bytes() const {
  return slots_.memory_bytes() + rows_.memory_bytes() + long_keys_.memory_bytes();
}

}  // namespace dataflow::state
