// A compacted topic for the tests of compaction. Test-only; not part of the room.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "log_test_bed.h"

namespace dataflow::log {

using Strings = std::vector<std::string>;

inline ConfigOverrides compacted(const ConfigOverrides& more = {}) {
  ConfigOverrides all{
      {"cleanup.policy", "compact"}, {"segment.bytes", "1024"}, {"min.cleanable.dirty.ratio", "0"}};
  for (const auto& [name, value] : more) all[name] = value;
  return all;
}

class CompactBed : public testing::Test {
 protected:
  void SetUp() override {
    Status opened = bed_.open();
    ASSERT_TRUE(opened.ok()) << opened;
  }
  Offset add(const std::string& key, const std::string& value, BatchShape shape = {}) {
    shape.key = key;
    if (shape.times.empty()) shape.times = {bed_.env().now().value()};
    Result<AppendOutcome> outcome = append_synced(bed_.at(), make_batch({value}, shape));
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    return outcome.ok() ? outcome->base_offset : Offset(-1);
  }
  Offset add_tombstone(const std::string& key) {
    BatchBuilder builder;
    EXPECT_TRUE(builder.add(bed_.env().now(), key, std::nullopt).ok());
    Result<AppendOutcome> outcome = append_synced(bed_.at(), builder.finish());
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    return outcome->base_offset;
  }
  Offset end(int64_t producer, bool commit, int16_t epoch = 0) {
    auto marker = bed_.at().append_marker(ProducerId(producer), ProducerEpoch(epoch), commit, 0);
    EXPECT_TRUE(marker.ok()) << marker.status();
    EXPECT_TRUE(wait_synced(bed_.at(), marker->next_offset).ok());
    return marker->base_offset;
  }
  // A record that no test asks about, so large that the next one begins a segment.
  void seal() { add("filling", std::string(1000, 'f')); }
  void keep_house() { bed_.log().keep_house(); }

  // The batches' headers as they stand in the log, gaps included.
  std::vector<BatchHeader> batches() {
    std::vector<BatchHeader> found;
    for (const std::string& path : bed_.files(bed_.at())) {
      const std::string bytes = *bed_.env().read_file(path, 1 << 24);
      // Behind the log of the active one stand zeros.
      for (size_t at = 0; bytes.find_first_not_of('\0', at) != std::string::npos;
           at += found.back().total_bytes()) {
        found.push_back(*parse_batch_header(std::string_view(bytes).substr(at)));
      }
    }
    return found;
  }
  // What is at this offset: nothing if only a gap covers it.
  std::optional<BatchHeader> record_at(Offset offset) {
    for (const BatchHeader& batch : batches()) {
      if (batch.record_count > 0 && batch.base_offset <= offset && batch.last_offset() >= offset) {
        return batch;
      }
    }
    return std::nullopt;
  }
  Strings seen(Isolation isolation = Isolation::kReadCommitted) {
    auto found = consume(bed_.at(), bed_.at().log_start(), isolation);
    EXPECT_TRUE(found.ok()) << found.status();
    if (!found.ok()) return {};
    std::erase_if(*found, [](const SeenRecord& r) { return r.value.starts_with("fff"); });
    return values_of(*found);
  }
  std::vector<AbortedTransaction> aborted() {
    auto read = bed_.at().read(bed_.at().log_start(), 1 << 20, Isolation::kReadCommitted, true);
    EXPECT_TRUE(read.ok()) << read.status();
    return read->aborted;
  }
  void lose_checkpoint() {
    const std::string path = bed_.at().dir() + "/checkpoint";
    ASSERT_TRUE(bed_.stop().ok());
    ASSERT_TRUE(bed_.env().remove_file(path).ok());
    Status opened = bed_.open();
    ASSERT_TRUE(opened.ok()) << opened;
    ASSERT_EQ(bed_.at().stats().health, PartitionHealth::kWritable)
        << bed_.at().stats().health_reason;
  }
  // How many operations on the disk one round of housekeeping takes.
  uint64_t work_of_housekeeping() {
    const uint64_t before = bed_.env().mutations();
    keep_house();
    return bed_.env().mutations() - before;
  }

  // What every read from `from` on answers until the readable end: how many records in each slice.
  std::vector<int> records_of_reads(uint32_t max_bytes, Isolation isolation) {
    LogPartition& p = bed_.at();
    std::vector<int> counts;
    for (Offset next = p.log_start(); counts.size() < 1000;) {
      Result<ReadOutcome> read = p.read(next, max_bytes, isolation, true);
      EXPECT_TRUE(read.ok()) << read.status();
      if (!read.ok() || read->slice.length == 0) break;
      const std::string bytes = *slice_bytes(read->slice);
      counts.push_back(0);
      for (size_t at = 0; at < bytes.size();) {
        const BatchHeader header = *parse_batch_header(std::string_view(bytes).substr(at));
        counts.back() += header.record_count;
        next = header.next_offset();
        at += header.total_bytes();
      }
    }
    return counts;
  }

  LogBed bed_;
};

}  // namespace dataflow::log
