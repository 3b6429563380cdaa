// What a transactional id may do next: pure decisions from its record and a request to its next
// record.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "base/ids.h"
#include "base/status.h"
#include "log/fault.h"
#include "log/partition.h"
#include "log/transactions.h"

namespace dataflow::log {

struct TransactionRecord {
  ProducerId producer_id = kNoProducerId;  // none: nobody has been given an id yet
  ProducerEpoch epoch = kNoProducerEpoch;
  // The identity before the last raise that its owner asked for (KIP-360), so that a repeat of that
  // request, whose answer was lost, is told apart from a fenced producer's. Likewise before a raise
  // that nobody asked for (a timeout): its owner may ask for it afterwards.
  ProducerId last_producer_id = kNoProducerId;
  ProducerEpoch last_epoch = kNoProducerEpoch;
  TransactionPhase phase = TransactionPhase::kEmpty;
  int32_t timeout_ms = 0;
  Timestamp started = kNoTimestamp;
  Timestamp updated = kNoTimestamp;
  std::set<TopicPartition> partitions;
  std::set<std::string> groups;
  friend bool operator==(const TransactionRecord&, const TransactionRecord&) = default;
};

// From this epoch on the id's next producer gets a new producer id: one more epoch must be left to
// fence.
inline constexpr ProducerEpoch kExhaustedEpoch{INT16_MAX - 1};

struct InitDecision {
  enum class Kind : uint8_t {
    kStore,          // `next` is the answer once it is stored
    kNewProducerId,  // likewise, with a new producer id put in
    kAbortFirst,     // end the ongoing transaction with next.epoch, and let the client try again
  };
  Kind kind;
  TransactionRecord next;
};
Result<InitDecision> decide_init(const TransactionRecord& current,
                                 const InitProducerRequest& request, Timestamp now);

// kInvalidProducerIdMapping, or `stale` if the epoch is another one.
Status check_identity(const TransactionRecord& current, const TransactionIdentity& who,
                      Fault stale);

// Whether something may be added to a transaction now (which begins one where none is ongoing).
Status check_addable(const TransactionRecord& current, const std::string& transactional_id);
// The record with these added; nothing if it has them all already.
std::optional<TransactionRecord> with_added(const TransactionRecord& current,
                                            const std::vector<TopicPartition>& partitions,
                                            const std::optional<std::string>& group, Timestamp now);

enum class EndDecision : uint8_t { kBegin, kDoneAlready };
Result<EndDecision> decide_end(const TransactionRecord& current,
                               const std::string& transactional_id, bool commit);

// Ended by nobody's wish: the producer is fenced by the next epoch.
TransactionRecord fenced(const TransactionRecord& current);
TransactionRecord decided(const TransactionRecord& current, bool commit, Timestamp now);
TransactionRecord completed(const TransactionRecord& current, Timestamp now);

bool is_decided(TransactionPhase phase);   // its markers are being written
bool is_finished(TransactionPhase phase);  // no transaction is under way
bool expired(const TransactionRecord& current, int64_t id_expiration_ms, Timestamp now);

Status concurrent_transactions(const std::string& transactional_id);

}  // namespace dataflow::log
