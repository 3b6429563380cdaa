// The rows of a CSV file as JSON objects, named by its first row.
#pragma once

#include <memory>

#include "cli/record_input.h"

namespace dataflow::cli {

// RFC 4180, with line ends of either kind. A bare field that is written as JSON writes a number, or
// true or false, becomes one, and an empty bare field null, unless `texts`; a field in quotes is
// always a text.
std::unique_ptr<EventReader> csv_events(ByteSource& source, bool texts);

}  // namespace dataflow::cli
