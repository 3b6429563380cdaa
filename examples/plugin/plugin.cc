#include "parts.h"

DATAFLOW_PLUGIN("example", "1.0", plugin) {
  plugin.add_source("counter", example::make_counter);
  plugin.add_sink("lines", example::make_lines);
  plugin.add_operator("moving_average", example::shape_of_moving_average,
                      example::make_moving_average);
}
