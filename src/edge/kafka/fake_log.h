// A log in memory whose disk the test holds in its hand, for tests of the listener alone.
// Test-only; not part of the room.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "log/log.h"

namespace dataflow::kafka {

class FakePartition final : public log::Partition {
 public:
  // `descriptors`: its bytes lie in a real file, so that they can be sent by sendfile.
  FakePartition(log::TopicPartition name, bool descriptors);

  // Until release_syncs() nothing that is appended becomes durable or readable.
  void hold_syncs();
  void release_syncs(const Status& status = {});
  // Block until there are exactly so many appends waiting to be durable, listeners waiting for
  // more.
  void until_waiting_syncs(size_t count);
  void until_listeners(size_t count);
  Offset end() const;
  void set_epoch(int32_t epoch);

  const log::TopicPartition& name() const override { return name_; }
  const Uuid& topic_id() const override { return id_; }
  Result<log::AppendOutcome> append(std::span<char> batches, bool from_client) override;
  Result<log::AppendOutcome> append_marker(ProducerId, ProducerEpoch, bool, int32_t) override;
  void await_synced(Offset next_offset, SyncCallback callback) override;
  Result<log::ReadOutcome> read(Offset from, uint32_t max_bytes, log::Isolation isolation,
                                bool at_least_one) override;
  bool listen(Offset seen_high, Offset seen_stable,
              std::shared_ptr<log::AdvanceListener> listener) override;
  void forget(const log::AdvanceListener* listener) override;
  Offset log_start() const override { return Offset(0); }
  Offset high_offset() const override;
  Offset last_stable() const override { return high_offset(); }
  LeaderEpoch leader_epoch() const override;
  log::PartitionStats stats() const override;
  std::vector<log::ProducerView> producers() const override { return {}; }
  Result<std::optional<log::OffsetAtTime>> find_by_time(Timestamp time, log::Isolation) override;
  Result<std::optional<log::OffsetAtTime>> find_max_time() override;
  std::optional<log::EpochEnd> epoch_end(LeaderEpoch epoch) const override;
  Result<Offset> delete_records(Offset before) override { return before; }
  Status verify(const std::function<void(uint64_t, uint64_t)>&) override { return {}; }

 private:
  struct Batch {
    Offset base;
    Offset next;
    uint64_t position;
    uint32_t bytes;
    Timestamp time;
  };
  struct Waiting {
    Offset until;
    SyncCallback callback;
  };

  void make_durable();

  const log::TopicPartition name_;
  const Uuid id_;
  std::shared_ptr<File> file_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Batch> batches_;
  uint64_t file_bytes_ = 0;
  Offset end_{0};
  Offset high_{0};
  LeaderEpoch epoch_{0};
  bool held_ = false;
  std::vector<Waiting> waiting_;
  std::vector<std::shared_ptr<log::AdvanceListener>> listeners_;
};

class FakeLog final : public log::Log {
 public:
  explicit FakeLog(bool descriptors = false) : descriptors_(descriptors) {
    options_.dir = "/fake";
    options_.max_partitions_per_topic = 100;
  }

  FakePartition& make(const std::string& topic, int32_t partitions = 1);
  FakePartition& at(const std::string& topic, int32_t partition = 0);

  Status close() override { return {}; }
  Result<log::TopicInfo> create_topic(const std::string& name, int32_t partitions,
                                      const log::ConfigOverrides& overrides) override;
  Status delete_topic(const std::string& name) override;
  Status add_partitions(const std::string& name, int32_t new_count) override;
  Status set_topic_config(const std::string& name, const log::ConfigOverrides& overrides) override;
  Status check_new_topic(const std::string& name, int32_t partitions,
                         const log::ConfigOverrides& overrides) const override;
  std::vector<log::TopicInfo> topics() const override;
  std::optional<log::TopicInfo> topic(std::string_view name) const override;
  std::optional<log::TopicInfo> topic_by_id(const Uuid& id) const override;
  std::shared_ptr<log::Partition> partition(std::string_view topic,
                                            PartitionIndex index) const override;
  const log::LogOptions& options() const override { return options_; }
  void on_topic_deleted(std::function<void(const std::string&)>) override {}
  void keep_house() override {}

 private:
  struct Topic {
    log::TopicInfo info;
    std::vector<std::shared_ptr<FakePartition>> partitions;
  };

  const bool descriptors_;
  log::LogOptions options_;
  mutable std::mutex mutex_;
  std::map<std::string, Topic, std::less<>> topics_;
};

}  // namespace dataflow::kafka
