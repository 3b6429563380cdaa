#include "cli/exit_codes.h"

namespace dataflow::cli {
namespace {

// Far from every room's own details, which are small enumerators.
constexpr uint16_t kDetailBase = 60000;

uint16_t detail_of(ExitCode code) {
  return static_cast<uint16_t>(kDetailBase + static_cast<int>(code));
}

}  // namespace

ExitCode exit_code_of(const Status& status) {
  if (status.ok()) return ExitCode::kOk;
  if (status.detail() >= kDetailBase) return static_cast<ExitCode>(status.detail() - kDetailBase);
  switch (status.code()) {
    case StatusCode::kInvalid:
    case StatusCode::kOutOfRange:
    case StatusCode::kTooLarge: return ExitCode::kValidation;
    case StatusCode::kNotFound:
    case StatusCode::kAlreadyExists:
    case StatusCode::kConflict: return ExitCode::kNotFoundOrConflict;
    case StatusCode::kCancelled: return ExitCode::kInterrupted;
    default: return ExitCode::kFailed;
  }
}

Status usage_error(std::string message) {
  return Status(StatusCode::kInvalid, std::move(message), detail_of(ExitCode::kUsage));
}

Status cannot_connect(std::string message) {
  return Status(StatusCode::kUnavailable, std::move(message), detail_of(ExitCode::kCannotConnect));
}

Status with_exit_code(const Status& status, ExitCode code) {
  if (status.ok()) return status;
  return Status(status.code(), status.message(), detail_of(code));
}

}  // namespace dataflow::cli
