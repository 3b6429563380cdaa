// Group aggregation as a single operator: each rule by itself, and random changes against a
// row-by-row reference.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <random>

#include "changelog.h"
#include "engine/memory_connectors.h"
#include "group_reference.h"
#include "operator_bed.h"
#include "operators.h"

namespace dataflow::engine {
namespace {

using Random = std::mt19937_64;
using Row = std::vector<Value>;

int64_t below(Random& random, int64_t limit) {
  return static_cast<int64_t>(random() % static_cast<uint64_t>(limit));
}

// Groups over a source, or over its last rows by `id`, which are updates.
Result<plan::Plan> plan_of(const SchemaPtr& schema, plan::GroupSpec spec, bool updates,
                           bool bounded = false) {
  plan::Plan plan;
  plan.name = "groups";
  plan.job.bounded = bounded;
  plan.nodes.push_back(
      {"rows", {}, plan::SourceSpec{"memory", {{"table", "rows"}}, "raw", {}, schema}});
  plan::DeduplicateSpec last;
  last.keys = {"id"};
  last.keep_last = true;
  plan.nodes.push_back({"last", {{"rows"}}, last});
  plan.nodes.push_back({"groups", {{updates ? "last" : "rows"}}, std::move(spec)});
  plan.nodes.push_back({"out", {{"groups"}}, plan::SinkSpec{"memory", {{"result", "out"}}, "raw"}});
  plan.nodes.push_back({"rest", {{"last"}}, plan::SinkSpec{"memory", {{"result", "rest"}}, "raw"}});
  DF_RETURN_IF_ERROR(plan::validate(plan));
  return plan;
}

// The operator of one plan. Rows have a column `id`, and what the test says.
class GroupBed {
 public:
  GroupBed(SchemaPtr schema, plan::GroupSpec spec, bool updates, bool bounded = false)
      : schema_(std::move(schema)), plan_(*plan_of(schema_, spec, updates, bounded)) {
    std::vector<size_t> keys;
    for (const std::string& key : spec.keys) keys.push_back(*schema_->find(key));
    bed_ = std::make_unique<OperatorBed>(
        [this] { return make_operator(plan_, node(), connectors_); }, std::move(keys));
    EXPECT_TRUE(bed_->start(1).ok());
  }

  const plan::Node& node() const { return *plan_.find("groups"); }
  OperatorBed& bed() { return *bed_; }
  GroupReference reference() const {
    return GroupReference(std::get<plan::GroupSpec>(node().spec), schema_, node().schema);
  }

  void add(const std::vector<Row>& rows, const std::vector<RowKind>& kinds = {}) {
    Batch batch = *batch_of(schema_, rows);
    if (!kinds.empty()) batch.kinds = std::make_shared<std::vector<RowKind>>(kinds);
    const Status added = bed_->batch(batch);
    ASSERT_TRUE(added.ok()) << added;
  }
  // "+I{k=a, n=1} …" since the last call.
  std::string news() {
    std::string all;
    const std::vector<std::string>& rows = bed_->rows(0);
    for (; seen_ < rows.size(); ++seen_) {
      all += (all.empty() ? "" : " ") + rows[seen_].substr(0, 2) + rows[seen_].substr(3);
    }
    return all;
  }
  void restart(int parallelism) {
    ASSERT_TRUE(bed_->barrier().ok());
    const Status started = bed_->start(parallelism);
    ASSERT_TRUE(started.ok()) << started;
  }

 private:
  const SchemaPtr schema_;
  const plan::Plan plan_;
  MemoryConnectors connectors_;
  std::unique_ptr<OperatorBed> bed_;
  size_t seen_ = 0;
};

SchemaPtr small_schema() {
  static const SchemaPtr schema = std::make_shared<Schema>(
      std::vector<Field>{{"id", Type::int64()}, {"k", Type::string()}, {"n", Type::int64()}});
  return schema;
}

Row row_of(std::optional<std::string> key, std::optional<int64_t> n) {
  return {Value::int64(0), key ? Value::string(*key) : Value::null(Type::string()),
          n ? Value::int64(*n) : Value::null(Type::int64())};
}

plan::GroupSpec by_k(std::vector<plan::Aggregate> aggregates, int64_t ttl_ms = 0) {
  return {{"k"}, std::move(aggregates), ttl_ms};
}

plan::GroupSpec sums(int64_t ttl_ms = 0) { return by_k({aggregate_of("SUM", "n", "s")}, ttl_ms); }

constexpr RowKind kIn = RowKind::kInsert;
constexpr RowKind kWas = RowKind::kUpdateBefore;
constexpr RowKind kIs = RowKind::kUpdateAfter;
constexpr RowKind kOut = RowKind::kDelete;

TEST(GroupOperatorTest, AGroupIsInsertedAndThenUpdatedWhereItChanges) {
  GroupBed bed(small_schema(), sums(), false);
  bed.add({row_of("a", 1), row_of("a", 2), row_of("b", std::nullopt)});
  EXPECT_EQ(bed.news(), "+I{k=a, s=3} +I{k=b, s=NULL}");
  bed.add({row_of("a", 0), row_of("a", std::nullopt), row_of("b", 5)});
  EXPECT_EQ(bed.news(), "-U{k=b, s=NULL} +U{k=b, s=5}");
  bed.add({row_of(std::nullopt, 1), row_of("", 2)});
  EXPECT_EQ(bed.news(), "+I{k=NULL, s=1} +I{k=, s=2}");
  bed.restart(2);
  bed.add({row_of(std::nullopt, 1), row_of("a", 1)});
  EXPECT_EQ(bed.news().find("+I"), std::string::npos);
}

TEST(GroupOperatorTest, AGroupGoesWithItsLastRow) {
  GroupBed bed(small_schema(), sums(), true);
  bed.add({row_of("a", 1), row_of("a", 2)});
  bed.add({row_of("a", 1)}, {kOut});
  EXPECT_EQ(bed.news(), "+I{k=a, s=3} -U{k=a, s=3} +U{k=a, s=2}");
  bed.restart(1);
  bed.add({row_of("a", 2), row_of("b", 7)}, {kWas, kIs});
  EXPECT_EQ(bed.news(), "-D{k=a, s=2} +I{k=b, s=7}");
  EXPECT_EQ(bed.bed().state_rows(), 1U);
  bed.add({row_of("b", 7), row_of("b", 8), row_of("c", 1), row_of("c", 1)}, {kWas, kIs, kIn, kOut});
  EXPECT_EQ(bed.news(), "-U{k=b, s=7} +U{k=b, s=8}");
  EXPECT_EQ(bed.bed().state_rows(), 1U);
  // What is taken back of a group that is not there, also where it comes to be in the same batch.
  bed.add({row_of("z", 1), row_of("y", 1), row_of("y", 2), row_of("y", 2), row_of("y", 2)},
          {kOut, kWas, kIs, kOut, kOut});
  EXPECT_EQ(bed.news(), "");
  EXPECT_EQ(bed.bed().state_rows(), 1U);
}

// As if each row came in a batch of its own: nothing is left of what was there before.
TEST(GroupOperatorTest, AGroupThatLosesItsLastRowWithinABatchBeginsAnew) {
  GroupBed bed(small_schema(),
               by_k({aggregate_of("MIN", "n", "least"), aggregate_of("FIRST_VALUE", "n", "first"),
                     aggregate_of("COUNT", "n", "each", true)}),
               true);
  bed.add({row_of("a", 1), row_of("b", 1)});
  EXPECT_EQ(bed.news(), "+I{k=a, least=1, first=1, each=1} +I{k=b, least=1, first=1, each=1}");
  // 9 was never there, and yet it takes the last row with it.
  bed.add({row_of("a", 9), row_of("a", 5), row_of("b", 2)}, {kWas, kIs, kIn});
  EXPECT_EQ(bed.news(),
            "-U{k=a, least=1, first=1, each=1} +U{k=a, least=5, first=5, each=1} "
            "-U{k=b, least=1, first=1, each=1} +U{k=b, least=1, first=1, each=2}");
  bed.restart(1);
  bed.add({row_of("a", 5)}, {kOut});
  EXPECT_EQ(bed.news(), "-D{k=a, least=5, first=5, each=1}");
}

TEST(GroupOperatorTest, TheLeastAndGreatestAreThoseOfTheValuesThatAreLeft) {
  GroupBed bed(small_schema(),
               by_k({aggregate_of("MIN", "n", "least"), aggregate_of("MAX", "n", "most")}), true);
  bed.add({row_of("a", 3), row_of("a", 1), row_of("a", 1), row_of("a", 2)});
  EXPECT_EQ(bed.news(), "+I{k=a, least=1, most=3}");
  bed.add({row_of("a", 1)}, {kOut});
  EXPECT_EQ(bed.news(), "");  // there is another 1
  bed.add({row_of("a", 77)}, {kOut});
  EXPECT_EQ(bed.news(), "");  // not known
  bed.restart(1);
  bed.add({row_of("a", 1), row_of("a", std::nullopt)}, {kOut, kIn});
  EXPECT_EQ(bed.news(), "-U{k=a, least=1, most=3} +U{k=a, least=2, most=3}");
  bed.add({row_of("a", 3), row_of("a", -4)}, {kWas, kIs});
  EXPECT_EQ(bed.news(), "-U{k=a, least=2, most=3} +U{k=a, least=-4, most=2}");
}

TEST(GroupOperatorTest, TheFirstAndLastAreThoseOfTheValuesThatAreLeft) {
  GroupBed bed(
      small_schema(),
      by_k({aggregate_of("FIRST_VALUE", "n", "first"), aggregate_of("LAST_VALUE", "n", "last"),
            aggregate_of("FIRST_VALUE", "n", "first_new", true)}),
      true);
  bed.add({row_of("a", 1), row_of("a", 2), row_of("a", 1), row_of("a", 3)});
  EXPECT_EQ(bed.news(), "+I{k=a, first=1, last=3, first_new=1}");
  bed.restart(2);
  bed.add({row_of("a", 3), row_of("a", 1)}, {kOut, kOut});  // of two equal ones the first
  EXPECT_EQ(bed.news(),
            "-U{k=a, first=1, last=3, first_new=1} +U{k=a, first=2, last=1, first_new=1}");
  bed.restart(1);
  bed.add({row_of("a", 1), row_of("a", 4)}, {kWas, kIs});
  EXPECT_EQ(bed.news(),
            "-U{k=a, first=2, last=1, first_new=1} +U{k=a, first=2, last=4, first_new=2}");
}

// Of distinct values 0.0 is -0.0, whichever of both came first, and goes last.
TEST(GroupOperatorTest, TheFirstOfDistinctValuesKnowsOneZero) {
  for (const Type& type : {Type::float64(), Type::float32()}) {
    const SchemaPtr schema = std::make_shared<Schema>(
        std::vector<Field>{{"id", Type::int64()}, {"k", Type::string()}, {"d", type}});
    GroupBed bed(schema, by_k({aggregate_of("FIRST_VALUE", "d", "f", true)}), true);
    const auto row = [&](std::optional<double> d) -> Row {
      return {Value::int64(0), Value::string("a"),
              d ? Value::floating(type, *d) : Value::null(type)};
    };
    bed.add({row(std::nullopt), row(0.0), row(-0.0), row(0.5), row(std::nan("1"))});
    bed.add({row(0.0)}, {kOut});
    bed.restart(1);
    EXPECT_EQ(bed.news(), "+I{k=a, f=0}");
    bed.add({row(-0.0)}, {kOut});
    EXPECT_EQ(bed.news(), "-U{k=a, f=0} +U{k=a, f=0.5}");
    bed.add({row(0.5), row(-std::nan("2"))}, {kOut, kOut});
    EXPECT_EQ(bed.news(), "-U{k=a, f=0.5} +U{k=a, f=NULL}");
  }
}

TEST(GroupOperatorTest, AnAggregateWithoutValuesLeftIsNull) {
  GroupBed bed(small_schema(),
               by_k({aggregate_of("SUM", "n", "s"), aggregate_of("AVG", "n", "a"),
                     aggregate_of("MAX", "n", "m"), aggregate_of("VAR_POP", "n", "v"),
                     aggregate_of("COUNT", "n", "c"), aggregate_of("LAST_VALUE", "n", "l")}),
               true);
  bed.add({row_of("a", 4), row_of("a", std::nullopt)});
  EXPECT_EQ(bed.news(), "+I{k=a, s=4, a=4, m=4, v=0, c=1, l=4}");
  bed.add({row_of("a", 4)}, {kOut});
  EXPECT_EQ(bed.news(),
            "-U{k=a, s=4, a=4, m=4, v=0, c=1, l=4} "
            "+U{k=a, s=NULL, a=NULL, m=NULL, v=NULL, c=0, l=NULL}");
}

// 1e300 swallows what else is in a sum; nothing of that outlives the last value.
TEST(GroupOperatorTest, ASumOfFloatsThatIsEmptiedIsAsNew) {
  const SchemaPtr schema = std::make_shared<Schema>(
      std::vector<Field>{{"id", Type::int64()}, {"k", Type::string()}, {"d", Type::float64()}});
  GroupBed bed(schema, by_k({aggregate_of("SUM", "d", "s")}), true);
  const auto row = [](std::optional<double> d) -> Row {
    return {Value::int64(0), Value::string("a"),
            d ? Value::float64(*d) : Value::null(Type::float64())};
  };
  bed.add({row(std::nullopt), row(1.5), row(1e300)});
  bed.add({row(1e300), row(1.5), row(0.25)}, {kOut, kOut, kIn});
  EXPECT_TRUE(bed.news().ends_with("+U{k=a, s=0.25}"));
}

TEST(GroupOperatorTest, WithoutAggregatesEachKeyLeavesOnce) {
  for (const bool updates : {false, true}) {
    GroupBed bed(small_schema(), by_k({}, updates ? 0 : 1000), updates);
    bed.add({row_of("a", 1), row_of("a", 2), row_of(std::nullopt, 2)});
    bed.restart(2);
    bed.add({row_of("a", 1), row_of("b", 1)});
    EXPECT_EQ(bed.news(), "+I{k=a} +I{k=NULL} +I{k=b}");
    if (!updates) continue;
    bed.add({row_of("a", 1), row_of("a", 2), row_of("b", 1)}, {kOut, kOut, kOut});
    EXPECT_EQ(bed.news(), "-D{k=b}");
    bed.add({row_of("a", 7)}, {kOut});
    EXPECT_EQ(bed.news(), "-D{k=a}");
  }
}

TEST(GroupOperatorTest, WithoutKeysThereIsOneGroup) {
  plan::GroupSpec spec{{}, {aggregate_of("COUNT", "", "c"), aggregate_of("MAX", "n", "m")}};
  GroupBed bed(small_schema(), spec, true);
  ASSERT_TRUE(bed.bed().start(4).ok());
  bed.add({row_of("a", 1), row_of("b", 2)});
  EXPECT_EQ(bed.news(), "+I{c=2, m=2}");
  bed.restart(3);
  bed.add({row_of("b", 2)}, {kOut});
  EXPECT_EQ(bed.news(), "-U{c=2, m=2} +U{c=1, m=1}");
  bed.add({row_of("a", 1)}, {kOut});
  EXPECT_EQ(bed.news(), "-D{c=1, m=1}");
  ASSERT_TRUE(bed.bed().end().ok());
  EXPECT_EQ(bed.news(), "");
}

TEST(GroupOperatorTest, AGroupIsForgottenSomeTimeAfterItsLastRow) {
  for (const bool updates : {false, true}) {
    GroupBed bed(small_schema(), sums(1000), updates);
    bed.add({row_of("a", 1), row_of("b", 1)});
    ASSERT_TRUE(bed.bed().set_clock(900).ok());
    bed.add({row_of("a", 0)});
    // Nothing changed, but those behind are to remember it as long.
    EXPECT_EQ(bed.news(), "+I{k=a, s=1} +I{k=b, s=1} -U{k=a, s=1} +U{k=a, s=1}");
    ASSERT_TRUE(bed.bed().set_clock(1800).ok());
    bed.restart(1);
    bed.add({row_of("a", 2), row_of("b", 2)});
    EXPECT_EQ(bed.news(), "-U{k=a, s=1} +U{k=a, s=3} +I{k=b, s=2}");
    if (!updates) continue;
    ASSERT_TRUE(bed.bed().set_clock(9000).ok());
    bed.add({row_of("a", 2), row_of("b", 2)}, {kOut, kWas});
    EXPECT_EQ(bed.news(), "");
  }
}

// All that they kept: values by count and by arrival, too.
TEST(GroupOperatorTest, WhatIsForgottenIsGivenBackInMemoryAndOnDisk) {
  for (const bool updates : {false, true}) {
    GroupBed bed(small_schema(),
                 by_k({aggregate_of("MIN", "n", "least"), aggregate_of("LAST_VALUE", "n", "last"),
                       aggregate_of("COUNT", "n", "each", true)},
                      1000),
                 updates);
    for (int i = 0; i < 300; ++i) bed.add({row_of("k" + std::to_string(i), i)});
    bed.restart(2);
    bed.add({row_of("k1", 5)});
    const std::string before = bed.news();
    EXPECT_NE(before.find("-U{k=k1, least=1, last=1, each=1} +U{k=k1, least=1, last=5, each=2}"),
              std::string::npos);
    // One is found to be too old by a row before it is by a barrier.
    ASSERT_TRUE(bed.bed().set_clock(5000).ok());
    bed.add({row_of("k2", 7)});
    EXPECT_EQ(bed.news(), "+I{k=k2, least=7, last=7, each=1}");
    bed.restart(1);
    const size_t of_one = bed.bed().state_rows();
    EXPECT_EQ(of_one, updates ? 4U : 2U);
    ASSERT_TRUE(bed.bed().set_clock(5900).ok());
    bed.add({row_of("k2", 6)});
    EXPECT_EQ(bed.news(), "-U{k=k2, least=7, last=7, each=1} +U{k=k2, least=6, last=6, each=2}");
    ASSERT_TRUE(bed.bed().set_clock(6900).ok());
    ASSERT_TRUE(bed.bed().barrier().ok());
    EXPECT_EQ(bed.bed().state_rows(), 0U);
  }
}

TEST(GroupOperatorTest, RowsWhoseArgumentFailsCountForNothing) {
  const auto half = expr::parse_expression("10 / n", {});
  ASSERT_TRUE(half.ok()) << half.status();
  for (const bool updates : {false, true}) {
    GroupBed bed(small_schema(), by_k({{"SUM", *half, false, nullptr, "s"}}), updates);
    bed.add({row_of("a", 0), row_of("b", 5), row_of("b", 0), row_of("a", 0)});
    EXPECT_EQ(bed.news(), "+I{k=b, s=2}");
    EXPECT_EQ(bed.bed().dead().size(), 3U);
    if (!updates) continue;
    bed.add({row_of("b", 0)}, {kOut});
    EXPECT_EQ(bed.news(), "");
    EXPECT_EQ(bed.bed().dead().size(), 4U);
    bed.add({row_of("b", 5)}, {kOut});
    EXPECT_EQ(bed.news(), "-D{k=b, s=2}");
  }
}

TEST(GroupOperatorTest, InABoundedJobEachGroupLeavesOnceAtTheEnd) {
  GroupBed bed(small_schema(), sums(), false, true);
  bed.add({row_of("a", 1), row_of("b", 2)});
  bed.restart(2);
  bed.add({row_of("a", 4)});
  EXPECT_EQ(bed.news(), "");
  ASSERT_TRUE(bed.bed().end().ok());
  std::vector<std::string> rows = bed.bed().rows(0);
  std::ranges::sort(rows);
  EXPECT_EQ(rows, (std::vector<std::string>{"+I {k=a, s=5}", "+I {k=b, s=2}"}));
  bed.restart(1);
  ASSERT_TRUE(bed.bed().end().ok());
  EXPECT_EQ(bed.bed().rows(0).size(), 2U);
}

TEST(GroupOperatorTest, TheOneGroupOfABoundedJobLeavesOnceAlsoOfNoRows) {
  plan::GroupSpec spec{{},
                       {aggregate_of("COUNT", "", "c"), aggregate_of("SUM", "n", "s"),
                        aggregate_of("COUNT", "n", "d", true)}};
  for (const bool any : {false, true}) {
    GroupBed bed(small_schema(), spec, false, true);
    ASSERT_TRUE(bed.bed().start(3).ok());
    if (any) bed.add({row_of("a", 3), row_of("a", 3)});
    bed.restart(4);
    ASSERT_TRUE(bed.bed().end().ok());
    EXPECT_EQ(bed.news(), any ? "+I{c=2, s=6, d=1}" : "+I{c=0, s=NULL, d=0}");
    bed.restart(2);
    ASSERT_TRUE(bed.bed().end().ok());
    EXPECT_EQ(bed.news(), "");
  }
}

// Changes of sales: rows come and go, also within a batch, and groups lose all of theirs.
void expect_as_the_reference(const plan::GroupSpec& spec, bool updates, uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed) + ", " + std::to_string(spec.keys.size()) + " keys" +
               (updates ? ", with updates" : ""));
  Random random(seed);
  GroupBed bed(sale_schema(), spec, updates);
  GroupReference reference = bed.reference();
  std::vector<Row> standing;
  for (int i = 0; i < 80; ++i) {
    std::vector<Row> rows;
    std::vector<RowKind> kinds;
    // By turns more rows come or go.
    const int64_t to_go = updates ? (i / 10 % 2 == 0 ? 3 : 6) : 0;
    for (int64_t n = 1 + below(random, i % 3 == 0 ? 2 : 30); n > 0; --n) {
      if (!standing.empty() && below(random, 10) < to_go) {
        const auto which = standing.begin() + below(random, std::ssize(standing));
        rows.push_back(*which);
        kinds.push_back(below(random, 2) == 0 ? kWas : kOut);
        reference.take_back(*which);
        standing.erase(which);
      } else {
        rows.push_back(random_sale(random, i));
        kinds.push_back(updates && below(random, 2) == 0 ? kIs : kIn);
        reference.add(rows.back());
        standing.push_back(rows.back());
      }
    }
    bed.add(rows, updates ? kinds : std::vector<RowKind>());
    if (below(random, 6) == 0) bed.restart(1 + static_cast<int>(below(random, 4)));
    if (i % 8 != 7) continue;
    const std::vector<std::string>& changes = bed.bed().rows(0);
    const Status pairs = check_pairs(changes);
    ASSERT_TRUE(pairs.ok()) << pairs;
    const auto rows_now = standing_rows(changes);
    ASSERT_TRUE(rows_now.ok()) << rows_now.status();
    ASSERT_EQ(*rows_now, reference.rows());
  }
  if (!updates) return;
  for (const Row& row : standing) bed.add({row}, {kOut});
  EXPECT_EQ(*standing_rows(bed.bed().rows(0)), std::vector<std::string>());
  EXPECT_EQ(bed.bed().state_rows(), 0U);
}

TEST(GroupOperatorTest, RandomChangesAreThoseOfTheReference) {
  Random random(std::random_device{}());
  for (const bool updates : {false, true}) {
    for (const auto& keys : std::vector<std::vector<std::string>>{{"shop"}, {"room", "shop"}, {}}) {
      for (int i = 0; i < 3; ++i) {
        ASSERT_NO_FATAL_FAILURE(
            expect_as_the_reference({keys, sale_aggregates(true)}, updates, random()));
      }
      if (keys.empty()) continue;
      ASSERT_NO_FATAL_FAILURE(expect_as_the_reference({keys, {}}, updates, random()));
    }
  }
}

}  // namespace
}  // namespace dataflow::engine
