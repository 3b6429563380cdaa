// Random operations on one partition against a model in memory: a vector of batches.
//
// DATAFLOW_TEST_SEED repeats one seed, DATAFLOW_SOAK_ROUNDS sets the number of seeds.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "log/fault.h"
#include "log_test_bed.h"

namespace dataflow::log {
namespace {

struct ModelBatch {
  std::string bytes;
  Offset base, next;
  std::vector<std::string> values;
  std::vector<int64_t> times;
  int64_t producer = -1;
  bool transactional = false;
  bool aborted = false;
};

class ModelRun {
 public:
  explicit ModelRun(uint64_t seed) : bed_(seed), random_(seed) {
    bed_.options().checkpoint_bytes = 2000;
  }

  void run(int steps) {
    ASSERT_TRUE(bed_.open().ok());
    bed_.make("t", {{"segment.bytes", std::to_string(1024 + below(3000))},
                    {"index.interval.bytes", std::to_string(below(600))},
                    {"retention.ms", "-1"}});
    for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) step();
  }

 private:
  uint64_t below(uint64_t n) { return random_() % n; }
  LogPartition& p() { return bed_.at(); }

  void step() {
    switch (below(20)) {
      case 0:
      case 1:
      case 2: return append(false);
      case 3:
      case 4:
      case 5: return append(true);
      case 6: return end_transaction();
      case 7: return repeat();
      case 8:
      case 9:
      case 10:
      case 11: return read(Isolation::kReadUncommitted);
      case 12: return read(Isolation::kReadCommitted);
      case 13: return consume_committed();
      case 14: return find_time();
      case 15: return bed_.log().keep_house();
      case 16: return delete_records();
      case 17: return find_max();
      case 18: return reopen();
      default: return wrong_sequence();
    }
  }

  void append(bool with_producer) {
    ModelBatch batch;
    BatchShape shape;
    if (with_producer) {
      batch.producer = static_cast<int64_t>(below(3));
      batch.transactional = batch.producer != 0;
      shape = idempotent(batch.producer, sequences_[batch.producer]);
      shape.transactional = batch.transactional;
    }
    shape.codec = static_cast<Codec>(below(5));
    const size_t count = 1 + below(4);
    for (size_t i = 0; i < count; ++i) {
      batch.values.push_back(std::to_string(next_value_++) + std::string(below(300), 'v'));
      clock_ += static_cast<int64_t>(below(20)) - 5;
      batch.times.push_back(clock_);
    }
    shape.times = batch.times;
    batch.bytes = make_batch(batch.values, shape);
    Result<AppendOutcome> outcome = p().append({batch.bytes.data(), batch.bytes.size()}, true);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    ASSERT_TRUE(wait_synced(p(), outcome->next_offset).ok());
    ASSERT_EQ(outcome->base_offset, end());
    batch.base = outcome->base_offset;
    batch.next = outcome->next_offset;
    if (with_producer) sequences_[batch.producer] += static_cast<int32_t>(count);
    if (batch.transactional) open_.try_emplace(batch.producer, batch.base);
    log_.push_back(std::move(batch));
    ASSERT_EQ(p().high_offset(), end());
    ASSERT_EQ(p().last_stable(), stable());
  }

  void end_transaction() {
    if (open_.empty()) return;
    const auto [producer, start] = *open_.begin();
    const bool commit = below(2) == 0;
    auto marker = p().append_marker(ProducerId(producer), ProducerEpoch(0), commit, 0);
    ASSERT_TRUE(marker.ok()) << marker.status();
    ASSERT_TRUE(wait_synced(p(), marker->next_offset).ok());
    for (ModelBatch& b : log_) {
      if (!commit && b.transactional && b.producer == producer && b.base >= start) b.aborted = true;
    }
    ModelBatch control;
    control.bytes = build_control_batch(marker->base_offset, ProducerId(producer), ProducerEpoch(0),
                                        commit ? ControlType::kCommit : ControlType::kAbort, 0,
                                        bed_.env().now());
    set_leader_epoch(control.bytes.data(), p().leader_epoch());
    control.base = marker->base_offset;
    control.next = marker->next_offset;
    control.times = {bed_.env().now().value()};
    log_.push_back(std::move(control));
    open_.erase(producer);
    ASSERT_EQ(p().last_stable(), stable());
  }

  void repeat() {
    for (size_t i = log_.size(); i-- > 0;) {
      ModelBatch& b = log_[i];
      if (b.producer != 0) continue;
      Result<AppendOutcome> outcome = append_batch(p(), b.bytes);
      ASSERT_TRUE(outcome.ok()) << outcome.status();
      ASSERT_TRUE(outcome->duplicate);
      ASSERT_EQ(outcome->base_offset, b.base);
      ASSERT_EQ(outcome->next_offset, b.next);
      return;
    }
  }

  void wrong_sequence() {
    const auto producer = static_cast<int64_t>(below(3));
    if (sequences_[producer] == 0) return;
    BatchShape shape =
        idempotent(producer, sequences_[producer] + 1 + static_cast<int32_t>(below(5)));
    shape.transactional = producer != 0;
    ASSERT_EQ(fault_of(append_batch(p(), make_batch({"x"}, shape)).status()),
              Fault::kOutOfOrderSequence);
  }

  void read(Isolation isolation) {
    const Offset upper = isolation == Isolation::kReadCommitted ? stable() : end();
    const Offset from(static_cast<int64_t>(below(static_cast<uint64_t>(end().value()) + 2)));
    const auto max = static_cast<uint32_t>(below(4) == 0 ? below(1 << 20) : below(1500));
    const bool at_least_one = below(2) == 0;
    Result<ReadOutcome> read = p().read(from, max, isolation, at_least_one);
    if (from < start_ || from > end()) {
      ASSERT_EQ(fault_of(read.status()), Fault::kOffsetOutOfRange);
      return;
    }
    ASSERT_TRUE(read.ok()) << read.status();
    ASSERT_EQ(read->high_offset, end());
    const std::string bytes = *slice_bytes(read->slice);
    auto at = std::find_if(log_.begin(), log_.end(), [&](const auto& b) { return b.next > from; });
    if (from >= upper) {
      ASSERT_TRUE(bytes.empty());
      return;
    }
    if (bytes.empty()) {
      ASSERT_FALSE(at_least_one);
      ASSERT_GT(at->bytes.size(), max);
      return;
    }
    std::string expected;
    for (; expected.size() < bytes.size() && at != log_.end() && at->next <= upper; ++at) {
      expected += at->bytes;
    }
    ASSERT_EQ(bytes, expected) << "from " << from << " max " << max;
    const bool one = parse_batch_header(bytes)->total_bytes() == bytes.size();
    ASSERT_TRUE(bytes.size() <= max || (at_least_one && one));
  }

  void consume_committed() {
    std::vector<std::string> expected;
    for (const ModelBatch& b : log_) {
      if (b.next > stable()) break;
      for (size_t i = 0; i < b.values.size() && !b.aborted; ++i) {
        if (b.base + static_cast<int64_t>(i) >= start_) expected.push_back(b.values[i]);
      }
    }
    auto seen =
        consume(p(), start_, Isolation::kReadCommitted, static_cast<uint32_t>(1 + below(3000)));
    ASSERT_TRUE(seen.ok()) << seen.status();
    ASSERT_EQ(values_of(*seen), expected);
  }

  std::optional<std::pair<Offset, int64_t>> first_at(int64_t time) {
    for (const ModelBatch& b : log_) {
      for (size_t i = 0; i < b.times.size(); ++i) {
        const Offset offset = b.base + static_cast<int64_t>(i);
        if (offset >= start_ && b.times[i] >= time) return std::pair(offset, b.times[i]);
      }
    }
    return std::nullopt;
  }

  void find_time() {
    const int64_t time = clock_ - static_cast<int64_t>(below(300)) + 50;
    auto found = p().find_by_time(Timestamp(time), Isolation::kReadUncommitted);
    ASSERT_TRUE(found.ok()) << found.status();
    const auto expected = first_at(time);
    ASSERT_EQ(found->has_value(), expected.has_value()) << "time " << time;
    if (!expected) return;
    ASSERT_EQ((*found)->offset, expected->first) << "time " << time;
    ASSERT_EQ((*found)->timestamp, Timestamp(expected->second));
  }

  void find_max() {
    auto found = p().find_max_time();
    ASSERT_TRUE(found.ok()) << found.status();
    int64_t max = -1;
    for (const ModelBatch& b : log_) {
      if (b.base < start_) continue;
      for (int64_t t : b.times) max = std::max(max, t);
    }
    if (max < 0) return;
    ASSERT_TRUE(found->has_value());
    ASSERT_GE((*found)->timestamp, Timestamp(max));
  }

  void delete_records() {
    if (below(3) != 0) return;
    const Offset before(static_cast<int64_t>(below(static_cast<uint64_t>(end().value()) + 1)));
    Result<Offset> start = p().delete_records(before);
    ASSERT_TRUE(start.ok()) << start.status();
    start_ = std::max(start_, before);
    ASSERT_EQ(*start, start_);
  }

  void reopen() {
    const LeaderEpoch epoch = p().leader_epoch();
    if (below(3) == 0) {
      bed_.restart();
      ASSERT_EQ(p().leader_epoch(), epoch);
    } else {
      bed_.crash_and_open({static_cast<CrashMode>(below(3)), random_()});
      ASSERT_EQ(p().leader_epoch(), epoch + 1);
    }
    ASSERT_EQ(p().stats().health, PartitionHealth::kWritable) << p().stats().health_reason;
    ASSERT_EQ(p().log_start(), start_);
    ASSERT_EQ(p().high_offset(), end());
    ASSERT_EQ(p().last_stable(), stable());
  }

  Offset end() const { return log_.empty() ? Offset(0) : log_.back().next; }
  Offset stable() const {
    Offset first = end();
    for (const auto& [producer, start] : open_) first = std::min(first, start);
    return std::max(first, start_);
  }

  LogBed bed_;
  std::mt19937_64 random_;
  std::vector<ModelBatch> log_;
  std::map<int64_t, int32_t> sequences_;
  std::map<int64_t, Offset> open_;  // producer, first offset
  Offset start_{0};
  int64_t next_value_ = 0;
  int64_t clock_ = 1'700'000'000'000;
};

TEST(LogModelTest, RandomOperationsDoWhatTheModelDoes) {
  const uint64_t first = test_seed(1);
  const int rounds = test_rounds(15);
  for (int i = 0; i < rounds && !testing::Test::HasFailure(); ++i) {
    SCOPED_TRACE("DATAFLOW_TEST_SEED=" + std::to_string(first + static_cast<uint64_t>(i)));
    ModelRun(first + static_cast<uint64_t>(i)).run(250);
  }
}

}  // namespace
}  // namespace dataflow::log
