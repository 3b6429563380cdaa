#include "log_partition.h"

#include <algorithm>

namespace dataflow::log {

LogPartition::LogPartition(LogContext& context, PartitionSpec spec)
    : context_(context),
      spec_(std::move(spec)),
      config_(spec_.config),
      epochs_(spec_.epochs),
      zero_tail_(context.options.zeros_ahead),
      page_tail_(context.pages) {}

Offset LogPartition::log_start() const {
  std::lock_guard lock(mutex_);
  return log_start_;
}

Offset LogPartition::high_offset() const {
  std::lock_guard lock(mutex_);
  return high_;
}

Offset LogPartition::last_stable() const {
  std::lock_guard lock(mutex_);
  return last_stable_locked();
}

Offset LogPartition::end() const {
  std::lock_guard lock(mutex_);
  return end_;
}

LeaderEpoch LogPartition::leader_epoch() const {
  std::lock_guard lock(mutex_);
  return epochs_.back().epoch;
}

std::vector<EpochStart> LogPartition::epochs() const {
  std::lock_guard lock(mutex_);
  return epochs_;
}

PartitionStats LogPartition::stats() const {
  std::lock_guard lock(mutex_);
  PartitionStats stats;
  stats.log_start = log_start_;
  stats.last_stable = last_stable_locked();
  stats.high_offset = high_;
  stats.end = end_;
  for (const auto& segment : segments_) stats.bytes += segment->bytes();
  stats.segments = segments_.size();
  stats.health = health_;
  stats.health_reason = health_reason_;
  stats.epoch = epochs_.back().epoch;
  return stats;
}

std::vector<ProducerView> LogPartition::producers() const {
  std::lock_guard lock(mutex_);
  return producers_.views();
}

LeaderEpoch LogPartition::epoch_of_locked(Offset offset) const {
  LeaderEpoch found = epochs_.front().epoch;
  for (const EpochStart& e : epochs_) {
    if (e.start <= offset) found = e.epoch;
  }
  return found;
}

Status LogPartition::check_epoch(const BatchHeader& batch) const {
  std::lock_guard lock(mutex_);
  if (batch.leader_epoch == epoch_of_locked(batch.base_offset)) return {};
  return Status::corrupt("a batch with the wrong leader epoch");
}

std::optional<EpochEnd> LogPartition::epoch_end(LeaderEpoch epoch) const {
  std::lock_guard lock(mutex_);
  if (epoch > epochs_.back().epoch) return std::nullopt;
  for (size_t i = epochs_.size(); i-- > 0;) {
    if (epochs_[i].epoch > epoch) continue;
    const bool last = i + 1 == epochs_.size();
    return EpochEnd{epochs_[i].epoch, last ? high_ : epochs_[i + 1].start};
  }
  return EpochEnd{epoch, epochs_.front().start};
}

std::shared_ptr<const TopicConfig> LogPartition::config_snapshot() const {
  std::lock_guard lock(mutex_);
  return config_;
}

void LogPartition::set_config(std::shared_ptr<const TopicConfig> config) {
  std::lock_guard lock(mutex_);
  config_ = std::move(config);
}

void LogPartition::start_epoch(LeaderEpoch epoch) {
  std::lock_guard lock(mutex_);
  // An epoch without a single record never happened for anybody.
  while (!epochs_.empty() && epochs_.back().start >= end_) epochs_.pop_back();
  epochs_.push_back({epoch, end_});
}

}  // namespace dataflow::log
