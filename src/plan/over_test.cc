// What may stand over rows: types, and what is refused in its words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/over_function.h"
#include "plan/plan.h"
#include "sample_plans.h"

namespace dataflow::plan {
namespace {

Aggregate over(const std::string& function, const std::string& argument = "",
               const std::vector<std::string>& parameters = {}) {
  Aggregate made;
  made.function = function;
  made.name = "a";
  if (!argument.empty()) made.argument = parsed(argument);
  for (const std::string& parameter : parameters) made.parameters.push_back(parsed(parameter));
  return made;
}

Plan plan_of(const Aggregate& aggregate, bool bounded) {
  OverSpec spec{.keys = {"user"}, .order = {{"ts"}}};
  spec.aggregates = {aggregate};
  Plan plan = through(node("x", spec));
  plan.job.bounded = bounded;
  return plan;
}

std::string type_of(const Aggregate& aggregate, bool bounded = true) {
  Plan plan = plan_of(aggregate, bounded);
  const Status valid = validate(plan);
  if (!valid.ok()) return valid.message();
  const Field& field = plan.find("x")->schema->fields().back();
  return field.type.to_string() + (field.nullable ? "" : " NOT NULL");
}

TEST(OverRows, FunctionsHaveFlinksTypes) {
  for (const char* name : {"row_number", "RANK", "Dense_Rank"}) {
    EXPECT_EQ(type_of(over(name), false), "BIGINT NOT NULL");
  }
  EXPECT_EQ(type_of(over("NTILE", "4")), "BIGINT NOT NULL");
  EXPECT_EQ(type_of(over("PERCENT_RANK")), "DOUBLE NOT NULL");
  EXPECT_EQ(type_of(over("CUME_DIST")), "DOUBLE NOT NULL");
  const std::string amount = type_of(over("LAG", "amount"), false);
  EXPECT_EQ(amount, type_of(over("FIRST_VALUE", "amount"), false));
  EXPECT_EQ(type_of(over("LEAD", "amount", {"2", "0"})), amount);
  EXPECT_EQ(type_of(over("LAG", "amount + 1", {"2", "NULL"})),
            type_of(over("LAG", "amount + 1", {"2"})));
}

TEST(OverRows, WhatLooksAheadIsForBoundedJobs) {
  EXPECT_EQ(type_of(over("LEAD", "amount"), false),
            R"(over "x": aggregate "a": LEAD looks at rows that are still to come, which is for )"
            R"(bounded jobs)");
  for (const OverFunction& function : over_functions()) {
    if (!function.looks_ahead) continue;
    EXPECT_THAT(type_of(over(std::string(function.name)), false),
                testing::HasSubstr("for bounded jobs"));
  }
}

TEST(OverRows, WrongArgumentsAreRefused) {
  EXPECT_EQ(type_of(over("RANK", "amount")), R"(over "x": aggregate "a": RANK takes no argument)");
  EXPECT_EQ(type_of(over("NTILE", "0")),
            R"(over "x": aggregate "a": NTILE takes how many parts there are: a whole number )"
            R"(from 1 on)");
  EXPECT_EQ(type_of(over("NTILE")), type_of(over("NTILE", "amount")));
  EXPECT_EQ(type_of(over("LAG")),
            R"(over "x": aggregate "a": LAG takes a value, an offset and a default)");
  EXPECT_EQ(type_of(over("LAG", "amount", {"1.5"})),
            R"(over "x": aggregate "a": the offset of LAG is a whole number from 0 on)");
  EXPECT_EQ(type_of(over("LAG", "amount", {"1", "amount"})),
            R"(over "x": aggregate "a": the default of LAG is a value, such as 0 or NULL)");
  EXPECT_THAT(type_of(over("LAG", "amount", {"1", "'x'"})),
              testing::StartsWith(R"(over "x": aggregate "a": )"));
  Aggregate distinct = over("ROW_NUMBER");
  distinct.distinct = true;
  EXPECT_EQ(type_of(distinct),
            R"(over "x": aggregate "a": ROW_NUMBER takes neither DISTINCT nor a filter)");
  EXPECT_EQ(type_of(over("ROWNUMBER")),
            R"(over "x": aggregate "a": there is no function "ROWNUMBER"; did you mean )"
            R"("ROW_NUMBER"?)");
  EXPECT_THAT(type_of(over("MODUS", "amount")), testing::HasSubstr("MODUS"));
  EXPECT_EQ(type_of(over("NTH_VALUE", "amount", {"0"})),
            R"(over "x": aggregate "a": NTH_VALUE takes a value and its place: a whole number )"
            R"(from 1 on)");
  EXPECT_EQ(type_of(over("NTH_VALUE", "amount")), type_of(over("NTH_VALUE", "amount", {"0"})));
}

std::string with_frame(OverSpec spec, bool bounded) {
  spec.keys = {"user"};
  spec.aggregates = {over("COUNT")};
  Plan plan = through(node("x", std::move(spec)));
  plan.job.bounded = bounded;
  return validate(plan).message();
}

TEST(OverRows, FramesByDistancesAreOfWhatHasThem) {
  OverSpec spec{.order = {{"user"}}};
  spec.preceding = 0;
  spec.preceding_value = parsed("2");
  EXPECT_EQ(with_frame(spec, true),
            R"(over "x": a range over numbers needs one order column, a number)");
  spec.order = {{"amount"}};
  EXPECT_EQ(with_frame(spec, true), "");
  EXPECT_THAT(with_frame(spec, false), testing::HasSubstr("must be the event time, rising"));
  spec.following = 1000;
  EXPECT_EQ(with_frame(spec, true),
            R"(over "x": one end of its range is of time, the other one a number)");
  spec.following = 0;
  spec.unit = FrameUnit::kRows;
  EXPECT_EQ(with_frame(spec, true), R"(over "x": a frame of rows goes by whole numbers of them)");
  for (const char* wrong : {"'2'", "amount", "NULL"}) {
    spec.unit = FrameUnit::kRange;
    spec.preceding_value = parsed(wrong);
    EXPECT_EQ(with_frame(spec, true),
              R"(over "x": a range over numbers goes so far as a number says, from 0 on)");
  }
}

TEST(OverRows, OfAStreamFramesEndWithTheCurrentRow) {
  OverSpec spec{.order = {{"ts"}}};
  spec.unit = FrameUnit::kRows;
  spec.following = 2;
  spec.ends_before = true;
  EXPECT_EQ(with_frame(spec, false),
            R"(over "x": its frame ends before the current row, which is for bounded jobs)");
  EXPECT_EQ(with_frame(spec, true), "");
  spec.order.clear();
  spec.time = TimeKind::kProcessing;
  EXPECT_EQ(with_frame(spec, false), with_frame(spec, true));
  spec.following = 0;
  spec.ends_before = false;
  EXPECT_EQ(with_frame(spec, false), "");
  spec.unit = FrameUnit::kRange;
  spec.preceding = 60'000;
  EXPECT_EQ(with_frame(spec, false), "");
}

}  // namespace
}  // namespace dataflow::plan
