// The base: each row of a table under its key, as of the deltas that were folded into it.
//
// Key: (operator, table, u8 key group, key, i64 number). Value: the columns one after the other as
// a delta block holds them, bytes with their u32 length before them; the table's kTable row says
// which columns there are.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "delta_format.h"
#include "job_rows.h"

namespace dataflow::state {

std::string base_prefix(std::string_view operator_id, std::string_view table);

// Gathers base rows, which come in the order of their keys, into blocks.
class BaseBlocks {
 public:
  BaseBlocks(TableSpec spec, size_t prefix_size);

  // `key` begins with the table's prefix. kCorrupt if the row is not one of this table.
  Status add(std::string_view key, std::string_view value);
  size_t rows() const { return rows_.put.size(); }
  size_t bytes() const { return bytes_; }
  DeltaBlock take();

 private:
  Status add_values(std::string_view value);
  void clear();

  const TableSpec spec_;
  const size_t prefix_size_;
  DeltaRows rows_;
  size_t bytes_ = 0;
};

// What several deltas of one table are together: `change` gets each of their keys once, in the
// order of base keys, with the value of the last delta that has it (nullopt: erased).
using BaseChange =
    std::function<Status(std::string_view base_key, const std::optional<std::string>& value)>;
Status merge_deltas(std::span<const DeltaReader> oldest_first, std::string_view prefix,
                    const BaseChange& change);

}  // namespace dataflow::state
