// Windows as single operators: processing time, lateness, state that is given back, and aggregates
// at their edges.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "changelog.h"
#include "operator_bed.h"
#include "operators.h"
#include "plan/plan.h"
#include "window_reference.h"

namespace dataflow::engine {
namespace {

using Random = std::mt19937_64;
using Row = std::vector<Value>;

int64_t below(Random& random, int64_t limit) {
  return static_cast<int64_t>(random() % static_cast<uint64_t>(limit));
}

plan::Aggregate aggregate(const std::string& function, const std::string& column,
                          const std::string& name, bool distinct = false) {
  return {function, column.empty() ? nullptr : expr::column(column), distinct, nullptr, name};
}

// A window over rows (key, value, time), checked as a plan is.
class WindowBed {
 public:
  explicit WindowBed(plan::WindowSpec spec, Type value = Type::int64(),
                     Type time = Type::timestamp(3))
      : schema_(std::make_shared<Schema>(std::vector<Field>{
            {"k", Type::string()}, {"v", std::move(value)}, {"ts", std::move(time)}})) {
    plan::Plan plan;
    plan.name = "test";
    plan::SourceSpec source{"memory", {}, "raw", {}, schema_};
    source.watermark = plan::WatermarkSpec{"ts"};
    plan.nodes.push_back({"in", {}, source});
    if (spec.kind != plan::WindowKind::kCount && spec.time == plan::TimeKind::kEvent) {
      spec.time_column = "ts";
    }
    plan.nodes.push_back({"windows", {{"in"}}, spec});
    plan.nodes.push_back({"out", {{"windows"}}, plan::SinkSpec{"memory", {}, "raw"}});
    const Status valid = plan::validate(plan);
    EXPECT_TRUE(valid.ok()) << valid;
    spec_ = std::get<plan::WindowSpec>(plan.find("windows")->spec);
    output_ = plan.find("windows")->schema;
    bed_ = std::make_unique<OperatorBed>(
        [this] { return make_window(spec_, *schema_, output_); },
        spec_.keys.empty() ? std::vector<size_t>{} : std::vector<size_t>{0});
    const Status started = bed_->start(1);
    EXPECT_TRUE(started.ok()) << started;
  }

  void add(const std::vector<Row>& rows) {
    const Result<Batch> batch = batch_of(schema_, rows);
    ASSERT_TRUE(batch.ok()) << batch.status();
    const Status added = bed_->batch(*batch);
    ASSERT_TRUE(added.ok()) << added;
  }
  void add(const std::string& key, int64_t value, int64_t time) {
    add({{Value::string(key), Value::int64(value), Value::integer(Type::timestamp(3), time)}});
  }
  void add_value(Value value, int64_t time) {
    add({{Value::string("k"), std::move(value), Value::integer(Type::timestamp(3), time)}});
  }
  void watermark(int64_t millis) { ASSERT_TRUE(bed_->watermark(millis).ok()); }
  // The state goes through a barrier into new tasks.
  void restore(int parallelism) {
    ASSERT_TRUE(bed_->barrier().ok());
    const Status started = bed_->start(parallelism);
    ASSERT_TRUE(started.ok()) << started;
  }

  // "+I start..end a=1, b=2" of each row since the last call, or all but the window of count
  // windows.
  std::vector<std::string> new_rows() {
    std::vector<std::string> made;
    const std::vector<std::string>& all = bed_->rows(0);
    for (; taken_ < all.size(); ++taken_) made.push_back(in_short(all[taken_]));
    return made;
  }

  OperatorBed& bed() { return *bed_; }
  const plan::WindowSpec& spec() const { return spec_; }
  const Schema& output() const { return *output_; }
  const Schema& input() const { return *schema_; }

 private:
  // Times near the beginning of 1970 as seconds.
  static std::string in_short(const std::string& row) {
    const size_t time_at = row.find("window_time=");
    if (time_at == std::string::npos) return row.substr(0, 3) + row.substr(4, row.size() - 5);
    const auto seconds = [&](const std::string& name) {
      const std::string text = row.substr(row.find(name + "=") + name.size() + 1, 19);
      const int64_t of_day = std::stoll(text.substr(11, 2)) * 3600 +
                             std::stoll(text.substr(14, 2)) * 60 + std::stoll(text.substr(17, 2));
      return std::to_string(text.starts_with("1969") ? of_day - 86400 : of_day);
    };
    const size_t at = row.find(", ", time_at);
    return row.substr(0, 3) + seconds("window_start") + ".." + seconds("window_end") +
           (at == std::string::npos ? "" : " " + row.substr(at + 2, row.size() - at - 3));
  }

  SchemaPtr schema_, output_;
  plan::WindowSpec spec_;
  std::unique_ptr<OperatorBed> bed_;
  size_t taken_ = 0;
};

plan::WindowSpec window(plan::WindowKind kind, int64_t seconds, int64_t slide = 0) {
  plan::WindowSpec spec;
  spec.kind = kind;
  (kind == plan::WindowKind::kSession ? spec.gap_ms : spec.size_ms) = seconds * 1000;
  spec.slide_ms = slide * 1000;
  spec.keys = {"k"};
  spec.aggregates = {aggregate("COUNT", "", "n"), aggregate("SUM", "v", "sum")};
  return spec;
}

using Lines = std::vector<std::string>;

TEST(WindowOperator, ALateRowFiresEachOfItsHoppingWindowsThatAreKept) {
  plan::WindowSpec spec = window(plan::WindowKind::kHopping, 4, 1);
  spec.allowed_lateness_ms = 2000;
  WindowBed bed(spec);
  bed.add("a", 1, 5500);
  bed.watermark(6999);
  EXPECT_EQ(bed.new_rows(), (Lines{"+I 2..6 k=a, n=1, sum=1", "+I 3..7 k=a, n=1, sum=1"}));
  bed.add("a", 10, 3500);  // of 0..4, which is over and dropped, to 3..7
  EXPECT_EQ(bed.new_rows(), (Lines{"-U 2..6 k=a, n=1, sum=1", "+U 2..6 k=a, n=2, sum=11",
                                   "-U 3..7 k=a, n=1, sum=1", "+U 3..7 k=a, n=2, sum=11"}));
  bed.add("b", 7, 2500);  // 2..6 alone is left, and knows nothing of this key
  EXPECT_EQ(bed.new_rows(), (Lines{"+I 2..6 k=b, n=1, sum=7"}));
  bed.add("a", 0, 1500);
  EXPECT_EQ(bed.new_rows(), Lines{});
  EXPECT_EQ(bed.bed().dead().size(), 1U);
  bed.watermark(9999);
  EXPECT_EQ(bed.new_rows(), (Lines{"+I 4..8 k=a, n=1, sum=1", "+I 5..9 k=a, n=1, sum=1"}));
}

TEST(WindowOperator, WhatIsTakenBackLeavesInOneBatchWithWhatTakesItsPlace) {
  using Kind = plan::WindowKind;
  for (const Kind kind : {Kind::kTumbling, Kind::kHopping, Kind::kSession}) {
    plan::WindowSpec spec = window(kind, 10, kind == Kind::kHopping ? 5 : 0);
    spec.allowed_lateness_ms = 60000;
    WindowBed bed(spec);
    bed.watermark(30000);
    // The first is new, so that pairs begin at odd places; more than fit into a batch.
    std::vector<Row> rows(
        2200, {Value::string("a"), Value::int64(1), Value::integer(Type::timestamp(3), 12000)});
    bed.add(rows);
    const std::vector<std::string>& all = bed.bed().rows(0);
    EXPECT_EQ(all.size(), (kind == Kind::kHopping ? 2 : 1) * (2 * rows.size() - 1));
    EXPECT_TRUE(check_pairs(all).ok()) << check_pairs(all);
    EXPECT_EQ(bed.bed().split_pairs(), 0U);
  }
}

TEST(WindowOperator, SlicesAreGivenBackWithTheirLastWindow) {
  plan::WindowSpec spec = window(plan::WindowKind::kHopping, 4, 1);
  spec.allowed_lateness_ms = 1000;
  WindowBed bed(spec);
  for (int64_t second = 0; second < 40; ++second) {
    for (int64_t key = 0; key < 10; ++key) bed.add("k" + std::to_string(key), 1, second * 1000);
    bed.watermark(second * 1000);
    // At most the slices of a window and of a second of lateness, and the one that is filled.
    EXPECT_LE(bed.bed().state_rows(), 10U * 6);
  }
  ASSERT_TRUE(bed.bed().end().ok());
  EXPECT_EQ(bed.bed().state_rows(), 0U);
}

TEST(WindowOperator, WhatFiresChangesNoStateOfTumblingWindows) {
  plan::WindowSpec spec = window(plan::WindowKind::kTumbling, 10);
  spec.allowed_lateness_ms = 60000;
  WindowBed bed(spec);
  bed.add("a", 1, 5000);
  const Result<size_t> first = bed.bed().barrier();
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(*first, 1U);
  bed.watermark(30000);
  const Result<size_t> second = bed.bed().barrier();
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(*second, 0U);
  EXPECT_EQ(bed.new_rows(), (Lines{"+I 0..10 k=a, n=1, sum=1"}));
}

TEST(WindowOperator, MicrosecondsBeforeTheEpochAreInTheWindowBeforeIt) {
  using Kind = plan::WindowKind;
  for (const Kind kind : {Kind::kTumbling, Kind::kSession}) {
    WindowBed bed(window(kind, 10), Type::int64(), Type::timestamp(6));
    for (const int64_t micros : {-1, -15'000'000, 0}) {
      bed.add({{Value::string("a"), Value::int64(1), Value::integer(Type::timestamp(6), micros)}});
    }
    bed.watermark(30000);
    std::vector<std::string> rows = bed.new_rows();
    std::ranges::sort(rows);
    // The session of -15 s ends at -5 s.
    EXPECT_EQ(rows, kind == Kind::kTumbling
                        ? (Lines{"+I -10..0 k=a, n=1, sum=1", "+I -20..-10 k=a, n=1, sum=1",
                                 "+I 0..10 k=a, n=1, sum=1"})
                        : (Lines{"+I -1..10 k=a, n=2, sum=2", "+I -15..-5 k=a, n=1, sum=1"}));
  }
}

TEST(WindowOperator, ARowWithoutATimeOrWithAFaultIsInNoWindow) {
  using Kind = plan::WindowKind;
  for (const Kind kind : {Kind::kTumbling, Kind::kHopping, Kind::kSession, Kind::kCount}) {
    plan::WindowSpec spec = window(kind, 10, kind == Kind::kHopping ? 5 : 0);
    if (kind == Kind::kCount) {
      spec.size_ms = 0;
      spec.count = 2;
    }
    const auto tenth = expr::parse_expression("10 / v", {});
    ASSERT_TRUE(tenth.ok()) << tenth.status();
    spec.aggregates = {aggregate("COUNT", "", "n"), {"SUM", *tenth, false, nullptr, "sum"}};
    WindowBed bed(spec);
    const auto row = [](int64_t value) -> Row {
      return {Value::string("a"), Value::int64(value), Value::integer(Type::timestamp(3), 1000)};
    };
    Row timeless = row(1);
    timeless[2] = Value::null(Type::timestamp(3));
    if (kind == Kind::kCount) {
      bed.add({row(5), row(0), row(2)});
    } else {
      bed.add({row(5), row(0), timeless, row(2)});
    }
    ASSERT_TRUE(bed.bed().end().ok());
    for (const std::string& line : bed.new_rows()) {
      EXPECT_NE(line.find("n=2, sum=7"), std::string::npos) << line;
    }
    ASSERT_EQ(bed.bed().dead().size(), kind == Kind::kCount ? 1U : 2U);
    const auto is_fault = [](const std::string& line) { return line.starts_with("expression"); };
    EXPECT_EQ(std::ranges::count_if(bed.bed().dead(), is_fault), 1);
  }
}

TEST(WindowOperator, RowsThatAreOneMillisecondApartFromTheGapAreTwoSessions) {
  WindowBed bed(window(plan::WindowKind::kSession, 10));
  bed.add("touch", 1, 0);
  bed.add("touch", 2, 10000);
  bed.add("apart", 1, 0);
  bed.add("apart", 2, 10001);
  bed.watermark(50000);
  std::vector<std::string> rows = bed.new_rows();
  std::ranges::sort(rows);
  EXPECT_EQ(rows, (Lines{"+I 0..10 k=apart, n=1, sum=1", "+I 0..20 k=touch, n=2, sum=3",
                         "+I 10..20 k=apart, n=1, sum=2"}));
  EXPECT_EQ(bed.bed().state_rows(), 0U);
}

TEST(WindowOperator, ALateRowJoinsSessionsThatHaveLeft) {
  plan::WindowSpec spec = window(plan::WindowKind::kSession, 10);
  spec.allowed_lateness_ms = 60000;
  WindowBed bed(spec);
  bed.add("a", 1, 0);
  bed.add("a", 2, 15000);
  bed.watermark(40000);
  EXPECT_EQ(bed.new_rows(), (Lines{"+I 0..10 k=a, n=1, sum=1", "+I 15..25 k=a, n=1, sum=2"}));
  bed.restore(3);
  bed.add("a", 4, 3000);  // longer: it was 0..10
  EXPECT_EQ(bed.new_rows(), (Lines{"-D 0..10 k=a, n=1, sum=1", "+I 0..13 k=a, n=2, sum=5"}));
  bed.add("a", 8, 1000);  // within
  EXPECT_EQ(bed.new_rows(), (Lines{"-U 0..13 k=a, n=2, sum=5", "+U 0..13 k=a, n=3, sum=13"}));
  bed.restore(2);
  bed.add("a", 16, 6000);  // between the two
  EXPECT_EQ(bed.new_rows(), (Lines{"-D 0..13 k=a, n=3, sum=13", "-D 15..25 k=a, n=1, sum=2",
                                   "+I 0..25 k=a, n=5, sum=31"}));
  bed.add("a", 32, 24000);  // still running now
  EXPECT_EQ(bed.new_rows(), (Lines{"-D 0..25 k=a, n=5, sum=31", "+I 0..34 k=a, n=6, sum=63"}));
  bed.add("a", 64, 33000);
  EXPECT_EQ(bed.new_rows(), (Lines{"-D 0..34 k=a, n=6, sum=63"}));
  bed.watermark(42998);
  EXPECT_EQ(bed.new_rows(), Lines{});
  bed.watermark(42999);
  EXPECT_EQ(bed.new_rows(), (Lines{"+I 0..43 k=a, n=7, sum=127"}));
  bed.watermark(102998);
  EXPECT_EQ(bed.bed().state_rows(), 1U);
  bed.watermark(102999);
  EXPECT_EQ(bed.bed().state_rows(), 0U);
}

TEST(WindowOperator, CountWindowsOfWholeKeysLeaveNothingBehind) {
  plan::WindowSpec spec;
  spec.kind = plan::WindowKind::kCount;
  spec.count = 3;
  spec.keys = {"k"};
  spec.aggregates = {aggregate("SUM", "v", "sum")};
  WindowBed bed(spec);
  std::vector<Row> rows;
  for (int64_t i = 1; i <= 9; ++i) {
    rows.push_back({Value::string("a"), Value::int64(i), Value::integer(Type::timestamp(3), 0)});
  }
  bed.add(rows);
  EXPECT_EQ(bed.new_rows(), (Lines{"+I k=a, sum=6", "+I k=a, sum=15", "+I k=a, sum=24"}));
  EXPECT_EQ(bed.bed().state_rows(), 0U);
  bed.add("a", 1, 0);
  bed.restore(2);
  bed.add("a", 2, 0);
  EXPECT_EQ(bed.bed().state_rows(), 2U);
  bed.restore(1);
  bed.add("a", 3, 0);
  EXPECT_EQ(bed.new_rows(), (Lines{"+I k=a, sum=6"}));
}

// Rows come at moments of the clock; the reference gets these as their times.
void expect_processing_time(plan::WindowSpec spec, uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  spec.time = plan::TimeKind::kProcessing;
  WindowBed bed(spec);
  std::vector<Row> all;
  int64_t now = 1000 + below(random, 5000);
  for (int i = 0; i < 150; ++i) {
    // In steps that add up to no whole second: a row that just touches a session finds that it has
    // left with the clock, where in event time it would join.
    now += 7 * (below(random, 10) == 0 ? below(random, 700) : below(random, 43));
    ASSERT_TRUE(bed.bed().set_clock(now).ok());
    std::vector<Row> rows;
    for (int64_t n = below(random, 4); n > 0; --n) {
      rows.push_back({Value::string(std::string(1, static_cast<char>('a' + below(random, 4)))),
                      Value::int64(below(random, 100)), Value::integer(Type::timestamp(3), now)});
    }
    if (!rows.empty()) bed.add(rows);
    all.insert(all.end(), rows.begin(), rows.end());
    if (below(random, 10) == 0) bed.restore(1 + static_cast<int>(below(random, 3)));
  }
  ASSERT_TRUE(bed.bed().end().ok());
  plan::WindowSpec in_event_time = bed.spec();
  in_event_time.time_column = "ts";
  const ReferenceResult expected =
      reference_of(in_event_time, bed.input(), bed.output(), all, int64_t{1} << 40, 64);
  std::vector<std::string> rows = bed.bed().rows(0);
  std::ranges::sort(rows);
  EXPECT_EQ(rows, expected.rows);
  EXPECT_EQ(bed.bed().state_rows(), 0U);
}

TEST(WindowOperator, ProcessingTimeClosesWindowsByTheClock) {
  Random random(std::random_device{}());
  using Kind = plan::WindowKind;
  for (int i = 0; i < 10; ++i) {
    expect_processing_time(window(Kind::kTumbling, 1 + below(random, 4)), random());
    expect_processing_time(window(Kind::kHopping, 1 + below(random, 8), 1 + below(random, 4)),
                           random());
    expect_processing_time(window(Kind::kCumulative, 6, 2), random());
    expect_processing_time(window(Kind::kSession, 1 + below(random, 2)), random());
  }
}

TEST(WindowOperator, ATimerClosesAWindowThatNoRowFollows) {
  plan::WindowSpec spec = window(plan::WindowKind::kTumbling, 10);
  spec.time = plan::TimeKind::kProcessing;
  WindowBed bed(spec);
  ASSERT_TRUE(bed.bed().set_clock(12000).ok());
  bed.add("a", 1, 0);
  ASSERT_TRUE(bed.bed().set_clock(19999).ok());
  EXPECT_EQ(bed.new_rows(), Lines{});
  ASSERT_TRUE(bed.bed().set_clock(20000).ok());
  EXPECT_EQ(bed.new_rows(), (Lines{"+I 10..20 k=a, n=1, sum=1"}));
}

TEST(WindowOperator, AClockThatGoesBackOpensNoWindowAgain) {
  plan::WindowSpec spec = window(plan::WindowKind::kTumbling, 10);
  spec.time = plan::TimeKind::kProcessing;
  WindowBed bed(spec);
  ASSERT_TRUE(bed.bed().set_clock(12000).ok());
  bed.add("a", 1, 0);
  ASSERT_TRUE(bed.bed().set_clock(21000).ok());
  bed.restore(2);
  ASSERT_TRUE(bed.bed().set_clock(15000).ok());
  bed.add("a", 2, 0);
  ASSERT_TRUE(bed.bed().set_clock(30000).ok());
  EXPECT_EQ(bed.new_rows(), (Lines{"+I 10..20 k=a, n=1, sum=1", "+I 20..30 k=a, n=1, sum=2"}));
}

// Each task is told of another time before a barrier; nothing that comes behind it is late.
void expect_each_window_once(plan::WindowSpec spec, uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  WindowBed bed(spec);
  std::vector<Row> all;
  int64_t greatest = 0;
  int tasks = 1;
  const bool always = below(random, 4) == 0;  // begun anew behind each batch
  for (int i = 0; i < 60; ++i) {
    std::vector<Row> rows;
    for (int64_t n = below(random, 30); n > 0; --n) {
      const int64_t time = greatest + 1 + below(random, 9000);
      rows.push_back({Value::string("key" + std::to_string(below(random, 12))),
                      Value::int64(below(random, 100)), Value::integer(Type::timestamp(3), time)});
    }
    if (!rows.empty()) bed.add(rows);
    all.insert(all.end(), rows.begin(), rows.end());
    const int64_t from = greatest;
    for (int task = 0; task < tasks; ++task) {
      if (below(random, 3) == 0) continue;
      const int64_t time = from + below(random, 6000);
      greatest = std::max(greatest, time);
      ASSERT_TRUE(bed.bed().watermark_of(task, time).ok());
    }
    if (!always && below(random, 3) != 0) continue;
    tasks = 1 + static_cast<int>(below(random, 5));
    bed.restore(tasks);
  }
  ASSERT_TRUE(bed.bed().end().ok());
  const ReferenceResult expected =
      reference_of(bed.spec(), bed.input(), bed.output(), all, int64_t{1} << 40, 64);
  std::vector<std::string> rows = bed.bed().rows(0);
  std::ranges::sort(rows);
  EXPECT_EQ(rows, expected.rows);
  EXPECT_EQ(bed.bed().dead(), std::vector<std::string>{});
}

TEST(WindowOperator, TasksThatStandAtOtherTimesFireEachWindowOnceAfterARestore) {
  Random random(std::random_device{}());
  using Kind = plan::WindowKind;
  for (int i = 0; i < 5; ++i) {
    for (plan::WindowSpec spec :
         {window(Kind::kTumbling, 1 + below(random, 6)), window(Kind::kSession, 1),
          window(Kind::kHopping, 1 + below(random, 9), 1 + below(random, 3)),
          window(Kind::kHopping, 20, 1), window(Kind::kCumulative, 8, 2)}) {
      if (below(random, 2) == 0) spec.allowed_lateness_ms = below(random, 9000);
      expect_each_window_once(spec, random());
    }
  }
}

TEST(WindowOperator, MomentsHoldWhereSumsOfSquaresDoNot) {
  plan::WindowSpec spec = window(plan::WindowKind::kHopping, 4, 2);
  spec.keys = {};
  spec.aggregates = {aggregate("VAR_SAMP", "v", "var"), aggregate("STDDEV_POP", "v", "dev")};
  WindowBed bed(spec, Type::float64());
  for (int i = 0; i < 4; ++i) {
    bed.add_value(Value::float64(1e9 + static_cast<double>(i)), 1000 + 500 * i);
  }
  bed.watermark(3999);
  // Of 0..4: two slices are merged.
  const std::vector<std::string> rows = bed.new_rows();
  ASSERT_EQ(rows.size(), 2U);
  const size_t at = rows[1].find("var=") + 4;
  EXPECT_NEAR(std::stod(rows[1].substr(at)), 5.0 / 3, 1e-9 * 5 / 3) << rows[1];
  EXPECT_NEAR(std::stod(rows[1].substr(rows[1].find("dev=") + 4)), std::sqrt(1.25), 1e-9);
}

TEST(WindowOperator, ASampleOfOneHasNoDeviation) {
  plan::WindowSpec spec = window(plan::WindowKind::kTumbling, 10);
  spec.aggregates = {aggregate("STDDEV_SAMP", "v", "s"), aggregate("STDDEV_POP", "v", "p")};
  WindowBed bed(spec, Type::float64());
  bed.add_value(Value::float64(4), 0);
  bed.watermark(10000);
  EXPECT_EQ(bed.new_rows(), (Lines{"+I 0..10 k=k, s=NULL, p=0"}));
}

TEST(WindowOperator, DeviationsOfDecimalsAreDecimalsAndOfIntegersCutOff) {
  plan::WindowSpec spec = window(plan::WindowKind::kTumbling, 10);
  spec.aggregates = {aggregate("VAR_POP", "v", "var"), aggregate("STDDEV_SAMP", "v", "dev")};
  WindowBed decimals(spec, Type::decimal(10, 2));
  WindowBed integers(spec);
  for (const int64_t value : {1, 2, 4}) {
    decimals.add_value(Value::decimal(Type::decimal(10, 2), value * 100), 0);
    integers.add_value(Value::int64(value), 0);
  }
  decimals.watermark(10000);
  integers.watermark(10000);
  EXPECT_EQ(decimals.new_rows(), (Lines{"+I 0..10 k=k, var=1.555556, dev=1.527525"}));
  EXPECT_EQ(integers.new_rows(), (Lines{"+I 0..10 k=k, var=1, dev=1"}));
}

TEST(WindowOperator, ASumOfDecimalsIsNullOnlyIfItEndsBeyondItsDigits) {
  const Type type = Type::decimal(38, 2);
  Value::Int128 most = 0;
  for (int i = 0; i < 38; ++i) most = most * 10 + 9;
  plan::WindowSpec spec = window(plan::WindowKind::kTumbling, 10);
  spec.aggregates = {aggregate("SUM", "v", "sum"), aggregate("COUNT", "v", "n")};
  WindowBed bed(spec, type);
  for (int i = 0; i < 7; ++i) bed.add_value(Value::decimal(type, most), 1000);
  for (int i = 0; i < 6; ++i) bed.add_value(Value::decimal(type, -most), 1000);
  bed.add_value(Value::decimal(type, most), 11000);
  bed.add_value(Value::decimal(type, 1), 11000);
  bed.watermark(30000);
  EXPECT_EQ(bed.new_rows(),
            (Lines{"+I 0..10 k=k, sum=999999999999999999999999999999999999.99, n=13",
                   "+I 10..20 k=k, sum=NULL, n=2"}));
}

TEST(WindowOperator, NaNIsAboveAllOtherNumbersWhereverItComes) {
  plan::WindowSpec spec = window(plan::WindowKind::kTumbling, 10);
  spec.aggregates = {aggregate("MIN", "v", "least"), aggregate("MAX", "v", "most")};
  WindowBed bed(spec, Type::float64());
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double value : {nan, 1.0, 2.0}) bed.add_value(Value::float64(value), 0);
  for (const double value : {1.0, 2.0, nan}) bed.add_value(Value::float64(value), 10000);
  bed.watermark(30000);
  EXPECT_EQ(bed.new_rows(),
            (Lines{"+I 0..10 k=k, least=1, most=nan", "+I 10..20 k=k, least=1, most=nan"}));
}

// Many values of some length, so that they fill more than one chunk; merged, updated and restored.
TEST(WindowOperator, DistinctValuesOutliveRestores) {
  plan::WindowSpec spec = window(plan::WindowKind::kHopping, 4, 2);
  spec.keys = {};
  spec.aggregates = {aggregate("COUNT", "v", "n", true)};
  WindowBed bed(spec, Type::string());
  const auto text = [](int i) { return Value::string(std::string(50, 'v') + std::to_string(i)); };
  for (int round = 0; round < 3; ++round) {
    std::vector<Row> rows;
    for (int i = 0; i < 100; ++i) {
      rows.push_back({Value::string("k"), text(i % (40 * (round + 1))),
                      Value::integer(Type::timestamp(3), i % 2 == 0 ? 1000 : 3000)});
    }
    bed.add(rows);
    bed.restore(1 + round % 2);
  }
  const Result<size_t> nothing_new = bed.bed().barrier();
  ASSERT_TRUE(nothing_new.ok());
  EXPECT_EQ(*nothing_new, 0U);
  bed.watermark(3999);
  EXPECT_EQ(bed.new_rows(), (Lines{"+I -2..2 n=50", "+I 0..4 n=100"}));
  ASSERT_TRUE(bed.bed().end().ok());
  EXPECT_EQ(bed.bed().state_rows(), 0U);
}

}  // namespace
}  // namespace dataflow::engine
