// The values of a KeyedTable: a growable array for each column, as long as there are row numbers.
// The values of a row that is free are zero or empty.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plain_array.h"
#include "state/keyed_table.h"

namespace dataflow::state {

struct TableColumn {
  ValueKind kind;
  // The one of `kind`.
  PlainArray<int64_t> ints;
  PlainArray<double> floats;
  PlainArray<__int128> decimals;
  std::vector<std::string> bytes;

  void grow(size_t rows);
  void clear(RowNumber row);
  // To each row the value of its number among `values`, which are as a delta block holds them. Not
  // for bytes.
  void set_fixed(std::span<const RowNumber> to, const char* values, const uint32_t* numbers);
  size_t memory_bytes() const;  // without what strings hold
};

}  // namespace dataflow::state
