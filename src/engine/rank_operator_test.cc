// Ranks as single operators: the test says what comes, and when.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "changelog.h"
#include "operator_bed.h"
#include "operators.h"
#include "rank_reference.h"
#include "row_text.h"

namespace dataflow::engine {
namespace {

using Random = std::mt19937_64;
using plan::RankSpec;

SchemaPtr score_schema() {
  return std::make_shared<Schema>(std::vector<Field>{{"k", Type::string()},
                                                     {"v", Type::int64()},
                                                     {"window_start", Type::timestamp(3)},
                                                     {"window_time", Type::timestamp(3)},
                                                     {"note", Type::string()}});
}

// A rank behind a source; `updates`: behind what may take its rows back.
plan::Plan rank_plan(RankSpec spec, const SchemaPtr& schema, bool updates, bool bounded = false) {
  plan::Plan plan;
  plan.name = "ranked";
  plan.job.bounded = bounded;
  plan::SourceSpec source{"memory", {{"table", "rows"}}, "raw", {}, schema};
  if (spec.by_window)
    source.watermark = plan::WatermarkSpec{schema->find("at") ? "at" : "window_time", 0};
  plan.nodes.push_back({"rows", {}, source});
  if (updates) {
    plan::DeduplicateSpec last;
    last.keys = {schema->fields().back().name};
    last.keep_last = true;
    plan.nodes.push_back({"once", {{"rows"}}, last});
  }
  plan.nodes.push_back({"best", {{updates ? "once" : "rows"}}, std::move(spec)});
  plan.nodes.push_back({"out", {{"best"}}, plan::SinkSpec{"memory", {{"result", "out"}}, "raw"}});
  const Status valid = plan::validate(plan);
  EXPECT_TRUE(valid.ok()) << valid;
  return plan;
}

RankSpec top(int64_t last, const std::string& number = "") {
  return {.keys = {"k"}, .order = {{"v", true}}, .last = last, .number = number};
}

// Scores (k, v) through the operator alone.
class RankBed {
 public:
  explicit RankBed(RankSpec spec, bool updates = false, bool bounded = false)
      : plan_(rank_plan(std::move(spec), score_schema(), updates, bounded)),
        bed_(
            [this]() -> Result<std::unique_ptr<Operator>> {
              const plan::Node& node = *plan_.find("best");
              DF_ASSIGN_OR_RETURN(auto made, make_rank(plan_, node, std::get<RankSpec>(node.spec)));
              operator_ = made.get();
              return made;
            },
            {0}) {
    EXPECT_TRUE(bed_.start(1).ok());
  }

  // "+a3 -a5 +b1": of one batch; a retraction is -D.
  void add(const std::string& changes) { add_rows(changes, 0, 0); }
  void add_to_window(const std::string& changes, int64_t start, int64_t time) {
    add_rows(changes, start, time);
  }
  // What left since the last call, "+Ia3 …", with the place behind it where it is told.
  std::string news() {
    std::string all;
    const std::vector<std::string>& rows = bed_.rows(0);
    for (; seen_ < rows.size(); ++seen_) {
      const std::string& row = rows[seen_];
      const auto value = [&](const std::string& name) {
        const size_t at = row.find(name + "=");
        if (at == std::string::npos) return std::string();
        const size_t begin = at + name.size() + 1;
        return row.substr(begin, row.find_first_of(",}", begin) - begin);
      };
      const std::string place = value("place");
      all += (all.empty() ? "" : " ") + row.substr(0, 2) + value("k") + value("v") +
             (place.empty() ? "" : "@" + place);
    }
    return all;
  }
  OperatorBed& bed() { return bed_; }
  Operator& op() { return *operator_; }

 private:
  void add_rows(const std::string& changes, int64_t start, int64_t time) {
    std::vector<std::vector<Value>> rows;
    std::vector<RowKind> kinds;
    std::istringstream words(changes);
    for (std::string word; words >> word;) {
      const std::string note =
          word.find('/') == std::string::npos ? "" : word.substr(word.find('/'));
      rows.push_back({Value::string(word.substr(1, 1)), Value::int64(std::stoll(word.substr(2))),
                      Value::integer(Type::timestamp(3), start),
                      Value::integer(Type::timestamp(3), time), Value::string(note)});
      kinds.push_back(word[0] == '-' ? RowKind::kDelete : RowKind::kInsert);
    }
    Batch batch = *batch_of(score_schema(), rows);
    const bool all_new = std::ranges::count(kinds, RowKind::kInsert) == batch.rows;
    if (!all_new) batch.kinds = std::make_shared<std::vector<RowKind>>(kinds);
    const Status added = bed_.batch(batch);
    EXPECT_TRUE(added.ok()) << added;
  }

  const plan::Plan plan_;
  Operator* operator_ = nullptr;
  OperatorBed bed_;
  size_t seen_ = 0;
};

TEST(RankOperatorTest, RowsEnterAndPushOthersOut) {
  RankBed bed(top(2));
  bed.add("+a3 +a1 +b7");
  EXPECT_EQ(bed.news(), "+Ia3 +Ia1 +Ib7");
  bed.add("+a2");
  EXPECT_EQ(bed.news(), "-Da1 +Ia2");
  bed.add("+a0 +a2");
  EXPECT_EQ(bed.news(), "");  // of equals the one that came first stands first
  bed.add("+a9 +a5 +a8");     // 5 came and went
  EXPECT_EQ(bed.news(), "-Da3 -Da2 +Ia9 +Ia8");
}

TEST(RankOperatorTest, OfRowsThatOnlyComeTheBestAreKept) {
  RankBed bed(top(2));
  bed.add("+a3 +a1 +b7 +a2 +a0");
  EXPECT_EQ(bed.bed().state_rows(), 3U);
  ASSERT_TRUE(bed.bed().barrier().ok());
  ASSERT_TRUE(bed.bed().start(3).ok());
  EXPECT_EQ(bed.bed().state_rows(), 3U);
  bed.news();
  bed.add("+a4");
  EXPECT_EQ(bed.news(), "-Da2 +Ia4");
}

TEST(RankOperatorTest, PlacesAreToldAndChange) {
  RankBed bed(top(3, "place"));
  bed.add("+a3 +a1");
  EXPECT_EQ(bed.news(), "+Ia3@1 +Ia1@2");
  bed.add("+a2");
  EXPECT_EQ(bed.news(), "-Ua1@2 +Ua2@2 +Ia1@3");
  bed.add("+a4 +a9");
  EXPECT_EQ(bed.news(), "-Ua3@1 +Ua9@1 -Ua2@2 +Ua4@2 -Ua1@3 +Ua3@3");
  bed.add("+a2");
  EXPECT_EQ(bed.news(), "");
}

TEST(RankOperatorTest, ARowThatIsTakenBackMakesRoom) {
  RankBed bed(top(2), true);
  bed.add("+a3 +a1 +a2");
  EXPECT_EQ(bed.news(), "+Ia3 +Ia2");
  bed.add("-a3");
  EXPECT_EQ(bed.news(), "-Da3 +Ia1");
  bed.add("-a2 +a5");
  EXPECT_EQ(bed.news(), "-Da2 +Ia5");
  bed.add("-a7 -b1 -a1/other");  // none of these is there
  EXPECT_EQ(bed.news(), "");
  EXPECT_EQ(bed.bed().state_rows(), 2U);
  bed.add("-a5 -a1");
  EXPECT_EQ(bed.news(), "-Da5 -Da1");
  EXPECT_EQ(bed.bed().state_rows(), 0U);
}

TEST(RankOperatorTest, APlaceThatKeepsItsRowIsNotTold) {
  RankBed bed(top(3, "place"), true);
  bed.add("+a5 +a4 +a3 +a2 +a1");
  bed.news();
  bed.add("-a4 +a4");  // an equal one
  EXPECT_EQ(bed.news(), "");
  bed.add("-a5 +a6");
  EXPECT_EQ(bed.news(), "-Ua5@1 +Ua6@1");
  bed.add("-a6 +a0 -a2");
  EXPECT_EQ(bed.news(), "-Ua6@1 +Ua4@1 -Ua4@2 +Ua3@2 -Ua3@3 +Ua1@3");
  bed.add("-a3 -a1 +c4 -c4");
  EXPECT_EQ(bed.news(), "-Ua3@2 +Ua0@2 -Da1@3");
}

TEST(RankOperatorTest, OfEqualRowsTheFirstIsTakenBack) {
  RankBed bed(top(2), true);
  bed.add("+a1/x +a1/y +a1/x +a1/z");
  EXPECT_EQ(bed.bed().rows(0).size(), 2U);
  bed.add("-a1/x");
  const std::vector<std::string>& rows = bed.bed().rows(0);
  ASSERT_EQ(rows.size(), 3U + 1);
  EXPECT_NE(rows[2].find("/x"), std::string::npos);
  EXPECT_TRUE(rows[2].starts_with("-D"));
  EXPECT_NE(rows[3].find("/x"), std::string::npos);  // the third came before the fourth
}

TEST(RankOperatorTest, PlacesMayBeginFurtherBehind) {
  RankSpec spec = top(3);
  spec.first = 2;
  RankBed bed(spec, true);
  bed.add("+a5 +a4 +a3 +a2");
  EXPECT_EQ(bed.news(), "+Ia4 +Ia3");
  bed.add("+a9");
  EXPECT_EQ(bed.news(), "-Da3 +Ia5");
  bed.add("-a9 -a5");
  EXPECT_EQ(bed.news(), "-Da5 -Da4 +Ia3 +Ia2");
  RankSpec all_but_one = top(0);
  all_but_one.first = 2;
  RankBed rest(all_but_one);
  rest.add("+a5 +a4 +a3 +a2");
  EXPECT_EQ(rest.news(), "+Ia4 +Ia3 +Ia2");
  rest.add("+a9");
  EXPECT_EQ(rest.news(), "+Ia5");
  rest.add("+a1");
  EXPECT_EQ(rest.news(), "+Ia1");
}

TEST(RankOperatorTest, APairLeavesInOneBatch) {
  RankBed bed(top(0, "place"));
  std::string many;
  for (int i = 0; i < 9000; ++i) many += "+a" + std::to_string(i + 10) + " ";
  bed.add(many);
  bed.add("+a100000");
  EXPECT_EQ(bed.bed().rows(0).size(), 9000U + 2 * 9000 + 1);
  EXPECT_EQ(bed.bed().split_pairs(), 0U);
  const Status pairs = check_pairs(bed.bed().rows(0));
  EXPECT_TRUE(pairs.ok()) << pairs;
}

TEST(RankOperatorTest, APartitionThatNothingChangesExpires) {
  for (const bool updates : {false, true}) {
    RankSpec spec = top(2);
    spec.ttl_ms = 1000;
    RankBed bed(spec, updates);
    bed.add("+a3 +a1 +b1");
    ASSERT_TRUE(bed.bed().set_clock(900).ok());
    bed.add("+a2");
    EXPECT_EQ(bed.news(), "+Ia3 +Ia1 +Ib1 -Da1 +Ia2");
    ASSERT_TRUE(bed.bed().set_clock(1100).ok());
    bed.add("+b0");  // its first row is gone
    EXPECT_EQ(bed.news(), "+Ib0");
    ASSERT_TRUE(bed.bed().set_clock(1899).ok());
    ASSERT_TRUE(bed.bed().barrier().ok());
    ASSERT_TRUE(bed.bed().start(2).ok());
    bed.add("+a4");
    EXPECT_EQ(bed.news(), "-Da2 +Ia4");
    ASSERT_TRUE(bed.bed().set_clock(5000).ok());
    if (updates) {
      bed.add("-a4 -b0");
      EXPECT_EQ(bed.news(), "");
    }
    // What is left of it is swept, on disk too.
    EXPECT_GT(*bed.bed().barrier(), 0U);
    EXPECT_EQ(bed.bed().state_rows(), 0U);
    ASSERT_TRUE(bed.bed().start(1).ok());
    EXPECT_EQ(bed.bed().state_rows(), 0U);
  }
}

RankSpec in_window(int64_t last, const std::string& number = "") {
  RankSpec spec = top(last, number);
  spec.keys = {"window_start", "k"};
  spec.by_window = true;
  return spec;
}

TEST(RankOperatorTest, RowsOfAWindowLeaveWhenItIsOver) {
  RankBed bed(in_window(2, "place"));
  bed.add_to_window("+a3 +a1 +b7", 0, 999);
  bed.add_to_window("+a5", 1000, 1999);
  bed.add_to_window("+a2", 0, 999);
  EXPECT_EQ(bed.news(), "");
  ASSERT_TRUE(bed.op().open_windows().has_value());
  EXPECT_EQ(bed.op().open_windows()->oldest_start_ms, 0);
  EXPECT_EQ(bed.op().open_windows()->oldest_end_ms, 1000);
  EXPECT_EQ(bed.op().open_windows()->oldest_rows, 3U);
  EXPECT_EQ(bed.op().open_windows()->newest_end_ms, 2000);
  ASSERT_TRUE(bed.bed().watermark(998).ok());
  EXPECT_EQ(bed.news(), "");
  ASSERT_TRUE(bed.bed().watermark(999).ok());
  EXPECT_EQ(bed.news(), "+Ia3@1 +Ia2@2 +Ib7@1");
  EXPECT_EQ(bed.bed().state_rows(), 1U);
  bed.add_to_window("+a9", 0, 999);
  EXPECT_EQ(bed.bed().dead().size(), 1U);
  EXPECT_TRUE(bed.bed().dead()[0].starts_with("late window_time"));
  EXPECT_EQ(bed.op().open_windows()->oldest_start_ms, 1000);
  ASSERT_TRUE(bed.bed().end().ok());
  EXPECT_EQ(bed.news(), "+Ia5@1");
  EXPECT_FALSE(bed.op().open_windows().has_value());
}

TEST(RankOperatorTest, AWindowThatIsOverAtARestartHasLeft) {
  RankBed bed(in_window(2));
  bed.add_to_window("+a3", 0, 999);
  bed.add_to_window("+a4", 1000, 1999);
  ASSERT_TRUE(bed.bed().watermark(999).ok());
  ASSERT_TRUE(bed.bed().barrier().ok());
  EXPECT_EQ(bed.news(), "+Ia3");
  ASSERT_TRUE(bed.bed().start(2).ok());
  EXPECT_EQ(bed.bed().state_rows(), 1U);
  bed.add_to_window("+a1", 0, 999);
  EXPECT_EQ(bed.bed().dead().size(), 1U);
  ASSERT_TRUE(bed.bed().end().ok());
  EXPECT_EQ(bed.news(), "+Ia4");
  ASSERT_TRUE(bed.bed().barrier().ok());
  ASSERT_TRUE(bed.bed().start(1).ok());
  ASSERT_TRUE(bed.bed().end().ok());
  EXPECT_EQ(bed.news(), "");
}

TEST(RankOperatorTest, OfABoundedJobAllLeavesAtTheEnd) {
  for (const bool updates : {false, true}) {
    RankSpec spec = top(2, "place");
    spec.ttl_ms = 10;
    RankBed bed(spec, updates, true);
    bed.add("+a3 +a1 +b7 +a2");
    ASSERT_TRUE(bed.bed().set_clock(100'000).ok());
    bed.add("+a5");
    ASSERT_TRUE(bed.bed().barrier().ok());
    EXPECT_EQ(bed.news(), "");
    ASSERT_TRUE(bed.bed().start(1).ok());
    ASSERT_TRUE(bed.bed().end().ok());
    EXPECT_EQ(bed.bed().state_rows(), 0U);
    const std::string news = bed.news();
    EXPECT_TRUE(news == "+Ia5@1 +Ia3@2 +Ib7@1" || news == "+Ib7@1 +Ia5@1 +Ia3@2") << news;
    ASSERT_TRUE(bed.bed().barrier().ok());
    ASSERT_TRUE(bed.bed().start(2).ok());
    ASSERT_TRUE(bed.bed().end().ok());
    EXPECT_EQ(bed.news(), "");
  }
}

// Random changes against the reference, behind each batch; tasks end and begin anew.
TEST(RankOperatorTest, WhatStandsBehindEachBatchIsWhatTheReferenceSorts) {
  Random seeds(std::random_device{}());
  for (int round = 0; round < 30; ++round) {
    const uint64_t seed = seeds();
    Random random(seed);
    SCOPED_TRACE("seed " + std::to_string(seed) + ", round " + std::to_string(round));
    const auto below = [&](uint64_t limit) { return random() % limit; };
    RankSpec spec;
    if (below(4) > 0) spec.keys = {"k"};
    if (below(3) == 0) spec.keys.push_back("j");
    spec.order = random_rank_order(random);
    spec.first = 1 + static_cast<int64_t>(below(3) == 0 ? below(6) : 0);
    spec.last = below(3) == 0 ? 0 : spec.first + static_cast<int64_t>(below(8));
    if (below(2) == 0) spec.number = "place";
    const bool updates = below(3) > 0;
    // Some have many rows in one partition, of which a few change then.
    const bool many = round % 10 == 0;
    if (many) spec.keys.clear();
    if (many && below(2) == 0) spec.last = 550 + static_cast<int64_t>(below(400));
    if (many && below(2) == 0) spec.first = 500 + static_cast<int64_t>(below(100));
    if (spec.last > 0) spec.last = std::max(spec.last, spec.first);
    const plan::Plan plan = rank_plan(spec, rank_schema(), updates);
    const plan::Node& node = *plan.find("best");
    std::vector<size_t> keys;
    for (const std::string& key : spec.keys) keys.push_back(*rank_schema()->find(key));
    OperatorBed bed([&] { return make_rank(plan, node, std::get<RankSpec>(node.spec)); }, keys);
    ASSERT_TRUE(bed.start(1).ok());
    std::vector<RankRow> standing;
    int64_t id = 0;
    for (int i = 0; i < (many ? 6 : 25); ++i) {
      std::vector<RankRow> rows;
      std::vector<RowKind> kinds;
      const bool begins = many && i == 0;
      for (uint64_t left = begins ? 700 : 1 + below(i % 5 == 0 ? 60 : 6); left > 0; --left) {
        if (updates && !begins && !standing.empty() && below(5) < 2) {
          const size_t at = below(standing.size());
          const RankRow row = standing[at];
          rows.push_back(row);
          kinds.push_back(below(2) == 0 ? RowKind::kDelete : RowKind::kUpdateBefore);
          // The first of those that are equal, which have one id.
          standing.erase(std::ranges::find_if(
              standing, [&](const RankRow& other) { return other.back() == row.back(); }));
          continue;
        }
        // Often a row that is there already.
        RankRow row = !begins && !standing.empty() && below(6) == 0
                          ? standing[below(standing.size())]
                          : random_rank_row(random, ++id);
        standing.push_back(row);
        rows.push_back(std::move(row));
        kinds.push_back(updates && below(2) == 0 ? RowKind::kUpdateAfter : RowKind::kInsert);
      }
      Batch batch = *batch_of(rank_schema(), rows);
      if (updates) batch.kinds = std::make_shared<std::vector<RowKind>>(kinds);
      const Status took = bed.batch(batch);
      ASSERT_TRUE(took.ok()) << took;
      const auto stands = standing_rows(bed.rows(0));
      ASSERT_TRUE(stands.ok()) << stands.status();
      std::vector<std::string> expected = ranked_rows(rank_schema(), spec, standing);
      std::ranges::sort(expected);
      ASSERT_EQ(*stands, expected) << "batch " << i;
      if (below(6) > 0) continue;
      ASSERT_TRUE(bed.barrier().ok());
      ASSERT_TRUE(bed.start(spec.keys.empty() ? 1 : 1 + static_cast<int>(below(3))).ok());
    }
    const Status pairs = check_pairs(bed.rows(0));
    EXPECT_TRUE(pairs.ok()) << pairs;
    EXPECT_EQ(bed.split_pairs(), 0U);
  }
}

// Rows about the watermark, some behind it, against the reference of those that were on time.
TEST(RankOperatorTest, WindowsLeaveAsTheReferenceSortsThem) {
  Random seeds(std::random_device{}());
  for (int round = 0; round < 20; ++round) {
    const uint64_t seed = seeds();
    Random random(seed);
    SCOPED_TRACE("seed " + std::to_string(seed) + ", round " + std::to_string(round));
    const auto below = [&](uint64_t limit) { return static_cast<int64_t>(random() % limit); };
    RankSpec spec;
    spec.keys = {"k", "at"};
    spec.order = random_rank_order(random);
    spec.first = 1 + below(2);
    spec.last = below(3) == 0 ? 0 : spec.first + below(4);
    if (below(2) == 0) spec.number = "place";
    spec.by_window = true;
    plan::Plan plan = rank_plan(spec, rank_schema(), false);
    const plan::Node& node = *plan.find("best");
    OperatorBed bed([&] { return make_rank(plan, node, std::get<RankSpec>(node.spec)); }, {0, 7});
    ASSERT_TRUE(bed.start(1).ok());
    std::vector<RankRow> on_time;
    size_t late = 0;
    int64_t watermark = -1;
    for (int64_t id = 0; id < 300;) {
      std::vector<RankRow> rows;
      for (int64_t left = 1 + below(9); left > 0; --left) {
        RankRow row = random_rank_row(random, ++id);
        const int64_t time = std::max<int64_t>(0, watermark / 100 + below(6) - 1) * 100 + 99;
        row[7] = Value::integer(Type::timestamp(3), time);
        if (time > watermark) {
          on_time.push_back(row);
        } else {
          ++late;
        }
        rows.push_back(std::move(row));
      }
      ASSERT_TRUE(bed.batch(*batch_of(rank_schema(), rows)).ok());
      if (below(4) == 0) {
        watermark += 30 + below(200);
        ASSERT_TRUE(bed.watermark(watermark).ok());
      }
      if (below(8) > 0) continue;
      ASSERT_TRUE(bed.barrier().ok());
      ASSERT_TRUE(bed.start(1 + static_cast<int>(below(3))).ok());
    }
    ASSERT_TRUE(bed.end().ok());
    EXPECT_EQ(bed.dead().size(), late);
    EXPECT_EQ(bed.state_rows(), 0U);
    std::vector<std::string> expected = ranked_rows(rank_schema(), spec, on_time);
    for (std::string& row : expected) row.insert(0, "+I ");
    std::vector<std::string> came = bed.rows(0);
    std::ranges::sort(expected);
    std::ranges::sort(came);
    ASSERT_EQ(came, expected);
  }
}

}  // namespace
}  // namespace dataflow::engine
