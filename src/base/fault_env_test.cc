#include "base/fault_env.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "base/durable_dirs.h"

namespace dataflow {
namespace {

using testing::HasSubstr;

const CrashOptions kPowerLoss{CrashMode::kLoseAll};
const CrashOptions kKill{CrashMode::kKeepAll};

CrashOptions random_crash(uint64_t seed, Tearing tearing = Tearing::kEither) {
  return {CrashMode::kRandom, seed, tearing};
}

class FaultEnvTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(create_dirs_durably(env_, "/d").ok()); }

  std::unique_ptr<File> open(const std::string& path, OpenMode mode = OpenMode::kReadWrite) {
    Result<std::unique_ptr<File>> file = env_.open(path, mode);
    EXPECT_TRUE(file.ok()) << file.status();
    return file.ok() ? std::move(file).value() : nullptr;
  }
  // A file that a power loss leaves as it is.
  std::unique_ptr<File> durable_file(const std::string& path, std::string_view data) {
    auto file = open(path);
    EXPECT_TRUE(file->write_at(0, data).ok());
    EXPECT_TRUE(file->sync().ok());
    EXPECT_TRUE(env_.sync_dir(parent_dir(path)).ok());
    return file;
  }
  std::string get(const std::string& path) {
    Result<std::string> data = env_.read_file(path, 1 << 20);
    return data.ok() ? *data : std::string(status_code_name(data.status().code()));
  }

  FaultEnv env_;
};

TEST_F(FaultEnvTest, power_loss_takes_unsynced_bytes_and_truncations) {
  auto file = durable_file("/d/a", "synced");
  ASSERT_TRUE(file->write_at(6, " and not").ok());
  EXPECT_EQ(get("/d/a"), "synced and not");
  EXPECT_EQ(*env_.unsynced_bytes("/d/a"), 8u);
  EXPECT_EQ(*env_.durable_content("/d/a"), "synced");
  env_.crash(kPowerLoss);
  EXPECT_EQ(get("/d/a"), "synced");
  ASSERT_TRUE(open("/d/a")->truncate(1).ok());
  EXPECT_EQ(get("/d/a"), "s");
  env_.crash(kPowerLoss);
  EXPECT_EQ(get("/d/a"), "synced");
  EXPECT_EQ(*env_.unsynced_bytes("/d/a"), 0u);
}

TEST_F(FaultEnvTest, sync_covers_what_any_handle_wrote) {
  auto first = durable_file("/d/a", "");
  auto second = open("/d/a");
  ASSERT_TRUE(first->write_at(0, "xy").ok());
  ASSERT_TRUE(second->sync().ok());
  env_.crash(kPowerLoss);
  EXPECT_EQ(get("/d/a"), "xy");
}

TEST_F(FaultEnvTest, killing_the_process_keeps_the_page_cache_but_syncs_nothing) {
  auto file = durable_file("/d/a", "1");
  ASSERT_TRUE(file->write_at(1, "2").ok());
  open("/d/b", OpenMode::kCreate);
  env_.crash(kKill);
  EXPECT_EQ(get("/d/a"), "12");
  EXPECT_EQ(get("/d/b"), "");
  env_.crash(kPowerLoss);
  EXPECT_EQ(get("/d/a"), "1");
  EXPECT_FALSE(env_.exists("/d/b"));
}

TEST_F(FaultEnvTest, what_was_opened_before_a_crash_is_dead) {
  auto file = durable_file("/d/a", "x");
  auto held = env_.lock("/d/LOCK", "me");
  ASSERT_TRUE(held.ok());
  env_.crash(kKill);
  char c;
  EXPECT_EQ(file->read_at(0, std::span(&c, 1)).status().code(), StatusCode::kIoError);
  EXPECT_EQ(file->write_at(0, "y").code(), StatusCode::kIoError);
  EXPECT_EQ(file->sync().code(), StatusCode::kIoError);
  EXPECT_EQ(file->truncate(0).code(), StatusCode::kIoError);
  EXPECT_EQ(file->size().status().code(), StatusCode::kIoError);
  EXPECT_EQ(get("/d/a"), "x");
  auto next = env_.lock("/d/LOCK", "you");
  ASSERT_TRUE(next.ok());
  // Letting go of the dead lock leaves the living one held.
  held->reset();
  EXPECT_EQ(env_.lock("/d/LOCK", "third").status().code(), StatusCode::kConflict);
}

TEST_F(FaultEnvTest, a_name_needs_its_folder_synced) {
  auto file = open("/d/a");
  ASSERT_TRUE(file->write_at(0, "x").ok());
  ASSERT_TRUE(file->sync().ok());
  EXPECT_EQ(env_.durable_content("/d/a").status().code(), StatusCode::kNotFound);
  env_.crash(kPowerLoss);
  EXPECT_EQ(get("/d/a"), "not found");

  durable_file("/d/a", "x");
  ASSERT_TRUE(env_.remove_file("/d/a").ok());
  EXPECT_FALSE(env_.exists("/d/a"));
  env_.crash(kPowerLoss);
  EXPECT_EQ(get("/d/a"), "x");
  ASSERT_TRUE(env_.remove_file("/d/a").ok());
  ASSERT_TRUE(env_.sync_dir("/d").ok());
  env_.crash(kPowerLoss);
  EXPECT_FALSE(env_.exists("/d/a"));
}

TEST_F(FaultEnvTest, a_folder_that_was_not_synced_takes_its_files_along) {
  ASSERT_TRUE(env_.create_dirs("/d/e/f").ok());
  durable_file("/d/e/f/a", "x");
  ASSERT_TRUE(env_.sync_dir("/d/e").ok());
  env_.crash(kPowerLoss);
  EXPECT_FALSE(env_.exists("/d/e"));
  ASSERT_TRUE(create_dirs_durably(env_, "/d/e/f").ok());
  durable_file("/d/e/f/a", "x");
  env_.crash(kPowerLoss);
  EXPECT_EQ(get("/d/e/f/a"), "x");
}

TEST_F(FaultEnvTest, folders_made_durably_are_whole_wherever_it_was_killed_before) {
  for (uint64_t k = 1; k <= 8; ++k) {
    FaultEnv env;
    env.set_crash_after(k);
    (void)create_dirs_durably(env, "/a/b/c");
    env.crash(kKill);
    ASSERT_TRUE(create_dirs_durably(env, "/a/b/c").ok());
    env.crash(kPowerLoss);
    EXPECT_TRUE(env.exists("/a/b/c")) << k;
  }
}

TEST_F(FaultEnvTest, a_rename_is_durable_with_the_folder_of_the_new_name_and_never_half) {
  ASSERT_TRUE(create_dirs_durably(env_, "/e").ok());
  durable_file("/d/a", "new");
  durable_file("/e/b", "old");
  ASSERT_TRUE(env_.rename("/d/a", "/e/b").ok());
  ASSERT_TRUE(env_.sync_dir("/d").ok());
  env_.crash(kPowerLoss);
  EXPECT_EQ(get("/d/a"), "new");
  EXPECT_EQ(get("/e/b"), "old");
  ASSERT_TRUE(env_.rename("/d/a", "/e/b").ok());
  ASSERT_TRUE(env_.sync_dir("/e").ok());
  env_.crash(kPowerLoss);
  EXPECT_EQ(get("/d/a"), "not found");
  EXPECT_EQ(get("/e/b"), "new");
}

// Otherwise syncing /d would make "/d/a is the second file" durable and the first one would be
// nowhere.
TEST_F(FaultEnvTest, syncing_a_folder_settles_the_earlier_operations_it_rests_on) {
  ASSERT_TRUE(create_dirs_durably(env_, "/e").ok());
  durable_file("/d/a", "first");
  ASSERT_TRUE(env_.rename("/d/a", "/e/b").ok());
  durable_file("/d/a", "second");
  env_.crash(kPowerLoss);
  EXPECT_EQ(get("/d/a"), "second");
  EXPECT_EQ(get("/e/b"), "first");
}

TEST_F(FaultEnvTest, a_file_renamed_before_its_bytes_were_synced_may_be_empty) {
  durable_file("/d/a", "old");
  ASSERT_TRUE(open("/d/t")->write_at(0, "new").ok());
  ASSERT_TRUE(env_.rename("/d/t", "/d/a").ok());
  ASSERT_TRUE(env_.sync_dir("/d").ok());
  env_.crash(kPowerLoss);
  EXPECT_EQ(get("/d/a"), "");
}

TEST_F(FaultEnvTest, a_random_crash_never_touches_what_was_synced) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    FaultEnv env;
    ASSERT_TRUE(env.create_dirs("/d").ok());
    ASSERT_TRUE(env.sync_dir("/").ok());
    auto file = std::move(env.open("/d/a", OpenMode::kCreate)).value();
    ASSERT_TRUE(file->write_at(0, std::string(3000, 's')).ok());
    ASSERT_TRUE(file->sync().ok());
    ASSERT_TRUE(env.sync_dir("/d").ok());
    ASSERT_TRUE(file->write_at(3000, std::string(3000, 'u')).ok());
    env.crash(random_crash(seed));
    const std::string left = *env.read_file("/d/a", 1 << 20);
    ASSERT_GE(left.size(), 3000u);
    ASSERT_EQ(left.substr(0, 3000), std::string(3000, 's')) << seed;
    ASSERT_EQ(left.find_first_not_of(std::string("u\0", 2), 3000), std::string::npos) << seed;
  }
}

// Each unsynced write alone may stay or go, so with two of them all four outcomes come up, and
// tears.
TEST_F(FaultEnvTest, a_random_crash_shows_every_combination) {
  std::set<std::string> outcomes;
  bool torn_in_sector = false;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    auto file = durable_file("/d/a", std::string(4096, '.'));
    ASSERT_TRUE(file->truncate(4096).ok());
    ASSERT_TRUE(file->sync().ok());
    ASSERT_TRUE(file->write_at(0, std::string(2048, '1')).ok());
    ASSERT_TRUE(file->write_at(2048, std::string(2048, '2')).ok());
    env_.crash(random_crash(seed));
    const std::string left = get("/d/a");
    ASSERT_EQ(left.size(), 4096u);
    std::string shape;
    for (int half = 0; half < 2; ++half) {
      const std::string part = left.substr(half * 2048, 2048);
      const auto written = std::count_if(part.begin(), part.end(), [](char c) { return c != '.'; });
      shape += written == 2048 ? "kept " : written == 0 ? "lost " : "torn ";
      if (written % 512 != 0) torn_in_sector = true;
    }
    outcomes.insert(shape);
  }
  EXPECT_EQ(outcomes.size(), 9u);
  EXPECT_TRUE(torn_in_sector);
}

TEST_F(FaultEnvTest, sector_tearing_leaves_whole_sectors_of_the_file) {
  bool torn = false;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    auto file = durable_file("/d/a", std::string(4096, '.'));
    ASSERT_TRUE(file->write_at(100, std::string(3000, 'x')).ok());
    env_.crash(random_crash(seed, Tearing::kSectors));
    const std::string left = get("/d/a");
    std::set<char> kept;
    for (size_t sector = 0; sector < 4096; sector += 512) {
      const size_t begin = std::max<size_t>(sector, 100);
      const size_t end = std::min<size_t>(sector + 512, 3100);
      if (begin >= end) continue;
      const std::string piece = left.substr(begin, end - begin);
      ASSERT_EQ(piece, std::string(piece.size(), piece[0])) << "seed " << seed << " at " << sector;
      kept.insert(piece[0]);
    }
    torn |= kept.size() == 2;
  }
  EXPECT_TRUE(torn);
}

TEST_F(FaultEnvTest, a_random_crash_keeps_the_operations_of_a_folder_in_order) {
  std::set<size_t> counts;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    FaultEnv env;
    ASSERT_TRUE(create_dirs_durably(env, "/d").ok());
    for (int i = 0; i < 5; ++i) {
      ASSERT_TRUE(env.open("/d/" + std::to_string(i), OpenMode::kCreate).ok());
    }
    env.crash(random_crash(seed));
    const std::vector<DirEntry> left = *env.list_dir("/d");
    for (size_t i = 0; i < left.size(); ++i) ASSERT_EQ(left[i].name, std::to_string(i)) << seed;
    counts.insert(left.size());
  }
  EXPECT_EQ(counts.size(), 6u);
}

TEST_F(FaultEnvTest, the_same_seed_leaves_the_same) {
  auto run = [](uint64_t seed) {
    FaultEnv env(9);
    (void)env.create_dirs("/d/e");
    (void)env.sync_dir("/");
    (void)env.sync_dir("/d");
    std::string left;
    for (int i = 0; i < 20; ++i) {
      auto file =
          env.open("/d/" + std::string(i % 2 ? "e/" : "") + std::to_string(i), OpenMode::kCreate);
      (void)(*file)->write_at(0, std::string(1000, 'x'));
    }
    env.crash(random_crash(seed));
    for (const char* dir : {"/d", "/d/e"}) {
      const std::vector<DirEntry> entries = *env.list_dir(dir);
      for (const DirEntry& entry : entries) {
        if (entry.is_dir) continue;
        left += entry.name + *env.read_file(dir + ("/" + entry.name), 1 << 20);
      }
    }
    std::string bytes(8, '\0');
    env.fill_random(bytes);
    return left + bytes;
  };
  EXPECT_EQ(run(5), run(5));
  EXPECT_NE(run(5), run(6));
}

TEST_F(FaultEnvTest, fails_the_nth_operation_on_a_matching_path) {
  env_.fail(FaultOp::kOpen, Status::io_error("bad luck"), "seg", 2);
  EXPECT_TRUE(env_.open("/d/other", OpenMode::kCreate).ok());
  EXPECT_TRUE(env_.open("/d/seg1", OpenMode::kCreate).ok());
  const Status status = env_.open("/d/seg2", OpenMode::kCreate).status();
  EXPECT_THAT(status.message(), HasSubstr("bad luck"));
  EXPECT_THAT(status.message(), HasSubstr("/d/seg2"));
  EXPECT_FALSE(env_.exists("/d/seg2"));
  EXPECT_TRUE(env_.open("/d/seg3", OpenMode::kCreate).ok());
  EXPECT_EQ(env_.faults_hit(), 1u);
}

TEST_F(FaultEnvTest, fails_every_operation_until_cleared) {
  auto file = durable_file("/d/a", "x");
  env_.fail(FaultOp::kWrite, Status::no_space("full"), "", 1, FaultEnv::kAlways);
  env_.fail(FaultOp::kRename, Status::io_error("no"), "/d/to");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(file->write_at(0, "y").code(), StatusCode::kNoSpace);
  EXPECT_EQ(env_.rename("/d/a", "/d/to").code(), StatusCode::kIoError);
  EXPECT_TRUE(env_.rename("/d/a", "/d/to").ok());
  env_.clear_faults();
  EXPECT_TRUE(file->write_at(0, "z").ok());
  EXPECT_EQ(get("/d/to"), "z");
}

// The trap of every fsync retry: the second one succeeds and the bytes are on no disk.
TEST_F(FaultEnvTest, after_a_failed_sync_a_successful_one_proves_nothing) {
  bool lost = false, kept = false, gone_from_cache = false;
  for (int i = 0; i < 100; ++i) {
    const std::string path = "/d/" + std::to_string(i);
    auto file = durable_file(path, "old");
    ASSERT_TRUE(file->write_at(0, "new").ok());
    env_.fail(FaultOp::kSync, Status::io_error("disk"), path);
    EXPECT_EQ(file->sync().code(), StatusCode::kIoError);
    EXPECT_TRUE(file->sync().ok());
    gone_from_cache |= get(path) == "old";
    env_.crash(kPowerLoss);
    lost |= get(path) == "old";
    kept |= get(path) == "new";
  }
  EXPECT_TRUE(lost);
  EXPECT_TRUE(kept);
  EXPECT_TRUE(gone_from_cache);
}

TEST_F(FaultEnvTest, a_failed_sync_keeps_the_size_that_readers_see) {
  for (int i = 0; i < 50; ++i) {
    const std::string path = "/d/" + std::to_string(i);
    auto file = durable_file(path, "old");
    ASSERT_TRUE(file->write_at(3, std::string(2000, 'x')).ok());
    env_.fail(FaultOp::kSync, Status::io_error("disk"), path);
    EXPECT_FALSE(file->sync().ok());
    EXPECT_EQ(*file->size(), 2003u);
  }
}

TEST_F(FaultEnvTest, a_failed_sync_dir_makes_nothing_durable) {
  open("/d/a");
  env_.fail(FaultOp::kSyncDir, Status::io_error("disk"));
  EXPECT_FALSE(env_.sync_dir("/d").ok());
  env_.crash(kPowerLoss);
  EXPECT_FALSE(env_.exists("/d/a"));
}

TEST_F(FaultEnvTest, a_full_disk_refuses_growth_until_something_is_removed) {
  auto file = durable_file("/d/a", "12345");
  auto other = durable_file("/d/b", std::string(100, 'x'));
  env_.set_capacity(110);
  EXPECT_EQ(*env_.free_bytes("/d"), 5u);
  EXPECT_TRUE(file->write_at(0, "abcde").ok());
  EXPECT_EQ(file->write_at(5, "0123456789").code(), StatusCode::kNoSpace);
  EXPECT_LE(env_.used_bytes(), 110u);
  const std::string left = get("/d/a");
  EXPECT_EQ(left, std::string("abcde0123456789").substr(0, left.size()));
  ASSERT_TRUE(file->truncate(5).ok());
  EXPECT_TRUE(file->write_at(5, "01234").ok());
  EXPECT_EQ(file->write_at(10, "5").code(), StatusCode::kNoSpace);
  ASSERT_TRUE(env_.remove_file("/d/b").ok());
  EXPECT_TRUE(file->write_at(10, "5").ok());
  env_.set_capacity(FaultEnv::kUnlimited);
  EXPECT_TRUE(file->write_at(11, std::string(1000, 'y')).ok());
}

TEST_F(FaultEnvTest, flips_a_bit_on_the_medium) {
  durable_file("/d/a", "AAAA");
  ASSERT_TRUE(env_.flip_bit("/d/a", 2, 1).ok());
  EXPECT_EQ(get("/d/a"), "AACA");
  env_.crash(kPowerLoss);
  EXPECT_EQ(get("/d/a"), "AACA");
  EXPECT_EQ(env_.flip_bit("/d/a", 4).code(), StatusCode::kOutOfRange);
  EXPECT_EQ(env_.flip_bit("/d/b", 0).code(), StatusCode::kNotFound);
}

TEST_F(FaultEnvTest, fails_everything_from_the_crash_point_on) {
  auto file = durable_file("/d/a", "x");
  env_.set_crash_after(env_.mutations() + 2);
  EXPECT_TRUE(file->write_at(0, "1").ok());
  EXPECT_FALSE(env_.crashed());
  EXPECT_THAT(file->sync().message(), HasSubstr("crashed"));
  EXPECT_TRUE(env_.crashed());
  char c;
  EXPECT_EQ(file->read_at(0, std::span(&c, 1)).status().code(), StatusCode::kIoError);
  EXPECT_EQ(file->size().status().code(), StatusCode::kIoError);
  EXPECT_EQ(env_.open("/d/a", OpenMode::kRead).status().code(), StatusCode::kIoError);
  EXPECT_EQ(env_.create_dirs("/d/e").code(), StatusCode::kIoError);
  EXPECT_EQ(env_.remove_tree("/d").code(), StatusCode::kIoError);
  env_.crash(kPowerLoss);
  EXPECT_FALSE(env_.crashed());
  EXPECT_EQ(get("/d/a"), "x");
  EXPECT_TRUE(open("/d/a")->write_at(0, "y").ok());
}

// The use that the numbers are for: whatever the moment, the file is the old one or the new one.
TEST_F(FaultEnvTest, write_file_durably_is_whole_at_every_crash_point_of_every_kind) {
  for (const CrashOptions& options : {kPowerLoss, kKill, random_crash(1), random_crash(2)}) {
    bool finished = false;
    for (uint64_t k = 1; !finished; ++k) {
      FaultEnv env(k);
      ASSERT_TRUE(create_dirs_durably(env, "/d").ok());
      ASSERT_TRUE(env.write_file_durably("/d/a", "old").ok());
      env.set_crash_after(env.mutations() + k);
      finished = env.write_file_durably("/d/a", "new content").ok();
      env.crash(options);
      const std::string left = *env.read_file("/d/a", 100);
      if (finished) {
        EXPECT_EQ(left, "new content") << k;
      } else {
        EXPECT_TRUE(left == "old" || left == "new content") << k << " " << left;
      }
      ASSERT_LT(k, 50u);
    }
  }
}

TEST_F(FaultEnvTest, a_write_at_the_crash_point_may_be_done_in_part) {
  std::set<size_t> sizes;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    FaultEnv env(seed);
    auto file = std::move(env.open("/a", OpenMode::kCreate)).value();
    env.set_crash_after(env.mutations() + 1);
    EXPECT_FALSE(file->write_at(0, "12345678").ok());
    EXPECT_FALSE(file->write_at(8, "9").ok());
    env.crash(kKill);
    sizes.insert(*env.file_size("/a"));
  }
  EXPECT_TRUE(sizes.contains(0));
  EXPECT_TRUE(sizes.contains(8));
  EXPECT_GT(sizes.size(), 3u);
  EXPECT_FALSE(sizes.contains(9));
}

TEST_F(FaultEnvTest, calls_the_hook_before_each_change_with_its_number) {
  std::vector<std::string> seen;
  const uint64_t start = env_.mutations();
  env_.set_hook([&](uint64_t number, FaultOp op, const std::string& path) {
    seen.push_back(std::to_string(number - start) + " " + fault_op_name(op) + " " + path);
    EXPECT_TRUE(op != FaultOp::kRemove || env_.exists(path)) << path;
  });
  auto file = open("/d/a");
  (void)file->write_at(0, "x");
  (void)file->sync();
  (void)file->size();
  (void)get("/d/a");
  (void)env_.create_dirs("/d/e/f");
  (void)env_.remove_tree("/d/e");
  (void)env_.sync_dir("/d");
  EXPECT_THAT(seen, testing::ElementsAre("1 open /d/a", "2 write /d/a", "3 sync /d/a",
                                         "4 create_dir /d/e", "5 create_dir /d/e/f",
                                         "6 remove /d/e/f", "7 remove /d/e", "8 sync_dir /d"));
}

TEST_F(FaultEnvTest, the_clock_moves_only_when_the_test_moves_it) {
  const Timestamp wall = env_.now();
  const int64_t monotonic = env_.monotonic_nanos();
  EXPECT_EQ(env_.now(), wall);
  EXPECT_EQ(env_.monotonic_nanos(), monotonic);
  env_.advance_ms(1500);
  EXPECT_EQ(env_.now() - wall, 1500);
  EXPECT_EQ(env_.monotonic_nanos() - monotonic, 1'500'000'000);
  env_.set_now(Timestamp(5));
  EXPECT_EQ(env_.now(), Timestamp(5));
  EXPECT_EQ(env_.monotonic_nanos() - monotonic, 1'500'000'000);
}

TEST_F(FaultEnvTest, paths_are_text_from_one_root) {
  durable_file("/d/a", "x");
  EXPECT_EQ(get("d/a"), "x");
  EXPECT_EQ(get("./d//a"), "x");
  EXPECT_EQ(env_.open("/d/../d/a", OpenMode::kRead).status().code(), StatusCode::kInvalid);
  EXPECT_EQ(open("/d/a")->descriptor(), -1);
}

TEST_F(FaultEnvTest, several_threads_may_use_it_while_it_crashes) {
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      const std::string path = "/d/" + std::to_string(t);
      while (!stop) {
        auto file = env_.open(path, OpenMode::kReadWrite);
        if (!file.ok()) continue;
        for (int i = 0; i < 20; ++i) {
          (void)(*file)->write_at(i * 10, "0123456789");
          (void)(*file)->sync();
          (void)env_.rename(path, path + "x");
          (void)env_.sync_dir("/d");
          (void)env_.now();
        }
      }
    });
  }
  for (uint64_t i = 0; i < 200; ++i) {
    env_.advance_ms(1);
    env_.set_crash_after(env_.mutations() + 3);
    env_.crash(i % 2 == 0 ? random_crash(i) : kKill);
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(env_.list_dir("/d").ok());
}

}  // namespace
}  // namespace dataflow
