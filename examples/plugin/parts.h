// The three parts of the example; each is a file of its own.
#pragma once

#include <dataflow/plugin.h>

namespace example {

namespace df = dataflow::plugin;

std::unique_ptr<df::Source> make_counter(const df::Request& request);
std::unique_ptr<df::Sink> make_lines(const df::Request& request);
df::Shape shape_of_moving_average(const df::Request& request);
std::unique_ptr<df::Operator> make_moving_average(const df::Request& request);

}  // namespace example
