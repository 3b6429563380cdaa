// Random plans, run as they are written and as plan::to_run() rewrites them: the same rows at each
// sink, and the same dead letters by reason. No row is late: which ones are where streams meet
// hangs on how they run beside each other.
#include "plan/rewrite.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "engine/four_ways.h"

namespace dataflow::engine {
namespace {

using Random = std::mt19937_64;

constexpr int64_t kStretch = 64;
constexpr int64_t kDelayMs = 50;

int64_t below(Random& random, int64_t limit) {
  return static_cast<int64_t>(random() % static_cast<uint64_t>(limit));
}

SchemaPtr event_schema() {
  return std::make_shared<Schema>(std::vector<Field>{{"k", Type::string()},
                                                     {"v", Type::int64()},
                                                     {"w", Type::int64(), false},
                                                     {"x", Type::float64()},
                                                     {"unread", Type::string()},
                                                     {"ts", Type::timestamp(3)}});
}

std::vector<Value> random_row(Random& random, int64_t ms) {
  const auto or_null = [&](Value value) {
    return below(random, 6) == 0 ? Value::null(value.type()) : value;
  };
  return {or_null(Value::string("k" + std::to_string(below(random, 4)))),
          or_null(Value::int64(below(random, 5) - 2)),
          Value::int64(below(random, 5) - 2),
          or_null(Value::float64(static_cast<double>(below(random, 9)) / 2)),
          Value::string("text"),
          or_null(Value::integer(Type::timestamp(3), ms))};
}

// Nodes on nodes; each takes its rows from any that stands before it.
class RandomPlan {
 public:
  RandomPlan(Random& random, bool bounded) : random_(random) {
    plan_.name = "rewritten";
    plan_.job.checkpoint_interval_ms = 1;
    plan_.job.bounded = bounded;
    // Which rows are late is only sure of one split.
    for (int i = 0; i < (bounded ? 2 : 1); ++i) {
      const std::string id = "source" + std::to_string(i);
      plan::SourceSpec source{"memory", {{"table", id}}, "raw", {}, event_schema()};
      source.watermark = plan::WatermarkSpec{"ts", kDelayMs};
      add(id, {}, std::move(source));
    }
    for (int i = 0; i < 7; ++i) add_step(bounded);
    // Whoever has no reader gets a sink.
    const std::vector<std::string> ids = ids_;
    for (const std::string& id : ids) {
      if (read_.contains(id) && below(random_, 8) > 0) continue;
      add("out_" + id, {{id}}, plan::SinkSpec{"memory", {{"result", id}}, "raw"});
      sinks_.push_back(id);
    }
  }

  const plan::Plan& plan() const { return plan_; }
  const std::vector<std::string>& sinks() const { return sinks_; }

 private:
  void add(const std::string& id, std::vector<plan::Input> inputs, plan::Spec spec) {
    for (const plan::Input& input : inputs) read_.insert(input.node);
    plan_.nodes.push_back({id, std::move(inputs), std::move(spec)});
    if (!id.starts_with("out_")) ids_.push_back(id);
  }

  // Mostly the last one, so that plans are deep.
  std::string any() {
    const auto count = static_cast<int64_t>(ids_.size());
    return ids_[static_cast<size_t>(below(random_, 3) > 0 ? count - 1 : below(random_, count))];
  }

  std::string condition() {
    static const std::vector<std::string> kParts = {
        "v > 0",         "w <> 1",      "k = 'k1'",          "x < 2.5",
        "v IS NOT NULL", "NOT (v = w)", "v IN (0, 1)",       "(v > 0 OR x > 1)",
        "1 / w > 0",     "1 / v >= 0",  "w BETWEEN 0 AND 2", "10 / (w - 1) < 9",
        "k IS NOT NULL", "w > -1"};
    std::string all;
    for (int64_t i = 1 + below(random_, 3); i > 0; --i) {
      all += (all.empty() ? "" : " AND ") +
             kParts[static_cast<size_t>(below(random_, static_cast<int64_t>(kParts.size())))];
    }
    return all;
  }

  plan::ProjectSpec projection() {
    plan::ProjectSpec spec;
    const bool fails = below(random_, 3) == 0;
    const std::vector<std::pair<std::string, std::string>> columns = {
        {"k", "k"},
        {"v", below(random_, 2) == 0 ? "w" : "v"},
        {"w", fails ? "w + 1 / w" : "w"},
        {"x", "x"},
        {"unread", "unread"},
        {"ts", "ts"}};
    for (const auto& [name, text] : columns) {
      spec.columns.push_back({name, *expr::parse_expression(text)});
    }
    return spec;
  }

  plan::WindowSpec window() {
    plan::WindowSpec spec;
    spec.size_ms = 100;
    spec.keys = {"k"};
    spec.aggregates = {{.function = "COUNT", .name = "n"},
                       {.function = "SUM", .argument = expr::column("w"), .name = "s"}};
    return spec;
  }

  plan::IntervalJoinSpec join() {
    plan::IntervalJoinSpec spec;
    spec.kind = static_cast<plan::JoinKind>(below(random_, 6));
    spec.left_keys = spec.right_keys = {"k"};
    spec.lower_ms = -10;
    spec.upper_ms = 10;
    return spec;
  }

  void add_step(bool bounded) {
    const std::string id = "n" + std::to_string(++steps_);
    switch (below(random_, bounded ? 9 : 8)) {
      case 0:
      case 1:
      case 2: return add(id, {{any()}}, plan::FilterSpec{*expr::parse_expression(condition())});
      case 3:
      case 4: return add(id, {{any()}}, projection());
      case 5:
      case 6: return add(id, {{any()}, {any()}}, plan::UnionSpec{});
      case 7: {
        const std::string from = any();
        read_.insert(from);
        plan_.nodes.push_back({"w" + id, {{from}}, window()});
        plan_.nodes.push_back(
            {"out_w" + id, {{"w" + id}}, plan::SinkSpec{"memory", {{"result", "w" + id}}, "raw"}});
        sinks_.push_back("w" + id);
        return;
      }
      default: {
        const std::string joined = "j" + id;
        plan::IntervalJoinSpec spec = join();
        const std::string left_from = any(), right_from = any();
        read_.insert(left_from);
        read_.insert(right_from);
        plan_.nodes.push_back({joined, {{left_from}, {right_from}}, spec});
        plan_.nodes.push_back(
            {"f" + joined, {{joined}}, plan::FilterSpec{*expr::parse_expression(condition())}});
        plan_.nodes.push_back({"out_" + joined,
                               {{"f" + joined}},
                               plan::SinkSpec{"memory", {{"result", joined}}, "raw"}});
        sinks_.push_back(joined);
        return;
      }
    }
  }

  Random& random_;
  plan::Plan plan_;
  std::vector<std::string> ids_;
  std::set<std::string> read_;
  std::vector<std::string> sinks_;
  int steps_ = 0;
};

class RewriteTest : public testing::Test {
 protected:
  void fill_tables(Random& random, int64_t count) {
    for (const char* name : {"source0", "source1"}) {
      auto table = std::make_shared<MemoryTable>(event_schema());
      for (int64_t i = 0; i < count; ++i) {
        table->add(0, random_row(random, 5 * i + below(random, kDelayMs)));
      }
      table->finish();
      bed_.connectors().tables[name] = table;
    }
  }

  // Rows by sink, dead letters by reason.
  std::string outcome(const RandomPlan& made, const plan::Plan& valid, const Way& way,
                      Random& random) {
    const Status ended = bed_.run(valid, way, random);
    EXPECT_TRUE(ended.ok()) << ended;
    std::string text;
    for (const auto& [reason, count] : bed_.dead_letters()) {
      text += reason + " " + std::to_string(count) + "\n";
    }
    for (const std::string& sink : made.sinks()) {
      text += sink + "\n";
      for (const std::string& row : bed_.rows_of(sink)) text += row + "\n";
    }
    return text;
  }

  FourWays bed_{testing::TempDir() + "rewrite_test_" + std::to_string(getpid()), kStretch};
};

TEST_F(RewriteTest, RandomPlansDoTheSameAsTheyAreWritten) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  size_t moved = 0;
  for (int round = 0; round < 30; ++round) {
    const bool bounded = round % 2 == 0;
    SCOPED_TRACE("round " + std::to_string(round));
    fill_tables(random, 200);
    const RandomPlan made(random, bounded);
    plan::Plan valid = made.plan();
    const Status status = plan::validate(valid);
    ASSERT_TRUE(status.ok()) << status;
    const Result<plan::Plan> run = plan::to_run(valid);
    ASSERT_TRUE(run.ok()) << run.status();
    moved += plan::moved_filters(valid, *run).size();
    bed_.set_as_written(true);
    const std::string written = outcome(made, valid, kWays[0], random);
    bed_.set_as_written(false);
    for (const Way& way : {kWays[0], kWays[3]}) {
      ASSERT_EQ(outcome(made, valid, way, random), written) << plan::explain(valid);
    }
  }
  EXPECT_GT(moved, 0U);
}

}  // namespace
}  // namespace dataflow::engine
