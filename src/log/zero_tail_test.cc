// The zeros behind a log's end: when they are written, and that nobody takes them for anything.
#include "zero_tail.h"

#include <gtest/gtest.h>

#include "log/repair.h"
#include "log_test_bed.h"

namespace dataflow::log {
namespace {

using Strings = std::vector<std::string>;

TEST(ZeroTailRuleTest, SmallSyncsWantZerosAndLargeOnesDoNot) {
  ZeroTail tail(128 << 10);
  EXPECT_FALSE(tail.wanted()) << "nothing is known yet";
  tail.note_sync(3000);
  EXPECT_TRUE(tail.wanted());
  for (int i = 0; i < 3; ++i) tail.note_sync(1 << 30);
  EXPECT_FALSE(tail.wanted());
  for (int i = 0; i < 20; ++i) tail.note_sync(3000);
  EXPECT_TRUE(tail.wanted());
}

TEST(ZeroTailRuleTest, ZerosEndWithABlockOrTheSegment) {
  ZeroTail tail(128 << 10);
  EXPECT_EQ(tail.zeros_end(5000, 1 << 30), 5000u);
  tail.note_sync(1);
  EXPECT_EQ(tail.zeros_end(5000, 1 << 30), 33u * 4096);
  EXPECT_EQ(tail.zeros_end(5000, 6000), 6000u);
  EXPECT_LE(tail.zeros_end(5000, 4000), 5000u);
  ZeroTail none(0);
  none.note_sync(1);
  EXPECT_EQ(none.zeros_end(5000, 1 << 30), 5000u);
}

class ZeroTailTest : public testing::Test {
 protected:
  void SetUp() override {
    bed_.options().zeros_ahead = 4096;
    ASSERT_TRUE(bed_.open().ok());
  }

  void add(const std::string& value) {
    Result<AppendOutcome> outcome = append_synced(bed_.at(), make_batch({value}));
    ASSERT_TRUE(outcome.ok()) << outcome.status();
  }
  // Two batches, the log's end in the middle of the file; gives the file.
  std::string fill() {
    bed_.make();
    add("a");
    add("b");
    EXPECT_GT(zeros(), 1000);
    return bed_.files(bed_.at()).back();
  }
  // Bytes of all segments' files that are not log.
  int64_t zeros() {
    int64_t bytes = -static_cast<int64_t>(bed_.at().stats().bytes);
    for (const std::string& path : bed_.files(bed_.at())) {
      bytes += static_cast<int64_t>(*bed_.env().file_size(path));
    }
    return bytes;
  }
  Strings all() {
    auto seen = consume(bed_.at(), Offset(0), Isolation::kReadUncommitted);
    EXPECT_TRUE(seen.ok()) << seen.status();
    return seen.ok() ? values_of(*seen) : Strings();
  }
  void overwrite(const std::string& path, uint64_t position, std::string_view bytes) {
    auto file = bed_.env().open(path, OpenMode::kReadWrite);
    ASSERT_TRUE((*file)->write_at(position, bytes).ok());
    ASSERT_TRUE((*file)->sync().ok());
  }
  StoredPartition stored() {
    auto store = meta::Store::open(bed_.env(), "data/meta");
    EXPECT_TRUE(store.ok()) << store.status();
    Result<std::vector<StoredPartition>> found = stored_partitions(**store, "data/log");
    EXPECT_TRUE(found.ok() && found->size() == 1);
    EXPECT_TRUE((*store)->close().ok());
    return found->front();
  }
  PartitionCheck check() {
    Result<PartitionCheck> checked = check_partition(bed_.env(), stored(), nullptr);
    EXPECT_TRUE(checked.ok()) << checked.status();
    return checked.ok() ? *checked : PartitionCheck();
  }
  // As it was after fill(), without zeros, and still a log.
  void expect_whole() {
    ASSERT_TRUE(bed_.open().ok());
    EXPECT_EQ(bed_.at().stats().health, PartitionHealth::kWritable)
        << bed_.at().stats().health_reason;
    EXPECT_EQ(all(), (Strings{"a", "b"}));
    EXPECT_EQ(zeros(), 0);
    add("c");
    EXPECT_EQ(all(), (Strings{"a", "b", "c"}));
    EXPECT_TRUE(bed_.at().verify(nullptr).ok());
  }

  LogBed bed_;
};

TEST_F(ZeroTailTest, OnlyTheFileGrowsNotTheLog) {
  fill();
  const uint64_t bytes = bed_.at().stats().bytes;
  EXPECT_EQ(bytes, 2 * make_batch({"a"}).size());
  const int64_t before = zeros();
  add("c");
  EXPECT_EQ(zeros(), before - static_cast<int64_t>(bytes / 2)) << "the file grew again";
  EXPECT_EQ(all(), (Strings{"a", "b", "c"}));
  EXPECT_TRUE(bed_.at().verify(nullptr).ok());
  for (int i = 0; i < 100; ++i) add(std::string(90, 'x'));
  EXPECT_LE(zeros(), 4096);
  EXPECT_EQ(all().size(), 103u);
}

TEST_F(ZeroTailTest, LargeSyncsGoWithout) {
  bed_.make();
  for (int i = 0; i < 5; ++i) add(std::string(ZeroTail::kSmallSync, 'x'));
  EXPECT_EQ(zeros(), 0);
}

TEST_F(ZeroTailTest, AfterAKillOrAPowerLossTheyAreTheEnd) {
  for (CrashMode mode : {CrashMode::kKeepAll, CrashMode::kLoseAll}) {
    if (mode == CrashMode::kLoseAll) {
      ASSERT_TRUE(bed_.log().delete_topic("t").ok());
    }
    fill();
    bed_.crash({mode});
    expect_whole();
    EXPECT_TRUE(bed_.cut_files().empty());
  }
}

TEST_F(ZeroTailTest, ACleanStopLeavesNoneEvenAfterAPowerLoss) {
  const std::string path = fill();
  const uint64_t bytes = bed_.at().stats().bytes;
  ASSERT_TRUE(bed_.stop().ok());
  EXPECT_EQ(bed_.env().durable_content(path)->size(), bytes);
  expect_whole();
}

TEST_F(ZeroTailTest, AStopWhoseSyncFailsIsNoCleanOne) {
  fill();
  ASSERT_TRUE(bed_.at().write_checkpoint().ok());
  bed_.env().fail(FaultOp::kSync, Status::io_error("disk"), ".log");
  EXPECT_FALSE(bed_.stop().ok());
  bed_.crash({CrashMode::kKeepAll});
  EXPECT_FALSE(bed_.env().exists("data/log/clean"));
  expect_whole();
}

TEST_F(ZeroTailTest, ASealedSegmentHasNone) {
  bed_.make("t", {{"segment.bytes", "1024"}});
  for (int i = 0; i < 20; ++i) add(std::string(100, 'x'));
  const std::vector<std::string> files = bed_.files(bed_.at());
  ASSERT_GT(files.size(), 2u);
  for (size_t i = 0; i + 1 < files.size(); ++i) {
    const std::string content = *bed_.env().durable_content(files[i]);
    EXPECT_EQ(content.size() % make_batch({std::string(100, 'x')}).size(), 0u) << files[i];
  }
}

TEST_F(ZeroTailTest, ABatchThatWasWrittenInPartIsCutWithoutTheZerosBehindIt) {
  const std::string path = fill();
  const uint64_t end = bed_.at().stats().bytes;
  bed_.crash({CrashMode::kKeepAll});
  std::string torn = make_batch({std::string(500, 'x')});
  set_base_offset(torn.data(), Offset(2));
  torn.resize(300);
  overwrite(path, end, torn);
  EXPECT_EQ(check().torn_tail_bytes, torn.size());
  EXPECT_TRUE(check().damage.empty());
  expect_whole();
  ASSERT_EQ(bed_.cut_files().size(), 1u);
  EXPECT_EQ(*bed_.env().read_file(bed_.cut_files()[0], 1 << 20), torn);
}

TEST_F(ZeroTailTest, ABitThatFlipsInThemIsATornTail) {
  const std::string path = fill();
  const uint64_t end = bed_.at().stats().bytes;
  const uint64_t size = *bed_.env().file_size(path);
  bed_.crash({CrashMode::kKeepAll});
  const std::string before = *bed_.env().read_file(path, 1 << 20);
  size_t cuts = 0;
  for (const uint64_t at : {end, end + 8, end + 16, end + 17, end + 700, size - 1}) {
    SCOPED_TRACE("position " + std::to_string(at));
    overwrite(path, 0, before);
    ASSERT_TRUE(bed_.env().flip_bit(path, at, 1).ok());
    EXPECT_TRUE(check().damage.empty());
    EXPECT_EQ(check().torn_tail_bytes, at + 1 - end);
    ASSERT_TRUE(bed_.open().ok());
    EXPECT_EQ(bed_.at().stats().health, PartitionHealth::kWritable);
    EXPECT_EQ(all(), (Strings{"a", "b"}));
    EXPECT_EQ(zeros(), 0);
    EXPECT_EQ(bed_.cut_files().size(), ++cuts);
    EXPECT_EQ(*bed_.env().file_size(bed_.cut_files().back()), at + 1 - end);
    bed_.env().advance_ms(1);
    bed_.crash({CrashMode::kKeepAll});
  }
}

TEST_F(ZeroTailTest, BelowTheBoundTheyAreDamage) {
  const std::string path = fill();
  const uint64_t one = bed_.at().stats().bytes / 2;
  bed_.crash({CrashMode::kKeepAll});
  overwrite(path, one, std::string(one, '\0'));
  for (int round = 0; round < 2; ++round) {
    const PartitionCheck seen = check();
    ASSERT_EQ(seen.damage.size(), 1u);
    EXPECT_EQ(seen.damage[0].first, Offset(1));
    EXPECT_EQ(seen.damage[0].end, Offset(2));
    ASSERT_TRUE(bed_.open().ok());
    EXPECT_EQ(bed_.at().stats().health, PartitionHealth::kDamaged);
    EXPECT_EQ(bed_.at().end(), Offset(2));
    EXPECT_TRUE(bed_.cut_files().empty());
    EXPECT_FALSE(bed_.at().read(Offset(1), 1 << 20, Isolation::kReadUncommitted, true).ok());
    EXPECT_TRUE(bed_.at().read(Offset(0), 1 << 20, Isolation::kReadUncommitted, true).ok());
    bed_.crash({CrashMode::kKeepAll});
  }
  ASSERT_TRUE(repair_partition(bed_.env(), stored(), "data/log/damaged", nullptr).ok());
  EXPECT_TRUE(check().damage.empty());
  ASSERT_TRUE(bed_.open().ok());
  EXPECT_EQ(bed_.at().stats().health, PartitionHealth::kWritable);
  EXPECT_EQ(bed_.at().end(), Offset(2));
  add("c");
  EXPECT_EQ(all(), (Strings{"a", "c"}));
}

TEST_F(ZeroTailTest, VerifyAndRepairPassThemOver) {
  const std::string path = fill();
  const uint64_t bytes = bed_.at().stats().bytes;
  bed_.crash({CrashMode::kKeepAll});
  const std::string before = *bed_.env().read_file(path, 1 << 20);
  ASSERT_GT(before.size(), bytes);
  PartitionCheck seen = check();
  EXPECT_TRUE(seen.damage.empty());
  EXPECT_EQ(seen.torn_tail_bytes, 0u);
  EXPECT_EQ(seen.bytes, bytes);
  EXPECT_EQ(seen.end, Offset(2));
  ASSERT_TRUE(repair_partition(bed_.env(), stored(), "data/log/damaged", nullptr).ok());
  EXPECT_EQ(*bed_.env().read_file(path, 1 << 20), before) << "a sound log was touched";
  // The last batch is broken, then the first: what is lost ends before the zeros.
  for (const uint64_t at : {bytes / 2 + 65, uint64_t{65}}) {
    overwrite(path, 0, before);
    ASSERT_TRUE(bed_.env().flip_bit(path, at).ok());
    Result<PartitionCheck> repaired =
        repair_partition(bed_.env(), stored(), "data/log/damaged", nullptr);
    ASSERT_TRUE(repaired.ok()) << repaired.status();
    ASSERT_EQ(repaired->damage.size(), 1u);
    EXPECT_LE(repaired->damage[0].bytes, bytes / 2);
    EXPECT_EQ(repaired->torn_tail_bytes, 0u);
    EXPECT_TRUE(check().damage.empty());
    EXPECT_LE(*bed_.env().file_size(path), bytes + 1);
    bed_.env().advance_ms(1);
  }
  ASSERT_TRUE(bed_.open().ok());
  EXPECT_EQ(bed_.at().end(), Offset(2));
  EXPECT_EQ(all(), Strings{"b"});
}

// A power loss after a failed sync can bring them back there.
TEST_F(ZeroTailTest, BehindASealedSegmentTheyAreNoDamage) {
  bed_.make("t", {{"segment.bytes", "1024"}});
  for (int i = 0; i < 20; ++i) add(std::string(100, 'x'));
  const std::vector<std::string> files = bed_.files(bed_.at());
  const Strings values = all();
  bed_.crash({CrashMode::kKeepAll});
  for (size_t i = 0; i + 1 < files.size(); ++i) {
    overwrite(files[i], *bed_.env().file_size(files[i]), std::string(777, '\0'));
  }
  EXPECT_TRUE(check().damage.empty());
  EXPECT_EQ(check().torn_tail_bytes, 0u);
  EXPECT_EQ(check().end, Offset(20));
  ASSERT_TRUE(bed_.open().ok());
  EXPECT_EQ(bed_.at().stats().health, PartitionHealth::kWritable)
      << bed_.at().stats().health_reason;
  EXPECT_EQ(all(), values);
  EXPECT_EQ(zeros(), 0);
  EXPECT_TRUE(bed_.cut_files().empty());
}

TEST_F(ZeroTailTest, OnAFullDiskRecordsGoInWithoutThem) {
  bed_.make();
  add("a");
  bed_.env().set_capacity(bed_.env().used_bytes() + 1500);
  for (int i = 0; i < 3; ++i) add("b");
  EXPECT_EQ(zeros(), 0);
  EXPECT_EQ(all(), (Strings{"a", "b", "b", "b"}));
  bed_.env().set_capacity(FaultEnv::kUnlimited);
  bed_.crash_and_open({CrashMode::kKeepAll});
  EXPECT_EQ(all(), (Strings{"a", "b", "b", "b"}));
  EXPECT_TRUE(bed_.cut_files().empty());
}

TEST_F(ZeroTailTest, ThatTheyCannotBeWrittenFailsNothing) {
  for (int round = 0; round < 10; ++round) {
    const std::string topic = "t" + std::to_string(round);
    LogPartition& p = bed_.make(topic);
    ASSERT_TRUE(append_synced(p, make_batch({"a"})).ok());
    // The batch goes in, its zeros only in part, and what is there stays.
    bed_.env().fail(FaultOp::kWrite, Status::io_error("disk"), ".log", 2);
    bed_.env().fail(FaultOp::kTruncate, Status::io_error("disk"), ".log");
    ASSERT_TRUE(append_synced(p, make_batch({"b"})).ok());
    bed_.env().clear_faults();
    ASSERT_TRUE(append_synced(p, make_batch({"c"})).ok());
    EXPECT_EQ(consume(p, Offset(0), Isolation::kReadUncommitted)->size(), 3u);
  }
  bed_.crash_and_open({CrashMode::kKeepAll});
  for (int round = 0; round < 10; ++round) {
    LogPartition& p = bed_.at("t" + std::to_string(round));
    EXPECT_EQ(p.stats().health, PartitionHealth::kWritable) << p.stats().health_reason;
    EXPECT_EQ(consume(p, Offset(0), Isolation::kReadUncommitted)->size(), 3u);
  }
}

TEST_F(ZeroTailTest, AnIdlePartitionAndAFullDiskGiveThemBack) {
  fill();
  bed_.log().keep_house();
  EXPECT_GT(zeros(), 0);
  bed_.env().advance_ms(60'000);
  bed_.log().keep_house();
  EXPECT_EQ(zeros(), 0);
  add("c");
  EXPECT_GT(zeros(), 0);
  bed_.env().set_capacity(bed_.env().used_bytes());
  // Behind the zeros there is no room.
  EXPECT_FALSE(append_batch(bed_.at(), make_batch({std::string(5000, 'x')})).ok());
  bed_.log().keep_house();
  EXPECT_EQ(zeros(), 0);
  bed_.env().set_capacity(FaultEnv::kUnlimited);
  bed_.log().keep_house();
  add("d");
  EXPECT_EQ(all(), (Strings{"a", "b", "c", "d"}));
}

// Appends, rolls, an idle time and a stop, with the process or the power ending at each operation.
TEST(ZeroTailCrashTest, AtEveryOperationWhatWasConfirmedIsThere) {
  const std::string value(150, 'x');
  bool finished = false;
  for (uint64_t n = 1; !finished; ++n) {
    for (CrashMode mode : {CrashMode::kLoseAll, CrashMode::kKeepAll, CrashMode::kRandom}) {
      SCOPED_TRACE("operation " + std::to_string(n) + " mode " +
                   std::to_string(static_cast<int>(mode)));
      LogBed bed;
      bed.options().zeros_ahead = n % 2 == 0 ? 512 : 4096;
      ASSERT_TRUE(bed.open().ok());
      LogPartition& p = bed.make("t", {{"segment.bytes", "2000"}});
      bed.env().set_crash_after(bed.env().mutations() + n);
      size_t taken = 0, confirmed = 0;
      for (int i = 0; i < 16 && !bed.env().crashed(); ++i) {
        if (append_batch(p, make_batch({value + std::to_string(i)})).ok()) ++taken;
        const bool synced = i % 3 == 0 || wait_synced(p, p.end()).ok();
        if (synced && i % 3 != 0 && !bed.env().crashed()) confirmed = taken;
        if (i == 7) bed.env().advance_ms(60'000);
        if (i == 7) bed.log().keep_house();
      }
      const bool stopped = bed.stop().ok();
      if (stopped) confirmed = taken;
      finished = stopped && !bed.env().crashed();
      bed.crash({mode, n});
      ASSERT_TRUE(bed.open().ok());
      LogPartition& again = bed.at();
      ASSERT_EQ(again.stats().health, PartitionHealth::kWritable) << again.stats().health_reason;
      auto seen = consume(again, Offset(0), Isolation::kReadUncommitted);
      ASSERT_TRUE(seen.ok()) << seen.status();
      ASSERT_GE(seen->size(), confirmed);
      ASSERT_LE(seen->size(), taken + 1);
      for (size_t i = 0; i < seen->size(); ++i) {
        ASSERT_EQ((*seen)[i].value, value + std::to_string(i));
      }
      ASSERT_TRUE(append_synced(again, make_batch({"more"})).ok());
      ASSERT_TRUE(again.verify(nullptr).ok());
    }
  }
}

}  // namespace
}  // namespace dataflow::log
