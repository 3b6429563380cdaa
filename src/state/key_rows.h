// KeyRows: which (key, number) has which row. An open-addressing table of slots over an array of
// rows; a key of at most 15 bytes lies in its row, so that finding one costs two cache lines.
//
// What a key costs: its row of 16 bytes, 8 more in a table that has numbers other than 0, and its
// share of the slots, 8 bytes at a load of 0.64 to 0.8 in a large table. A longer key costs its
// bytes beside that.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "plain_array.h"
#include "state/keyed_table.h"

namespace dataflow::state {

class KeyRows {
 public:
  // Rows that upsert_block() takes at once.
  static constexpr size_t kBlock = 64;

  size_t size() const { return live_; }
  // All row numbers are below it, and it only rises.
  RowNumber end() const { return end_; }
  bool is_live(RowNumber row) const { return row < end_ && (row_at(row)[0] & 0xff) != kFree; }

  // Rows that are new are put at the end of `made`.
  void upsert_block(std::span<const uint64_t> hashes, const std::string_view* keys,
                    const int64_t* numbers, RowNumber* rows, std::vector<RowNumber>& made);
  std::optional<RowNumber> find(uint64_t hash, std::string_view key, int64_t number) const;
  void erase(RowNumber row);
  void reserve(size_t rows);

  std::string_view key(RowNumber row) const;
  int64_t number(RowNumber row) const {
    return stride_ == kNarrow ? 0 : static_cast<int64_t>(row_at(row)[2]);
  }
  uint64_t hash(RowNumber row) const { return hash64(key(row)); }

  size_t memory_bytes() const;

 private:
  // A row's words: byte 0 is the key's size, and the key stands behind it with zeros to byte 16;
  // or byte 0 is kLong, bytes 4 to 8 are the size, bytes 8 to 16 where it lies in long_keys_. The
  // third word is the number. Of a free row byte 0 is kFree; the next free one stands behind it.
  static constexpr uint64_t kInline = 15;
  static constexpr uint64_t kLong = 0xfe;
  static constexpr uint64_t kFree = 0xff;
  static constexpr size_t kNarrow = 2;  // words; without the number
  static constexpr size_t kWide = 3;
  struct PackedKey {
    uint64_t low, high;
  };
  // The row number + 1, or 0 for a free slot, and above it a tag: 32 bits of the mixed hash. Where
  // a slot belongs follows from its tag alone.
  using Slot = uint64_t;

  static uint64_t tag_of(uint64_t hash, int64_t number) {
    return hash_combine(hash, static_cast<uint64_t>(number)) >> 32;
  }
  static RowNumber row_of(Slot slot) { return static_cast<RowNumber>(slot) - 1; }
  static PackedKey pack(std::string_view key);

  size_t home(uint64_t tag) const { return (tag * slots_.size()) >> 32; }
  size_t next(size_t at) const { return at + 1 == slots_.size() ? 0 : at + 1; }
  size_t distance(size_t from, size_t to) const {
    return to >= from ? to - from : to + slots_.size() - from;
  }
  uint64_t* row_at(RowNumber row) { return rows_.data() + row * stride_; }
  const uint64_t* row_at(RowNumber row) const { return rows_.data() + row * stride_; }
  bool holds(RowNumber row, std::string_view key, PackedKey packed, int64_t number) const;
  RowNumber make(std::string_view key, PackedKey packed, int64_t number);
  PackedKey keep_long(std::string_view key);
  void widen();
  void reserve_slots(size_t rows);
  void move_slots(size_t wanted);
  void free_slot_of(RowNumber row);
  void compact_long_keys();

  PlainArray<Slot> slots_;
  size_t live_ = 0;
  size_t stride_ = kNarrow;
  PlainArray<uint64_t> rows_;
  RowNumber end_ = 0;
  uint64_t free_ = 0;  // the first free row + 1
  PlainArray<char> long_keys_;
  size_t dead_key_bytes_ = 0;
};

}  // namespace dataflow::state
