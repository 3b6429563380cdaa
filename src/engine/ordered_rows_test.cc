#include "ordered_rows.h"

#include <gtest/gtest.h>

#include <random>

namespace dataflow::engine {
namespace {

using Random = std::mt19937_64;

std::vector<uint64_t> heads_of(const OrderedRows& rows) {
  std::vector<uint64_t> heads;
  for (auto at = rows.begin(); at != rows.end(); at = rows.next(at)) heads.push_back(rows[at].head);
  return heads;
}

OrderedRows::At behind(const OrderedRows& rows, uint64_t head) {
  return rows.first_not([&](const OrderedRows::Entry& entry) { return entry.head <= head; });
}

TEST(OrderedRowsTest, RandomChangesGiveWhatASortedVectorHas) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  OrderedRows rows;
  std::vector<uint64_t> expected;
  // It grows, stands about still, and shrinks.
  for (const uint64_t more : {80, 50, 10}) {
    for (int i = 0; i < 6000; ++i) {
      if (random() % 100 < more || expected.empty()) {
        // A part comes in its order.
        const uint64_t head =
            random() % 2 == 0 ? 1'000'000 + static_cast<uint64_t>(i) : random() % 1'000'000;
        rows.insert(behind(rows, head), {head, 0, 0});
        expected.insert(std::ranges::upper_bound(expected, head), head);
      } else if (random() % 10 == 0) {
        EXPECT_EQ(rows.back().head, expected.back());
        rows.pop_back();
        expected.pop_back();
      } else {
        const size_t place = random() % expected.size();
        const auto at = rows.at_place(place);
        EXPECT_EQ(rows.place_of(at), place);
        EXPECT_EQ(rows[at].head, expected[place]);
        rows.erase(at);
        expected.erase(expected.begin() + static_cast<ptrdiff_t>(place));
      }
      ASSERT_EQ(rows.size(), expected.size());
      const uint64_t looked_for = random() % 1'000'000;
      ASSERT_EQ(
          rows.place_of(behind(rows, looked_for)),
          static_cast<size_t>(std::ranges::upper_bound(expected, looked_for) - expected.begin()));
    }
    ASSERT_EQ(heads_of(rows), expected);
  }
  rows.clear();
  EXPECT_EQ(rows.size(), 0U);
  EXPECT_EQ(rows.begin(), rows.end());
  EXPECT_EQ(rows.at_place(3), rows.end());
}

TEST(OrderedRowsTest, RowsThatComeInTheirOrderAndGoFromTheFront) {
  OrderedRows rows;
  for (uint64_t i = 0; i < 5000; ++i) rows.append({i, static_cast<uint32_t>(i), 0});
  for (uint64_t i = 0; i < 5000; ++i) {
    ASSERT_EQ(rows[rows.begin()].row, i);
    rows.erase(rows.begin());
  }
  EXPECT_EQ(rows.begin(), rows.end());
}

}  // namespace
}  // namespace dataflow::engine
