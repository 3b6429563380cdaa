// What the coordinators' tests stand on: a log of partitions in memory that may lose what was not
// synced, a store over a disk that can fail, and a clock that only the test turns. Test-only; not
// part of the room.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/fault_env.h"
#include "base/timer_queue.h"
#include "log/groups.h"
#include "log/log.h"
#include "log/transactions.h"
#include "meta/store.h"

namespace dataflow::log {

// Keeps markers and "data" (a producer's batch of one record). Syncs at once unless held.
class FakePartition final : public Partition {
 public:
  struct Entry {
    ProducerId producer;
    ProducerEpoch epoch;
    bool marker = false;
    bool commit = false;
  };

  explicit FakePartition(TopicPartition name) : name_(std::move(name)) {}

  void produce(ProducerId producer, ProducerEpoch epoch);
  void hold_syncs(bool hold);
  void fail_syncs(bool fail) { fail_syncs_ = fail; }
  void refuse_markers(bool refuse);
  void lose_unsynced();
  std::vector<Entry> entries() const;
  size_t synced() const;
  // The producer's last data has no marker behind it.
  bool hanging(ProducerId producer) const;

  const TopicPartition& name() const override { return name_; }
  const Uuid& topic_id() const override { return id_; }
  Result<AppendOutcome> append(std::span<char>, bool) override;
  Result<AppendOutcome> append_marker(ProducerId producer, ProducerEpoch epoch, bool commit,
                                      int32_t coordinator_epoch) override;
  void await_synced(Offset next_offset, SyncCallback callback) override;
  Result<ReadOutcome> read(Offset, uint32_t, Isolation, bool) override;
  bool listen(Offset, Offset, std::shared_ptr<AdvanceListener>) override { return false; }
  void forget(const AdvanceListener*) override {}
  Offset log_start() const override { return Offset(0); }
  Offset high_offset() const override;
  Offset last_stable() const override { return high_offset(); }
  LeaderEpoch leader_epoch() const override { return LeaderEpoch(0); }
  PartitionStats stats() const override;
  std::vector<ProducerView> producers() const override { return {}; }
  Result<std::optional<OffsetAtTime>> find_by_time(Timestamp, Isolation) override;
  Result<std::optional<OffsetAtTime>> find_max_time() override;
  std::optional<EpochEnd> epoch_end(LeaderEpoch) const override { return std::nullopt; }
  Result<Offset> delete_records(Offset) override;
  Status verify(const std::function<void(uint64_t, uint64_t)>&) override { return {}; }

 private:
  Result<AppendOutcome> add(Entry entry);

  const TopicPartition name_;
  const Uuid id_;
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
  size_t synced_ = 0;
  bool hold_syncs_ = false;
  bool fail_syncs_ = false;
  bool refuse_markers_ = false;
  std::vector<std::pair<size_t, SyncCallback>> waiting_;
};

class FakeLog final : public Log {
 public:
  FakePartition& at(const std::string& topic, int32_t partition = 0);
  void make(const std::string& topic, int32_t partitions = 1);
  void lose_unsynced();
  void forget_listeners();  // those of coordinators that are gone

  Status close() override { return {}; }
  Result<TopicInfo> create_topic(const std::string&, int32_t, const ConfigOverrides&) override;
  Status delete_topic(const std::string& name) override;
  Status add_partitions(const std::string&, int32_t) override { return {}; }
  Status set_topic_config(const std::string&, const ConfigOverrides&) override { return {}; }
  Status check_new_topic(const std::string&, int32_t, const ConfigOverrides&) const override {
    return {};
  }
  std::vector<TopicInfo> topics() const override { return {}; }
  std::optional<TopicInfo> topic(std::string_view name) const override;
  std::optional<TopicInfo> topic_by_id(const Uuid&) const override { return std::nullopt; }
  std::shared_ptr<Partition> partition(std::string_view topic, PartitionIndex index) const override;
  const LogOptions& options() const override { return options_; }
  void on_topic_deleted(std::function<void(const std::string&)> listener) override;
  void keep_house() override {}

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<std::shared_ptr<FakePartition>>, std::less<>> topics_;
  std::vector<std::function<void(const std::string&)>> listeners_;
  LogOptions options_;
};

// The coordinators over one disk. Every call waits for its answer unless it says otherwise.
class CoordinatorBed {
 public:
  explicit CoordinatorBed(uint64_t seed = 1) : env_(seed) {
    log_.make("t", 3);
    log_.make("u", 1);
  }
  ~CoordinatorBed() { stop(); }

  Status open();
  void stop();
  // Power loss, or (whole cache kept) a kill; then open again.
  void crash(CrashOptions how = {});
  void pass(int64_t ms);

  FaultEnv& env() { return env_; }
  FakeLog& log() { return log_; }
  meta::Store& store() { return *store_; }
  Groups& groups() { return *groups_; }
  Transactions& transactions() { return *transactions_; }
  TimerQueue& timers() { return *timers_; }

  JoinResult join(JoinRequest request);
  SyncResult sync(SyncRequest request);
  LeaveResult leave(const LeaveRequest& request);
  std::vector<Status> commit(OffsetCommitRequest request);
  OffsetDeleteResult delete_offsets(const std::string& group,
                                    std::vector<TopicPartition> partitions);
  Status delete_group(const std::string& group);
  InitProducerResult init(const InitProducerRequest& request);
  InitProducerResult init(const std::string& id, int32_t timeout_ms = 60000);
  std::vector<Status> add(const TransactionIdentity& who, std::vector<TopicPartition> partitions);
  Status add_group(const TransactionIdentity& who, const std::string& group);
  std::vector<Status> txn_commit(TxnOffsetCommitRequest request);
  Status end(const TransactionIdentity& who, bool commit);

  GroupsOptions groups_options;
  TransactionsOptions transactions_options;

 private:
  FaultEnv env_;
  FakeLog log_;
  std::unique_ptr<TimerQueue> timers_;
  std::unique_ptr<meta::Store> store_;
  std::unique_ptr<Groups> groups_;
  std::unique_ptr<Transactions> transactions_;
};

TopicPartition part(const std::string& topic, int32_t index = 0);
OffsetToCommit offset_of(const TopicPartition& partition, int64_t offset,
                         std::string metadata = "");

}  // namespace dataflow::log
