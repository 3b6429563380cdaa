#include "sorted_rows.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace dataflow::jobs {
namespace {

std::string rows_between(const SortedRows& rows, const std::string& from,
                         const std::optional<std::string>& to) {
  std::string all;
  rows.visit(from, to, [&](std::string_view row) {
    all += std::string(row) + ";";
    return true;
  });
  return all;
}

TEST(SortedRowsTest, HoldsWhatAMapHoldsHoweverItChanges) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  SortedRows rows;
  std::map<std::string, std::string> expected;
  const auto key = [&] {
    return std::string(1 + random() % 2, 'k') + std::to_string(random() % 3000);
  };
  for (int i = 0; i < 40'000; ++i) {
    const std::string k = key();
    if (random() % 3 == 0) {
      rows.erase(k);
      expected.erase(k);
    } else {
      const std::string row(random() % 20, static_cast<char>('a' + random() % 26));
      rows.put(k, row);
      expected[k] = row;
    }
    if (i % 200 != 0) continue;
    ASSERT_EQ(rows.size(), expected.size());
    const std::string sought = key();
    const auto found = expected.find(sought);
    const auto given = rows.find(sought);
    ASSERT_EQ(given.has_value(), found != expected.end());
    if (given) {
      ASSERT_EQ(*given, found->second);
    }
    std::string from = key(), to = key();
    std::string wanted;
    for (auto at = expected.lower_bound(from); at != expected.end() && at->first < to; ++at) {
      wanted += at->second + ";";
    }
    ASSERT_EQ(rows_between(rows, from, to), wanted);
  }
  std::string all;
  for (const auto& [k, row] : expected) all += row + ";";
  EXPECT_EQ(rows_between(rows, "", std::nullopt), all);
  EXPECT_GT(rows.bytes(), std::ssize(all));
  for (const auto& [k, row] : expected) rows.erase(k);
  EXPECT_EQ(rows.size(), 0U);
  EXPECT_EQ(rows.bytes(), 0);
}

TEST(SortedRowsTest, KeysThatRiseFillTheirLeaves) {
  SortedRows rows;
  for (int i = 100'000; i < 110'000; ++i) rows.put(std::to_string(i), "r");
  EXPECT_EQ(rows.size(), 10'000U);
  // Less than half as much again as the rows and a pointer each.
  EXPECT_LT(rows.bytes(), 10'000 * (16 + 8 + 7 + 8) * 3 / 2);
  int seen = 0;
  rows.visit("105000", std::string_view("105010"), [&](std::string_view) { return ++seen < 5; });
  EXPECT_EQ(seen, 5);
}

}  // namespace
}  // namespace dataflow::jobs
