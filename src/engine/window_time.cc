#include "window_time.h"

namespace dataflow::engine {

Result<WindowTime> window_time_of(const plan::WindowSpec& spec, const Schema& input) {
  WindowTime time{spec.time == plan::TimeKind::kProcessing};
  if (time.processing) return time;
  DF_ASSIGN_OR_RETURN(time.column, input.require(spec.time_column));
  time.units = input[time.column].type.units_per_milli();
  return time;
}

}  // namespace dataflow::engine
