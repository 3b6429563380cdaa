#include "log_crash_world.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace dataflow::log {
namespace {

constexpr int64_t kTransactionalProducer = 900;
constexpr size_t kMaxInFlight = 5;

// One idempotent producer for each partition.
int64_t producer_of(const std::string& topic, int32_t partition) {
  return static_cast<int64_t>(std::hash<std::string>()(topic) % 800) * 16 + partition + 1000;
}

}  // namespace

CrashWorld::CrashWorld(uint64_t seed) : bed_(seed), random_(seed) {
  bed_.options().checkpoint_bytes = 3000;
  // Now more than a batch, now less, so that batches also end behind the zeros.
  bed_.options().zeros_ahead = seed % 2 == 0 ? 2048 : 256;
}

void CrashWorld::set_up() {
  Status opened = bed_.open();
  ASSERT_TRUE(opened.ok()) << opened;
  create_topic("kept");
  create_topic("short");
}

void CrashWorld::work(int count) {
  for (int i = 0; i < count && !env().crashed() && !testing::Test::HasFailure(); ++i) step();
}

void CrashWorld::step() {
  if (topics_.empty()) return create_topic("again" + std::to_string(topics_made_));
  auto at = std::next(topics_.begin(), static_cast<long>(below(topics_.size())));
  TopicModel& topic = at->second;
  const auto partition = static_cast<int32_t>(below(topic.partitions.size()));
  switch (below(24)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4: return append_plain(topic, partition);
    case 5:
    case 6:
    case 7:
    case 8:
    case 9: return append_idempotent(topic, partition);
    case 10:
    case 11:
    case 12:
    case 13: return append_transactional();
    case 14:
    case 15: return end_transaction(one_in(2));
    case 16:
    case 17:
    case 18: return confirm(topic, partition);
    case 19:
    case 20: env().advance_ms(static_cast<int64_t>(below(1000))); return bed_.log().keep_house();
    case 21: return change_topics();
    case 22: return delete_records(topic, partition);
    default: return one_in(6) ? restart_cleanly() : confirm(topic, partition);
  }
}

std::vector<std::string> CrashWorld::new_values() {
  std::vector<std::string> values(1 + below(3));
  for (std::string& value : values) {
    value =
        "v" + std::to_string(next_value_++) + "-" + std::string(below(one_in(4) ? 700 : 60), 'x');
  }
  return values;
}

PartitionModel* CrashWorld::model_of(const Place& place) {
  auto topic = topics_.find(place.first);
  return topic == topics_.end() ? nullptr
                                : &topic->second.partitions[static_cast<size_t>(place.second)];
}

std::optional<AppendOutcome> CrashWorld::append(TopicModel& topic, int32_t partition,
                                                std::string batch, std::vector<std::string> values,
                                                int64_t transaction) {
  PartitionModel& model = topic.partitions[static_cast<size_t>(partition)];
  LogPartition& p = bed_.at(topic.name, partition);
  model.seen_high = std::max(model.seen_high, p.high_offset());
  for (const std::string& value : values) {
    values_[value] = {transaction, transaction < 0 ? Fate::kNone : Fate::kOpen};
  }
  Result<AppendOutcome> outcome = p.append({batch.data(), batch.size()}, true);
  if (!outcome.ok()) {
    EXPECT_TRUE(env().crashed()) << outcome.status();
    note_tried(model, std::move(batch), std::move(values), transaction);
    return std::nullopt;
  }
  if (outcome->duplicate) return *outcome;
  EXPECT_EQ(outcome->base_offset, model.end);
  model.log.push_back({std::move(batch), outcome->base_offset, outcome->next_offset,
                       std::move(values), transaction});
  model.end = outcome->next_offset;
  return *outcome;
}

// A write that failed may be on disk all the same, in part or whole.
void CrashWorld::note_tried(PartitionModel& model, std::string batch,
                            std::vector<std::string> values, int64_t transaction) {
  Result<BatchHeader> header = parse_batch_header(batch);
  ASSERT_TRUE(header.ok());
  const bool tried_before = !model.log.empty() && model.log.back().next > model.end;
  if (header->base_offset != model.end || tried_before) return;
  model.log.push_back({std::move(batch), header->base_offset, header->next_offset(),
                       std::move(values), transaction});
}

void CrashWorld::append_plain(TopicModel& topic, int32_t partition) {
  std::vector<std::string> values = new_values();
  append(topic, partition, make_batch(values), values, -1);
}

void CrashWorld::append_idempotent(TopicModel& topic, int32_t partition) {
  PartitionModel& model = topic.partitions[static_cast<size_t>(partition)];
  if (model.in_flight.size() == kMaxInFlight) confirm(topic, partition);
  if (env().crashed()) return;
  std::vector<std::string> values = new_values();
  const int32_t sequence = model.sequence;
  model.sequence += static_cast<int32_t>(values.size());
  const Offset next = model.end + static_cast<int64_t>(values.size());
  model.in_flight.push_back({sequence, values, next});
  append(topic, partition,
         make_batch(values, idempotent(producer_of(topic.name, partition), sequence)), values, -1);
}

void CrashWorld::append_transactional() {
  if (transaction_.id < 0) {
    transaction_.id = next_transaction_++;
    transaction_.fate = Fate::kOpen;
  }
  auto at = std::next(topics_.begin(), static_cast<long>(below(topics_.size())));
  const auto partition = static_cast<int32_t>(below(at->second.partitions.size()));
  const Place place{at->first, partition};
  std::vector<std::string> values = new_values();
  int32_t& sequence = transaction_.sequences[place];
  BatchShape shape = transactional(kTransactionalProducer, sequence, transaction_epoch_.value());
  sequence += static_cast<int32_t>(values.size());
  transaction_.touched.insert(place);
  append(at->second, partition, make_batch(values, shape), values, transaction_.id);
}

// In the order of design.md: data synced, decision, markers.
void CrashWorld::end_transaction(bool commit) {
  if (transaction_.id < 0 || transaction_.fate != Fate::kOpen) return;
  for (const Place& place : transaction_.touched) {
    if (model_of(place) != nullptr) confirm(topics_.at(place.first), place.second);
    if (env().crashed()) return;
  }
  transaction_.fate = commit ? Fate::kCommitted : Fate::kAborted;
  for (auto& [value, fate] : values_) {
    if (fate.first == transaction_.id) fate.second = transaction_.fate;
  }
  send_markers();
}

void CrashWorld::send_markers() {
  for (const Place& place : transaction_.touched) {
    PartitionModel* model = model_of(place);
    if (model == nullptr) continue;
    LogPartition& p = bed_.at(place.first, place.second);
    const bool commit = transaction_.fate == Fate::kCommitted;
    Result<AppendOutcome> marker =
        p.append_marker(ProducerId(kTransactionalProducer), transaction_epoch_, commit, 0);
    std::string bytes =
        build_control_batch(model->end, ProducerId(kTransactionalProducer), transaction_epoch_,
                            commit ? ControlType::kCommit : ControlType::kAbort, 0, env().now());
    set_leader_epoch(bytes.data(), p.leader_epoch());
    if (!marker.ok()) {
      EXPECT_TRUE(env().crashed()) << marker.status();
      return note_tried(*model, std::move(bytes), {}, -1);
    }
    EXPECT_EQ(marker->base_offset, model->end);
    model->log.push_back({std::move(bytes), marker->base_offset, marker->next_offset, {}, -1});
    model->end = marker->next_offset;
  }
  for (const Place& place : transaction_.touched) {
    if (model_of(place) != nullptr) confirm(topics_.at(place.first), place.second);
    if (env().crashed()) return;
  }
  transaction_.id = -1;
  transaction_.touched.clear();
}

void CrashWorld::confirm(TopicModel& topic, int32_t partition) {
  PartitionModel& model = topic.partitions[static_cast<size_t>(partition)];
  LogPartition& p = bed_.at(topic.name, partition);
  Status synced = wait_synced(p, model.end);
  model.seen_high = std::max(model.seen_high, p.high_offset());
  if (!synced.ok()) {
    EXPECT_TRUE(env().crashed()) << synced;
    return;
  }
  EXPECT_GE(p.high_offset(), model.end);
  model.confirmed = model.end;
  model.in_flight.clear();
}

void CrashWorld::create_topic(const std::string& name) {
  TopicModel topic;
  topic.name = name;
  topic.keeps_all = !name.starts_with("short");
  topic.partitions.resize(1 + topics_made_++ % 2);
  topic.partitions_tried = static_cast<int32_t>(topic.partitions.size());
  ConfigOverrides overrides{{"segment.bytes", std::to_string(1024 + below(2000))},
                            {"retention.ms", "-1"},
                            {"index.interval.bytes", "256"}};
  if (!topic.keeps_all) overrides["retention.bytes"] = "4000";
  topic.message_limits = {"1048588"};
  Result<TopicInfo> made = bed_.log().create_topic(name, topic.partitions_tried, overrides);
  if (!made.ok()) {
    EXPECT_TRUE(env().crashed()) << made.status();
    creating_.insert(name);
    return;
  }
  topics_[name] = std::move(topic);
}

void CrashWorld::delete_topic() {
  auto at = std::next(topics_.begin(), static_cast<long>(below(topics_.size())));
  const std::string name = at->first;
  if (name == "kept") return;
  Status deleted = bed_.log().delete_topic(name);
  if (!deleted.ok()) {
    EXPECT_TRUE(env().crashed()) << deleted;
    deleting_.insert(name);
    return;
  }
  // The caller was told so, but what it did in the last moment may be unknown to it.
  topics_.erase(name);
}

void CrashWorld::change_topics() {
  auto at = std::next(topics_.begin(), static_cast<long>(below(topics_.size())));
  TopicModel& topic = at->second;
  switch (below(4)) {
    case 0: return create_topic((one_in(2) ? "short" : "more") + std::to_string(topics_made_));
    case 1: return delete_topic();
    case 2: {
      topic.partitions_tried = static_cast<int32_t>(topic.partitions.size()) + 1;
      Status added = bed_.log().add_partitions(topic.name, topic.partitions_tried);
      if (added.ok()) {
        topic.partitions.emplace_back();
      } else {
        EXPECT_TRUE(env().crashed()) << added;
      }
      return;
    }
    default: {
      ConfigOverrides overrides = bed_.log().topic(topic.name)->overrides;
      const std::string limit = std::to_string(100000 + below(1000));
      overrides["max.message.bytes"] = limit;
      topic.message_limits.insert(limit);
      Status set = bed_.log().set_topic_config(topic.name, overrides);
      if (set.ok()) topic.message_limits = {limit};
      EXPECT_TRUE(set.ok() || env().crashed()) << set;
    }
  }
}

void CrashWorld::delete_records(TopicModel& topic, int32_t partition) {
  PartitionModel& model = topic.partitions[static_cast<size_t>(partition)];
  LogPartition& p = bed_.at(topic.name, partition);
  const Offset high = p.high_offset();
  model.seen_high = std::max(model.seen_high, high);
  if (high.value() == 0 || !one_in(3)) return;
  const Offset before(static_cast<int64_t>(below(static_cast<uint64_t>(high.value()) + 1)));
  model.start_tried = std::max(model.start_tried, before);
  Result<Offset> start = p.delete_records(before);
  if (start.ok()) {
    EXPECT_GE(*start, before);
    model.start = std::max(model.start, before);
  } else {
    EXPECT_TRUE(env().crashed()) << start.status();
  }
}

void CrashWorld::restart_cleanly() {
  Status stopped = bed_.stop();
  if (!stopped.ok()) {
    EXPECT_TRUE(env().crashed()) << stopped;
    return;
  }
  for (auto& [name, topic] : topics_) {
    for (PartitionModel& model : topic.partitions) {
      model.confirmed = model.end;
      model.in_flight.clear();
    }
  }
  Status opened = bed_.open();
  EXPECT_TRUE(opened.ok() || env().crashed()) << opened;
  if (!bed_.is_open() || env().crashed()) return;
  for (auto& [name, topic] : topics_) {
    for (size_t i = 0; i < topic.partitions.size(); ++i) {
      LogPartition& p = bed_.at(name, static_cast<int32_t>(i));
      EXPECT_EQ(p.high_offset(), topic.partitions[i].end);
      EXPECT_EQ(p.stats().health, PartitionHealth::kWritable) << p.stats().health_reason;
    }
  }
}

}  // namespace dataflow::log
