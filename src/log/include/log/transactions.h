// The transaction coordinator: producer ids and epochs, which partitions and groups a transaction
// has touched, and its end. The order of an end: data synced, decision (with the groups' offsets)
// synced in meta, markers appended and synced, decision dropped.
//
// Thread-safe, and nothing here blocks. A callback is called exactly once, from any thread (perhaps
// before the call returns), never with a lock held; it must not block. Errors are Status with a
// Fault as detail; kUnavailable without a Fault means "not now, the coordinator is stopping or its
// store fails".
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/env.h"
#include "base/ids.h"
#include "base/status.h"
#include "base/timer_queue.h"
#include "log/groups.h"
#include "log/log.h"
#include "meta/store.h"

namespace dataflow::log {

struct TransactionsOptions {
  int32_t max_timeout_ms = 3600000;
  int64_t id_expiration_ms = 7LL * 24 * 3600 * 1000;
  int64_t expiry_check_interval_ms = 3600000;
  int32_t marker_retry_ms = 500;  // after a partition refused a marker
};

enum class TransactionPhase : uint8_t {
  kEmpty,
  kOngoing,
  kPrepareCommit,
  kPrepareAbort,
  kCompleteCommit,
  kCompleteAbort,
};
std::string_view transaction_phase_name(
    TransactionPhase phase);  // as Kafka prints it: "PrepareCommit"

struct InitProducerRequest {
  std::optional<std::string>
      transactional_id;  // nothing: an idempotent producer without transactions
  int32_t timeout_ms = 0;
  ProducerId producer_id = kNoProducerId;  // KIP-360: the identity whose epoch shall be raised
  ProducerEpoch producer_epoch = kNoProducerEpoch;
};

struct InitProducerResult {
  Status status;
  ProducerId producer_id = kNoProducerId;
  ProducerEpoch producer_epoch = kNoProducerEpoch;
};

struct TransactionIdentity {
  std::string transactional_id;
  ProducerId producer_id;
  ProducerEpoch producer_epoch;
};

struct AddPartitionsResult {
  std::vector<Status>
      statuses;  // one for each partition, in order; a refused request repeats its reason
};

struct TxnOffsetCommitRequest {
  TransactionIdentity identity;
  CommitOrigin origin;
  std::vector<OffsetToCommit> offsets;
};

struct TransactionListing {
  std::string transactional_id;
  ProducerId producer_id;
  TransactionPhase phase = TransactionPhase::kEmpty;
};

struct TransactionFilter {
  std::vector<std::string> phases;       // empty: any
  std::vector<ProducerId> producer_ids;  // empty: any
  int64_t min_duration_ms = -1;          // only those that have been ongoing for at least this long
};

struct TransactionList {
  std::vector<TransactionListing> transactions;
  std::vector<std::string> unknown_phases;  // of the filter
};

struct TransactionDescription {
  Status status;  // kTransactionalIdNotFound
  std::string transactional_id;
  TransactionPhase phase = TransactionPhase::kEmpty;
  ProducerId producer_id = kNoProducerId;
  ProducerEpoch producer_epoch = kNoProducerEpoch;
  int32_t timeout_ms = 0;
  Timestamp started = kNoTimestamp;  // of the last transaction, also once it has ended
  std::vector<TopicPartition> partitions;
};

// Held around the append of a transactional batch: the transaction's end waits for it, so that no
// batch can land behind its transaction's marker. Keep it no longer than the append() call itself.
class AppendPermit {
 public:
  AppendPermit() = default;
  explicit AppendPermit(std::function<void()> release) : release_(std::move(release)) {}
  ~AppendPermit() { release(); }
  AppendPermit(AppendPermit&& other) noexcept : release_(std::exchange(other.release_, nullptr)) {}
  AppendPermit& operator=(AppendPermit&& other) noexcept {
    if (this != &other) {
      release();
      release_ = std::exchange(other.release_, nullptr);
    }
    return *this;
  }

 private:
  void release() {
    if (release_) std::exchange(release_, nullptr)();
  }
  std::function<void()> release_;
};

using InitProducerCallback = std::function<void(InitProducerResult)>;
using AddPartitionsCallback = std::function<void(AddPartitionsResult)>;

class Transactions {
 public:
  // Loads every transaction: decided ones are carried to their end, ongoing ones keep what is left
  // of their timeout. The arguments outlive it. It listens to `log` for deleted topics.
  static Result<std::unique_ptr<Transactions>> open(Env& env, meta::Store& store, Log& log,
                                                    TransactionalOffsets& groups,
                                                    TransactionsOptions options,
                                                    TimerQueue& timers);
  virtual ~Transactions() = default;

  // Refuses later calls with kUnavailable and waits for what is under way. Before Groups and Log
  // close.
  virtual void close() = 0;

  // kConcurrentTransactions while the id's last transaction is still being ended: the client
  // retries. kProducerFenced if KIP-360's identity is no longer the id's own.
  virtual void init_producer(const InitProducerRequest& request, InitProducerCallback callback) = 0;

  // If one partition does not exist (kUnknownTopic) none is added and the others say
  // kOperationNotAttempted.
  virtual void add_partitions(const TransactionIdentity& identity,
                              std::vector<TopicPartition> partitions,
                              AddPartitionsCallback callback) = 0;
  virtual void add_group(const TransactionIdentity& identity, const std::string& group,
                         StatusCallback callback) = 0;
  virtual void commit_offsets(TxnOffsetCommitRequest request, OffsetCommitCallback callback) = 0;
  // Answers once the decision is durable and the markers are readable (or will be, if a partition
  // refuses them for now).
  virtual void end(const TransactionIdentity& identity, bool commit, StatusCallback callback) = 0;

  // For the produce path; in memory and cheap. kInvalidTransactionState unless the partition is
  // part of the ongoing transaction; kInvalidProducerEpoch, kInvalidProducerIdMapping.
  virtual Result<AppendPermit> verify_partition(std::string_view transactional_id,
                                                ProducerId producer, ProducerEpoch epoch,
                                                const TopicPartition& partition) = 0;

  virtual TransactionList list(const TransactionFilter& filter) = 0;
  virtual TransactionDescription describe(const std::string& transactional_id) = 0;

  // Forgets transactional ids that nobody used for id_expiration_ms. A timer does this too.
  virtual void expire_ids() = 0;
};

}  // namespace dataflow::log
