// UNNEST: arrays, maps and rows in arrays, NULL and empty ones, and what becomes of changes.
#include <gtest/gtest.h>

#include "operator_bed.h"
#include "operators.h"

namespace dataflow::engine {
namespace {

using Row = std::vector<Value>;

SchemaPtr bags() {
  const Type point = Type::row({{"a", Type::int32()}, {"b", Type::string()}});
  return std::make_shared<const Schema>(
      std::vector<Field>{{"id", Type::int64(), false},
                         {"xs", Type::array(Type::int32())},
                         {"m", Type::map(Type::string(), Type::int32())},
                         {"points", Type::array(point)},
                         {"ts", Type::timestamp(3)}});
}

Value array_of(const Type& element, std::vector<Value> values) {
  return Value::list(Type::array(element), std::move(values));
}

Value numbers(std::initializer_list<int> values) {
  std::vector<Value> made;
  for (const int value : values) {
    made.push_back(value < 0 ? Value::null(Type::int32()) : Value::integer(Type::int32(), value));
  }
  return array_of(Type::int32(), std::move(made));
}

Row bag(int64_t id, Value xs) {
  const SchemaPtr known = bags();
  const Schema& schema = *known;
  return {Value::int64(id), std::move(xs), Value::null(schema[2].type), Value::null(schema[3].type),
          Value::null(schema[4].type)};
}

plan::UnnestSpec spec_of(const std::string& collection, std::vector<std::string> columns) {
  plan::UnnestSpec spec;
  spec.collection = expr::column(collection);
  spec.kept = {"id"};
  spec.columns = std::move(columns);
  return spec;
}

Result<plan::Plan> plan_of(const plan::UnnestSpec& spec) {
  plan::Plan plan;
  plan.name = "bags";
  plan::SourceSpec source{"memory", {{"table", "bags"}}, "raw", {}, bags()};
  source.watermark = plan::WatermarkSpec{"ts", 0};
  plan.nodes.push_back({"bags", {}, source});
  plan.nodes.push_back({"elements", {{"bags"}}, spec});
  plan.nodes.push_back(
      {"out", {{"elements"}}, plan::SinkSpec{"memory", {{"result", "out"}}, "raw"}});
  DF_RETURN_IF_ERROR(plan::validate(plan));
  return plan;
}

class UnnestBed {
 public:
  explicit UnnestBed(const plan::UnnestSpec& spec)
      : plan_(*plan_of(spec)), bed_([this] { return make(); }, {0}) {
    EXPECT_TRUE(bed_.start(1).ok());
  }
  const std::vector<std::string>& add(const std::vector<Row>& rows,
                                      const std::vector<RowKind>& kinds = {}) {
    Batch batch = *batch_of(bags(), rows);
    if (!kinds.empty()) batch.kinds = std::make_shared<std::vector<RowKind>>(kinds);
    const Status added = bed_.batch(batch);
    EXPECT_TRUE(added.ok()) << added;
    return bed_.rows(0);
  }
  OperatorBed& bed() { return bed_; }

 private:
  Result<std::unique_ptr<Operator>> make() {
    const plan::Node& node = *plan_.find("elements");
    return make_unnest(std::get<plan::UnnestSpec>(node.spec), *bags(), node.schema);
  }

  const plan::Plan plan_;
  OperatorBed bed_;
};

using Rows = std::vector<std::string>;

TEST(UnnestTest, EachElementIsARow) {
  UnnestBed bed(spec_of("xs", {"x"}));
  const Rows wanted = {"+I {id=1, x=5}", "+I {id=1, x=NULL}", "+I {id=4, x=6}"};
  EXPECT_EQ(bed.add({bag(1, numbers({5, -1})), bag(2, Value::null(Type::array(Type::int32()))),
                     bag(3, numbers({})), bag(4, numbers({6}))}),
            wanted);
}

TEST(UnnestTest, RowsWithoutElementsMayStay) {
  plan::UnnestSpec spec = spec_of("xs", {"x"});
  spec.keep_empty = true;
  spec.ordinality = "place";
  UnnestBed bed(spec);
  const Rows wanted = {"+I {id=2, x=NULL, place=NULL}", "+I {id=1, x=5, place=1}",
                       "+I {id=1, x=NULL, place=2}", "+I {id=3, x=NULL, place=NULL}"};
  EXPECT_EQ(bed.add({bag(2, Value::null(Type::array(Type::int32()))), bag(1, numbers({5, -1})),
                     bag(3, numbers({}))}),
            wanted);
}

TEST(UnnestTest, MapsGiveKeysAndValues) {
  UnnestBed bed(spec_of("m", {"k", "v"}));
  Row row = bag(1, numbers({}));
  row[2] = Value::list((*bags())[2].type, {Value::string("a"), Value::integer(Type::int32(), 1),
                                           Value::string("b"), Value::null(Type::int32())});
  const Rows wanted = {"+I {id=1, k=a, v=1}", "+I {id=1, k=b, v=NULL}"};
  EXPECT_EQ(bed.add({row}), wanted);
}

TEST(UnnestTest, RowsInArraysGiveTheirFields) {
  UnnestBed bed(spec_of("points", {"a", "b"}));
  const SchemaPtr schema = bags();
  const Type point = (*schema)[3].type.fields()[0].type;
  Row row = bag(1, numbers({}));
  row[3] =
      array_of(point, {Value::list(point, {Value::integer(Type::int32(), 1), Value::string("p")}),
                       Value::null(point)});
  const Rows wanted = {"+I {id=1, a=1, b=p}", "+I {id=1, a=NULL, b=NULL}"};
  EXPECT_EQ(bed.add({row}), wanted);
}

TEST(UnnestTest, AChangedRowLeavesAndComes) {
  UnnestBed bed(spec_of("xs", {"x"}));
  const Rows wanted = {"-D {id=1, x=5}", "-D {id=1, x=6}", "+I {id=1, x=7}", "-D {id=2, x=8}"};
  EXPECT_EQ(bed.add({bag(1, numbers({5, 6})), bag(1, numbers({7})), bag(2, numbers({8}))},
                    {RowKind::kUpdateBefore, RowKind::kUpdateAfter, RowKind::kDelete}),
            wanted);
}

TEST(UnnestTest, ManyElementsLeaveInParts) {
  plan::UnnestSpec spec = spec_of("xs", {"x"});
  spec.ordinality = "place";
  UnnestBed bed(spec);
  std::vector<Value> values(20'000, Value::integer(Type::int32(), 3));
  const Rows& rows = bed.add({bag(1, array_of(Type::int32(), values)), bag(2, numbers({4}))});
  ASSERT_EQ(rows.size(), 20'001U);
  EXPECT_EQ(rows[19'999], "+I {id=1, x=3, place=20000}");
  EXPECT_EQ(rows[20'000], "+I {id=2, x=4, place=1}");
}

TEST(UnnestTest, WhatIsNoCollectionIsRefused) {
  EXPECT_EQ(plan_of(spec_of("id", {"x"})).status().message(),
            R"(unnest "elements": takes the elements of an ARRAY or a MAP, this is BIGINT)");
  EXPECT_EQ(plan_of(spec_of("m", {"x"})).status().message(),
            R"(unnest "elements": names 1 columns, an element has 2)");
  EXPECT_EQ(plan_of(spec_of("xs", {"id"})).status().code(), StatusCode::kInvalid);
}

TEST(UnnestTest, EventTimeStaysWithItsColumn) {
  plan::UnnestSpec spec = spec_of("xs", {"x"});
  EXPECT_FALSE(plan_of(spec)->find("elements")->event_time.has_value());
  spec.kept = {"id", "ts"};
  EXPECT_EQ(plan_of(spec)->find("elements")->event_time, "ts");
}

}  // namespace
}  // namespace dataflow::engine
