#include "synced_file.h"

#include <gtest/gtest.h>

#include "base/fault_env.h"

namespace dataflow::log {
namespace {

const char* const kPath = "d/synced";

class SyncedFileTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(env_.create_dirs("d").ok()); }

  std::unique_ptr<SyncedFile> open() {
    Result<std::unique_ptr<SyncedFile>> file = SyncedFile::open(env_, kPath, &bound_);
    EXPECT_TRUE(file.ok()) << file.status();
    return std::move(file).value();
  }
  void write(int64_t offset) {
    ASSERT_TRUE(
        open()
            ->write({Offset(offset), Offset(offset / 10 * 10), static_cast<uint64_t>(offset)})
            .ok());
  }

  FaultEnv env_;
  std::optional<SyncedBound> bound_;
};

TEST_F(SyncedFileTest, ANewFileHasNoBound) {
  open();
  EXPECT_FALSE(bound_.has_value());
}

TEST_F(SyncedFileTest, GivesTheNewestBoundAfterAnyNumberOfWrites) {
  std::unique_ptr<SyncedFile> file = open();
  for (int64_t n = 1; n <= 9; ++n) {
    ASSERT_TRUE(file->write({Offset(n * 10), Offset(n), static_cast<uint64_t>(n) * 7}).ok());
    open();
    ASSERT_TRUE(bound_.has_value());
    EXPECT_EQ(bound_->offset, Offset(n * 10));
    EXPECT_EQ(bound_->segment, Offset(n));
    EXPECT_EQ(bound_->position, static_cast<uint64_t>(n) * 7);
  }
}

TEST_F(SyncedFileTest, GoesOnInTurnAfterBeingOpenedAgain) {
  for (int64_t n = 1; n <= 6; ++n) {
    write(n);
    open();
    EXPECT_EQ(bound_->offset, Offset(n));
  }
}

TEST_F(SyncedFileTest, ATornSlotLeavesTheOneBefore) {
  write(1);
  write(2);
  Result<uint64_t> size = env_.file_size(kPath);
  ASSERT_TRUE(size.ok());
  // Turn 1 stands at 512, turn 2 at 0.
  for (uint64_t at = 0; at < 48; ++at) {
    ASSERT_TRUE(env_.flip_bit(kPath, at, 3).ok());
    open();
    ASSERT_TRUE(bound_.has_value()) << at;
    EXPECT_EQ(bound_->offset, Offset(1)) << at;
    ASSERT_TRUE(env_.flip_bit(kPath, at, 3).ok());
  }
  open();
  EXPECT_EQ(bound_->offset, Offset(2));
}

TEST_F(SyncedFileTest, WithBothSlotsBrokenThereIsNoBoundAndWritingWorks) {
  write(1);
  write(2);
  ASSERT_TRUE(env_.flip_bit(kPath, 20).ok());
  ASSERT_TRUE(env_.flip_bit(kPath, 512 + 20).ok());
  open();
  EXPECT_FALSE(bound_.has_value());
  write(3);
  open();
  ASSERT_TRUE(bound_.has_value());
  EXPECT_EQ(bound_->offset, Offset(3));
}

TEST_F(SyncedFileTest, APowerLossLeavesABoundThatWasWrittenOrNone) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    std::unique_ptr<SyncedFile> file = open();
    const int64_t before = bound_ ? bound_->offset.value() : 0;
    for (int64_t n = 1; n <= 4; ++n) {
      ASSERT_TRUE(file->write({Offset(before + n), Offset(0), 0}).ok());
    }
    ASSERT_TRUE(env_.sync_dir("d").ok());
    env_.crash({CrashMode::kRandom, seed});
    ASSERT_TRUE(env_.create_dirs("d").ok());
    open();
    const int64_t after = bound_ ? bound_->offset.value() : 0;
    EXPECT_LE(after, before + 4) << "seed " << seed;
  }
}

}  // namespace
}  // namespace dataflow::log
