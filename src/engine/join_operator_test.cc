// Joins in time as single operators, held against join_reference.h: the test says when rows and
// watermarks come, so that late ones are among them.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "engine/memory_connectors.h"
#include "expr/expression.h"
#include "join_reference.h"
#include "operator_bed.h"
#include "operators.h"

namespace dataflow::engine {
namespace {

using plan::JoinKind;
using Random = std::mt19937_64;

constexpr JoinKind kKinds[] = {JoinKind::kInner, JoinKind::kLeft, JoinKind::kRight,
                               JoinKind::kFull,  JoinKind::kSemi, JoinKind::kAnti};

SchemaPtr left_schema() {
  return std::make_shared<Schema>(std::vector<Field>{{"tags", Type::array(Type::string())},
                                                     {"k", Type::string()},
                                                     {"j", Type::int32()},
                                                     {"ts", Type::timestamp(3)},
                                                     {"v", Type::int64()}});
}

Type place_type() {
  return Type::row({{"x", Type::float64()}, {"by", Type::map(Type::string(), Type::int64())}});
}

SchemaPtr right_schema() {
  return std::make_shared<Schema>(std::vector<Field>{{"w", Type::int64()},
                                                     {"rts", Type::timestamp(6)},
                                                     {"j", Type::int32()},
                                                     {"k", Type::string()},
                                                     {"at", place_type()}});
}

int64_t below(Random& random, int64_t limit) {
  return static_cast<int64_t>(random() % static_cast<uint64_t>(limit));
}

std::vector<Value> random_row(Random& random, size_t side, int64_t ms) {
  const auto or_null = [&](Value value) {
    return below(random, 12) == 0 ? Value::null(value.type()) : value;
  };
  Value k = or_null(Value::string("key " + std::to_string(below(random, 4))));
  Value j = or_null(Value::integer(Type::int32(), below(random, 2)));
  Value n = or_null(Value::int64(below(random, 10)));
  Value::List some;
  for (int64_t count = below(random, 4); count > 0; --count) some.push_back(n);
  if (side == 0) {
    for (Value& value : some) value = or_null(Value::string(value.to_string()));
    return {or_null(Value::list(Type::array(Type::string()), some)), k, j,
            Value::integer(Type::timestamp(3), ms), n};
  }
  if (some.size() % 2 != 0) some.pop_back();
  for (size_t i = 0; i < some.size(); i += 2) some[i] = Value::string("m" + std::to_string(i));
  Value by = or_null(Value::list(place_type().fields()[1].type, some));
  return {n, Value::integer(Type::timestamp(6), ms * 1000 + below(random, 3) * 400), j, k,
          or_null(Value::list(place_type(), {or_null(Value::float64(0.5)), by}))};
}

// Rows of both sides about a time that goes on, many about the watermark or at it, some far behind
// it, and watermarks.
std::vector<JoinEvent> random_events(Random& random, int64_t count) {
  std::vector<JoinEvent> events;
  int64_t now = 100'000;
  int64_t watermark = 0;
  for (int64_t i = 0; i < count; ++i) {
    now += below(random, 12);
    int64_t time = now - below(random, 60);
    const int64_t how = below(random, 10);
    if (how == 0) time = now - below(random, 600);
    if (how < 4 && watermark > 0) time = watermark + 20 - below(random, how == 1 ? 40 : 180);
    const size_t side = random() % 2;
    events.push_back({side, random_row(random, side, time)});
    if (below(random, 15) != 0) continue;
    watermark = std::max(watermark, now - below(random, 120));
    events.push_back({2, {}, watermark});
  }
  return events;
}

template <class Spec>
plan::Plan plan_of(Spec spec) {
  plan::Plan plan;
  plan.name = "joined";
  for (const size_t side : {0, 1}) {
    const std::string name = side == 0 ? "a" : "b";
    plan::SourceSpec source{
        "memory", {{"table", name}}, "raw", {}, side == 0 ? left_schema() : right_schema()};
    source.watermark = plan::WatermarkSpec{side == 0 ? "ts" : "rts", 0};
    plan.nodes.push_back({name, {}, source});
  }
  plan.nodes.push_back({"j", {{"a"}, {"b"}}, std::move(spec)});
  plan.nodes.push_back({"out", {{"j"}}, plan::SinkSpec{"memory", {{"result", "out"}}, "raw"}});
  const Status valid = plan::validate(plan);
  EXPECT_TRUE(valid.ok()) << valid;
  return plan;
}

plan::WindowJoinSpec window_spec(JoinKind kind, int64_t size_ms, int64_t lateness_ms) {
  plan::WindowJoinSpec spec;
  spec.kind = kind;
  spec.left_keys = spec.right_keys = {"k", "j"};
  spec.size_ms = size_ms;
  spec.allowed_lateness_ms = lateness_ms;
  return spec;
}

plan::IntervalJoinSpec interval_spec(JoinKind kind, int64_t lower_ms, int64_t upper_ms,
                                     const std::string& condition = "") {
  plan::IntervalJoinSpec spec;
  spec.kind = kind;
  spec.left_keys = spec.right_keys = {"k", "j"};
  spec.lower_ms = lower_ms;
  spec.upper_ms = upper_ms;
  if (!condition.empty()) spec.condition = *expr::parse_expression(condition);
  return spec;
}

// The ways to run an operator that must not change what it gives.
struct Way {
  const char* name;
  bool restores = false;
  bool rescales = false;
  int64_t most_rows = 20;     // of a batch
  int64_t events_apart = 20;  // restores, about
};
constexpr Way kWays[] = {{"whole"},
                         {"row by row", false, false, 1},
                         {"restored", true},
                         {"restored at another parallelism", true, true},
                         {"restored behind each batch", true, true, 20, 1},
                         {"cut otherwise", false, false, 7}};

class JoinOperatorTest : public testing::Test {
 protected:
  // Rows that follow each other on one side are a batch, as far as the way allows.
  Status play(OperatorBed& bed, const std::vector<JoinEvent>& events, const Way& way,
              Random& random) {
    const SchemaPtr schemas[] = {left_schema(), right_schema()};
    DF_RETURN_IF_ERROR(bed.start(way.rescales ? 3 : 1));
    std::vector<std::vector<Value>> rows;
    for (size_t i = 0; i < events.size(); ++i) {
      const JoinEvent& event = events[i];
      if (event.side == 2) {
        DF_RETURN_IF_ERROR(bed.watermark(event.watermark));
      } else {
        rows.push_back(event.row);
        const bool goes_on = i + 1 < events.size() && events[i + 1].side == event.side;
        if (goes_on && std::ssize(rows) < 1 + below(random, way.most_rows)) continue;
        DF_ASSIGN_OR_RETURN(const Batch batch, batch_of(schemas[event.side], rows));
        rows.clear();
        DF_RETURN_IF_ERROR(bed.batch(batch, event.side));
      }
      if (!way.restores || below(random, way.events_apart) != 0) continue;
      DF_RETURN_IF_ERROR(bed.barrier().status());
      DF_RETURN_IF_ERROR(bed.start(way.rescales ? 1 + static_cast<int>(below(random, 4)) : 1));
    }
    return bed.end();
  }

  template <class Spec>
  OperatorBed bed_of(const plan::Plan& plan) {
    const plan::Node& node = *plan.find("j");
    const auto& spec = std::get<Spec>(node.spec);
    const auto columns = [](const Schema& schema, const std::vector<std::string>& names) {
      std::vector<size_t> at;
      for (const std::string& name : names) at.push_back(*schema.find(name));
      return at;
    };
    return OperatorBed([this, &plan, &node] { return make_operator(plan, node, connectors_); },
                       columns(*left_schema(), spec.left_keys),
                       columns(*right_schema(), spec.right_keys));
  }

  template <class Spec, class... Condition>
  void expect_as_the_reference(const Spec& spec, const std::vector<JoinEvent>& events,
                               Random& random, const Condition&... condition) {
    SCOPED_TRACE("kind " + std::to_string(static_cast<int>(spec.kind)));
    const plan::Plan plan = plan_of(spec);
    const plan::Node& node = *plan.find("j");
    const JoinResult expected = reference_join(std::get<Spec>(node.spec), *left_schema(),
                                               *right_schema(), *node.schema, events, condition...);
    late_rows_ += expected.late.size();
    late_and_met_ += expected.late_and_met;
    result_rows_ += expected.rows.size();
    for (const Way& way : kWays) {
      SCOPED_TRACE(way.name);
      OperatorBed bed = bed_of<Spec>(plan);
      const Status status = play(bed, events, way, random);
      ASSERT_TRUE(status.ok()) << status;
      ASSERT_EQ(rows_that_stand(bed.rows(0)), expected.rows);
      std::vector<std::string> dead = bed.dead();
      std::ranges::sort(dead);
      ASSERT_EQ(dead, expected.late);
      ASSERT_EQ(bed.state_rows(), 0U);
    }
  }

  // Each task is told of another time before a barrier; nothing that comes behind it is late.
  template <class Spec, class... Condition>
  void expect_each_row_once(const Spec& spec, Random& random, const Condition&... condition) {
    SCOPED_TRACE("kind " + std::to_string(static_cast<int>(spec.kind)));
    const plan::Plan plan = plan_of(spec);
    const plan::Node& node = *plan.find("j");
    const SchemaPtr schemas[] = {left_schema(), right_schema()};
    OperatorBed bed = bed_of<Spec>(plan);
    std::vector<JoinEvent> events;
    int64_t greatest = 100'000;
    int tasks = 1;
    ASSERT_TRUE(bed.start(tasks).ok());
    for (int i = 0; i < 120; ++i) {
      for (int64_t n = below(random, 6); n > 0; --n) {
        const size_t side = random() % 2;
        events.push_back({side, random_row(random, side, greatest + 1 + below(random, 150))});
        ASSERT_TRUE(bed.batch(*batch_of(schemas[side], {events.back().row}), side).ok());
      }
      const int64_t from = greatest;
      for (int task = 0; task < tasks; ++task) {
        const int64_t time = from + below(random, 3) * below(random, 60);
        greatest = std::max(greatest, time);
        ASSERT_TRUE(bed.watermark_of(task, time).ok());
      }
      if (below(random, 4) != 0) continue;
      tasks = 1 + static_cast<int>(below(random, 5));
      ASSERT_TRUE(bed.barrier().ok());
      ASSERT_TRUE(bed.start(tasks).ok());
    }
    ASSERT_TRUE(bed.end().ok());
    const JoinResult expected = reference_join(std::get<Spec>(node.spec), *left_schema(),
                                               *right_schema(), *node.schema, events, condition...);
    ASSERT_EQ(rows_that_stand(bed.rows(0)), expected.rows);
    ASSERT_EQ(bed.dead(), std::vector<std::string>{});
    ASSERT_EQ(bed.state_rows(), 0U);
  }

  // Holds what leaves against the watermark that went on before, row by row, but for what rows
  // bring that may be behind it.
  template <class Spec, class MayBeLate>
  void expect_on_time(const plan::Plan& plan, Random& random, const MayBeLate& may_be_late) {
    OperatorBed bed = bed_of<Spec>(plan);
    ASSERT_TRUE(bed.start(1).ok());
    const std::string column = *plan.find("j")->event_time + "=";
    const SchemaPtr schemas[] = {left_schema(), right_schema()};
    int64_t forwarded = INT64_MIN;
    int64_t watermark = INT64_MIN;
    size_t seen = 0;
    for (const JoinEvent& event : random_events(random, 500)) {
      if (event.side == 2) {
        watermark = event.watermark;
        ASSERT_TRUE(bed.watermark(watermark).ok());
      } else {
        ASSERT_TRUE(bed.batch(*batch_of(schemas[event.side], {event.row}), event.side).ok());
      }
      const bool exempt = event.side != 2 && may_be_late(event, watermark);
      // What left did so before the watermark went on.
      const std::string least =
          Value::integer(Type::timestamp(3), std::max<int64_t>(forwarded, 0)).to_string();
      for (; seen < bed.rows(0).size(); ++seen) {
        const std::string& row = bed.rows(0)[seen];
        const size_t at = row.find(column) + column.size();
        const std::string time = row.substr(at, row.find_first_of(",}", at) - at);
        ASSERT_TRUE(exempt || time > least) << row << " behind " << least;
      }
      if (event.side == 2) forwarded = bed.forwarded();
    }
    result_rows_ += seen;
  }

  size_t late_rows_ = 0, late_and_met_ = 0, result_rows_ = 0;

  MemoryConnectors connectors_;
};

TEST_F(JoinOperatorTest, WindowsOfRandomSizesAreThoseOfTheReference) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (const JoinKind kind : kKinds) {
    for (const int64_t lateness : {0, 150}) {
      const std::vector<JoinEvent> events = random_events(random, 300);
      expect_as_the_reference(window_spec(kind, 1 + below(random, 200), lateness), events, random);
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_GT(late_rows_, 0U);
  EXPECT_GT(result_rows_, 0U);
}

TEST_F(JoinOperatorTest, IntervalsOfRandomBoundsAreThoseOfTheReference) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (const JoinKind kind : kKinds) {
    // Around the left row, behind it, before it, and at it.
    for (const auto& [lower, upper] :
         std::vector<std::pair<int64_t, int64_t>>{{-60, 90}, {20, 70}, {-80, -10}, {0, 0}}) {
      const std::vector<JoinEvent> events = random_events(random, 300);
      expect_as_the_reference(interval_spec(kind, lower, upper), events, random, nullptr);
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_GT(late_rows_, 0U);
  EXPECT_GT(late_and_met_, 0U);
  EXPECT_GT(result_rows_, 0U);
}

TEST_F(JoinOperatorTest, IntervalsWithConditionsAreThoseOfTheReference) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  const JoinCondition less = [](const auto& left, const auto& right) {
    return !left[4].is_null() && !right[0].is_null() && left[4].as_int() < right[0].as_int();
  };
  for (const JoinKind kind : kKinds) {
    for (const auto& [lower, upper] :
         std::vector<std::pair<int64_t, int64_t>>{{-60, 90}, {20, 70}}) {
      const std::vector<JoinEvent> events = random_events(random, 300);
      expect_as_the_reference(interval_spec(kind, lower, upper, "v < w"), events, random, less);
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_GT(late_and_met_, 0U);
  EXPECT_GT(result_rows_, 0U);
}

TEST_F(JoinOperatorTest, TasksThatStandAtOtherTimesGiveEachRowOnceAfterARestore) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (const JoinKind kind : kKinds) {
    for (const int64_t lateness : {0, 150}) {
      expect_each_row_once(window_spec(kind, 1 + below(random, 200), lateness), random);
      if (HasFatalFailure()) return;
    }
    expect_each_row_once(interval_spec(kind, -60, 90), random, nullptr);
    if (HasFatalFailure()) return;
  }
}

std::vector<Value> left_row(const std::string& k, int64_t ms, int64_t v) {
  return {Value::list(Type::array(Type::string()), {}), Value::string(k),
          Value::integer(Type::int32(), 0), Value::integer(Type::timestamp(3), ms),
          Value::int64(v)};
}

std::vector<Value> right_row(const std::string& k, int64_t ms, int64_t w) {
  return {Value::int64(w), Value::integer(Type::timestamp(6), ms * 1000),
          Value::integer(Type::int32(), 0), Value::string(k), Value::null(place_type())};
}

TEST_F(JoinOperatorTest, NothingThatWasKeptLeavesBehindTheWatermarkThatGoesOn) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (const JoinKind kind : kKinds) {
    SCOPED_TRACE("kind " + std::to_string(static_cast<int>(kind)));
    for (const auto& [lower, upper] : std::vector<std::pair<int64_t, int64_t>>{
             {-60, 90}, {20, 70}, {-80, -10}, {0, 0}, {-60, 0}}) {
      if (kind == JoinKind::kFull) continue;  // its rows have no event time
      const size_t carrier = kind == JoinKind::kRight ? 1 : 0;
      const int64_t reach = carrier == 0 ? upper : -lower;
      const plan::Plan plan = plan_of(interval_spec(kind, lower, upper));
      // A row that is over when it comes is as late for what follows if it leaves.
      expect_on_time<plan::IntervalJoinSpec>(
          plan, random, [&](const JoinEvent& event, int64_t watermark) {
            if (event.side != carrier) return false;
            const Value& time = event.row[carrier == 0 ? 3 : 1];
            const int64_t ms = time.as_int() / (carrier == 0 ? 1 : 1000);
            return ms <= watermark && ms + reach < watermark;
          });
      if (HasFatalFailure()) return;
    }
    for (const int64_t lateness : {0, 150}) {
      const plan::Plan plan = plan_of(window_spec(kind, 1 + below(random, 200), lateness));
      expect_on_time<plan::WindowJoinSpec>(plan, random,
                                           [](const JoinEvent&, int64_t) { return false; });
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_GT(result_rows_, 0U);
}

// At the last moment of a partner one may still come: a watermark without delay is the latest time
// seen, and rows of just that time follow it.
TEST_F(JoinOperatorTest, ARowIsKeptUntilTheWatermarkIsBehindItsLastMoment) {
  const plan::Plan plan = plan_of(interval_spec(JoinKind::kLeft, 0, 10));
  OperatorBed bed = bed_of<plan::IntervalJoinSpec>(plan);
  ASSERT_TRUE(bed.start(1).ok());
  ASSERT_TRUE(
      bed.batch(*batch_of(left_schema(), {left_row("a", 10, 1), left_row("b", 10, 2)}), 0).ok());
  ASSERT_TRUE(bed.watermark(20).ok());
  EXPECT_EQ(bed.rows(0).size(), 0U);
  // Both ways about: each of two late rows is kept at its last moment.
  ASSERT_TRUE(
      bed.batch(*batch_of(right_schema(), {right_row("a", 20, 7), right_row("c", 20, 8)}), 1).ok());
  ASSERT_TRUE(bed.batch(*batch_of(left_schema(), {left_row("c", 20, 3)}), 0).ok());
  ASSERT_EQ(bed.rows(0).size(), 2U);
  EXPECT_NE(bed.rows(0)[0].find("v=1, w=7"), std::string::npos) << bed.rows(0)[0];
  EXPECT_NE(bed.rows(0)[1].find("v=3, w=8"), std::string::npos) << bed.rows(0)[1];
  ASSERT_TRUE(bed.watermark(21).ok());
  ASSERT_EQ(bed.rows(0).size(), 3U);
  EXPECT_NE(bed.rows(0)[2].find("v=2, w=NULL"), std::string::npos) << bed.rows(0)[2];
  ASSERT_TRUE(bed.batch(*batch_of(right_schema(), {right_row("b", 20, 9)}), 1).ok());
  EXPECT_EQ(bed.rows(0).size(), 3U);
  EXPECT_EQ(bed.dead().size(), 1U);
}

// Rows of the left that no row on time can meet any more: one whose partner is still kept, one that
// has none, one without a key. What leaves, and what is a dead letter, of each kind of join.
TEST_F(JoinOperatorTest, ALateRowMeetsWhatIsStillKept) {
  struct Case {
    JoinKind kind;
    std::vector<std::string> rows;  // parts of them, in order
    std::vector<std::string> dead;
  };
  const std::vector<Case> cases = {
      {JoinKind::kInner, {"v=1, w=7"}, {"v=2", "v=3"}},
      {JoinKind::kLeft, {"v=1, w=7", "v=2, w=NULL", "v=3, w=NULL"}, {}},
      {JoinKind::kRight, {"v=1, w=7"}, {"v=2", "v=3"}},
      {JoinKind::kFull, {"v=1, w=7", "v=2, w=NULL", "v=3, w=NULL"}, {}},
      {JoinKind::kSemi, {"v=1}"}, {"v=2", "v=3"}},
      {JoinKind::kAnti, {"v=3}"}, {"v=2"}}};
  for (const auto& [kind, rows, dead] : cases) {
    SCOPED_TRACE("kind " + std::to_string(static_cast<int>(kind)));
    const plan::Plan plan = plan_of(interval_spec(kind, -60, 90));
    OperatorBed bed = bed_of<plan::IntervalJoinSpec>(plan);
    ASSERT_TRUE(bed.start(1).ok());
    ASSERT_TRUE(bed.batch(*batch_of(right_schema(), {right_row("a", 995, 7)}), 1).ok());
    ASSERT_TRUE(bed.watermark(1040).ok());
    std::vector<Value> keyless = left_row("a", 940, 3);
    keyless[1] = Value::null(Type::string());
    const std::vector<std::vector<Value>> late = {left_row("a", 940, 1), left_row("a", 900, 2),
                                                  keyless};
    ASSERT_TRUE(bed.batch(*batch_of(left_schema(), late), 0).ok());
    // The partner has met one: it does not leave alone.
    ASSERT_TRUE(bed.end().ok());
    ASSERT_EQ(bed.rows(0).size(), rows.size());
    std::vector<std::string> left(bed.rows(0));
    std::ranges::sort(left, {}, [](const std::string& row) { return row.substr(row.find("v=")); });
    for (size_t i = 0; i < rows.size(); ++i) {
      EXPECT_NE(left[i].find(rows[i]), std::string::npos) << left[i];
    }
    ASSERT_EQ(bed.dead().size(), dead.size());
    for (size_t i = 0; i < dead.size(); ++i) {
      EXPECT_TRUE(bed.dead()[i].starts_with("late ts ")) << bed.dead()[i];
      EXPECT_NE(bed.dead()[i].find(dead[i]), std::string::npos) << bed.dead()[i];
    }
    EXPECT_EQ(bed.state_rows(), 0U);
  }
}

TEST_F(JoinOperatorTest, ALateResultIsNotBehindTheWatermarkThatWentOn) {
  const plan::Plan plan = plan_of(window_spec(JoinKind::kInner, 100, 50));
  OperatorBed bed = bed_of<plan::WindowJoinSpec>(plan);
  ASSERT_TRUE(bed.start(1).ok());
  ASSERT_TRUE(bed.batch(*batch_of(left_schema(), {left_row("a", 10, 1)}), 0).ok());
  ASSERT_TRUE(bed.watermark(148).ok());
  EXPECT_EQ(bed.forwarded(), 98);  // and the window's time is 99
  ASSERT_TRUE(bed.batch(*batch_of(right_schema(), {right_row("a", 20, 7)}), 1).ok());
  EXPECT_EQ(bed.rows(0).size(), 1U);
  ASSERT_TRUE(bed.watermark(149).ok());
  EXPECT_EQ(bed.forwarded(), 99);
  ASSERT_TRUE(bed.batch(*batch_of(right_schema(), {right_row("a", 30, 8)}), 1).ok());
  EXPECT_EQ(bed.rows(0).size(), 1U);
  EXPECT_EQ(bed.dead().size(), 1U);
}

TEST_F(JoinOperatorTest, ALatePartnerTakesBackWhatLeftAlone) {
  const plan::Plan plan = plan_of(window_spec(JoinKind::kFull, 100, 1000));
  OperatorBed bed = bed_of<plan::WindowJoinSpec>(plan);
  ASSERT_TRUE(bed.start(1).ok());
  ASSERT_TRUE(bed.batch(*batch_of(left_schema(), {left_row("a", 10, 1)}), 0).ok());
  ASSERT_TRUE(bed.watermark(99).ok());
  ASSERT_EQ(bed.rows(0).size(), 1U);
  ASSERT_TRUE(bed.batch(*batch_of(right_schema(), {right_row("a", 20, 7)}), 1).ok());
  ASSERT_TRUE(bed.batch(*batch_of(right_schema(), {right_row("a", 30, 8)}), 1).ok());
  ASSERT_EQ(bed.rows(0).size(), 4U);
  EXPECT_TRUE(bed.rows(0)[1].starts_with("-D ")) << bed.rows(0)[1];
  EXPECT_EQ(bed.rows(0)[1].substr(3), bed.rows(0)[0].substr(3));
  EXPECT_NE(bed.rows(0)[2].find("v=1, w=7"), std::string::npos) << bed.rows(0)[2];
  EXPECT_NE(bed.rows(0)[3].find("v=1, w=8"), std::string::npos) << bed.rows(0)[3];
  EXPECT_EQ(bed.state_rows(), 3U);
  ASSERT_TRUE(bed.watermark(1099).ok());
  EXPECT_EQ(bed.state_rows(), 0U);
}

// More pairs than leave at once, of one key: the join breaks off, also in the middle of a row, and
// nothing is left out or told twice.
TEST_F(JoinOperatorTest, AHotKeyLeavesInParts) {
  constexpr int64_t kRows = 300;
  const JoinKind kind = JoinKind::kFull;
  for (const bool window : {true, false}) {
    SCOPED_TRACE(window);
    const plan::Plan plan =
        window ? plan_of(window_spec(kind, 100'000, 0)) : plan_of(interval_spec(kind, -1000, 1000));
    OperatorBed bed =
        window ? bed_of<plan::WindowJoinSpec>(plan) : bed_of<plan::IntervalJoinSpec>(plan);
    ASSERT_TRUE(bed.start(1).ok());
    std::vector<std::vector<Value>> left, right;
    for (int64_t i = 0; i < kRows; ++i) {
      left.push_back(left_row("a", 1000 + i, i));
      right.push_back(right_row("a", 1000 + i, 1000 + i));
    }
    left.push_back(left_row("b", 1000, 7));
    ASSERT_TRUE(bed.batch(*batch_of(left_schema(), left), 0).ok());
    ASSERT_TRUE(bed.batch(*batch_of(right_schema(), right), 1).ok());
    ASSERT_TRUE(bed.end().ok());
    EXPECT_GT(bed.breaks(), 0U);
    std::set<std::string> rows(bed.rows(0).begin(), bed.rows(0).end());
    EXPECT_EQ(bed.rows(0).size(), static_cast<size_t>(kRows * kRows + 1));
    EXPECT_EQ(rows.size(), bed.rows(0).size());
    EXPECT_EQ(bed.state_rows(), 0U);
  }
}

TEST_F(JoinOperatorTest, PairsWhoseConditionFailsAreDeadLettersAndNoMatch) {
  const plan::Plan plan = plan_of(interval_spec(JoinKind::kLeft, 0, 10, "v / w > 0"));
  OperatorBed bed = bed_of<plan::IntervalJoinSpec>(plan);
  ASSERT_TRUE(bed.start(1).ok());
  ASSERT_TRUE(
      bed.batch(*batch_of(left_schema(), {left_row("a", 10, 1), left_row("b", 10, 2)}), 0).ok());
  ASSERT_TRUE(
      bed.batch(*batch_of(right_schema(), {right_row("a", 11, 0), right_row("b", 11, 1)}), 1).ok());
  ASSERT_TRUE(bed.end().ok());
  ASSERT_EQ(bed.dead().size(), 1U);
  EXPECT_TRUE(bed.dead()[0].starts_with("expression ")) << bed.dead()[0];
  EXPECT_NE(bed.dead()[0].find("k=a"), std::string::npos) << bed.dead()[0];
  ASSERT_EQ(bed.rows(0).size(), 2U);
  EXPECT_NE(bed.rows(0)[0].find("k=b"), std::string::npos);
  EXPECT_NE(bed.rows(0)[1].find("k=a"), std::string::npos);
}

TEST_F(JoinOperatorTest, RowsThatChangeOthersAreDeadLetters) {
  const plan::Plan plan = plan_of(interval_spec(JoinKind::kInner, 0, 10));
  OperatorBed bed = bed_of<plan::IntervalJoinSpec>(plan);
  ASSERT_TRUE(bed.start(1).ok());
  Batch batch = *batch_of(left_schema(), {left_row("a", 10, 1), left_row("a", 10, 2)});
  batch.kinds = std::make_shared<std::vector<RowKind>>(
      std::vector<RowKind>{RowKind::kInsert, RowKind::kDelete});
  ASSERT_TRUE(bed.batch(batch, 0).ok());
  ASSERT_TRUE(bed.batch(*batch_of(right_schema(), {right_row("a", 11, 0)}), 1).ok());
  EXPECT_EQ(bed.rows(0).size(), 1U);
  EXPECT_EQ(bed.dead().size(), 1U);
}

// A mark that a row met another goes into the next delta; rows that did nothing do not.
TEST_F(JoinOperatorTest, OnlyWhatChangedIsWrittenAgain) {
  const plan::Plan plan = plan_of(interval_spec(JoinKind::kLeft, 0, 100));
  OperatorBed bed = bed_of<plan::IntervalJoinSpec>(plan);
  ASSERT_TRUE(bed.start(1).ok());
  ASSERT_TRUE(
      bed.batch(*batch_of(left_schema(), {left_row("a", 10, 1), left_row("b", 10, 2)}), 0).ok());
  EXPECT_EQ(*bed.barrier(), 2U);
  EXPECT_EQ(*bed.barrier(), 0U);
  ASSERT_TRUE(bed.batch(*batch_of(right_schema(), {right_row("a", 11, 0)}), 1).ok());
  EXPECT_EQ(*bed.barrier(), 2U);
  ASSERT_TRUE(bed.batch(*batch_of(right_schema(), {right_row("a", 12, 0)}), 1).ok());
  EXPECT_EQ(*bed.barrier(), 1U);
}

}  // namespace
}  // namespace dataflow::engine
