#include <arrow/array.h>
#include <gtest/gtest.h>

#include "test_rows.h"

namespace dataflow::expr {
namespace {

Batch numbers() {
  auto schema = std::make_shared<const Schema>(std::vector<Field>{
      {"a", Type::int32()}, {"b", Type::int32()}, {"s", Type::string()}, {"Name", Type::string()}});
  std::vector<std::vector<Value>> rows;
  for (int i = 0; i < 200; ++i) {
    rows.push_back(
        {i % 7 == 6 ? Value::null(Type::int32()) : Value::integer(Type::int32(), i),
         Value::integer(Type::int32(), i % 5),
         i % 11 == 10 ? Value::null(Type::string()) : Value::string("s" + std::to_string(i % 3)),
         Value::string("n")});
  }
  Result<Batch> batch = batch_of(schema, rows);
  EXPECT_TRUE(batch.ok()) << batch.status();
  return *batch;
}

Selection chosen(std::vector<int32_t> rows) {
  Selection selection;
  selection.all = false;
  selection.rows = std::move(rows);
  return selection;
}

TEST(Evaluation, RowsThatFailAreNamedOnceAndInOrder) {
  Evaluated out = evaluate_text("a / b + 10 / b", numbers());
  ASSERT_TRUE(out.status.ok()) << out.status;
  ASSERT_EQ(out.faults.size(), 40u);  // each fifth; also where `a` is NULL, for 10 / b
  for (size_t i = 0; i < out.faults.size(); ++i) {
    EXPECT_EQ(out.faults[i].row, static_cast<int64_t>(i * 5));
  }
}

TEST(Evaluation, UnselectedRowsAreNotComputed) {
  Evaluated out = evaluate_text("100 / b", numbers(), chosen({1, 2, 3, 4, 6}));
  ASSERT_TRUE(out.status.ok()) << out.status;
  EXPECT_TRUE(out.faults.empty());
  EXPECT_EQ(out.values[1].as_int(), 50);
}

TEST(Evaluation, ConditionsGuardWhatStandsBehindThem) {
  for (const char* text : {"CASE WHEN b <> 0 THEN 100 / b ELSE -1 END", "IF(b = 0, -1, 100 / b)",
                           "COALESCE(NULLIF(b, 0), b, 1 / b)"}) {
    Evaluated out = evaluate_text(text, numbers());
    ASSERT_TRUE(out.status.ok()) << text << out.status;
    EXPECT_TRUE(out.faults.empty()) << text;
  }
  for (const char* text : {"b <> 0 AND 100 / b > 20", "b = 0 OR 100 / b > 20"}) {
    Evaluated out = evaluate_text(text, numbers());
    ASSERT_TRUE(out.status.ok()) << text << out.status;
    EXPECT_TRUE(out.faults.empty()) << text;
  }
}

TEST(Evaluation, SlicedBatchesGiveTheSameValues) {
  Batch whole = numbers();
  for (const char* text : {"a + b", "a > 10 AND s = 's1'", "s = 's2' OR a IS NULL", "NOT (a < b)",
                           "CASE WHEN a > 50 THEN s ELSE Name END", "a IS NOT DISTINCT FROM b",
                           "CAST(a AS STRING)", "CAST(a AS DOUBLE) / 2", "COALESCE(a, b)"}) {
    Evaluated all = evaluate_text(text, whole);
    ASSERT_TRUE(all.status.ok()) << text << all.status;
    for (int64_t from : {1, 7, 64, 100}) {
      Evaluated part = evaluate_text(text, slice(whole, from, 90));
      ASSERT_TRUE(part.status.ok()) << text << part.status;
      for (size_t i = 0; i < part.values.size(); ++i) {
        EXPECT_EQ(part.values[i], all.values[i + static_cast<size_t>(from)])
            << text << " row " << i;
      }
    }
  }
}

TEST(Evaluation, FiltersKeepTheTrueRows) {
  Batch batch = numbers();
  Result<ExpressionPtr> parsed = parse_expression("a > 150 AND 100 / b >= 50");
  ASSERT_TRUE(parsed.ok());
  Result<BoundPtr> bound = expr::bind(*parsed, *batch.schema);
  ASSERT_TRUE(bound.ok()) << bound.status();
  EvalContext context;
  Result<Selection> selected = select_true(**bound, batch, Selection(), context);
  ASSERT_TRUE(selected.ok());
  EXPECT_FALSE(context.faults.empty());
  for (int32_t row : selected->rows) {
    EXPECT_GT(row, 150);
    EXPECT_TRUE(row % 5 == 1 || row % 5 == 2);
    EXPECT_NE(row % 7, 6);
  }
  EXPECT_FALSE(selected->all);
  EXPECT_EQ(selected->rows.size(), 18u);
}

TEST(Evaluation, ManyArgumentsMakeNoDeepTree) {
  std::string arguments = "Name";
  for (int i = 0; i < 5000; ++i) arguments += ", Name";
  Evaluated joined = evaluate_text("CONCAT(" + arguments + ")", numbers(), chosen({3}));
  ASSERT_TRUE(joined.status.ok()) << joined.status;
  EXPECT_EQ(joined.values[0].as_text().size(), 5001u);
  Evaluated largest = evaluate_text("GREATEST(" + arguments + ")", numbers(), chosen({3}));
  ASSERT_TRUE(largest.status.ok()) << largest.status;
  EXPECT_EQ(largest.values[0].as_text(), "n");
}

TEST(Evaluation, AColumnIsNotCopied) {
  Batch batch = numbers();
  Result<BoundPtr> bound = expr::bind(column("NAME"), *batch.schema);
  ASSERT_TRUE(bound.ok()) << bound.status();
  EvalContext context;
  Result<ColumnPtr> result = (*bound)->evaluate(batch, Selection(), context);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->get(), batch.columns[3].get());
}

TEST(Evaluation, WhatIsWrongIsSaidAtBinding) {
  auto message = [](const char* text) { return evaluate_text(text, numbers()).status.message(); };
  EXPECT_EQ(message("a + Nmae"),
            "line 1, column 5: unknown column \"Nmae\"; did you mean \"Name\"?");
  EXPECT_EQ(message("ABSS(a)"),
            "line 1, column 1: in ABSS(a): there is no function ABSS; did you mean \"ABS\"?");
  EXPECT_EQ(message("ABS(a, b)"),
            "line 1, column 1: in ABS(a, b): ABS takes 1 argument, not 2: ABS(number)");
  EXPECT_EQ(message("a + s"), "line 1, column 3: in a + s: + takes numbers, not (INT, STRING)");
}

}  // namespace
}  // namespace dataflow::expr
