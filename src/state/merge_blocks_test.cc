// A merged block against the blocks that it was made of, by random tables from a printed seed.
#include "merge_blocks.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "base/hash.h"

namespace dataflow::state {
namespace {

const TableSpec kSpec{"t", 1, {ValueKind::kInt64, ValueKind::kBytes}};
using Model = std::map<std::pair<std::string, int64_t>, std::pair<int64_t, std::string>>;

Model contents(KeyedTable& table) {
  Model found;
  table.for_each([&](RowNumber row) {
    found[{std::string(table.key(row)), table.number(row)}] = {table.ints(0)[row],
                                                               table.bytes(1)[row]};
  });
  return found;
}

// What a table changes between some deltas.
std::vector<DeltaBlock> random_deltas(std::mt19937_64& random, int count) {
  KeyedTable table(kSpec);
  std::vector<DeltaBlock> deltas;
  while (static_cast<int>(deltas.size()) < count) {
    for (int i = 0; i < 60; ++i) {
      const std::string key(1 + random() % 20, static_cast<char>('a' + random() % 4));
      const auto number = static_cast<int64_t>(random() % 2);
      if (random() % 3 == 0) {
        if (const auto row = table.find(hash64(key), key, number)) table.erase(*row);
        continue;
      }
      const RowNumber row = table.upsert(hash64(key), key, number);
      table.ints(0)[row] = static_cast<int64_t>(random());
      table.bytes(1)[row].assign(random() % 30, 'x');
    }
    if (auto delta = table.take_delta()) deltas.push_back(std::move(*delta));
  }
  return deltas;
}

std::vector<DeltaReader> open_all(const std::vector<DeltaBlock>& blocks) {
  std::vector<DeltaReader> readers;
  for (const DeltaBlock& block : blocks) readers.push_back(*DeltaReader::open(block.bytes));
  return readers;
}

TEST(MergeBlocks, AreTogetherWhatTheyWereOneAfterTheOther) {
  const uint64_t seed = std::random_device()();
  for (uint64_t round = 0; round < 200; ++round) {
    SCOPED_TRACE("seed " + std::to_string(seed + round));
    std::mt19937_64 random(seed + round);
    const std::vector<DeltaBlock> deltas =
        random_deltas(random, 2 + static_cast<int>(random() % 6));
    const std::vector<DeltaReader> readers = open_all(deltas);
    const size_t from = random() % deltas.size();  // those before are what lies beneath
    const int cut = static_cast<int>(random() % kKeyGroups);
    std::vector<const DeltaReader*> merged;
    for (size_t i = from; i < readers.size(); ++i) merged.push_back(&readers[i]);

    KeyedTable expected(kSpec);
    for (const DeltaBlock& delta : deltas) ASSERT_TRUE(expected.load(delta, {}).ok());
    KeyedTable found(kSpec);
    for (size_t i = 0; i < from; ++i) ASSERT_TRUE(found.load(deltas[i], {}).ok());
    for (const KeyGroupRange groups : {KeyGroupRange{0, cut}, KeyGroupRange{cut, kKeyGroups}}) {
      const auto block = merge_blocks(merged, groups, from > 0);
      ASSERT_TRUE(block.ok()) << block.status();
      if (!*block) continue;
      const auto reader = DeltaReader::open((*block)->bytes);
      ASSERT_TRUE(reader.ok()) << reader.status();
      ASSERT_EQ(reader->group_begin(groups.begin), 0u) << "rows of other groups";
      ASSERT_EQ(reader->group_begin(groups.end), reader->rows()) << "rows of other groups";
      for (uint32_t row = 0; from == 0 && row < reader->rows(); ++row) {
        ASSERT_TRUE(reader->is_put(row)) << "there is nothing beneath that could be erased";
      }
      ASSERT_TRUE(found.load(**block, {}).ok());
    }
    ASSERT_EQ(contents(found), contents(expected));
  }
}

TEST(MergeBlocks, RefusesDifferentColumnsAndTakesTheNewestVersion) {
  KeyedTable older({"t", 1, {ValueKind::kInt64}});
  KeyedTable newer({"t", 2, {ValueKind::kInt64}});
  KeyedTable other({"t", 1, {ValueKind::kFloat64}});
  std::vector<DeltaBlock> blocks;
  for (KeyedTable* table : {&older, &newer, &other}) {
    (void)table->upsert(hash64("k"), "k", 0);
    blocks.push_back(*table->take_delta());
  }
  const std::vector<DeltaReader> readers = open_all(blocks);
  const DeltaReader* const fitting[] = {&readers[1], &readers[0]};
  const auto merged = merge_blocks(fitting, {}, false);
  ASSERT_TRUE(merged.ok()) << merged.status();
  EXPECT_EQ(DeltaReader::open((*merged)->bytes)->spec().version, 2);
  EXPECT_EQ((*merged)->rows, 1u);
  const DeltaReader* const unlike[] = {&readers[0], &readers[2]};
  EXPECT_EQ(merge_blocks(unlike, {}, false).status().code(), StatusCode::kUnsupported);
}

}  // namespace
}  // namespace dataflow::state
