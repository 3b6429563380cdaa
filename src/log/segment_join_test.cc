#include "segment_join.h"

#include <gtest/gtest.h>

#include "base/durable_dirs.h"
#include "base/fault_env.h"

namespace dataflow::log {
namespace {

std::string log_name(int64_t base) {
  std::string digits = std::to_string(base);
  return std::string(20 - digits.size(), '0') + digits;
}

class SegmentJoinTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(create_dirs_durably(env_, "p").ok()); }
  void put(const std::string& name, const std::string& bytes) {
    ASSERT_TRUE(env_.write_file_durably("p/" + name, bytes).ok());
  }
  std::vector<std::string> names() {
    std::vector<std::string> found;
    Result<std::vector<DirEntry>> entries = env_.list_dir("p");
    EXPECT_TRUE(entries.ok()) << entries.status();
    if (!entries.ok()) return found;
    for (const DirEntry& entry : *entries) found.push_back(entry.name);
    std::sort(found.begin(), found.end());
    return found;
  }

  FaultEnv env_;
};

TEST_F(SegmentJoinTest, ARangesNameComesBack) {
  const JoinedRange range{Offset(17), Offset(4711)};
  EXPECT_EQ(range.file_name(), log_name(17) + "-" + log_name(4711) + ".joined");
  auto found = JoinedRange::parse(range.file_name());
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->base, Offset(17));
  EXPECT_EQ(found->end, Offset(4711));
}

TEST_F(SegmentJoinTest, OtherNamesAreNoRanges) {
  for (const std::string& name :
       {std::string("x.joined"), std::string(), log_name(1) + ".log", log_name(1) + ".joined",
        log_name(5) + "-" + log_name(5) + ".joined", log_name(5) + "-" + log_name(4) + ".joined",
        log_name(5) + "+" + log_name(9) + ".joined", log_name(5) + "-" + log_name(9) + ".log",
        "-" + log_name(5).substr(1) + "-" + log_name(9) + ".joined"}) {
    EXPECT_FALSE(JoinedRange::parse(name).has_value()) << name;
  }
}

TEST_F(SegmentJoinTest, FromWhereverItWasLeftItComesToTheSame) {
  uint64_t steps = 0;
  for (uint64_t crash_at = 0; crash_at <= steps; ++crash_at) {
    for (CrashMode mode : {CrashMode::kLoseAll, CrashMode::kKeepAll, CrashMode::kRandom}) {
      SCOPED_TRACE(crash_at);
      ASSERT_TRUE(env_.remove_tree("p").ok());
      ASSERT_TRUE(create_dirs_durably(env_, "p").ok());
      for (int64_t base : {0, 10, 20, 30}) {
        put(log_name(base) + ".log", "old");
        put(log_name(base) + ".index", "old");
      }
      put(log_name(10) + "-" + log_name(30) + ".joined", "new");
      const uint64_t before = env_.mutations();
      if (crash_at > 0) env_.set_crash_after(before + crash_at);
      const Status finished = finish_joins(env_, "p");
      if (crash_at == 0) {
        ASSERT_TRUE(finished.ok()) << finished;
        steps = env_.mutations() - before;
      } else {
        env_.crash({mode, crash_at});
        const Status again = finish_joins(env_, "p");
        ASSERT_TRUE(again.ok()) << again;
      }
      EXPECT_EQ(names(), (std::vector<std::string>{log_name(0) + ".index", log_name(0) + ".log",
                                                   log_name(10) + ".log", log_name(30) + ".index",
                                                   log_name(30) + ".log"}));
      Result<std::string> joined = env_.read_file("p/" + log_name(10) + ".log", 100);
      ASSERT_TRUE(joined.ok()) << joined.status();
      EXPECT_EQ(*joined, "new");
    }
  }
  EXPECT_GT(steps, 4u);
}

TEST_F(SegmentJoinTest, AFolderWithoutJoinsIsLeftAlone) {
  put(log_name(0) + ".log", "old");
  const uint64_t before = env_.mutations();
  ASSERT_TRUE(finish_joins(env_, "p").ok());
  EXPECT_EQ(env_.mutations(), before);
}

}  // namespace
}  // namespace dataflow::log
