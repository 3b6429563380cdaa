// From a log call to its line.
#pragma once

#include <string>
#include <string_view>

#include "base/logger.h"

namespace dataflow {

// "2026-11-21T06:40:00.123Z"
std::string iso_utc(Timestamp time);

// Appends the line with its line end. Whatever bytes the fields hold, it stays one line, and JSON
// stays valid UTF-8.
void append_log_line(std::string& to, LogFormat format, Timestamp time, LogLevel level,
                     std::string_view message, LogFields fields, uint64_t suppressed);

}  // namespace dataflow
