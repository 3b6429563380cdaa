#include "state/job_store.h"

#include <gtest/gtest.h>

#include "base/fault_env.h"
#include "base/hash.h"
#include "job_rows.h"
#include "meta/store.h"
#include "state/forgetting_store.h"
#include "state/keyed_table.h"

namespace dataflow::state {
namespace {

const std::string kDir = "/data/jobs/j";
const TableSpec kSpec{"sums", 1, {ValueKind::kInt64, ValueKind::kBytes}};
using Model = std::map<std::string, int64_t>;

void put(KeyedTable& table, const std::string& key, int64_t value) {
  const RowNumber row = table.upsert(hash64(key), key, 0);
  table.ints(0)[row] = value;
  table.bytes(1)[row] = key;
}

TableDelta delta_of(KeyedTable& table, const std::string& operator_id = "op") {
  return {operator_id, "sums", 0, *table.take_delta()};
}

Result<Model> load(JobStore& job, const std::string& operator_id = "op") {
  KeyedTable table(kSpec);
  DF_RETURN_IF_ERROR(job.load(operator_id, "sums",
                              [&](const DeltaBlock& block) { return table.load(block, {}); }));
  Model found;
  table.for_each([&](RowNumber row) {
    EXPECT_EQ(table.bytes(1)[row], table.key(row));
    found[std::string(table.key(row))] = table.ints(0)[row];
  });
  return found;
}

TEST(JobStore, KeepsACheckpointAsAWhole) {
  FaultEnv env;
  auto job = JobStore::open(env, kDir);
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ((*job)->last(), CheckpointId(0));
  KeyedTable table(kSpec);
  put(table, "a", 1);
  Checkpoint checkpoint;
  checkpoint.id = CheckpointId(1);
  checkpoint.wall_millis = 77;
  checkpoint.deltas.push_back(delta_of(table));
  checkpoint.named = {{"source", "split 0", "12"}, {"source", "split 1", "13"}};
  checkpoint.committables = {{"sink", "first"}, {"sink", "second"}};
  ASSERT_TRUE((*job)->write(checkpoint).ok());

  checkpoint = {};
  checkpoint.id = CheckpointId(2);
  checkpoint.named = {{"source", "split 0", "20"}, {"source", "split 1", std::nullopt}};
  checkpoint.committables = {{"sink", "third"}};
  ASSERT_TRUE((*job)->write(checkpoint).ok());
  ASSERT_TRUE((*job)->put_fact("plan", "SELECT").ok());
  job->reset();
  env.crash({CrashMode::kLoseAll});

  job = JobStore::open(env, kDir);
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ((*job)->last(), CheckpointId(2));
  EXPECT_EQ(*load(**job), (Model{{"a", 1}}));
  EXPECT_EQ(*(*job)->named("source"), (std::map<std::string, std::string>{{"split 0", "20"}}));
  EXPECT_TRUE((*job)->named("sour")->empty());
  EXPECT_EQ(*(*job)->operators(), (std::vector<std::string>{"op", "source"}));
  EXPECT_EQ(*(*job)->fact("plan"), "SELECT");
  EXPECT_EQ(*(*job)->fact("no plan"), std::nullopt);
  const auto carried = (*job)->committables();
  ASSERT_TRUE(carried.ok()) << carried.status();
  ASSERT_EQ(carried->size(), 3u);
  EXPECT_EQ((*carried)[1].committable.bytes, "second");
  EXPECT_EQ((*carried)[1].index, 1u);
  EXPECT_EQ((*carried)[2].checkpoint, CheckpointId(2));
}

TEST(JobStore, DropsWhatIsAcknowledgedWithALaterCheckpointOrWhenItCloses) {
  FaultEnv env;
  auto job = JobStore::open(env, kDir);
  ASSERT_TRUE(job.ok()) << job.status();
  ASSERT_TRUE((*job)->write({CheckpointId(1), {}, {}, {{"sink", "1"}, {"sink", "2"}}}).ok());
  ASSERT_TRUE((*job)->write({CheckpointId(2), {}, {}, {{"sink", "3"}}}).ok());
  (*job)->acknowledge(CheckpointId(1));
  EXPECT_EQ((*job)->committables()->size(), 1u);
  env.crash();
  job->reset();
  job = JobStore::open(env, kDir);
  EXPECT_EQ((*job)->committables()->size(), 3u);  // no write took the word of it to the disk
  (*job)->acknowledge(CheckpointId(1));
  ASSERT_TRUE((*job)->write({CheckpointId(3), {}, {}, {}}).ok());
  job->reset();
  job = JobStore::open(env, kDir);
  ASSERT_EQ((*job)->committables()->size(), 1u);
  EXPECT_EQ((*job)->committables()->front().committable.bytes, "3");
  (*job)->acknowledge(CheckpointId(2));
  ASSERT_TRUE((*job)->close().ok());
  job = JobStore::open(env, kDir);
  EXPECT_TRUE((*job)->committables()->empty());
}

TEST(JobStore, RefusesACheckpointOutOfTurn) {
  FaultEnv env;
  auto job = JobStore::open(env, kDir);
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ((*job)->write({CheckpointId(2), {}, {}, {}}).code(), StatusCode::kInvalid);
  ASSERT_TRUE((*job)->write({CheckpointId(1), {}, {}, {}}).ok());
  EXPECT_EQ((*job)->write({CheckpointId(1), {}, {}, {}}).code(), StatusCode::kInvalid);
}

TEST(JobStore, ABlockOfManyPartsComesBackWhole) {
  FaultEnv env;
  auto job = JobStore::open(env, kDir);
  ASSERT_TRUE(job.ok()) << job.status();
  KeyedTable table(kSpec);
  const std::string key = "long";
  const RowNumber row = table.upsert(hash64(key), key, 0);
  table.bytes(1)[row] = std::string(3 * kPartBytes + 17, 'x');
  Checkpoint checkpoint{CheckpointId(1), {}, {}, {}};
  checkpoint.deltas.push_back(delta_of(table));
  const std::string bytes = checkpoint.deltas[0].block.bytes;
  ASSERT_TRUE((*job)->write(checkpoint).ok());
  job->reset();
  job = JobStore::open(env, kDir);
  std::vector<std::string> found;
  ASSERT_TRUE((*job)
                  ->load("op", "sums",
                         [&](const DeltaBlock& block) {
                           found.push_back(block.bytes);
                           return Status();
                         })
                  .ok());
  EXPECT_EQ(found, std::vector<std::string>{bytes});
}

// Few deltas may wait, so that most of them are folded.
TEST(JobStore, FoldedDeltasAreTheSameState) {
  FaultEnv env;
  constexpr JobStoreOptions kFew{.max_pending_deltas = 6};
  auto job = JobStore::open(env, kDir, kFew);
  ASSERT_TRUE(job.ok()) << job.status();
  KeyedTable table(kSpec);
  KeyedTable other(kSpec);
  Model model;
  for (int64_t n = 1; n <= 100; ++n) {
    for (int64_t i = 0; i < 5; ++i) {
      const std::string key = std::to_string((n * 7 + i) % 60);
      put(table, key, n);
      model[key] = n;
    }
    const std::string gone = std::to_string(n * 13 % 60);
    if (const auto row = table.find(hash64(gone), gone, 0)) table.erase(*row);
    model.erase(gone);
    put(other, "other", n);
    Checkpoint checkpoint{CheckpointId(n), {}, {}, {}};
    checkpoint.deltas.push_back(delta_of(table));
    checkpoint.deltas.push_back(delta_of(other, "op2"));
    ASSERT_TRUE((*job)->write(checkpoint).ok());
    EXPECT_LE((*job)->stats().delta_count, 8u);
    if (n % 17 == 0) {
      job->reset();
      job = JobStore::open(env, kDir, kFew);
      ASSERT_TRUE(job.ok()) << job.status();
    }
    ASSERT_EQ(*load(**job), model) << n;
  }
  EXPECT_GT((*job)->stats().folded_bytes_written, 0u);
  EXPECT_EQ(*(*job)->operators(), (std::vector<std::string>{"op", "op2"}));

  ASSERT_TRUE((*job)->save("/data/savepoint", "j").ok());
  EXPECT_EQ((*job)->save("/data/savepoint", "j").status().code(), StatusCode::kAlreadyExists);
  ASSERT_TRUE((*job)->forget_operator("op").ok());
  EXPECT_TRUE(load(**job)->empty());
  EXPECT_EQ(*load(**job, "op2"), (Model{{"other", 100}}));
  env.crash({CrashMode::kLoseAll});
  ASSERT_TRUE(restore_savepoint(env, "/data/savepoint", "/data/again", "").ok());
  auto copy = JobStore::open(env, "/data/again");
  ASSERT_TRUE(copy.ok()) << copy.status();
  EXPECT_EQ((*copy)->last(), CheckpointId(100));
  EXPECT_EQ(*load(**copy), model);
}

uint64_t files_in(FaultEnv& env, const std::string& dir) {
  const auto entries = env.list_dir(dir);
  return entries.ok() ? entries->size() : 0;
}

TEST(JobStore, ATableIsCutIntoBlocksAsItsSizeWantsAndGivesItsFilesBack) {
  FaultEnv env;
  auto job = JobStore::open(env, kDir, {.small_table_bytes = 30'000});
  ASSERT_TRUE(job.ok()) << job.status();
  KeyedTable table(kSpec);
  Model model;
  const auto write = [&] {
    Checkpoint checkpoint{(*job)->last() + 1, {}, {}, {}};
    checkpoint.deltas.push_back(delta_of(table));
    ASSERT_TRUE((*job)->write(checkpoint).ok());
    const Status folded = (*job)->fold();
    ASSERT_TRUE(folded.ok()) << folded;
    ASSERT_EQ((*job)->stats().delta_count, 0u);
    ASSERT_EQ(*load(**job), model);
  };
  const auto put_some = [&](int from, int to) {
    for (int i = from; i < to; ++i) {
      put(table, "key " + std::to_string(i), i);
      model["key " + std::to_string(i)] = i;
    }
  };
  put_some(0, 100);
  write();
  EXPECT_EQ((*job)->stats().block_count, 1u);
  put_some(90, 5000);
  write();
  EXPECT_EQ((*job)->stats().block_count, 128u);
  put_some(4000, 4100);  // little against what is there: it lies on it
  write();
  EXPECT_GT((*job)->stats().block_count, 150u);
  EXPECT_LT((*job)->stats().block_count, 240u);
  put_some(0, 5000);
  write();
  EXPECT_EQ((*job)->stats().block_count, 128u);
  for (int i = 3; i < 5000; ++i) {
    const std::string key = "key " + std::to_string(i);
    table.erase(*table.find(hash64(key), key, 0));
    model.erase(key);
  }
  write();
  EXPECT_LE((*job)->stats().block_count, 3u) << "groups without rows have no block";
  put_some(0, 1);
  write();
  EXPECT_EQ((*job)->stats().block_count, 1u);
  EXPECT_LT((*job)->stats().block_bytes, 1000u);
  EXPECT_EQ(files_in(env, kDir + "/blocks"), 1u);
  job->reset();
  ASSERT_TRUE(env.write_file_durably(kDir + "/blocks/999.block", "of a fold that crashed").ok());
  job = JobStore::open(env, kDir);
  EXPECT_EQ(files_in(env, kDir + "/blocks"), 1u);
  EXPECT_EQ(*load(**job), model);
}

TEST(JobStore, ADamagedBlockFileIsReported) {
  FaultEnv env;
  auto job = JobStore::open(env, kDir);
  KeyedTable table(kSpec);
  for (int i = 0; i < 100; ++i) put(table, std::to_string(i), i);
  Checkpoint checkpoint{CheckpointId(1), {}, {}, {}};
  checkpoint.deltas.push_back(delta_of(table));
  ASSERT_TRUE((*job)->write(checkpoint).ok());
  ASSERT_TRUE((*job)->fold().ok());
  const std::string file = kDir + "/blocks/" + (*env.list_dir(kDir + "/blocks"))[0].name;
  ASSERT_TRUE(env.flip_bit(file, 700, 5).ok());
  const Status damaged = load(**job).status();
  EXPECT_EQ(damaged.code(), StatusCode::kCorrupt);
  EXPECT_NE(damaged.message().find(file), std::string::npos) << damaged;
  // A fold does not make a sound block of it.
  put(table, "1", 2);
  checkpoint = {CheckpointId(2), {}, {}, {}};
  checkpoint.deltas.push_back(delta_of(table));
  for (int i = 0; i < 99; ++i) put(table, std::to_string(i), i);
  checkpoint.deltas.push_back(delta_of(table));
  ASSERT_TRUE((*job)->write(checkpoint).ok());
  EXPECT_EQ((*job)->fold().code(), StatusCode::kCorrupt);
}

TEST(JobStore, WindowsThatAreOverGiveTheirDiskBack) {
  FaultEnv env;
  auto job = JobStore::open(env, kDir, {.max_pending_deltas = 16, .small_table_bytes = 50'000});
  ASSERT_TRUE(job.ok()) << job.status();
  KeyedTable table(kSpec);
  std::vector<std::vector<RowNumber>> windows;
  uint64_t early = 0;
  uint64_t late = 0;
  for (int64_t n = 1; n <= 600; ++n) {
    std::vector<RowNumber> rows;
    for (int i = 0; i < 200; ++i) {
      const std::string key = "key " + std::to_string(i);
      rows.push_back(table.upsert(hash64(key), key, n));
    }
    windows.push_back(std::move(rows));
    if (n > 5) {
      for (const RowNumber row : windows[static_cast<size_t>(n - 6)]) table.erase(row);
    }
    Checkpoint checkpoint{CheckpointId(n), {}, {}, {}};
    checkpoint.deltas.push_back(delta_of(table));
    ASSERT_TRUE((*job)->write(checkpoint).ok());
    if (n % 10 != 0) continue;
    const StoreStats stats = (*job)->stats();
    uint64_t& most = n <= 200 ? early : late;
    most = std::max(most, stats.block_bytes + stats.delta_bytes);
  }
  EXPECT_LE(late, early + early / 2) << "state of five windows takes ever more of the disk";
  ASSERT_TRUE((*job)->fold().ok());
  uint64_t files = 0;
  const auto entries = env.list_dir(kDir + "/blocks");
  ASSERT_TRUE(entries.ok());
  for (const DirEntry& entry : *entries) {
    files += *env.file_size(kDir + "/blocks/" + entry.name);
  }
  EXPECT_LE(files, 3 * (*job)->stats().block_bytes);
}

TEST(JobStore, RefusesAnotherFormatOrNumberOfKeyGroups) {
  for (const auto& [format, groups] : {std::pair(kJobFormat + 1, kKeyGroups), {kJobFormat, 256}}) {
    FaultEnv env;
    {
      auto store = meta::Store::open(env, kDir);
      meta::WriteBatch batch;
      batch.put(kJobRows, key_of(RowKind::kFormat).bytes(),
                meta::RowWriter(1).i32(format).i32(groups).bytes());
      ASSERT_TRUE((*store)->commit(std::move(batch)).ok());
    }
    const Status refused = JobStore::open(env, kDir).status();
    EXPECT_EQ(refused.code(), StatusCode::kUnsupported);
    EXPECT_NE(refused.message().find(format > kJobFormat ? "newer" : "256 key groups"),
              std::string::npos)
        << refused;
  }
}

TEST(JobStore, ADamagedBlockIsReportedWithOperatorAndTable) {
  FaultEnv env;
  {
    auto job = JobStore::open(env, kDir);
    KeyedTable table(kSpec);
    put(table, "a", 1);
    Checkpoint checkpoint{CheckpointId(1), {}, {}, {}};
    checkpoint.deltas.push_back(delta_of(table));
    ASSERT_TRUE((*job)->write(checkpoint).ok());
  }
  const std::string key = part_key(CheckpointId(1), 0, 0);
  for (const bool missing : {false, true}) {
    {
      auto store = meta::Store::open(env, kDir);
      meta::WriteBatch batch;
      std::string bytes = **(*store)->get(kJobRows, key);
      bytes[20] ^= 1;
      if (missing) {
        batch.remove(kJobRows, key);
      } else {
        batch.put(kJobRows, key, bytes);
      }
      ASSERT_TRUE((*store)->commit(std::move(batch)).ok());
    }
    auto job = JobStore::open(env, kDir);
    ASSERT_TRUE(job.ok()) << job.status();
    int visits = 0;
    const Status status = (*job)->load("op", "sums", [&](const DeltaBlock&) {
      ++visits;
      return Status();
    });
    EXPECT_EQ(status.code(), StatusCode::kCorrupt);
    EXPECT_NE(status.message().find("operator op, table sums"), std::string::npos) << status;
    EXPECT_EQ(visits, 0);
  }
}

TEST(JobStore, OneThatForgetsHasNumbersAndNothingElse) {
  const std::unique_ptr<JobStore> job = make_forgetting_store();
  EXPECT_FALSE(job->keeps());
  EXPECT_EQ(job->last(), CheckpointId(0));
  KeyedTable table(kSpec);
  put(table, "a", 1);
  Checkpoint checkpoint;
  checkpoint.id = CheckpointId(1);
  checkpoint.deltas.push_back(delta_of(table));
  checkpoint.named = {{"source", "split 0", "12"}};
  checkpoint.committables = {{"sink", "first"}};
  ASSERT_TRUE(job->write(checkpoint).ok());
  ASSERT_TRUE(job->put_fact("plan", "SELECT").ok());
  EXPECT_EQ(job->last(), CheckpointId(1));
  EXPECT_FALSE(job->write(checkpoint).ok());
  EXPECT_TRUE(load(*job)->empty());
  EXPECT_TRUE(job->named("source")->empty());
  EXPECT_TRUE(job->committables()->empty());
  EXPECT_EQ(*job->fact("plan"), std::nullopt);
  EXPECT_FALSE(job->save("/data/saved", "j").ok());
}

}  // namespace
}  // namespace dataflow::state
