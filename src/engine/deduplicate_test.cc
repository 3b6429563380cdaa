// Deduplicate in whole jobs, four ways against a row-by-row reference, and as a single operator.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>

#include "engine/four_ways.h"
#include "operator_bed.h"
#include "operators.h"
#include "row_text.h"

namespace dataflow::engine {
namespace {

using Random = std::mt19937_64;
using Row = std::vector<Value>;

constexpr int64_t kStretch = 64;

SchemaPtr visit_schema() {
  return std::make_shared<Schema>(std::vector<Field>{{"who", Type::string()},
                                                     {"room", Type::int32()},
                                                     {"x", Type::float64()},
                                                     {"note", Type::string()},
                                                     {"ts", Type::timestamp(3)},
                                                     {"seen", Type::array(Type::int32())}});
}

int64_t below(Random& random, int64_t limit) {
  return static_cast<int64_t>(random() % static_cast<uint64_t>(limit));
}

// Keys come again, also with the same time or as the very same row.
std::vector<Row> random_visits(Random& random, int64_t count) {
  std::vector<Row> rows;
  for (int64_t i = 0; i < count; ++i) {
    if (!rows.empty() && below(random, 6) == 0) {
      rows.push_back(rows[static_cast<size_t>(below(random, std::ssize(rows)))]);
      continue;
    }
    const auto or_null = [&](Value value) {
      return below(random, 8) == 0 ? Value::null(value.type()) : value;
    };
    rows.push_back(
        {or_null(Value::string("u" + std::to_string(below(random, 20)))),
         or_null(Value::integer(Type::int32(), below(random, 3))),
         or_null(Value::float64(below(random, 4) == 0 ? -0.0 : 1.5)),
         or_null(Value::string(std::string(static_cast<size_t>(below(random, 5)), 'x'))),
         below(random, 30) == 0 ? Value::null(Type::timestamp(3))
                                : Value::integer(Type::timestamp(3), i / 4 + below(random, 40)),
         or_null(Value::list(Type::array(Type::int32()),
                             {or_null(Value::integer(Type::int32(), below(random, 2)))}))});
  }
  return rows;
}

std::string words(const SchemaPtr& schema, const Row& row) {
  return row_text(*batch_of(schema, {row}), 0);
}

struct ReferenceRows {
  std::vector<std::string> changes, kept;
};

// What Flink's deduplication gives for the rows in this order; those without a time in event time
// are dead letters.
ReferenceRows reference_of(const plan::DeduplicateSpec& spec, const std::vector<Row>& rows) {
  const SchemaPtr schema = visit_schema();
  const bool event_time = !spec.time_column.empty();
  std::map<std::string, Row> kept;
  std::vector<std::string> out;
  for (const Row& row : rows) {
    if (event_time && row[4].is_null()) continue;
    std::string key;
    for (const std::string& name : spec.keys) {
      const Value& value = row[*schema->find(name)];
      key += (value.is_null() ? "N" : "V" + value.to_string()) + "|";
    }
    const auto known = kept.find(key);
    if (known == kept.end()) {
      out.push_back("+I " + words(schema, row));
      kept[key] = row;
      continue;
    }
    if (!event_time && (!spec.keep_last || known->second == row)) continue;
    if (event_time) {
      const int64_t before = known->second[4].as_int();
      const int64_t now = row[4].as_int();
      if (spec.keep_last ? now < before : now >= before) continue;
    }
    out.push_back("-U " + words(schema, known->second));
    out.push_back("+U " + words(schema, row));
    known->second = row;
  }
  std::ranges::sort(out);
  std::vector<std::string> rows_kept;
  for (const auto& [key, row] : kept) rows_kept.push_back("+I " + words(schema, row));
  std::ranges::sort(rows_kept);
  return {out, rows_kept};
}

plan::Plan visits_plan(plan::DeduplicateSpec spec) {
  plan::Plan plan;
  plan.name = "visits";
  plan.job.checkpoint_interval_ms = 1;
  plan::SourceSpec source{"memory", {{"table", "visits"}}, "raw", {}, visit_schema()};
  if (!spec.time_column.empty()) source.watermark = plan::WatermarkSpec{"ts", 1000};
  plan.nodes.push_back({"visits", {}, source});
  plan.nodes.push_back({"once", {{"visits"}}, std::move(spec)});
  plan.nodes.push_back({"out", {{"once"}}, plan::SinkSpec{"memory", {{"result", "out"}}, "raw"}});
  return plan;
}

TEST(DeduplicateTest, FourWaysGiveTheRowsOfTheReference) {
  FourWays bed(testing::TempDir() + "deduplicate_test_" + std::to_string(getpid()), kStretch);
  Random random(std::random_device{}());
  std::map<std::string, size_t> kinds;
  for (int i = 0; i < 8; ++i) {
    const uint64_t seed = random();
    plan::DeduplicateSpec spec;
    spec.keys =
        i % 2 == 0 ? std::vector<std::string>{"who"} : std::vector<std::string>{"room", "who"};
    spec.keep_last = i / 2 % 2 == 1;
    if (i / 4 == 1) spec.time_column = "ts";
    SCOPED_TRACE("seed " + std::to_string(seed) + ", way to keep " + std::to_string(i));
    Random of_seed(seed);
    std::vector<Row> rows = random_visits(of_seed, 700);
    // A row without a time never gets past a source that has event time.
    if (i / 4 == 1) std::erase_if(rows, [](const Row& row) { return row[4].is_null(); });
    auto table = std::make_shared<MemoryTable>(visit_schema(), 1);
    for (const Row& row : rows) table->add(0, row);
    table->finish();
    bed.connectors().tables["visits"] = table;
    plan::Plan plan = visits_plan(spec);
    const Status valid = plan::validate(plan);
    ASSERT_TRUE(valid.ok()) << valid;
    const std::vector<std::string> expected = reference_of(spec, rows).changes;
    for (const std::string& row : expected) ++kinds[row.substr(0, 2)];
    for (const Way& way : kWays) {
      SCOPED_TRACE(way.name);
      const Status ran = bed.run(plan, way, of_seed);
      ASSERT_TRUE(ran.ok()) << ran;
      ASSERT_EQ(bed.rows_of("out"), expected);
    }
  }
  EXPECT_GT(kinds["+U"], 0U);
  EXPECT_EQ(kinds["+U"], kinds["-U"]);
}

TEST(DeduplicateTest, OfABoundedJobOnlyTheRowsThatAreKeptLeave) {
  FourWays bed(testing::TempDir() + "deduplicate_bounded_" + std::to_string(getpid()), kStretch);
  Random random(std::random_device{}());
  for (int i = 0; i < 4; ++i) {
    const uint64_t seed = random();
    plan::DeduplicateSpec spec;
    spec.keys = {"room", "who"};
    spec.keep_last = i % 2 == 1;
    spec.ttl_ms = 1;  // says nothing there
    if (i / 2 == 1) spec.time_column = "ts";
    SCOPED_TRACE("seed " + std::to_string(seed) + ", way to keep " + std::to_string(i));
    Random of_seed(seed);
    std::vector<Row> rows = random_visits(of_seed, 700);
    if (i / 2 == 1) std::erase_if(rows, [](const Row& row) { return row[4].is_null(); });
    auto table = std::make_shared<MemoryTable>(visit_schema(), 1);
    for (const Row& row : rows) table->add(0, row);
    table->finish();
    bed.connectors().tables["visits"] = table;
    plan::Plan plan = visits_plan(spec);
    plan.job.bounded = true;
    const Status valid = plan::validate(plan);
    ASSERT_TRUE(valid.ok()) << valid;
    const std::vector<std::string> expected = reference_of(spec, rows).kept;
    for (const Way& way : kWays) {
      SCOPED_TRACE(way.name);
      const Status ran = bed.run(plan, way, of_seed);
      ASSERT_TRUE(ran.ok()) << ran;
      ASSERT_EQ(bed.rows_of("out"), expected);
    }
  }
}

// Rows (k, v, ts) through the operator alone.
class DeduplicateBed {
 public:
  explicit DeduplicateBed(const plan::DeduplicateSpec& spec, bool bounded = false)
      : bed_([this, spec, bounded] { return make_deduplicate(spec, schema_, bounded); }, {0}) {
    EXPECT_TRUE(bed_.start(1).ok());
  }
  void add(const std::string& key, int64_t v, std::optional<int64_t> ts = 0) {
    const Status added = bed_.batch(*batch_of(
        schema_,
        {{Value::string(key), Value::int64(v),
          ts ? Value::integer(Type::timestamp(3), *ts) : Value::null(Type::timestamp(3))}}));
    EXPECT_TRUE(added.ok()) << added;
  }
  void add_change(const std::string& key, int64_t v, RowKind kind) {
    Batch batch = *batch_of(
        schema_, {{Value::string(key), Value::int64(v), Value::integer(Type::timestamp(3), 0)}});
    batch.kinds = std::make_shared<std::vector<RowKind>>(1, kind);
    const Status added = bed_.batch(batch);
    EXPECT_TRUE(added.ok()) << added;
  }
  // "+Ia1 …" since the last call.
  std::string news() {
    std::string all;
    const std::vector<std::string>& rows = bed_.rows(0);
    for (; seen_ < rows.size(); ++seen_) {
      const std::string& row = rows[seen_];
      const size_t v = row.find("v=") + 2;
      all += (all.empty() ? "" : " ") + row.substr(0, 2) + row.substr(row.find("k=") + 2, 1) +
             row.substr(v, row.find(',', v) - v);
    }
    return all;
  }
  OperatorBed& bed() { return bed_; }

 private:
  const SchemaPtr schema_ = std::make_shared<Schema>(
      std::vector<Field>{{"k", Type::string()}, {"v", Type::int64()}, {"ts", Type::timestamp(3)}});
  OperatorBed bed_;
  size_t seen_ = 0;
};

plan::DeduplicateSpec by_k(bool last, int64_t ttl_ms = 0, const std::string& time = "") {
  plan::DeduplicateSpec spec;
  spec.keys = {"k"};
  spec.keep_last = last;
  spec.ttl_ms = ttl_ms;
  spec.time_column = time;
  return spec;
}

TEST(DeduplicateTest, TheFirstToArriveIsRememberedForItsTimeFromThen) {
  DeduplicateBed bed(by_k(false, 1000));
  bed.add("a", 1);
  ASSERT_TRUE(bed.bed().set_clock(900).ok());
  bed.add("a", 2);  // does not begin its time anew
  EXPECT_EQ(bed.news(), "+Ia1");
  ASSERT_TRUE(bed.bed().set_clock(1100).ok());
  bed.add("a", 3);
  EXPECT_EQ(bed.news(), "+Ia3");
}

TEST(DeduplicateTest, ALastRowThatExpiredIsNotUpdated) {
  DeduplicateBed bed(by_k(true, 1000));
  bed.add("a", 1);
  bed.add("a", 1);  // the same row: said again, so that what follows remembers it as long
  EXPECT_EQ(bed.news(), "+Ia1 -Ua1 +Ua1");
  ASSERT_TRUE(bed.bed().set_clock(900).ok());
  bed.add("a", 2);
  ASSERT_TRUE(bed.bed().set_clock(1800).ok());
  bed.add("a", 3);
  EXPECT_EQ(bed.news(), "-Ua1 +Ua2 -Ua2 +Ua3");
  ASSERT_TRUE(bed.bed().set_clock(3000).ok());
  bed.add("a", 4);
  EXPECT_EQ(bed.news(), "+Ia4");
}

TEST(DeduplicateTest, WhatExpiredIsGivenBackInMemoryAndOnDisk) {
  for (const bool last : {false, true}) {
    DeduplicateBed bed(by_k(last, 1000));
    for (int i = 0; i < 500; ++i) bed.add("k" + std::to_string(i), i);
    ASSERT_EQ(*bed.bed().barrier(), 500U);
    EXPECT_EQ(bed.bed().state_rows(), 500U);
    ASSERT_TRUE(bed.bed().set_clock(5000).ok());
    size_t erased = 0;
    for (int i = 0; i < 100 && bed.bed().state_rows() > 0; ++i) erased += *bed.bed().barrier();
    EXPECT_EQ(bed.bed().state_rows(), 0U);
    EXPECT_EQ(erased, 500U);  // the deltas say so, by which folding drops them
    ASSERT_TRUE(bed.bed().start(2).ok());
    EXPECT_EQ(bed.bed().state_rows(), 0U);
  }
}

TEST(DeduplicateTest, AnEarlierRowTakesThePlaceOfTheFirst) {
  DeduplicateBed bed(by_k(false, 0, "ts"));
  bed.add("a", 1, 100);
  bed.add("a", 2, 100);  // not earlier
  bed.add("a", 3, 50);
  bed.add("a", 4, 60);
  bed.add("a", 5, std::nullopt);
  EXPECT_EQ(bed.news(), "+Ia1 -Ua1 +Ua3");
  ASSERT_EQ(bed.bed().dead().size(), 1U);
  EXPECT_TRUE(bed.bed().dead()[0].starts_with("time ts"));
}

TEST(DeduplicateTest, RowsThatAreTakenBackAreDeadLetters) {
  for (const bool last : {false, true}) {
    DeduplicateBed bed(by_k(last));
    bed.add("a", 1);
    bed.add_change("a", 1, RowKind::kUpdateBefore);
    bed.add_change("a", 2, RowKind::kUpdateAfter);
    bed.add_change("b", 3, RowKind::kUpdateAfter);
    bed.add_change("b", 3, RowKind::kDelete);
    EXPECT_EQ(bed.news(), last ? "+Ia1 -Ua1 +Ua2 +Ib3" : "+Ia1 +Ib3");
    EXPECT_EQ(bed.bed().dead().size(), 2U);
  }
}

TEST(DeduplicateTest, WhatABoundedJobKeepsLeavesOnceAtTheEnd) {
  for (const std::string& time : {std::string(), std::string("ts")}) {
    DeduplicateBed bed(by_k(true, 10, time), true);
    bed.add("a", 1, 5);
    ASSERT_TRUE(bed.bed().set_clock(100'000).ok());
    bed.add("a", 2, 5);
    ASSERT_TRUE(bed.bed().watermark(50).ok());
    ASSERT_TRUE(bed.bed().barrier().ok());
    EXPECT_EQ(bed.news(), "");
    ASSERT_TRUE(bed.bed().start(2).ok());
    bed.add("a", 3, 6);
    ASSERT_TRUE(bed.bed().end().ok());
    EXPECT_EQ(bed.news(), "+Ia3");
    EXPECT_EQ(bed.bed().state_rows(), 0U);
    ASSERT_TRUE(bed.bed().barrier().ok());
    ASSERT_TRUE(bed.bed().start(1).ok());
    ASSERT_TRUE(bed.bed().end().ok());
    EXPECT_EQ(bed.news(), "");
  }
}

TEST(DeduplicateTest, OfRowsWithOneTimeTheLastToArriveIsTheLast) {
  DeduplicateBed bed(by_k(true, 0, "ts"));
  bed.add("a", 1, 100);
  bed.add("a", 2, 100);
  bed.add("a", 3, 99);
  EXPECT_EQ(bed.news(), "+Ia1 -Ua1 +Ua2");
}

}  // namespace
}  // namespace dataflow::engine
