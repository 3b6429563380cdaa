// The protocol's error codes as failures of the command line.
#pragma once

#include <optional>
#include <string>

#include "base/status.h"
#include "wire/error_code.h"

namespace dataflow::cli {

// `doing`: "creating stream orders". `words`: what the server said of it, if it said something. ok
// for kNone.
Status kafka_error(wire::ErrorCode code, const std::string& doing,
                   const std::optional<std::string>& words = std::nullopt);

// Whether a connection that failed so may work when it is made anew.
bool is_connection_failure(const Status& status);

}  // namespace dataflow::cli
