// The store against a disk that loses power, fails, fills up and rots.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <future>
#include <map>
#include <random>
#include <thread>
#include <vector>

#include "base/fault_env.h"
#include "meta/store.h"

namespace dataflow::meta {
namespace {

constexpr Table kTable{7, "rows"};
const std::string kDir = "/data/meta";
// Small, so that a short workload flushes, compacts and begins new logs.
constexpr StoreOptions kSmall{.write_buffer_bytes = 64 << 10, .resume_free_bytes = 1 << 20};

using Model = std::map<std::string, std::string>;

WriteBatch put(std::string_view key, std::string_view value) {
  WriteBatch batch;
  batch.put(kTable, key, value);
  return batch;
}

Result<Model> read_all(Store& store) {
  Model rows;
  DF_RETURN_IF_ERROR(store.scan(kTable, "", [&](std::string_view key, std::string_view value) {
    rows.emplace(key, value);
    return true;
  }));
  return rows;
}

void expect_rows(Store& store, const Model& expected) {
  const Result<Model> found = read_all(store);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(*found, expected);
}

// Step `n` of a fixed workload, and what it does to the model.
WriteBatch step(int n, Model& model) {
  WriteBatch batch;
  const std::string own = "k" + std::to_string(n % 9);
  const std::string value(static_cast<size_t>(n * 977 % 9000), static_cast<char>('a' + n % 26));
  batch.put(kTable, own + "/value", value);
  batch.put(kTable, own + "/step", std::to_string(n));
  batch.put(kTable, "last", std::to_string(n));
  model[own + "/value"] = value;
  model[own + "/step"] = std::to_string(n);
  model["last"] = std::to_string(n);
  const std::string other = "k" + std::to_string((n + 4) % 9);
  if (n % 3 == 0) {
    batch.remove(kTable, other + "/value");
    model.erase(other + "/value");
  }
  if (n % 5 == 0) {
    batch.remove_prefix(kTable, other + "/");
    std::erase_if(model, [&](const auto& row) { return row.first.starts_with(other + "/"); });
  }
  return batch;
}

constexpr int kSteps = 60;

// What the table holds after the first n steps.
std::vector<Model> models() {
  std::vector<Model> after(1);
  for (int n = 0; n < kSteps; ++n) {
    Model next = after.back();
    (void)step(n, next);
    after.push_back(std::move(next));
  }
  return after;
}

// Runs the workload until it ends or the disk dies; returns how many steps were acknowledged.
int run_workload(Env& env, int begin) {
  Model ignored;
  int acknowledged = begin;
  while (acknowledged < kSteps) {
    Result<std::unique_ptr<Store>> store = Store::open(env, kDir, kSmall);
    if (!store.ok()) return acknowledged;
    // A few at a time, so that groups are cut as well; then a reopen.
    const int stop = std::min(kSteps, acknowledged + 25);
    std::atomic<int> done = acknowledged;
    for (int n = acknowledged; n < stop; ++n) {
      (*store)->commit_async(step(n, ignored), [&done](Status status) {
        if (status.ok()) ++done;
      });
      if (n % 4 == 0 && !(*store)->drain().ok()) break;
    }
    (void)(*store)->close();
    acknowledged = done;
    if (acknowledged < stop) return acknowledged;
  }
  return acknowledged;
}

// How many steps the table shows, which must be a whole number of them.
int find_steps(const Model& found, const std::vector<Model>& after, int acknowledged) {
  for (int n = acknowledged; n <= kSteps; ++n) {
    if (found == after[static_cast<size_t>(n)]) return n;
  }
  return -1;
}

void check_crash(uint64_t crash_at, CrashOptions how, const std::vector<Model>& after) {
  SCOPED_TRACE("crash at operation " + std::to_string(crash_at) + ", mode " +
               std::to_string(static_cast<int>(how.mode)) + ", seed " + std::to_string(how.seed));
  FaultEnv env(how.seed);
  env.set_crash_after(crash_at);
  const int acknowledged = run_workload(env, 0);
  env.crash(how);

  // The recovery loses power as well, a little later in each case.
  env.set_crash_after(env.mutations() + 1 + crash_at % 40);
  (void)Store::open(env, kDir, kSmall);
  env.crash(how);

  Result<std::unique_ptr<Store>> store = Store::open(env, kDir, kSmall);
  ASSERT_TRUE(store.ok()) << store.status();
  Result<Model> found = read_all(**store);
  ASSERT_TRUE(found.ok()) << found.status();
  const int steps = find_steps(*found, after, acknowledged);
  ASSERT_GE(steps, acknowledged) << "acknowledged batches are missing, or one was applied in part";
  store->reset();

  // What was recovered is as durable as what was acknowledged, and the store works on.
  ASSERT_EQ(run_workload(env, steps), kSteps);
  env.crash({CrashMode::kLoseAll, how.seed});
  store = Store::open(env, kDir, kSmall);
  ASSERT_TRUE(store.ok()) << store.status();
  found = read_all(**store);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(*found, after.back());
}

uint64_t workload_mutations() {
  FaultEnv env;
  EXPECT_EQ(run_workload(env, 0), kSteps);
  return env.mutations();
}

// Runs check(0) to check(count - 1), several at a time: most of their time they wait for threads of
// RocksDB. Each has a disk of its own. Stops early after a failure.
void check_all(uint64_t count, const std::function<void(uint64_t)>& check) {
  std::atomic<uint64_t> next = 0;
  std::vector<std::thread> workers;
  for (int i = 0; i < 6; ++i) {
    workers.emplace_back([&] {
      while (!testing::Test::HasFatalFailure()) {
        const uint64_t n = next++;
        if (n >= count) return;
        check(n);
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
}

void crash_everywhere(CrashMode mode) {
  const uint64_t seed = std::random_device()();
  const std::vector<Model> after = models();
  const uint64_t last = workload_mutations();
  ASSERT_GT(last, 100u);
  check_all(last, [&](uint64_t n) {
    const uint64_t k = n + 1;
    check_crash(k, {mode, seed + k}, after);
  });
}

TEST(StoreFault, LosesNothingAcknowledgedWhenThePowerFailsAtAnyOperation) {
  crash_everywhere(CrashMode::kLoseAll);
}

TEST(StoreFault, LosesNothingAcknowledgedWhenWritesAreTornAtAnyOperation) {
  crash_everywhere(CrashMode::kRandom);
}

TEST(StoreFault, LosesNothingAcknowledgedWhenTheProcessIsKilledAtAnyOperation) {
  crash_everywhere(CrashMode::kKeepAll);
}

TEST(StoreFault, AFailedSyncMakesTheStoreReadOnlyWithTheFirstCause) {
  FaultEnv env;
  auto store = Store::open(env, kDir, kSmall);
  ASSERT_TRUE(store.ok()) << store.status();
  ASSERT_TRUE((*store)->commit(put("before", "1")).ok());
  env.fail(FaultOp::kSync, Status::io_error("medium error 17"), ".log");

  const Status failed = (*store)->commit(put("during", "2"));
  EXPECT_EQ(failed.code(), StatusCode::kIoError);
  EXPECT_NE(failed.message().find("medium error 17"), std::string::npos) << failed;
  EXPECT_NE(failed.message().find("known only after the next start"), std::string::npos) << failed;

  for (int i = 0; i < 3; ++i) {
    const Status later = (*store)->commit(put("after", "3"));
    EXPECT_EQ(later.code(), StatusCode::kReadOnly);
    EXPECT_NE(later.message().find("medium error 17"), std::string::npos) << later;
  }
  EXPECT_EQ((*store)->health().code(), StatusCode::kReadOnly);
  EXPECT_EQ((*store)->drain().code(), StatusCode::kReadOnly);
  expect_rows(**store, {{"before", "1"}});
  EXPECT_EQ((*store)->close().code(), StatusCode::kReadOnly);
  store->reset();

  store = Store::open(env, kDir, kSmall);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ(*(*store)->get(kTable, "before"), "1");
  EXPECT_EQ(*(*store)->get(kTable, "after"), std::nullopt);
  EXPECT_TRUE((*store)->commit(put("again", "4")).ok());
}

TEST(StoreFault, AFailedSyncForWantOfSpaceIsFatalToo) {
  FaultEnv env;
  auto store = Store::open(env, kDir, kSmall);
  ASSERT_TRUE(store.ok()) << store.status();
  env.fail(FaultOp::kSync, Status::no_space("quota"), ".log");
  EXPECT_EQ((*store)->commit(put("a", "1")).code(), StatusCode::kIoError);
  EXPECT_EQ((*store)->commit(put("a", "1")).code(), StatusCode::kReadOnly);
}

TEST(StoreFault, AFailedWriteMakesTheStoreReadOnly) {
  FaultEnv env;
  auto store = Store::open(env, kDir, kSmall);
  ASSERT_TRUE(store.ok()) << store.status();
  env.fail(FaultOp::kWrite, Status::io_error("medium error 18"), ".log");
  EXPECT_EQ((*store)->commit(put("a", "1")).code(), StatusCode::kIoError);
  EXPECT_EQ((*store)->commit(put("a", "1")).code(), StatusCode::kReadOnly);
}

// Commits until the memtable has been flushed, or the store refuses; returns the first refusal.
Status commit_until_refused(Store& store) {
  for (int i = 0; i < 200; ++i) {
    const Status status = store.commit(put("fill" + std::to_string(i % 7), std::string(4000, 'f')));
    if (!status.ok()) return status;
  }
  return {};
}

TEST(StoreFault, AFailedFlushMakesTheStoreReadOnlyAndLosesNothing) {
  for (const FaultOp op : {FaultOp::kWrite, FaultOp::kSync}) {
    FaultEnv env;
    auto store = Store::open(env, kDir, kSmall);
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_TRUE((*store)->commit(put("before", "1")).ok());
    env.fail(op, Status::io_error("medium error 19"), ".sst");
    const Status refused = commit_until_refused(**store);
    EXPECT_FALSE(refused.ok());
    EXPECT_NE(refused.message().find("medium error 19"), std::string::npos) << refused;
    EXPECT_EQ((*store)->commit(put("x", "1")).code(), StatusCode::kReadOnly);
    EXPECT_EQ(*(*store)->get(kTable, "before"), "1");
    store->reset();
    env.crash({CrashMode::kLoseAll});
    store = Store::open(env, kDir, kSmall);
    ASSERT_TRUE(store.ok()) << store.status();
    EXPECT_EQ(*(*store)->get(kTable, "before"), "1");
    EXPECT_TRUE((*store)->commit(put("x", "1")).ok());
  }
}

TEST(StoreFault, AFailedManifestSyncMakesTheStoreReadOnly) {
  FaultEnv env;
  auto store = Store::open(env, kDir, kSmall);
  ASSERT_TRUE(store.ok()) << store.status();
  env.fail(FaultOp::kSync, Status::io_error("medium error 20"), "MANIFEST");
  const Status refused = commit_until_refused(**store);
  EXPECT_FALSE(refused.ok());
  EXPECT_EQ((*store)->commit(put("x", "1")).code(), StatusCode::kReadOnly);
}

// Fills the disk at each size around what the store uses, so that every kind of write meets its
// end.
void check_full_disk(uint64_t spare, uint64_t how) {
  SCOPED_TRACE("spare " + std::to_string(spare));
  FaultEnv env(spare + 1);
  auto store = Store::open(env, kDir, kSmall);
  ASSERT_TRUE(store.ok()) << store.status();
  env.set_capacity(env.used_bytes() + spare);

  Model model;
  bool refused = false;
  for (int n = 0; n < kSteps && !refused; ++n) {
    Model next = model;
    const Status status = (*store)->commit(step(n, next));
    if (status.ok()) model = std::move(next);
    if (!status.ok()) {
      ASSERT_EQ(status.code(), StatusCode::kNoSpace) << status;
    }
    refused = !status.ok();
  }
  if (refused) {
    EXPECT_EQ((*store)->health().code(), StatusCode::kNoSpace);
    EXPECT_EQ((*store)->commit(put("refused", "1")).code(), StatusCode::kNoSpace);
  }
  ASSERT_NO_FATAL_FAILURE(expect_rows(**store, model));

  if (how != 0) {  // the process ends while the disk is full
    store->reset();
    if (how == 2) env.crash({CrashMode::kRandom, spare});
  }
  env.set_capacity(FaultEnv::kUnlimited);
  if (how != 0) {
    store = Store::open(env, kDir, kSmall);
    ASSERT_TRUE(store.ok()) << store.status();
  }
  Status again = (*store)->commit(put("space", "again"));
  // A flush that met the full disk may come to its end only now; its failure refuses one commit.
  if (again.code() == StatusCode::kNoSpace) again = (*store)->commit(put("space", "again"));
  ASSERT_TRUE(again.ok()) << again;
  model["space"] = "again";
  EXPECT_TRUE((*store)->health().ok());
  ASSERT_NO_FATAL_FAILURE(expect_rows(**store, model));

  store->reset();
  env.crash({CrashMode::kLoseAll});
  store = Store::open(env, kDir, kSmall);
  ASSERT_TRUE(store.ok()) << store.status();
  ASSERT_NO_FATAL_FAILURE(expect_rows(**store, model));
}

TEST(StoreFault, AFullDiskRefusesForAWhileAndLosesNothing) {
  constexpr uint64_t kStep = 1777;
  check_all(400'000 / kStep + 1, [](uint64_t n) { check_full_disk(n * kStep, n % 3); });
}

TEST(StoreFault, SpaceIsNoticedWithoutACommit) {
  FaultEnv env;
  auto store = Store::open(env, kDir, kSmall);
  ASSERT_TRUE(store.ok()) << store.status();
  env.set_capacity(env.used_bytes());
  ASSERT_EQ((*store)->commit(put("a", "1")).code(), StatusCode::kNoSpace);
  // The store looks once a second by itself; the hook sees it begin to write.
  std::promise<void> wrote;
  std::atomic<bool> once = false;
  env.set_hook([&](uint64_t, FaultOp, const std::string& path) {
    if (path.find("MANIFEST") != std::string::npos && !once.exchange(true)) wrote.set_value();
  });
  env.set_capacity(FaultEnv::kUnlimited);
  wrote.get_future().wait();
  EXPECT_TRUE((*store)->drain().ok());
  env.set_hook(nullptr);
}

TEST(StoreFault, AFullDiskAtTheFirstOpenIsSaid) {
  FaultEnv env;
  env.set_capacity(1000);
  EXPECT_EQ(Store::open(env, kDir, kSmall).status().code(), StatusCode::kNoSpace);
  env.set_capacity(FaultEnv::kUnlimited);
  auto store = Store::open(env, kDir, kSmall);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_TRUE((*store)->commit(put("a", "1")).ok());
}

std::vector<std::string> files(Env& env, std::string_view part) {
  std::vector<std::string> paths;
  const Result<std::vector<DirEntry>> entries = env.list_dir(kDir);
  for (const DirEntry& entry : *entries) {
    if (entry.name.find(part) != std::string::npos) paths.push_back(kDir + "/" + entry.name);
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

// Flips single bits of each file of a kind. Either somebody says kCorrupt, or the data is right.
// Returns how many flips were reported.
int flip_bits(std::string_view part, int steps, const std::vector<Model>& after) {
  int reported = 0;
  std::mt19937_64 random(4711);
  for (int round = 0; round < 60; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    FaultEnv env;
    {
      auto store = Store::open(env, kDir, kSmall);
      EXPECT_TRUE(store.ok()) << store.status();
      Model ignored;
      for (int n = 0; n < steps; ++n) EXPECT_TRUE((*store)->commit(step(n, ignored)).ok());
    }
    std::string path;
    for (const std::string& candidate : files(env, part)) {
      if (*env.file_size(candidate) > 0) path = candidate;
    }
    EXPECT_FALSE(path.empty()) << part;
    if (path.empty()) return reported;
    const uint64_t position = random() % *env.file_size(path);
    EXPECT_TRUE(env.flip_bit(path, position, static_cast<int>(random() % 8)).ok());

    auto store = Store::open(env, kDir, kSmall);
    Status status = store.status();
    if (store.ok()) {
      const Result<Model> found = read_all(**store);
      status = found.status();
      if (found.ok()) {
        EXPECT_EQ(*found, after[static_cast<size_t>(steps)])
            << path << " byte " << position << ": wrong data and no word of it";
      }
    }
    if (status.ok()) continue;
    EXPECT_EQ(status.code(), StatusCode::kCorrupt) << status;
    EXPECT_NE(status.message().find(path.substr(path.rfind('/') + 1)), std::string::npos)
        << "does not name " << path << ": " << status;
    EXPECT_NE(status.message().find("restore"), std::string::npos) << status;
    ++reported;
  }
  return reported;
}

TEST(StoreFault, AFlippedBitInTheWriteAheadLogIsReported) {
  EXPECT_EQ(flip_bits(".log", 8, models()), 60);
}

TEST(StoreFault, AFlippedBitInATableIsReportedOrHarmless) {
  // Some bytes of a table (properties, padding) hold no rows.
  EXPECT_GT(flip_bits(".sst", kSteps, models()), 40);
}

TEST(StoreFault, AFlippedBitInTheManifestIsReported) {
  EXPECT_EQ(flip_bits("MANIFEST", kSteps, models()), 60);
}

TEST(StoreFault, AMissingFileIsReportedByName) {
  for (const char* part : {".log", ".sst", "MANIFEST", "CURRENT"}) {
    FaultEnv env;
    {
      auto store = Store::open(env, kDir, kSmall);
      ASSERT_TRUE(store.ok()) << store.status();
      Model ignored;
      for (int n = 0; n < kSteps; ++n) ASSERT_TRUE((*store)->commit(step(n, ignored)).ok());
    }
    const std::string path = files(env, part).back();
    ASSERT_TRUE(env.remove_file(path).ok());
    const Status status = Store::open(env, kDir, kSmall).status();
    EXPECT_EQ(status.code(), StatusCode::kCorrupt) << part << ": " << status;
    // Without its ending: RocksDB tries an older one before it gives up on a table.
    const std::string name = path.substr(0, path.find('.'));
    EXPECT_NE(status.message().find(name), std::string::npos) << part << ": " << status;
  }
}

}  // namespace
}  // namespace dataflow::meta
