// Temporal joins, as single operators and in whole jobs, held against the plainest reading: all
// that the right side ever said, looked through for each left row.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>

#include "base/floor_div.h"
#include "engine/four_ways.h"
#include "operator_bed.h"
#include "operators.h"
#include "row_text.h"

namespace dataflow::engine {
namespace {

using plan::JoinKind;
using Random = std::mt19937_64;
using Row = std::vector<Value>;

int64_t below(Random& random, int64_t limit) {
  return static_cast<int64_t>(random() % static_cast<uint64_t>(limit));
}

const SchemaPtr& order_schema() {
  static const SchemaPtr kSchema = std::make_shared<Schema>(
      std::vector<Field>{{"k", Type::string()}, {"v", Type::int64()}, {"ts", Type::timestamp(3)}});
  return kSchema;
}

const SchemaPtr& rate_schema() {
  static const SchemaPtr kSchema = std::make_shared<Schema>(std::vector<Field>{
      {"since", Type::timestamp_tz(6)}, {"k", Type::string()}, {"w", Type::int64()}});
  return kSchema;
}

Value key_of(const std::string& k) {
  return k.empty() ? Value::null(Type::string()) : Value::string(k);
}
Row order(const std::string& k, std::optional<int64_t> ms, int64_t v) {
  return {key_of(k), Value::int64(v),
          ms ? Value::integer(Type::timestamp(3), *ms) : Value::null(Type::timestamp(3))};
}
Row rate(const std::string& k, int64_t ms, int64_t w, int64_t micros = 0) {
  return {Value::integer(Type::timestamp_tz(6), ms * 1000 + micros), key_of(k), Value::int64(w)};
}

// A row of one side (0 left, 1 right), or (2) the watermark of both.
struct Event {
  size_t side = 2;
  Row row;
  RowKind kind = RowKind::kInsert;
  int64_t watermark = INT64_MIN;
};

struct Expected {
  std::vector<std::string> rows;  // in the order in which a single task gives them
  std::vector<std::string> late;
};

class Reference {
 public:
  Reference(const plan::TemporalJoinSpec& spec, SchemaPtr output)
      : spec_(spec), output_(std::move(output)) {}

  Expected run(const std::vector<Event>& events) {
    for (const Event& event : events) {
      if (event.side == 2) {
        watermark_ = event.watermark;
        leave();
      } else if (event.side == 0) {
        add_left(event.row);
      } else if (!event.row[1].is_null()) {
        add_right(event);
      }
    }
    watermark_ = INT64_MAX;
    leave();
    return std::move(expected_);
  }

 private:
  void add_left(const Row& row) {
    if (row[2].as_int() > watermark_) {
      waiting_.push_back(row);
    } else {
      expected_.late.push_back("late ts " + row_text(*batch_of(order_schema(), {row}), 0));
    }
  }

  // A row that is taken back is as if it had not been, until the next that is said of its key says
  // what it is now.
  void add_right(const Event& event) {
    std::optional<size_t>& last = taken_back_[event.row[1].to_string()];
    if (event.kind != RowKind::kUpdateBefore) {
      if (event.kind == RowKind::kUpdateAfter && last) {
        rights_[*last].row[1] = Value::null(Type::string());
      }
      last.reset();
      rights_.push_back(event);
      return;
    }
    if (last && rights_[*last].row[0] == event.row[0]) return;
    last.reset();
    const Event* known = nullptr;
    for (const Event& right : rights_) {
      if (right.row[1] == event.row[1] && right.row[0] == event.row[0]) known = &right;
    }
    if (known == nullptr || known->kind == RowKind::kDelete ||
        known->kind == RowKind::kUpdateBefore) {
      return;
    }
    last = rights_.size();
    rights_.push_back(event);
  }

  void leave() {
    std::ranges::stable_sort(waiting_, {}, [](const Row& row) { return row[2].as_int(); });
    for (const Row& left : waiting_) {
      if (left[2].as_int() <= watermark_) join(left);
    }
    std::erase_if(waiting_, [&](const Row& row) { return row[2].as_int() <= watermark_; });
  }

  void join(Row left) {
    const Event* found = nullptr;
    for (const Event& right : rights_) {
      if (left[0].is_null() || right.row[1].is_null() || right.row[1] != left[0]) continue;
      const int64_t since = right.row[0].as_int();
      const int64_t time = left[2].as_int() * 1000;
      if (spec_.strictly_before ? since >= time : since > time) continue;
      if (found == nullptr || found->row[0].as_int() <= since) found = &right;
    }
    bool stands = found != nullptr && found->kind != RowKind::kDelete &&
                  found->kind != RowKind::kUpdateBefore;
    if (stands && spec_.condition != nullptr) {
      stands = left[1].as_int() < found->row[2].as_int();  // "v < w"
    }
    if (!stands && spec_.kind == JoinKind::kInner) return;
    for (size_t i = 0; i < 3; ++i) {
      left.push_back(stands ? found->row[i] : Value::null((*rate_schema())[i].type));
    }
    expected_.rows.push_back("+I " + row_text(*batch_of(output_, {left}), 0));
  }

  const plan::TemporalJoinSpec& spec_;
  const SchemaPtr output_;
  int64_t watermark_ = INT64_MIN;
  std::vector<Row> waiting_;
  std::vector<Event> rights_;
  std::map<std::string, std::optional<size_t>> taken_back_;  // by key: in rights_
  Expected expected_;
};

plan::TemporalJoinSpec spec_of(JoinKind kind, bool condition = false, bool strictly = false) {
  plan::TemporalJoinSpec spec;
  spec.kind = kind;
  spec.left_keys = spec.right_keys = {"k"};
  spec.strictly_before = strictly;
  if (condition) spec.condition = *expr::parse_expression("v < w");
  return spec;
}

plan::Plan plan_of(plan::TemporalJoinSpec spec, bool bounded = false, bool changes = false) {
  plan::Plan plan;
  plan.name = "as_of";
  plan.job.bounded = bounded;
  plan.job.checkpoint_interval_ms = 1;
  plan::SourceSpec orders{"memory", {{"table", "orders"}}, "raw", {}, order_schema()};
  orders.watermark = plan::WatermarkSpec{"ts", 100};
  plan::SourceSpec rates{"memory", {{"table", "rates"}}, "raw", {}, rate_schema()};
  rates.watermark = plan::WatermarkSpec{"since", 100};
  plan.nodes.push_back({"orders", {}, orders});
  plan.nodes.push_back({"rates", {}, rates});
  if (changes) {
    plan::DeduplicateSpec last;
    last.keys = {"k"};
    last.keep_last = true;
    last.time_column = "since";
    plan.nodes.push_back({"last", {{"rates"}}, last});
  }
  plan.nodes.push_back({"j", {{"orders"}, {changes ? "last" : "rates"}}, std::move(spec)});
  plan.nodes.push_back({"out", {{"j"}}, plan::SinkSpec{"memory", {{"result", "out"}}, "raw"}});
  const Status valid = plan::validate(plan);
  EXPECT_TRUE(valid.ok()) << valid;
  return plan;
}

std::string random_key(Random& random) {
  return below(random, 12) == 0 ? "" : "k" + std::to_string(below(random, 4));
}

// Rows about a time that goes on, many about the watermark or behind it; what the right side says
// of a key is replaced and taken back, sometimes without what follows, as behind a filter.
class RandomEvents {
 public:
  explicit RandomEvents(Random& random) : random_(random) {}

  std::vector<Event> make(int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      now_ += below(random_, 12);
      if (random_() % 2 == 0) {
        events_.push_back({0, order(random_key(random_), some_time(), below(random_, 10))});
      } else {
        add_right();
      }
      if (below(random_, 15) != 0) continue;
      watermark_ = std::max(watermark_, now_ - below(random_, 120));
      events_.push_back({2, {}, RowKind::kInsert, watermark_});
    }
    return std::move(events_);
  }

 private:
  int64_t some_time() {
    const int64_t how = below(random_, 10);
    if (how == 0) return now_ - below(random_, 600);
    if (how < 4 && watermark_ > 0) return watermark_ + 20 - below(random_, how == 1 ? 40 : 180);
    return now_ - below(random_, 60);
  }

  void add_right() {
    const std::string key = random_key(random_);
    const Row row = rate(key, some_time(), below(random_, 12), below(random_, 3) * 400);
    const int64_t how = below(random_, 10);
    const auto known = current_.find(key);
    if (known == current_.end() || how < 3) {
      events_.push_back({1, row});
      current_[key] = row;
    } else if (how < 5) {
      // As a row of a source says it, with the time at which it ended; or with its own.
      events_.push_back({1, how == 3 ? row : known->second, RowKind::kDelete});
      current_.erase(known);
    } else {
      if (how < 9) events_.push_back({1, known->second, RowKind::kUpdateBefore});
      if (how > 5) events_.push_back({1, row, RowKind::kUpdateAfter});
      current_[key] = row;
    }
  }

  Random& random_;
  std::map<std::string, Row> current_;
  std::vector<Event> events_;
  int64_t now_ = 100'000;
  int64_t watermark_ = 0;
};

struct OperatorWay {
  const char* name;
  bool restores = false;
  bool rescales = false;
  int64_t most_rows = 20;     // of a batch
  int64_t events_apart = 20;  // restores, about
};
constexpr OperatorWay kOperatorWays[] = {{"whole"},
                                         {"row by row", false, false, 1},
                                         {"restored", true},
                                         {"restored at another parallelism", true, true},
                                         {"restored behind each batch", true, true, 20, 1}};

class TemporalJoinTest : public testing::Test {
 protected:
  OperatorBed bed_of(const plan::Plan& plan) {
    return OperatorBed([this, &plan] { return make_operator(plan, *plan.find("j"), connectors_); },
                       {0}, {1});
  }

  static Status add(OperatorBed& bed, const std::vector<Event>& events) {
    const size_t side = events.front().side;
    std::vector<Row> rows;
    std::vector<RowKind> kinds;
    for (const Event& event : events) {
      rows.push_back(event.row);
      kinds.push_back(event.kind);
    }
    DF_ASSIGN_OR_RETURN(Batch batch, batch_of(side == 0 ? order_schema() : rate_schema(), rows));
    batch.kinds = std::make_shared<std::vector<RowKind>>(kinds);
    return bed.batch(batch, side);
  }

  static Status play(OperatorBed& bed, const std::vector<Event>& events, const OperatorWay& way,
                     Random& random) {
    DF_RETURN_IF_ERROR(bed.start(way.rescales ? 3 : 1));
    std::vector<Event> rows;
    for (size_t i = 0; i < events.size(); ++i) {
      if (events[i].side == 2) {
        DF_RETURN_IF_ERROR(bed.watermark(events[i].watermark));
      } else {
        rows.push_back(events[i]);
        const bool goes_on = i + 1 < events.size() && events[i + 1].side == events[i].side;
        if (goes_on && std::ssize(rows) < 1 + below(random, way.most_rows)) continue;
        DF_RETURN_IF_ERROR(add(bed, std::exchange(rows, {})));
      }
      if (!way.restores || below(random, way.events_apart) != 0) continue;
      DF_RETURN_IF_ERROR(bed.barrier().status());
      DF_RETURN_IF_ERROR(bed.start(way.rescales ? 1 + static_cast<int>(below(random, 4)) : 1));
    }
    return bed.end();
  }

  MemoryConnectors connectors_;
};

std::vector<std::string> sorted(std::vector<std::string> rows) {
  std::ranges::sort(rows);
  return rows;
}

TEST_F(TemporalJoinTest, RandomRowsAndChangesGiveTheRowsOfTheReference) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (int round = 0; round < 8; ++round) {
    const plan::TemporalJoinSpec spec = spec_of(round % 2 == 0 ? JoinKind::kInner : JoinKind::kLeft,
                                                round / 2 % 2 == 1, round / 4 % 2 == 1);
    SCOPED_TRACE("round " + std::to_string(round));
    const plan::Plan plan = plan_of(spec);
    const std::vector<Event> events = RandomEvents(random).make(400);
    const Expected expected = Reference(spec, plan.find("j")->schema).run(events);
    std::set<std::string> right_keys;
    for (const Event& event : events) {
      if (event.side == 1 && !event.row[1].is_null()) right_keys.insert(event.row[1].to_string());
    }
    for (const OperatorWay& way : kOperatorWays) {
      SCOPED_TRACE(way.name);
      OperatorBed bed = bed_of(plan);
      const Status played = play(bed, events, way, random);
      ASSERT_TRUE(played.ok()) << played;
      if (way.rescales) {
        ASSERT_EQ(sorted(bed.rows(0)), sorted(expected.rows));
      } else {
        ASSERT_EQ(bed.rows(0), expected.rows);
      }
      ASSERT_EQ(sorted(bed.dead()), sorted(expected.late));
      // Of each key what it was last.
      ASSERT_EQ(bed.state_rows(), right_keys.size());
    }
  }
}

// "1:2 2:-" for orders 1 and 2, the first of which met rate 2.
class JoinBed {
 public:
  JoinBed(const plan::TemporalJoinSpec& spec, bool bounded)
      : plan_(plan_of(spec, bounded)),
        bed_([this] { return make_operator(plan_, *plan_.find("j"), connectors_); }, {0}, {1}) {
    EXPECT_TRUE(bed_.start(1).ok());
  }
  void left(const std::vector<Row>& rows) { add(order_schema(), 0, rows, {}); }
  void right(const std::vector<Row>& rows, const std::vector<RowKind>& kinds = {}) {
    add(rate_schema(), 1, rows, kinds);
  }
  std::string news() {
    std::string all;
    const std::vector<std::string>& rows = bed_.rows(0);
    for (; seen_ < rows.size(); ++seen_) {
      const auto field = [&](const std::string& name) {
        const size_t from = rows[seen_].find(name + "=") + name.size() + 1;
        const std::string value =
            rows[seen_].substr(from, rows[seen_].find_first_of(",}", from) - from);
        return value == "NULL" ? "-" : value;
      };
      all += (all.empty() ? "" : " ") + field("v") + ":" + field("w");
    }
    return all;
  }
  OperatorBed& bed() { return bed_; }

 private:
  void add(const SchemaPtr& schema, size_t side, const std::vector<Row>& rows,
           const std::vector<RowKind>& kinds) {
    Batch batch = *batch_of(schema, rows);
    if (!kinds.empty()) batch.kinds = std::make_shared<std::vector<RowKind>>(kinds);
    const Status added = bed_.batch(batch, side);
    EXPECT_TRUE(added.ok()) << added;
  }

  const plan::Plan plan_;
  MemoryConnectors connectors_;
  OperatorBed bed_;
  size_t seen_ = 0;
};

TEST_F(TemporalJoinTest, ALeftRowLeavesWithWhatStoodAtItsTimeWhenTheWatermarkReachesIt) {
  JoinBed bed(spec_of(JoinKind::kLeft), false);
  bed.right({rate("a", 10, 1), rate("a", 20, 2)});
  bed.left({order("a", 25, 4), order("a", 9, 1), order("a", 10, 2), order("a", 19, 3)});
  EXPECT_EQ(bed.news(), "");
  ASSERT_TRUE(bed.bed().watermark(19).ok());
  EXPECT_EQ(bed.news(), "1:- 2:1 3:1");
  // Late, and the latest to stand yet: as in Flink, for those that wait and those to come.
  bed.right({rate("a", 15, 7), rate("a", 25, 3, 1)});
  ASSERT_TRUE(bed.bed().watermark(25).ok());
  EXPECT_EQ(bed.news(), "4:2");
  bed.left({order("a", 25, 5), order("a", std::nullopt, 6), order("a", 26, 7)});
  ASSERT_TRUE(bed.bed().end().ok());
  EXPECT_EQ(bed.news(), "7:3");
  ASSERT_EQ(bed.bed().dead().size(), 2U);
  EXPECT_TRUE(bed.bed().dead()[0].starts_with("time ts"));
  EXPECT_TRUE(bed.bed().dead()[1].starts_with("late ts"));
  EXPECT_EQ(bed.bed().forwarded(), INT64_MAX);
}

TEST_F(TemporalJoinTest, WhatIsTakenBackEndsAndWhatIsReplacedDoesNot) {
  JoinBed bed(spec_of(JoinKind::kLeft), false);
  bed.right({rate("a", 10, 1)});
  bed.right({rate("a", 10, 1), rate("a", 20, 2)}, {RowKind::kUpdateBefore, RowKind::kUpdateAfter});
  bed.right({rate("a", 30, 2)}, {RowKind::kDelete});
  bed.right({rate("a", 40, 3)});
  bed.left({order("a", 15, 1), order("a", 25, 2), order("a", 35, 3), order("a", 45, 4)});
  // Without what it is now, which a filter may have taken: as if it had not been.
  bed.right({rate("a", 40, 3), rate("b", 50, 4)}, {RowKind::kUpdateBefore, RowKind::kUpdateAfter});
  ASSERT_TRUE(bed.bed().watermark(45).ok());
  EXPECT_EQ(bed.news(), "1:1 2:2 3:- 4:-");
  // It comes after all, so the other stood until then.
  ASSERT_TRUE(bed.bed().barrier().ok());
  ASSERT_TRUE(bed.bed().start(1).ok());
  bed.right({rate("a", 60, 5)}, {RowKind::kUpdateAfter});
  bed.left({order("a", 55, 5), order("a", 65, 6), order("b", 55, 7)});
  ASSERT_TRUE(bed.bed().end().ok());
  EXPECT_EQ(bed.news(), "5:3 7:4 6:5");
}

TEST_F(TemporalJoinTest, VersionsGoWhenTheWatermarkHasPassedTheNext) {
  JoinBed bed(spec_of(JoinKind::kInner), false);
  for (int64_t i = 0; i < 100; ++i) bed.right({rate("a", 10 * i, i)});
  EXPECT_EQ(bed.bed().state_rows(), 100U);
  ASSERT_TRUE(bed.bed().watermark(505).ok());
  EXPECT_EQ(bed.bed().state_rows(), 50U);  // 500 and later
  bed.right({rate("a", 3, 1000)});         // late: known until time goes on
  ASSERT_TRUE(bed.bed().watermark(506).ok());
  EXPECT_EQ(bed.bed().state_rows(), 50U);
  bed.left({order("a", 509, 1), order("a", 510, 2)});
  ASSERT_TRUE(bed.bed().end().ok());
  EXPECT_EQ(bed.news(), "1:50 2:51");
  EXPECT_EQ(bed.bed().state_rows(), 1U);
}

TEST_F(TemporalJoinTest, WhereTheConditionIsNotTrueThereIsNoRightRow) {
  for (const JoinKind kind : {JoinKind::kInner, JoinKind::kLeft}) {
    JoinBed bed(spec_of(kind, true), false);
    bed.right({rate("a", 1, 5),
               {Value::integer(Type::timestamp_tz(6), 1000), Value::string("b"),
                Value::null(Type::int64())}});
    bed.left({order("a", 10, 4), order("a", 10, 5), order("b", 10, 1), order("", 10, 2)});
    ASSERT_TRUE(bed.bed().end().ok());
    EXPECT_EQ(bed.news(), kind == JoinKind::kInner ? "4:5" : "4:5 5:- 1:- 2:-");
  }
}

plan::TemporalJoinSpec spec_of_now(JoinKind kind) {
  plan::TemporalJoinSpec spec = spec_of(kind);
  spec.time = plan::TimeKind::kProcessing;
  return spec;
}

TEST_F(TemporalJoinTest, InProcessingTimeRowsLeaveAtOnceWithWhatStands) {
  for (const bool bounded : {false, true}) {
    JoinBed bed(spec_of_now(JoinKind::kLeft), bounded);
    ASSERT_TRUE(bed.bed().caught_up(1).ok());
    bed.left({order("a", std::nullopt, 1), order("", 3, 2)});
    bed.right({rate("a", 10, 1), rate("", 10, 1)});
    bed.left({order("a", 5, 3), order("", 5, 4)});
    bed.right({rate("a", 10, 1), rate("a", 5, 2)}, {RowKind::kUpdateBefore, RowKind::kUpdateAfter});
    bed.left({order("a", 4, 5)});
    ASSERT_TRUE(bed.bed().watermark(100).ok());
    EXPECT_EQ(bed.bed().forwarded(), 100);
    ASSERT_TRUE(bed.bed().barrier().ok());
    ASSERT_TRUE(bed.bed().start(2).ok());
    ASSERT_TRUE(bed.bed().caught_up(1).ok());
    bed.left({order("a", 3, 6)});
    EXPECT_EQ(bed.bed().state_rows(), 1U);
    bed.right({rate("a", 5, 2)}, {RowKind::kDelete});
    EXPECT_EQ(bed.bed().state_rows(), 0U);
    bed.left({order("a", 3, 7)});
    EXPECT_EQ(bed.news(), "1:- 2:- 3:1 4:- 5:2 6:2 7:-");
  }
}

TEST_F(TemporalJoinTest, InProcessingTimeRowsWaitUntilTheRightSideIsThere) {
  for (const bool ends : {false, true}) {
    JoinBed bed(spec_of_now(JoinKind::kLeft), false);
    const auto right_is_there = [&] { return ends ? bed.bed().end() : bed.bed().caught_up(1); };
    bed.left({order("a", std::nullopt, 1), order("", 3, 2)});
    bed.right({rate("a", 10, 1), rate("", 10, 1)});
    ASSERT_TRUE(bed.bed().caught_up(0).ok());
    ASSERT_TRUE(bed.bed().watermark(100).ok());
    // Rows that wait are not late behind the join, and the right side may end behind the left one.
    EXPECT_EQ(bed.bed().forwarded(), INT64_MIN);
    ASSERT_TRUE(bed.bed().watermark(INT64_MAX).ok());
    EXPECT_EQ(bed.bed().forwarded(), INT64_MIN);
    ASSERT_TRUE(bed.bed().barrier().ok());
    ASSERT_TRUE(bed.bed().start(2).ok());
    bed.left({order("a", 3, 3)});
    EXPECT_EQ(bed.bed().state_rows(), 4U);
    EXPECT_EQ(bed.news(), "");
    ASSERT_TRUE(bed.bed().barrier().ok());
    ASSERT_TRUE(bed.bed().start(1).ok());
    bed.right({rate("a", 10, 1), rate("a", 5, 2)}, {RowKind::kUpdateBefore, RowKind::kUpdateAfter});
    ASSERT_TRUE(right_is_there().ok());
    EXPECT_EQ(bed.news(), "1:2 2:- 3:2");
    EXPECT_EQ(bed.bed().state_rows(), 1U);
    // What has left does not leave again.
    ASSERT_TRUE(bed.bed().barrier().ok());
    ASSERT_TRUE(bed.bed().start(1).ok());
    ASSERT_TRUE(right_is_there().ok());
    EXPECT_EQ(bed.news(), "");
    EXPECT_EQ(bed.bed().state_rows(), 1U);
  }
}

TEST_F(TemporalJoinTest, ALotThatWaitedForTheRightSideBreaksOffAndGoesOn) {
  JoinBed bed(spec_of_now(JoinKind::kInner), false);
  std::vector<Row> rows;
  for (int64_t i = 0; i < 4096; ++i) rows.push_back(order("a", 10 + i, i));
  for (int i = 0; i < 24; ++i) bed.left(rows);
  bed.right({rate("a", 1, 5)});
  ASSERT_TRUE(bed.bed().caught_up(1).ok());
  EXPECT_GT(bed.bed().breaks(), 0U);
  EXPECT_EQ(bed.bed().rows(0).size(), 24U * 4096U);
}

TEST_F(TemporalJoinTest, ALotThatLeavesAtOnceBreaksOffAndGoesOn) {
  JoinBed bed(spec_of(JoinKind::kInner), false);
  bed.right({rate("a", 1, 5)});
  std::vector<Row> rows;
  for (int64_t i = 0; i < 4096; ++i) rows.push_back(order("a", 10 + i, i));
  for (int i = 0; i < 24; ++i) bed.left(rows);
  ASSERT_TRUE(bed.bed().watermark(100'000).ok());
  EXPECT_GT(bed.bed().breaks(), 0U);
  EXPECT_EQ(bed.bed().rows(0).size(), 24U * 4096U);
  EXPECT_EQ(bed.bed().state_rows(), 1U);
}

// Tasks that stood at different times; a task that takes over rows of both goes by the later one.
TEST_F(TemporalJoinTest, RowsThatAreDueByAnotherTasksTimeLeaveAfterARestore) {
  JoinBed bed(spec_of(JoinKind::kLeft), false);
  ASSERT_TRUE(bed.bed().start(2).ok());
  std::vector<Row> rows;
  for (int64_t i = 0; i < 20; ++i) rows.push_back(order("k" + std::to_string(i), 50, i));
  bed.left(rows);
  ASSERT_TRUE(bed.bed().watermark_of(0, 60).ok());
  const size_t left_before = bed.bed().rows(0).size();
  EXPECT_LT(left_before, 20U);
  ASSERT_TRUE(bed.bed().barrier().ok());
  ASSERT_TRUE(bed.bed().start(1).ok());
  ASSERT_TRUE(bed.bed().watermark(20).ok());
  EXPECT_EQ(bed.bed().rows(0).size(), 20U);
}

// Which rows are late hangs on how two sources run beside each other; here none is.
class TemporalJobs {
 public:
  explicit TemporalJobs(Random& random)
      : random_(random),
        bed_(testing::TempDir() + "temporal_join_test_" + std::to_string(getpid()), 64) {}

  // Right rows of one split, in order; those of a key have different times.
  std::vector<Event> fill(int64_t count, bool rates_end = true) {
    std::vector<Event> events;
    auto orders = std::make_shared<MemoryTable>(order_schema(), 2);
    auto rates = std::make_shared<MemoryTable>(rate_schema(), 1);
    for (int64_t i = 0; i < count; ++i) {
      const std::string key = random_key(random_);
      if (random_() % 3 > 0) {
        events.push_back({0, order(key, 5 * i + below(random_, 90), i)});
        orders->add(random_() % 2, events.back().row);
      } else {
        events.push_back({1, rate(key, 5 * i, i)});
        rates->add(0, events.back().row);
      }
    }
    orders->finish();
    rates_end ? rates->finish() : rates->go_on();
    bed_.connectors().tables = {{"orders", orders}, {"rates", rates}};
    return events;
  }

  void expect(const plan::Plan& plan, const std::vector<std::string>& rows) {
    ASSERT_FALSE(rows.empty());
    for (const Way& way : kWays) {
      SCOPED_TRACE(way.name);
      const Status ran = bed_.run(plan, way, random_);
      ASSERT_TRUE(ran.ok()) << ran;
      ASSERT_EQ(bed_.rows_of("out"), rows);
    }
  }

  // As soon as all rows have come the job is stopped.
  void expect_of_endless(const plan::Plan& plan, const std::vector<std::string>& rows) {
    bed_.set_enough([&] { return bed_.rows_of("out").size() >= rows.size(); });
    expect(plan, rows);
  }

 private:
  Random& random_;
  FourWays bed_;
};

TEST_F(TemporalJoinTest, FourWaysGiveTheRowsOfTheReference) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  TemporalJobs jobs(random);
  for (int round = 0; round < 4; ++round) {
    const plan::TemporalJoinSpec spec =
        spec_of(round % 2 == 0 ? JoinKind::kInner : JoinKind::kLeft, round >= 2);
    const std::vector<Event> events = jobs.fill(400);
    // Of a stream, of a stream of changes, and of what is all there: the same.
    for (const auto& [bounded, changes] :
         std::vector<std::pair<bool, bool>>{{false, false}, {false, true}, {true, false}}) {
      SCOPED_TRACE(std::string(bounded ? "bounded" : "a stream") + (changes ? " of changes" : ""));
      const plan::Plan plan = plan_of(spec, bounded, changes);
      Reference reference(spec, plan.find("j")->schema);
      ASSERT_NO_FATAL_FAILURE(jobs.expect(plan, sorted(reference.run(events).rows)));
    }
  }
}

// Each left row with the last that the right side says of its key.
std::vector<std::string> rows_by_the_whole_right_side(const std::vector<Event>& events,
                                                      const SchemaPtr& output) {
  std::map<std::string, Row> newest;
  for (const Event& event : events) {
    if (event.side == 1 && !event.row[1].is_null()) newest[event.row[1].to_string()] = event.row;
  }
  std::vector<std::string> rows;
  for (const Event& event : events) {
    if (event.side != 0) continue;
    Row row = event.row;
    const auto found = row[0].is_null() ? newest.end() : newest.find(row[0].to_string());
    for (size_t i = 0; i < 3; ++i) {
      row.push_back(found == newest.end() ? Value::null((*rate_schema())[i].type)
                                          : found->second[i]);
    }
    rows.push_back("+I " + row_text(*batch_of(output, {row}), 0));
  }
  return sorted(std::move(rows));
}

TEST_F(TemporalJoinTest, InProcessingTimeJobsGoByTheWholeOfARightSideThatEnds) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  TemporalJobs jobs(random);
  for (const bool bounded : {false, true}) {
    SCOPED_TRACE(bounded ? "bounded" : "a stream");
    const std::vector<Event> events = jobs.fill(300);
    const plan::Plan plan = plan_of(spec_of_now(JoinKind::kLeft), bounded);
    ASSERT_NO_FATAL_FAILURE(
        jobs.expect(plan, rows_by_the_whole_right_side(events, plan.find("j")->schema)));
  }
}

TEST_F(TemporalJoinTest, InProcessingTimeJobsGoByWhatAnEndlessRightSideHadWhenTheyBegan) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  TemporalJobs jobs(random);
  const std::vector<Event> events = jobs.fill(300, false);
  const plan::Plan plan = plan_of(spec_of_now(JoinKind::kLeft), false);
  jobs.expect_of_endless(plan, rows_by_the_whole_right_side(events, plan.find("j")->schema));
}

}  // namespace
}  // namespace dataflow::engine
