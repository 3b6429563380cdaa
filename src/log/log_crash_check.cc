// What must hold after a crash.
#include <gtest/gtest.h>

#include <algorithm>

#include "log_crash_world.h"

namespace dataflow::log {
namespace {

std::string words(const TopicModel& topic, int32_t partition) {
  return topic.name + "-" + std::to_string(partition);
}

// The batches from `from` to the readable end, byte by byte.
std::vector<std::string> batches_from(Partition& partition, Offset from) {
  std::vector<std::string> batches;
  while (true) {
    auto read = partition.read(from, 1 << 20, Isolation::kReadUncommitted, true);
    EXPECT_TRUE(read.ok()) << read.status();
    if (!read.ok() || read->slice.length == 0) return batches;
    Result<std::string> bytes = slice_bytes(read->slice);
    EXPECT_TRUE(bytes.ok()) << bytes.status();
    if (!bytes.ok()) return batches;
    for (size_t at = 0; at < bytes->size();) {
      Result<BatchHeader> header = parse_batch_header(std::string_view(*bytes).substr(at));
      EXPECT_TRUE(header.ok()) << header.status();
      if (!header.ok()) return batches;
      batches.push_back(bytes->substr(at, header->total_bytes()));
      at += header->total_bytes();
      from = header->next_offset();
    }
  }
}

}  // namespace

void CrashWorld::crash_and_check(CrashOptions how, uint64_t crashes_while_starting) {
  start_again(how, crashes_while_starting);
  if (testing::Test::HasFailure()) return;
  check_topics();
  for (auto& [name, topic] : topics_) {
    for (size_t i = 0; i < topic.partitions.size(); ++i) {
      check_partition(topic, static_cast<int32_t>(i));
      if (testing::Test::HasFailure()) return;
      check_committed(topic, static_cast<int32_t>(i), false);
    }
  }
}

void CrashWorld::start_again(CrashOptions how, uint64_t crashes_while_starting) {
  bed_.crash(how);
  for (uint64_t i = 0; i < crashes_while_starting; ++i) {
    env().set_crash_after(env().mutations() + 1 + below(60));
    (void)bed_.open().ok();
    bed_.crash({how.mode, random_()});
  }
  const auto before = log_contents();
  Status opened = bed_.open();
  ASSERT_TRUE(opened.ok()) << opened;
  check_cut(before);
}

std::map<std::string, std::string> CrashWorld::log_contents() {
  std::map<std::string, std::string> contents;
  const std::string dir = bed_.options().dir + "/topics";
  auto topics = env().list_dir(dir);
  if (!topics.ok()) return contents;
  for (const DirEntry& topic : *topics) {
    auto partitions = env().list_dir(dir + "/" + topic.name);
    for (const DirEntry& partition : *partitions) {
      const std::string folder = dir + "/" + topic.name + "/" + partition.name;
      auto files = env().list_dir(folder);
      for (const DirEntry& file : *files) {
        if (!file.name.ends_with(".log")) continue;
        contents[folder + "/" + file.name] = *env().read_file(folder + "/" + file.name, 1 << 24);
      }
    }
  }
  return contents;
}

// What a start takes from a log is in the folder for it, but for the zeros behind the log's end.
void CrashWorld::check_cut(const std::map<std::string, std::string>& before) {
  std::multiset<std::string> kept;
  for (const std::string& path : bed_.cut_files()) kept.insert(*env().read_file(path, 1 << 24));
  const auto after = log_contents();
  for (const auto& [path, bytes] : before) {
    if (!env().exists(parent_dir(path))) continue;  // of a deleted topic
    auto found = after.find(path);
    const std::string left = found == after.end() ? "" : found->second;
    ASSERT_EQ(bytes.substr(0, left.size()), left) << path;
    std::string cut = bytes.substr(left.size());
    cut.resize(cut.find_last_not_of('\0') + 1);
    EXPECT_TRUE(cut.empty() || kept.contains(cut)) << cut.size() << " bytes of " << path;
  }
}

void CrashWorld::check_topics() {
  for (const TopicInfo& info : bed_.log().topics()) {
    const bool known = topics_.contains(info.name) || creating_.contains(info.name);
    EXPECT_TRUE(known) << info.name << " came back";
    if (known && !topics_.contains(info.name)) {
      TopicModel made;
      made.name = info.name;
      made.keeps_all = !info.name.starts_with("short");
      made.partitions.resize(static_cast<size_t>(info.partitions));
      made.partitions_tried = info.partitions;
      made.message_limits = {"1048588"};
      topics_[info.name] = std::move(made);
    }
  }
  std::erase_if(topics_, [&](const auto& item) {
    const bool there = bed_.log().topic(item.first).has_value();
    EXPECT_TRUE(there || deleting_.contains(item.first)) << item.first << " is gone";
    return !there;
  });
  for (auto& [name, topic] : topics_) {
    const TopicInfo info = *bed_.log().topic(name);
    const auto confirmed = static_cast<int32_t>(topic.partitions.size());
    EXPECT_GE(info.partitions, confirmed) << name;
    EXPECT_LE(info.partitions, std::max(confirmed, topic.partitions_tried)) << name;
    topic.partitions.resize(static_cast<size_t>(info.partitions));
    const std::string limit = std::to_string(info.config.max_message_bytes);
    EXPECT_TRUE(topic.message_limits.contains(limit)) << name << " " << limit;
  }
  creating_.clear();
  deleting_.clear();
}

void CrashWorld::check_partition(TopicModel& topic, int32_t index) {
  SCOPED_TRACE(words(topic, index));
  PartitionModel& model = topic.partitions[static_cast<size_t>(index)];
  LogPartition& p = bed_.at(topic.name, index);
  const PartitionStats stats = p.stats();
  ASSERT_EQ(stats.health, PartitionHealth::kWritable) << stats.health_reason;
  EXPECT_EQ(stats.high_offset, stats.end);
  EXPECT_GE(stats.high_offset, model.confirmed) << "acknowledged records are gone";
  EXPECT_GE(stats.high_offset, model.seen_high) << "a reader saw more";
  EXPECT_GE(stats.log_start, model.start) << "deleted records came back";
  const Offset highest_start = topic.keeps_all ? model.start_tried : stats.high_offset;
  EXPECT_LE(stats.log_start, highest_start) << "records are gone";
  auto at = std::find_if(model.log.begin(), model.log.end(),
                         [&](const WrittenBatch& b) { return b.next > stats.log_start; });
  for (const std::string& bytes : batches_from(p, stats.log_start)) {
    ASSERT_NE(at, model.log.end()) << "a batch that nobody appended";
    ASSERT_EQ(bytes, at->bytes) << "at offset " << at->base.value();
    ++at;
  }
  model.log.erase(at, model.log.end());
  EXPECT_EQ(stats.high_offset,
            std::max(stats.log_start, model.log.empty() ? Offset(0) : model.log.back().next));
  model.end = stats.end;
}

void CrashWorld::check_committed(TopicModel& topic, int32_t index, bool settled) {
  SCOPED_TRACE(words(topic, index));
  const PartitionModel& model = topic.partitions[static_cast<size_t>(index)];
  LogPartition& p = bed_.at(topic.name, index);
  const Offset stable = p.last_stable();
  EXPECT_TRUE(!settled || stable == p.high_offset()) << "a transaction is open still";
  std::vector<std::string> expected;
  for (const WrittenBatch& batch : model.log) {
    if (batch.next > stable) break;
    for (size_t i = 0; i < batch.values.size(); ++i) {
      if (batch.base + static_cast<int64_t>(i) < p.log_start()) continue;
      const Fate fate = values_.at(batch.values[i]).second;
      EXPECT_NE(fate, Fate::kOpen) << "an open transaction below the stable offset";
      if (fate != Fate::kAborted) expected.push_back(batch.values[i]);
    }
  }
  for (uint32_t max_bytes : {300u, 1u << 20}) {
    auto seen = consume(p, p.log_start(), Isolation::kReadCommitted, max_bytes);
    ASSERT_TRUE(seen.ok()) << seen.status();
    ASSERT_EQ(values_of(*seen), expected);
  }
}

void CrashWorld::retry_in_flight(TopicModel& topic, int32_t partition) {
  PartitionModel& model = topic.partitions[static_cast<size_t>(partition)];
  const std::vector<InFlight> retries = model.in_flight;
  for (const InFlight& retry : retries) {
    const bool survived =
        std::any_of(model.log.begin(), model.log.end(),
                    [&](const WrittenBatch& b) { return b.values == retry.values; });
    const auto id =
        static_cast<int64_t>(std::hash<std::string>()(topic.name) % 800) * 16 + partition + 1000;
    auto outcome =
        append(topic, partition, make_batch(retry.values, idempotent(id, retry.sequence)),
               retry.values, -1);
    ASSERT_TRUE(outcome.has_value());
    EXPECT_EQ(outcome->duplicate, survived) << "sequence " << retry.sequence;
  }
  confirm(topic, partition);
}

void CrashWorld::settle_and_check() {
  for (auto& [name, topic] : topics_) {
    for (size_t i = 0; i < topic.partitions.size(); ++i) {
      retry_in_flight(topic, static_cast<int32_t>(i));
      if (testing::Test::HasFailure()) return;
    }
  }
  if (transaction_.id >= 0) {
    if (transaction_.fate == Fate::kOpen) {
      transaction_.fate = Fate::kAborted;
      for (auto& [value, fate] : values_) {
        if (fate.first == transaction_.id) fate.second = Fate::kAborted;
      }
      // As a coordinator does for a producer that it lost: with the next epoch.
      transaction_epoch_ = transaction_epoch_ + 1;
      transaction_.sequences.clear();
    }
    send_markers();
  }
  for (auto& [name, topic] : topics_) {
    for (size_t i = 0; i < topic.partitions.size(); ++i) {
      check_partition(topic, static_cast<int32_t>(i));
      if (testing::Test::HasFailure()) return;
      check_committed(topic, static_cast<int32_t>(i), true);
      EXPECT_TRUE(bed_.at(name, static_cast<int32_t>(i)).verify(nullptr).ok());
      if (testing::Test::HasFailure()) return;
    }
  }
}

}  // namespace dataflow::log
