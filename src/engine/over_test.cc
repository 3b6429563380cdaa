// Aggregates over rows, as single operators and in whole jobs, held against the plainest reading:
// for each row all rows of its partition looked through.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <random>

#include "engine/four_ways.h"
#include "group_reference.h"
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
  all.push_back(over("NTH_VALUE", "word", "third_word", {"3"}));
  all.push_back(over("NTH_VALUE", "id", "first_id", {"1"}));
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
  } else if (a.type().id() == TypeId::kDecimal) {
    order = a.as_decimal() < b.as_decimal() ? -1 : a.as_decimal() > b.as_decimal() ? 1 : 0;
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

  // How far an end of a frame is from the row, negative behind it; none: without a bound.
  std::optional<double> reach(bool end) const {
    const int64_t distance = end ? spec_.following : spec_.preceding;
    const expr::ExpressionPtr& value = end ? spec_.following_value : spec_.preceding_value;
    if (distance == kWithoutBound) return std::nullopt;
    const double far =
        value == nullptr ? static_cast<double>(distance) : std::stod(value->to_string());
    return (end ? spec_.ends_before : !spec_.begins_ahead) ? -far : far;
  }

  // How far row `at` is behind row `i` in the order, -1, 0 or 1 where there is no distance.
  double apart(const std::vector<Row>& part, size_t i, size_t at) const {
    if (spec_.unit == FrameUnit::kRows) return static_cast<double>(at) - static_cast<double>(i);
    const Value& a = part[i][columns_[0]];
    const Value& b = part[at][columns_[0]];
    double far = 0;
    if (a.type().is_float()) {
      far = b.as_double() - a.as_double();
    } else if (a.type().id() == TypeId::kDecimal) {
      far = static_cast<double>(b.as_decimal() - a.as_decimal()) / 100;
    } else {
      far = static_cast<double>(b.as_int() - a.as_int());
    }
    return spec_.order[0].descending ? -far : far;
  }

  // Whether row `at` is in the frame of row `i`.
  bool in_frame(const std::vector<Row>& part, size_t i, size_t at) const {
    const auto within = [&](bool end) {
      const std::optional<double> bound = reach(end);
      if (!bound) return true;
      const bool by_rows = spec_.unit == FrameUnit::kRows;
      const bool far = !by_rows && columns_.size() == 1 && !part[i][columns_[0]].is_null() &&
                       !part[at][columns_[0]].is_null() &&
                       part[i][columns_[0]].type().id() != TypeId::kString;
      if (!by_rows && !far)
        return end ? order(part[at], part[i]) <= 0 : order(part[at], part[i]) >= 0;
      return end ? apart(part, i, at) <= *bound : apart(part, i, at) >= *bound;
    };
    return within(false) && within(true);
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
    int64_t at = static_cast<int64_t>(i) + step;
    if (function.kind == Kind::kNthValue) {
      at = 0;
      for (int64_t left = step; at < all; ++at) {
        if (in_frame(part, i, static_cast<size_t>(at)) && --left == 0) break;
      }
    }
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
  for (const plan::Aggregate& list : list_aggregates()) spec.aggregates.push_back(list);
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

TEST_F(OverTest, RowsAsTheyComeRunFourWays) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  FourWays bed(testing::TempDir() + "over_test_now_" + std::to_string(getpid()), 64);
  constexpr Bounds kBounds[] = {{FrameUnit::kRows, kWithoutBound, 0}, {FrameUnit::kRows, 5, 0}};
  for (const Bounds& bounds : kBounds) {
    SCOPED_TRACE(words_of(bounds));
    plan::OverSpec spec = stream_spec(bounds);
    spec.order.clear();
    spec.time = plan::TimeKind::kProcessing;
    const plan::Plan plan = plan_of(spec, false);
    std::vector<Row> rows;
    auto table = std::make_shared<MemoryTable>(reading_schema(), 2);
    for (int64_t i = 0; i < 300; ++i) {
      rows.push_back(random_reading(random, i, below(random, 10'000)));
      table->add(rows.back()[0].is_null() || rows.back()[0].as_text() < "k2" ? 0 : 1, rows.back());
    }
    table->finish();
    bed.connectors().tables["readings"] = table;
    plan::Plan by_number = plan;
    for (plan::Node& node : by_number.nodes) {
      if (node.id == "over") std::get<plan::OverSpec>(node.spec).order = {{"id"}};
    }
    const std::vector<std::string> expected = Reference(by_number, rows).run();
    for (const Way& way : kWays) {
      SCOPED_TRACE(way.name);
      const Status ran = bed.run(plan, way, random);
      ASSERT_TRUE(ran.ok()) << ran;
      ASSERT_NO_FATAL_FAILURE(expect_same(bed.rows_of("out"), expected));
    }
  }
}

// Frames that do not have their row.
void leave_out_the_row(Random& random, plan::OverSpec& spec) {
  const bool both = spec.preceding != kWithoutBound && spec.following != kWithoutBound;
  if (below(random, 2) == 0) {
    if (spec.following == kWithoutBound) return;
    spec.ends_before = true;
    if (both && spec.preceding < spec.following) std::swap(spec.preceding, spec.following);
  } else if (spec.preceding != kWithoutBound) {
    spec.begins_ahead = true;
    if (both && spec.preceding > spec.following) std::swap(spec.preceding, spec.following);
  }
}

void by_numbers(Random& random, plan::OverSpec& spec) {
  static constexpr const char* kColumns[] = {"n", "d", "price"};
  static constexpr const char* kDistances[] = {"0", "2", "1.5", "0.755", "7", "3e0"};
  spec.order = {{kColumns[below(random, 3)], random() % 2 == 0, random() % 2 == 0}};
  spec.preceding = below(random, 3) == 0 ? kWithoutBound : 0;
  spec.following = below(random, 3) == 0 ? kWithoutBound : 0;
  const auto some = [&](int64_t bound) {
    if (bound == kWithoutBound || below(random, 4) == 0) return expr::ExpressionPtr();
    return *expr::parse_expression(kDistances[below(random, 6)]);
  };
  spec.preceding_value = some(spec.preceding);
  spec.following_value = some(spec.following);
  spec.begins_ahead =
      spec.preceding_value != nullptr && spec.following == kWithoutBound && below(random, 2) == 0;
  spec.ends_before =
      spec.following_value != nullptr && spec.preceding == kWithoutBound && below(random, 2) == 0;
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
    if (below(random, 3) == 0) leave_out_the_row(random, spec);
  } else if (spec.unit == FrameUnit::kRange && random() % 2 == 0) {
    by_numbers(random, spec);
  } else {
    for (const char* column : {"word", "d", "n"}) {
      if (random() % 2 == 0) spec.order.push_back({column, random() % 2 == 0, random() % 2 == 0});
    }
    spec.preceding = spec.unit == FrameUnit::kRows ? some() : below(random, 2) - 1;
    spec.following = spec.unit == FrameUnit::kRows ? some() : below(random, 2) - 1;
    if (spec.unit == FrameUnit::kRows && below(random, 3) == 0) leave_out_the_row(random, spec);
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
  for (int round = 0; round < 12; ++round) {
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

Row reading(const std::string& k, std::optional<int64_t> ms, int64_t n) {
  const auto null = [](size_t column) { return Value::null((*reading_schema())[column].type); };
  return {Value::string(k), Value::int64(n),
          null(2),          null(3),
          null(4),          null(5),
          null(6),          ms ? Value::integer(Type::timestamp(3), *ms) : null(kTime),
          Value::int64(0)};
}

// "1:6 2:9": n and what stands beside it, as rows leave.
class OverBed {
 public:
  OverBed(const Bounds& bounds, plan::Aggregate aggregate)
      : plan_(plan_of(spec_of(bounds, std::move(aggregate)), false)),
        bed_([this] { return make_operator(plan_, *plan_.find("over"), connectors_); }, {0}) {
    EXPECT_TRUE(bed_.start(1).ok());
  }
  void add(const std::vector<Row>& rows) {
    const Status added = bed_.batch(*batch_of(reading_schema(), rows));
    EXPECT_TRUE(added.ok()) << added;
  }
  std::string until(int64_t watermark) {
    EXPECT_TRUE(bed_.watermark(watermark).ok());
    std::string all;
    const std::vector<std::string>& rows = bed_.rows(0);
    for (; seen_ < rows.size(); ++seen_) {
      const auto field = [&](const std::string& name) {
        const size_t from = rows[seen_].find(name + "=") + name.size() + 1;
        const std::string value =
            rows[seen_].substr(from, rows[seen_].find_first_of(",}", from) - from);
        return value == "NULL" ? "-" : value;
      };
      all += (all.empty() ? "" : " ") + field(" n") + ":" + field(" out");
    }
    return all;
  }
  OperatorBed& bed() { return bed_; }

 private:
  static plan::OverSpec spec_of(const Bounds& bounds, plan::Aggregate aggregate) {
    plan::OverSpec spec = stream_spec(bounds);
    spec.aggregates = {std::move(aggregate)};
    return spec;
  }

  const plan::Plan plan_;
  MemoryConnectors connectors_;
  OperatorBed bed_;
  size_t seen_ = 0;
};

TEST_F(OverTest, RowsLeaveWithTheirPeersWhenTheWatermarkReachesThem) {
  OverBed bed({FrameUnit::kRange, kWithoutBound, 0}, over("SUM", "n", "out"));
  bed.add({reading("a", 20, 3), reading("a", 10, 1), reading("a", 20, 4), reading("a", 10, 2)});
  EXPECT_EQ(bed.until(9), "");
  EXPECT_EQ(bed.until(10), "1:3 2:3");
  bed.add({reading("a", 10, 5), reading("a", std::nullopt, 6), reading("a", 30, 7)});
  EXPECT_EQ(bed.until(20), "3:10 4:10");
  ASSERT_EQ(bed.bed().dead().size(), 2U);
  EXPECT_TRUE(bed.bed().dead()[0].starts_with("time ts")) << bed.bed().dead()[0];
  EXPECT_TRUE(bed.bed().dead()[1].starts_with("late ts")) << bed.bed().dead()[1];
  EXPECT_EQ(bed.bed().forwarded(), 20);
  EXPECT_EQ(bed.until(INT64_MAX), "7:17");
  EXPECT_EQ(bed.bed().state_rows(), 1U);  // the partition's sum
}

TEST_F(OverTest, OfFramesByTimeRowsGoWithTheWatermark) {
  OverBed bed({FrameUnit::kRange, 10, 0}, over("COUNT", "", "out"));
  for (int64_t i = 0; i < 100; ++i) bed.add({reading("a", i, i), reading("b", 3 * i, i)});
  (void)bed.until(50);
  ASSERT_TRUE(bed.bed().barrier().ok());
  ASSERT_TRUE(bed.bed().start(2).ok());
  // Those that wait; and of those that left the ones that a row of 51 looks back at: 41 to 50.
  EXPECT_EQ(bed.bed().state_rows(), (49U + 83U) + (10U + 3U));
  EXPECT_EQ(bed.until(51), "17:4 51:11");
  (void)bed.until(1000);
  EXPECT_EQ(bed.bed().state_rows(), 0U);
  bed.add({reading("a", 1001, 1)});
  EXPECT_EQ(bed.until(1001), "1:1");
}

TEST_F(OverTest, OfFramesByRowsAndOfNeighboursSoManyAreKept) {
  for (const bool lag : {false, true}) {
    OverBed bed({FrameUnit::kRows, 2, 0},
                lag ? over("LAG", "n", "out", {"2", "-1"}) : over("MAX", "n", "out"));
    bed.add({reading("a", 1, 9), reading("a", 2, 5)});
    EXPECT_EQ(bed.until(2), lag ? "9:-1 5:-1" : "9:9 5:9");
    bed.add({reading("a", 5, 6), reading("a", 4, 7), reading("a", 6, 1)});
    ASSERT_TRUE(bed.bed().barrier().ok());
    ASSERT_TRUE(bed.bed().start(2).ok());
    EXPECT_EQ(bed.until(5), lag ? "7:9 6:5" : "7:9 6:7");
    ASSERT_TRUE(bed.bed().barrier().ok());
    ASSERT_TRUE(bed.bed().start(1).ok());
    EXPECT_EQ(bed.until(6), lag ? "1:7" : "1:7");
    EXPECT_EQ(bed.bed().state_rows(), 2U);
  }
}

TEST_F(OverTest, ARowThatFailsIsADeadLetterOnceAndInNoFrame) {
  for (const std::string function : {"SUM", "LAG"}) {
    OverBed bed({FrameUnit::kRows, 3, 0}, over(function, "6 / n", "out"));
    bed.add({reading("a", 1, 1), reading("a", 2, 0), reading("a", 3, 2)});
    EXPECT_EQ(bed.until(3), function == "SUM" ? "1:6 2:9" : "1:- 2:6");
    bed.add({reading("b", 4, 0), reading("a", 4, 3)});
    EXPECT_EQ(bed.until(4), function == "SUM" ? "3:11" : "3:3");
    ASSERT_EQ(bed.bed().dead().size(), 2U);
    EXPECT_TRUE(bed.bed().dead()[0].starts_with("expression")) << bed.bed().dead()[0];
  }
}

TEST_F(OverTest, AHotPartitionLeavesInOrder) {
  OverBed bed({FrameUnit::kRows, 999, 0}, over("MIN", "n", "out"));
  std::vector<Row> rows;
  for (int64_t i = 0; i < 20'000; ++i) rows.push_back(reading("a", i / 3, i));
  bed.add(rows);
  ASSERT_TRUE(bed.bed().watermark(INT64_MAX).ok());
  const std::vector<std::string>& left = bed.bed().rows(0);
  ASSERT_EQ(left.size(), rows.size());
  for (size_t i = 0; i < left.size(); ++i) {
    const std::string least = "out=" + std::to_string(i < 999 ? 0 : i - 999) + "}";
    ASSERT_TRUE(left[i].ends_with(least)) << left[i] << ", not " << least;
  }
}

// More rows are due at once than leave together: each still finds those before it.
TEST_F(OverTest, ABacklogLooksBackOverItsWholeRange) {
  OverBed bed({FrameUnit::kRange, 1000, 0}, over("COUNT", "n", "out"));
  std::vector<Row> rows;
  for (int64_t i = 0; i < 20'000; ++i) rows.push_back(reading("a", i, i));
  bed.add(rows);
  ASSERT_TRUE(bed.bed().watermark(INT64_MAX).ok());
  const std::vector<std::string>& left = bed.bed().rows(0);
  ASSERT_EQ(left.size(), rows.size());
  for (size_t i = 0; i < left.size(); ++i) {
    const std::string count = "out=" + std::to_string(std::min<size_t>(i + 1, 1001)) + "}";
    ASSERT_TRUE(left[i].ends_with(count)) << left[i] << ", not " << count;
  }
}

}  // namespace
}  // namespace dataflow::engine
