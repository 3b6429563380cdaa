#include "log/transactions.h"

#include <algorithm>
#include <array>
#include <map>
#include <shared_mutex>

#include "base/lower_case.h"
#include "coordinator_tables.h"
#include "group_faults.h"
#include "reservation.h"
#include "transaction_rows.h"
#include "transaction_runner.h"

namespace dataflow::log {

namespace {

constexpr std::string_view kCoordinatorEpochKey = "transaction_coordinator_epoch";

using RunnerPtr = std::shared_ptr<TransactionRunner>;

// All transactional ids. Shared with timers and with the log's listener.
class TransactionTable : public std::enable_shared_from_this<TransactionTable> {
 public:
  explicit TransactionTable(std::shared_ptr<TransactionContext> context)
      : context_(std::move(context)) {}

  TransactionContext& context() { return *context_; }
  Status load(meta::Store& store);
  void start();
  void close();
  RunnerPtr find(std::string_view id) const;
  RunnerPtr find_or_make(const std::string& id);  // null once closed
  std::vector<RunnerPtr> all() const;
  void expire_ids();
  bool closed() const {
    const std::shared_lock lock(mutex_);
    return closed_;
  }

 private:
  void arm_expiry();

  const std::shared_ptr<TransactionContext> context_;
  mutable std::shared_mutex mutex_;
  bool closed_ = false;
  std::map<std::string, RunnerPtr, std::less<>> ids_;
  TimerId expiry_timer_{};
};

Status TransactionTable::load(meta::Store& store) {
  Status status;
  DF_RETURN_IF_ERROR(
      store.scan(kTransactionsTable, "", [&](std::string_view key, std::string_view value) {
        Result<std::string> id = read_transaction_key(key);
        Result<TransactionRecord> record = read_transaction_row(value);
        status = id.ok() ? record.status() : id.status();
        if (status.ok()) find_or_make(*id)->restore(std::move(*record));
        return status.ok();
      }));
  if (!status.ok()) return status.with_context("loading the transactions");
  DF_RETURN_IF_ERROR(
      store.scan(kTransactionOffsetsTable, "", [&](std::string_view key, std::string_view value) {
        Result<TransactionOffset> offset = read_transaction_offset(key, value);
        status = offset.status();
        const RunnerPtr runner = status.ok() ? find(offset->transactional_id) : nullptr;
        if (runner != nullptr) runner->restore_offset(std::move(offset->staged));
        return status.ok();
      }));
  return status.ok() ? status : status.with_context("loading the offsets of transactions");
}

void TransactionTable::start() {
  context_->log.on_topic_deleted([weak = weak_from_this()](const std::string& topic) {
    const auto self = weak.lock();
    if (self == nullptr) return;
    for (const RunnerPtr& runner : self->all()) runner->drop_topic(topic);
  });
  for (const RunnerPtr& runner : all()) runner->resume();
  arm_expiry();
}

void TransactionTable::arm_expiry() {
  const std::unique_lock lock(mutex_);
  if (closed_) return;
  expiry_timer_ = context_->timers.schedule_after(
      context_->options.expiry_check_interval_ms * 1000000, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (self == nullptr) return;
        self->expire_ids();
        self->arm_expiry();
      });
}

void TransactionTable::close() {
  {
    const std::unique_lock lock(mutex_);
    closed_ = true;
    context_->timers.cancel(expiry_timer_);
  }
  for (const RunnerPtr& runner : all()) runner->close();
  context_->under_way.wait_idle();
  context_->commits.wait_idle();
}

RunnerPtr TransactionTable::find(std::string_view id) const {
  const std::shared_lock lock(mutex_);
  const auto it = ids_.find(id);
  return it == ids_.end() ? nullptr : it->second;
}

RunnerPtr TransactionTable::find_or_make(const std::string& id) {
  if (RunnerPtr found = find(id)) return found;
  const std::unique_lock lock(mutex_);
  if (closed_) return nullptr;
  RunnerPtr& runner = ids_[id];
  if (runner == nullptr) runner = std::make_shared<TransactionRunner>(id, context_);
  return runner;
}

std::vector<RunnerPtr> TransactionTable::all() const {
  const std::shared_lock lock(mutex_);
  std::vector<RunnerPtr> out;
  out.reserve(ids_.size());
  for (const auto& [id, runner] : ids_) out.push_back(runner);
  return out;
}

void TransactionTable::expire_ids() {
  for (const RunnerPtr& runner : all()) {
    runner->expire([weak = weak_from_this(), runner] {
      const auto self = weak.lock();
      if (self == nullptr) return;
      const std::unique_lock lock(self->mutex_);
      const auto it = self->ids_.find(runner->id());
      if (it != self->ids_.end() && it->second == runner) self->ids_.erase(it);
    });
  }
}

Status empty_id() {
  return Status::invalid("the transactional id is empty; set transactional.id in the client");
}

Status unknown_id(const TransactionIdentity& who) {
  if (who.transactional_id.empty()) return empty_id();
  // The words and the reason are those of an id without a producer.
  return check_identity(TransactionRecord(), who, Fault::kProducerFenced);
}

class TransactionsImpl final : public Transactions {
 public:
  explicit TransactionsImpl(std::shared_ptr<TransactionTable> table) : table_(std::move(table)) {}
  ~TransactionsImpl() override { TransactionsImpl::close(); }

  void close() override { table_->close(); }
  void init_producer(const InitProducerRequest& request, InitProducerCallback callback) override;
  void add_partitions(const TransactionIdentity& identity, std::vector<TopicPartition> partitions,
                      AddPartitionsCallback callback) override;
  void add_group(const TransactionIdentity& identity, const std::string& group,
                 StatusCallback callback) override;
  void commit_offsets(TxnOffsetCommitRequest request, OffsetCommitCallback callback) override;
  void end(const TransactionIdentity& identity, bool commit, StatusCallback callback) override;
  Result<AppendPermit> verify_partition(std::string_view transactional_id, ProducerId producer,
                                        ProducerEpoch epoch,
                                        const TopicPartition& partition) override;
  TransactionList list(const TransactionFilter& filter) override;
  TransactionDescription describe(const std::string& transactional_id) override;
  void expire_ids() override { table_->expire_ids(); }

 private:
  Status check_init(const InitProducerRequest& request) const;
  void init_idempotent(InitProducerCallback callback);
  // One for each partition if any of them does not exist; else none.
  std::vector<Status> missing_partitions(const std::vector<TopicPartition>& partitions);

  const std::shared_ptr<TransactionTable> table_;
};

Status TransactionsImpl::check_init(const InitProducerRequest& request) const {
  if (table_->closed()) return Status::unavailable("the server is stopping");
  if (!request.transactional_id) return {};
  if (request.transactional_id->empty()) return empty_id();
  const int32_t limit = table_->context().options.max_timeout_ms;
  if (request.timeout_ms <= 0 || request.timeout_ms > limit) {
    return fault(Fault::kInvalidTransactionTimeout, StatusCode::kInvalid,
                 "transactional id `" + *request.transactional_id +
                     "`: transaction.timeout.ms is " + std::to_string(request.timeout_ms) +
                     "; it may be 1 to " + std::to_string(limit));
  }
  return {};
}

void TransactionsImpl::init_producer(const InitProducerRequest& request,
                                     InitProducerCallback callback) {
  Status refusal = check_init(request);
  if (refusal.ok() && !request.transactional_id) {
    init_idempotent(std::move(callback));
    return;
  }
  while (refusal.ok()) {
    const RunnerPtr runner = table_->find_or_make(*request.transactional_id);
    if (runner == nullptr) {
      refusal = Status::unavailable("the server is stopping");
    } else if (runner->init(request, callback)) {
      return;
    }
  }
  callback(InitProducerResult{refusal, kNoProducerId, kNoProducerEpoch});
}

void TransactionsImpl::init_idempotent(InitProducerCallback callback) {
  TransactionContext& context = table_->context();
  context.ids->next([callback = std::move(callback),
                     mark = context.under_way.begin()](const Result<ProducerId>& id) {
    callback(id.ok() ? InitProducerResult{Status(), *id, ProducerEpoch(0)}
                     : InitProducerResult{id.status(), kNoProducerId, kNoProducerEpoch});
  });
}

std::vector<Status> TransactionsImpl::missing_partitions(
    const std::vector<TopicPartition>& partitions) {
  std::vector<Status> statuses;
  bool missing = false;
  for (const TopicPartition& name : partitions) {
    if (table_->context().log.partition(name.topic, name.partition) != nullptr) {
      statuses.push_back(fault(Fault::kOperationNotAttempted, StatusCode::kConflict,
                               "another partition of the request does not exist"));
      continue;
    }
    missing = true;
    statuses.push_back(fault(Fault::kUnknownTopic, StatusCode::kNotFound,
                             "there is no partition " + std::to_string(name.partition.value()) +
                                 " of a topic `" + name.topic + "`"));
  }
  if (!missing) statuses.clear();
  return statuses;
}

void TransactionsImpl::add_partitions(const TransactionIdentity& identity,
                                      std::vector<TopicPartition> partitions,
                                      AddPartitionsCallback callback) {
  const size_t count = partitions.size();
  std::vector<Status> missing = missing_partitions(partitions);
  const RunnerPtr runner = table_->find(identity.transactional_id);
  if (!missing.empty()) {
    callback(AddPartitionsResult{std::move(missing)});
  } else if (runner == nullptr) {
    callback(AddPartitionsResult{std::vector<Status>(count, unknown_id(identity))});
  } else {
    runner->add(identity, partitions, std::nullopt,
                [count, callback = std::move(callback)](const Status& status) {
                  callback(AddPartitionsResult{std::vector<Status>(count, status)});
                });
  }
}

void TransactionsImpl::add_group(const TransactionIdentity& identity, const std::string& group,
                                 StatusCallback callback) {
  if (const RunnerPtr runner = table_->find(identity.transactional_id)) {
    runner->add(identity, {}, group, std::move(callback));
  } else {
    callback(unknown_id(identity));
  }
}

void TransactionsImpl::commit_offsets(TxnOffsetCommitRequest request,
                                      OffsetCommitCallback callback) {
  if (request.origin.group.empty()) {
    const Status refusal = group_faults::invalid_id();
    callback(OffsetCommitResult{std::vector<Status>(request.offsets.size(), refusal)});
    return;
  }
  if (const RunnerPtr runner = table_->find(request.identity.transactional_id)) {
    runner->commit_offsets(request, std::move(callback));
    return;
  }
  const Status refusal = unknown_id(request.identity);
  callback(OffsetCommitResult{std::vector<Status>(request.offsets.size(), refusal)});
}

void TransactionsImpl::end(const TransactionIdentity& identity, bool commit,
                           StatusCallback callback) {
  if (const RunnerPtr runner = table_->find(identity.transactional_id)) {
    runner->end(identity, commit, std::move(callback));
  } else {
    callback(unknown_id(identity));
  }
}

Result<AppendPermit> TransactionsImpl::verify_partition(std::string_view transactional_id,
                                                        ProducerId producer, ProducerEpoch epoch,
                                                        const TopicPartition& partition) {
  const RunnerPtr runner = table_->find(transactional_id);
  if (runner == nullptr) return unknown_id({std::string(transactional_id), producer, epoch});
  return runner->verify(producer, epoch, partition);
}

TransactionList TransactionsImpl::list(const TransactionFilter& filter) {
  // Kafka has two more, of which nothing here ever is.
  static constexpr std::array<std::string_view, 8> kKnown{
      "empty",          "ongoing",       "preparecommit", "prepareabort",
      "completecommit", "completeabort", "dead",          "prepareepochfence"};
  TransactionList out;
  std::vector<std::string> phases;
  for (const std::string& phase : filter.phases) {
    phases.push_back(lower_case(phase));
    const bool known = std::find(kKnown.begin(), kKnown.end(), phases.back()) != kKnown.end();
    if (!known) out.unknown_phases.push_back(phase);
  }
  const auto& ids = filter.producer_ids;
  const Timestamp now = table_->context().env.now();
  for (const RunnerPtr& runner : table_->all()) {
    const TransactionRecord record = runner->record();
    if (record.producer_id == kNoProducerId) continue;
    const std::string phase = lower_case(transaction_phase_name(record.phase));
    const bool finished = is_finished(record.phase);
    if (!phases.empty() && std::find(phases.begin(), phases.end(), phase) == phases.end()) continue;
    if (!ids.empty() && std::find(ids.begin(), ids.end(), record.producer_id) == ids.end())
      continue;
    if (filter.min_duration_ms >= 0 &&
        (finished || now - record.started < filter.min_duration_ms)) {
      continue;
    }
    out.transactions.push_back({runner->id(), record.producer_id, record.phase});
  }
  return out;
}

TransactionDescription TransactionsImpl::describe(const std::string& transactional_id) {
  TransactionDescription out;
  out.transactional_id = transactional_id;
  if (transactional_id.empty()) {
    out.status = empty_id();
    return out;
  }
  const RunnerPtr runner = table_->find(transactional_id);
  const TransactionRecord record = runner == nullptr ? TransactionRecord() : runner->record();
  if (record.producer_id == kNoProducerId) {
    out.status = fault(Fault::kTransactionalIdNotFound, StatusCode::kNotFound,
                       "there is no transactional id `" + transactional_id + "`");
    return out;
  }
  out.phase = record.phase;
  out.producer_id = record.producer_id;
  out.producer_epoch = record.epoch;
  out.timeout_ms = record.timeout_ms;
  out.started = record.started;
  out.partitions.assign(record.partitions.begin(), record.partitions.end());
  return out;
}

}  // namespace

Result<std::unique_ptr<Transactions>> Transactions::open(Env& env, meta::Store& store, Log& log,
                                                         TransactionalOffsets& groups,
                                                         TransactionsOptions options,
                                                         TimerQueue& timers) {
  DF_ASSIGN_OR_RETURN(const int64_t epoch, read_reservation(store, kCoordinatorEpochKey));
  meta::WriteBatch batch;
  put_reservation(batch, kCoordinatorEpochKey, epoch + 1);
  DF_RETURN_IF_ERROR(store.commit(std::move(batch)).with_context("starting the transactions"));
  DF_ASSIGN_OR_RETURN(auto ids, ProducerIds::open(store));
  const auto context = std::make_shared<TransactionContext>(
      env, log, groups, timers, options, static_cast<int32_t>(epoch), store, std::move(ids));
  const auto table = std::make_shared<TransactionTable>(context);
  DF_RETURN_IF_ERROR(table->load(store));
  table->start();
  return std::unique_ptr<Transactions>(std::make_unique<TransactionsImpl>(table));
}

}  // namespace dataflow::log
