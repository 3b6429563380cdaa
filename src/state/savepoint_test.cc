#include "state/savepoint.h"

#include <gtest/gtest.h>

#include "base/fault_env.h"
#include "base/hash.h"
#include "state/job_store.h"
#include "state/keyed_table.h"

namespace dataflow::state {
namespace {

const std::string kDir = "/data/jobs/j";
const std::string kSaved = "/data/savepoints/first";
const std::string kOther = "/data/jobs/other";
const TableSpec kSpec{"sums", 1, {ValueKind::kInt64, ValueKind::kBytes}};
using Model = std::map<std::string, int64_t>;

// A job with two checkpoints, of which only the output of the first is delivered.
class Job {
 public:
  explicit Job(Env& env) : store_(*JobStore::open(env, kDir, {.max_pending_deltas = 4})) {}

  void write(int64_t keys) {
    Checkpoint made{store_->last() + 1, {}, {}, {}, 100 * (store_->last().value() + 1)};
    for (int64_t i = 0; i < keys; ++i) {
      const std::string key = std::to_string(i * made.id.value());
      const RowNumber row = table_.upsert(hash64(key), key, 0);
      table_.ints(0)[row] = made.id.value();
      table_.bytes(1)[row] = key;
      model[key] = made.id.value();
    }
    if (auto delta = table_.take_delta()) made.deltas.push_back({"op", "sums", 0, *delta});
    made.named = {{"source", "split/0", std::to_string(made.id.value())},
                  {"sink", "committer/at", "its own"},
                  {"sink", "open", "file 3"}};
    made.committables = {{"sink", "rows of " + std::to_string(made.id.value())}};
    ASSERT_TRUE(store_->write(made).ok());
  }
  JobStore& store() { return *store_; }

  Model model;

 private:
  std::unique_ptr<JobStore> store_;
  KeyedTable table_{kSpec};
};

Result<Model> contents(JobStore& store) {
  KeyedTable table(kSpec);
  DF_RETURN_IF_ERROR(
      store.load("op", "sums", [&](const DeltaBlock& block) { return table.load(block, {}); }));
  Model found;
  table.for_each([&](RowNumber row) {
    EXPECT_EQ(table.bytes(1)[row], table.key(row));
    found[std::string(table.key(row))] = table.ints(0)[row];
  });
  return found;
}

TEST(Savepoint, AnotherJobBeginsFromItAndOwesNothing) {
  FaultEnv env;
  Model at_savepoint;
  {
    Job job(env);
    for (int i = 0; i < 9; ++i) job.write(40);
    for (int64_t id = 1; id <= 9; ++id) job.store().acknowledge(CheckpointId(id));
    at_savepoint = job.model;
    const Result<SavepointInfo> saved = job.store().save(kSaved, "counts");
    ASSERT_TRUE(saved.ok()) << saved.status();
    EXPECT_EQ(saved->checkpoint, CheckpointId(9));
    job.write(70);  // the job goes on, and is deleted one day
  }
  env.crash({CrashMode::kLoseAll});
  ASSERT_TRUE(env.remove_tree(kDir).ok());

  const Result<SavepointInfo> info = read_savepoint(env, kSaved);
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->job, "counts");
  EXPECT_EQ(info->wall_millis, 900);
  EXPECT_GT(info->bytes, 0u);
  const Status restored = restore_savepoint(env, kSaved, kOther, "committer/");
  ASSERT_TRUE(restored.ok()) << restored;
  env.crash({CrashMode::kLoseAll});
  const auto store = JobStore::open(env, kOther);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ((*store)->last(), CheckpointId(9));
  EXPECT_EQ(*contents(**store), at_savepoint);
  EXPECT_EQ((*store)->named("source")->at("split/0"), "9");
  EXPECT_EQ(*(*store)->named("sink"), (std::map<std::string, std::string>{{"open", "file 3"}}));
  EXPECT_TRUE((*store)->committables()->empty());
  ASSERT_TRUE((*store)->write({CheckpointId(10), {}, {}, {}}).ok());

  // Once more: what the second job has written is not in it.
  ASSERT_TRUE(restore_savepoint(env, kSaved, "/data/jobs/third", "").ok());
  EXPECT_EQ((*JobStore::open(env, "/data/jobs/third"))->last(), CheckpointId(9));
}

TEST(Savepoint, WhatTheStoppedJobStillOwesIsNotOwedByTheOther) {
  FaultEnv env;
  {
    Job job(env);
    job.write(3);
    // Larger than what a store takes unless it is told otherwise.
    Checkpoint large{CheckpointId(2), {}, {}, {}, 200};
    large.committables = {{"sink", std::string(20 << 20, 'r')}};
    ASSERT_TRUE(job.store().write(large).ok());
  }
  const auto saved = save_stopped_job(env, kDir, kSaved, "j");
  ASSERT_TRUE(saved.ok()) << saved.status();
  ASSERT_TRUE(restore_savepoint(env, kSaved, kOther, "").ok());
  const auto store = JobStore::open(env, kOther);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_TRUE((*store)->committables()->empty());
  EXPECT_EQ((*store)->last(), CheckpointId(2));
  EXPECT_EQ((*JobStore::open(env, kDir))->committables()->size(), 2u);
}

TEST(Savepoint, IsListedByTimeUnlessItIsUnfinished) {
  FaultEnv env;
  EXPECT_TRUE(list_savepoints(env, "/data/savepoints")->empty());
  Job job(env);
  job.write(3);
  ASSERT_TRUE(job.store().save("/data/savepoints/b", "counts").ok());
  job.write(3);
  ASSERT_TRUE(job.store().save("/data/savepoints/a", "counts").ok());
  job.write(3);
  ASSERT_TRUE(job.store().save("/data/savepoints/c", "counts").ok());
  ASSERT_TRUE(env.create_dirs("/data/savepoints/d.unfinished").ok());
  ASSERT_TRUE(env.create_dirs("/data/savepoints/stranger").ok());
  ASSERT_TRUE(env.remove_file("/data/savepoints/c/state/CURRENT").ok());
  const auto found = list_savepoints(env, "/data/savepoints");
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_EQ(found->size(), 3u);
  EXPECT_EQ((*found)[0].dir, "/data/savepoints/c");
  EXPECT_NE((*found)[0].problem.find("CURRENT"), std::string::npos) << (*found)[0].problem;
  EXPECT_EQ((*found)[1].dir, "/data/savepoints/b");
  EXPECT_EQ((*found)[1].problem, "");
  EXPECT_EQ((*found)[2].dir, "/data/savepoints/a");
  const Status missing = read_savepoint(env, "/data/savepoints/c").status();
  EXPECT_EQ(missing.code(), StatusCode::kCorrupt);
  EXPECT_NE(missing.message().find("CURRENT"), std::string::npos) << missing;
  EXPECT_EQ(read_savepoint(env, "/data/savepoints/stranger").status().code(),
            StatusCode::kNotFound);
}

TEST(Savepoint, AFlippedBitInAnyFileIsFoundBeforeAnythingIsRestored) {
  FaultEnv env;
  {
    Job job(env);
    for (int i = 0; i < 9; ++i) job.write(40);
    ASSERT_TRUE(job.store().save(kSaved, "counts").ok());
  }
  ASSERT_TRUE(env.remove_tree(kDir).ok());  // its names of shared files
  std::vector<std::string> files;
  for (const std::string& dir : {kSaved, kSaved + "/state", kSaved + "/state/blocks"}) {
    const auto entries = env.list_dir(dir);
    if (!entries.ok()) continue;
    for (const DirEntry& entry : *entries) {
      const bool kept = entry.name != "LOCK" && entry.name != "IDENTITY" && entry.name != "SYNCED";
      if (!entry.is_dir && kept) files.push_back(dir + "/" + entry.name);
    }
  }
  ASSERT_GT(files.size(), 3u);
  for (const std::string& file : files) {
    const uint64_t size = *env.file_size(file);
    if (size == 0) continue;
    ASSERT_TRUE(env.flip_bit(file, size / 2, 3).ok());
    const Status refused = restore_savepoint(env, kSaved, kOther, "");
    EXPECT_EQ(refused.code(), StatusCode::kCorrupt) << file << ": " << refused;
    EXPECT_FALSE(env.exists(kOther));
    ASSERT_TRUE(env.flip_bit(file, size / 2, 3).ok());
  }
  EXPECT_TRUE(restore_savepoint(env, kSaved, kOther, "").ok());
  EXPECT_EQ(restore_savepoint(env, kSaved, kOther, "").code(), StatusCode::kAlreadyExists);
}

TEST(Savepoint, IsRestoredWholeOrNotAtAllWhereverThePowerFails) {
  const auto prepare = [](FaultEnv& env) {
    Job job(env);
    for (int i = 0; i < 9; ++i) job.write(10);
    EXPECT_TRUE(job.store().save(kSaved, "counts").ok());
    return job.model;
  };
  FaultEnv whole;
  const Model model = prepare(whole);
  const uint64_t before = whole.mutations();
  ASSERT_TRUE(restore_savepoint(whole, kSaved, kOther, "committer/").ok());
  const uint64_t operations = whole.mutations() - before;
  for (uint64_t n = 1; n <= operations + 2; ++n) {
    SCOPED_TRACE("operation " + std::to_string(n));
    FaultEnv env(n);
    (void)prepare(env);
    env.set_crash_after(env.mutations() + n);
    const bool said = restore_savepoint(env, kSaved, kOther, "committer/").ok();
    env.crash({n % 2 == 0 ? CrashMode::kLoseAll : CrashMode::kRandom, n});
    ASSERT_TRUE(!said || env.exists(kOther));
    if (!env.exists(kOther)) {
      ASSERT_TRUE(restore_savepoint(env, kSaved, kOther, "committer/").ok());
    }
    const auto store = JobStore::open(env, kOther);
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_EQ(*contents(**store), model);
    ASSERT_EQ((*store)->named("sink")->size(), 1u);
  }
}

TEST(Savepoint, OfAJobThatDoesNotRun) {
  FaultEnv env;
  EXPECT_EQ(save_stopped_job(env, kDir, kSaved, "j").status().code(), StatusCode::kNotFound);
  { Job(env).write(3); }
  const auto saved = save_stopped_job(env, kDir, kSaved, "j");
  ASSERT_TRUE(saved.ok()) << saved.status();
  EXPECT_EQ(saved->checkpoint, CheckpointId(1));
}

}  // namespace
}  // namespace dataflow::state
