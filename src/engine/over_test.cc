// Aggregates over rows, as single operators and in whole jobs, held against the plainest reading:
// for each row all rows of its partition looked through.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <random>

#include "four_ways.h"
#include "operator_bed.h"
#include "operators.h"
#include "plan/over_function.h"
#include "row_text.h"
#include "window_reference.h"

namespace dataflow::engine {
namespace {

using plan::FrameUnit;
using plan::kWithoutBound;
using Random = std::mt19937_64;
using Row = std::vector<Value>;

int64_t below(Random& random, int64_t limit) {
  return static_cast<int64_t>(random() % static_cast<uint64_t>(limit));
}

const SchemaPtr& reading_schema() {
  static const SchemaPtr kSchema =
      std::make_shared<Schema>(std::vector<Field>{{"k", Type::string()},
                                                  {"n", Type::int64()},
                                                  {"d", Type::float64()},
                                                  {"price", Type::decimal(10, 2)},
                                                  {"word", Type::string()},
                                                  {"flag", Type::boolean()},
                                                  {"tags", Type::array(Type::string())},
                                                  {"ts", Type::timestamp(3)},
                                                  {"id", Type::int64()}});
  return kSchema;
}
constexpr size_t kTime = 7;

Row random_reading(Random& random, int64_t id, int64_t ms) {
  const auto or_null = [&](Value value) {
    return below(random, 8) == 0 ? Value::null(value.type()) : value;
  };
  return {or_null(Value::string("k" + std::to_string(below(random, 4)))),
          or_null(Value::int64(below(random, 20) - 10)),
          or_null(Value::float64(static_cast<double>(below(random, 40)) / 4)),
          or_null(Value::decimal(Type::decimal(10, 2), below(random, 5000) - 2500)),
          or_null(Value::string(std::string(static_cast<size_t>(below(random, 4)), 'x'))),
          or_null(Value::boolean(below(random, 2) == 0)),
          or_null(Value::list(Type::array(Type::string()), {Value::string("t")})),
          Value::integer(Type::timestamp(3), ms),
          Value::int64(id)};
}

plan::Aggregate over(const std::string& function, const std::string& argument,
                     const std::string& name, const std::vector<std::string>& parameters = {}) {
  plan::Aggregate made;
  made.function = function;
  made.name = name;
  if (!argument.empty()) made.argument = *expr::parse_expression(argument);
  for (const std::string& parameter : parameters) {
    made.parameters.push_back(*expr::parse_expression(parameter));
  }
  return made;
}

plan::Aggregate with(plan::Aggregate aggregate, bool distinct, const std::string& filter = "") {
  aggregate.distinct = distinct;
  if (!filter.empty()) aggregate.filter = expr::column(filter);
  return aggregate;
}

// Of streams; some that merge exactly, and some that do not.
std::vector<plan::Aggregate> usual_aggregates() {
  return {over("COUNT", "", "rows"),
          over("COUNT", "n", "ns"),
          over("SUM", "n", "total"),
          over("AVG", "price", "mean"),
          over("SUM", "d", "total_d"),
          over("MIN", "word", "least"),
          over("MAX", "d", "most"),
          over("FIRST_VALUE", "n", "first"),
          over("LAST_VALUE", "word", "latest"),
          over("STDDEV_POP", "n", "spread"),
          with(over("COUNT", "n", "kinds"), true),
          with(over("SUM", "n", "flagged"), false, "flag")};
}

std::vector<plan::Aggregate> places_of_streams() {
  return {over("ROW_NUMBER", "", "row_number"),        over("RANK", "", "rank"),
          over("DENSE_RANK", "", "dense_rank"),        over("LAG", "n", "before"),
          over("LAG", "tags", "before_2", {"2"}),      over("LAG", "n", "itself", {"0"}),
          over("LAG", "price", "before_3", {"3", "7"})};
}

std::vector<plan::Aggregate> places_of_bounded_jobs() {
  std::vector<plan::Aggregate> all = places_of_streams();
  all.push_back(over("PERCENT_RANK", "", "percent_rank"));
  all.push_back(over("CUME_DIST", "", "cume_dist"));
  all.push_back(over("NTILE", "3", "third"));
  all.push_back(over("LEAD", "word", "after"));
  all.push_back(over("LEAD", "tags", "after_2", {"2"}));
  all.push_back(over("LEAD", "n", "after_9", {"9", "-1"}));
  return all;
}

plan::Plan plan_of(plan::OverSpec spec, bool bounded) {
  plan::Plan plan;
  plan.name = "over";
  plan.job.bounded = bounded;
  plan.job.checkpoint_interval_ms = 1;
  plan::SourceSpec source{"memory", {{"table", "readings"}}, "raw", {}, reading_schema()};
  if (!bounded) source.watermark = plan::WatermarkSpec{"ts", 100};
  plan.nodes.push_back({"readings", {}, source});
  plan.nodes.push_back({"over", {{"readings"}}, std::move(spec)});
  plan.nodes.push_back({"out", {{"over"}}, plan::SinkSpec{"memory", {{"result", "out"}}, "raw"}});
  const Status valid = plan::validate(plan);
  EXPECT_TRUE(valid.ok()) << valid;
  return plan;
}

// -1, 0 or 1; NULL equals NULL.
int compare(const Value& a, const Value& b, const plan::OrderColumn& by) {
  if (a.is_null() || b.is_null()) {
    if (a.is_null() && b.is_null()) return 0;
    return a.is_null() == by.nulls_first ? -1 : 1;
  }
  int order = 0;
  if (a.type().id() == TypeId::kString) {
    order = a.as_text().compare(b.as_text());
  } else if (a.type().is_float()) {
    order = a.as_double() < b.as_double() ? -1 : a.as_double() > b.as_double() ? 1 : 0;
  } else {
    order = a.as_int() < b.as_int() ? -1 : a.as_int() > b.as_int() ? 1 : 0;
  }
  return by.descending ? -order : order;
}

class Reference {
 public:
  Reference(const plan::Plan& plan, const std::vector<Row>& rows)
      : spec_(std::get<plan::OverSpec>(plan.find("over")->spec)),
        schema_(plan.find("over")->schema) {
    for (const plan::OrderColumn& by : spec_.order) {
      columns_.push_back(*reading_schema()->find(by.column));
    }
    for (const Row& row : rows) {
      parts_[spec_.keys.empty() ? "" : row[0].to_string()].push_back(row);
    }
    for (auto& [key, part] : parts_) {
      std::ranges::stable_sort(part, [&](const Row& a, const Row& b) { return order(a, b) < 0; });
    }
  }

  std::vector<std::string> run() const {
    std::vector<std::string> out;
    for (const auto& [key, part] : parts_) {
      for (size_t i = 0; i < part.size(); ++i) {
        Row row = part[i];
        for (const plan::Aggregate& aggregate : spec_.aggregates) {
          row.push_back(value_of(aggregate, part, i, (*schema_)[row.size()].type));
        }
        out.push_back("+I " + row_text(*batch_of(schema_, {row}), 0));
      }
    }
    std::ranges::sort(out);
    return out;
  }

 private:
  int order(const Row& a, const Row& b) const {
    for (size_t i = 0; i < columns_.size(); ++i) {
      const size_t column = columns_[i];
      const int result = compare(a[column], b[column], spec_.order[i]);
      if (result != 0) return result;
    }
    return 0;
  }

  // Whether row `at` is in the frame of row `i`.
  bool in_frame(const std::vector<Row>& part, size_t i, size_t at) const {
    const int64_t apart = static_cast<int64_t>(at) - static_cast<int64_t>(i);
    const bool before = spec_.unit == FrameUnit::kRows ? apart < 0 : order(part[at], part[i]) < 0;
    const bool behind = spec_.unit == FrameUnit::kRows ? apart > 0 : order(part[at], part[i]) > 0;
    if (!before && !behind) return true;
    const int64_t bound = before ? spec_.preceding : spec_.following;
    if (bound == kWithoutBound) return true;
    if (bound == 0) return false;
    if (spec_.unit == FrameUnit::kRows) return std::abs(apart) <= bound;
    const size_t column = columns_[0];
    if (part[at][column].is_null() || part[i][column].is_null()) return false;
    return std::abs(part[at][column].as_int() - part[i][column].as_int()) <= bound;
  }

  Value value_of(const plan::Aggregate& aggregate, const std::vector<Row>& part, size_t i,
                 const Type& type) const {
    const plan::OverFunction* function = plan::find_over_function(aggregate.function);
    if (function != nullptr) return place_of(*function, aggregate, part, i, type);
    std::vector<const Row*> frame;
    for (size_t at = 0; at < part.size(); ++at) {
      if (in_frame(part, i, at)) frame.push_back(&part[at]);
    }
    return reference_aggregate(aggregate, *reading_schema(), type, frame);
  }

  Value place_of(const plan::OverFunction& function, const plan::Aggregate& aggregate,
                 const std::vector<Row>& part, size_t i, const Type& type) const {
    using Kind = plan::OverFunctionKind;
    const auto all = static_cast<int64_t>(part.size());
    int64_t before = 0, up_to = 0, places = 0;
    for (size_t at = 0; at < part.size(); ++at) {
      const int place = order(part[at], part[i]);
      before += place < 0 ? 1 : 0;
      up_to += place <= 0 ? 1 : 0;
      const bool is_new = at == 0 || order(part[at - 1], part[at]) != 0;
      places += place <= 0 && is_new ? 1 : 0;
    }
    switch (function.kind) {
      case Kind::kRowNumber: return Value::int64(static_cast<int64_t>(i) + 1);
      case Kind::kRank: return Value::int64(before + 1);
      case Kind::kDenseRank: return Value::int64(places);
      case Kind::kPercentRank:
        return Value::float64(all == 1 ? 0 : static_cast<double>(before) / (all - 1));
      case Kind::kCumeDist: return Value::float64(static_cast<double>(up_to) / all);
      case Kind::kNtile: {
        // Each part in turn gets a row until there are none left.
        std::vector<int64_t> sizes(static_cast<size_t>(plan::buckets_of(aggregate)));
        for (int64_t n = 0; n < all; ++n) ++sizes[static_cast<size_t>(n) % sizes.size()];
        int64_t bucket = 1;
        for (auto left = static_cast<int64_t>(i); left >= sizes[static_cast<size_t>(bucket - 1)];) {
          left -= sizes[static_cast<size_t>(bucket++ - 1)];
        }
        return Value::int64(bucket);
      }
      default: break;
    }
    const int64_t step = plan::offset_of(aggregate) * (function.kind == Kind::kLag ? -1 : 1);
    const int64_t at = static_cast<int64_t>(i) + step;
    if (at >= 0 && at < all) {
      return part[static_cast<size_t>(at)][*reading_schema()->find(aggregate.argument->name)];
    }
    return value_at(type, **plan::default_of(aggregate, type), 0);
  }

  const plan::OverSpec& spec_;
  const SchemaPtr schema_;
  std::vector<size_t> columns_;  // of the order
  std::map<std::string, std::vector<Row>> parts_;
};

struct Bounds {
  FrameUnit unit;
  int64_t preceding, following;
};

plan::OverSpec stream_spec(const Bounds& bounds) {
  plan::OverSpec spec;
  spec.keys = {"k"};
  spec.order = {{"ts"}};
  spec.unit = bounds.unit;
  spec.preceding = bounds.preceding;
  spec.following = bounds.following;
  spec.aggregates = usual_aggregates();
  for (plan::Aggregate& place : places_of_streams()) spec.aggregates.push_back(std::move(place));
  return spec;
}

constexpr Bounds kStreamBounds[] = {{FrameUnit::kRange, kWithoutBound, 0},
                                    {FrameUnit::kRows, kWithoutBound, 0},
                                    {FrameUnit::kRows, 5, 0},
                                    {FrameUnit::kRows, 0, 0},
                                    {FrameUnit::kRange, 60, 0},
                                    {FrameUnit::kRange, 0, 0}};

std::string words_of(const Bounds& bounds) {
  return std::string(bounds.unit == FrameUnit::kRows ? "rows " : "range ") +
         std::to_string(bounds.preceding) + " to " + std::to_string(bounds.following);
}

class OverTest : public testing::Test {
 protected:
  OperatorBed bed_of(const plan::Plan& plan) {
    return OperatorBed(
        [this, &plan] { return make_operator(plan, *plan.find("over"), connectors_); }, {0});
  }
  MemoryConnectors connectors_;
};

// Rows about a watermark that goes on, and what of them is not late.
struct Played {
  std::vector<Row> on_time;
  std::vector<std::string> late;
};

Played play(OperatorBed& bed, Random& random, bool restores, bool rescales) {
  Played played;
  EXPECT_TRUE(bed.start(rescales ? 3 : 1).ok());
  int64_t now = 100'000;
  int64_t watermark = 0;
  for (int64_t id = 0; id < 250;) {
    std::vector<Row> rows;
    for (int64_t n = 1 + below(random, 20); n > 0; --n) {
      now += below(random, 6);
      const int64_t ms = now - below(random, below(random, 5) == 0 ? 200 : 40);
      rows.push_back(random_reading(random, id++, ms));
      if (ms > watermark) {
        played.on_time.push_back(rows.back());
      } else {
        played.late.push_back("late ts " + row_text(*batch_of(reading_schema(), {rows.back()}), 0));
      }
    }
    EXPECT_TRUE(bed.batch(*batch_of(reading_schema(), rows)).ok());
    if (below(random, 3) == 0) {
      watermark = std::max(watermark, now - below(random, 60));
      EXPECT_TRUE(bed.watermark(watermark).ok());
    }
    if (!restores || below(random, 3) != 0) continue;
    EXPECT_TRUE(bed.barrier().ok());
    EXPECT_TRUE(bed.start(rescales ? 1 + static_cast<int>(below(random, 4)) : 1).ok());
  }
  EXPECT_TRUE(bed.end().ok());
  return played;
}

// The first rows that differ, of long lists.
void expect_same(const std::vector<std::string>& rows, const std::vector<std::string>& expected) {
  for (size_t i = 0; i < std::min(rows.size(), expected.size()); ++i) {
    ASSERT_EQ(rows[i], expected[i]);
  }
  ASSERT_EQ(rows.size(), expected.size());
}

std::vector<std::string> sorted(std::vector<std::string> rows) {
  std::ranges::sort(rows);
  return rows;
}

TEST_F(OverTest, RandomRowsOfAStreamGiveTheRowsOfTheReference) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (const Bounds& bounds : kStreamBounds) {
    SCOPED_TRACE(words_of(bounds));
    const plan::Plan plan = plan_of(stream_spec(bounds), false);
    for (const int way : {0, 1, 2}) {
      SCOPED_TRACE(way);
      OperatorBed bed = bed_of(plan);
      const Played played = play(bed, random, way > 0, way > 1);
      ASSERT_NO_FATAL_FAILURE(
          expect_same(sorted(bed.rows(0)), Reference(plan, played.on_time).run()));
      ASSERT_EQ(sorted(bed.dead()), sorted(played.late));
    }
  }
}

TEST_F(OverTest, StreamsRunFourWays) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  FourWays bed(testing::TempDir() + "over_test_" + std::to_string(getpid()), 64);
  for (const Bounds& bounds : kStreamBounds) {
    SCOPED_TRACE(words_of(bounds));
    const plan::Plan plan = plan_of(stream_spec(bounds), false);
    std::vector<Row> rows;
    auto table = std::make_shared<MemoryTable>(reading_schema(), 2);
    for (int64_t i = 0; i < 300; ++i) {
      // Of each key in one split: of rows with one time the order is that of arrival.
      rows.push_back(random_reading(random, i, 5 * i + below(random, 90)));
      table->add(rows.back()[0].is_null() || rows.back()[0].as_text() < "k2" ? 0 : 1, rows.back());
    }
    table->finish();
    bed.connectors().tables["readings"] = table;
    const std::vector<std::string> expected = Reference(plan, rows).run();
    for (const Way& way : kWays) {
      SCOPED_TRACE(way.name);
      const Status ran = bed.run(plan, way, random);
      ASSERT_TRUE(ran.ok()) << ran;
      ASSERT_NO_FATAL_FAILURE(expect_same(bed.rows_of("out"), expected));
    }
  }
}

plan::OverSpec random_bounded_spec(Random& random) {
  plan::OverSpec spec;
  if (below(random, 4) > 0) spec.keys = {"k"};
  const auto some = [&] { return below(random, 3) == 0 ? kWithoutBound : below(random, 8); };
  spec.unit = random() % 2 == 0 ? FrameUnit::kRows : FrameUnit::kRange;
  if (spec.unit == FrameUnit::kRange && random() % 2 == 0) {
    spec.order = {{"ts", random() % 2 == 0, random() % 2 == 0}};
    spec.preceding = below(random, 3) == 0 ? kWithoutBound : below(random, 100);
    spec.following = below(random, 3) == 0 ? kWithoutBound : below(random, 100);
  } else {
    for (const char* column : {"word", "d", "n"}) {
      if (random() % 2 == 0) spec.order.push_back({column, random() % 2 == 0, random() % 2 == 0});
    }
    spec.preceding = spec.unit == FrameUnit::kRows ? some() : below(random, 2) - 1;
    spec.following = spec.unit == FrameUnit::kRows ? some() : below(random, 2) - 1;
  }
  spec.aggregates = usual_aggregates();
  for (plan::Aggregate& place : places_of_bounded_jobs()) {
    spec.aggregates.push_back(std::move(place));
  }
  return spec;
}

TEST_F(OverTest, BoundedJobsInAnyOrderGiveTheRowsOfTheReference) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  FourWays bed(testing::TempDir() + "over_test_bounded_" + std::to_string(getpid()), 64);
  for (int round = 0; round < 10; ++round) {
    plan::OverSpec spec = random_bounded_spec(random);
    SCOPED_TRACE(words_of({spec.unit, spec.preceding, spec.following}) + ", " +
                 std::to_string(spec.order.size()) + " columns");
    plan::Plan plan = plan_of(spec, true);
    std::vector<Row> rows;
    auto table = std::make_shared<MemoryTable>(reading_schema(), 1);
    for (int64_t i = 0; i < 200; ++i) {
      rows.push_back(random_reading(random, i, below(random, 500)));
      if (below(random, 12) == 0) rows.back()[kTime] = Value::null(Type::timestamp(3));
      table->add(0, rows.back());
    }
    table->finish();
    bed.connectors().tables["readings"] = table;
    const std::vector<std::string> expected = Reference(plan, rows).run();
    for (const Way& way : kWays) {
      SCOPED_TRACE(way.name);
      const Status ran = bed.run(plan, way, random);
      ASSERT_TRUE(ran.ok()) << ran;
      ASSERT_NO_FATAL_FAILURE(expect_same(bed.rows_of("out"), expected));
    }
  }
}

}  // namespace
}  // namespace dataflow::engine
