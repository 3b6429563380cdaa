// From errno to Status: the one place that decides which failures a caller can tell apart.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace dataflow {

// `doing` is a verb with its preposition ("opening", "renaming to x"); `path` is what it was done
// to.
Status errno_status(int error, std::string_view doing, const std::string& path);

}  // namespace dataflow
