#include "transaction_runner.h"

#include <algorithm>

#include "coordinator_tables.h"
#include "transaction_rows.h"

namespace dataflow::log {

Status TransactionRunner::refusal_locked() const {
  if (life_ == Life::kClosed) return Status::unavailable("the server is stopping");
  if (life_ == Life::kDeleting) {
    return Status::unavailable("transactional id `" + id_ + "` is being forgotten; try again");
  }
  return {};
}

void TransactionRunner::restore_offset(TransactionalOffsets::Staged staged) {
  StagedKey key{staged.group, staged.offset.partition};
  staged_[std::move(key)] = std::move(staged.offset);
}

void TransactionRunner::resume() {
  Lock lock(mutex_);
  if (record_.phase == TransactionPhase::kOngoing) {
    context_->groups.restage(record_.producer_id, staged_list());
    set_timeout();
  } else if (is_decided(record_.phase)) {
    ending_ = std::make_unique<Ending>();
    ending_->decided = record_;
    ending_->commit = record_.phase == TransactionPhase::kPrepareCommit;
    ending_->unmarked.assign(record_.partitions.begin(), record_.partitions.end());
    write_markers(lock);
  }
}

void TransactionRunner::store_next(Lock& lock, TransactionRecord next,
                                   std::function<void(const Status&)> done) {
  transition_ = true;
  meta::WriteBatch batch;
  batch.put(kTransactionsTable, transaction_key(id_), transaction_row(next));
  context_->commits.submit(std::move(batch), [self = shared_from_this(), next = std::move(next),
                                              done = std::move(done)](const Status& written) {
    {
      const std::lock_guard relock(self->mutex_);
      self->transition_ = false;
      const bool began = next.phase == TransactionPhase::kOngoing &&
                         self->record_.phase != TransactionPhase::kOngoing;
      if (written.ok()) {
        self->record_ = next;
        if (began) self->set_timeout();
      }
    }
    done(written.ok() ? Status()
                      : store_unavailable(written, "storing transactional id `" + self->id_ + "`"));
  });
  lock.unlock();
  context_->commits.flush();
}

bool TransactionRunner::init(const InitProducerRequest& request,
                             const InitProducerCallback& callback) {
  Lock lock(mutex_);
  if (life_ == Life::kDead) return false;
  Status refusal = refusal_locked();
  if (refusal.ok() && busy_locked()) refusal = concurrent_transactions(id_);
  if (!refusal.ok()) {
    lock.unlock();
    callback(InitProducerResult{refusal, kNoProducerId, kNoProducerEpoch});
    return true;
  }
  Result<InitDecision> decision = decide_init(record_, request, context_->env.now());
  if (!decision.ok()) {
    lock.unlock();
    callback(InitProducerResult{decision.status(), kNoProducerId, kNoProducerEpoch});
    return true;
  }
  switch (decision->kind) {
    case InitDecision::Kind::kStore: answer_init(lock, std::move(decision->next), callback); break;
    case InitDecision::Kind::kNewProducerId:
      init_with_new_id(lock, std::move(decision->next), callback);
      break;
    case InitDecision::Kind::kAbortFirst:
      // The client tries again until the abort is done, and then gets an epoch of its own.
      begin_end(lock, std::move(decision->next), false, nullptr);
      callback(InitProducerResult{concurrent_transactions(id_), kNoProducerId, kNoProducerEpoch});
      break;
  }
  return true;
}

void TransactionRunner::init_with_new_id(Lock& lock, TransactionRecord next,
                                         const InitProducerCallback& callback) {
  transition_ = true;
  lock.unlock();
  context_->ids->next([self = shared_from_this(), next = std::move(next), callback,
                       mark = context_->under_way.begin()](Result<ProducerId> id) mutable {
    Lock relock(self->mutex_);
    self->transition_ = false;
    Status refusal = id.ok() ? self->refusal_locked() : id.status();
    if (!refusal.ok()) {
      relock.unlock();
      callback(InitProducerResult{refusal, kNoProducerId, kNoProducerEpoch});
      return;
    }
    next.producer_id = *id;
    self->answer_init(relock, std::move(next), callback);
  });
}

void TransactionRunner::answer_init(Lock& lock, TransactionRecord next,
                                    const InitProducerCallback& callback) {
  const InitProducerResult granted{Status(), next.producer_id, next.epoch};
  store_next(lock, std::move(next), [callback, granted](const Status& written) {
    callback(written.ok() ? granted : InitProducerResult{written, kNoProducerId, kNoProducerEpoch});
  });
}

void TransactionRunner::add(const TransactionIdentity& who,
                            const std::vector<TopicPartition>& partitions,
                            const std::optional<std::string>& group, StatusCallback callback) {
  Lock lock(mutex_);
  Status refusal = refusal_locked();
  if (refusal.ok()) refusal = check_identity(record_, who, Fault::kProducerFenced);
  if (refusal.ok() && busy_locked()) refusal = concurrent_transactions(id_);
  if (refusal.ok()) refusal = check_addable(record_, id_);
  std::optional<TransactionRecord> next;
  if (refusal.ok()) next = with_added(record_, partitions, group, context_->env.now());
  if (!next) {
    lock.unlock();
    callback(refusal);
    return;
  }
  store_next(lock, std::move(*next), std::move(callback));
}

void TransactionRunner::commit_offsets(const TxnOffsetCommitRequest& request,
                                       OffsetCommitCallback callback) {
  Lock lock(mutex_);
  Status refusal = refusal_locked();
  if (refusal.ok()) {
    refusal = check_identity(record_, request.identity, Fault::kInvalidProducerEpoch);
  }
  if (refusal.ok() && (record_.phase != TransactionPhase::kOngoing || ending_ != nullptr ||
                       !record_.groups.contains(request.origin.group))) {
    refusal = fault(Fault::kInvalidTransactionState, StatusCode::kConflict,
                    "transactional id `" + id_ + "`: group `" + request.origin.group +
                        "` is not part of an ongoing transaction");
  }
  std::vector<Status> statuses(request.offsets.size(), refusal);
  if (refusal.ok()) {
    statuses = context_->groups.stage(record_.producer_id, request.origin, request.offsets);
  }
  meta::WriteBatch batch;
  for (size_t i = 0; i < statuses.size(); ++i) {
    if (!statuses[i].ok()) continue;
    const OffsetToCommit& offset = request.offsets[i];
    batch.put(kTransactionOffsetsTable,
              transaction_offset_key(id_, request.origin.group, offset.partition),
              transaction_offset_row(offset));
  }
  if (batch.empty()) {
    lock.unlock();
    callback(OffsetCommitResult{std::move(statuses)});
    return;
  }
  // The end waits for this write as it does for an append.
  ++permits_;
  context_->commits.submit(std::move(batch),
                           [self = shared_from_this(), request, statuses = std::move(statuses),
                            callback = std::move(callback)](const Status& written) {
                             self->on_offsets_stored(request, statuses, callback, written);
                           });
  lock.unlock();
  context_->commits.flush();
}

void TransactionRunner::on_offsets_stored(const TxnOffsetCommitRequest& request,
                                          std::vector<Status> statuses,
                                          const OffsetCommitCallback& callback,
                                          const Status& written) {
  {
    const std::lock_guard lock(mutex_);
    for (size_t i = 0; i < statuses.size(); ++i) {
      if (!statuses[i].ok()) continue;
      const OffsetToCommit& offset = request.offsets[i];
      if (written.ok()) {
        staged_[{request.origin.group, offset.partition}] = offset;
      } else {
        statuses[i] = store_unavailable(written, "keeping an offset for transaction `" + id_ + "`");
      }
    }
  }
  release_permit();
  callback(OffsetCommitResult{std::move(statuses)});
}

Result<AppendPermit> TransactionRunner::verify(ProducerId producer, ProducerEpoch epoch,
                                               const TopicPartition& partition) {
  const std::lock_guard lock(mutex_);
  DF_RETURN_IF_ERROR(refusal_locked());
  if (record_.producer_id != producer || record_.epoch != epoch) {
    return check_identity(record_, {id_, producer, epoch}, Fault::kInvalidProducerEpoch);
  }
  if (record_.phase != TransactionPhase::kOngoing || ending_ != nullptr ||
      !record_.partitions.contains(partition)) {
    return fault(Fault::kInvalidTransactionState, StatusCode::kConflict,
                 "transactional id `" + id_ + "`: partition " +
                     std::to_string(partition.partition.value()) + " of `" + partition.topic +
                     "` is not part of an ongoing transaction; add it first");
  }
  ++permits_;
  return AppendPermit([self = shared_from_this()] { self->release_permit(); });
}

void TransactionRunner::release_permit() {
  Lock lock(mutex_);
  if (--permits_ > 0 || !end_waits_) return;
  end_waits_ = false;
  sync_data(lock);
}

TransactionRecord TransactionRunner::record() {
  const std::lock_guard lock(mutex_);
  return life_ == Life::kDead ? TransactionRecord() : record_;
}

std::vector<TransactionalOffsets::Staged> TransactionRunner::staged_list() const {
  std::vector<TransactionalOffsets::Staged> out;
  for (const auto& [key, offset] : staged_) out.push_back({key.first, offset});
  return out;
}

void TransactionRunner::drop_topic(const std::string& topic) {
  const std::lock_guard lock(mutex_);
  // What is decided skips partitions that are gone. The rows of the offsets go with the
  // transaction.
  std::erase_if(record_.partitions,
                [&](const auto& partition) { return partition.topic == topic; });
  std::erase_if(staged_, [&](const auto& entry) { return entry.first.second.topic == topic; });
}

void TransactionRunner::expire(std::function<void()> gone) {
  Lock lock(mutex_);
  if (life_ != Life::kLive || busy_locked() || permits_ > 0) return;
  if (!expired(record_, context_->options.id_expiration_ms, context_->env.now())) return;
  life_ = Life::kDeleting;
  meta::WriteBatch batch;
  batch.remove(kTransactionsTable, transaction_key(id_));
  context_->commits.submit(
      std::move(batch), [self = shared_from_this(), gone = std::move(gone)](const Status& written) {
        {
          const std::lock_guard relock(self->mutex_);
          if (self->life_ != Life::kDeleting) return;
          self->life_ = written.ok() ? Life::kDead : Life::kLive;
          if (written.ok()) self->record_ = TransactionRecord();
        }
        if (written.ok()) gone();
      });
  lock.unlock();
  context_->commits.flush();
}

void TransactionRunner::close() {
  Lock lock(mutex_);
  if (life_ != Life::kDead) life_ = Life::kClosed;
  context_->timers.cancel(timeout_timer_);
  context_->timers.cancel(retry_timer_);
  // An end that waits for appends waits no longer: nobody knows of a decision yet.
  if (end_waits_) {
    end_waits_ = false;
    give_up(lock, Status::unavailable("the server is stopping"));
  }
}

void TransactionRunner::set_timeout(int64_t at_least_ms) {
  const int64_t left = record_.started.value() + record_.timeout_ms - context_->env.now().value();
  context_->timers.cancel(timeout_timer_);
  timeout_timer_ = context_->timers.schedule_after(
      std::max(left, at_least_ms) * 1000000, [weak = weak_from_this(), started = record_.started] {
        if (const auto self = weak.lock()) self->on_timeout(started);
      });
}

void TransactionRunner::on_timeout(Timestamp started) {
  Lock lock(mutex_);
  const bool still = life_ == Life::kLive && record_.phase == TransactionPhase::kOngoing &&
                     record_.started == started && ending_ == nullptr;
  if (!still) return;
  if (transition_) {
    // Something is being added to it just now; it is no later than that.
    timeout_timer_ = context_->timers.schedule_after(
        int64_t{context_->options.marker_retry_ms} * 1000000, [weak = weak_from_this(), started] {
          if (const auto self = weak.lock()) self->on_timeout(started);
        });
    return;
  }
  begin_end(lock, fenced(record_), false, nullptr);
}

}  // namespace dataflow::log
