// How the process ends. A Status of the command line may carry its exit code in its detail; any
// other one gets the code that fits its kind.
#pragma once

#include <string>

#include "base/status.h"

namespace dataflow::cli {

enum class ExitCode : int {
  kOk = 0,
  kFailed = 1,
  kUsage = 2,
  kCannotConnect = 3,
  kNotFoundOrConflict = 4,
  kValidation = 5,
  kInterrupted = 130,
};

ExitCode exit_code_of(const Status& status);

// The command was used wrongly.
Status usage_error(std::string message);
// No server was reached.
Status cannot_connect(std::string message);
// The same failure, ending the process with this code.
Status with_exit_code(const Status& status, ExitCode code);

}  // namespace dataflow::cli
