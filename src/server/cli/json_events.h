// The values of a JSON file, one by one, in the memory of one value.
#pragma once

#include <memory>
#include <string>

#include "cli/record_input.h"

namespace dataflow::cli {

// Elements of an array, or values one behind the other. A value that is not JSON is a problem of
// its own; what comes behind it is found by counting brackets.
std::unique_ptr<EventReader> json_events(ByteSource& source);

// Empty if the text is one JSON value, otherwise what is wrong with it.
std::string json_problem(const std::string& text);

}  // namespace dataflow::cli
