// Each refusal of validate() in its exact words; what comes of expr::bind is looked for only.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/plan.h"
#include "sample_plans.h"

namespace dataflow::plan {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string refusal(Plan plan) {
  const Status status = validate(plan);
  EXPECT_TRUE(status.ok() || status.code() == StatusCode::kInvalid);
  return status.ok() ? "(valid)" : status.message();
}

std::string refusal_of(Spec spec) { return refusal(through(node("x", std::move(spec)))); }

template <class Change>
std::string refusal_of_source(Change change) {
  Plan plan = through(node("x", FilterSpec{parsed("TRUE")}));
  change(std::get<SourceSpec>(plan.nodes[0].spec));
  return refusal(plan);
}

template <class Change>
std::string refusal_of_window(Change change) {
  WindowSpec window = counts();
  change(window);
  return refusal_of(window);
}

template <class Change>
std::string refusal_of_job(Change change) {
  Plan plan = through(node("x", counts()));
  change(plan.job);
  return refusal(plan);
}

Plan joining(Spec spec) {
  Plan plan;
  plan.nodes = {orders("a"), orders("b"), node("j", std::move(spec), {{"a", ""}, {"b", ""}}),
                sink("j")};
  return plan;
}

TEST(APlanIsRefused, OfWrongShape) {
  EXPECT_EQ(refusal({}), "the plan has no nodes");
  Plan plan = through(node("x", counts()));
  plan.nodes.push_back(orders("x"));
  EXPECT_EQ(refusal(plan),
            R"(source "x": the id is taken by window "x"; give one of them another)");
  plan.nodes.back().id = "";
  EXPECT_EQ(refusal(plan), R"(source "": has no id; give it one that stays, its state has it)");
  plan.nodes.back().id = "more";
  EXPECT_EQ(refusal(plan), R"(source "more": nothing reads it; connect it to a sink, or take )"
                           R"(it out)");
  plan.nodes.pop_back();
  plan.nodes[1].inputs[0].node = "order";
  plan.nodes[1].place = {12, 5};
  EXPECT_EQ(refusal(plan),
            R"(line 12, column 5: window "x": there is no node "order" to read; did you mean )"
            R"("orders"?)");
  plan.nodes[1].inputs[0].node = "elsewhere";
  EXPECT_EQ(
      refusal(plan),
      R"(line 12, column 5: window "x": there is no node "elsewhere" to read; there are orders)");
  plan = through(node("x", counts()));
  plan.nodes.pop_back();
  EXPECT_EQ(refusal(plan), "the plan has no sink; nothing of it would come out");
}

TEST(APlanIsRefused, OfWrongInputs) {
  Plan plan = through(node("x", counts()));
  plan.nodes[0].inputs = {{"x", ""}};
  EXPECT_EQ(refusal(plan), R"(source "orders": takes no input, but has 1)");
  plan = through(node("x", counts()));
  plan.nodes[2].inputs.push_back({"orders", ""});
  EXPECT_EQ(refusal(plan), R"(sink "out": takes one input, but has 2)");
  EXPECT_EQ(refusal_of(UnionSpec{}), R"(union "x": takes two inputs or more, but has 1)");
  EXPECT_EQ(refusal_of(WindowJoinSpec{}),
            R"(window_join "x": takes two inputs, left and right, but has 1)");
  plan = through(node("x", counts()));
  plan.nodes[1].inputs = {{"out", ""}};
  EXPECT_EQ(refusal(plan), R"(window "x": reads sink "out", but a sink has no output)");
}

TEST(APlanIsRefused, ForOutputsThatNobodyGives) {
  Plan plan = through(node("x", counts()));
  plan.nodes[2].inputs[0].output = "late";
  EXPECT_EQ(refusal(plan), R"(sink "out": there is no output "late" of window "x"; set )"
                           R"(late_output there)");
  plan.nodes[2].inputs[0].output = "other";
  EXPECT_EQ(refusal(plan),
            R"(sink "out": there is no output "other" of window "x", which has only its main )"
            R"(one)");
  std::get<WindowSpec>(plan.nodes[1].spec).late_output = true;
  EXPECT_EQ(refusal(plan), R"(sink "out": there is no output "other" of window "x"; there are )"
                           R"(late)");
  plan.nodes[2].inputs[0].output = "";
  EXPECT_EQ(refusal(plan),
            R"(window "x": nothing reads its output "late", so late rows would vanish; )"
            R"(connect it, )"
            R"(or leave out late_output for the dead letters)");
  plan = through(node("x", SplitSpec{{{"rich", parsed("TRUE")}, {"poor", parsed("TRUE")}}}));
  EXPECT_EQ(refusal(plan),
            R"(sink "out": does not say which output of split "x" it reads: rich, poor, )"
            R"(default)");
  plan.nodes[2].inputs[0].output = "ritch";
  EXPECT_EQ(refusal(plan),
            R"(sink "out": there is no output "ritch" of split "x"; did you mean "rich"?)");
}

TEST(APlanIsRefused, ForACycle) {
  Plan plan;
  plan.nodes = {orders(), node("a", UnionSpec{}, {{"orders", ""}, {"c", ""}}),
                node("b", FilterSpec{parsed("TRUE")}, {{"a", ""}}),
                node("c", FilterSpec{parsed("TRUE")}, {{"b", ""}}), sink("c")};
  EXPECT_EQ(refusal(plan),
            R"(union "a": is in a cycle: "a" -> "b" -> "c" -> "a"; a node cannot read what )"
            R"(comes of it)");
  plan = through(node("x", FilterSpec{parsed("TRUE")}));
  plan.nodes[1].inputs = {{"x", ""}};
  plan.nodes.erase(plan.nodes.begin());
  EXPECT_EQ(refusal(plan),
            R"(filter "x": is in a cycle: "x" -> "x"; a node cannot read what comes of it)");
}

TEST(APlanIsRefused, ForItsSource) {
  using S = SourceSpec;
  EXPECT_EQ(refusal_of_source([](S& s) { s.connector = ""; }),
            R"(source "orders": has no connector)");
  EXPECT_EQ(refusal_of_source([](S& s) { s.schema = nullptr; }), R"(source "orders": has no )"
                                                                 R"(schema)");
  EXPECT_EQ(refusal_of_source([](S& s) {
              s.schema = schema({{"a", Type::int32()}, {"a", Type::int32()}});
            }),
            R"(source "orders": its schema has the column "a" twice)");
  EXPECT_EQ(refusal_of_source([](S& s) {
              s.schema = schema({{"a", Type::null()}});
            }),
            R"(source "orders": column "a" has no type)");
  EXPECT_EQ(refusal_of_source([](S& s) { s.watermark->column = "tss"; }),
            R"(source "orders": watermark column: there is no field "tss"; did you mean "ts"?)");
  EXPECT_EQ(refusal_of_source([](S& s) { s.watermark->column = "id"; }),
            R"(source "orders": watermark column "id" is BIGINT, not a timestamp; timestamps )"
            R"(are ts)");
  EXPECT_EQ(refusal_of_source([](S& s) { s.watermark->delay_ms = -1; }),
            R"(source "orders": watermark delay_ms is -1; it must be at least 0)");
  EXPECT_EQ(refusal_of_source([](S& s) {
              s.metadata = {{"tags", Metadata::kOffset}};
            }),
            R"(source "orders": metadata column of offset "tags" is ARRAY<STRING>; it must be )"
            R"(BIGINT)");
  EXPECT_EQ(refusal_of_source([](S& s) {
              s.metadata = {{"id", Metadata::kOffset}};
            }),
            R"(source "orders": metadata column of offset "id" is out of order: metadata )"
            R"(columns )"
            R"(stand last in the schema)");
}

TEST(APlanIsRefused, ForWrongExpressions) {
  EXPECT_THAT(refusal_of(FilterSpec{parsed("amout > 1")}), StartsWith(R"(filter "x": )"
                                                                      R"(condition: )"));
  EXPECT_THAT(refusal_of(FilterSpec{parsed("amout > 1")}), HasSubstr("amount"));
  EXPECT_EQ(refusal_of(FilterSpec{}), R"(filter "x": condition is missing)");
  EXPECT_EQ(refusal_of(FilterSpec{parsed("amount")}),
            R"(filter "x": condition must be BOOLEAN, but amount is DOUBLE)");
  EXPECT_EQ(refusal_of(ProjectSpec{}), R"(project "x": selects no columns)");
  EXPECT_EQ(refusal_of(ProjectSpec{{{"", parsed("id")}}}),
            R"(project "x": a column that it selects has no name)");
  EXPECT_EQ(refusal_of(ProjectSpec{{{"a", parsed("id")}, {"a", parsed("n")}}}),
            R"(project "x": selects two columns named "a")");
  EXPECT_EQ(refusal_of(ProjectSpec{{{"a", parsed("NULL")}}}),
            R"(project "x": column "a" has no type; write CAST(NULL AS ...) with the type )"
            R"(that is meant)");
  EXPECT_THAT(refusal_of(ProjectSpec{{{"a", parsed("usr")}}}),
              StartsWith(R"(project "x": column "a": )"));
  Plan unsplit = through(node("x", SplitSpec{}));
  unsplit.nodes[2].inputs[0].output = "default";
  EXPECT_EQ(refusal(unsplit), R"(split "x": has no branches)");
  const auto branches = [](std::string a, std::string b) {
    Plan plan = through(node("x", SplitSpec{{{a, parsed("TRUE")}, {b, parsed("user")}}}));
    plan.nodes[2].inputs[0].output = "default";
    return refusal(plan);
  };
  EXPECT_EQ(branches("", "b"), R"(split "x": a branch has no name)");
  EXPECT_EQ(branches("a", "a"), R"(split "x": has two branches named "a")");
  EXPECT_EQ(branches("default", "a"),
            R"(split "x": a branch is named "default", which is the output of all other rows)");
  EXPECT_EQ(branches("a", "b"),
            R"(split "x": condition of branch "b" must be BOOLEAN, but user is STRING)");
}

TEST(APlanIsRefused, ForAnEventTimeWindowWithoutAWatermark) {
  Plan plan = through(node("x", counts()));
  std::get<SourceSpec>(plan.nodes[0].spec).watermark.reset();
  EXPECT_EQ(refusal(plan),
            R"(window "x": needs event time, but source "orders" has no watermark; add a )"
            R"(watermark )"
            R"(with column and delay to it (timestamps: ts))");
  std::get<WindowSpec>(plan.nodes[1].spec).time_column = "ts";
  EXPECT_EQ(refusal(plan),
            R"(window "x": time column "ts" has no watermark: source "orders" has no )"
            R"(watermark; add )"
            R"(a watermark with column and delay to it (timestamps: ts))");
  EXPECT_EQ(refusal_of_window([](WindowSpec& w) { w.time_column = "id"; }),
            R"(window "x": time column "id" is BIGINT, not a timestamp; timestamps are ts)");
  plan = through(node("x", counts()));
  plan.nodes.insert(plan.nodes.begin() + 1,
                    node("p", ProjectSpec{{{"user", parsed("user")}}}, {{"orders", ""}}));
  plan.nodes[2].inputs[0].node = "p";
  EXPECT_EQ(refusal(plan),
            R"(window "x": needs event time, but project "p" drops the event time "ts"; )"
            R"(select it )"
            R"(unchanged)");
}

TEST(APlanIsRefused, ForAWindowOverResultsThatChange) {
  WindowSpec first = counts();
  first.allowed_lateness_ms = 1000;
  WindowSpec second = counts();
  second.keys.clear();
  second.time_column.clear();
  second.aggregates = {{"COUNT", nullptr, false, nullptr, "n"}};
  Plan plan = through(node("x", first));
  plan.nodes.pop_back();
  plan.nodes.push_back(node("some", FilterSpec{parsed("TRUE")}, {{"x", ""}}));
  plan.nodes.push_back(node("y", second, {{"some", ""}}));
  plan.nodes.push_back(sink("y"));
  EXPECT_EQ(refusal(plan),
            R"(window "y": takes only new rows, but late rows change results of window "x" after )"
            R"(they left (-U, +U); leave out allowed_lateness_ms there)");
  plan.job.bounded = true;
  EXPECT_EQ(refusal(plan), "(valid)");
  plan.job.bounded = false;
  std::get<WindowSpec>(plan.nodes[1].spec).allowed_lateness_ms = 0;
  EXPECT_EQ(refusal(plan), "(valid)");
}

TEST(APlanIsRefused, ForTheZoneOfAWindow) {
  using W = WindowSpec;
  EXPECT_EQ(refusal_of_window([](W& w) { w.time_zone = "Asia/Shanghai"; }),
            R"(window "x": a time without a zone is what clocks show; leave out time_zone)");
  EXPECT_THAT(refusal_of_window([](W& w) {
                w.time_zone = "Asia/Shanghei";
                w.time = TimeKind::kProcessing;
              }),
              StartsWith(R"(window "x": time_zone: there is no time zone "Asia/Shanghei")"));
}

TEST(APlanIsRefused, ForTheShapeOfAWindow) {
  using W = WindowSpec;
  EXPECT_EQ(refusal_of_window([](W& w) { w.size_ms = 0; }),
            R"(window "x": size_ms is 0; it must be at least 1)");
  EXPECT_EQ(refusal_of_window([](W& w) { w.size_ms = INT64_MAX; }),
            R"(window "x": size_ms is 9223372036854775807; it can be at most 3153600000000 )"
            R"((36500 days))");
  EXPECT_EQ(refusal_of_window([](W& w) { w.slide_ms = 5; }),
            R"(window "x": a tumbling window has no slide_ms; it is for hopping and )"
            R"(cumulative windows)");
  EXPECT_EQ(refusal_of_window([](W& w) { w.offset_ms = 60000; }),
            R"(window "x": offset_ms is 60000; windows begin anew every 60000 ms, so it must be )"
            R"(between -60000 and 60000)");
  EXPECT_EQ(refusal_of_window([](W& w) { w.kind = WindowKind::kHopping; }),
            R"(window "x": slide_ms is 0; it must be at least 1)");
  EXPECT_EQ(refusal_of_window([](W& w) {
              w.kind = WindowKind::kCumulative;
              w.slide_ms = 120000;
            }),
            R"(window "x": slide_ms (2m) does not divide size_ms (1m); cumulative windows grow by )"
            R"(whole steps)");
  EXPECT_EQ(refusal_of_window([](W& w) {
              w.kind = WindowKind::kHopping;
              w.size_ms = 1'000'000;
              w.slide_ms = 1;
            }),
            R"(window "x": a row would be in 1000000 windows; 100000 are allowed: use a longer )"
            R"(slide_ms than 1ms)");
  EXPECT_EQ(refusal_of_window([](W& w) {
              w.kind = WindowKind::kCumulative;
              w.slide_ms = 7000;
            }),
            R"(window "x": slide_ms (7s) does not divide size_ms (1m); cumulative windows )"
            R"(grow by )"
            R"(whole steps)");
  EXPECT_EQ(refusal_of_window([](W& w) {
              w.kind = WindowKind::kSession;
              w.size_ms = 0;
            }),
            R"(window "x": gap_ms is 0; it must be at least 1)");
  EXPECT_EQ(refusal_of_window([](W& w) {
              w.kind = WindowKind::kCount;
              w.size_ms = 0;
            }),
            R"(window "x": count is 0; it must be at least 1)");
  EXPECT_EQ(refusal_of_window([](W& w) {
              w.kind = WindowKind::kCount;
              w.size_ms = 0;
              w.count = 5;
              w.count_slide = 6;
            }),
            R"(window "x": count_slide is 6; it must be from 1 to count, or 0 for count itself)");
  EXPECT_EQ(refusal_of_window([](W& w) {
              w.time = TimeKind::kProcessing;
              w.allowed_lateness_ms = 1;
            }),
            R"(window "x": no row is late for processing-time windows; leave out )"
            R"(allowed_lateness_ms and late_output)");
  EXPECT_EQ(refusal_of_window([](W& w) {
              w.time = TimeKind::kProcessing;
              w.time_column = "ts";
            }),
            R"(window "x": processing-time windows read no time column; leave out time_column )"
            R"("ts")");
}

TEST(APlanIsRefused, ForKeysAndAggregates) {
  using W = WindowSpec;
  const auto with = [](const Aggregate& aggregate) {
    return refusal_of_window([&](W& w) { w.aggregates = {aggregate}; });
  };
  EXPECT_EQ(refusal_of_window([](W& w) { w.keys = {"usr"}; }),
            R"(window "x": key: there is no field "usr"; did you mean "user"?)");
  EXPECT_EQ(refusal_of_window([](W& w) {
              w.keys = {"user", "USER"};
            }),
            R"(window "x": key "user" is named twice)");
  EXPECT_EQ(refusal_of_window([](W& w) { w.keys = {"tags"}; }),
            R"(window "x": key "tags" is ARRAY<STRING>, which cannot be a key; cast it to )"
            R"(STRING, )"
            R"(or take a field of it)");
  EXPECT_EQ(with(aggregate("a", "SUMM", "n")),
            R"(window "x": aggregate "a": there is no aggregate function "SUMM"; did you mean )"
            R"("SUM"?)");
  EXPECT_THAT(with(aggregate("a", "NOTHING", "n")),
              testing::StartsWith(R"(window "x": aggregate "a": there is no aggregate function )"
                                  R"("NOTHING"; there are COUNT, SUM, AVG, )"));
  EXPECT_EQ(with(aggregate("a", "SUM")),
            R"(window "x": aggregate "a": SUM needs an argument; only COUNT takes *)");
  EXPECT_EQ(with(aggregate("a", "SUM", "user")),
            R"(window "x": aggregate "a": SUM takes numbers, not STRING)");
  EXPECT_EQ(with(aggregate("", "COUNT")), R"(window "x": an aggregate has no name)");
  EXPECT_EQ(with(aggregate("user", "COUNT")),
            R"(window "x": its output would have two columns named "user"; name the aggregate )"
            R"(otherwise, or project the key first)");
  Aggregate distinct = aggregate("a", "COUNT", "tags");
  distinct.distinct = true;
  EXPECT_EQ(with(distinct),
            R"(window "x": aggregate "a": DISTINCT does not take ARRAY<STRING>; cast it to )"
            R"(STRING, )"
            R"(or take a field of it)");
  distinct.argument = nullptr;
  EXPECT_EQ(with(distinct), R"(window "x": aggregate "a": DISTINCT needs an argument)");
  Aggregate filtered = aggregate("a", "COUNT");
  filtered.filter = parsed("n");
  EXPECT_EQ(with(filtered), R"(window "x": aggregate "a", filter must be BOOLEAN, but n is INT)");
  EXPECT_EQ(refusal_of_window([](W& w) {
              w.keys.clear();
              w.aggregates.clear();
            }),
            R"(window "x": has neither keys nor aggregates)");
}

TEST(APlanIsRefused, ForItsJoins) {
  WindowJoinSpec window{.left_keys = {"user"}, .right_keys = {"user"}, .size_ms = 1000};
  window.right_keys = {"id"};
  EXPECT_EQ(refusal(joining(window)),
            R"(window_join "j": left key "user" is STRING, but right key "id" is BIGINT; cast )"
            R"(one of )"
            R"(them in a project before the join)");
  window.right_keys = {};
  EXPECT_EQ(refusal(joining(window)),
            R"(window_join "j": has 1 left keys and 0 right keys; they are compared in pairs)");
  window.left_keys = {};
  EXPECT_EQ(refusal(joining(window)),
            R"(window_join "j": has no keys: say which columns of both sides must be equal)");
  window.left_keys = window.right_keys = {"user"};
  window.right_time = "id";
  EXPECT_EQ(
      refusal(joining(window)),
      R"(window_join "j": right time column "id" is BIGINT, not a timestamp; timestamps are ts)");
  window.right_time = "";
  window.size_ms = 0;
  EXPECT_EQ(refusal(joining(window)), R"(window_join "j": size_ms is 0; it must be at least 1)");
  IntervalJoinSpec interval{.left_keys = {"user"}, .right_keys = {"user"}};
  interval.lower_ms = 5;
  interval.upper_ms = 4;
  EXPECT_EQ(refusal(joining(interval)),
            R"(interval_join "j": lower_ms (5) is above upper_ms (4); no two rows would meet)");
  interval.upper_ms = 5;
  interval.condition = parsed("user0");
  EXPECT_EQ(refusal(joining(interval)),
            R"(interval_join "j": condition must be BOOLEAN, but user0 is STRING)");
}

TEST(APlanIsRefused, ForAJoinOfResultsThatChange) {
  WindowJoinSpec first{.kind = JoinKind::kAnti, .left_keys = {"user"}, .right_keys = {"user"}};
  first.size_ms = 1000;
  first.allowed_lateness_ms = 1;
  Plan plan = joining(first);
  plan.nodes.pop_back();
  IntervalJoinSpec second{.left_keys = {"user"}, .right_keys = {"user"}};
  plan.nodes.push_back(node("i", second, {{"j", ""}, {"b", ""}}));
  plan.nodes.push_back(sink("i"));
  EXPECT_EQ(refusal(plan),
            R"(interval_join "i": takes only new rows, but late rows change results of )"
            R"(window_join "j" after they left (-U, +U); leave out allowed_lateness_ms there)");
  // A late row only adds to it.
  std::get<WindowJoinSpec>(plan.nodes[2].spec).kind = JoinKind::kSemi;
  EXPECT_EQ(refusal(plan), "(valid)");
}

TEST(APlanIsRefused, ForOtherNodes) {
  EXPECT_EQ(refusal_of(DeduplicateSpec{}),
            R"(deduplicate "x": has no keys: say which columns make rows the same)");
  EXPECT_EQ(refusal_of(DeduplicateSpec{.keys = {"id"}, .ttl_ms = -1}),
            R"(deduplicate "x": ttl_ms is -1; it must be at least 0)");
  Plan plan = joining(UnionSpec{});
  std::get<SourceSpec>(plan.nodes[1].spec).schema = schema({{"ts", Type::timestamp(3)}});
  EXPECT_EQ(refusal(plan), R"(union "j": inputs "b" and "a" differ: 1 and 7 columns)");
  plan = through(node("x", ProjectSpec{{{"a", parsed("id")}}}));
  plan.nodes.push_back(node("y", ProjectSpec{{{"a", parsed("n")}}}, {{"orders", ""}}));
  plan.nodes.push_back(node("u", UnionSpec{}, {{"x", ""}, {"y", ""}}));
  plan.nodes[2].inputs = {{"u", ""}};
  EXPECT_EQ(refusal(plan),
            R"(union "u": inputs "y" and "x" differ: column 1 is a INT in one and a BIGINT in )"
            R"(the )"
            R"(other; project them to the same columns)");
  plan = through(node("x", FilterSpec{parsed("TRUE")}));
  std::get<SinkSpec>(plan.nodes[2].spec).key_columns = {"usr"};
  EXPECT_EQ(refusal(plan), R"(sink "out": key column: there is no field "usr"; did you mean )"
                           R"("user"?)");
  std::get<SinkSpec>(plan.nodes[2].spec).connector = "";
  EXPECT_EQ(refusal(plan), R"(sink "out": has no connector)");
  plan.nodes[1].parallelism = 129;
  EXPECT_EQ(refusal(plan), R"(filter "x": parallelism is 129; it must be from 1 to 128)");
}

TEST(APlanIsRefused, WhereUpdatesReachAStepThatOnlyAdds) {
  const auto window_behind = [](const DeduplicateSpec& spec) {
    Plan plan = through(node("once", spec));
    plan.nodes.pop_back();
    plan.nodes.push_back(node("few", FilterSpec{parsed("TRUE")}, {{"once", ""}}));
    plan.nodes.push_back(node("w", counts(), {{"few", ""}}));
    plan.nodes.push_back(sink("w"));
    return plan;
  };
  Plan first = window_behind({.keys = {"id"}});
  EXPECT_EQ(validate(first).message(), "");
  const std::string words =
      R"(window "w": takes only new rows, but those of "few" may be updates of earlier ones )"
      R"((-U, +U); deduplicate behind it, or keep the first row to arrive (no time, not the last))";
  EXPECT_EQ(refusal(window_behind({.keys = {"id"}, .keep_last = true})), words);
  EXPECT_EQ(refusal(window_behind({.keys = {"id"}, .time_column = "ts"})), words);
}

TEST(APlanIsRefused, WhereLateRowsOfAWindowReachAStepThatOnlyAdds) {
  WindowSpec first = counts();
  first.allowed_lateness_ms = 1000;
  const auto behind = [&](const Spec& spec, const std::string& output) {
    first.late_output = !output.empty();
    Plan plan = through(node("x", first));
    plan.nodes.pop_back();
    plan.nodes.push_back(node("some", FilterSpec{parsed("TRUE")}, {{"x", output}}));
    plan.nodes.push_back(node("y", spec, {{"some", ""}}));
    plan.nodes.push_back(sink("y"));
    return plan;
  };
  EXPECT_EQ(refusal(behind(DeduplicateSpec{.keys = {"user"}}, "")),
            R"(deduplicate "y": takes only new rows, but late rows change results of window "x" )"
            R"(after they left (-U, +U); leave out allowed_lateness_ms there)");
  // What comes too late goes on as it came.
  EXPECT_EQ(refusal(behind(DeduplicateSpec{.keys = {"user"}}, "late")), "(valid)");
  EXPECT_EQ(refusal(behind(FilterSpec{parsed("TRUE")}, "")), "(valid)");
  first.allowed_lateness_ms = 0;
  EXPECT_EQ(refusal(behind(DeduplicateSpec{.keys = {"user"}}, "")), "(valid)");
}

TEST(APlanIsRefused, ForItsJobOptions) {
  using J = JobOptions;
  EXPECT_EQ(refusal_of_job([](J& j) { j.parallelism = 129; }),
            "job: parallelism is 129; it must be from 0 to 128");
  EXPECT_EQ(refusal_of_job([](J& j) { j.checkpoint_interval_ms = 0; }),
            "job: checkpoint_interval_ms is 0; it must be from 1 to 86400000");
  EXPECT_EQ(refusal_of_job([](J& j) { j.queue_rows = -1; }),
            "job: queue_rows is -1; it must be from 0 to 4294967296");
  EXPECT_EQ(refusal_of_job([](J& j) { j.restart.max_backoff_ms = 100; }),
            "job: restart.max_backoff_ms is 100; it must be from 200 to 86400000");
  EXPECT_EQ(refusal_of_job([](J& j) { j.dead_letters.emplace(); }),
            "job: the sink of dead_letters has no connector");
}

}  // namespace
}  // namespace dataflow::plan
