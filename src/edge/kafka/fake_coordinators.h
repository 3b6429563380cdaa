// Groups and transactions that know nobody, for tests of the listener alone. Test-only; not part of
// the room.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "log/fault.h"
#include "log/groups.h"
#include "log/transactions.h"

namespace dataflow::kafka {

class FakeGroups final : public log::Groups {
 public:
  // Blocks until somebody has joined, whom the test then answers.
  log::JoinCallback until_join() {
    std::unique_lock lock(mutex_);
    joined_.wait(lock, [&] { return pending_join_ != nullptr; });
    return std::exchange(pending_join_, nullptr);
  }
  log::JoinRequest last_join;
  log::OffsetCommitRequest last_commit;

  std::vector<Status> stage(ProducerId, const log::CommitOrigin&,
                            const std::vector<log::OffsetToCommit>& offsets) override {
    return std::vector<Status>(offsets.size());
  }
  void restage(ProducerId, const std::vector<Staged>&) override {}
  void settle(ProducerId, meta::WriteBatch, const std::vector<Staged>&,
              log::StatusCallback callback) override {
    callback({});
  }
  void forget(ProducerId, const std::vector<std::string>&) override {}
  void close() override {}
  void join(log::JoinRequest request, log::JoinCallback callback) override {
    std::lock_guard lock(mutex_);
    last_join = std::move(request);
    pending_join_ = std::move(callback);
    joined_.notify_all();
  }
  void sync(log::SyncRequest, log::SyncCallback callback) override {
    callback({unknown_member(), {}, {}, {}});
  }
  Status heartbeat(const log::HeartbeatRequest&) override { return unknown_member(); }
  void leave(const log::LeaveRequest& request, log::LeaveCallback callback) override {
    callback({{}, std::vector<Status>(request.members.size(), unknown_member())});
  }
  void commit_offsets(log::OffsetCommitRequest request,
                      log::OffsetCommitCallback callback) override {
    last_commit = request;
    callback({std::vector<Status>(request.offsets.size())});
  }
  log::OffsetFetchResult fetch_offsets(const log::OffsetFetchRequest& request) override {
    log::OffsetFetchResult result;
    if (!request.partitions) return result;
    for (const log::TopicPartition& partition : *request.partitions) {
      result.offsets.emplace_back().partition = partition;
    }
    return result;
  }
  void delete_offsets(const std::string&, const std::vector<log::TopicPartition>& partitions,
                      log::OffsetDeleteCallback callback) override {
    callback({{}, std::vector<Status>(partitions.size())});
  }
  log::GroupDescription describe(const std::string& group) override {
    log::GroupDescription description;
    description.group = group;
    return description;
  }
  std::vector<log::GroupListing> list(const std::vector<std::string>&) override { return {}; }
  void delete_group(const std::string&, log::StatusCallback callback) override {
    callback(log::fault(log::Fault::kGroupNotFound, StatusCode::kNotFound, "no such group"));
  }
  std::vector<log::GroupOffsetView> all_offsets() override { return {}; }
  void expire_offsets() override {}

 private:
  static Status unknown_member() {
    return log::fault(log::Fault::kUnknownMember, StatusCode::kNotFound, "no such member");
  }

  std::mutex mutex_;
  std::condition_variable joined_;
  log::JoinCallback pending_join_;  // guarded by mutex_
};

class FakeTransactions final : public log::Transactions {
 public:
  void close() override {}
  void init_producer(const log::InitProducerRequest&, log::InitProducerCallback callback) override {
    callback({{}, ProducerId(next_id_++), ProducerEpoch(0)});
  }
  void add_partitions(const log::TransactionIdentity&, std::vector<log::TopicPartition> partitions,
                      log::AddPartitionsCallback callback) override {
    callback({std::vector<Status>(partitions.size(), fenced())});
  }
  void add_group(const log::TransactionIdentity&, const std::string&,
                 log::StatusCallback callback) override {
    callback(fenced());
  }
  void commit_offsets(log::TxnOffsetCommitRequest request,
                      log::OffsetCommitCallback callback) override {
    callback({std::vector<Status>(request.offsets.size(), fenced())});
  }
  void end(const log::TransactionIdentity&, bool, log::StatusCallback callback) override {
    callback(fenced());
  }
  Result<log::AppendPermit> verify_partition(std::string_view, ProducerId, ProducerEpoch,
                                             const log::TopicPartition&) override {
    return log::fault(log::Fault::kInvalidTransactionState, StatusCode::kConflict,
                      "no transaction is under way");
  }
  log::TransactionList list(const log::TransactionFilter&) override { return {}; }
  log::TransactionDescription describe(const std::string& id) override {
    log::TransactionDescription description;
    description.transactional_id = id;
    description.status =
        log::fault(log::Fault::kTransactionalIdNotFound, StatusCode::kNotFound, "no such id");
    return description;
  }
  void expire_ids() override {}

 private:
  static Status fenced() {
    return log::fault(log::Fault::kProducerFenced, StatusCode::kConflict, "fenced");
  }
  int64_t next_id_ = 1000;
};

}  // namespace dataflow::kafka
