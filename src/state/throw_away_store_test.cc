#include <gtest/gtest.h>

#include "state/job_store.h"
#include "state/keyed_table.h"

namespace dataflow::state {
namespace {

Checkpoint checkpoint(int64_t id) {
  Checkpoint made;
  made.id = CheckpointId(id);
  return made;
}

TEST(ThrowAwayStore, HoldsWhatIsOwedUntilItIsAcknowledged) {
  const std::unique_ptr<JobStore> store = JobStore::throw_away();
  EXPECT_FALSE(store->keeps_tables());
  Checkpoint first = checkpoint(1);
  first.committables = {{"sink", "a"}, {"sink", "b"}};
  ASSERT_TRUE(store->write(first).ok());
  ASSERT_TRUE(store->write(checkpoint(2)).ok());
  EXPECT_EQ(store->last(), CheckpointId(2));
  const auto owed = store->committables();
  ASSERT_TRUE(owed.ok());
  ASSERT_EQ(owed->size(), 2U);
  EXPECT_EQ(owed->at(1).checkpoint, CheckpointId(1));
  EXPECT_EQ(owed->at(1).index, 1U);
  EXPECT_EQ(owed->at(1).committable.bytes, "b");
  store->acknowledge(CheckpointId(1));
  EXPECT_TRUE(store->committables()->empty());
}

TEST(ThrowAwayStore, NamesGoOnAndAreForgotten) {
  const std::unique_ptr<JobStore> store = JobStore::throw_away();
  Checkpoint first = checkpoint(1);
  first.named = {{"source", "split/a", "1"}, {"source", "split/b", "2"}};
  ASSERT_TRUE(store->write(first).ok());
  Checkpoint second = checkpoint(2);
  second.named = {{"source", "split/a", std::nullopt}, {"source", "split/b", "3"}};
  ASSERT_TRUE(store->write(second).ok());
  EXPECT_EQ(*store->named("source"), (std::map<std::string, std::string>{{"split/b", "3"}}));
  EXPECT_EQ(*store->operators(), std::vector<std::string>{"source"});
  EXPECT_TRUE(store->named("other")->empty());
}

TEST(ThrowAwayStore, RefusesIdsOutOfOrderAndSavepoints) {
  const std::unique_ptr<JobStore> store = JobStore::throw_away();
  EXPECT_EQ(store->write(checkpoint(2)).code(), StatusCode::kInvalid);
  EXPECT_EQ(store->save("/dir", "job").status().code(), StatusCode::kUnsupported);
}

TEST(ThrowAwayStore, ATableWithoutDeltasHoldsItsRowsAndNotesNothing) {
  KeyedTable noted({"t", 1, {ValueKind::kInt64}});
  KeyedTable table({"t", 1, {ValueKind::kInt64}}, Deltas::kNone);
  for (KeyedTable* one : {&noted, &table}) {
    for (int64_t i = 0; i < 5000; ++i) {
      const RowNumber row = one->upsert(7, "key", i);
      one->ints(0)[row] = i;
      one->mark_changed(row);
      if (i % 2 == 0) one->erase(row);
    }
  }
  EXPECT_EQ(table.size(), 2500U);
  const std::optional<RowNumber> found = table.find(7, "key", 4999);
  ASSERT_TRUE(found);
  EXPECT_EQ(table.ints(0)[*found], 4999);
  EXPECT_LT(table.memory_bytes(), noted.memory_bytes());
  EXPECT_TRUE(noted.take_delta());
  EXPECT_FALSE(table.take_delta());
}

}  // namespace
}  // namespace dataflow::state
