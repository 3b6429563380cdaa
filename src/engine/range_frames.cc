#include "range_frames.h"

#include <arrow/array.h>

#include <algorithm>
#include <cmath>
#include <compare>
#include <limits>
#include <optional>

#include "column_values.h"
#include "plan/over_function.h"
#include "window_time.h"

namespace dataflow::engine {
namespace {

constexpr int64_t kMicrosInMilli = 1000;
constexpr int64_t kMicrosInDay = 86'400'000'000;

double moved(double value, double by) { return value + by; }
Int128 moved(Int128 value, Int128 by) {
  Int128 sum = 0;
  if (!__builtin_add_overflow(value, by, &sum)) return sum;
  return by > 0 ? std::numeric_limits<Int128>::max() : std::numeric_limits<Int128>::min();
}

// What is not a value stands before or behind all that are.
template <class Number>
struct Point {
  int group = 0;
  Number value = 0;

  std::partial_ordering operator<=>(const Point&) const = default;
};

// Number: double of floats, else Int128: units of the last digit, or microseconds.
template <class Number>
class RangeFramesOf final : public RangeFrames {
 public:
  // From and to where frames reach, of none without an end.
  RangeFramesOf(size_t column, plan::OrderColumn order, std::optional<Number> from,
                std::optional<Number> to)
      : column_(column), order_(std::move(order)), from_(from), to_(to) {}

  void read(const Batch& batch) override {
    const arrow::Array& column = *batch.columns[column_];
    points_.assign(static_cast<size_t>(batch.rows), {});
    read_values(column, (*batch.schema)[column_].type);
    for (int64_t row = 0; row < batch.rows; ++row) {
      Point<Number>& point = points_[static_cast<size_t>(row)];
      if (column.IsNull(row)) {
        point = {order_.nulls_first ? -2 : 2, 0};
      } else if (is_nan(point.value)) {
        point = {order_.descending ? -1 : 1, 0};
      } else if (order_.descending) {
        point.value = -point.value;
      }
    }
  }

  void find(size_t begin, size_t end, std::vector<FrameAggregates::Frame>& frames) const override {
    FrameAggregates::Frame frame{begin, begin};
    for (size_t row = begin; row < end; ++row) {
      if (from_) {
        const Point<Number> from = target(points_[row], *from_);
        while (frame.begin < end && points_[frame.begin] < from) ++frame.begin;
      }
      if (to_) {
        const Point<Number> to = target(points_[row], *to_);
        while (frame.end < end && points_[frame.end] <= to) ++frame.end;
      } else {
        frame.end = end;
      }
      frames.push_back({frame.begin, std::max(frame.begin, frame.end)});
    }
  }

 private:
  static bool is_nan(double value) { return std::isnan(value); }
  static bool is_nan(Int128 /*value*/) { return false; }
  static Point<Number> target(Point<Number> of, Number by) {
    if (of.group == 0) of.value = moved(of.value, by);
    return of;
  }

  template <class Values>
  void put(const Values& values, Int128 unit) {
    for (size_t row = 0; row < points_.size(); ++row) {
      points_[row].value =
          static_cast<Number>(values[static_cast<int64_t>(row)]) * static_cast<Number>(unit);
    }
  }
  void read_values(const arrow::Array& column, const Type& type) {
    if (type.is_float()) {
      with_floats(type, column, [&](auto values) { put(values, 1); });
    } else if (type.id() == TypeId::kDecimal) {
      put(DecimalValues(column), 1);
    } else {
      const bool in_millis = type.is_timestamp() || type.id() == TypeId::kTime;
      const Int128 unit = type.id() == TypeId::kDate ? kMicrosInDay
                          : in_millis                ? kMicrosInMilli / type.units_per_milli()
                                                     : 1;
      with_ints(type, column, [&](auto values) { put(values, unit); });
    }
  }

  const size_t column_;
  const plan::OrderColumn order_;
  const std::optional<Number> from_, to_;
  std::vector<Point<Number>> points_;
};

}  // namespace

Result<std::unique_ptr<RangeFrames>> RangeFrames::make(const plan::OverSpec& spec,
                                                       const Schema& input) {
  const bool by_value = spec.preceding_value != nullptr || spec.following_value != nullptr;
  const bool by_distance = spec.preceding > 0 || spec.following > 0;
  if (spec.unit != plan::FrameUnit::kRange || (!by_value && !by_distance)) {
    return std::unique_ptr<RangeFrames>();
  }
  DF_ASSIGN_OR_RETURN(const size_t column, input.require(spec.order.front().column));
  const Type& type = input[column].type;
  // Of one end: none, or where it is.
  const auto end = [&](int64_t millis, const expr::ExpressionPtr& value, bool back,
                       bool up) -> Result<std::optional<plan::RangeDistance>> {
    if (millis == plan::kWithoutBound) return std::optional<plan::RangeDistance>();
    plan::RangeDistance distance{0, Int128{millis} * kMicrosInMilli};
    if (value != nullptr) {
      DF_ASSIGN_OR_RETURN(distance, plan::range_distance(*value, type, up));
    }
    if (back) distance = {-distance.number, -distance.units};
    return std::optional(distance);
  };
  DF_ASSIGN_OR_RETURN(const auto from, end(spec.preceding, spec.preceding_value, !spec.begins_ahead,
                                           spec.begins_ahead));
  DF_ASSIGN_OR_RETURN(
      const auto to, end(spec.following, spec.following_value, spec.ends_before, spec.ends_before));
  if (type.is_float()) {
    std::optional<double> first, last;
    if (from) first = from->number;
    if (to) last = to->number;
    return std::unique_ptr<RangeFrames>(
        std::make_unique<RangeFramesOf<double>>(column, spec.order.front(), first, last));
  }
  std::optional<Int128> first, last;
  if (from) first = from->units;
  if (to) last = to->units;
  return std::unique_ptr<RangeFrames>(
      std::make_unique<RangeFramesOf<Int128>>(column, spec.order.front(), first, last));
}

}  // namespace dataflow::engine
