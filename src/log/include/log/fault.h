// The log's own reasons for refusing something, carried in Status::detail(). The edge that answers
// a client translates them into its protocol's words; everything else may look at the StatusCode
// alone.
#pragma once

#include <cstdint>

#include "base/status.h"

namespace dataflow::log {

enum class Fault : uint16_t {
  kNone = 0,
  // Append
  kCorruptBatch,      // structure or checksum
  kUnsupportedMagic,  // not a version 2 batch
  kBatchTooLarge,     // over max.message.bytes
  kInvalidTimestamp,
  kInvalidRecord,  // e.g. no key where the topic is compacted
  kOutOfOrderSequence,
  kInvalidProducerEpoch,
  kInvalidTransactionState,
  kUnknownProducerId,
  kStorage,  // failed fsync, damage, read-only partition, full disk
  // Read
  kOffsetOutOfRange,
  kDamagedData,  // the bytes at this offset fail their checksum
  // Topics
  kUnknownTopic,
  kTopicExists,
  kInvalidTopicName,
  kInvalidPartitions,
  kInvalidReplication,
  kInvalidConfig,
  // Groups
  kUnknownMember,
  kIllegalGeneration,
  kInconsistentProtocol,
  kRebalanceInProgress,
  kInvalidSessionTimeout,
  kMemberIdRequired,
  kFencedInstance,
  kGroupMaxSizeReached,
  kGroupNotFound,
  kGroupNotEmpty,
  kGroupSubscribed,  // offsets of a topic that a member still reads
  kInvalidGroupId,
  kOffsetMetadataTooLarge,
  kUnstableOffsetCommit,
  // Transactions
  kConcurrentTransactions,
  kProducerFenced,
  kInvalidTransactionTimeout,
  kInvalidProducerIdMapping,
  kTransactionalIdNotFound,
  kOperationNotAttempted,  // another part of the same request failed
};

inline Status fault(Fault reason, StatusCode code, std::string message) {
  return Status(code, std::move(message), static_cast<uint16_t>(reason));
}
inline Fault fault_of(const Status& status) { return static_cast<Fault>(status.detail()); }

}  // namespace dataflow::log
