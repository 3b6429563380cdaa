#include "fake_log.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "log/fault.h"
#include "types/log_batch.h"

namespace dataflow::kafka {

namespace {

using log::Fault;

class MemoryFile final : public File {
 public:
  Result<size_t> read_at(uint64_t position, std::span<char> out) override {
    std::lock_guard lock(mutex_);
    if (position >= bytes_.size()) return size_t{0};
    size_t size = std::min<size_t>(out.size(), bytes_.size() - position);
    std::memcpy(out.data(), bytes_.data() + position, size);
    return size;
  }
  Status write_at(uint64_t position, std::string_view data) override {
    std::lock_guard lock(mutex_);
    bytes_.resize(std::max<size_t>(bytes_.size(), position + data.size()));
    std::memcpy(bytes_.data() + position, data.data(), data.size());
    return {};
  }
  Status write_parts_at(uint64_t, std::span<const std::string_view>) override {
    return Status::unsupported("the memory file writes no parts");
  }
  Status sync() override { return {}; }
  Status truncate(uint64_t size) override {
    std::lock_guard lock(mutex_);
    bytes_.resize(size);
    return {};
  }
  Result<uint64_t> size() override {
    std::lock_guard lock(mutex_);
    return uint64_t{bytes_.size()};
  }

 private:
  std::mutex mutex_;
  std::string bytes_;
};

// A file that has no name any more: it goes with its last holder.
std::shared_ptr<File> unnamed_file() {
  char path[] = "/tmp/dataflow-fake-log-XXXXXX";
  int descriptor = ::mkstemp(path);
  if (descriptor < 0) return nullptr;
  ::close(descriptor);
  auto file = posix_env().open(path, OpenMode::kReadWrite);
  ::unlink(path);
  if (!file.ok()) return nullptr;
  return std::shared_ptr<File>(std::move(file).value());
}

}  // namespace

FakePartition::FakePartition(log::TopicPartition name, bool descriptors)
    : name_(std::move(name)),
      file_(descriptors ? unnamed_file() : std::make_shared<MemoryFile>()) {}

void FakePartition::hold_syncs() {
  std::lock_guard lock(mutex_);
  held_ = true;
}

void FakePartition::release_syncs(const Status& status) {
  std::vector<Waiting> waiting;
  {
    std::lock_guard lock(mutex_);
    held_ = false;
    waiting.swap(waiting_);
  }
  if (status.ok()) make_durable();
  for (Waiting& one : waiting) one.callback(status);
}

void FakePartition::until_waiting_syncs(size_t count) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return waiting_.size() == count; });
}

void FakePartition::until_listeners(size_t count) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return listeners_.size() == count; });
}

Offset FakePartition::end() const {
  std::lock_guard lock(mutex_);
  return end_;
}

void FakePartition::set_epoch(int32_t epoch) {
  std::lock_guard lock(mutex_);
  epoch_ = LeaderEpoch(epoch);
}

void FakePartition::make_durable() {
  std::vector<std::shared_ptr<log::AdvanceListener>> told;
  {
    std::lock_guard lock(mutex_);
    high_ = end_;
    told.swap(listeners_);
  }
  for (const auto& listener : told) listener->on_advance();
}

Result<log::AppendOutcome> FakePartition::append(std::span<char> batches, bool) {
  log::AppendOutcome outcome;
  bool held = false;
  {
    std::lock_guard lock(mutex_);
    outcome.base_offset = end_;
    size_t at = 0;
    while (at < batches.size()) {
      auto header = parse_batch_header({batches.data() + at, batches.size() - at});
      if (!header.ok() || header->total_bytes() > batches.size() - at ||
          !batch_crc_ok({batches.data() + at, header->total_bytes()})) {
        return log::fault(Fault::kCorruptBatch, StatusCode::kCorrupt, "the batch is damaged");
      }
      set_base_offset(batches.data() + at, end_);
      Offset next = end_ + (header->last_offset_delta + 1);
      batches_.push_back({end_, next, file_bytes_ + at,
                          static_cast<uint32_t>(header->total_bytes()), header->max_timestamp});
      end_ = next;
      at += header->total_bytes();
    }
    DF_RETURN_IF_ERROR(file_->write_at(file_bytes_, {batches.data(), batches.size()}));
    file_bytes_ += batches.size();
    outcome.next_offset = end_;
    held = held_;
  }
  if (!held) make_durable();
  return outcome;
}

Result<log::AppendOutcome> FakePartition::append_marker(ProducerId, ProducerEpoch, bool, int32_t) {
  return Status::unsupported("the fake log has no transactions");
}

void FakePartition::await_synced(Offset next_offset, SyncCallback callback) {
  {
    std::lock_guard lock(mutex_);
    if (held_) {
      waiting_.push_back({next_offset, std::move(callback)});
      changed_.notify_all();
      return;
    }
  }
  callback({});
}

Result<log::ReadOutcome> FakePartition::read(Offset from, uint32_t max_bytes, log::Isolation,
                                             bool at_least_one) {
  std::lock_guard lock(mutex_);
  if (from > high_ || from.value() < 0) {
    return log::fault(Fault::kOffsetOutOfRange, StatusCode::kOutOfRange, "no such offset");
  }
  log::ReadOutcome outcome;
  outcome.high_offset = high_;
  outcome.last_stable = high_;
  for (const Batch& batch : batches_) {
    if (batch.next <= from || batch.next > high_) continue;
    bool first = outcome.slice.length == 0;
    if (outcome.slice.length + batch.bytes > max_bytes && !(first && at_least_one)) break;
    if (first) outcome.slice = {file_, batch.position, 0};
    outcome.slice.length += batch.bytes;
  }
  return outcome;
}

bool FakePartition::listen(Offset seen_high, Offset,
                           std::shared_ptr<log::AdvanceListener> listener) {
  std::lock_guard lock(mutex_);
  if (high_ > seen_high) return false;
  listeners_.push_back(std::move(listener));
  changed_.notify_all();
  return true;
}

void FakePartition::forget(const log::AdvanceListener* listener) {
  std::lock_guard lock(mutex_);
  std::erase_if(listeners_, [&](const auto& kept) { return kept.get() == listener; });
  changed_.notify_all();
}

Offset FakePartition::high_offset() const {
  std::lock_guard lock(mutex_);
  return high_;
}

LeaderEpoch FakePartition::leader_epoch() const {
  std::lock_guard lock(mutex_);
  return epoch_;
}

log::PartitionStats FakePartition::stats() const {
  std::lock_guard lock(mutex_);
  log::PartitionStats stats;
  stats.high_offset = high_;
  stats.end = end_;
  stats.bytes = file_bytes_;
  return stats;
}

Result<std::optional<log::OffsetAtTime>> FakePartition::find_by_time(Timestamp time,
                                                                     log::Isolation) {
  std::lock_guard lock(mutex_);
  for (const Batch& batch : batches_) {
    if (batch.time >= time && batch.next <= high_) {
      return std::optional(log::OffsetAtTime{batch.base, batch.time, epoch_});
    }
  }
  return std::optional<log::OffsetAtTime>();
}

Result<std::optional<log::OffsetAtTime>> FakePartition::find_max_time() {
  std::lock_guard lock(mutex_);
  std::optional<log::OffsetAtTime> best;
  for (const Batch& batch : batches_) {
    if (!best || batch.time > best->timestamp)
      best = log::OffsetAtTime{batch.base, batch.time, epoch_};
  }
  return best;
}

std::optional<log::EpochEnd> FakePartition::epoch_end(LeaderEpoch epoch) const {
  std::lock_guard lock(mutex_);
  if (epoch > epoch_) return std::nullopt;
  return log::EpochEnd{epoch_, end_};
}

FakePartition& FakeLog::make(const std::string& topic, int32_t partitions) {
  (void)create_topic(topic, partitions, {});
  return at(topic);
}

FakePartition& FakeLog::at(const std::string& topic, int32_t partition) {
  std::lock_guard lock(mutex_);
  return *topics_.at(topic).partitions.at(static_cast<size_t>(partition));
}

Result<log::TopicInfo> FakeLog::create_topic(const std::string& name, int32_t partitions,
                                             const log::ConfigOverrides& overrides) {
  DF_RETURN_IF_ERROR(check_new_topic(name, partitions, overrides));
  DF_ASSIGN_OR_RETURN(log::TopicConfig config,
                      log::make_topic_config(options_.defaults, overrides));
  std::lock_guard lock(mutex_);
  Topic& topic = topics_[name];
  topic.info.name = name;
  topic.info.id = Uuid::random(posix_env());
  topic.info.partitions = partitions;
  topic.info.overrides = overrides;
  topic.info.config = config;
  for (int32_t i = 0; i < partitions; ++i) {
    topic.partitions.push_back(std::make_shared<FakePartition>(
        log::TopicPartition{name, PartitionIndex(i)}, descriptors_));
  }
  return topic.info;
}

Status FakeLog::delete_topic(const std::string& name) {
  std::lock_guard lock(mutex_);
  if (topics_.erase(name) > 0) return {};
  return log::fault(Fault::kUnknownTopic, StatusCode::kNotFound, "there is no topic " + name);
}

Status FakeLog::add_partitions(const std::string& name, int32_t new_count) {
  std::lock_guard lock(mutex_);
  Topic& topic = topics_.at(name);
  for (int32_t i = topic.info.partitions; i < new_count; ++i) {
    topic.partitions.push_back(std::make_shared<FakePartition>(
        log::TopicPartition{name, PartitionIndex(i)}, descriptors_));
  }
  topic.info.partitions = new_count;
  return {};
}

Status FakeLog::set_topic_config(const std::string& name, const log::ConfigOverrides& overrides) {
  DF_ASSIGN_OR_RETURN(log::TopicConfig config,
                      log::make_topic_config(options_.defaults, overrides));
  std::lock_guard lock(mutex_);
  topics_.at(name).info.overrides = overrides;
  topics_.at(name).info.config = config;
  return {};
}

Status FakeLog::check_new_topic(const std::string& name, int32_t partitions,
                                const log::ConfigOverrides&) const {
  if (name.empty() || name.find_first_of(" /?") != std::string::npos) {
    return log::fault(Fault::kInvalidTopicName, StatusCode::kInvalid, "bad topic name " + name);
  }
  if (partitions > options_.max_partitions_per_topic) {
    return log::fault(Fault::kInvalidPartitions, StatusCode::kInvalid, "too many partitions");
  }
  std::lock_guard lock(mutex_);
  if (!topics_.contains(name)) return {};
  return log::fault(Fault::kTopicExists, StatusCode::kAlreadyExists, "topic " + name + " exists");
}

std::vector<log::TopicInfo> FakeLog::topics() const {
  std::lock_guard lock(mutex_);
  std::vector<log::TopicInfo> infos;
  for (const auto& [name, topic] : topics_) infos.push_back(topic.info);
  return infos;
}

std::optional<log::TopicInfo> FakeLog::topic(std::string_view name) const {
  std::lock_guard lock(mutex_);
  auto found = topics_.find(name);
  if (found == topics_.end()) return std::nullopt;
  return found->second.info;
}

std::optional<log::TopicInfo> FakeLog::topic_by_id(const Uuid& id) const {
  std::lock_guard lock(mutex_);
  for (const auto& [name, topic] : topics_) {
    if (topic.info.id == id) return topic.info;
  }
  return std::nullopt;
}

std::shared_ptr<log::Partition> FakeLog::partition(std::string_view topic,
                                                   PartitionIndex index) const {
  std::lock_guard lock(mutex_);
  auto found = topics_.find(topic);
  if (found == topics_.end() || index.value() < 0 ||
      static_cast<size_t>(index.value()) >= found->second.partitions.size()) {
    return nullptr;
  }
  return found->second.partitions[static_cast<size_t>(index.value())];
}

}  // namespace dataflow::kafka
