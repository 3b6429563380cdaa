#include "cli/kafka_error.h"

namespace dataflow::cli {
namespace {

StatusCode status_code_of(wire::ErrorCode code) {
  using E = wire::ErrorCode;
  switch (code) {
    case E::kUnknownTopicOrPartition:
    case E::kGroupIdNotFound:
    case E::kResourceNotFound: return StatusCode::kNotFound;
    case E::kTopicAlreadyExists: return StatusCode::kAlreadyExists;
    case E::kNonEmptyGroup:
    case E::kGroupSubscribedToTopic:
    case E::kRebalanceInProgress:
    case E::kUnknownMemberId:
    case E::kIllegalGeneration:
    case E::kInconsistentGroupProtocol:
    case E::kFencedInstanceId: return StatusCode::kConflict;
    case E::kInvalidTopicException:
    case E::kInvalidPartitions:
    case E::kInvalidReplicationFactor:
    case E::kInvalidReplicaAssignment:
    case E::kInvalidConfig:
    case E::kInvalidRequest:
    case E::kInvalidGroupId:
    case E::kInvalidSessionTimeout:
    case E::kInvalidTimestamp:
    case E::kInvalidRecord:
    case E::kPolicyViolation: return StatusCode::kInvalid;
    case E::kMessageTooLarge:
    case E::kRecordListTooLarge:
    case E::kGroupMaxSizeReached:
    case E::kOffsetMetadataTooLarge: return StatusCode::kTooLarge;
    case E::kOffsetOutOfRange: return StatusCode::kOutOfRange;
    case E::kUnsupportedVersion:
    case E::kUnsupportedCompressionType: return StatusCode::kUnsupported;
    case E::kTopicAuthorizationFailed:
    case E::kGroupAuthorizationFailed:
    case E::kClusterAuthorizationFailed: return StatusCode::kPermission;
    default: return is_retriable(code) ? StatusCode::kUnavailable : StatusCode::kInternal;
  }
}

}  // namespace

Status kafka_error(wire::ErrorCode code, const std::string& doing,
                   const std::optional<std::string>& words) {
  if (code == wire::ErrorCode::kNone) return {};
  const std::string said = words && !words->empty() ? *words : std::string(error_message(code));
  return Status(status_code_of(code),
                doing + ": " + said + " (" + std::string(error_name(code)) + ")");
}

bool is_connection_failure(const Status& status) {
  return status.code() == StatusCode::kUnavailable || status.code() == StatusCode::kIoError ||
         status.code() == StatusCode::kTimedOut;
}

}  // namespace dataflow::cli
