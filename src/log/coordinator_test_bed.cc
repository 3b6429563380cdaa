#include "coordinator_test_bed.h"

#include <algorithm>
#include <future>

#include <gtest/gtest.h>

#include "log/fault.h"

namespace dataflow::log {

namespace {

// Calls and waits for the one answer.
template <class Answer, class Call>
Answer answer_of(Call call) {
  std::promise<Answer> promise;
  call([&promise](Answer answer) { promise.set_value(std::move(answer)); });
  return promise.get_future().get();
}

}  // namespace

TopicPartition part(const std::string& topic, int32_t index) {
  return {topic, PartitionIndex(index)};
}

OffsetToCommit offset_of(const TopicPartition& partition, int64_t offset, std::string metadata) {
  return {partition, Offset(offset), LeaderEpoch(-1), std::move(metadata)};
}

void FakePartition::produce(ProducerId producer, ProducerEpoch epoch) {
  ASSERT_TRUE(add({producer, epoch}).ok());
}

Result<AppendOutcome> FakePartition::add(Entry entry) {
  const std::lock_guard lock(mutex_);
  entries_.push_back(entry);
  AppendOutcome out;
  out.next_offset = Offset(static_cast<int64_t>(entries_.size()));
  out.base_offset = out.next_offset - 1;
  return out;
}

void FakePartition::hold_syncs(bool hold) {
  std::vector<std::pair<size_t, SyncCallback>> ready;
  {
    const std::lock_guard lock(mutex_);
    hold_syncs_ = hold;
    if (hold) return;
    synced_ = entries_.size();
    ready.swap(waiting_);
  }
  for (auto& [end, callback] : ready) callback(Status());
}

void FakePartition::refuse_markers(bool refuse) {
  const std::lock_guard lock(mutex_);
  refuse_markers_ = refuse;
}

void FakePartition::lose_unsynced() {
  std::vector<std::pair<size_t, SyncCallback>> lost;
  {
    const std::lock_guard lock(mutex_);
    entries_.resize(synced_);
    hold_syncs_ = refuse_markers_ = fail_syncs_ = false;
    lost.swap(waiting_);
  }
  for (auto& [end, callback] : lost) callback(Status::io_error("the power is gone"));
}

std::vector<FakePartition::Entry> FakePartition::entries() const {
  const std::lock_guard lock(mutex_);
  return entries_;
}

size_t FakePartition::synced() const {
  const std::lock_guard lock(mutex_);
  return synced_;
}

bool FakePartition::hanging(ProducerId producer) const {
  bool open = false;
  for (const Entry& entry : entries()) {
    if (entry.producer == producer) open = !entry.marker;
  }
  return open;
}

Result<AppendOutcome> FakePartition::append(std::span<char>, bool) {
  return Status::unsupported("the fake partition takes no batches");
}

Result<AppendOutcome> FakePartition::append_marker(ProducerId producer, ProducerEpoch epoch,
                                                   bool commit, int32_t) {
  {
    const std::lock_guard lock(mutex_);
    if (refuse_markers_) return Status::no_space("the disk is full");
  }
  return add({producer, epoch, true, commit});
}

void FakePartition::await_synced(Offset next_offset, SyncCallback callback) {
  Status status;
  {
    const std::lock_guard lock(mutex_);
    const auto end = static_cast<size_t>(next_offset.value());
    if (hold_syncs_ && synced_ < end) {
      waiting_.emplace_back(end, std::move(callback));
      return;
    }
    if (fail_syncs_) {
      status = fault(Fault::kStorage, StatusCode::kIoError, "fsync failed");
    } else {
      synced_ = std::max(synced_, end);
    }
  }
  callback(status);
}

Result<ReadOutcome> FakePartition::read(Offset, uint32_t, Isolation, bool) {
  return Status::unsupported("the fake partition is not read");
}
Offset FakePartition::high_offset() const { return Offset(static_cast<int64_t>(synced())); }

PartitionStats FakePartition::stats() const {
  PartitionStats out;
  out.end = Offset(static_cast<int64_t>(entries().size()));
  out.high_offset = high_offset();
  return out;
}
Result<std::optional<OffsetAtTime>> FakePartition::find_by_time(Timestamp, Isolation) {
  return std::optional<OffsetAtTime>();
}
Result<std::optional<OffsetAtTime>> FakePartition::find_max_time() {
  return std::optional<OffsetAtTime>();
}
Result<Offset> FakePartition::delete_records(Offset) { return Offset(0); }

FakePartition& FakeLog::at(const std::string& topic, int32_t partition) {
  const std::lock_guard lock(mutex_);
  return *topics_.at(topic).at(static_cast<size_t>(partition));
}

void FakeLog::make(const std::string& topic, int32_t partitions) {
  const std::lock_guard lock(mutex_);
  auto& made = topics_[topic];
  for (int32_t i = 0; i < partitions; ++i) {
    made.push_back(std::make_shared<FakePartition>(part(topic, i)));
  }
}

void FakeLog::lose_unsynced() {
  std::vector<std::shared_ptr<FakePartition>> all;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [name, made] : topics_) all.insert(all.end(), made.begin(), made.end());
  }
  for (const auto& partition : all) partition->lose_unsynced();
}

void FakeLog::forget_listeners() {
  const std::lock_guard lock(mutex_);
  listeners_.clear();
}

Result<TopicInfo> FakeLog::create_topic(const std::string& name, int32_t count,
                                        const ConfigOverrides&) {
  make(name, count);
  return *topic(name);
}

Status FakeLog::delete_topic(const std::string& name) {
  std::vector<std::function<void(const std::string&)>> listeners;
  {
    const std::lock_guard lock(mutex_);
    topics_.erase(name);
    listeners = listeners_;
  }
  for (const auto& listener : listeners) listener(name);
  return {};
}

std::optional<TopicInfo> FakeLog::topic(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto it = topics_.find(name);
  if (it == topics_.end()) return std::nullopt;
  TopicInfo info;
  info.name = it->first;
  info.partitions = static_cast<int32_t>(it->second.size());
  return info;
}

std::shared_ptr<Partition> FakeLog::partition(std::string_view topic, PartitionIndex index) const {
  const std::lock_guard lock(mutex_);
  const auto it = topics_.find(topic);
  if (it == topics_.end()) return nullptr;
  const auto at = static_cast<size_t>(index.value());
  return index.value() < 0 || at >= it->second.size() ? nullptr : it->second[at];
}

void FakeLog::on_topic_deleted(std::function<void(const std::string&)> listener) {
  const std::lock_guard lock(mutex_);
  listeners_.push_back(std::move(listener));
}

Status CoordinatorBed::open() {
  timers_ = std::make_unique<TimerQueue>(env_);
  DF_ASSIGN_OR_RETURN(store_, meta::Store::open(env_, "/meta"));
  DF_ASSIGN_OR_RETURN(groups_, Groups::open(env_, *store_, log_, groups_options, *timers_));
  DF_ASSIGN_OR_RETURN(transactions_, Transactions::open(env_, *store_, log_, *groups_,
                                                        transactions_options, *timers_));
  return {};
}

void CoordinatorBed::stop() {
  transactions_.reset();
  groups_.reset();
  log_.forget_listeners();
  store_.reset();
  timers_.reset();
}

void CoordinatorBed::crash(CrashOptions how) {
  if (how.mode != CrashMode::kKeepAll) log_.lose_unsynced();
  // The coordinators must not learn of the store's end as of a failure that they could act on.
  env_.crash(how);
  stop();
  env_.crash({.mode = CrashMode::kKeepAll});
  const Status opened = open();
  ASSERT_TRUE(opened.ok()) << opened;
}

void CoordinatorBed::pass(int64_t ms) {
  env_.advance_ms(ms);
  timers_->run_due();
  (void)store_->drain();
}

JoinResult CoordinatorBed::join(JoinRequest request) {
  return answer_of<JoinResult>([&](auto done) { groups_->join(std::move(request), done); });
}
SyncResult CoordinatorBed::sync(SyncRequest request) {
  return answer_of<SyncResult>([&](auto done) { groups_->sync(std::move(request), done); });
}
LeaveResult CoordinatorBed::leave(const LeaveRequest& request) {
  return answer_of<LeaveResult>([&](auto done) { groups_->leave(request, done); });
}
std::vector<Status> CoordinatorBed::commit(OffsetCommitRequest request) {
  return answer_of<OffsetCommitResult>(
             [&](auto done) { groups_->commit_offsets(std::move(request), done); })
      .statuses;
}
OffsetDeleteResult CoordinatorBed::delete_offsets(const std::string& group,
                                                  std::vector<TopicPartition> partitions) {
  return answer_of<OffsetDeleteResult>(
      [&](auto done) { groups_->delete_offsets(group, partitions, done); });
}
Status CoordinatorBed::delete_group(const std::string& group) {
  return answer_of<Status>([&](auto done) { groups_->delete_group(group, done); });
}
InitProducerResult CoordinatorBed::init(const InitProducerRequest& request) {
  return answer_of<InitProducerResult>(
      [&](auto done) { transactions_->init_producer(request, done); });
}
InitProducerResult CoordinatorBed::init(const std::string& id, int32_t timeout_ms) {
  return init(InitProducerRequest{id, timeout_ms, kNoProducerId, kNoProducerEpoch});
}
std::vector<Status> CoordinatorBed::add(const TransactionIdentity& who,
                                        std::vector<TopicPartition> partitions) {
  return answer_of<AddPartitionsResult>(
             [&](auto done) { transactions_->add_partitions(who, std::move(partitions), done); })
      .statuses;
}
Status CoordinatorBed::add_group(const TransactionIdentity& who, const std::string& group) {
  return answer_of<Status>([&](auto done) { transactions_->add_group(who, group, done); });
}
std::vector<Status> CoordinatorBed::txn_commit(TxnOffsetCommitRequest request) {
  return answer_of<OffsetCommitResult>(
             [&](auto done) { transactions_->commit_offsets(std::move(request), done); })
      .statuses;
}
Status CoordinatorBed::end(const TransactionIdentity& who, bool commit) {
  return answer_of<Status>([&](auto done) { transactions_->end(who, commit, done); });
}

}  // namespace dataflow::log
