// Bits that flip on the disk below what was synced: reported, never served, never cut, and
// everything else stays readable.
#include <gtest/gtest.h>

#include "log/fault.h"
#include "log_test_bed.h"

namespace dataflow::log {
namespace {

struct Stored {
  std::string bytes;
  Offset base, next;
  std::string path;
  uint64_t position;
};

enum class Stop { kClean, kKilled };

// A partition that is opened again and again without the rest of a log.
class LogDamageTest : public testing::Test {
 protected:
  void fill(Stop stop) {
    ASSERT_TRUE(bed_.open().ok());
    LogPartition& p = bed_.make("t", {{"segment.bytes", "1024"}, {"index.interval.bytes", "200"}});
    for (int i = 0; i < 14; ++i) add(p, i);
    spec_.name = p.name();
    spec_.topic_id = p.topic_id();
    spec_.dir = p.dir();
    spec_.config = std::make_shared<const TopicConfig>(bed_.log().topic("t")->config);
    spec_.epochs = p.epochs();
    spec_.must_exist = true;
    segments_ = bed_.files(p);
    if (stop == Stop::kClean) {
      ASSERT_TRUE(bed_.stop().ok());
    } else {
      bed_.crash({CrashMode::kKeepAll});
    }
    auto store = meta::Store::open(bed_.env(), "data/other");
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = std::move(*store);
    syncer_ = std::make_unique<Syncer>(1);
    context_ = std::unique_ptr<LogContext>(
        new LogContext{bed_.env(), *store_, bed_.options(), *syncer_, {}, {}, {}});
  }

  void add(LogPartition& p, int i) {
    const std::vector<std::string> values{"a" + std::to_string(i), "b" + std::to_string(i),
                                          std::string(static_cast<size_t>(i) * 10, 'x')};
    std::string batch = make_batch(values, i % 2 ? idempotent(1, i / 2 * 3) : BatchShape{});
    Result<AppendOutcome> outcome = p.append({batch.data(), batch.size()}, true);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    ASSERT_TRUE(wait_synced(p, outcome->next_offset).ok());
    const std::string path = bed_.files(p).back();
    const bool first = stored_.empty() || stored_.back().path != path;
    const uint64_t position = first ? 0 : stored_.back().position + stored_.back().bytes.size();
    stored_.push_back({batch, outcome->base_offset, outcome->next_offset, path, position});
  }

  std::shared_ptr<LogPartition> open() {
    Result<std::shared_ptr<LogPartition>> opened = LogPartition::open(*context_, spec_);
    EXPECT_TRUE(opened.ok()) << opened.status();
    return opened.ok() ? *opened : nullptr;
  }

  // What is served begins with the right batch and goes on with those behind it.
  void expect_served(LogPartition& p, size_t i, Offset from) {
    auto read = p.read(from, 1 << 20, Isolation::kReadUncommitted, true);
    ASSERT_TRUE(read.ok()) << "offset " << from << ": " << read.status();
    std::string bytes = *slice_bytes(read->slice);
    std::string expected;
    for (; i < stored_.size() && expected.size() < bytes.size(); ++i) expected += stored_[i].bytes;
    ASSERT_FALSE(bytes.empty()) << "offset " << from;
    ASSERT_EQ(bytes, expected) << "offset " << from;
  }

  // The byte belongs to stored_[damaged].
  void check(size_t damaged) {
    std::shared_ptr<LogPartition> p = open();
    ASSERT_NE(p, nullptr);
    EXPECT_EQ(p->end(), stored_.back().next);
    for (size_t i = 0; i < stored_.size(); ++i) {
      if (i == damaged) continue;
      for (Offset o = stored_[i].base; o < stored_[i].next; ++o) {
        expect_served(*p, i, o);
        if (HasFatalFailure()) return;
      }
    }
    for (Offset o = stored_[damaged].base; o < stored_[damaged].next; ++o) {
      auto read = p->read(o, 1 << 20, Isolation::kReadUncommitted, true);
      ASSERT_FALSE(read.ok()) << "damaged offset " << o << " was served";
      EXPECT_EQ(fault_of(read.status()), Fault::kDamagedData) << read.status();
    }
    EXPECT_EQ(p->stats().health, PartitionHealth::kDamaged);
    EXPECT_EQ(append_batch(*p, make_batch({"x"})).status().code(), StatusCode::kReadOnly);
    EXPECT_EQ(fault_of(p->verify(nullptr)), Fault::kDamagedData);
    EXPECT_TRUE(bed_.cut_files().empty()) << "bytes were cut";
  }

  void flip_every_byte() {
    const int step = test_rounds(0) > 0 ? 1 : 3;
    int turn = 0;
    for (size_t i = 0; i < stored_.size(); ++i) {
      const Stored& s = stored_[i];
      for (uint64_t at = 0; at < s.bytes.size(); ++at) {
        // Every byte of the header (beyond the CRC's reach too), some of the body.
        if (at >= kBatchHeaderBytes && (at + i) % 7 != 0) continue;
        if (++turn % step != 0) continue;
        const int bit = static_cast<int>((at + i) % 8);
        SCOPED_TRACE("batch " + std::to_string(i) + " byte " + std::to_string(at) + " bit " +
                     std::to_string(bit));
        ASSERT_TRUE(bed_.env().flip_bit(s.path, s.position + at, bit).ok());
        check(i);
        ASSERT_TRUE(bed_.env().flip_bit(s.path, s.position + at, bit).ok());
        if (HasFailure()) return;
      }
    }
    std::shared_ptr<LogPartition> p = open();
    EXPECT_EQ(p->stats().health, PartitionHealth::kWritable);
  }

  LogBed bed_;
  std::unique_ptr<meta::Store> store_;
  std::unique_ptr<Syncer> syncer_;
  std::unique_ptr<LogContext> context_;
  PartitionSpec spec_;
  std::vector<std::string> segments_;
  std::vector<Stored> stored_;
};

TEST_F(LogDamageTest, AFlippedBitInColdDataIsMetByItsReaderAlone) {
  fill(Stop::kClean);
  flip_every_byte();
}

TEST_F(LogDamageTest, AFlippedBitBehindTheCheckpointIsReportedAtTheStart) {
  fill(Stop::kKilled);
  const Stored& s = stored_[5];
  ASSERT_TRUE(bed_.env().flip_bit(s.path, s.position + 70, 2).ok());
  EXPECT_EQ(open()->stats().health, PartitionHealth::kDamaged);
  ASSERT_TRUE(bed_.env().flip_bit(s.path, s.position + 70, 2).ok());
  flip_every_byte();
}

TEST_F(LogDamageTest, AShiftedBaseOffsetIsNotServedToAnOffsetThatItCovers) {
  fill(Stop::kClean);
  // 6..9 becomes 7..10: its checksum holds, and 8 lies in both.
  const Stored& s = stored_[2];
  ASSERT_EQ(s.base, Offset(6));
  ASSERT_TRUE(bed_.env().flip_bit(s.path, s.position + 7, 0).ok());
  auto read = open()->read(Offset(8), 1 << 20, Isolation::kReadUncommitted, true);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(fault_of(read.status()), Fault::kDamagedData);
}

TEST_F(LogDamageTest, AMissingSegmentIsDamageAndTheOthersStayReadable) {
  fill(Stop::kClean);
  ASSERT_GT(segments_.size(), 2u);
  ASSERT_TRUE(bed_.env().remove_file(segments_[1]).ok());
  for (int round = 0; round < 2; ++round) {
    std::shared_ptr<LogPartition> p = open();
    EXPECT_EQ(p->stats().health, PartitionHealth::kDamaged) << round;
    for (size_t i = 0; i < stored_.size(); ++i) {
      if (stored_[i].path == segments_[1]) {
        auto read = p->read(stored_[i].base, 1 << 20, Isolation::kReadUncommitted, true);
        EXPECT_EQ(fault_of(read.status()), Fault::kDamagedData) << stored_[i].base;
      } else {
        expect_served(*p, i, stored_[i].base);
      }
    }
  }
}

TEST_F(LogDamageTest, ASegmentCutShortIsDamage) {
  fill(Stop::kClean);
  const Stored& s = stored_.back();
  {
    auto file = bed_.env().open(s.path, OpenMode::kReadWrite);
    ASSERT_TRUE((*file)->truncate(s.position + 10).ok());
  }
  for (int round = 0; round < 2; ++round) {
    std::shared_ptr<LogPartition> p = open();
    EXPECT_EQ(p->stats().health, PartitionHealth::kDamaged) << round;
    EXPECT_EQ(p->end(), s.next);
    EXPECT_FALSE(p->read(s.base, 1 << 20, Isolation::kReadUncommitted, true).ok());
    expect_served(*p, 0, Offset(0));
    EXPECT_TRUE(bed_.cut_files().empty());
  }
}

TEST_F(LogDamageTest, BrokenSideFilesCostNothing) {
  fill(Stop::kClean);
  for (const char* name : {"checkpoint", "synced"}) {
    for (uint64_t at : {0u, 9u, 20u, 30u}) {
      ASSERT_TRUE(bed_.env().flip_bit(spec_.dir + "/" + name, at).ok());
      ASSERT_TRUE(bed_.env().flip_bit(spec_.dir + "/synced", 512 + at).ok());
      std::shared_ptr<LogPartition> p = open();
      ASSERT_NE(p, nullptr);
      EXPECT_EQ(p->stats().health, PartitionHealth::kWritable) << name << " " << at;
      EXPECT_EQ(p->end(), stored_.back().next);
      for (size_t i = 0; i < stored_.size(); ++i) expect_served(*p, i, stored_[i].base);
    }
  }
}

}  // namespace
}  // namespace dataflow::log
