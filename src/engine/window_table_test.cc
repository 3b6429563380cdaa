// Rows by window: every kind of window against the plainest reading of what a window is, and what
// becomes of updates and of rows without a time.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>

#include "changelog.h"
#include "engine/four_ways.h"
#include "operator_bed.h"
#include "operators.h"
#include "row_text.h"

namespace dataflow::engine {
namespace {

using Random = std::mt19937_64;
using Row = std::vector<Value>;
using plan::WindowKind;

int64_t below(Random& random, int64_t limit) {
  return static_cast<int64_t>(random() % static_cast<uint64_t>(limit));
}

SchemaPtr event_schema() {
  return std::make_shared<Schema>(
      std::vector<Field>{{"v", Type::int64()}, {"ts", Type::timestamp_tz(6)}});
}

Row event(int64_t v, std::optional<int64_t> ms, int64_t micros = 0) {
  const Type type = Type::timestamp_tz(6);
  return {Value::int64(v), ms ? Value::integer(type, *ms * 1000 + micros) : Value::null(type)};
}

plan::WindowTableSpec spec_of(WindowKind kind, int64_t size, int64_t slide = 0,
                              int64_t offset = 0) {
  plan::WindowTableSpec spec;
  spec.kind = kind;
  spec.size_ms = size;
  spec.slide_ms = slide;
  spec.offset_ms = offset;
  return spec;
}

plan::Plan plan_of(const plan::WindowTableSpec& spec) {
  plan::Plan plan;
  plan.name = "tables";
  plan.job.checkpoint_interval_ms = 1;
  plan::SourceSpec source{"memory", {{"table", "events"}}, "raw", {}, event_schema()};
  source.watermark = plan::WatermarkSpec{"ts", 100};
  plan.nodes.push_back({"events", {}, source});
  plan.nodes.push_back({"windows", {{"events"}}, spec});
  plan.nodes.push_back(
      {"out", {{"windows"}}, plan::SinkSpec{"memory", {{"result", "out"}}, "raw"}});
  const Status valid = plan::validate(plan);
  EXPECT_TRUE(valid.ok()) << valid;
  return plan;
}

class TableBed {
 public:
  explicit TableBed(const plan::WindowTableSpec& spec)
      : plan_(plan_of(spec)), bed_([this] { return make(); }, {0}) {
    EXPECT_TRUE(bed_.start(1).ok());
  }
  void add(const std::vector<Row>& rows, const std::vector<RowKind>& kinds = {}) {
    Batch batch = *batch_of(event_schema(), rows);
    if (!kinds.empty()) batch.kinds = std::make_shared<std::vector<RowKind>>(kinds);
    const Status added = bed_.batch(batch);
    EXPECT_TRUE(added.ok()) << added;
  }
  OperatorBed& bed() { return bed_; }
  const Schema& schema() const { return *plan_.find("windows")->schema; }
  // "+I 1 [0, 10)" in order.
  std::string news() {
    std::string all;
    const std::vector<std::string>& rows = bed_.rows(0);
    for (; seen_ < rows.size(); ++seen_) {
      const std::string& row = rows[seen_];
      const auto field = [&](const std::string& name) {
        const size_t from = row.find(name + "=") + name.size() + 1;
        return row.substr(from, row.find_first_of(",}", from) - from);
      };
      all += (all.empty() ? "" : "; ") + row.substr(0, 3) + field("v") + " " +
             field("window_start").substr(17, 6) + " " + field("window_end").substr(17, 6) + " " +
             field("window_time").substr(17, 6);
    }
    return all;
  }

 private:
  Result<std::unique_ptr<Operator>> make() {
    const plan::Node& node = *plan_.find("windows");
    return make_window_table(std::get<plan::WindowTableSpec>(node.spec), *event_schema(),
                             node.schema);
  }

  const plan::Plan plan_;
  OperatorBed bed_;
  size_t seen_ = 0;
};

// By the plainest means: every moment at which a window may begin, one after the other.
std::vector<std::string> reference_of(const plan::WindowTableSpec& spec, const SchemaPtr& schema,
                                      const std::vector<Row>& rows) {
  std::vector<std::string> out;
  for (const Row& row : rows) {
    if (row[1].is_null()) continue;
    const int64_t micros = row[1].as_int();
    const int64_t step = spec.kind == WindowKind::kHopping ? spec.slide_ms : spec.size_ms;
    const int64_t grows = spec.kind == WindowKind::kCumulative ? spec.slide_ms : spec.size_ms;
    // Windows before zero too: as many steps down as lie behind the earliest time.
    for (int64_t start = spec.offset_ms - 1000 * step; start * 1000 <= micros; start += step) {
      for (int64_t length = grows; length <= spec.size_ms; length += grows) {
        if ((start + length) * 1000 <= micros) continue;
        Row wide = row;
        wide.push_back(Value::integer(Type::timestamp(3), start));
        wide.push_back(Value::integer(Type::timestamp(3), start + length));
        wide.push_back(Value::integer(Type::timestamp_tz(3), start + length - 1));
        out.push_back("+I " + row_text(*batch_of(schema, {wide}), 0));
      }
    }
  }
  std::ranges::sort(out);
  return out;
}

plan::WindowTableSpec random_spec(Random& random) {
  const int64_t slide = 1 + below(random, 40);
  switch (below(random, 3)) {
    case 0:
      return spec_of(WindowKind::kTumbling, slide, 0, below(random, 2 * slide - 1) - slide + 1);
    case 1:
      return spec_of(WindowKind::kHopping, 1 + below(random, 120), slide,
                     below(random, 2 * slide - 1) - slide + 1);
    default: {
      const int64_t size = slide * (1 + below(random, 5));
      return spec_of(WindowKind::kCumulative, size, slide, below(random, 2 * size - 1) - size + 1);
    }
  }
}

TEST(WindowTableTest, FourWaysGiveTheRowsOfTheReference) {
  FourWays bed(testing::TempDir() + "window_table_test_" + std::to_string(getpid()), 64);
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (int round = 0; round < 9; ++round) {
    const plan::WindowTableSpec spec = random_spec(random);
    SCOPED_TRACE("kind " + std::to_string(static_cast<int>(spec.kind)) + ", size " +
                 std::to_string(spec.size_ms) + ", slide " + std::to_string(spec.slide_ms) +
                 ", offset " + std::to_string(spec.offset_ms));
    std::vector<Row> rows;
    auto table = std::make_shared<MemoryTable>(event_schema(), 2);
    for (int64_t i = 0; i < 200; ++i) {
      rows.push_back(event(i, i + below(random, 50) - 100, below(random, 1000)));
      table->add(random() % 2, rows.back());
    }
    table->finish();
    bed.connectors().tables["events"] = table;
    const plan::Plan plan = plan_of(spec);
    const std::vector<std::string> expected =
        reference_of(spec, plan.find("windows")->schema, rows);
    for (const Way& way : kWays) {
      SCOPED_TRACE(way.name);
      const Status ran = bed.run(plan, way, random);
      ASSERT_TRUE(ran.ok()) << ran;
      ASSERT_EQ(bed.rows_of("out"), expected);
    }
  }
}

TEST(WindowTableTest, ARowIsInEachOfItsWindows) {
  TableBed tumbling(spec_of(WindowKind::kTumbling, 10));
  tumbling.add({event(1, 0), event(2, 9, 999), event(3, 10)});
  EXPECT_EQ(tumbling.news(),
            "+I 1 00.000 00.010 00.009; +I 2 00.000 00.010 00.009; +I 3 00.010 00.020 00.019");
  TableBed hopping(spec_of(WindowKind::kHopping, 20, 10));
  hopping.add({event(1, 15)});
  EXPECT_EQ(hopping.news(), "+I 1 00.000 00.020 00.019; +I 1 00.010 00.030 00.029");
  TableBed cumulative(spec_of(WindowKind::kCumulative, 30, 10));
  cumulative.add({event(1, 10)});
  EXPECT_EQ(cumulative.news(), "+I 1 00.000 00.020 00.019; +I 1 00.000 00.030 00.029");
  TableBed gaps(spec_of(WindowKind::kHopping, 10, 30));
  gaps.add({event(1, 9), event(2, 10), event(3, 29), event(4, 30)});
  EXPECT_EQ(gaps.news(), "+I 1 00.000 00.010 00.009; +I 4 00.030 00.040 00.039");
}

TEST(WindowTableTest, ARowWithoutATimeIsADeadLetter) {
  TableBed bed(spec_of(WindowKind::kTumbling, 10));
  bed.add({event(1, std::nullopt), event(2, 5)});
  EXPECT_EQ(bed.news(), "+I 2 00.000 00.010 00.009");
  ASSERT_EQ(bed.bed().dead().size(), 1U);
  EXPECT_TRUE(bed.bed().dead()[0].starts_with("time ts {v=1")) << bed.bed().dead()[0];
}

TEST(WindowTableTest, NoRowIsLate) {
  TableBed bed(spec_of(WindowKind::kTumbling, 10));
  ASSERT_TRUE(bed.bed().watermark(100).ok());
  bed.add({event(1, 5)});
  EXPECT_EQ(bed.news(), "+I 1 00.000 00.010 00.009");
  EXPECT_EQ(bed.bed().forwarded(), 100);
}

TEST(WindowTableTest, AChangedRowIsChangedInEachWindow) {
  TableBed bed(spec_of(WindowKind::kHopping, 20, 10));
  bed.add({event(1, 15), event(1, 15), event(2, 16), event(2, 16)},
          {RowKind::kInsert, RowKind::kUpdateBefore, RowKind::kUpdateAfter, RowKind::kDelete});
  EXPECT_EQ(bed.news(),
            "+I 1 00.000 00.020 00.019; +I 1 00.010 00.030 00.029; "
            "-U 1 00.000 00.020 00.019; +U 2 00.000 00.020 00.019; "
            "-U 1 00.010 00.030 00.029; +U 2 00.010 00.030 00.029; "
            "-D 2 00.000 00.020 00.019; -D 2 00.010 00.030 00.029");
}

TEST(WindowTableTest, ARowThatMovesLeavesItsWindows) {
  TableBed bed(spec_of(WindowKind::kHopping, 20, 10));
  bed.add({event(1, 15), event(2, 25)}, {RowKind::kUpdateBefore, RowKind::kUpdateAfter});
  EXPECT_EQ(bed.news(),
            "-D 1 00.000 00.020 00.019; -D 1 00.010 00.030 00.029; "
            "+I 2 00.010 00.030 00.029; +I 2 00.020 00.040 00.039");
  // One of a pair alone stays what it is, as behind a filter.
  bed.add({event(2, std::nullopt), event(3, 5)}, {RowKind::kUpdateBefore, RowKind::kUpdateAfter});
  EXPECT_EQ(bed.news(), "+U 3 59.990 00.010 00.009; +U 3 00.000 00.020 00.019");
  EXPECT_EQ(bed.bed().dead().size(), 1U);
}

TEST(WindowTableTest, ManyWindowsLeaveInPartsWithPairsWhole) {
  TableBed bed(spec_of(WindowKind::kHopping, 10'001, 1));
  bed.add({event(1, 15), event(1, 15), event(2, 15)},
          {RowKind::kInsert, RowKind::kUpdateBefore, RowKind::kUpdateAfter});
  EXPECT_EQ(bed.bed().rows(0).size(), 3U * 10'001U);
  EXPECT_EQ(bed.bed().split_pairs(), 0U);
  EXPECT_TRUE(check_pairs(bed.bed().rows(0)).ok());
}

}  // namespace
}  // namespace dataflow::engine
