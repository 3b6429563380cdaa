// Rows that replace each other by key: in whole jobs, four ways against a map of rows, and as a
// single operator.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>

#include "changelog.h"
#include "engine/four_ways.h"
#include "operator_bed.h"
#include "operators.h"
#include "row_text.h"

namespace dataflow::engine {
namespace {

using Random = std::mt19937_64;
using Row = std::vector<Value>;

constexpr int64_t kStretch = 64;
constexpr size_t kSplits = 3;

SchemaPtr user_schema() {
  return std::make_shared<Schema>(std::vector<Field>{{"id", Type::int64(), true},
                                                     {"room", Type::string(), true},
                                                     {"n", Type::int64(), false},
                                                     {"note", Type::string(), true},
                                                     {"seen", Type::array(Type::int32()), true},
                                                     {"ts", Type::timestamp(3), false}});
}

int64_t below(Random& random, int64_t limit) {
  return static_cast<int64_t>(random() % static_cast<uint64_t>(limit));
}

// Keys come again, also with the very same row, and go. Split `s` has the ids that are s of three.
Row random_user(Random& random, size_t split, int64_t number, bool one_key) {
  const auto or_null = [&](Value value) {
    return below(random, 6) == 0 ? Value::null(value.type()) : value;
  };
  const int64_t id = static_cast<int64_t>(kSplits) * below(random, 8) + static_cast<int64_t>(split);
  Row row = {id == 0 ? Value::null(Type::int64()) : Value::int64(id),
             or_null(Value::string(std::string(static_cast<size_t>(below(random, 3)), 'r'))),
             Value::int64(below(random, 3)),
             or_null(Value::string(std::string(static_cast<size_t>(below(random, 30)), 'x'))),
             or_null(Value::list(Type::array(Type::int32()),
                                 {or_null(Value::integer(Type::int32(), below(random, 2)))})),
             Value::integer(Type::timestamp(3), number * 10)};
  if (below(random, 4) > 0) return row;
  for (size_t i = one_key ? 1 : 2; i < row.size(); ++i) row[i] = Value::null(row[i].type());
  return row;
}

std::string words(const Row& row) { return row_text(*batch_of(user_schema(), {row}), 0); }

// The rows that stand in the end, sorted.
std::vector<std::string> standing(const std::vector<std::vector<Row>>& splits, bool one_key) {
  std::map<std::string, std::string> rows;
  for (const std::vector<Row>& split : splits) {
    for (const Row& row : split) {
      std::string key = row[0].is_null() ? "N" : row[0].to_string();
      if (!one_key) key += row[1].is_null() ? "|N" : "|" + row[1].to_string();
      if (row[2].is_null()) {
        rows.erase(key);
      } else {
        rows[key] = words(row);
      }
    }
  }
  std::vector<std::string> all;
  for (const auto& [key, row] : rows) all.push_back(row);
  std::ranges::sort(all);
  return all;
}

// The n of each id by the time from which on it stood; nothing: none did.
std::map<int64_t, std::map<int64_t, std::optional<int64_t>>> versions_of(
    const std::vector<std::vector<Row>>& splits) {
  std::map<int64_t, std::map<int64_t, std::optional<int64_t>>> versions;
  std::map<int64_t, int64_t> last;  // when what stands began to
  for (const std::vector<Row>& split : splits) {
    for (const Row& row : split) {
      if (row[0].is_null()) continue;
      const int64_t id = row[0].as_int();
      if (!row[2].is_null()) {
        last[id] = row[5].as_int();
        versions[id][last[id]] = row[2].as_int();
      } else if (last.contains(id)) {
        versions[id][last[id]] = std::nullopt;
        last.erase(id);
      }
    }
  }
  return versions;
}

class UpsertTest : public testing::Test {
 protected:
  static plan::Plan users_plan(const std::vector<std::string>& keys, bool bounded) {
    plan::Plan plan;
    plan.name = "users";
    plan.job.checkpoint_interval_ms = 1;
    plan.job.bounded = bounded;
    plan::SourceSpec source{"memory", {{"table", "users"}}, "raw", {}, user_schema()};
    source.upsert_keys = keys;
    source.watermark = plan::WatermarkSpec{"ts", 1000};
    plan.nodes.push_back({"users", {}, source});
    plan.nodes.push_back({"now", {{"users"}}, plan::UpsertSpec{keys}});
    return plan;
  }
  static void write_to(plan::Plan& plan, const std::string& from) {
    plan.nodes.push_back({"out", {{from}}, plan::SinkSpec{"memory", {{"result", "out"}}, "raw"}});
    const Status valid = plan::validate(plan);
    ASSERT_TRUE(valid.ok()) << valid;
  }
  std::vector<std::vector<Row>> put_users(Random& random, int64_t count, bool one_key,
                                          bool deletions = true) {
    std::vector<std::vector<Row>> splits(kSplits);
    auto table = std::make_shared<MemoryTable>(user_schema(), kSplits);
    for (int64_t i = 0; i < count; ++i) {
      const size_t split = random() % kSplits;
      const Row row = random_user(random, split, i, one_key);
      if (row[2].is_null() && !deletions) continue;
      splits[split].push_back(row);
      table->add(split, row);
    }
    table->finish();
    bed_.connectors().tables["users"] = table;
    return splits;
  }
  std::vector<std::string> changes() {
    const auto found = bed_.connectors().results.find("out");
    return found == bed_.connectors().results.end() ? std::vector<std::string>()
                                                    : found->second->rows();
  }

  FourWays bed_{testing::TempDir() + "upsert_test_" + std::to_string(getpid()) + "_" +
                    testing::UnitTest::GetInstance()->current_test_info()->name(),
                kStretch};
};

TEST_F(UpsertTest, WhatStandsIsTheLastRowOfEachKey) {
  Random seeds(std::random_device{}());
  for (int i = 0; i < 6; ++i) {
    const uint64_t seed = seeds();
    const bool bounded = i % 2 == 1;
    const bool one_key = i / 2 % 2 == 0;
    SCOPED_TRACE("seed " + std::to_string(seed) + (bounded ? ", bounded" : ""));
    Random random(seed);
    const auto splits = put_users(random, 900, one_key);
    plan::Plan plan = users_plan(
        one_key ? std::vector<std::string>{"id"} : std::vector<std::string>{"id", "room"}, bounded);
    ASSERT_NO_FATAL_FAILURE(write_to(plan, "now"));
    const std::vector<std::string> expected = standing(splits, one_key);
    for (const Way& way : kWays) {
      SCOPED_TRACE(way.name);
      const Status ran = bed_.run(plan, way, random);
      ASSERT_TRUE(ran.ok()) << ran;
      EXPECT_TRUE(bed_.dead_letters().empty());
      const Status pairs = check_pairs(changes());
      ASSERT_TRUE(pairs.ok()) << pairs;
      const auto rows = standing_rows(changes());
      ASSERT_TRUE(rows.ok()) << rows.status();
      ASSERT_EQ(*rows, expected);
      if (!bounded) continue;
      ASSERT_EQ(changes().size(), expected.size());  // each row once
    }
  }
}

TEST_F(UpsertTest, GroupsOverItAreThoseOfTheRowsThatStand) {
  Random seeds(std::random_device{}());
  for (const bool bounded : {false, true}) {
    const uint64_t seed = seeds();
    SCOPED_TRACE("seed " + std::to_string(seed) + (bounded ? ", bounded" : ""));
    Random random(seed);
    const auto splits = put_users(random, 900, true);
    plan::Plan plan = users_plan({"id"}, bounded);
    plan::Aggregate count;
    count.function = "COUNT";
    count.name = "c";
    plan.nodes.push_back({"groups", {{"now"}}, plan::GroupSpec{{"n"}, {count}}});
    ASSERT_NO_FATAL_FAILURE(write_to(plan, "groups"));
    std::map<std::string, int> counts;
    for (const std::string& row : standing(splits, true)) {
      const size_t at = row.find("n=");
      ++counts[row.substr(at, row.find(',', at) - at)];
    }
    std::vector<std::string> expected;
    for (const auto& [n, c] : counts)
      expected.push_back("{" + n + ", c=" + std::to_string(c) + "}");
    std::ranges::sort(expected);
    for (const Way& way : kWays) {
      SCOPED_TRACE(way.name);
      const Status ran = bed_.run(plan, way, random);
      ASSERT_TRUE(ran.ok()) << ran;
      const auto rows = standing_rows(changes());
      ASSERT_TRUE(rows.ok()) << rows.status();
      ASSERT_EQ(*rows, expected);
    }
  }
}

// Each visit meets the user's row that stood at its time. In a stream it may leave before it is
// known that a row is deleted; in a bounded job all is known.
TEST_F(UpsertTest, AJoinAsOfATimeMeetsTheVersionThatStoodThen) {
  Random seeds(std::random_device{}());
  const auto visit_schema = std::make_shared<Schema>(std::vector<Field>{
      {"visit", Type::int64()}, {"who", Type::int64()}, {"at", Type::timestamp(3), false}});
  for (const bool bounded : {false, true}) {
    const uint64_t seed = seeds();
    SCOPED_TRACE("seed " + std::to_string(seed) + (bounded ? ", bounded" : ""));
    Random random(seed);
    const auto splits = put_users(random, 400, true, bounded);
    auto visits = std::make_shared<MemoryTable>(visit_schema, 1);
    std::vector<std::string> expected;
    const auto versions = versions_of(splits);
    for (int64_t i = 0; i < 300; ++i) {
      const int64_t who = 1 + below(random, 30);
      const int64_t at = i * 20 + below(random, 10);
      visits->add(0, {Value::int64(i), Value::int64(who), Value::integer(Type::timestamp(3), at)});
      std::string row = "+I {visit=" + std::to_string(i) + ", n=NULL}";
      const auto known = versions.find(who);
      if (known != versions.end()) {
        auto version = known->second.upper_bound(at);
        if (version != known->second.begin() && (--version)->second) {
          row = "+I {visit=" + std::to_string(i) + ", n=" + std::to_string(*version->second) + "}";
        }
      }
      expected.push_back(row);
    }
    std::ranges::sort(expected);
    visits->finish();
    bed_.connectors().tables["visits"] = visits;
    plan::Plan plan = users_plan({"id"}, bounded);
    std::get<plan::UpsertSpec>(plan.nodes[1].spec).versions = bounded;
    plan::SourceSpec source{"memory", {{"table", "visits"}}, "raw", {}, visit_schema};
    source.watermark = plan::WatermarkSpec{"at", 100};
    plan.nodes.push_back({"visits", {}, source});
    plan::TemporalJoinSpec join;
    join.kind = plan::JoinKind::kLeft;
    join.left_keys = {"who"};
    join.right_keys = {"id"};
    plan.nodes.push_back({"then", {{"visits"}, {"now"}}, join});
    plan.nodes.push_back(
        {"both",
         {{"then"}},
         plan::ProjectSpec{{{"visit", expr::column("visit")}, {"n", expr::column("n")}}}});
    ASSERT_NO_FATAL_FAILURE(write_to(plan, "both"));
    for (const Way& way : kWays) {
      SCOPED_TRACE(way.name);
      const Status ran = bed_.run(plan, way, random);
      ASSERT_TRUE(ran.ok()) << ran;
      EXPECT_TRUE(bed_.dead_letters().empty());
      ASSERT_EQ(bed_.rows_of("out"), expected);
    }
  }
}

// (k, v) through the operator alone; a v that is not there is a deletion.
class UpsertBed {
 public:
  explicit UpsertBed(plan::UpsertSpec spec, bool bounded = false)
      : bed_([this, spec, bounded] { return make_upsert(spec, schema_, bounded); }, {0}) {
    EXPECT_TRUE(bed_.start(1).ok());
  }
  // "a1 b2 a": of one batch.
  void add(const std::string& text) {
    std::vector<Row> rows;
    std::vector<RowKind> kinds;
    for (size_t at = 0; at < text.size();) {
      const size_t end = std::min(text.find(' ', at), text.size());
      const std::string v = text.substr(at + 1, end - at - 1);
      const std::string k = text.substr(at, 1);
      rows.push_back({k == "0" ? Value::null(Type::string()) : Value::string(k),
                      v.empty() ? Value::null(Type::string()) : Value::string(v)});
      kinds.push_back(v.empty() ? RowKind::kDelete : RowKind::kInsert);
      at = end + 1;
    }
    Batch batch = *batch_of(schema_, rows);
    batch.kinds = std::make_shared<std::vector<RowKind>>(kinds);
    const Status added = bed_.batch(batch);
    EXPECT_TRUE(added.ok()) << added;
  }
  // "+Ia1 …" since the last call.
  std::string news() {
    std::string all;
    const std::vector<std::string>& rows = bed_.rows(0);
    for (; seen_ < rows.size(); ++seen_) {
      const std::string& row = rows[seen_];
      const size_t k = row.find("k=") + 2, v = row.find("v=") + 2;
      all += (all.empty() ? "" : " ") + row.substr(0, 2) + row.substr(k, row.find(',', k) - k) +
             row.substr(v, row.find('}', v) - v);
    }
    return all;
  }
  OperatorBed& bed() { return bed_; }

 private:
  const SchemaPtr schema_ = std::make_shared<Schema>(
      std::vector<Field>{{"k", Type::string(), true}, {"v", Type::string(), false}});
  OperatorBed bed_;
  size_t seen_ = 0;
};

TEST(UpsertOperatorTest, RowsBecomeChangesOfTheirKeysRow) {
  UpsertBed bed({{"k"}});
  bed.add("a1 b1");
  EXPECT_EQ(bed.news(), "+Ia1 +Ib1");
  bed.add("a1 b2 c c3");
  EXPECT_EQ(bed.news(), "-Ub1 +Ub2 +Ic3");  // a1 says nothing new, c was not there
  bed.add("b a2 a3 b4");
  EXPECT_EQ(bed.news(), "-Db2 -Ua1 +Ua2 -Ua2 +Ua3 +Ib4");
  bed.add("a a b c");
  EXPECT_EQ(bed.news(), "-Da3 -Db4 -Dc3");
  EXPECT_EQ(bed.bed().state_rows(), 0U);
}

TEST(UpsertOperatorTest, NullIsAKey) {
  UpsertBed bed({{"k"}});
  bed.add("01");
  bed.add("02 a1");
  bed.add("0");
  EXPECT_EQ(bed.news(), "+INULL1 -UNULL1 +UNULL2 +Ia1 -DNULL2");
}

TEST(UpsertOperatorTest, WhatStoodIsKnownAfterARestart) {
  UpsertBed bed({{"k"}});
  bed.add("a1 b1 c1 d1");
  ASSERT_TRUE(bed.bed().barrier().ok());
  bed.add("a2 b e1");  // lost
  ASSERT_TRUE(bed.bed().start(3).ok());
  (void)bed.news();
  bed.add("a3");
  bed.add("b");
  bed.add("c1");
  bed.add("e");
  EXPECT_EQ(bed.news(), "-Ua1 +Ua3 -Db1");
  EXPECT_EQ(*bed.bed().barrier(), 2U);  // nothing of what stayed as it was
}

TEST(UpsertOperatorTest, WhereRowsAreForgottenARowThatIsSaidAgainLeavesAgain) {
  UpsertBed bed({{"k"}, 1000});
  bed.add("a1 b1");
  bed.add("a1");
  EXPECT_EQ(bed.news(), "+Ia1 +Ib1 -Ua1 +Ua1");
  ASSERT_TRUE(bed.bed().set_clock(900).ok());
  bed.add("a2");
  ASSERT_TRUE(bed.bed().set_clock(1800).ok());
  bed.add("a3 b b2");
  EXPECT_EQ(bed.news(), "-Ua1 +Ua2 -Ua2 +Ua3 +Ib2");
  ASSERT_TRUE(bed.bed().set_clock(9000).ok());
  for (int i = 0; i < 100 && bed.bed().state_rows() > 0; ++i) ASSERT_TRUE(bed.bed().barrier().ok());
  EXPECT_EQ(bed.bed().state_rows(), 0U);
  bed.add("a b2");
  EXPECT_EQ(bed.news(), "+Ib2");
}

TEST(UpsertOperatorTest, OfABoundedJobTheRowsThatStandLeaveOnce) {
  UpsertBed bed({{"k"}, 10}, true);
  bed.add("a1 b1 c1");
  ASSERT_TRUE(bed.bed().set_clock(100'000).ok());
  bed.add("a2 b");
  ASSERT_TRUE(bed.bed().watermark(50).ok());
  ASSERT_TRUE(bed.bed().barrier().ok());
  EXPECT_EQ(bed.news(), "");
  ASSERT_TRUE(bed.bed().start(1).ok());
  bed.add("c3 c");
  ASSERT_TRUE(bed.bed().end().ok());
  EXPECT_EQ(bed.news(), "+Ia2");
  ASSERT_TRUE(bed.bed().barrier().ok());
  ASSERT_TRUE(bed.bed().start(2).ok());
  ASSERT_TRUE(bed.bed().end().ok());
  EXPECT_EQ(bed.news(), "");
}

TEST(UpsertOperatorTest, VersionsLeaveABoundedJobAsTheyCome) {
  UpsertBed bed({.keys = {"k"}, .ttl_ms = 10, .versions = true}, true);
  bed.add("a1");
  ASSERT_TRUE(bed.bed().set_clock(100'000).ok());
  bed.add("a1 a2");
  ASSERT_TRUE(bed.bed().end().ok());
  EXPECT_EQ(bed.news(), "+Ia1 -Ua1 +Ua2");
}

}  // namespace
}  // namespace dataflow::engine
