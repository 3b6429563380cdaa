// A transaction's end, step by step. Each waits for the one before:
//   1. appends that are under way have returned (release_permit)
//   2. commit only: the partitions' data is on disk (sync_data, data_synced)
//   3. the decision is on disk, with the groups' offsets (decide, on_decided)
//   4. each partition's marker is on disk (write_markers, marker_written)
//   5. the decision is dropped (complete)
// A crash before 3 leaves an ongoing transaction; after it, the next start goes on with 4, where a
// marker that is written once more does no harm.
#include "coordinator_tables.h"
#include "transaction_rows.h"
#include "transaction_runner.h"

namespace dataflow::log {

void TransactionRunner::end(const TransactionIdentity& who, bool commit, StatusCallback callback) {
  Lock lock(mutex_);
  Status refusal = refusal_locked();
  if (refusal.ok()) refusal = check_identity(record_, who, Fault::kProducerFenced);
  if (refusal.ok() && busy_locked() && !is_decided(record_.phase)) {
    refusal = concurrent_transactions(id_);
  }
  if (refusal.ok()) {
    const Result<EndDecision> decision = decide_end(record_, id_, commit);
    if (decision.ok() && *decision == EndDecision::kBegin) {
      begin_end(lock, record_, commit, std::move(callback));
      return;
    }
    refusal = decision.status();
  }
  lock.unlock();
  callback(refusal);
}

void TransactionRunner::begin_end(Lock& lock, TransactionRecord next, bool commit,
                                  StatusCallback callback) {
  ending_ = std::make_unique<Ending>();
  ending_->decided = decided(next, commit, context_->env.now());
  ending_->commit = commit;
  ending_->callback = std::move(callback);
  // From here on verify() refuses, so that the appends still under way are the last ones.
  if (permits_ > 0) {
    end_waits_ = true;
    lock.unlock();
  } else {
    sync_data(lock);
  }
}

void TransactionRunner::sync_data(Lock& lock) {
  std::vector<std::shared_ptr<Partition>> partitions;
  if (ending_->commit) {
    for (const TopicPartition& name : record_.partitions) {
      auto partition = context_->log.partition(name.topic, name.partition);
      if (partition != nullptr) partitions.push_back(std::move(partition));
    }
  }
  if (partitions.empty()) {
    decide(lock);
    return;
  }
  ending_->waiting = partitions.size();
  lock.unlock();
  for (const auto& partition : partitions) {
    partition->await_synced(partition->stats().end,
                            [self = shared_from_this(), mark = context_->under_way.begin()](
                                const Status& status) { self->data_synced(status); });
  }
}

void TransactionRunner::data_synced(const Status& status) {
  Lock lock(mutex_);
  if (ending_->failure.ok()) ending_->failure = status;
  if (--ending_->waiting > 0) return;
  if (ending_->failure.ok() && life_ == Life::kLive) {
    decide(lock);
    return;
  }
  // Nothing may be promised of data that is not on disk. The transaction stays open until its
  // producer aborts it or its timeout does.
  Status reason = ending_->failure.ok() ? refusal_locked() : ending_->failure;
  give_up(lock, reason.with_context("committing transaction `" + id_ + "`"));
}

void TransactionRunner::give_up(Lock& lock, Status reason) {
  const StatusCallback callback = std::move(ending_->callback);
  ending_.reset();
  // What failed may go on failing: an end by timeout is not tried again at once.
  if (life_ == Life::kLive) set_timeout(context_->options.marker_retry_ms);
  lock.unlock();
  if (callback) callback(reason);
}

void TransactionRunner::decide(Lock& lock) {
  meta::WriteBatch batch;
  batch.put(kTransactionsTable, transaction_key(id_), transaction_row(ending_->decided));
  batch.remove_prefix(kTransactionOffsetsTable, transaction_key(id_));
  const auto staged = staged_list();
  const ProducerId producer = record_.producer_id;
  auto done = [self = shared_from_this(), mark = context_->under_way.begin()](
                  const Status& written) { self->on_decided(written); };
  if (ending_->commit && !staged.empty()) {
    lock.unlock();
    context_->groups.settle(producer, std::move(batch), staged, std::move(done));
    return;
  }
  context_->commits.submit(std::move(batch), std::move(done));
  lock.unlock();
  context_->commits.flush();
}

void TransactionRunner::on_decided(const Status& written) {
  Lock lock(mutex_);
  if (!written.ok()) {
    give_up(lock, store_unavailable(written, "ending transaction `" + id_ + "`"));
    return;
  }
  // Also what a refused write left staged goes; after a commit nothing else is there.
  const std::vector<std::string> groups(record_.groups.begin(), record_.groups.end());
  // A topic that was deleted since stays forgotten.
  ending_->decided.partitions = record_.partitions;
  record_ = ending_->decided;
  staged_.clear();
  ending_->unmarked.assign(record_.partitions.begin(), record_.partitions.end());
  context_->timers.cancel(timeout_timer_);
  context_->groups.forget(record_.producer_id, groups);
  write_markers(lock);
}

void TransactionRunner::write_markers(Lock& lock) {
  if (ending_->unmarked.empty()) {
    complete(lock);
    return;
  }
  const std::vector<TopicPartition> names = std::exchange(ending_->unmarked, {});
  const TransactionRecord& now = record_;
  const ProducerId producer = now.producer_id;
  const ProducerEpoch epoch = now.epoch;
  const bool commit = ending_->commit;
  ending_->waiting = names.size();
  ending_->refused.clear();
  ending_->failure = Status();
  lock.unlock();
  for (const TopicPartition& name : names) {
    const auto partition = context_->log.partition(name.topic, name.partition);
    if (partition == nullptr) {
      marker_written(name, Status());
      continue;
    }
    const Result<AppendOutcome> marker =
        partition->append_marker(producer, epoch, commit, context_->coordinator_epoch);
    if (!marker.ok()) {
      // The partition knows a newer epoch: this transaction was ended there before.
      const bool ended = fault_of(marker.status()) == Fault::kInvalidProducerEpoch;
      marker_written(name, ended ? Status() : marker.status());
      continue;
    }
    partition->await_synced(marker->next_offset,
                            [self = shared_from_this(), name, mark = context_->under_way.begin()](
                                const Status& status) { self->marker_written(name, status); });
  }
}

void TransactionRunner::marker_written(const TopicPartition& partition, const Status& status) {
  Lock lock(mutex_);
  // A topic that was deleted meanwhile has nothing left to be marked.
  const bool missing =
      !status.ok() && context_->log.partition(partition.topic, partition.partition) != nullptr;
  if (missing) {
    ending_->refused.push_back(partition);
    if (ending_->failure.ok()) ending_->failure = status;
  }
  if (--ending_->waiting == 0) markers_round_done(lock);
}

void TransactionRunner::markers_round_done(Lock& lock) {
  ending_->unmarked = std::exchange(ending_->refused, {});
  if (ending_->unmarked.empty()) {
    complete(lock);
    return;
  }
  // The decision is durable, so the client need not wait for the rest.
  const StatusCallback callback = std::exchange(ending_->callback, nullptr);
  if (life_ == Life::kLive) retry_markers_later();
  lock.unlock();
  if (callback) callback(Status());
}

void TransactionRunner::retry_markers_later() {
  retry_timer_ = context_->timers.schedule_after(
      int64_t{context_->options.marker_retry_ms} * 1000000, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (self == nullptr) return;
        Lock lock(self->mutex_);
        if (self->life_ == Life::kLive) self->write_markers(lock);
      });
}

void TransactionRunner::complete(Lock& lock) {
  record_ = completed(record_, context_->env.now());
  const StatusCallback callback = std::move(ending_->callback);
  ending_.reset();
  // Nobody waits for this write: if it is lost, the next start finds the decision and marks once
  // more. Whatever is stored of the next transaction comes behind it.
  meta::WriteBatch batch;
  batch.put(kTransactionsTable, transaction_key(id_), transaction_row(record_));
  context_->commits.submit(std::move(batch), [](const Status&) {});
  lock.unlock();
  context_->commits.flush();
  if (callback) callback(Status());
}

}  // namespace dataflow::log
