// Ranks in whole jobs, four ways: what stands at the end is what the reference sorts.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "changelog.h"
#include "engine/four_ways.h"
#include "rank_reference.h"

namespace dataflow::engine {
namespace {

using plan::RankSpec;
using Random = std::mt19937_64;

constexpr int64_t kStretch = 64;

class RankTest : public testing::Test {
 protected:
  RankTest() : bed_(testing::TempDir() + "rank_test_" + std::to_string(getpid()), kStretch) {}

  int64_t below(int64_t limit) {
    return static_cast<int64_t>(random_() % static_cast<uint64_t>(limit));
  }
  // Prints it where something fails; what is random comes from it.
  std::string begin_round() {
    const uint64_t seed = seeds_();
    random_.seed(seed);
    return "seed " + std::to_string(seed);
  }
  std::vector<RankRow> put_rows(int64_t count) {
    std::vector<RankRow> rows;
    for (int64_t id = 0; id < count; ++id) {
      RankRow row = random_rank_row(random_, id);
      // Windows that overlap in time, and none is late.
      row[7] = Value::integer(Type::timestamp(3), 1000 * (id / 40 + below(3)));
      rows.push_back(std::move(row));
    }
    auto table = std::make_shared<MemoryTable>(rank_schema(), 1);
    for (const RankRow& row : rows) table->add(0, row);
    table->finish();
    bed_.connectors().tables["rows"] = table;
    return rows;
  }
  RankSpec random_spec() {
    RankSpec spec;
    if (below(4) > 0) spec.keys = {"k"};
    if (below(3) == 0) spec.keys.push_back("j");
    spec.order = random_rank_order(random_);
    spec.first = below(3) == 0 ? 1 + below(5) : 1;
    spec.last = below(3) == 0 ? 0 : spec.first + below(8);
    if (below(2) == 0) spec.number = "place";
    return spec;
  }
  void run(const plan::Plan& plan, const Way& way) {
    const Status ran = bed_.run(plan, way, random_);
    ASSERT_TRUE(ran.ok()) << ran;
  }
  std::vector<std::string> changes(const std::string& result = "out") {
    const auto found = bed_.connectors().results.find(result);
    return found == bed_.connectors().results.end() ? std::vector<std::string>()
                                                    : found->second->rows();
  }

  FourWays bed_;
  Random random_;

 private:
  Random seeds_{std::random_device{}()};
};

plan::Plan begin_plan() {
  plan::Plan plan;
  plan.name = "ranks";
  plan.job.checkpoint_interval_ms = 1;
  plan::SourceSpec source{"memory", {{"table", "rows"}}, "raw", {}, rank_schema()};
  source.watermark = plan::WatermarkSpec{"at", 4000};
  plan.nodes.push_back({"rows", {}, source});
  return plan;
}

void add_rank(plan::Plan& plan, const std::string& from, RankSpec spec) {
  plan.nodes.push_back({"best", {{from}}, std::move(spec)});
  plan.nodes.push_back({"out", {{"best"}}, plan::SinkSpec{"memory", {{"result", "out"}}, "raw"}});
  const Status valid = plan::validate(plan);
  ASSERT_TRUE(valid.ok()) << valid;
}

std::vector<std::string> sorted(std::vector<std::string> rows) {
  std::ranges::sort(rows);
  return rows;
}

// Without what stands before a row.
std::vector<std::string> texts(std::vector<std::string> rows) {
  for (std::string& row : rows) row = row.substr(row.find('{'));
  return rows;
}

// What came out as +I and nothing else, in its order.
std::vector<std::string> only_added(const std::vector<std::string>& changes) {
  std::vector<std::string> rows;
  for (const std::string& change : changes) {
    EXPECT_TRUE(change.starts_with("+I ")) << change;
    rows.push_back(change.substr(3));
  }
  return rows;
}

TEST_F(RankTest, OfRowsThatOnlyCome) {
  for (int round = 0; round < 4; ++round) {
    SCOPED_TRACE(begin_round());
    const std::vector<RankRow> rows = put_rows(500);
    const RankSpec spec = random_spec();
    plan::Plan plan = begin_plan();
    ASSERT_NO_FATAL_FAILURE(add_rank(plan, "rows", spec));
    const std::vector<std::string> expected = sorted(ranked_rows(rank_schema(), spec, rows));
    for (const Way& way : kWays) {
      SCOPED_TRACE(way.name);
      ASSERT_NO_FATAL_FAILURE(run(plan, way));
      const auto stands = standing_rows(changes());
      ASSERT_TRUE(stands.ok()) << stands.status();
      ASSERT_EQ(texts(*stands), expected);
    }
  }
}

// The last row of each word and amount: others are taken back now and then.
TEST_F(RankTest, OfRowsThatAreTakenBack) {
  for (int round = 0; round < 4; ++round) {
    SCOPED_TRACE(begin_round());
    std::map<std::string, RankRow> last;
    for (const RankRow& row : put_rows(500)) {
      last[row[6].to_string() + "|" + row[4].to_string()] = row;
    }
    std::vector<RankRow> rows;
    for (const auto& [key, row] : last) rows.push_back(row);
    RankSpec spec = random_spec();
    // Rows of different tasks come in no order.
    spec.order.push_back({"id"});
    plan::Plan plan = begin_plan();
    plan::DeduplicateSpec once;
    once.keys = {"word", "amount"};
    once.keep_last = true;
    plan.nodes.push_back({"once", {{"rows"}}, once});
    ASSERT_NO_FATAL_FAILURE(add_rank(plan, "once", spec));
    const std::vector<std::string> expected = sorted(ranked_rows(rank_schema(), spec, rows));
    for (const Way& way : kWays) {
      SCOPED_TRACE(way.name);
      ASSERT_NO_FATAL_FAILURE(run(plan, way));
      const auto stands = standing_rows(changes());
      ASSERT_TRUE(stands.ok()) << stands.status();
      ASSERT_EQ(texts(*stands), expected);
    }
  }
}

TEST_F(RankTest, ByWindow) {
  for (int round = 0; round < 4; ++round) {
    SCOPED_TRACE(begin_round());
    const std::vector<RankRow> rows = put_rows(500);
    RankSpec spec = random_spec();
    spec.keys.push_back("at");
    spec.by_window = true;
    plan::Plan plan = begin_plan();
    ASSERT_NO_FATAL_FAILURE(add_rank(plan, "rows", spec));
    const std::vector<std::string> expected = sorted(ranked_rows(rank_schema(), spec, rows));
    for (const Way& way : kWays) {
      SCOPED_TRACE(way.name);
      ASSERT_NO_FATAL_FAILURE(run(plan, way));
      ASSERT_EQ(sorted(only_added(changes())), expected);
    }
  }
}

std::string field_of(const std::string& row, const std::string& name) {
  const size_t begin = row.find(name + "=") + name.size() + 1;
  return row.substr(begin, row.find_first_of(",}", begin) - begin);
}

TEST_F(RankTest, TheGreatestGroupOfEachWindow) {
  SCOPED_TRACE(begin_round());
  put_rows(600);
  plan::WindowSpec windows;
  windows.size_ms = 2000;
  windows.keys = {"k"};
  windows.aggregates = {{"COUNT", nullptr, false, nullptr, "rows"}};
  plan::Plan plan = begin_plan();
  plan.nodes.push_back({"windows", {{"rows"}}, windows});
  plan.nodes.push_back(
      {"all", {{"windows"}}, plan::SinkSpec{"memory", {{"result", "all"}}, "raw"}});
  RankSpec spec;
  spec.keys = {"window_start", "window_end"};
  spec.order = {{"rows", true}, {"k", false, true}};
  spec.last = 1;
  spec.by_window = true;
  ASSERT_NO_FATAL_FAILURE(add_rank(plan, "windows", spec));
  for (const Way& way : kWays) {
    SCOPED_TRACE(way.name);
    ASSERT_NO_FATAL_FAILURE(run(plan, way));
    std::map<std::string, std::string> greatest;
    for (const std::string& row : only_added(changes("all"))) {
      std::string& best = greatest[field_of(row, "window_start")];
      const auto key_of = [](const std::string& of) {
        const std::string k = field_of(of, "k");
        return std::pair(-std::stoll(field_of(of, "rows")), k == "NULL" ? "" : k);
      };
      if (best.empty() || key_of(row) < key_of(best)) best = row;
    }
    std::vector<std::string> expected;
    for (const auto& [window, row] : greatest) expected.push_back(row);
    EXPECT_GT(expected.size(), 1U);
    ASSERT_EQ(sorted(only_added(changes())), sorted(expected));
  }
}

TEST_F(RankTest, OfABoundedJobInItsOrder) {
  for (int round = 0; round < 4; ++round) {
    SCOPED_TRACE(begin_round());
    const std::vector<RankRow> rows = put_rows(500);
    RankSpec spec = random_spec();
    if (round % 2 == 0) spec.keys.clear();
    plan::Plan plan = begin_plan();
    plan.job.bounded = true;
    ASSERT_NO_FATAL_FAILURE(add_rank(plan, "rows", spec));
    const std::vector<std::string> expected = ranked_rows(rank_schema(), spec, rows);
    for (const Way& way : kWays) {
      SCOPED_TRACE(way.name);
      ASSERT_NO_FATAL_FAILURE(run(plan, way));
      const std::vector<std::string> came = only_added(changes());
      if (spec.keys.empty()) {
        ASSERT_EQ(came, expected);
      } else {
        ASSERT_EQ(sorted(came), sorted(expected));
      }
    }
  }
}

}  // namespace
}  // namespace dataflow::engine
