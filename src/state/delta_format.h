// The bytes of a DeltaBlock (docs/state-format.md holds the same description):
//
//   u8 format (1) | u8 version of the table | u16 length of its name, name | u8 columns, u8 kind
//   each u32 rows | u32 x 128: where each key group's rows end | a bit for each row: 1 put, 0
//   erased key lengths | keys | numbers | of each column, for the rows that are put: values u32
//   CRC-32C of all before
//
// Integers are little-endian. Lengths: u8 width (0, 1, 2, 4); of width 0 one u32 that holds for
// all, else one integer of that width each. Numbers: u8 width; 0: one i64 for all; 8: one each.
// Values: i64 and f64 8 bytes, i128 16 bytes, bytes their lengths and then all bytes.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "state/delta_block.h"
#include "state/keyed_table.h"

namespace dataflow::state {

inline constexpr uint8_t kDeltaFormat = 1;

constexpr size_t fixed_width(ValueKind kind) {
  return kind == ValueKind::kBytes ? 0 : kind == ValueKind::kInt128 ? 16 : 8;
}

// A block before it is bytes. Rows are added in the order of their key groups.
struct DeltaRows {
  struct Column {
    std::string values;             // fixed-width values, or all bytes
    std::vector<uint32_t> lengths;  // of bytes
  };

  std::array<uint32_t, kKeyGroups> group_rows{};
  std::vector<bool> put;
  std::vector<uint32_t> key_lengths;
  std::string keys;
  std::vector<int64_t> numbers;
  std::vector<Column> columns;  // as many as the table has
};

DeltaBlock encode_delta(const TableSpec& spec, const DeltaRows& rows);

// Views into a block's bytes, which must outlive it. Everything was checked when it is there; a row
// is a number below rows().
class DeltaReader {
 public:
  // kCorrupt says what does not fit; kUnsupported for a newer format.
  static Result<DeltaReader> open(std::string_view block);
  // Without the checksum at the end: of bytes that were checked, or for a fuzzer.
  static Result<DeltaReader> open_checked(std::string_view body);

  const TableSpec& spec() const { return spec_; }
  uint32_t rows() const { return rows_; }
  // Rows [group_begin(g), group_begin(g + 1)) are those of group g; g is at most kKeyGroups.
  uint32_t group_begin(int group) const { return group_begin_[static_cast<size_t>(group)]; }
  // How many rows before those of the group are put: the index of its first value.
  uint32_t first_put(int group) const { return first_put_[static_cast<size_t>(group)]; }

  bool is_put(uint32_t row) const {
    return (static_cast<uint8_t>(put_bits_[row / 8]) >> (row % 8) & 1) != 0;
  }
  std::string_view key(uint32_t row) const {
    return keys_.substr(key_begin_[row], key_begin_[row + 1] - key_begin_[row]);
  }
  int64_t number(uint32_t row) const;
  // All values of a column of fixed width, one behind the other.
  const char* fixed_values(size_t column) const { return columns_[column].values.data(); }
  // The bytes of a value; `put` counts only the rows that are put.
  std::string_view value(size_t column, uint32_t put) const;

 private:
  struct Column {
    size_t width = 0;  // 0: bytes
    std::string_view values;
    std::vector<uint32_t> begin;  // of bytes
  };

  Status read_body(std::string_view body);

  TableSpec spec_;
  uint32_t rows_ = 0;
  std::array<uint32_t, kKeyGroups + 1> group_begin_{};
  std::array<uint32_t, kKeyGroups + 1> first_put_{};
  std::string_view put_bits_;
  std::string_view keys_;
  std::vector<uint32_t> key_begin_;
  bool one_number_ = false;
  std::string_view numbers_;
  std::vector<Column> columns_;
};

}  // namespace dataflow::state
