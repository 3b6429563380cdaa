// Damaged partitions are checked and repaired while nothing else has them open.
#include "log/repair.h"

#include <gtest/gtest.h>

#include <set>

#include "log_test_bed.h"
#include "segment.h"
#include "segment_join.h"

namespace dataflow::log {
namespace {

constexpr const char* kAside = "data/log/damaged";
constexpr int kBatches = 14;

struct Stored {
  Offset base, next;
  std::string path;
  uint64_t position;
  uint64_t bytes;
};

class RepairTest : public testing::Test {
 protected:
  // Several segments of several batches, the log stopped, one StoredPartition to look at.
  void fill() {
    ASSERT_TRUE(bed_.open().ok());
    LogPartition& p = bed_.make("t", {{"segment.bytes", "1024"}, {"index.interval.bytes", "200"}});
    for (int i = 0; i < kBatches; ++i) {
      const std::string batch = make_batch({"a" + std::to_string(i), "b" + std::to_string(i),
                                            std::string(static_cast<size_t>(i) * 10, 'x')});
      Result<AppendOutcome> outcome = append_synced(p, batch);
      ASSERT_TRUE(outcome.ok()) << outcome.status();
      const std::string path = bed_.files(p).back();
      const bool first = stored_.empty() || stored_.back().path != path;
      const uint64_t position = first ? 0 : stored_.back().position + stored_.back().bytes;
      stored_.push_back({outcome->base_offset, outcome->next_offset, path, position, batch.size()});
    }
    paths_ = bed_.files(p);
    ASSERT_GT(paths_.size(), 2u);
    ASSERT_TRUE(bed_.stop().ok());
    find();
  }

  void find() {
    auto store = meta::Store::open(bed_.env(), "data/meta");
    ASSERT_TRUE(store.ok()) << store.status();
    Result<std::vector<StoredPartition>> found = stored_partitions(**store, "data/log");
    ASSERT_TRUE(found.ok()) << found.status();
    ASSERT_EQ(found->size(), 1u);
    partition_ = found->front();
    ASSERT_TRUE((*store)->close().ok());
  }

  PartitionCheck check() {
    Result<PartitionCheck> checked = check_partition(bed_.env(), partition_, nullptr);
    EXPECT_TRUE(checked.ok()) << checked.status();
    return checked.ok() ? *checked : PartitionCheck();
  }
  PartitionCheck repair() {
    Result<PartitionCheck> repaired = repair_partition(bed_.env(), partition_, kAside, nullptr);
    EXPECT_TRUE(repaired.ok()) << repaired.status();
    return repaired.ok() ? *repaired : PartitionCheck();
  }

  void flip(size_t batch, uint64_t at) {
    ASSERT_TRUE(bed_.env().flip_bit(stored_[batch].path, stored_[batch].position + at).ok());
  }

  static std::set<int64_t> lost_offsets(const PartitionCheck& check) {
    std::set<int64_t> lost;
    for (const DamagedRange& range : check.damage) {
      for (Offset o = range.first; o < range.end; ++o) lost.insert(o.value());
    }
    return lost;
  }
  std::set<int64_t> offsets_of(const std::vector<size_t>& batches) const {
    std::set<int64_t> out;
    for (const size_t i : batches) {
      for (Offset o = stored_[i].base; o < stored_[i].next; ++o) out.insert(o.value());
    }
    return out;
  }

  // The log opens whole, has everything but what was lost, ends where it ended, and takes records.
  void expect_well_without(const std::set<int64_t>& lost) {
    ASSERT_TRUE(bed_.open().ok());
    LogPartition& p = bed_.at("t");
    EXPECT_EQ(p.stats().health, PartitionHealth::kWritable) << p.stats().health_reason;
    EXPECT_TRUE(p.verify(nullptr).ok());
    EXPECT_EQ(p.end(), stored_.back().next);
    Result<std::vector<SeenRecord>> seen = consume(p, Offset(0), Isolation::kReadUncommitted);
    ASSERT_TRUE(seen.ok()) << seen.status();
    std::set<int64_t> offsets;
    for (const SeenRecord& r : *seen) offsets.insert(r.offset.value());
    for (int64_t o = 0; o < stored_.back().next.value(); ++o) {
      EXPECT_EQ(offsets.contains(o), !lost.contains(o)) << "offset " << o;
    }
    Result<AppendOutcome> appended = append_synced(p, make_batch({"new"}));
    ASSERT_TRUE(appended.ok()) << appended.status();
    EXPECT_EQ(appended->base_offset, stored_.back().next);
    EXPECT_TRUE(bed_.cut_files().empty());
    ASSERT_TRUE(bed_.stop().ok());
  }

  std::vector<std::string> contents() {
    std::vector<std::string> out;
    for (const std::string& path : paths_) out.push_back(*bed_.env().read_file(path, 1 << 20));
    return out;
  }

  LogBed bed_;
  StoredPartition partition_;
  std::vector<Stored> stored_;
  std::vector<std::string> paths_;
};

TEST_F(RepairTest, ASoundLogIsLeftAsItIs) {
  fill();
  const std::vector<std::string> before = contents();
  const PartitionCheck seen = repair();
  EXPECT_TRUE(seen.damage.empty());
  EXPECT_EQ(seen.batches, kBatches);
  EXPECT_EQ(seen.records, 3 * kBatches);
  EXPECT_EQ(seen.end, stored_.back().next);
  EXPECT_EQ(contents(), before);
  EXPECT_FALSE(bed_.env().exists(kAside));
  expect_well_without({});
}

TEST_F(RepairTest, AnyDamagedBatchIsTheOnlyOneLost) {
  fill();
  for (size_t i = 0; i < stored_.size(); ++i) {
    for (const uint64_t at :
         {uint64_t{3}, uint64_t{9}, uint64_t{14}, uint64_t{16}, uint64_t{18}, uint64_t{65}}) {
      SCOPED_TRACE("batch " + std::to_string(i) + " byte " + std::to_string(at));
      flip(i, at);
      const PartitionCheck seen = check();
      EXPECT_EQ(lost_offsets(seen), offsets_of({i}));
      flip(i, at);
      EXPECT_TRUE(check().damage.empty());
      if (HasFailure()) return;
    }
  }
}

TEST_F(RepairTest, ARepairedPartitionTakesRecordsAgain) {
  fill();
  const std::vector<size_t> damaged = {0, 4, 5, stored_.size() - 1};
  for (const size_t i : damaged) flip(i, 70);
  const PartitionCheck repaired = repair();
  EXPECT_EQ(lost_offsets(repaired), offsets_of(damaged));
  uint64_t kept = 0;
  for (const DamagedRange& range : repaired.damage) {
    ASSERT_FALSE(range.kept_in.empty());
    EXPECT_EQ(*bed_.env().file_size(range.kept_in), range.bytes);
    kept += range.bytes;
  }
  uint64_t want = 0;
  for (const size_t i : damaged) want += stored_[i].bytes;
  EXPECT_EQ(kept, want);
  EXPECT_TRUE(check().damage.empty());
  expect_well_without(offsets_of(damaged));
}

TEST_F(RepairTest, AMissingSegmentIsBridged) {
  fill();
  std::vector<size_t> gone;
  for (size_t i = 0; i < stored_.size(); ++i) {
    if (stored_[i].path == paths_[1]) gone.push_back(i);
  }
  ASSERT_TRUE(bed_.env().remove_file(paths_[1]).ok());
  EXPECT_EQ(lost_offsets(repair()), offsets_of(gone));
  EXPECT_TRUE(check().damage.empty());
  expect_well_without(offsets_of(gone));
}

TEST_F(RepairTest, AnEndThatIsMissingIsMadeUpFor) {
  fill();
  {
    auto file = bed_.env().open(stored_.back().path, OpenMode::kReadWrite);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE((*file)->truncate(stored_.back().position).ok());
    ASSERT_TRUE((*file)->sync().ok());
  }
  EXPECT_EQ(lost_offsets(repair()), offsets_of({stored_.size() - 1}));
  EXPECT_TRUE(check().damage.empty());
  expect_well_without(offsets_of({stored_.size() - 1}));
}

TEST_F(RepairTest, ATailThatNobodyWasPromisedIsNoDamage) {
  fill();
  {
    auto file = bed_.env().open(stored_.back().path, OpenMode::kReadWrite);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE((*file)->write_at(*(*file)->size(), std::string(100, 'z')).ok());
    ASSERT_TRUE((*file)->sync().ok());
  }
  flip(2, 70);
  const PartitionCheck repaired = repair();
  EXPECT_EQ(repaired.torn_tail_bytes, 100u);
  EXPECT_EQ(lost_offsets(repaired), offsets_of({2}));
  EXPECT_TRUE(check().damage.empty());
}

TEST_F(RepairTest, ACrashInTheMiddleLeavesItAsItWasOrRepaired) {
  fill();
  flip(1, 70);
  flip(6, 70);
  for (uint64_t n = 1; n < 200; ++n) {
    SCOPED_TRACE("crash at change " + std::to_string(n));
    bed_.env().set_crash_after(bed_.env().mutations() + n);
    Result<PartitionCheck> repaired = repair_partition(bed_.env(), partition_, kAside, nullptr);
    const bool done = repaired.ok();
    bed_.env().crash({CrashMode::kRandom, n});
    const std::set<int64_t> lost = lost_offsets(check());
    for (const int64_t o : lost) EXPECT_TRUE(offsets_of({1, 6}).contains(o)) << "offset " << o;
    if (HasFailure()) return;
    if (done) break;
  }
  EXPECT_TRUE(check().damage.empty());
  expect_well_without(offsets_of({1, 6}));
}

TEST_F(RepairTest, AJoinOfSegmentsThatACrashInterruptedIsNoDamage) {
  fill();
  // Decided, and the second of the old segments is gone already.
  const std::vector<std::string> before = contents();
  auto base_of = [](const std::string& path) {
    return *parse_segment_file_name(path.substr(path.rfind('/') + 1));
  };
  const JoinedRange range{base_of(paths_[0]), base_of(paths_[2])};
  const std::string folder = parent_dir(paths_[0]);
  ASSERT_TRUE(
      bed_.env().write_file_durably(folder + "/" + range.file_name(), before[0] + before[1]).ok());
  ASSERT_TRUE(bed_.env().remove_file(paths_[1]).ok());
  EXPECT_TRUE(check().damage.empty());
  EXPECT_FALSE(bed_.env().exists(folder + "/" + range.file_name()));
  expect_well_without({});
}

}  // namespace
}  // namespace dataflow::log
