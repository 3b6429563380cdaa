// One transactional id at work: its record behind a lock, at most one transition of it under way,
// its timeout, and the steps of a transaction's end.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/env.h"
#include "base/timer_queue.h"
#include "commit_queue.h"
#include "log/groups.h"
#include "log/log.h"
#include "log/producer_ids.h"
#include "log/transactions.h"
#include "transaction_state.h"
#include "under_way.h"

namespace dataflow::log {

struct TransactionContext {
  Env& env;
  Log& log;
  TransactionalOffsets& groups;
  TimerQueue& timers;
  const TransactionsOptions options;
  const int32_t coordinator_epoch;
  CommitQueue commits;
  UnderWay under_way;  // calls to others whose answers are still to come
  std::unique_ptr<ProducerIds> ids;

  TransactionContext(Env& env_in, Log& log_in, TransactionalOffsets& groups_in,
                     TimerQueue& timers_in, TransactionsOptions options_in,
                     int32_t coordinator_epoch_in, meta::Store& store,
                     std::unique_ptr<ProducerIds> ids_in)
      : env(env_in),
        log(log_in),
        groups(groups_in),
        timers(timers_in),
        options(options_in),
        coordinator_epoch(coordinator_epoch_in),
        commits(store),
        ids(std::move(ids_in)) {}
};

class TransactionRunner : public std::enable_shared_from_this<TransactionRunner> {
 public:
  TransactionRunner(std::string id, std::shared_ptr<TransactionContext> context)
      : id_(std::move(id)), context_(std::move(context)) {}

  const std::string& id() const { return id_; }

  // While opening: what was stored, then resume(), which carries a decided transaction to its end.
  void restore(TransactionRecord record) { record_ = std::move(record); }
  void restore_offset(TransactionalOffsets::Staged staged);
  void resume();

  // Of an id that was forgotten in the meantime init() returns false and does nothing with the
  // callback; the caller looks the id up again. To the others such an id is unknown.
  [[nodiscard]] bool init(const InitProducerRequest& request, const InitProducerCallback& callback);
  void add(const TransactionIdentity& who, const std::vector<TopicPartition>& partitions,
           const std::optional<std::string>& group, StatusCallback callback);
  void commit_offsets(const TxnOffsetCommitRequest& request, OffsetCommitCallback callback);
  void end(const TransactionIdentity& who, bool commit, StatusCallback callback);
  Result<AppendPermit> verify(ProducerId producer, ProducerEpoch epoch,
                              const TopicPartition& partition);
  TransactionRecord record();
  void drop_topic(const std::string& topic);
  // Deletes the id if it has expired; `gone` takes it out of the map.
  void expire(std::function<void()> gone);
  void close();

 private:
  enum class Life : uint8_t { kLive, kDeleting, kDead, kClosed };
  using StagedKey = std::pair<std::string, TopicPartition>;
  using Lock = std::unique_lock<std::mutex>;
  // The end that is under way.
  struct Ending {
    TransactionRecord decided;
    bool commit = false;
    StatusCallback callback;               // null: answered, or nobody waits
    std::vector<TopicPartition> unmarked;  // whose marker is not on disk yet
    size_t waiting = 0;                    // for this many syncs
    Status failure;                        // the first of the round
    std::vector<TopicPartition> refused;   // of this round of markers
  };

  Status refusal_locked() const;
  // Not now: a transition is under way.
  bool busy_locked() const { return transition_ || ending_ != nullptr; }
  void store_next(Lock& lock, TransactionRecord next, std::function<void(const Status&)> done);
  void init_with_new_id(Lock& lock, TransactionRecord next, const InitProducerCallback& callback);
  void answer_init(Lock& lock, TransactionRecord next, const InitProducerCallback& callback);
  void on_offsets_stored(const TxnOffsetCommitRequest& request, std::vector<Status> statuses,
                         const OffsetCommitCallback& callback, const Status& written);
  void release_permit();

  // transaction_end.cc, in this order.
  void begin_end(Lock& lock, TransactionRecord next, bool commit, StatusCallback callback);
  void sync_data(Lock& lock);
  void data_synced(const Status& status);
  void decide(Lock& lock);
  void on_decided(const Status& written);
  void write_markers(Lock& lock);
  void marker_written(const TopicPartition& partition, const Status& status);
  void markers_round_done(Lock& lock);
  void complete(Lock& lock);
  void give_up(Lock& lock, Status reason);

  void set_timeout(int64_t at_least_ms = 0);
  void on_timeout(Timestamp started);
  void retry_markers_later();
  std::vector<TransactionalOffsets::Staged> staged_list() const;

  const std::string id_;
  const std::shared_ptr<TransactionContext> context_;

  std::mutex mutex_;
  Life life_ = Life::kLive;
  TransactionRecord record_;
  bool transition_ = false;  // the record's next state is being stored
  std::unique_ptr<Ending> ending_;
  size_t permits_ = 0;      // appends and offset writes that the end must wait for
  bool end_waits_ = false;  // and does
  std::map<StagedKey, OffsetToCommit> staged_;
  TimerId timeout_timer_{};
  TimerId retry_timer_{};
};

}  // namespace dataflow::log
