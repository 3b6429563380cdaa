// OrderKeys: where each row of a batch stands in an order, as bytes: of two rows the one whose
// bytes are less (memcmp) stands first, and rows that stand at one place have equal bytes. No key
// is the beginning of another one, so that keys may be followed by anything.
//
// For each column in turn a byte: 0 for NULL that stands first, 1 for a value, 2 for NULL that
// stands last. Then the value, most significant byte first: integers, dates, times, intervals and
// decimals in their Arrow width with the sign bit turned over; floats with the sign bit turned
// over, and of negative ones all bits (-0.0 is 0.0, all NaNs are one, which is the greatest);
// booleans a byte; strings and bytes with 0xff behind each 0, and two 0 at their end. Descending:
// all bits of the value turned over.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "plan/spec.h"
#include "types/batch.h"

namespace dataflow::engine {

struct OrderKeyColumn {
  size_t column = 0;
  bool descending = false;
  bool nulls_first = false;
};

Result<std::vector<OrderKeyColumn>> order_key_columns(const std::vector<plan::OrderColumn>& order,
                                                      const Schema& schema);

class OrderKeys {
 public:
  // Columns of types with an order (plan::is_ordered). None: all rows stand at one place.
  explicit OrderKeys(std::vector<OrderKeyColumn> columns) : columns_(std::move(columns)) {}

  void read(const Batch& batch);
  // Valid until the next read().
  std::span<const std::string_view> keys() const { return keys_; }

 private:
  void measure(const Batch& batch);

  const std::vector<OrderKeyColumn> columns_;
  std::string arena_;
  std::vector<size_t> at_;  // where each row's next value is written
  std::vector<std::string_view> keys_;
};

// A key's beginning as a number: keys whose numbers differ stand as these do, of those with equal
// ones the bytes say how. All eight bytes are of the first column's value.
uint64_t order_key_head(std::string_view key);

}  // namespace dataflow::engine
