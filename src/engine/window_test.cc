// Windows in whole jobs, held against window_reference.h: run at one go, killed and restored with
// checkpoints in between, restored at other parallelisms, and with the input cut otherwise.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>

#include "changelog.h"
#include "engine/four_ways.h"
#include "group_reference.h"
#include "plan/plan.h"
#include "window_reference.h"

namespace dataflow::engine {
namespace {

using Random = std::mt19937_64;

constexpr int64_t kStretch = 64;  // rows between two watermarks
constexpr int64_t kDelayMs = 300;

SchemaPtr reading_schema(const Type& time = Type::timestamp(3)) {
  return std::make_shared<Schema>(std::vector<Field>{{"device", Type::string()},
                                                     {"room", Type::int32()},
                                                     {"n", Type::int64()},
                                                     {"d", Type::float64()},
                                                     {"price", Type::decimal(10, 2)},
                                                     {"word", Type::string()},
                                                     {"flag", Type::boolean()},
                                                     {"ts", time}});
}

int64_t below(Random& random, int64_t limit) {
  return static_cast<int64_t>(random() % static_cast<uint64_t>(limit));
}

// Of a few devices, disordered, some of them beyond the watermark's delay, with gaps and NULLs.
std::vector<std::vector<Value>> random_readings(Random& random, int64_t count,
                                                const Type& time = Type::timestamp(3),
                                                int64_t now = -2000) {
  std::vector<std::vector<Value>> rows;
  for (int64_t i = 0; i < count; ++i) {
    now += below(random, 100) == 0 ? below(random, 3000) : below(random, 20);
    const int64_t back = below(random, 10) == 0 ? below(random, 1500) : below(random, kDelayMs);
    const auto or_null = [&](Value value) {
      return below(random, 8) == 0 ? Value::null(value.type()) : value;
    };
    rows.push_back({Value::string("device_" + std::to_string(below(random, 5))),
                    Value::integer(Type::int32(), below(random, 2)),
                    or_null(Value::int64(below(random, 20) - 10)),
                    or_null(Value::float64(static_cast<double>(below(random, 40)) / 4)),
                    or_null(Value::decimal(Type::decimal(10, 2), below(random, 5000) - 2500)),
                    or_null(Value::string(std::string(static_cast<size_t>(below(random, 4)), 'x') +
                                          std::to_string(below(random, 9)))),
                    or_null(Value::boolean(below(random, 2) == 0)),
                    Value::integer(time, now - back)});
  }
  return rows;
}

plan::Aggregate aggregate(const std::string& function, const std::string& column,
                          const std::string& name, bool distinct = false,
                          const std::string& filter = "") {
  return {function, column.empty() ? nullptr : expr::column(column), distinct,
          filter.empty() ? nullptr : expr::column(filter), name};
}

std::vector<plan::Aggregate> usual_aggregates() {
  return {aggregate("COUNT", "", "rows"),   aggregate("COUNT", "n", "ns"),
          aggregate("SUM", "n", "total"),   aggregate("AVG", "n", "mean"),
          aggregate("SUM", "d", "total_d"), aggregate("MIN", "n", "least"),
          aggregate("MAX", "d", "most_d"),  aggregate("SUM", "n", "flagged", false, "flag")};
}

plan::Plan window_plan(plan::WindowSpec window, const Type& time = Type::timestamp(3)) {
  plan::Plan plan;
  plan.name = "windows";
  plan.job.checkpoint_interval_ms = 1;
  plan::SourceSpec source{"memory", {{"table", "readings"}}, "raw", {}, reading_schema(time)};
  source.watermark = plan::WatermarkSpec{"ts", kDelayMs};
  plan.nodes.push_back({"readings", {}, source});
  const bool late = window.late_output;
  plan.nodes.push_back({"windows", {{"readings"}}, std::move(window)});
  plan.nodes.push_back(
      {"out", {{"windows"}}, plan::SinkSpec{"memory", {{"result", "out"}}, "raw"}});
  if (late) {
    plan.nodes.push_back(
        {"too_late", {{"windows", "late"}}, plan::SinkSpec{"memory", {{"result", "late"}}, "raw"}});
  }
  return plan;
}

std::string words_of(const plan::WindowSpec& spec) {
  return "kind " + std::to_string(static_cast<int>(spec.kind)) + ", size " +
         std::to_string(spec.size_ms) + ", slide " + std::to_string(spec.slide_ms) + ", gap " +
         std::to_string(spec.gap_ms) + ", count " + std::to_string(spec.count) + "/" +
         std::to_string(spec.count_slide) + ", offset " + std::to_string(spec.offset_ms) +
         ", lateness " + std::to_string(spec.allowed_lateness_ms) + ", keys " +
         std::to_string(spec.keys.size()) + (spec.emit_changes ? ", changes" : "");
}

class WindowTest : public testing::Test {
 protected:
  void run(const plan::Plan& valid, const Way& way, Random& random) {
    const Status ran = bed_.run(valid, way, random);
    ASSERT_TRUE(ran.ok()) << ran;
  }

  // The sink's rows in the order in which it got those of each key: what is taken back must stand,
  // and have its successor at once.
  void expect_changes_in_order() {
    const std::vector<std::string> changes = bed_.connectors().results.at("out")->rows();
    const Status pairs = check_pairs(changes);
    ASSERT_TRUE(pairs.ok()) << pairs;
    const auto standing = standing_rows(changes);
    ASSERT_TRUE(standing.ok()) << standing.status();
  }

  void expect_as_the_reference(plan::WindowSpec spec, uint64_t seed, int64_t count) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", " + words_of(spec));
    Random random(seed);
    const std::vector<std::vector<Value>> rows = random_readings(random, count, time_, begin_ms_);
    auto table = std::make_shared<MemoryTable>(reading_schema(time_), 1);
    for (const std::vector<Value>& row : rows) table->add(0, row);
    table->finish();
    bed_.connectors().tables["readings"] = table;
    plan::Plan plan = window_plan(spec, time_);
    const Status valid = plan::validate(plan);
    ASSERT_TRUE(valid.ok()) << valid;
    const plan::Node& node = *plan.find("windows");
    const ReferenceResult expected =
        reference_of(std::get<plan::WindowSpec>(node.spec), *reading_schema(time_), *node.schema,
                     rows, kDelayMs, kStretch);
    late_rows_ += expected.late.size();
    for (const std::string& row : expected.rows) ++kinds_[row.substr(0, 2)];
    for (const Way& way : kWays) {
      SCOPED_TRACE(way.name);
      ASSERT_NO_FATAL_FAILURE(run(plan, way, random));
      ASSERT_EQ(bed_.rows_of("out"), expected.rows);
      ASSERT_EQ(bed_.rows_of("late"), expected.late);
      if (expected.rows.empty()) continue;
      ASSERT_NO_FATAL_FAILURE(expect_changes_in_order());
    }
  }

  // The same rows however the job is run, to the last bit, and what is taken back is what left.
  void expect_one_result(const plan::WindowSpec& spec, uint64_t seed) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", " + words_of(spec));
    Random random(seed);
    std::vector<std::vector<Value>> rows = random_readings(random, 300);
    for (std::vector<Value>& row : rows) {
      const double value = std::ldexp(1.0 + static_cast<double>(below(random, 1000)) / 7,
                                      static_cast<int>(below(random, 60)) - 30);
      row[3] = Value::float64(below(random, 2) == 0 ? value : -value);
    }
    auto table = std::make_shared<MemoryTable>(reading_schema(), 1);
    for (const std::vector<Value>& row : rows) table->add(0, row);
    table->finish();
    bed_.connectors().tables["readings"] = table;
    plan::Plan plan = window_plan(spec);
    const Status valid = plan::validate(plan);
    ASSERT_TRUE(valid.ok()) << valid;
    std::vector<std::string> first;
    for (const Way& way : kWays) {
      SCOPED_TRACE(way.name);
      ASSERT_NO_FATAL_FAILURE(run(plan, way, random));
      ASSERT_NO_FATAL_FAILURE(expect_changes_in_order());
      const std::vector<std::string> now = bed_.rows_of("out");
      if (first.empty()) first = now;
      ASSERT_EQ(now, first);
    }
    for (const std::string& row : first) ++kinds_[row.substr(0, 2)];
  }

  FourWays bed_{testing::TempDir() + "window_test_" + std::to_string(getpid()) + "_" +
                    testing::UnitTest::GetInstance()->current_test_info()->name(),
                kStretch};
  // Of the readings' time.
  Type time_ = Type::timestamp(3);
  int64_t begin_ms_ = -2000;
  // Of all that the references gave: so that a test sees that it tests something.
  size_t late_rows_ = 0;
  std::map<std::string, size_t> kinds_;
};

plan::WindowSpec random_window(Random& random, plan::WindowKind kind) {
  plan::WindowSpec spec;
  spec.kind = kind;
  spec.time_column = "ts";
  spec.late_output = true;
  spec.aggregates = usual_aggregates();
  const std::vector<std::vector<std::string>> keys = {{"device"}, {"room", "device"}, {}};
  spec.keys = keys[static_cast<size_t>(below(random, 3))];
  if (below(random, 2) == 0) spec.allowed_lateness_ms = 1 + below(random, 1500);
  spec.emit_changes = kind != plan::WindowKind::kCount && below(random, 3) == 0;
  return spec;
}

TEST_F(WindowTest, TumblingOfRandomSizesAreThoseOfTheReference) {
  Random random(std::random_device{}());
  for (int i = 0; i < 3; ++i) {
    plan::WindowSpec spec = random_window(random, plan::WindowKind::kTumbling);
    spec.size_ms = 1 + below(random, 1000);
    spec.offset_ms = below(random, spec.size_ms);
    expect_as_the_reference(spec, random(), 600);
    if (HasFatalFailure()) return;
  }
}

TEST_F(WindowTest, HoppingOfRandomSlidesAreThoseOfTheReference) {
  Random random(std::random_device{}());
  for (int i = 0; i < 6; ++i) {
    plan::WindowSpec spec = random_window(random, plan::WindowKind::kHopping);
    spec.slide_ms = 20 + below(random, 300);
    // By turns a multiple of the slide, not one, and less than it.
    spec.size_ms = i % 3 == 0   ? spec.slide_ms * (1 + below(random, 6))
                   : i % 3 == 1 ? spec.slide_ms + below(random, 1000)
                                : 1 + below(random, spec.slide_ms);
    spec.offset_ms = below(random, 2 * spec.slide_ms - 1) - spec.slide_ms + 1;
    expect_as_the_reference(spec, random(), 600);
    if (HasFatalFailure()) return;
  }
}

TEST_F(WindowTest, HoppingOfManySlidesAreThoseOfTheReference) {
  Random random(std::random_device{}());
  for (int i = 0; i < 5; ++i) {
    plan::WindowSpec spec = random_window(random, plan::WindowKind::kHopping);
    spec.slide_ms = 10 + below(random, 40);
    spec.size_ms = spec.slide_ms * (6 + below(random, 10)) + below(random, 2) * below(random, 9);
    spec.offset_ms = below(random, 2 * spec.slide_ms - 1) - spec.slide_ms + 1;
    expect_as_the_reference(spec, random(), 500);
    if (HasFatalFailure()) return;
  }
}

TEST_F(WindowTest, CumulativeOfRandomStepsAreThoseOfTheReference) {
  Random random(std::random_device{}());
  for (int i = 0; i < 3; ++i) {
    plan::WindowSpec spec = random_window(random, plan::WindowKind::kCumulative);
    spec.slide_ms = 20 + below(random, 300);
    spec.size_ms = spec.slide_ms * (1 + below(random, 6));
    spec.offset_ms = below(random, spec.size_ms);
    expect_as_the_reference(spec, random(), 600);
    if (HasFatalFailure()) return;
  }
}

TEST_F(WindowTest, AMillisecondOfSlideKeepsToItsDefinition) {
  plan::WindowSpec spec;
  spec.kind = plan::WindowKind::kHopping;
  spec.time_column = "ts";
  spec.late_output = true;
  spec.size_ms = 7;
  spec.slide_ms = 1;
  spec.aggregates = usual_aggregates();
  expect_as_the_reference(spec, std::random_device{}(), 200);
}

TEST_F(WindowTest, SessionsOfRandomGapsAreThoseOfTheReference) {
  Random random(std::random_device{}());
  for (int i = 0; i < 5; ++i) {
    plan::WindowSpec spec = random_window(random, plan::WindowKind::kSession);
    spec.gap_ms = 1 + below(random, i % 2 == 0 ? 60 : 400);
    expect_as_the_reference(spec, random(), 600);
    if (HasFatalFailure()) return;
  }
}

// New York's clocks are put forward, and back, among the rows.
TEST_F(WindowTest, WindowsOfAZonesClocksAreThoseOfTheReference) {
  Random random(std::random_device{}());
  time_ = Type::timestamp_tz(3);
  constexpr plan::WindowKind kKinds[] = {plan::WindowKind::kTumbling, plan::WindowKind::kHopping,
                                         plan::WindowKind::kCumulative, plan::WindowKind::kSession};
  for (int i = 0; i < 8; ++i) {
    plan::WindowSpec spec = random_window(random, kKinds[i / 2]);
    spec.time_zone = "America/New_York";
    begin_ms_ = (i % 2 == 0 ? 1615705200000 : 1636264800000) - below(random, 5000);
    spec.slide_ms = 20 + below(random, 300);
    spec.size_ms = spec.slide_ms * (1 + below(random, 9));
    if (spec.kind == plan::WindowKind::kTumbling) spec.slide_ms = 0;
    if (spec.kind == plan::WindowKind::kSession) {
      spec.gap_ms = 1 + below(random, 400);
      spec.size_ms = spec.slide_ms = 0;
    }
    expect_as_the_reference(spec, random(), 500);
    if (HasFatalFailure()) return;
  }
}

// The same rows each time, so that it is known that late rows, updates and deletions are among
// them.
TEST_F(WindowTest, LateRowsChangeResultsAsInTheReference) {
  Random random(11);
  for (const auto kind : {plan::WindowKind::kHopping, plan::WindowKind::kSession}) {
    plan::WindowSpec spec = random_window(random, kind);
    spec.keys = {"device"};
    spec.allowed_lateness_ms = 300;
    if (kind == plan::WindowKind::kHopping) {
      spec.size_ms = 300;
      spec.slide_ms = 100;
    } else {
      spec.gap_ms = 60;
    }
    late_rows_ = 0;
    kinds_.clear();
    expect_as_the_reference(spec, 42, 1000);
    EXPECT_GT(late_rows_, 0U);
    EXPECT_GT(kinds_["+U"], 0U);
    EXPECT_EQ(kinds_["+U"], kinds_["-U"]);
    EXPECT_EQ(kinds_["-D"] > 0, kind == plan::WindowKind::kSession);
    if (HasFatalFailure()) return;
  }
}

TEST_F(WindowTest, CountsOfRandomSlidesAreThoseOfTheReference) {
  Random random(std::random_device{}());
  for (int i = 0; i < 4; ++i) {
    plan::WindowSpec spec = random_window(random, plan::WindowKind::kCount);
    spec.time_column.clear();
    spec.late_output = false;
    spec.allowed_lateness_ms = 0;
    spec.count = 1 + below(random, 40);
    spec.count_slide = i % 2 == 0 ? 0 : 1 + below(random, spec.count);
    expect_as_the_reference(spec, random(), 600);
    if (HasFatalFailure()) return;
  }
}

// All aggregates, over windows of one slice, of several, and over sessions that are joined.
plan::Aggregate percentile(const std::string& column, const std::string& name, double place) {
  plan::Aggregate made = aggregate("APPROX_PERCENTILE", column, name);
  made.parameters = {expr::literal(Value::float64(place))};
  return made;
}

std::vector<plan::Aggregate> all_aggregates() {
  return {aggregate("APPROX_COUNT_DISTINCT", "word", "about_words"),
          aggregate("APPROX_COUNT_DISTINCT", "d", "about_ds", false, "flag"),
          percentile("d", "median_d", 0.5),
          percentile("price", "most_prices", 0.9),
          aggregate("FIRST_VALUE", "n", "first_n"),
          aggregate("LAST_VALUE", "word", "last_word"),
          aggregate("FIRST_VALUE", "price", "first_price"),
          aggregate("LAST_VALUE", "d", "last_d", false, "flag"),
          aggregate("STDDEV_POP", "n", "dev_n"),
          aggregate("VAR_SAMP", "n", "var_n"),
          aggregate("COUNT", "word", "words", true),
          aggregate("COUNT", "n", "ns", true, "flag"),
          aggregate("SUM", "n", "sum_n", true),
          aggregate("AVG", "n", "avg_n", true),
          aggregate("SUM", "price", "sum_price", true),
          aggregate("MIN", "word", "least_word"),
          aggregate("MAX", "word", "most_word"),
          aggregate("MIN", "price", "least_price"),
          aggregate("MAX", "flag", "most_flag"),
          aggregate("SUM", "price", "price"),
          aggregate("AVG", "price", "mean_price")};
}

TEST_F(WindowTest, AllAggregatesAreThoseOfTheReference) {
  Random random(std::random_device{}());
  using Kind = plan::WindowKind;
  for (const Kind kind : {Kind::kTumbling, Kind::kHopping, Kind::kCumulative, Kind::kSession}) {
    plan::WindowSpec spec = random_window(random, kind);
    spec.aggregates = all_aggregates();
    for (const plan::Aggregate& list : list_aggregates()) spec.aggregates.push_back(list);
    if (kind == Kind::kSession) {
      spec.gap_ms = 1 + below(random, 60);
    } else {
      spec.size_ms = 600;
    }
    if (kind == Kind::kHopping || kind == Kind::kCumulative) spec.slide_ms = 200;
    expect_as_the_reference(spec, random(), 500);
    if (HasFatalFailure()) return;
  }
}

// Sums of these hang on the order in which they are added, and slices are merged in several.
TEST_F(WindowTest, FloatsThatRoundAreTakenBackToTheLastBit) {
  Random random(std::random_device{}());
  using Kind = plan::WindowKind;
  std::vector<plan::Aggregate> rounding = {
      aggregate("SUM", "d", "sum"),         aggregate("AVG", "d", "mean"),
      aggregate("STDDEV_POP", "d", "dev"),  aggregate("VAR_SAMP", "d", "var"),
      aggregate("FIRST_VALUE", "d", "one"), aggregate("SUM", "d", "flagged", false, "flag")};
  const auto expect_of = [&](Kind kind, int64_t size, int64_t slide) {
    plan::WindowSpec spec = random_window(random, kind);
    spec.allowed_lateness_ms = 100 + below(random, 1000);
    spec.keys = {"device", "room"};
    spec.aggregates = rounding;
    (kind == Kind::kSession ? spec.gap_ms : spec.size_ms) = size;
    spec.slide_ms = slide;
    expect_one_result(spec, random());
  };
  ASSERT_NO_FATAL_FAILURE(expect_of(Kind::kHopping, 700, 300));
  ASSERT_NO_FATAL_FAILURE(expect_of(Kind::kHopping, 640, 80));
  ASSERT_NO_FATAL_FAILURE(expect_of(Kind::kHopping, 190, 20));
  rounding.push_back(aggregate("SUM", "d", "once", true));
  rounding.push_back(aggregate("STDDEV_SAMP", "d", "dev_once", true));
  ASSERT_NO_FATAL_FAILURE(expect_of(Kind::kTumbling, 400, 0));
  ASSERT_NO_FATAL_FAILURE(expect_of(Kind::kHopping, 400, 200));
  ASSERT_NO_FATAL_FAILURE(expect_of(Kind::kCumulative, 800, 200));
  ASSERT_NO_FATAL_FAILURE(expect_of(Kind::kSession, 100, 0));
  EXPECT_GT(kinds_["-U"], 0U);
}

// Behind the filter one of the two rows of a change may be missing.
TEST_F(WindowTest, AFilterBehindTheWindowLeavesNoRowThatIsNoMore) {
  Random random(std::random_device{}());
  for (const auto kind : {plan::WindowKind::kTumbling, plan::WindowKind::kHopping,
                          plan::WindowKind::kCumulative, plan::WindowKind::kSession}) {
    plan::WindowSpec spec = random_window(random, kind);
    spec.keys = {"device"};
    spec.allowed_lateness_ms = 800;
    spec.late_output = false;
    (kind == plan::WindowKind::kSession ? spec.gap_ms : spec.size_ms) = 150;
    if (kind == plan::WindowKind::kHopping || kind == plan::WindowKind::kCumulative) {
      spec.slide_ms = 50;
    }
    const std::vector<std::vector<Value>> rows = random_readings(random, 800);
    auto table = std::make_shared<MemoryTable>(reading_schema(), 1);
    for (const std::vector<Value>& row : rows) table->add(0, row);
    table->finish();
    bed_.connectors().tables["readings"] = table;
    plan::Plan plan = window_plan(spec);
    const auto even = expr::parse_expression("`rows` % 2 = 0", {});
    ASSERT_TRUE(even.ok()) << even.status();
    plan.nodes.push_back({"even", {{"windows"}}, plan::FilterSpec{*even}});
    plan.nodes.push_back(
        {"some", {{"even"}}, plan::SinkSpec{"memory", {{"result", "some"}}, "raw"}});
    const Status valid = plan::validate(plan);
    ASSERT_TRUE(valid.ok()) << valid;
    for (const Way& way : kWays) {
      SCOPED_TRACE(way.name);
      ASSERT_NO_FATAL_FAILURE(run(plan, way, random));
      const auto all = standing_rows(bed_.connectors().results.at("out")->rows());
      const auto some = standing_rows(bed_.connectors().results.at("some")->rows());
      ASSERT_TRUE(all.ok()) << all.status();
      ASSERT_TRUE(some.ok()) << some.status();
      std::vector<std::string> expected;
      for (const std::string& row : *all) {
        if (std::stoll(row.substr(row.find(", rows=") + 7)) % 2 == 0) expected.push_back(row);
      }
      EXPECT_EQ(*some, expected);
      EXPECT_LT(some->size(), all->size());
    }
    if (HasFatalFailure()) return;
  }
}

// In batch mode there are no watermarks before the end, so no row is late however late it is.
TEST_F(WindowTest, ABoundedJobHasNoLateRows) {
  Random random(7);
  const std::vector<std::vector<Value>> rows = random_readings(random, 500);
  auto table = std::make_shared<MemoryTable>(reading_schema(), 1);
  for (const std::vector<Value>& row : rows) table->add(0, row);
  table->finish();
  bed_.connectors().tables["readings"] = table;
  plan::WindowSpec spec = random_window(random, plan::WindowKind::kHopping);
  spec.size_ms = 500;
  spec.slide_ms = 100;
  plan::Plan plan = window_plan(spec);
  plan.job.bounded = true;
  ASSERT_TRUE(plan::validate(plan).ok());
  const plan::Node& node = *plan.find("windows");
  const ReferenceResult expected =
      reference_of(std::get<plan::WindowSpec>(node.spec), *reading_schema(), *node.schema, rows,
                   int64_t{1} << 40, kStretch);
  for (const Way& way : kWays) {
    SCOPED_TRACE(way.name);
    ASSERT_NO_FATAL_FAILURE(run(plan, way, random));
    EXPECT_EQ(bed_.rows_of("out"), expected.rows);
    EXPECT_TRUE(bed_.rows_of("late").empty());
  }
}

}  // namespace
}  // namespace dataflow::engine
