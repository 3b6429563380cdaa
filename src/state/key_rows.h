// KeyRows: which (key, number) has which row. An open-addressing table of slots over an array of
// rows; a key of at most 12 bytes lies in its row, so that finding one costs two cache lines.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "state/keyed_table.h"

namespace dataflow::state {

class KeyRows {
 public:
  // Rows that upsert_block() takes at once.
  static constexpr size_t kBlock = 64;

  size_t size() const { return live_; }
  // All row numbers are below it, and it only rises.
  RowNumber end() const { return static_cast<RowNumber>(rows_.size()); }
  bool is_live(RowNumber row) const { return row < rows_.size() && rows_[row].key_size != kNoKey; }

  // Rows that are new are put at the end of `made`.
  void upsert_block(std::span<const uint64_t> hashes, const std::string_view* keys,
                    const int64_t* numbers, RowNumber* rows, std::vector<RowNumber>& made);
  std::optional<RowNumber> find(uint64_t hash, std::string_view key, int64_t number) const;
  void erase(RowNumber row);

  std::string_view key(RowNumber row) const { return key_of(rows_[row]); }
  int64_t number(RowNumber row) const { return rows_[row].number; }
  uint64_t hash(RowNumber row) const { return rows_[row].hash; }

  size_t memory_bytes() const;

 private:
  static constexpr uint32_t kNoKey = UINT32_MAX;  // the row is free
  static constexpr uint32_t kInline = 12;

  struct Row {
    uint64_t hash;
    int64_t number;
    uint32_t key_size;
    char key[kInline];  // if it is longer: its first 4 bytes, and where it lies in long_keys_
  };
  // The high half of the mixed hash, and the row number + 1; 0 is free.
  using Slot = uint64_t;

  static uint64_t mix(uint64_t hash, int64_t number) {
    return hash_combine(hash, static_cast<uint64_t>(number));
  }
  static RowNumber row_of(Slot slot) { return static_cast<RowNumber>(slot) - 1; }
  std::string_view key_of(const Row& row) const {
    if (row.key_size <= kInline) return {row.key, row.key_size};
    uint64_t at;
    std::memcpy(&at, row.key + 4, sizeof at);
    return {long_keys_.data() + at, row.key_size};
  }
  bool holds(const Row& row, uint64_t hash, std::string_view key, int64_t number) const;
  RowNumber make(uint64_t hash, std::string_view key, int64_t number);
  void set_key(Row& row, std::string_view key);
  void reserve_slots(size_t rows);
  void free_slot_of(RowNumber row);
  void compact_long_keys();

  std::vector<Slot> slots_;
  size_t mask_ = 0;
  size_t live_ = 0;
  std::vector<Row> rows_;
  std::vector<RowNumber> free_rows_;
  std::vector<char> long_keys_;
  size_t dead_key_bytes_ = 0;
};

}  // namespace dataflow::state
