#include "types/batch.h"

#include <arrow/array.h>
#include <gtest/gtest.h>

#include <numeric>

namespace dataflow {
namespace {

const Type kTags = Type::array(Type::string());
const Type kPlace = Type::row({{"x", Type::float64()}});

SchemaPtr schema() {
  return std::make_shared<const Schema>(
      std::vector<Field>{{"id", Type::int64()},
                         {"tags", kTags},
                         {"place", kPlace},
                         {"counts", Type::map(Type::string(), Type::int64())},
                         {"age", Type::months()},
                         {"price", Type::decimal(20, 2)},
                         {"at", Type::timestamp_tz(3)},
                         {"ok", Type::boolean()}});
}

std::vector<Value> row(int64_t id) {
  const SchemaPtr s = schema();
  if (id % 3 == 2) {
    std::vector<Value> nulls;
    for (const Field& field : s->fields()) nulls.push_back(Value::null(field.type));
    return nulls;
  }
  return {Value::int64(id),
          Value::list(kTags, {Value::string("t" + std::to_string(id)), Value::string("")}),
          Value::list(kPlace, {Value::float64(static_cast<double>(id) / 2)}),
          Value::list((*s)[3].type, {Value::string("k"), Value::int64(id)}),
          Value::integer(Type::months(), id),
          Value::decimal(Type::decimal(20, 2), id * 100),
          Value::integer(Type::timestamp_tz(3), id),
          Value::boolean(id % 2 == 0)};
}

// Rows first .. first + count, of kinds in turn, from two splits.
Batch batch(int64_t first, int64_t count) {
  std::vector<std::vector<Value>> rows;
  auto kinds = std::make_shared<std::vector<RowKind>>();
  auto origins = std::make_shared<RowOrigins>();
  for (int64_t id = first; id < first + count; ++id) {
    rows.push_back(row(id));
    kinds->push_back(static_cast<RowKind>(id % 4));
    const std::string split = id - first < count / 2 ? "0" : "1";
    if (origins->runs.empty() || origins->runs.back().split != split) {
      origins->runs.push_back({id - first, "events", split});
    }
    origins->offsets.push_back(id * 10);
  }
  auto made = batch_of(schema(), rows);
  EXPECT_TRUE(made.ok()) << made.status();
  made->kinds = kinds;
  made->origins = origins;
  return *made;
}

// All of it is about the rows with these ids.
void expect_ids(const Batch& found, const std::vector<int64_t>& ids) {
  ASSERT_EQ(found.rows, static_cast<int64_t>(ids.size()));
  ASSERT_EQ(found.columns.size(), found.schema->size());
  for (int64_t i = 0; i < found.rows; ++i) {
    const int64_t id = ids[static_cast<size_t>(i)];
    EXPECT_EQ(row_of(found, i), row(id));
    EXPECT_EQ(found.kind(i), static_cast<RowKind>(id % 4));
    ASSERT_NE(found.origins, nullptr);
    EXPECT_EQ(found.origins->offsets[static_cast<size_t>(i)], id * 10);
  }
  for (const ColumnPtr& column : found.columns) {
    EXPECT_EQ(column->length(), found.rows);
    EXPECT_TRUE(column->ValidateFull().ok());
  }
}

std::vector<std::pair<int64_t, int32_t>> runs_of(const Batch& batch) {
  std::vector<std::pair<int64_t, int32_t>> out;
  for (const RowOrigins::Run& run : batch.origins->runs) {
    EXPECT_LT(run.first_row, batch.rows);
    out.emplace_back(run.first_row, std::stoi(run.split));
  }
  return out;
}

using Runs = std::vector<std::pair<int64_t, int32_t>>;

TEST(BatchTest, a_slice_keeps_rows_kinds_and_origins) {
  const Batch all = batch(100, 10);
  expect_ids(all, {100, 101, 102, 103, 104, 105, 106, 107, 108, 109});
  const Batch middle = slice(all, 3, 4);
  expect_ids(middle, {103, 104, 105, 106});
  EXPECT_EQ(runs_of(middle), (Runs{{0, 0}, {2, 1}}));
  expect_ids(slice(middle, 1, 2), {104, 105});
  expect_ids(slice(all, 10, 0), {});
}

TEST(BatchTest, rows_are_taken_in_the_order_asked_for) {
  const Batch all = batch(100, 10);
  const std::vector<int32_t> rows = {7, 0, 3, 3, 9};
  const auto taken = take(all, rows);
  ASSERT_TRUE(taken.ok()) << taken.status();
  expect_ids(*taken, {107, 100, 103, 103, 109});
  EXPECT_EQ(runs_of(*taken), (Runs{{0, 1}, {1, 0}, {3, 0}, {4, 1}}));
  const std::vector<int32_t> of_slice = {2, 0};
  expect_ids(*take(slice(all, 4, 4), of_slice), {106, 104});
  expect_ids(*take(all, {}), {});
}

TEST(BatchTest, joined_batches_are_their_rows_in_order) {
  const auto joined = concat({batch(0, 4), slice(batch(10, 6), 2, 3), batch(20, 0)});
  ASSERT_TRUE(joined.ok()) << joined.status();
  expect_ids(*joined, {0, 1, 2, 3, 12, 13, 14});
  EXPECT_EQ(runs_of(*joined), (Runs{{0, 0}, {2, 1}, {4, 0}, {5, 1}}));

  Batch plain = batch(0, 4);
  plain.kinds = nullptr;
  plain.origins = nullptr;
  const auto mixed = concat({plain, batch(4, 4)});
  EXPECT_EQ(mixed->origins, nullptr);
  EXPECT_EQ(mixed->kind(3), RowKind::kInsert);
  EXPECT_EQ(mixed->kind(7), RowKind::kDelete);
  EXPECT_FALSE(concat({}).ok());
  const auto other = batch_of(std::make_shared<const Schema>(), {});
  EXPECT_FALSE(concat({plain, *other}).ok());
}

TEST(BatchTest, kinds_that_are_all_inserts_are_left_out) {
  const Batch all = batch(0, 8);
  const std::vector<int32_t> inserts = {0, 4};
  EXPECT_EQ(take(all, inserts)->kinds, nullptr);
  EXPECT_EQ(slice(all, 4, 1).kinds, nullptr);
  EXPECT_NE(slice(all, 4, 2).kinds, nullptr);
}

TEST(BatchTest, takes_memory_for_its_columns) {
  EXPECT_GT(batch(0, 1000).memory_bytes(), 1000 * 8);
  EXPECT_EQ(row_kind_name(RowKind::kUpdateBefore), "-U");
}

TEST(BatchTest, rows_that_do_not_fit_the_schema_are_refused) {
  const auto one = std::make_shared<const Schema>(std::vector<Field>{{"a", Type::int32()}});
  EXPECT_EQ(batch_of(one, {{}}).status().message(), "a row of 0 values for the schema (a INT)");
  EXPECT_EQ(batch_of(one, {{Value::string("x")}}).status().message(),
            "column a: value 0, x, is of type STRING in a column of INT");
}

}  // namespace
}  // namespace dataflow
