// Joins without windows as single operators: after every batch what stands of the output is what
// join_reference.h makes of the rows that stand on both sides.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "changelog.h"
#include "engine/memory_connectors.h"
#include "expr/expression.h"
#include "join_reference.h"
#include "operator_bed.h"
#include "operators.h"

namespace dataflow::engine {
namespace {

using plan::JoinKind;
using Random = std::mt19937_64;
using Row = std::vector<Value>;

constexpr JoinKind kKinds[] = {JoinKind::kInner, JoinKind::kLeft, JoinKind::kRight,
                               JoinKind::kFull,  JoinKind::kSemi, JoinKind::kAnti};

// One side is as good as the other, but for its names and where its key stands.
SchemaPtr schema_of_side(size_t side) {
  if (side == 0) {
    return std::make_shared<Schema>(
        std::vector<Field>{{"k", Type::string()}, {"j", Type::int32()}, {"v", Type::int64()}});
  }
  return std::make_shared<Schema>(
      std::vector<Field>{{"w", Type::int64()}, {"k", Type::string()}, {"j", Type::int32()}});
}

int64_t below(Random& random, int64_t limit) {
  return static_cast<int64_t>(random() % static_cast<uint64_t>(limit));
}

Row row_of_side(size_t side, Value k, Value j, Value n) {
  return side == 0 ? Row{std::move(k), std::move(j), std::move(n)}
                   : Row{std::move(n), std::move(k), std::move(j)};
}

Row row_of_side(size_t side, const std::string& k, int64_t n) {
  return row_of_side(side, Value::string(k), Value::integer(Type::int32(), 0), Value::int64(n));
}

// Of few values, so that equal rows come.
Row random_row(Random& random, size_t side) {
  const auto or_null = [&](Value value) {
    return below(random, 10) == 0 ? Value::null(value.type()) : value;
  };
  return row_of_side(side, or_null(Value::string("key " + std::to_string(below(random, 3)))),
                     or_null(Value::integer(Type::int32(), below(random, 2))),
                     or_null(Value::int64(below(random, 4))));
}

struct Change {
  size_t side;
  RowKind kind;
  Row row;
};

// Takes part in what stands: false if it takes back what does not.
bool take_part(const Change& change, std::vector<Row>& standing) {
  if (change.kind == RowKind::kInsert || change.kind == RowKind::kUpdateAfter) {
    standing.push_back(change.row);
    return true;
  }
  const auto found = std::ranges::find(standing, change.row);
  if (found == standing.end()) return false;
  standing.erase(found);
  return true;
}

// Both sides grow to some rows, and then as many go as come.
std::vector<Change> random_changes(Random& random, int64_t count, bool only_adds) {
  std::vector<Change> changes;
  std::vector<Row> standing[2];
  const auto put = [&](Change change) {
    ASSERT_TRUE(take_part(change, standing[change.side]));
    changes.push_back(std::move(change));
  };
  size_t side = 0;
  while (std::ssize(changes) < count) {
    if (below(random, 4) == 0) side = random() % 2;
    std::vector<Row>& rows = standing[side];
    const bool takes = !only_adds && below(random, 16) < std::ssize(rows);
    if (!takes) {
      put({side, RowKind::kInsert, random_row(random, side)});
      continue;
    }
    const Row old = rows[random() % rows.size()];
    const bool replaces = below(random, 2) == 0;
    put({side, replaces ? RowKind::kUpdateBefore : RowKind::kDelete, old});
    if (!replaces) continue;
    // Often the key stays.
    Row row = random_row(random, side);
    if (below(random, 3) != 0) {
      row = old;
      row[side == 0 ? 2 : 0] = Value::int64(below(random, 4));
    }
    put({side, RowKind::kUpdateAfter, std::move(row)});
  }
  return changes;
}

Batch batch_of_changes(const std::vector<Change>& changes) {
  std::vector<Row> rows;
  std::vector<RowKind> kinds;
  for (const Change& change : changes) {
    rows.push_back(change.row);
    kinds.push_back(change.kind);
  }
  Batch batch = *batch_of(schema_of_side(changes.front().side), rows);
  if (std::ranges::count(kinds, RowKind::kInsert) < std::ssize(kinds)) {
    batch.kinds = std::make_shared<std::vector<RowKind>>(kinds);
  }
  return batch;
}

plan::JoinSpec spec_of(JoinKind kind, const std::string& condition = "") {
  plan::JoinSpec spec;
  spec.kind = kind;
  spec.left_keys = spec.right_keys = {"k", "j"};
  if (!condition.empty()) spec.condition = *expr::parse_expression(condition);
  return spec;
}

enum class Inputs { kUpdates, kAdds, kBounded };

// Only what the plan says of the inputs counts here: rows come from the test.
plan::Plan plan_of(plan::JoinSpec spec, Inputs inputs = Inputs::kUpdates) {
  plan::Plan plan;
  plan.name = "joined";
  plan.job.bounded = inputs == Inputs::kBounded;
  std::vector<plan::Input> from;
  for (const size_t side : {0, 1}) {
    const std::string name = side == 0 ? "a" : "b";
    plan::SourceSpec source{"memory", {{"table", name}}, "raw", {}, schema_of_side(side)};
    plan.nodes.push_back({name, {}, source});
    from.push_back({name});
    if (inputs != Inputs::kUpdates) continue;
    plan.nodes.push_back({name + "_latest", {{name}}, plan::DeduplicateSpec{{"k"}, "", true}});
    from.back() = {name + "_latest"};
  }
  plan.nodes.push_back({"j", from, std::move(spec)});
  plan.nodes.push_back({"out", {{"j"}}, plan::SinkSpec{"memory", {{"result", "out"}}, "raw"}});
  const Status valid = plan::validate(plan);
  EXPECT_TRUE(valid.ok()) << valid;
  return plan;
}

struct Way {
  const char* name;
  bool restores = false;
  bool rescales = false;
  int64_t most_rows = 20;  // of a batch
};
constexpr Way kWays[] = {{"whole"},
                         {"row by row", false, false, 1},
                         {"restored", true},
                         {"restored at another parallelism", true, true},
                         {"cut otherwise", false, false, 5}};

const JoinCondition kLess = [](const auto& left, const auto& right) {
  return !left[2].is_null() && !right[0].is_null() && left[2].as_int() < right[0].as_int();
};

class RegularJoinTest : public testing::Test {
 protected:
  OperatorBed bed_of(const plan::Plan& plan) {
    const plan::Node& node = *plan.find("j");
    const auto& spec = std::get<plan::JoinSpec>(node.spec);
    const auto columns = [](size_t side, const std::vector<std::string>& names) {
      std::vector<size_t> at;
      for (const std::string& name : names) at.push_back(*schema_of_side(side)->find(name));
      return at;
    };
    return OperatorBed([this, &plan, &node] { return make_operator(plan, node, connectors_); },
                       columns(0, spec.left_keys), columns(1, spec.right_keys));
  }

  std::vector<std::string> reference(const plan::Plan& plan, const std::vector<Row> (&standing)[2],
                                     const JoinCondition& condition) {
    const plan::Node& node = *plan.find("j");
    return reference_join(std::get<plan::JoinSpec>(node.spec), *schema_of_side(0),
                          *schema_of_side(1), *node.schema, standing[0], standing[1], condition);
  }

  // Holds what stands against the reference: after every batch, or of bounded jobs at the end.
  void expect_as_the_reference(const plan::Plan& plan, const std::vector<Change>& changes,
                               const Way& way, Random& random, const JoinCondition& condition) {
    SCOPED_TRACE(way.name);
    const bool bounded = plan.job.bounded;
    OperatorBed bed = bed_of(plan);
    ASSERT_TRUE(bed.start(way.rescales ? 3 : 1).ok());
    std::vector<Row> standing[2];
    std::vector<Change> gathered;
    for (size_t i = 0; i < changes.size(); ++i) {
      gathered.push_back(changes[i]);
      ASSERT_TRUE(take_part(changes[i], standing[changes[i].side]));
      const bool goes_on = i + 1 < changes.size() && changes[i + 1].side == changes[i].side;
      if (goes_on && std::ssize(gathered) < 1 + below(random, way.most_rows)) continue;
      const Status status = bed.batch(batch_of_changes(gathered), changes[i].side);
      ASSERT_TRUE(status.ok()) << status;
      gathered.clear();
      if (!bounded) {
        const auto stands = standing_rows(bed.rows(0));
        ASSERT_TRUE(stands.ok()) << stands.status();
        ASSERT_EQ(*stands, reference(plan, standing, condition));
      }
      if (!way.restores || below(random, 10) != 0) continue;
      ASSERT_TRUE(bed.barrier().ok());
      ASSERT_TRUE(bed.start(way.rescales ? 1 + static_cast<int>(below(random, 4)) : 1).ok());
    }
    ASSERT_TRUE(bed.end().ok());
    const auto stands = standing_rows(bed.rows(0));
    ASSERT_TRUE(stands.ok()) << stands.status();
    ASSERT_EQ(*stands, reference(plan, standing, condition));
    if (bounded) expect_over(bed);
  }

  // Nothing was taken back, and a task that begins anew behind the end has nothing more to say.
  void expect_over(OperatorBed& bed) {
    const size_t left = bed.rows(0).size();
    for (const std::string& row : bed.rows(0)) ASSERT_TRUE(row.starts_with("+I")) << row;
    ASSERT_TRUE(bed.barrier().ok());
    ASSERT_TRUE(bed.start(2).ok());
    ASSERT_TRUE(bed.end().ok());
    ASSERT_EQ(bed.rows(0).size(), left);
  }

  MemoryConnectors connectors_;
};

TEST_F(RegularJoinTest, WhatStandsIsAlwaysThatOfTheReference) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (const JoinKind kind : kKinds) {
    for (const bool condition : {false, true}) {
      for (const bool nulls_match : {false, true}) {
        SCOPED_TRACE("kind " + std::to_string(static_cast<int>(kind)));
        plan::JoinSpec spec = spec_of(kind, condition ? "v < w" : "");
        spec.nulls_match = nulls_match;
        const plan::Plan plan = plan_of(spec);
        for (const Way& way : kWays) {
          expect_as_the_reference(plan, random_changes(random, 120, false), way, random,
                                  condition ? kLess : nullptr);
          if (HasFatalFailure()) return;
        }
      }
    }
  }
}

// Rows that live on remember their partners each for itself: of a time to live that never ends a
// row the result is no other.
TEST_F(RegularJoinTest, ATimeToLiveThatNobodyReachesChangesNothing) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (const JoinKind kind : kKinds) {
    for (const int side : {0, 1, 2}) {
      SCOPED_TRACE("kind " + std::to_string(static_cast<int>(kind)));
      plan::JoinSpec spec = spec_of(kind);
      if (side != 1) spec.left_ttl_ms = 1000;
      if (side != 0) spec.right_ttl_ms = 1000;
      const plan::Plan plan = plan_of(spec);
      for (const Way& way : kWays) {
        expect_as_the_reference(plan, random_changes(random, 100, false), way, random, nullptr);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST_F(RegularJoinTest, WithoutKeysEachRowMeetsEach) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (const JoinKind kind : kKinds) {
    for (const bool condition : {false, true}) {
      plan::JoinSpec spec = spec_of(kind, condition ? "v < w" : "");
      spec.left_keys = spec.right_keys = {};
      const plan::Plan plan = plan_of(spec);
      for (const Way& way : kWays) {
        expect_as_the_reference(plan, random_changes(random, 60, false), way, random,
                                condition ? kLess : nullptr);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST_F(RegularJoinTest, WhatStandsIsThatOfTheReferenceWhereInputsOnlyAdd) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (const Inputs inputs : {Inputs::kAdds, Inputs::kBounded}) {
    for (const JoinKind kind : kKinds) {
      for (const bool condition : {false, true}) {
        SCOPED_TRACE("kind " + std::to_string(static_cast<int>(kind)));
        plan::JoinSpec spec = spec_of(kind, condition ? "v < w" : "");
        if (inputs == Inputs::kBounded) spec.left_ttl_ms = 1;  // means nothing to it
        const plan::Plan plan = plan_of(spec, inputs);
        for (const Way& way : kWays) {
          expect_as_the_reference(plan, random_changes(random, 80, true), way, random,
                                  condition ? kLess : nullptr);
          if (HasFatalFailure()) return;
        }
      }
    }
  }
}

TEST_F(RegularJoinTest, AFirstPartnerTakesBackTheRowThatStoodAlone) {
  const plan::Plan plan = plan_of(spec_of(JoinKind::kLeft));
  OperatorBed bed = bed_of(plan);
  ASSERT_TRUE(bed.start(1).ok());
  const auto send = [&](size_t side, RowKind kind, const Row& row) {
    ASSERT_TRUE(bed.batch(batch_of_changes({{side, kind, row}}), side).ok());
  };
  const Row left = row_of_side(0, "a", 1);
  const Row right = row_of_side(1, "a", 7);
  send(0, RowKind::kInsert, left);
  send(1, RowKind::kInsert, right);
  send(1, RowKind::kDelete, right);
  send(0, RowKind::kDelete, left);
  const std::string alone = "{k=a, j=0, v=1, w=NULL, k0=NULL, j0=NULL}";
  const std::string pair = "{k=a, j=0, v=1, w=7, k0=a, j0=0}";
  EXPECT_EQ(bed.rows(0), (std::vector<std::string>{"+I " + alone, "-D " + alone, "+I " + pair,
                                                   "-D " + pair, "+I " + alone, "-D " + alone}));
  ASSERT_TRUE(bed.barrier().ok());
  EXPECT_EQ(bed.state_rows(), 0U);
}

TEST_F(RegularJoinTest, SemiAndAntiJoinsKeepNoMoreThanTheyNeed) {
  for (const JoinKind kind : {JoinKind::kSemi, JoinKind::kAnti}) {
    for (const bool updates : {false, true}) {
      const plan::Plan plan = plan_of(spec_of(kind), updates ? Inputs::kUpdates : Inputs::kAdds);
      OperatorBed bed = bed_of(plan);
      ASSERT_TRUE(bed.start(1).ok());
      const auto send = [&](size_t side, const std::string& k, int64_t n) {
        const Change change{side, RowKind::kInsert, row_of_side(side, k, n)};
        ASSERT_TRUE(bed.batch(batch_of_changes({change, change}), side).ok());
      };
      send(0, "a", 1);
      send(0, "b", 1);
      // Of the right side a key is one row, and a left row goes that has met one.
      for (int64_t n = 0; n < 5; ++n) send(1, "a", n);
      send(0, "a", 2);
      EXPECT_EQ(bed.state_rows(), updates ? 4U : 2U);
      EXPECT_EQ(standing_rows(bed.rows(0))->size(), kind == JoinKind::kSemi ? 4U : 2U);
    }
  }
}

TEST_F(RegularJoinTest, WhatWasNeverThereIsNotTakenBack) {
  for (const JoinKind kind : kKinds) {
    const plan::Plan plan = plan_of(spec_of(kind));
    OperatorBed bed = bed_of(plan);
    ASSERT_TRUE(bed.start(1).ok());
    for (const size_t side : {0, 1}) {
      ASSERT_TRUE(
          bed.batch(batch_of_changes({{side, RowKind::kDelete, row_of_side(side, "a", 1)}}), side)
              .ok());
    }
    EXPECT_EQ(bed.rows(0), std::vector<std::string>{});
  }
}

TEST_F(RegularJoinTest, APairAtWhichTheConditionFailsIsADeadLetterAndNoMatch) {
  const plan::Plan plan = plan_of(spec_of(JoinKind::kLeft, "v / w = 2"));
  OperatorBed bed = bed_of(plan);
  ASSERT_TRUE(bed.start(1).ok());
  ASSERT_TRUE(bed.batch(batch_of_changes({{0, RowKind::kInsert, row_of_side(0, "a", 4)}}), 0).ok());
  ASSERT_TRUE(bed.batch(batch_of_changes({{1, RowKind::kInsert, row_of_side(1, "a", 0)},
                                          {1, RowKind::kInsert, row_of_side(1, "a", 2)}}),
                        1)
                  .ok());
  EXPECT_EQ(*standing_rows(bed.rows(0)),
            std::vector<std::string>{"{k=a, j=0, v=4, w=2, k0=a, j0=0}"});
  EXPECT_EQ(bed.dead().size(), 1U);
}

// More leaves of one row than at once, and more rows are equal.
TEST_F(RegularJoinTest, ALargeProductLeavesInParts) {
  constexpr int64_t kRows = 400;
  for (const bool condition : {false, true}) {
    const plan::Plan plan = plan_of(spec_of(JoinKind::kFull, condition ? "v <= w" : ""));
    OperatorBed bed = bed_of(plan);
    ASSERT_TRUE(bed.start(1).ok());
    std::vector<Change> lefts, rights;
    for (int64_t i = 0; i < kRows; ++i) {
      lefts.push_back({0, RowKind::kInsert, row_of_side(0, "a", i % 3)});
      rights.push_back({1, RowKind::kInsert, row_of_side(1, "a", 2 + i)});
    }
    ASSERT_TRUE(bed.batch(batch_of_changes(lefts), 0).ok());
    ASSERT_TRUE(bed.batch(batch_of_changes(rights), 1).ok());
    const size_t breaks = bed.breaks();
    EXPECT_GT(breaks, 1U);
    EXPECT_EQ(standing_rows(bed.rows(0))->size(), static_cast<size_t>(kRows * kRows));
    for (Change& change : lefts) change.kind = RowKind::kDelete;
    ASSERT_TRUE(bed.batch(batch_of_changes(lefts), 0).ok());
    EXPECT_GT(bed.breaks(), breaks + 1);
    EXPECT_EQ(standing_rows(bed.rows(0))->size(), static_cast<size_t>(kRows));
  }
}

// Rows that expire, by a model: each is there for so long after it came last. Their places in the
// state are used again.
TEST_F(RegularJoinTest, RowsMeetThoseThatHaveNotExpired) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  constexpr int64_t kTtl[] = {40, 70};
  plan::JoinSpec spec = spec_of(JoinKind::kInner);
  spec.left_ttl_ms = kTtl[0];
  spec.right_ttl_ms = kTtl[1];
  const plan::Plan plan = plan_of(spec);
  OperatorBed bed = bed_of(plan);
  ASSERT_TRUE(bed.start(1).ok());
  struct Kept {
    Row row;
    int64_t times, touched;
  };
  std::vector<Kept> kept[2];
  int64_t now = 0;
  size_t expected = 0;
  for (int i = 0; i < 2000; ++i) {
    now += below(random, 4);
    ASSERT_TRUE(bed.set_clock(now).ok());
    const size_t side = random() % 2;
    const Row row = random_row(random, side);
    std::vector<Row> one[2];
    one[side] = {row};
    for (const Kept& other : kept[1 - side]) {
      if (other.touched <= now - kTtl[1 - side]) continue;
      one[1 - side] = {other.row};
      expected += reference(plan, one, nullptr).size() * static_cast<size_t>(other.times);
    }
    const auto same = [&](const Kept& other) { return other.row == row; };
    auto at = std::ranges::find_if(kept[side], same);
    if (at == kept[side].end()) at = kept[side].insert(at, {row, 0, now});
    at->times = at->touched <= now - kTtl[side] ? 1 : at->times + 1;
    at->touched = now;
    ASSERT_TRUE(bed.batch(batch_of_changes({{side, RowKind::kInsert, row}}), side).ok());
    ASSERT_EQ(bed.rows(0).size(), expected) << "after " << i;
    if (below(random, 20) != 0) continue;
    ASSERT_TRUE(bed.barrier().ok());
    if (below(random, 3) == 0) {
      ASSERT_TRUE(bed.start(1 + static_cast<int>(below(random, 3))).ok());
    }
  }
  ASSERT_TRUE(bed.set_clock(now + 1000).ok());
  ASSERT_TRUE(bed.barrier().ok());
  EXPECT_EQ(bed.state_rows(), 0U);
}

// Changes of rows that are there, that have expired, and whose places have been taken by others.
TEST_F(RegularJoinTest, WhateverExpiresNothingIsLeftInTheEnd) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (const JoinKind kind : kKinds) {
    for (const bool condition : {false, true}) {
      plan::JoinSpec spec = spec_of(kind, condition ? "v < w" : "");
      spec.left_ttl_ms = 1 + below(random, 80);
      spec.right_ttl_ms = 1 + below(random, 80);
      const plan::Plan plan = plan_of(spec);
      OperatorBed bed = bed_of(plan);
      ASSERT_TRUE(bed.start(1).ok());
      int64_t now = 0;
      for (const Change& change : random_changes(random, 400, false)) {
        now += below(random, 5);
        ASSERT_TRUE(bed.set_clock(now).ok());
        ASSERT_TRUE(bed.batch(batch_of_changes({change}), change.side).ok());
        if (below(random, 20) != 0) continue;
        ASSERT_TRUE(bed.barrier().ok());
        if (below(random, 3) != 0) continue;
        ASSERT_TRUE(bed.start(2).ok());
      }
      ASSERT_TRUE(bed.set_clock(now + 100).ok());
      ASSERT_TRUE(bed.barrier().ok());
      EXPECT_EQ(bed.state_rows(), 0U);
    }
  }
}

// What state says of a row holds also when its partners have expired.
TEST_F(RegularJoinTest, ARowWhosePartnersExpiredIsTakenBackAsItStood) {
  for (const JoinKind kind : {JoinKind::kSemi, JoinKind::kAnti, JoinKind::kLeft}) {
    plan::JoinSpec spec = spec_of(kind);
    spec.right_ttl_ms = 10;
    const plan::Plan plan = plan_of(spec);
    OperatorBed bed = bed_of(plan);
    ASSERT_TRUE(bed.start(1).ok());
    const Change left{0, RowKind::kInsert, row_of_side(0, "a", 1)};
    const Change right{1, RowKind::kInsert, row_of_side(1, "a", 7)};
    ASSERT_TRUE(bed.batch(batch_of_changes({right}), 1).ok());
    ASSERT_TRUE(bed.batch(batch_of_changes({left}), 0).ok());
    ASSERT_TRUE(bed.set_clock(20).ok());
    ASSERT_TRUE(bed.batch(batch_of_changes({{0, RowKind::kDelete, left.row}}), 0).ok());
    const auto stands = standing_rows(bed.rows(0));
    ASSERT_TRUE(stands.ok()) << stands.status();
    // A pair whose partner is gone cannot be told any more.
    EXPECT_EQ(stands->size(), kind == JoinKind::kLeft ? 1U : 0U);
  }
}

// What stood for a row that has expired is still taken back with it.
TEST_F(RegularJoinTest, ARowThatExpiredTakesWithItWhatItBrought) {
  plan::JoinSpec spec = spec_of(JoinKind::kLeft);
  spec.left_ttl_ms = 10;
  const plan::Plan plan = plan_of(spec);
  OperatorBed bed = bed_of(plan);
  ASSERT_TRUE(bed.start(1).ok());
  const Change left{0, RowKind::kInsert, row_of_side(0, "a", 1)};
  const Change other{0, RowKind::kInsert, row_of_side(0, "b", 1)};
  ASSERT_TRUE(bed.batch(batch_of_changes({left, other}), 0).ok());
  ASSERT_TRUE(bed.batch(batch_of_changes({{1, RowKind::kInsert, row_of_side(1, "a", 7)}}), 1).ok());
  ASSERT_TRUE(bed.set_clock(20).ok());
  ASSERT_TRUE(bed.batch(batch_of_changes(
                            {{0, RowKind::kDelete, left.row}, {0, RowKind::kDelete, other.row}}),
                        0)
                  .ok());
  EXPECT_EQ(*standing_rows(bed.rows(0)), std::vector<std::string>{});
}

}  // namespace
}  // namespace dataflow::engine
