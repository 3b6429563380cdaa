// Group aggregation in whole jobs, four ways against a row-by-row reference: over rows that are
// only added, over updates, over other groups, and in bounded jobs.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "changelog.h"
#include "engine/four_ways.h"
#include "group_reference.h"

namespace dataflow::engine {
namespace {

using Random = std::mt19937_64;
using Row = std::vector<Value>;

int64_t below(Random& random, int64_t limit) {
  return static_cast<int64_t>(random() % static_cast<uint64_t>(limit));
}

std::vector<Row> random_sales(Random& random, int64_t count) {
  std::vector<Row> rows;
  for (int64_t i = 0; i < count; ++i) rows.push_back(random_sale(random, below(random, 60)));
  return rows;
}

class GroupTest : public testing::Test {
 protected:
  static plan::Plan plan_of_sales(bool bounded) {
    plan::Plan plan;
    plan.name = "groups";
    plan.job.checkpoint_interval_ms = 1;
    plan.job.bounded = bounded;
    plan.nodes.push_back(
        {"sales", {}, plan::SourceSpec{"memory", {{"table", "sales"}}, "raw", {}, sale_schema()}});
    return plan;
  }
  static void write_to(plan::Plan& plan, const std::string& from) {
    plan.nodes.push_back({"out", {{from}}, plan::SinkSpec{"memory", {{"result", "out"}}, "raw"}});
    const Status valid = plan::validate(plan);
    ASSERT_TRUE(valid.ok()) << valid;
  }
  // The last sale of each id.
  static plan::DeduplicateSpec last_by_id() {
    plan::DeduplicateSpec spec;
    spec.keys = {"id"};
    spec.keep_last = true;
    return spec;
  }
  static GroupReference reference_of(const plan::Plan& plan, const std::string& node) {
    const plan::Node& group = *plan.find(node);
    return {std::get<plan::GroupSpec>(group.spec), schema_of(plan, group.inputs[0]), group.schema};
  }

  void set_sales(const std::vector<Row>& rows) {
    auto table = std::make_shared<MemoryTable>(sale_schema(), 1);
    for (const Row& row : rows) table->add(0, row);
    table->finish();
    bed_.connectors().tables["sales"] = table;
  }
  // What stands at the end, however the job is run.
  void expect_standing(const plan::Plan& plan, const std::vector<std::string>& expected,
                       Random& random) {
    for (const Way& way : kWays) {
      SCOPED_TRACE(way.name);
      const Status ran = bed_.run(plan, way, random);
      ASSERT_TRUE(ran.ok()) << ran;
      const std::vector<std::string> changes = changes_of("out");
      const Status pairs = check_pairs(changes);
      ASSERT_TRUE(pairs.ok()) << pairs;
      const auto standing = standing_rows(changes);
      ASSERT_TRUE(standing.ok()) << standing.status();
      ASSERT_EQ(*standing, expected);
      if (!plan.job.bounded) continue;
      ASSERT_EQ(changes.size(), expected.size());  // each row once
    }
  }
  std::vector<std::string> changes_of(const std::string& result) {
    const auto found = bed_.connectors().results.find(result);
    return found == bed_.connectors().results.end() ? std::vector<std::string>()
                                                    : found->second->rows();
  }

  FourWays bed_{testing::TempDir() + "group_test_" + std::to_string(getpid()) + "_" +
                    testing::UnitTest::GetInstance()->current_test_info()->name(),
                64};
};

TEST_F(GroupTest, OfAddedRowsAreThoseOfTheReference) {
  Random random(std::random_device{}());
  for (const auto& keys : std::vector<std::vector<std::string>>{{"shop"}, {"room", "shop"}, {}}) {
    for (const bool bounded : {false, true}) {
      const uint64_t seed = random();
      SCOPED_TRACE("seed " + std::to_string(seed) + ", keys " + std::to_string(keys.size()) +
                   (bounded ? ", bounded" : ""));
      Random of_seed(seed);
      const std::vector<Row> sales = random_sales(of_seed, 400);
      set_sales(sales);
      plan::Plan plan = plan_of_sales(bounded);
      plan.nodes.push_back({"groups", {{"sales"}}, plan::GroupSpec{keys, sale_aggregates(true)}});
      ASSERT_NO_FATAL_FAILURE(write_to(plan, "groups"));
      GroupReference reference = reference_of(plan, "groups");
      for (const Row& row : sales) reference.add(row);
      ASSERT_NO_FATAL_FAILURE(expect_standing(plan, reference.rows(), of_seed));
    }
  }
}

// The last row of each id takes the place of the one before it, mostly in another group.
TEST_F(GroupTest, OfUpdatesAreThoseOfTheReference) {
  Random random(std::random_device{}());
  const std::vector<std::vector<std::string>> all_keys = {{"shop"}, {"room", "shop"}, {}, {"room"}};
  for (const auto& keys : all_keys) {
    const uint64_t seed = random();
    const bool bounded = keys.size() == 1 && keys[0] == "room";
    SCOPED_TRACE("seed " + std::to_string(seed) + ", keys " + std::to_string(keys.size()) +
                 (bounded ? ", bounded" : ""));
    Random of_seed(seed);
    const std::vector<Row> sales = random_sales(of_seed, 400);
    set_sales(sales);
    plan::Plan plan = plan_of_sales(bounded);
    plan.nodes.push_back({"last", {{"sales"}}, last_by_id()});
    // Rows of several tasks come in any order.
    plan.nodes.push_back({"groups", {{"last"}}, plan::GroupSpec{keys, sale_aggregates(false)}});
    ASSERT_NO_FATAL_FAILURE(write_to(plan, "groups"));
    GroupReference reference = reference_of(plan, "groups");
    std::map<int64_t, Row> last;
    for (const Row& row : sales) last[row[0].as_int()] = row;
    for (const auto& [id, row] : last) reference.add(row);
    ASSERT_NO_FATAL_FAILURE(expect_standing(plan, reference.rows(), of_seed));
  }
}

// How many shops have so many sales of a day; and which numbers there are.
TEST_F(GroupTest, OfGroupsAreThoseOfTheReference) {
  Random random(std::random_device{}());
  for (const bool bounded : {false, true}) {
    const uint64_t seed = random();
    SCOPED_TRACE("seed " + std::to_string(seed) + (bounded ? ", bounded" : ""));
    Random of_seed(seed);
    const std::vector<Row> sales = random_sales(of_seed, 600);
    set_sales(sales);
    plan::Plan plan = plan_of_sales(bounded);
    plan.nodes.push_back({"by_shop",
                          {{"sales"}},
                          plan::GroupSpec{{"shop", "day"},
                                          {aggregate_of("COUNT", "", "sold"),
                                           aggregate_of("MAX", "word", "word")}}});
    plan.nodes.push_back(
        {"by_sold",
         {{"by_shop"}},
         plan::GroupSpec{{"sold"},
                         {aggregate_of("COUNT", "", "shops"), aggregate_of("MAX", "shop", "shop"),
                          aggregate_of("COUNT", "word", "words", true)}}});
    plan.nodes.push_back({"numbers", {{"by_sold"}}, plan::GroupSpec{{"shops"}, {}}});
    plan.nodes.push_back(
        {"which", {{"numbers"}}, plan::SinkSpec{"memory", {{"result", "which"}}, "raw"}});
    ASSERT_NO_FATAL_FAILURE(write_to(plan, "by_sold"));
    std::map<std::string, std::vector<const Row*>> by_shop;
    for (const Row& row : sales) {
      by_shop[row[1].to_string() + (row[1].is_null() ? "N" : "V") + row[9].to_string()].push_back(
          &row);
    }
    GroupReference by_sold = reference_of(plan, "by_sold");
    const Schema& between = *plan.find("by_shop")->schema;
    for (const auto& [key, rows] : by_shop) {
      Value word = Value::null(between[3].type);
      for (const Row* row : rows) {
        const Value& other = (*row)[7];
        if (other.is_null()) continue;
        if (word.is_null() || word.as_text() < other.as_text()) word = other;
      }
      by_sold.add({rows[0]->at(1), rows[0]->at(9), Value::int64(std::ssize(rows)), word});
    }
    ASSERT_NO_FATAL_FAILURE(expect_standing(plan, by_sold.rows(), of_seed));
    std::vector<std::string> which;
    for (const std::string& row : by_sold.rows()) {
      const size_t at = row.find("shops=");
      which.push_back("{" + row.substr(at, row.find(',', at) - at) + "}");
    }
    std::ranges::sort(which);
    const auto repeated = std::ranges::unique(which);
    which.erase(repeated.begin(), repeated.end());
    EXPECT_EQ(*standing_rows(changes_of("which")), which);
  }
}

TEST_F(GroupTest, ABoundedJobOverNoRowsGivesTheOneGroupWithoutKeys) {
  Random random(3);
  set_sales({});
  plan::Plan plan = plan_of_sales(true);
  plan.nodes.push_back(
      {"all",
       {{"sales"}},
       plan::GroupSpec{{}, {aggregate_of("COUNT", "", "c"), aggregate_of("MAX", "n", "m")}}});
  ASSERT_NO_FATAL_FAILURE(write_to(plan, "all"));
  ASSERT_NO_FATAL_FAILURE(expect_standing(plan, {"{c=0, m=NULL}"}, random));
}

}  // namespace
}  // namespace dataflow::engine
