// Variances and standard deviations: the count, the mean and the sum of squared differences from
// it, by Welford's recurrence, merged as Chan's. Numerically sound where sums of squares are not.
#include <arrow/array.h>

#include <algorithm>
#include <cmath>

#include "aggregate.h"
#include "column_values.h"
#include "types/decimal.h"

namespace dataflow::engine {
namespace {

using state::KeyedTable;
using state::RowNumber;
using state::ValueKind;

class MomentFunction final : public AggregateFunction {
 public:
  MomentFunction(Type argument, const Type& result, Moment moment)
      : type_(std::move(argument)), result_(result), moment_(moment) {}

  std::vector<ValueKind> columns() const override {
    return {ValueKind::kInt64, ValueKind::kFloat64, ValueKind::kFloat64};
  }

  Status add(KeyedTable& table, size_t first, const AggregateRows& rows) override {
    const auto add_all = [&](auto values) {
      int64_t* counts = table.ints(first);
      double* means = table.floats(first + 1);
      double* squares = table.floats(first + 2);
      for (size_t i = 0; i < rows.groups.size(); ++i) {
        if (argument_->IsNull(rows.rows[i])) continue;
        const RowNumber group = rows.groups[i];
        const double value = values(rows.rows[i]);
        if (rows.sign(i) < 0) {
          take_back(value, counts[group], means[group], squares[group]);
          continue;
        }
        const double from_old = value - means[group];
        means[group] += from_old / static_cast<double>(++counts[group]);
        squares[group] += from_old * (value - means[group]);
      }
    };
    if (type_.is_float()) {
      with_floats(type_, *argument_,
                  [&](auto values) { add_all([&](int32_t row) { return values[row]; }); });
    } else if (type_.id() == TypeId::kDecimal) {
      const DecimalValues values(*argument_);
      const auto unit = static_cast<double>(power_of_ten(type_.scale()));
      add_all([&](int32_t row) { return static_cast<double>(values[row]) / unit; });
    } else {
      with_ints(type_, *argument_, [&](auto values) {
        add_all([&](int32_t row) { return static_cast<double>(values[row]); });
      });
    }
    return {};
  }

  Status merge(KeyedTable& into, std::span<const RowNumber> to, KeyedTable& table,
               std::span<const RowNumber> from, size_t first) override {
    for (size_t i = 0; i < to.size(); ++i) {
      const int64_t more = table.ints(first)[from[i]];
      if (more == 0) continue;
      int64_t& count = into.ints(first)[to[i]];
      double& mean = into.floats(first + 1)[to[i]];
      const auto had = static_cast<double>(count);
      const auto added = static_cast<double>(more);
      const double apart = table.floats(first + 1)[from[i]] - mean;
      count += more;
      mean += apart * added / static_cast<double>(count);
      into.floats(first + 2)[to[i]] += table.floats(first + 2)[from[i]] +
                                       apart * apart * had * added / static_cast<double>(count);
    }
    return {};
  }

  Status results(KeyedTable& table, size_t first, std::span<const RowNumber> groups,
                 ColumnWriter& out) const override {
    for (const RowNumber group : groups) {
      const int64_t count = table.ints(first)[group];
      const int64_t over = moment_.sample ? count - 1 : count;
      if (over <= 0) {
        out.put_null();
        continue;
      }
      const double variance = table.floats(first + 2)[group] / static_cast<double>(over);
      put(moment_.root ? std::sqrt(variance) : variance, out);
    }
    return {};
  }

 private:
  // The recurrence backwards. What rounding leaves is never less than nothing, and is none where
  // one value is left.
  static void take_back(double value, int64_t& count, double& mean, double& squares) {
    if (count == 0) return;
    if (--count == 0) {
      mean = 0;
      squares = 0;
      return;
    }
    const double from_old = value - mean;
    mean -= from_old / static_cast<double>(count);
    squares = count == 1 ? 0 : squares - from_old * (value - mean);
    if (squares < 0) squares = 0;  // NaN stays
  }

  void put(double value, ColumnWriter& out) const {
    if (result_.is_float()) return out.put_float(value);
    if (result_.id() == TypeId::kDecimal) {
      const double unscaled =
          std::round(value * static_cast<double>(power_of_ten(result_.scale())));
      if (!(unscaled < static_cast<double>(power_of_ten(kMaxDecimalPrecision)))) {
        return out.put_null();
      }
      return out.put_decimal(static_cast<Int128>(unscaled));
    }
    // Integers are cut off, as by AVG; but what only rounding keeps from a whole number is that.
    const double whole = std::round(value);
    const bool is_whole = std::abs(value - whole) < kRoundingError * std::max(1.0, value);
    const double cut = is_whole ? whole : std::trunc(value);
    constexpr double kAboveInt64 = 9223372036854775808.0;
    if (!(cut < kAboveInt64)) return out.put_null();
    out.put_int(static_cast<int64_t>(cut));
  }

  static constexpr double kRoundingError = 1e-9;

  const Type type_;
  const Type result_;
  const Moment moment_;
};

}  // namespace

std::unique_ptr<AggregateFunction> make_moment(const Type& argument, const Type& result,
                                               Moment moment) {
  if (!argument.is_numeric()) return nullptr;
  return std::make_unique<MomentFunction>(argument, result, moment);
}

}  // namespace dataflow::engine
