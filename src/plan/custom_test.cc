// Operators of plug-ins in a plan.
#include <gtest/gtest.h>

#include "plan/analyze.h"
#include "sample_plans.h"

namespace dataflow::plan {
namespace {

// Knows one operator, "marked", which adds a column.
class Marked final : public CustomOperators {
 public:
  Status describe_operator(CustomSpec& spec, const Schema& input) override {
    if (spec.name != "marked") return Status::invalid("there is no operator `" + spec.name + "`");
    std::vector<Field> fields = input.fields();
    fields.push_back({"mark", Type::int64(), false});
    spec.schema = schema(std::move(fields));
    spec.event_time = event_time;
    spec.makes_updates = makes_updates;
    return {};
  }
  std::string event_time = "ts";
  bool makes_updates = false;
};

CustomSpec marked() { return {.name = "marked", .options = {{"a", "b"}}, .keys = {"user"}}; }

TEST(AnOperatorOfAPlugin, IsDescribedOnceAndKeptInThePlan) {
  Plan plan = through(node("m", marked()));
  EXPECT_EQ(validate(plan).code(), StatusCode::kUnsupported);
  Marked known;
  ASSERT_TRUE(validate(plan, &known).ok());
  EXPECT_EQ(plan.find("m")->event_time, "ts");
  EXPECT_EQ(plan.find("m")->schema->fields().back().name, "mark");
  Result<Plan> again = plan_from_json(to_json(plan));
  ASSERT_TRUE(again.ok()) << again.status();
  ASSERT_TRUE(validate(*again).ok());
  EXPECT_EQ(to_json(*again), to_json(plan));
  EXPECT_EQ(*again->find("m")->schema, *plan.find("m")->schema);
  EXPECT_NE(explain(*again).find("marked by (user): a b"), std::string::npos);
}

TEST(AnOperatorOfAPlugin, GetsItsRowsByKeyAndAllColumns) {
  Plan plan = through(node("m", marked()));
  Marked known;
  ASSERT_TRUE(validate(plan, &known).ok());
  const auto exchange = exchange_of(plan, *plan.find("m"), 0);
  ASSERT_TRUE(exchange.has_value());
  EXPECT_EQ(exchange->keys, std::vector<std::string>{"user"});
  EXPECT_EQ(columns_read(plan, "orders").size(), plan.find("orders")->schema->size());
  EXPECT_TRUE(has_state(plan.find("m")->spec));
  Plan other = plan;
  std::get<CustomSpec>(other.nodes[1].spec).options = {{"a", "c"}};
  EXPECT_EQ(compare_for_restart(plan, other)[1].change, Continuity::kKept);
  std::get<CustomSpec>(other.nodes[1].spec).keys = {"id"};
  ASSERT_TRUE(validate(other, &known).ok());
  EXPECT_EQ(compare_for_restart(plan, other)[1].change, Continuity::kIncompatible);
}

TEST(AnOperatorOfAPlugin, IsRefusedForWhatItGives) {
  Marked known;
  Plan unknown = through(node("m", CustomSpec{.name = "other"}));
  EXPECT_EQ(validate(unknown, &known).message(), R"(operator "m": there is no operator `other`)");
  Plan plan = through(node("m", marked()));
  known.event_time = "user";
  EXPECT_EQ(validate(plan, &known).message(),
            R"(operator "m": gives event time in "user", which is no timestamp among its columns)");
  known.event_time.clear();
  known.makes_updates = true;
  ASSERT_TRUE(validate(plan, &known).ok());
  EXPECT_TRUE(makes_updates(plan, *plan.find("out")));
  plan.nodes.insert(plan.nodes.end() - 1,
                    node("once", DeduplicateSpec{.keys = {"user"}}, {{"m", ""}}));
  plan.nodes.back().inputs = {{"once", ""}};
  EXPECT_NE(validate(plan, &known).message().find("takes only new rows"), std::string::npos);
}

}  // namespace
}  // namespace dataflow::plan
