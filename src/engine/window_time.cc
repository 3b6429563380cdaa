#include "window_time.h"

#include <algorithm>

namespace dataflow::engine {

int64_t micros_of(int64_t time, int64_t units_in_milli) {
  constexpr int64_t kMicrosInMilli = 1000;
  constexpr int64_t kFarMicros = int64_t{1} << 61;
  const int64_t micros = kMicrosInMilli / units_in_milli;
  return std::clamp(time, -kFarMicros / micros, kFarMicros / micros) * micros;
}

Result<WindowTime> window_time_of(const plan::WindowSpec& spec, const Schema& input) {
  WindowTime time{spec.time == plan::TimeKind::kProcessing};
  DF_ASSIGN_OR_RETURN(time.clock, WallClock::of_zone(spec.time_zone));
  if (time.processing) return time;
  DF_ASSIGN_OR_RETURN(time.column, input.require(spec.time_column));
  time.units = input[time.column].type.units_per_milli();
  return time;
}

}  // namespace dataflow::engine
