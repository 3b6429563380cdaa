#include "meta/store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <map>
#include <random>
#include <thread>

#include "base/bytes.h"
#include "base/fault_env.h"
#include "database.h"

namespace dataflow::meta {
namespace {

constexpr Table kTopics{1, "topics"};
constexpr Table kGroups{2, "groups"};
constexpr Table kLast{254, "last"};

using Rows = std::vector<std::pair<std::string, std::string>>;

std::unique_ptr<Store> open_store(Env& env, StoreOptions options = {}) {
  Result<std::unique_ptr<Store>> store = Store::open(env, "/data/meta", options);
  EXPECT_TRUE(store.ok()) << store.status();
  return store.ok() ? std::move(*store) : nullptr;
}

WriteBatch put(Table table, std::string_view key, std::string_view value) {
  WriteBatch batch;
  batch.put(table, key, value);
  return batch;
}

Rows rows_of(Store& store, Table table, std::string_view prefix = "") {
  Rows rows;
  const Status status =
      store.scan(table, prefix, [&](std::string_view key, std::string_view value) {
        rows.emplace_back(key, value);
        return true;
      });
  EXPECT_TRUE(status.ok()) << status;
  return rows;
}

TEST(Store, PutsGetsAndRemoves) {
  FaultEnv env;
  const auto store = open_store(env);
  EXPECT_EQ(*store->get(kTopics, "a"), std::nullopt);
  ASSERT_TRUE(store->commit(put(kTopics, "a", "1")).ok());
  EXPECT_EQ(*store->get(kTopics, "a"), "1");
  EXPECT_EQ(*store->get(kGroups, "a"), std::nullopt);
  ASSERT_TRUE(store->commit(put(kTopics, "a", "")).ok());
  EXPECT_EQ(*store->get(kTopics, "a"), "");
  WriteBatch batch;
  batch.remove(kTopics, "a");
  batch.remove(kTopics, "never there");
  ASSERT_TRUE(store->commit(std::move(batch)).ok());
  EXPECT_EQ(*store->get(kTopics, "a"), std::nullopt);
}

TEST(Store, ScansInKeyOrderWithinPrefixAndTable) {
  FaultEnv env;
  const auto store = open_store(env);
  WriteBatch batch;
  for (const char* key : {"b", "a\xff\xff", "ab", "a", "\xff", ""}) batch.put(kTopics, key, "t");
  batch.put(kLast, "\xff\xff", "l");
  batch.put(kGroups, "a", "g");
  ASSERT_TRUE(store->commit(std::move(batch)).ok());
  EXPECT_EQ(
      rows_of(*store, kTopics),
      (Rows{{"", "t"}, {"a", "t"}, {"ab", "t"}, {"a\xff\xff", "t"}, {"b", "t"}, {"\xff", "t"}}));
  EXPECT_EQ(rows_of(*store, kTopics, "a"), (Rows{{"a", "t"}, {"ab", "t"}, {"a\xff\xff", "t"}}));
  EXPECT_EQ(rows_of(*store, kTopics, "\xff"), (Rows{{"\xff", "t"}}));
  EXPECT_EQ(rows_of(*store, kLast), (Rows{{"\xff\xff", "l"}}));
  int visited = 0;
  ASSERT_TRUE(store->scan(kTopics, "", [&](auto, auto) { return ++visited < 2; }).ok());
  EXPECT_EQ(visited, 2);
}

TEST(Store, RemovePrefixTakesEffectInItsPlaceOfTheBatch) {
  FaultEnv env;
  const auto store = open_store(env);
  WriteBatch before;
  before.put(kTopics, "p/old", "1");
  before.put(kTopics, "p", "2");
  before.put(kTopics, "q", "3");
  before.put(kGroups, "p/old", "4");
  ASSERT_TRUE(store->commit(std::move(before)).ok());
  WriteBatch batch;
  batch.put(kTopics, "p/early", "5");
  batch.remove_prefix(kTopics, "p/");
  batch.put(kTopics, "p/late", "6");
  ASSERT_TRUE(store->commit(std::move(batch)).ok());
  EXPECT_EQ(rows_of(*store, kTopics), (Rows{{"p", "2"}, {"p/late", "6"}, {"q", "3"}}));
  WriteBatch all;
  all.remove_prefix(kTopics, "");
  ASSERT_TRUE(store->commit(std::move(all)).ok());
  EXPECT_TRUE(rows_of(*store, kTopics).empty());
  EXPECT_EQ(rows_of(*store, kGroups), (Rows{{"p/old", "4"}}));
}

TEST(Store, KeepsEverythingOverAReopen) {
  FaultEnv env;
  {
    const auto store = open_store(env);
    ASSERT_TRUE(store->commit(put(kTopics, "a", "1")).ok());
    ASSERT_TRUE(store->close().ok());
  }
  {
    const auto store = open_store(env);
    EXPECT_EQ(*store->get(kTopics, "a"), "1");
    ASSERT_TRUE(store->commit(put(kTopics, "b", "2")).ok());
  }
  const auto store = open_store(env);
  EXPECT_EQ(rows_of(*store, kTopics), (Rows{{"a", "1"}, {"b", "2"}}));
}

TEST(Store, SaysAboutHowManyBytesAPrefixTakesInFiles) {
  FaultEnv env;
  {
    const auto store = open_store(env);
    for (int i = 0; i < 100; ++i) {
      ASSERT_TRUE(
          store->commit(put(kTopics, "big/" + std::to_string(i), std::string(5000, 'b'))).ok());
    }
    ASSERT_TRUE(store->commit(put(kTopics, "small", "s")).ok());
  }
  const auto store = open_store(env);  // which writes the log's rows to a file
  EXPECT_NEAR(static_cast<double>(store->approximate_bytes(kTopics, "big/")), 500'000, 50'000);
  EXPECT_LT(store->approximate_bytes(kTopics, "small"), 50'000u);
  EXPECT_EQ(store->approximate_bytes(kGroups, ""), 0u);
  ASSERT_TRUE(store->close().ok());
  EXPECT_EQ(store->approximate_bytes(kTopics, "big/"), 0u);
}

TEST(Store, AfterCloseEverythingIsRefusedAndCallbacksRunAtOnce) {
  FaultEnv env;
  const auto store = open_store(env);
  Status queued = Status::internal("not called");
  store->commit_async(put(kTopics, "a", "1"), [&](Status status) { queued = status; });
  ASSERT_TRUE(store->close().ok());
  EXPECT_TRUE(queued.ok()) << queued;
  EXPECT_EQ(store->commit(put(kTopics, "a", "1")).code(), StatusCode::kCancelled);
  EXPECT_EQ(store->get(kTopics, "a").status().code(), StatusCode::kCancelled);
  EXPECT_EQ(store->drain().code(), StatusCode::kCancelled);
  EXPECT_TRUE(store->close().ok());
}

TEST(Store, ASecondOpenIsRefusedAndNamesTheHolder) {
  FaultEnv env;
  const auto store = open_store(env);
  const Status second = Store::open(env, "/data/meta").status();
  EXPECT_EQ(second.code(), StatusCode::kConflict);
  EXPECT_NE(second.message().find("DataFlow metadata store"), std::string::npos) << second;
}

TEST(Store, RefusesItsOwnTablesAndBatchesBeyondTheLimit) {
  FaultEnv env;
  const auto store = open_store(env, {.max_batch_bytes = 1000});
  EXPECT_EQ(store->commit(put({0, "own"}, "format", "x")).code(), StatusCode::kInvalid);
  EXPECT_EQ(store->commit(put({255, "own"}, "x", "x")).code(), StatusCode::kInvalid);
  EXPECT_EQ(store->commit(put(kTopics, "a", std::string(1000, 'x'))).code(), StatusCode::kTooLarge);
  EXPECT_TRUE(store->commit(put(kTopics, "a", std::string(998, 'x'))).ok());
}

// Stops the writer thread inside a callback, so that what is queued meanwhile makes one group.
class HeldWriter {
 public:
  explicit HeldWriter(Store& store) {
    std::promise<void> reached;
    store.commit_async(WriteBatch(), [&reached, go = go_.get_future().share()](Status) {
      reached.set_value();
      go.wait();
    });
    reached.get_future().wait();
  }
  void release() { go_.set_value(); }

 private:
  std::promise<void> go_;
};

TEST(Store, BatchesThatWaitShareOneSyncAndCallBackInOrder) {
  FaultEnv env;
  const auto store = open_store(env);
  ASSERT_TRUE(store->commit(put(kTopics, "warm", "")).ok());
  std::atomic<int> wal_syncs = 0;
  env.set_hook([&](uint64_t, FaultOp op, const std::string& path) {
    if (op == FaultOp::kSync && path.ends_with(".log")) ++wal_syncs;
  });
  HeldWriter held(*store);
  std::vector<int> order;  // of the writer thread until drain() returns
  for (int i = 0; i < 100; ++i) {
    store->commit_async(put(kTopics, "same", std::to_string(i)), [&order, i](Status status) {
      EXPECT_TRUE(status.ok()) << status;
      order.push_back(i);
    });
  }
  held.release();
  ASSERT_TRUE(store->drain().ok());
  env.set_hook(nullptr);
  EXPECT_EQ(wal_syncs, 1);
  ASSERT_EQ(order.size(), 100u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  EXPECT_EQ(*store->get(kTopics, "same"), "99");
}

TEST(Store, ARefusedBatchDoesNotHoldBackTheOthersOfItsGroup) {
  FaultEnv env;
  const auto store = open_store(env);
  HeldWriter held(*store);
  std::vector<StatusCode> codes;
  const auto note = [&codes](Status status) { codes.push_back(status.code()); };
  store->commit_async(put(kTopics, "a", "1"), note);
  store->commit_async(put({0, "own"}, "b", "1"), note);
  store->commit_async(put(kTopics, "c", "1"), note);
  held.release();
  ASSERT_TRUE(store->drain().ok());
  EXPECT_EQ(codes, (std::vector{StatusCode::kOk, StatusCode::kInvalid, StatusCode::kOk}));
  EXPECT_EQ(rows_of(*store, kTopics), (Rows{{"a", "1"}, {"c", "1"}}));
}

TEST(Store, AFullQueueRefusesWithoutBlocking) {
  FaultEnv env;
  const auto store = open_store(env, {.max_queued_bytes = 1000});
  HeldWriter held(*store);
  std::vector<StatusCode> codes;
  const auto note = [&codes](Status status) { codes.push_back(status.code()); };
  store->commit_async(put(kTopics, "a", std::string(900, 'x')), note);
  store->commit_async(put(kTopics, "b", std::string(900, 'x')), note);
  store->commit_async(put(kTopics, "c", "x"), note);
  held.release();
  ASSERT_TRUE(store->drain().ok());
  EXPECT_EQ(codes, (std::vector{StatusCode::kOk, StatusCode::kUnavailable, StatusCode::kOk}));
  EXPECT_TRUE(store->commit(put(kTopics, "b", std::string(900, 'x'))).ok());
}

TEST(Store, ACallbackMayReadAndQueueButNotWait) {
  FaultEnv env;
  const auto store = open_store(env);
  std::promise<void> second_done;
  store->commit_async(put(kTopics, "a", "1"), [&](Status) {
    EXPECT_EQ(*store->get(kTopics, "a"), "1");
    EXPECT_EQ(store->commit(put(kTopics, "b", "2")).code(), StatusCode::kInvalid);
    EXPECT_EQ(store->drain().code(), StatusCode::kInvalid);
    store->commit_async(put(kTopics, "c", "3"), [&](Status) { second_done.set_value(); });
  });
  second_done.get_future().wait();
  EXPECT_EQ(rows_of(*store, kTopics), (Rows{{"a", "1"}, {"c", "3"}}));
}

TEST(Store, ConcurrentWritersAndReadersSeeWholeBatches) {
  FaultEnv env;
  const auto store = open_store(env, {.write_buffer_bytes = 64 << 10});
  std::atomic<bool> writing = true;
  std::thread reader([&] {
    while (writing) {
      // Both keys change together, and a scan sees one moment.
      const Rows rows = rows_of(*store, kTopics);
      for (size_t i = 0; i + 1 < rows.size(); i += 2) EXPECT_EQ(rows[i].second, rows[i + 1].second);
    }
  });
  std::vector<std::thread> writers;
  for (int w = 0; w < 3; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; i < 100; ++i) {
        const std::string value = std::to_string(i) + std::string(500, 'v');
        WriteBatch batch;
        batch.put(kTopics, std::to_string(w) + "/x", value);
        batch.put(kTopics, std::to_string(w) + "/y", value);
        EXPECT_TRUE(store->commit(std::move(batch)).ok());
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  writing = false;
  reader.join();
  EXPECT_EQ(rows_of(*store, kTopics).size(), 6u);
}

TEST(Store, ANewerFormatIsRefusedByName) {
  FaultEnv env;
  open_store(env).reset();
  {
    auto database = Database::open(env, "/data/meta", {}, std::make_shared<SyncWatch>(),
                                   Database::Access::kReadWrite);
    ASSERT_TRUE(database.ok());
    std::string newer;
    append_le32(newer, 3);
    const WriteBatch batch = put({0, "own"}, "format", newer);
    const WriteBatch* const batches[] = {&batch};
    ASSERT_TRUE((*database)->write(batches).ok());
    ASSERT_TRUE((*database)->close().ok());
  }
  const Status status = Store::open(env, "/data/meta").status();
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_NE(
      status.message().find("written by a newer DataFlow: format 3, this build reads up to 1; "
                            "use a newer build"),
      std::string::npos)
      << status;
}

// One random operation sequence against a map, with reopens in between.
TEST(Store, RandomOperationsMatchAModel) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  FaultEnv env(seed);
  auto store = open_store(env, {.write_buffer_bytes = 64 << 10});
  std::map<std::string, std::string> model;
  const auto key = [&] {
    return std::string(1, static_cast<char>('a' + random() % 4)) + std::to_string(random() % 30);
  };
  for (int round = 0; round < 600; ++round) {
    WriteBatch batch;
    for (size_t left = random() % 6; left > 0; --left) {
      const std::string k = key();
      const size_t kind = random() % 10;
      if (kind < 7) {
        const std::string value(random() % 2000, static_cast<char>(random()));
        batch.put(kTopics, k, value);
        model[k] = value;
      } else if (kind < 9) {
        batch.remove(kTopics, k);
        model.erase(k);
      } else {
        const std::string prefix = k.substr(0, 2);
        batch.remove_prefix(kTopics, prefix);
        std::erase_if(model, [&](const auto& row) { return row.first.starts_with(prefix); });
      }
    }
    ASSERT_TRUE(store->commit(std::move(batch)).ok());
    if (random() % 100 == 0) {
      if (random() % 2 == 0) {
        ASSERT_TRUE(store->close().ok());
      }
      store.reset();
      if (random() % 2 == 0) env.crash({CrashMode::kLoseAll, random()});
      store = open_store(env, {.write_buffer_bytes = 64 << 10});
      ASSERT_NE(store, nullptr);
    }
    const std::string k = key();
    const auto expected = model.find(k);
    const Result<std::optional<std::string>> got = store->get(kTopics, k);
    ASSERT_TRUE(got.ok()) << got.status();
    ASSERT_EQ(*got, expected == model.end() ? std::nullopt : std::optional(expected->second));
    if (round % 20 == 0) {
      const std::string prefix = k.substr(0, random() % 3);
      Rows wanted;
      for (const auto& row : model) {
        if (row.first.starts_with(prefix)) wanted.push_back(row);
      }
      ASSERT_EQ(rows_of(*store, kTopics, prefix), wanted) << "round " << round;
    }
  }
}

TEST(Store, WorksOnTheMachinesOwnFiles) {
  Env& env = posix_env();
  const std::string dir = testing::TempDir() + "dataflow_meta_store";
  ASSERT_TRUE(env.remove_tree(dir).ok());
  for (int round = 0; round < 3; ++round) {
    Result<std::unique_ptr<Store>> store = Store::open(env, dir, {.write_buffer_bytes = 64 << 10});
    ASSERT_TRUE(store.ok()) << store.status();
    EXPECT_EQ(rows_of(**store, kTopics).size(), static_cast<size_t>(round) * 20);
    for (int i = 0; i < 20; ++i) {
      const std::string key = std::to_string(round) + "/" + std::to_string(i);
      ASSERT_TRUE((*store)->commit(put(kTopics, key, std::string(9000, 'v'))).ok());
    }
    ASSERT_TRUE((*store)->close().ok());
  }
  EXPECT_TRUE(env.remove_tree(dir).ok());
}

}  // namespace
}  // namespace dataflow::meta
