// The one place where the log's reasons become Kafka's error codes.
#pragma once

#include "base/status.h"
#include "wire/error_code.h"

namespace dataflow::kafka {

// kNone for an ok status.
wire::ErrorCode error_of(const Status& status);
// For what the group and transaction coordinators answer: "not now" is theirs to say.
wire::ErrorCode coordinator_error_of(const Status& status);

}  // namespace dataflow::kafka
