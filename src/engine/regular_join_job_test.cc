// Joins without windows in whole jobs, held against join_reference.h: run at one go, killed and
// restored with checkpoints in between, restored at other parallelisms, and with the input cut
// otherwise. Rows of both inputs are replaced by later ones of the same id, which a deduplication
// in front says as -U and +U; in bounded jobs they only come.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "changelog.h"
#include "engine/four_ways.h"
#include "join_reference.h"
#include "plan/plan.h"

namespace dataflow::engine {
namespace {

using plan::JoinKind;
using Random = std::mt19937_64;
using Row = std::vector<Value>;

constexpr JoinKind kKinds[] = {JoinKind::kInner, JoinKind::kLeft, JoinKind::kRight,
                               JoinKind::kFull,  JoinKind::kSemi, JoinKind::kAnti};

SchemaPtr input_schema() {
  return std::make_shared<Schema>(std::vector<Field>{{"id", Type::int64()},
                                                     {"k", Type::string()},
                                                     {"n", Type::int64()},
                                                     {"ts", Type::timestamp(3)}});
}

int64_t below(Random& random, int64_t limit) {
  return static_cast<int64_t>(random() % static_cast<uint64_t>(limit));
}

class RegularJoinJobTest : public testing::Test {
 protected:
  // Of so many ids on each side, in two splits each. What stands at the end: of each id the latest,
  // or all rows.
  void fill_tables(Random& random, int64_t count, int64_t ids, bool latest) {
    for (const size_t side : {0, 1}) {
      auto table = std::make_shared<MemoryTable>(input_schema(), 2);
      std::map<int64_t, Row> last;
      standing_[side].clear();
      for (int64_t i = 0; i < count; ++i) {
        const int64_t id = below(random, ids);
        const Value k = below(random, 12) == 0
                            ? Value::null(Type::string())
                            : Value::string("key " + std::to_string(below(random, 25)));
        const Row row = {Value::int64(id), k, Value::int64(below(random, 10)),
                         Value::integer(Type::timestamp(3), i)};
        table->add(random() % 2, row);
        last[id] = row;
        if (!latest) standing_[side].push_back(row);
      }
      table->finish();
      bed_.connectors().tables[side == 0 ? "a" : "b"] = table;
      for (const auto& [id, row] : last) {
        if (latest) standing_[side].push_back(row);
      }
    }
  }

  static plan::Plan plan_of(const plan::JoinSpec& spec, bool bounded) {
    plan::Plan plan;
    plan.name = "joins";
    plan.job.checkpoint_interval_ms = 1;
    plan.job.bounded = bounded;
    std::vector<plan::Input> inputs;
    for (const std::string name : {"a", "b"}) {
      plan::SourceSpec source{"memory", {{"table", name}}, "raw", {}, input_schema()};
      source.watermark = plan::WatermarkSpec{"ts", 1000};
      plan.nodes.push_back({name, {}, source});
      inputs.push_back({name});
      if (bounded) continue;
      plan::DeduplicateSpec latest{{"id"}, "ts", true};
      plan.nodes.push_back({name + "_latest", {{name}}, latest});
      inputs.back() = {name + "_latest"};
    }
    plan.nodes.push_back({"joined", inputs, spec});
    plan.nodes.push_back(
        {"out", {{"joined"}}, plan::SinkSpec{"memory", {{"result", "out"}}, "raw"}});
    const Status valid = plan::validate(plan);
    EXPECT_TRUE(valid.ok()) << valid;
    return plan;
  }

  void expect_as_the_reference(const plan::JoinSpec& spec, bool bounded, Random& random,
                               const JoinCondition& condition) {
    SCOPED_TRACE("kind " + std::to_string(static_cast<int>(spec.kind)));
    const plan::Plan plan = plan_of(spec, bounded);
    const plan::Node& node = *plan.find("joined");
    const std::vector<std::string> expected =
        reference_join(std::get<plan::JoinSpec>(node.spec), *input_schema(), *input_schema(),
                       *node.schema, standing_[0], standing_[1], condition);
    for (const Way& way : kWays) {
      SCOPED_TRACE(way.name);
      const Status ended = bed_.run(plan, way, random);
      ASSERT_TRUE(ended.ok()) << ended;
      const std::vector<std::string> changes = bed_.connectors().results.at("out")->rows();
      const bool adds = std::ranges::all_of(changes, [](auto& row) { return row[1] == 'I'; });
      ASSERT_TRUE(!bounded || adds);
      const auto stands = standing_rows(changes);
      ASSERT_TRUE(stands.ok()) << stands.status();
      ASSERT_EQ(*stands, expected);
    }
  }

  std::vector<Row> standing_[2];
  FourWays bed_{testing::TempDir() + "regular_join_test_" + std::to_string(getpid()) + "_" +
                    testing::UnitTest::GetInstance()->current_test_info()->name(),
                64};
};

const JoinCondition kLess = [](const auto& left, const auto& right) {
  return left[2].as_int() < right[2].as_int();
};

plan::JoinSpec spec_of(JoinKind kind, bool condition, const std::vector<std::string>& keys) {
  plan::JoinSpec spec;
  spec.kind = kind;
  spec.left_keys = spec.right_keys = keys;
  if (condition) spec.condition = *expr::parse_expression("n < n0");
  return spec;
}

TEST_F(RegularJoinJobTest, WhatStandsAtTheEndIsThatOfTheReference) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (const JoinKind kind : kKinds) {
    for (const bool condition : {false, true}) {
      fill_tables(random, 400, 60, true);
      expect_as_the_reference(spec_of(kind, condition, {"k"}), false, random,
                              condition ? kLess : nullptr);
      if (HasFatalFailure()) return;
    }
  }
}

TEST_F(RegularJoinJobTest, WithoutKeysOneTaskHasAllRows) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (const JoinKind kind : kKinds) {
    fill_tables(random, 60, 12, true);
    expect_as_the_reference(spec_of(kind, true, {}), false, random, kLess);
    if (HasFatalFailure()) return;
  }
}

TEST_F(RegularJoinJobTest, ABoundedJobEndsAsTheReferenceAndOnlyAdds) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (const JoinKind kind : kKinds) {
    for (const bool condition : {false, true}) {
      fill_tables(random, 200, 1000, false);
      expect_as_the_reference(spec_of(kind, condition, {"k"}), true, random,
                              condition ? kLess : nullptr);
      if (HasFatalFailure()) return;
    }
  }
}

}  // namespace
}  // namespace dataflow::engine
