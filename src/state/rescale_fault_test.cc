// A job that loses power again and again and starts each time at another parallelism: what its
// tasks have together is what the last checkpoint left, and each has only its own key groups.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "base/fault_env.h"
#include "base/hash.h"
#include "state/job_store.h"
#include "state/keyed_table.h"

namespace dataflow::state {
namespace {

const std::string kDir = "/data/jobs/j";
const TableSpec kSpec{"sums", 1, {ValueKind::kInt64, ValueKind::kBytes}};
constexpr JobStoreOptions kFew{.max_pending_deltas = 12, .small_table_bytes = 20'000};
constexpr int64_t kCheckpoints = 20;
using Model = std::map<std::string, int64_t>;

std::string key_of(int64_t n, int64_t i) { return "key " + std::to_string((n * 7 + i * 3) % 101); }

// After checkpoint `n`, whatever happened on the way.
Model model_after(int64_t n) {
  Model model;
  for (int64_t at = 1; at <= n; ++at) {
    for (int64_t i = 0; i < 14; ++i) model[key_of(at, i)] = at;
    model.erase(key_of(at * 5, 9));
  }
  return model;
}

class Tasks {
 public:
  explicit Tasks(int parallelism) {
    for (int i = 0; i < parallelism; ++i) tables_.push_back(std::make_unique<KeyedTable>(kSpec));
  }

  Status restore(JobStore& store) {
    for (int i = 0; i < parallelism(); ++i) {
      const KeyGroupRange groups = key_groups_of_task(i, parallelism());
      DF_RETURN_IF_ERROR(store.load("op", "sums", groups, [&](const DeltaBlock& block) {
        return tables_[static_cast<size_t>(i)]->load(block, groups);
      }));
    }
    return {};
  }

  Model contents() const {
    Model found;
    for (int i = 0; i < parallelism(); ++i) {
      KeyedTable& table = *tables_[static_cast<size_t>(i)];
      table.for_each([&](RowNumber row) {
        EXPECT_EQ(table.bytes(1)[row], std::string(40, 'v') + std::string(table.key(row)));
        EXPECT_EQ(task_of_key_group(key_group_of(table.hash(row)), parallelism()), i);
        EXPECT_TRUE(found.emplace(table.key(row), table.ints(0)[row]).second);
      });
    }
    return found;
  }

  Checkpoint checkpoint(int64_t n) {
    for (int64_t i = 0; i < 14; ++i) {
      const std::string key = key_of(n, i);
      KeyedTable& table = owner(key);
      const RowNumber row = table.upsert(hash64(key), key, 0);
      table.ints(0)[row] = n;
      table.bytes(1)[row] = std::string(40, 'v') + key;
    }
    const std::string gone = key_of(n * 5, 9);
    if (const auto row = owner(gone).find(hash64(gone), gone, 0)) owner(gone).erase(*row);
    Checkpoint made{CheckpointId(n), {}, {}, {}};
    for (int i = 0; i < parallelism(); ++i) {
      if (auto delta = tables_[static_cast<size_t>(i)]->take_delta()) {
        made.deltas.push_back({"op", "sums", i, std::move(*delta)});
      }
    }
    return made;
  }

 private:
  int parallelism() const { return static_cast<int>(tables_.size()); }
  KeyedTable& owner(const std::string& key) {
    const int task = task_of_key_group(key_group_of(hash64(key)), parallelism());
    return *tables_[static_cast<size_t>(task)];
  }

  std::vector<std::unique_ptr<KeyedTable>> tables_;
};

// Runs until the disk dies or all is written; the last checkpoint that was acknowledged.
int64_t run(Env& env, int parallelism, int64_t at_least) {
  auto store = JobStore::open(env, kDir, kFew);
  if (!store.ok()) return at_least;
  Tasks tasks(parallelism);
  int64_t written = (*store)->last().value();
  EXPECT_GE(written, at_least) << "an acknowledged checkpoint is gone";
  if (!tasks.restore(**store).ok()) return written;
  EXPECT_EQ(tasks.contents(), model_after(written)) << "after checkpoint " << written;
  for (int64_t n = written + 1; n <= kCheckpoints; ++n) {
    if (!(*store)->write(tasks.checkpoint(n)).ok()) break;
    written = n;
    if (n % 6 == 0) (void)(*store)->fold();
  }
  (void)(*store)->close();
  return written;
}

TEST(RescaleFault, EachStartAtAnotherParallelismHasWhatWasWritten) {
  const uint64_t seed = std::random_device()();
  for (uint64_t round = 0; round < 40 && !HasFailure(); ++round) {
    SCOPED_TRACE("seed " + std::to_string(seed + round));
    std::mt19937_64 random(seed + round);
    FaultEnv env(seed + round);
    int64_t written = 0;
    int starts = 0;
    while (written < kCheckpoints && !HasFailure()) {
      // Now and then it runs to the end.
      if (++starts % 12 != 0) env.set_crash_after(env.mutations() + 1 + random() % 120);
      written = run(env, 1 + static_cast<int>(random() % 9), written);
      const CrashMode modes[] = {CrashMode::kLoseAll, CrashMode::kKeepAll, CrashMode::kRandom};
      env.crash({modes[random() % 3], random()});
    }
    ASSERT_EQ(run(env, 128, kCheckpoints), kCheckpoints);
  }
}

}  // namespace
}  // namespace dataflow::state
