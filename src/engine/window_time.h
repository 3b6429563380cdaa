// The time of the rows that windows take: a column's, or the clock's.
#pragma once

#include <arrow/array.h>

#include "base/floor_div.h"
#include "engine/operator.h"
#include "plan/plan.h"
#include "wall_clock.h"

namespace dataflow::engine {

struct WindowTime {
  bool processing = false;
  size_t column = 0;  // of event time
  int64_t units = 1;  // of it, in a millisecond
  WallClock clock;    // by which windows begin and end
};

Result<WindowTime> window_time_of(const plan::WindowSpec& spec, const Schema& input);

// A column's time in microseconds. Times beyond some 70,000 years count as that: sums with a few
// spans never overflow.
int64_t micros_of(int64_t time, int64_t units_in_milli);

// visit(row, what the clock shows at the row's time, in the column's units) for each row in turn;
// one without a time is a dead letter.
template <class Visit>
Status for_each_time(const WindowTime& time, OperatorContext& context, const Batch& batch,
                     Visit&& visit) {
  const arrow::Array& column = *batch.columns[time.column];
  const auto* times = column.data()->GetValues<int64_t>(1);
  const bool nulls = column.null_count() > 0;
  Readings readings(time.clock, time.units);
  for (int32_t row = 0; row < batch.rows; ++row) {
    if (nulls && column.IsNull(row)) {
      DF_RETURN_IF_ERROR(context.dead_letter(batch, row, DeadReason::kTime,
                                             (*batch.schema)[time.column].name,
                                             "the time of a row in a window is NULL"));
      continue;
    }
    DF_RETURN_IF_ERROR(visit(row, readings.of(times[row])));
  }
  return {};
}

}  // namespace dataflow::engine
