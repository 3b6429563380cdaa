// A job's store against a disk that loses power, fails and fills up, at every operation of its
// checkpoints, foldings and copies.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <random>
#include <thread>

#include "base/fault_env.h"
#include "base/hash.h"
#include "state/job_store.h"
#include "state/keyed_table.h"

namespace dataflow::state {
namespace {

const std::string kDir = "/data/jobs/j";
const TableSpec kSpec{"sums", 1, {ValueKind::kInt64, ValueKind::kBytes}};
// Folds after every other checkpoint; the tables become large, as far as blocks are concerned.
constexpr JobStoreOptions kFew{.max_pending_deltas = 4, .small_table_bytes = 3900};
constexpr int64_t kCheckpoints = 16;
const std::vector<std::string> kOperators{"count", "join"};

struct Contents {
  std::map<std::string, std::map<std::string, int64_t>> tables;  // of each operator
  std::map<std::string, std::string> splits;
  std::vector<std::string> committables;
  bool operator==(const Contents&) const = default;
};

void PrintTo(const Contents& contents, std::ostream* out) {
  for (const auto& [name, rows] : contents.tables) {
    *out << name << ":";
    for (const auto& [key, value] : rows) *out << " " << key << "=" << value;
    *out << "; ";
  }
  for (const auto& [name, at] : contents.splits) *out << name << "@" << at << " ";
  for (const std::string& bytes : contents.committables) *out << bytes << " ";
}

// A job of which checkpoint n always holds the same, wherever it was started from.
class FakeJob {
 public:
  FakeJob() {
    for (const std::string& name : kOperators) tables_[name] = std::make_unique<KeyedTable>(kSpec);
  }

  // Takes up what the store has, or says what is wrong.
  Status restore(JobStore& store) {
    contents_ = {};
    for (const std::string& name : kOperators) {
      KeyedTable& table = *tables_[name];
      DF_RETURN_IF_ERROR(
          store.load(name, "sums", [&](const DeltaBlock& block) { return table.load(block, {}); }));
      auto& rows = contents_.tables[name];
      table.for_each([&](RowNumber row) {
        EXPECT_EQ(table.bytes(1)[row], std::string(60, 'v') + std::string(table.key(row)));
        rows[std::string(table.key(row))] = table.ints(0)[row];
      });
    }
    DF_ASSIGN_OR_RETURN(contents_.splits, store.named("source"));
    DF_ASSIGN_OR_RETURN(const std::vector<StoredCommittable> carried, store.committables());
    for (const StoredCommittable& stored : carried) {
      contents_.committables.push_back(stored.committable.bytes);
    }
    return {};
  }
  const Contents& contents() const { return contents_; }

  Checkpoint checkpoint(int64_t n) {
    Checkpoint made{CheckpointId(n), {}, {}, {}, n};
    for (const std::string& name : kOperators) {
      change(name, n);
      if (auto delta = tables_[name]->take_delta()) {
        made.deltas.push_back({name, "sums", 0, std::move(*delta)});
      }
    }
    made.named = {{"source", "split 0", std::to_string(n)}};
    if (n % 3 == 0) made.named.push_back({"source", "split " + std::to_string(n), "new"});
    if (n % 3 == 2 && n > 3) {
      made.named.push_back({"source", "split " + std::to_string(n - 2), std::nullopt});
    }
    made.committables = {{"sink", "a" + std::to_string(n)}, {"sink", "b" + std::to_string(n)}};
    return made;
  }

  // What the store holds after each checkpoint.
  static std::vector<Contents> all() {
    std::vector<Contents> after(1);
    for (const std::string& name : kOperators) after[0].tables[name];
    for (int64_t n = 1; n <= kCheckpoints; ++n) {
      Contents next = after.back();
      for (const std::string& name : kOperators) {
        for (int64_t i = 0; i < 4; ++i) next.tables[name][key(name, n, i)] = n;
        next.tables[name].erase(key(name, n * 5, 9));
      }
      next.splits["split 0"] = std::to_string(n);
      if (n % 3 == 0) next.splits["split " + std::to_string(n)] = "new";
      if (n % 3 == 2 && n > 3) next.splits.erase("split " + std::to_string(n - 2));
      next.committables.clear();
      for (int64_t c = std::max<int64_t>(n - 1, 1); c <= n; ++c) {
        next.committables.push_back("a" + std::to_string(c));
        next.committables.push_back("b" + std::to_string(c));
      }
      after.push_back(std::move(next));
    }
    return after;
  }

 private:
  static std::string key(const std::string& name, int64_t n, int64_t i) {
    return name + std::to_string((n * 7 + i * 3) % 23);
  }
  void change(const std::string& name, int64_t n) {
    KeyedTable& table = *tables_[name];
    for (int64_t i = 0; i < 4; ++i) {
      const std::string text = key(name, n, i);
      const RowNumber row = table.upsert(hash64(text), text, 0);
      table.ints(0)[row] = n;
      table.bytes(1)[row] = std::string(60, 'v') + text;
    }
    const std::string gone = key(name, n * 5, 9);
    if (const auto row = table.find(hash64(gone), gone, 0)) table.erase(*row);
  }

  std::map<std::string, std::unique_ptr<KeyedTable>> tables_;
  Contents contents_;
};

std::string savepoint(int64_t n) { return "/data/save" + std::to_string(n); }
bool has_savepoint(int64_t n) { return n == 5 || n == 11; }

struct Progress {
  int64_t written = 0;  // the last checkpoint that was acknowledged
  std::vector<int64_t> saved;
};

// Runs from what the store has to the end, or until the disk dies.
Progress run(Env& env) {
  Progress progress;
  auto store = JobStore::open(env, kDir, kFew);
  if (!store.ok()) return progress;
  FakeJob job;
  progress.written = (*store)->last().value();
  if (!job.restore(**store).ok()) return progress;
  for (int64_t n = progress.written + 1; n <= kCheckpoints; ++n) {
    if (n > 2) (*store)->acknowledge(CheckpointId(n - 2));
    if (!(*store)->write(job.checkpoint(n)).ok()) break;
    progress.written = n;
    if (has_savepoint(n) && (*store)->save(savepoint(n), "j").ok()) progress.saved.push_back(n);
  }
  (void)(*store)->close();
  return progress;
}

void expect_contents(Env& env, const std::string& dir, int64_t least, int64_t most,
                     const std::vector<Contents>& after, bool owes = true) {
  auto store = JobStore::open(env, dir, kFew);
  ASSERT_TRUE(store.ok()) << store.status();
  const int64_t last = (*store)->last().value();
  ASSERT_GE(last, least) << "an acknowledged checkpoint is gone";
  ASSERT_LE(last, most);
  FakeJob job;
  const Status restored = job.restore(**store);
  ASSERT_TRUE(restored.ok()) << restored;
  Contents whole = after[static_cast<size_t>(last)];
  if (!owes) whole.committables.clear();
  // A run that could not write its next checkpoint had acknowledged the last one but one, and may
  // have forgotten that when it closed the store.
  Contents closed = whole;
  if (last > 1 && owes)
    closed.committables.erase(closed.committables.begin(), closed.committables.begin() + 2);
  if (job.contents() == closed) return;
  ASSERT_EQ(job.contents(), whole) << "after checkpoint " << last;
}

void check_crash(uint64_t crash_at, CrashOptions how, const std::vector<Contents>& after) {
  SCOPED_TRACE("crash at operation " + std::to_string(crash_at) + ", mode " +
               std::to_string(static_cast<int>(how.mode)) + ", seed " + std::to_string(how.seed));
  FaultEnv env(how.seed);
  env.set_crash_after(crash_at);
  const Progress before = run(env);
  env.crash(how);
  // The restart loses power as well, a little later in each case.
  env.set_crash_after(env.mutations() + 1 + crash_at % 50);
  const Progress again = run(env);
  env.crash(how);

  const int64_t written = std::max(before.written, again.written);
  ASSERT_NO_FATAL_FAILURE(expect_contents(env, kDir, written, written + 1, after));
  for (int64_t n = 1; n <= kCheckpoints; ++n) {
    for (const Progress& progress : {before, again}) {
      const bool saved =
          std::find(progress.saved.begin(), progress.saved.end(), n) != progress.saved.end();
      ASSERT_TRUE(!saved || env.exists(savepoint(n))) << "savepoint " << n << " is gone";
    }
    if (!env.exists(savepoint(n))) continue;
    const Status restored = restore_savepoint(env, savepoint(n), "/data/restored", "");
    ASSERT_TRUE(restored.ok()) << restored;
    ASSERT_NO_FATAL_FAILURE(expect_contents(env, "/data/restored", n, n, after, false));
    ASSERT_TRUE(env.remove_tree("/data/restored").ok());
  }
  ASSERT_EQ(run(env).written, kCheckpoints);
  env.crash({CrashMode::kLoseAll, how.seed});
  ASSERT_NO_FATAL_FAILURE(expect_contents(env, kDir, kCheckpoints, kCheckpoints, after));
}

// Runs check(1) to check(count), several at a time; each has a disk of its own.
void check_all(uint64_t count, const std::function<void(uint64_t)>& check) {
  std::atomic<uint64_t> next = 0;
  std::vector<std::thread> workers;
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&] {
      while (!testing::Test::HasFailure()) {
        const uint64_t n = ++next;
        if (n > count) return;
        check(n);
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
}

void crash_everywhere(CrashMode mode) {
  const uint64_t seed = std::random_device()();
  const std::vector<Contents> after = FakeJob::all();
  FaultEnv whole;
  ASSERT_EQ(run(whole).written, kCheckpoints);
  // The folding beside it takes another course each time; a few more than one course has.
  const uint64_t last = whole.mutations() + 20;
  ASSERT_GT(last, 100u);
  check_all(last, [&](uint64_t n) { check_crash(n, {mode, seed + n}, after); });
}

TEST(JobStoreFault, HoldsTheLastCheckpointWhenThePowerFailsAtAnyOperation) {
  crash_everywhere(CrashMode::kLoseAll);
}

TEST(JobStoreFault, HoldsTheLastCheckpointWhenWritesAreTornAtAnyOperation) {
  crash_everywhere(CrashMode::kRandom);
}

TEST(JobStoreFault, HoldsTheLastCheckpointWhenTheProcessIsKilledAtAnyOperation) {
  crash_everywhere(CrashMode::kKeepAll);
}

TEST(JobStoreFault, AFailedSyncStopsTheJobAndLosesNothing) {
  const std::vector<Contents> after = FakeJob::all();
  FaultEnv whole;
  ASSERT_EQ(run(whole).written, kCheckpoints);
  for (uint64_t nth = 1; nth <= 60; ++nth) {
    SCOPED_TRACE("sync " + std::to_string(nth));
    FaultEnv env(nth);
    env.fail(FaultOp::kSync, Status::io_error("medium error 21"), "jobs/j", nth);
    const Progress progress = run(env);
    env.clear_faults();
    env.crash({CrashMode::kRandom, nth});
    ASSERT_NO_FATAL_FAILURE(
        expect_contents(env, kDir, progress.written, progress.written + 1, after));
    ASSERT_EQ(run(env).written, kCheckpoints);
  }
}

TEST(JobStoreFault, AfterAFailedSyncNoCheckpointIsTaken) {
  FaultEnv env;
  auto store = JobStore::open(env, kDir);
  ASSERT_TRUE(store.ok()) << store.status();
  FakeJob job;
  ASSERT_TRUE((*store)->write(job.checkpoint(1)).ok());
  env.fail(FaultOp::kSync, Status::io_error("medium error 22"), ".log");
  const Status failed = (*store)->write(job.checkpoint(2));
  EXPECT_EQ(failed.code(), StatusCode::kIoError) << failed;
  EXPECT_NE(failed.message().find("writing checkpoint 2"), std::string::npos) << failed;
  EXPECT_NE(failed.message().find("medium error 22"), std::string::npos) << failed;
  EXPECT_EQ((*store)->last(), CheckpointId(1));
  EXPECT_EQ((*store)->write(job.checkpoint(2)).code(), StatusCode::kReadOnly);
}

// Fills the disk at many sizes, so that checkpoints, foldings and copies all meet its end.
TEST(JobStoreFault, AFullDiskIsSaidAndLosesNothing) {
  const std::vector<Contents> after = FakeJob::all();
  check_all(60, [&](uint64_t n) {
    SCOPED_TRACE("spare " + std::to_string(n * 701));
    FaultEnv env(n);
    auto store = JobStore::open(env, kDir, kFew);
    ASSERT_TRUE(store.ok()) << store.status();
    env.set_capacity(env.used_bytes() + n * 701);
    FakeJob job;
    int64_t written = 0;
    Checkpoint next = job.checkpoint(1);
    Status status;
    while (written < kCheckpoints && (status = (*store)->write(next)).ok()) {
      ++written;
      if (written > 1) (*store)->acknowledge(CheckpointId(written - 1));
      if (written < kCheckpoints) next = job.checkpoint(written + 1);
    }
    if (written < kCheckpoints) {
      ASSERT_EQ(status.code(), StatusCode::kNoSpace) << status;
      // What a fold gave up may be room enough for a savepoint.
      const bool saved = (*store)->save("/data/copy", "j").ok();
      EXPECT_EQ(env.exists("/data/copy"), saved);
      ASSERT_TRUE(env.remove_tree("/data/copy").ok());
      env.set_capacity(FaultEnv::kUnlimited);
      // The first may still meet a failure of before.
      status = (*store)->write(next);
      if (status.code() == StatusCode::kNoSpace) status = (*store)->write(next);
      ASSERT_TRUE(status.ok()) << status;
      ++written;
    }
    env.set_capacity(FaultEnv::kUnlimited);
    ASSERT_TRUE((*store)->save("/data/copy", "j").ok());
    store->reset();
    env.crash({CrashMode::kLoseAll});
    ASSERT_TRUE(restore_savepoint(env, "/data/copy", "/data/again", "").ok());
    for (const std::string& dir : {kDir, std::string("/data/again")}) {
      auto reopened = JobStore::open(env, dir, kFew);
      ASSERT_TRUE(reopened.ok()) << reopened.status();
      ASSERT_EQ((*reopened)->last().value(), written);
      FakeJob restored;
      ASSERT_TRUE(restored.restore(**reopened).ok());
      EXPECT_EQ(restored.contents().tables, after[static_cast<size_t>(written)].tables);
    }
  });
}

}  // namespace
}  // namespace dataflow::state
