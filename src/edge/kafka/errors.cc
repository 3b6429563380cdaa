#include "errors.h"

#include "log/fault.h"

namespace dataflow::kafka {

namespace {

using log::Fault;
using wire::ErrorCode;

ErrorCode of_fault(Fault fault) {
  switch (fault) {
    case Fault::kNone: return ErrorCode::kNone;
    case Fault::kCorruptBatch: return ErrorCode::kCorruptMessage;
    case Fault::kUnsupportedMagic: return ErrorCode::kInvalidRecord;
    case Fault::kBatchTooLarge: return ErrorCode::kMessageTooLarge;
    case Fault::kInvalidTimestamp: return ErrorCode::kInvalidTimestamp;
    case Fault::kInvalidRecord: return ErrorCode::kInvalidRecord;
    case Fault::kOutOfOrderSequence: return ErrorCode::kOutOfOrderSequenceNumber;
    case Fault::kInvalidProducerEpoch: return ErrorCode::kInvalidProducerEpoch;
    case Fault::kInvalidTransactionState: return ErrorCode::kInvalidTxnState;
    case Fault::kUnknownProducerId: return ErrorCode::kUnknownProducerId;
    case Fault::kStorage: return ErrorCode::kKafkaStorageError;
    case Fault::kOffsetOutOfRange: return ErrorCode::kOffsetOutOfRange;
    case Fault::kDamagedData: return ErrorCode::kCorruptMessage;
    case Fault::kUnknownTopic: return ErrorCode::kUnknownTopicOrPartition;
    case Fault::kTopicExists: return ErrorCode::kTopicAlreadyExists;
    case Fault::kInvalidTopicName: return ErrorCode::kInvalidTopicException;
    case Fault::kInvalidPartitions: return ErrorCode::kInvalidPartitions;
    case Fault::kInvalidReplication: return ErrorCode::kInvalidReplicationFactor;
    case Fault::kInvalidConfig: return ErrorCode::kInvalidConfig;
    case Fault::kUnknownMember: return ErrorCode::kUnknownMemberId;
    case Fault::kIllegalGeneration: return ErrorCode::kIllegalGeneration;
    case Fault::kInconsistentProtocol: return ErrorCode::kInconsistentGroupProtocol;
    case Fault::kRebalanceInProgress: return ErrorCode::kRebalanceInProgress;
    case Fault::kInvalidSessionTimeout: return ErrorCode::kInvalidSessionTimeout;
    case Fault::kMemberIdRequired: return ErrorCode::kMemberIdRequired;
    case Fault::kFencedInstance: return ErrorCode::kFencedInstanceId;
    case Fault::kGroupMaxSizeReached: return ErrorCode::kGroupMaxSizeReached;
    case Fault::kGroupNotFound: return ErrorCode::kGroupIdNotFound;
    case Fault::kGroupNotEmpty: return ErrorCode::kNonEmptyGroup;
    case Fault::kGroupSubscribed: return ErrorCode::kGroupSubscribedToTopic;
    case Fault::kInvalidGroupId: return ErrorCode::kInvalidGroupId;
    case Fault::kOffsetMetadataTooLarge: return ErrorCode::kOffsetMetadataTooLarge;
    case Fault::kUnstableOffsetCommit: return ErrorCode::kUnstableOffsetCommit;
    case Fault::kConcurrentTransactions: return ErrorCode::kConcurrentTransactions;
    case Fault::kProducerFenced: return ErrorCode::kProducerFenced;
    case Fault::kInvalidTransactionTimeout: return ErrorCode::kInvalidTransactionTimeout;
    case Fault::kInvalidProducerIdMapping: return ErrorCode::kInvalidProducerIdMapping;
    case Fault::kTransactionalIdNotFound: return ErrorCode::kTransactionalIdNotFound;
    case Fault::kOperationNotAttempted: return ErrorCode::kOperationNotAttempted;
  }
  return ErrorCode::kUnknownServerError;
}

ErrorCode of_code(StatusCode code) {
  switch (code) {
    case StatusCode::kOk: return ErrorCode::kNone;
    case StatusCode::kInvalid: return ErrorCode::kInvalidRequest;
    case StatusCode::kNotFound: return ErrorCode::kUnknownTopicOrPartition;
    case StatusCode::kAlreadyExists: return ErrorCode::kTopicAlreadyExists;
    case StatusCode::kConflict: return ErrorCode::kInvalidRequest;
    case StatusCode::kOutOfRange: return ErrorCode::kOffsetOutOfRange;
    case StatusCode::kTooLarge: return ErrorCode::kMessageTooLarge;
    case StatusCode::kUnsupported: return ErrorCode::kUnsupportedVersion;
    case StatusCode::kUnavailable:
    case StatusCode::kCancelled: return ErrorCode::kNotLeaderOrFollower;
    case StatusCode::kNoSpace:
    case StatusCode::kReadOnly:
    case StatusCode::kCorrupt:
    case StatusCode::kIoError: return ErrorCode::kKafkaStorageError;
    case StatusCode::kTimedOut: return ErrorCode::kRequestTimedOut;
    case StatusCode::kPermission: return ErrorCode::kClusterAuthorizationFailed;
    case StatusCode::kInternal: return ErrorCode::kUnknownServerError;
  }
  return ErrorCode::kUnknownServerError;
}

}  // namespace

ErrorCode error_of(const Status& status) {
  Fault fault = log::fault_of(status);
  return fault != Fault::kNone ? of_fault(fault) : of_code(status.code());
}

ErrorCode coordinator_error_of(const Status& status) {
  Fault fault = log::fault_of(status);
  if (fault != Fault::kNone) return of_fault(fault);
  switch (status.code()) {
    case StatusCode::kUnavailable:
    case StatusCode::kCancelled:
    case StatusCode::kNoSpace:
    case StatusCode::kReadOnly:
    case StatusCode::kIoError: return ErrorCode::kCoordinatorNotAvailable;
    default: return of_code(status.code());
  }
}

}  // namespace dataflow::kafka
