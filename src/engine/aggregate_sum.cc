// SUM and AVG: a sum, and how many values it has.
#include <arrow/array.h>

#include "aggregate.h"
#include "column_values.h"
#include "types/decimal.h"

namespace dataflow::engine {
namespace {

using state::KeyedTable;
using state::RowNumber;
using state::ValueKind;

int64_t wrapping_sum(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}
int64_t wrapping_difference(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}

// Calls put(row, group) for the rows that have a value, and take_back(row, group) for those that
// are taken back from a group that has any. `counts` is how many values each group has.
template <class Put, class TakeBack>
void for_each_value(const arrow::Array& argument, const AggregateRows& rows, int64_t* counts,
                    Put&& put, TakeBack&& take_back) {
  const bool all = argument.null_count() == 0;
  if (rows.signs.empty()) {
    for (size_t i = 0; i < rows.groups.size(); ++i) {
      if (!all && argument.IsNull(rows.rows[i])) continue;
      put(rows.rows[i], rows.groups[i]);
      ++counts[rows.groups[i]];
    }
    return;
  }
  for (size_t i = 0; i < rows.groups.size(); ++i) {
    if (!all && argument.IsNull(rows.rows[i])) continue;
    int64_t& count = counts[rows.groups[i]];
    if (rows.signs[i] > 0) {
      put(rows.rows[i], rows.groups[i]);
      ++count;
    } else if (count > 0) {
      take_back(rows.rows[i], rows.groups[i]);
      --count;
    }
  }
}

// Integers wrap around, as Flink's do; the result is cut to its type.
class IntSum final : public AggregateFunction {
 public:
  IntSum(Type argument, bool average) : type_(std::move(argument)), average_(average) {}

  std::vector<ValueKind> columns() const override { return {ValueKind::kInt64, ValueKind::kInt64}; }

  Status add(KeyedTable& table, size_t first, const AggregateRows& rows) override {
    int64_t* sums = table.ints(first);
    with_ints(type_, *argument_, [&](auto values) {
      for_each_value(
          *argument_, rows, table.ints(first + 1),
          [&](int32_t row, RowNumber group) {
            sums[group] = wrapping_sum(sums[group], values[row]);
          },
          [&](int32_t row, RowNumber group) {
            sums[group] = wrapping_difference(sums[group], values[row]);
          });
    });
    return {};
  }
  Status merge(KeyedTable& into, std::span<const RowNumber> to, KeyedTable& table,
               std::span<const RowNumber> from, size_t first) override {
    for (size_t i = 0; i < to.size(); ++i) {
      int64_t& sum = into.ints(first)[to[i]];
      sum = wrapping_sum(sum, table.ints(first)[from[i]]);
      into.ints(first + 1)[to[i]] += table.ints(first + 1)[from[i]];
    }
    return {};
  }
  Status results(KeyedTable& table, size_t first, std::span<const RowNumber> groups,
                 ColumnWriter& out) const override {
    const int64_t* sums = table.ints(first);
    const int64_t* counts = table.ints(first + 1);
    for (const RowNumber group : groups) {
      if (counts[group] == 0) {
        out.put_null();
      } else {
        out.put_int(average_ ? sums[group] / counts[group] : sums[group]);
      }
    }
    return {};
  }

 private:
  const Type type_;
  const bool average_;
};

class FloatSum final : public AggregateFunction {
 public:
  FloatSum(Type argument, bool average) : type_(std::move(argument)), average_(average) {}

  std::vector<ValueKind> columns() const override {
    return {ValueKind::kFloat64, ValueKind::kInt64};
  }

  Status add(KeyedTable& table, size_t first, const AggregateRows& rows) override {
    double* sums = table.floats(first);
    int64_t* counts = table.ints(first + 1);
    with_floats(type_, *argument_, [&](auto values) {
      for_each_value(
          *argument_, rows, counts,
          [&](int32_t row, RowNumber group) { sums[group] += values[row]; },
          // What rounding left behind goes with the last value.
          [&](int32_t row, RowNumber group) {
            sums[group] = counts[group] == 1 ? 0 : sums[group] - values[row];
          });
    });
    return {};
  }
  Status merge(KeyedTable& into, std::span<const RowNumber> to, KeyedTable& table,
               std::span<const RowNumber> from, size_t first) override {
    for (size_t i = 0; i < to.size(); ++i) {
      into.floats(first)[to[i]] += table.floats(first)[from[i]];
      into.ints(first + 1)[to[i]] += table.ints(first + 1)[from[i]];
    }
    return {};
  }
  Status results(KeyedTable& table, size_t first, std::span<const RowNumber> groups,
                 ColumnWriter& out) const override {
    const double* sums = table.floats(first);
    const int64_t* counts = table.ints(first + 1);
    for (const RowNumber group : groups) {
      if (counts[group] == 0) {
        out.put_null();
      } else {
        out.put_float(average_ ? sums[group] / static_cast<double>(counts[group]) : sums[group]);
      }
    }
    return {};
  }

 private:
  const Type type_;
  const bool average_;
};

// Exact: 192 bits, of which the highest 64 are the second column. A sum (in the end, not on the
// way) of more than 38 digits is NULL, and so is its mean.
class DecimalSum final : public AggregateFunction {
 public:
  DecimalSum(const Type& argument, const Type& result, bool average)
      : digits_more_(result.scale() - argument.scale()), average_(average) {}

  std::vector<ValueKind> columns() const override {
    return {ValueKind::kInt128, ValueKind::kInt64, ValueKind::kInt64};
  }

  Status add(KeyedTable& table, size_t first, const AggregateRows& rows) override {
    Int128* sums = table.decimals(first);
    int64_t* highs = table.ints(first + 1);
    const DecimalValues values(*argument_);
    const auto add_value = [&](Int128 value, RowNumber group) {
      add_to(sums[group], highs[group], value, value < 0 ? -1 : 0);
    };
    for_each_value(
        *argument_, rows, table.ints(first + 2),
        [&](int32_t row, RowNumber group) { add_value(values[row], group); },
        [&](int32_t row, RowNumber group) { add_value(-values[row], group); });
    return {};
  }
  Status merge(KeyedTable& into, std::span<const RowNumber> to, KeyedTable& table,
               std::span<const RowNumber> from, size_t first) override {
    for (size_t i = 0; i < to.size(); ++i) {
      add_to(into.decimals(first)[to[i]], into.ints(first + 1)[to[i]],
             table.decimals(first)[from[i]], table.ints(first + 1)[from[i]]);
      into.ints(first + 2)[to[i]] += table.ints(first + 2)[from[i]];
    }
    return {};
  }
  Status results(KeyedTable& table, size_t first, std::span<const RowNumber> groups,
                 ColumnWriter& out) const override {
    for (const RowNumber group : groups) {
      const Int128 sum = table.decimals(first)[group];
      const int64_t count = table.ints(first + 2)[group];
      const bool fits = table.ints(first + 1)[group] == (sum < 0 ? -1 : 0) &&
                        fits_precision(sum, kMaxDecimalPrecision);
      if (count == 0 || !fits) {
        out.put_null();
      } else if (!average_) {
        out.put_decimal(sum);
      } else {
        put_mean(sum, count, out);
      }
    }
    return {};
  }

 private:
  static void add_to(Int128& low, int64_t& high, Int128 more_low, int64_t more_high) {
    using Unsigned = unsigned __int128;
    const Unsigned sum = static_cast<Unsigned>(low) + static_cast<Unsigned>(more_low);
    const int64_t carry = sum < static_cast<Unsigned>(low) ? 1 : 0;
    low = static_cast<Int128>(sum);
    high = wrapping_sum(high, wrapping_sum(more_high, carry));
  }

  // Digit by digit behind the point, so that nothing overflows; half up at the last.
  void put_mean(Int128 sum, int64_t count, ColumnWriter& out) const {
    const bool negative = sum < 0;
    const Int128 size = negative ? -sum : sum;
    Int128 mean = size / count;
    Int128 rest = size % count;
    for (int i = 0; i < digits_more_; ++i) {
      rest *= 10;
      if (!fits_precision(mean, kMaxDecimalPrecision - 1)) return out.put_null();
      mean = mean * 10 + rest / count;
      rest %= count;
    }
    if (2 * rest >= count) ++mean;
    if (!fits_precision(mean, kMaxDecimalPrecision)) return out.put_null();
    out.put_decimal(negative ? -mean : mean);
  }

  const int digits_more_;
  const bool average_;
};

}  // namespace

std::unique_ptr<AggregateFunction> make_sum(const Type& argument, const Type& result,
                                            bool average) {
  if (argument.is_float()) return std::make_unique<FloatSum>(argument, average);
  if (argument.is_integer()) return std::make_unique<IntSum>(argument, average);
  if (argument.id() == TypeId::kDecimal) {
    return std::make_unique<DecimalSum>(argument, result, average);
  }
  return nullptr;
}

}  // namespace dataflow::engine
