// What the generator puts into a column. A value hangs on the seed, the column and the row's number
// only: whoever makes a row, and whenever, makes the same one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "options.h"
#include "types/batch.h"

namespace dataflow::connect {

struct ColumnRule {
  enum class Kind : uint8_t {
    kSequence,  // start + row * step
    kRandom,    // between min and max, or text of `length`
    kChoice,    // one of `values`, or of `count` numbers (behind `prefix`, for text)
    kTime,      // event time: start + row * spacing, disordered
  };
  Kind kind = Kind::kRandom;
  Type type;
  uint64_t seed = 0;
  double null_share = 0;

  int64_t start = 0, step = 1;
  double min = 0, max = 0;
  int64_t length = 0;
  std::string prefix;
  std::vector<std::string> values;
  // choice: the share of rows whose value stands at this place or before it; without skew empty
  std::vector<double> shares;
  int64_t count = 0;

  std::optional<int64_t> start_ms;  // none: the moment at which the job first began
  double spacing_us = 0;            // 0: by the rate
  int64_t disorder_ms = 0;
  double late_share = 0;
  int64_t late_by_ms = 0;
};

// Of the options `fields.<column>.<what>`.
Result<ColumnRule> read_column_rule(OptionReader& options, const Field& field, uint64_t seed);

// Rows first, first + stride, …; `began_ms` is what the rule's start is where it has none.
Result<ColumnPtr> generate_column(const ColumnRule& rule, int64_t first, int64_t stride,
                                  int64_t rows, int64_t began_ms);

}  // namespace dataflow::connect
