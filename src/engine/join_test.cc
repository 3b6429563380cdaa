// Joins in time in whole jobs of two sources, held against join_reference.h: run at one go, killed
// and restored with checkpoints in between, restored at other parallelisms, and with the input cut
// otherwise. Which rows are late hangs on how two sources run beside each other; so here none is
// later than is allowed.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "engine/four_ways.h"
#include "join_reference.h"
#include "plan/plan.h"

namespace dataflow::engine {
namespace {

using plan::JoinKind;
using Random = std::mt19937_64;

constexpr int64_t kStretch = 64;  // rows of a split between two watermarks
constexpr int64_t kDelayMs = 100;
constexpr JoinKind kKinds[] = {JoinKind::kInner, JoinKind::kLeft, JoinKind::kRight,
                               JoinKind::kFull,  JoinKind::kSemi, JoinKind::kAnti};

SchemaPtr bid_schema() {
  return std::make_shared<Schema>(std::vector<Field>{{"item", Type::string()},
                                                     {"price", Type::decimal(10, 2)},
                                                     {"ts", Type::timestamp(3)},
                                                     {"bidder", Type::int64()}});
}

SchemaPtr offer_schema() {
  return std::make_shared<Schema>(std::vector<Field>{
      {"at", Type::timestamp_tz(6)}, {"item", Type::string()}, {"least", Type::decimal(10, 2)}});
}

int64_t below(Random& random, int64_t limit) {
  return static_cast<int64_t>(random() % static_cast<uint64_t>(limit));
}

std::vector<Value> random_row(Random& random, size_t side, int64_t ms) {
  Value item = below(random, 20) == 0 ? Value::null(Type::string())
                                      : Value::string("item_" + std::to_string(below(random, 9)));
  Value price = Value::decimal(Type::decimal(10, 2), below(random, 1000));
  if (side == 1) {
    return {Value::integer(Type::timestamp_tz(6), ms * 1000 + below(random, 1000)), item, price};
  }
  return {item, price, Value::integer(Type::timestamp(3), ms), Value::int64(below(random, 5))};
}

class JoinTest : public testing::Test {
 protected:
  // Rows of both sides in two splits each, disordered by at most `disorder_ms`.
  std::vector<JoinEvent> fill_tables(Random& random, int64_t count, int64_t disorder_ms) {
    std::vector<JoinEvent> events;
    std::shared_ptr<MemoryTable> tables[] = {std::make_shared<MemoryTable>(bid_schema(), 2),
                                             std::make_shared<MemoryTable>(offer_schema(), 2)};
    for (int64_t i = 0; i < count; ++i) {
      const size_t side = random() % 2;
      events.push_back({side, random_row(random, side, 5 * i + below(random, disorder_ms))});
      tables[side]->add(random() % 2, events.back().row);
    }
    for (const size_t side : {0, 1}) {
      tables[side]->finish();
      bed_.connectors().tables[side == 0 ? "bids" : "offers"] = tables[side];
    }
    return events;
  }

  template <class Spec>
  static plan::Plan plan_of(Spec spec) {
    plan::Plan plan;
    plan.name = "joins";
    plan.job.checkpoint_interval_ms = 1;
    plan::SourceSpec bids{"memory", {{"table", "bids"}}, "raw", {}, bid_schema()};
    bids.watermark = plan::WatermarkSpec{"ts", kDelayMs};
    plan::SourceSpec offers{"memory", {{"table", "offers"}}, "raw", {}, offer_schema()};
    offers.watermark = plan::WatermarkSpec{"at", kDelayMs};
    plan.nodes.push_back({"bids", {}, bids});
    plan.nodes.push_back({"offers", {}, offers});
    spec.left_keys = spec.right_keys = {"item"};
    plan.nodes.push_back({"joined", {{"bids"}, {"offers"}}, std::move(spec)});
    plan.nodes.push_back(
        {"out", {{"joined"}}, plan::SinkSpec{"memory", {{"result", "out"}}, "raw"}});
    const Status valid = plan::validate(plan);
    EXPECT_TRUE(valid.ok()) << valid;
    return plan;
  }

  // Instead of the rows themselves: how many there are of each bidder in each second.
  static void put_counts_behind(plan::Plan& plan) {
    plan.nodes.pop_back();
    plan::WindowSpec counts;
    counts.size_ms = 1000;
    counts.keys = {"bidder"};
    counts.aggregates = {{"COUNT", nullptr, false, nullptr, "n"}};
    plan.nodes.push_back({"counts", {{"joined"}}, counts});
    plan.nodes.push_back(
        {"out", {{"counts"}}, plan::SinkSpec{"memory", {{"result", "out"}}, "raw"}});
    const Status valid = plan::validate(plan);
    EXPECT_TRUE(valid.ok()) << valid;
  }

  void run(const plan::Plan& plan, const Way& way, Random& random) {
    const Status ended = bed_.run(plan, way, random);
    ASSERT_TRUE(ended.ok()) << ended;
    const auto late = bed_.dead_letters().find("late");
    EXPECT_TRUE(late == bed_.dead_letters().end() || late->second == 0);
  }

  template <class Spec, class... Condition>
  void expect_as_the_reference(const Spec& spec, const std::vector<JoinEvent>& events,
                               Random& random, const Condition&... condition) {
    SCOPED_TRACE("kind " + std::to_string(static_cast<int>(spec.kind)));
    const plan::Plan plan = plan_of(spec);
    const plan::Node& node = *plan.find("joined");
    const JoinResult expected = reference_join(std::get<Spec>(node.spec), *bid_schema(),
                                               *offer_schema(), *node.schema, events, condition...);
    ASSERT_FALSE(expected.rows.empty());
    for (const Way& way : kWays) {
      SCOPED_TRACE(way.name);
      ASSERT_NO_FATAL_FAILURE(run(plan, way, random));
      ASSERT_EQ(rows_that_stand(bed_.connectors().results.at("out")->rows()), expected.rows);
    }
  }

  FourWays bed_{testing::TempDir() + "join_test_" + std::to_string(getpid()) + "_" +
                    testing::UnitTest::GetInstance()->current_test_info()->name(),
                kStretch};
};

TEST_F(JoinTest, WindowsAreThoseOfTheReference) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (const JoinKind kind : kKinds) {
    const std::vector<JoinEvent> events = fill_tables(random, 400, kDelayMs);
    plan::WindowJoinSpec spec;
    spec.kind = kind;
    spec.size_ms = 20 + below(random, 400);
    expect_as_the_reference(spec, events, random);
    if (HasFatalFailure()) return;
  }
}

// Late rows, but none later than is allowed: each run sees others late, and all end alike.
TEST_F(JoinTest, WindowsWithLateRowsEndAsThoseOfTheReference) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (const JoinKind kind : kKinds) {
    const std::vector<JoinEvent> events = fill_tables(random, 400, kDelayMs + 400);
    plan::WindowJoinSpec spec;
    spec.kind = kind;
    spec.size_ms = 20 + below(random, 200);
    spec.allowed_lateness_ms = 400;
    expect_as_the_reference(spec, events, random);
    if (HasFatalFailure()) return;
  }
}

TEST_F(JoinTest, IntervalsAreThoseOfTheReference) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  const JoinCondition enough = [](const auto& bid, const auto& offer) {
    return bid[1].as_decimal() >= offer[2].as_decimal();
  };
  for (const JoinKind kind : kKinds) {
    for (const bool condition : {false, true}) {
      const std::vector<JoinEvent> events = fill_tables(random, 400, kDelayMs);
      plan::IntervalJoinSpec spec;
      spec.kind = kind;
      spec.lower_ms = below(random, 300) - 200;
      spec.upper_ms = spec.lower_ms + 20 + below(random, 300);
      if (condition) spec.condition = *expr::parse_expression("price >= least");
      expect_as_the_reference(spec, events, random, condition ? enough : nullptr);
      if (HasFatalFailure()) return;
    }
  }
}

// What follows is told of time as late as rows may still come, so that nothing is late there.
TEST_F(JoinTest, LateResultsOfAJoinOfWindowsAreOnTimeForAWindowBehindIt) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (const JoinKind kind : {JoinKind::kInner, JoinKind::kSemi}) {
    const std::vector<JoinEvent> events = fill_tables(random, 400, kDelayMs + 400);
    plan::WindowJoinSpec spec;
    spec.kind = kind;
    spec.size_ms = 20 + below(random, 200);
    spec.allowed_lateness_ms = 400;
    plan::Plan plan = plan_of(spec);
    const plan::Node& node = *plan.find("joined");
    const size_t expected = reference_join(std::get<plan::WindowJoinSpec>(node.spec), *bid_schema(),
                                           *offer_schema(), *node.schema, events)
                                .rows.size();
    put_counts_behind(plan);
    for (const Way& way : kWays) {
      SCOPED_TRACE(way.name);
      ASSERT_NO_FATAL_FAILURE(run(plan, way, random));
      size_t counted = 0;
      for (const std::string& row : bed_.connectors().results.at("out")->rows()) {
        counted += std::stoul(row.substr(row.find("n=") + 2));
      }
      ASSERT_EQ(counted, expected);
    }
  }
}

// More pairs than leave at once, on to another stage: the join breaks off and goes on as that has
// room, and the watermark waits for the last of them.
TEST_F(JoinTest, AHotKeyIsCountedWhole) {
  constexpr int64_t kRows = 300;
  auto bids = std::make_shared<MemoryTable>(bid_schema(), 1);
  auto offers = std::make_shared<MemoryTable>(offer_schema(), 1);
  const Value price = Value::decimal(Type::decimal(10, 2), 100);
  for (int64_t i = 0; i < kRows; ++i) {
    bids->add(0, {Value::string("hot"), price, Value::integer(Type::timestamp(3), i),
                  Value::int64(i % 5)});
    offers->add(0, {Value::integer(Type::timestamp_tz(6), i * 1000), Value::string("hot"), price});
  }
  bids->finish();
  offers->finish();
  bed_.connectors().tables = {{"bids", bids}, {"offers", offers}};
  plan::IntervalJoinSpec interval;
  interval.lower_ms = -1000;
  interval.upper_ms = 1000;
  plan::WindowJoinSpec window;
  window.size_ms = 1000;
  for (const bool of_windows : {true, false}) {
    SCOPED_TRACE(of_windows);
    plan::Plan plan = of_windows ? plan_of(window) : plan_of(interval);
    put_counts_behind(plan);
    Random random(1);
    ASSERT_NO_FATAL_FAILURE(run(plan, kWays[0], random));
    const std::vector<std::string> rows = bed_.connectors().results.at("out")->rows();
    EXPECT_EQ(rows.size(), 5U);
    for (const std::string& row : rows) {
      EXPECT_NE(row.find("n=" + std::to_string(kRows * kRows / 5)), std::string::npos) << row;
    }
  }
}

}  // namespace
}  // namespace dataflow::engine
