#include "log_check.h"

#include <gtest/gtest.h>

#include <random>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/fault_env.h"

namespace dataflow::meta {
namespace {

constexpr size_t kBlock = 32768;
constexpr size_t kHeader = 7;

// Writes records as RocksDB does.
class LogBuilder {
 public:
  void add(std::string_view record) {
    bool first = true;
    do {
      size_t left = kBlock - log_.size() % kBlock;
      if (left < kHeader) {
        log_.append(left, '\0');
        left = kBlock;
      }
      const size_t part = std::min(left - kHeader, record.size());
      const bool last = part == record.size();
      add_part(record.substr(0, part), first ? (last ? 1 : 2) : (last ? 4 : 3));
      record.remove_prefix(part);
      first = false;
      if (last) return;
    } while (true);
  }
  const std::string& log() const { return log_; }

 private:
  void add_part(std::string_view data, uint8_t type) {
    const uint32_t crc = crc32c(data, crc32c({reinterpret_cast<const char*>(&type), 1}));
    append_le32(log_, ((crc >> 15) | (crc << 17)) + 0xa282ead8u);
    append_le16(log_, static_cast<uint16_t>(data.size()));
    log_.push_back(static_cast<char>(type));
    log_.append(data);
  }

  std::string log_;
};

std::string flipped(std::string log, size_t position) {
  log[position] = static_cast<char>(log[position] ^ 0x10);
  return log;
}

LogVerdict judge(std::string_view log, uint64_t synced = 0, LogKind kind = LogKind::kWal,
                 bool newest = true) {
  return judge_log({kind, scan_log(log), synced, newest});
}

TEST(LogCheck, WholeRecordsOfAllSizesAreClean) {
  LogBuilder builder;
  EXPECT_TRUE(scan_log(builder.log()).clean());
  // 32754 and its neighbours leave 0 to 7 bytes of a block.
  for (const size_t size : {0, 1, 32740, 5, 32754, 100000, 32747, 3, 0, 70000}) {
    builder.add(std::string(size, 'x'));
    const LogScan scan = scan_log(builder.log());
    EXPECT_TRUE(scan.clean()) << size;
    EXPECT_EQ(scan.valid_end, builder.log().size());
  }
}

TEST(LogCheck, EveryTruncationIsATornTailAndCutAtTheLastWholeRecord) {
  LogBuilder builder;
  builder.add("first");
  const size_t first_end = builder.log().size();
  builder.add(std::string(40000, 'y'));
  for (size_t size = first_end + 1; size < builder.log().size(); size += 7) {
    const std::string_view cut = std::string_view(builder.log()).substr(0, size);
    EXPECT_EQ(scan_log(cut).valid_end, first_end) << size;
    EXPECT_EQ(judge(cut), LogVerdict::kTornTail) << size;
    EXPECT_EQ(judge(cut, first_end), LogVerdict::kTornTail) << size;
    EXPECT_EQ(judge(cut, builder.log().size()), LogVerdict::kDamaged) << size;
    EXPECT_EQ(judge(cut, 0, LogKind::kWal, false), LogVerdict::kDamaged) << size;
  }
}

TEST(LogCheck, ADamagedRecordBeforeAnotherOneWasSynced) {
  LogBuilder builder;
  builder.add("first");
  const size_t first_end = builder.log().size();
  builder.add("second");
  for (size_t i = kHeader; i < first_end; ++i) {
    EXPECT_EQ(judge(flipped(builder.log(), i)), LogVerdict::kDamaged) << i;
    // A manifest has several unsynced records at a time; there only the bound tells.
    EXPECT_EQ(judge(flipped(builder.log(), i), 0, LogKind::kManifest), LogVerdict::kTornTail) << i;
    EXPECT_EQ(judge(flipped(builder.log(), i), first_end, LogKind::kManifest),
              LogVerdict::kDamaged);
  }
}

TEST(LogCheck, AnyDamageBelowTheSyncedBoundIsReported) {
  LogBuilder builder;
  builder.add("first");
  builder.add(std::string(50, 'z'));
  for (size_t i = 0; i < builder.log().size(); ++i) {
    EXPECT_EQ(judge(flipped(builder.log(), i), builder.log().size()), LogVerdict::kDamaged) << i;
  }
  EXPECT_EQ(judge(builder.log(), builder.log().size() + 1), LogVerdict::kDamaged);
}

TEST(LogCheck, ATornLastRecordWithIntactLaterPartsIsATornTail) {
  LogBuilder builder;
  builder.add("first");
  const size_t first_end = builder.log().size();
  builder.add(std::string(100000, 'q'));
  std::string log = builder.log();
  std::fill(log.begin() + static_cast<ptrdiff_t>(first_end), log.begin() + 20000, '\0');
  EXPECT_EQ(judge(log, first_end), LogVerdict::kTornTail);
  EXPECT_EQ(scan_log(log).valid_end, first_end);
}

TEST(LogCheck, RandomBytesNeverBreakTheScan) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 200; ++round) {
    LogBuilder builder;
    builder.add(std::string(random() % 70000, 'x'));
    builder.add("tail");
    std::string log = builder.log();
    for (int i = 0; i < 20; ++i) log[random() % log.size()] = static_cast<char>(random());
    log.resize(random() % (log.size() + 1));
    const LogScan scan = scan_log(log);
    EXPECT_LE(scan.valid_end, log.size());
    EXPECT_TRUE(scan_log(std::string_view(log).substr(0, scan.valid_end)).clean());
  }
}

TEST(SyncMark, KeepsTheNewestOfEachKindAndSurvivesATornSlot) {
  FaultEnv env;
  ASSERT_TRUE(env.create_dirs("/d").ok());
  {
    auto mark = SyncMark::open(env, "/d");
    ASSERT_TRUE(mark.ok());
    EXPECT_EQ((*mark)->newest_wal().bytes, 0u);
    ASSERT_TRUE((*mark)->note({LogKind::kWal, 4}, 100).ok());
    ASSERT_TRUE((*mark)->note({LogKind::kWal, 4}, 200).ok());
    ASSERT_TRUE((*mark)->note({LogKind::kWal, 4}, 300).ok());
    ASSERT_TRUE((*mark)->note({LogKind::kManifest, 5}, 50).ok());
  }
  {
    auto mark = SyncMark::open(env, "/d");
    ASSERT_TRUE(mark.ok());
    EXPECT_EQ((*mark)->bound_of({LogKind::kWal, 4}), 300u);
    EXPECT_EQ((*mark)->bound_of({LogKind::kWal, 5}), 0u);
    EXPECT_EQ((*mark)->bound_of({LogKind::kManifest, 5}), 50u);
  }
  ASSERT_TRUE(env.flip_bit("/d/SYNCED", 20).ok());  // in the slot of the third note
  auto mark = SyncMark::open(env, "/d");
  ASSERT_TRUE(mark.ok());
  EXPECT_EQ((*mark)->bound_of({LogKind::kWal, 4}), 200u);
}

TEST(SyncMark, KnowsTheNamesOfLogs) {
  EXPECT_EQ(parse_log_name("000012.log")->number, 12u);
  EXPECT_EQ(parse_log_name("MANIFEST-000005")->number, 5u);
  EXPECT_FALSE(parse_log_name("000012.sst"));
  EXPECT_FALSE(parse_log_name("x.log"));
  EXPECT_FALSE(parse_log_name(".log"));
  EXPECT_FALSE(parse_log_name("MANIFEST-"));
}

}  // namespace
}  // namespace dataflow::meta
