#include "row_codec.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace dataflow::engine {
namespace {

SchemaPtr all_types() {
  std::vector<Field> fields;
  for (const Type& type :
       {Type::boolean(), Type::int8(), Type::int16(), Type::int32(), Type::int64(), Type::float32(),
        Type::float64(), Type::decimal(38, 4), Type::string(), Type::bytes(), Type::date(),
        Type::time(3), Type::time(6), Type::timestamp(3), Type::timestamp_tz(6), Type::months(),
        Type::millis(), Type::json()}) {
    fields.push_back({"c" + std::to_string(fields.size()), type});
  }
  return std::make_shared<Schema>(std::move(fields));
}

std::vector<Value> row_of_ones(const Schema& schema, int64_t number) {
  std::vector<Value> row;
  for (const Field& field : schema.fields()) {
    const Type& type = field.type;
    if (type.id() == TypeId::kBoolean) {
      row.push_back(Value::boolean(number % 2 == 0));
    } else if (type.is_float()) {
      row.push_back(Value::floating(type, static_cast<double>(-number) / 2));
    } else if (type.id() == TypeId::kDecimal) {
      row.push_back(Value::decimal(type, static_cast<__int128>(number) << 70));
    } else if (type.id() == TypeId::kString) {
      row.push_back(Value::string(std::string(static_cast<size_t>(number), 'x')));
    } else {
      row.push_back(is_text_like(type) ? Value::null(type) : Value::integer(type, -number));
    }
  }
  return row;
}

std::string words_of(const Batch& batch) {
  std::string words;
  for (int64_t row = 0; row < batch.rows; ++row) {
    for (const Value& value : row_of(batch, row)) words += value.to_string() + "|";
    words += "\n";
  }
  return words;
}

TEST(RowCodec, GivesBackEveryTypeAndNull) {
  const SchemaPtr schema = all_types();
  std::vector<std::vector<Value>> rows;
  for (int64_t i = 0; i < 20; ++i) {
    rows.push_back(row_of_ones(*schema, i));
    for (size_t c = 0; c < schema->size(); ++c) {
      if ((i + static_cast<int64_t>(c)) % 5 == 0) rows.back()[c] = Value::null((*schema)[c].type);
    }
  }
  const Batch whole = *batch_of(schema, rows);
  // A slice too: columns that begin in the middle of their buffers.
  for (const Batch& batch : {whole, slice(whole, 3, 9), slice(whole, 0, 0)}) {
    RowCodec codec = *RowCodec::make(schema);
    ASSERT_TRUE(codec.encode(batch).ok());
    Batch back{schema, batch.rows};
    const Status read = codec.decode(codec.rows(), back.columns);
    ASSERT_TRUE(read.ok()) << read;
    EXPECT_EQ(words_of(back), words_of(batch));
  }
}

TEST(RowCodec, ARowThatIsNotThereIsAllNull) {
  const SchemaPtr schema = std::make_shared<Schema>(std::vector<Field>{
      {"n", Type::int64(), false}, {"s", Type::string(), false}, {"b", Type::boolean(), false}});
  const Batch batch =
      *batch_of(schema, {{Value::int64(7), Value::string("seven"), Value::boolean(true)}});
  RowCodec codec = *RowCodec::make(schema);
  ASSERT_TRUE(codec.encode(batch).ok());
  const std::vector<std::string_view> rows = {{}, codec.rows()[0], {}};
  Batch back{schema, 3};
  ASSERT_TRUE(codec.decode(rows, back.columns).ok());
  EXPECT_EQ(words_of(back), "NULL|NULL|NULL|\n7|seven|true|\nNULL|NULL|NULL|\n");
}

TEST(RowCodec, KeepsFloatsAsTheyAre) {
  const SchemaPtr schema = std::make_shared<Schema>(std::vector<Field>{{"d", Type::float64()}});
  const Batch batch = *batch_of(
      schema, {{Value::float64(-0.0)}, {Value::float64(std::numeric_limits<double>::quiet_NaN())}});
  RowCodec codec = *RowCodec::make(schema);
  ASSERT_TRUE(codec.encode(batch).ok());
  Batch back{schema, 2};
  ASSERT_TRUE(codec.decode(codec.rows(), back.columns).ok());
  EXPECT_TRUE(std::signbit(row_of(back, 0)[0].as_double()));
  EXPECT_TRUE(std::isnan(row_of(back, 1)[0].as_double()));
}

TEST(RowCodec, BytesThatAreNoRowAreRefused) {
  const SchemaPtr schema = std::make_shared<Schema>(
      std::vector<Field>{{"n", Type::int64()}, {"s", Type::string()}, {"b", Type::boolean()}});
  const Batch batch =
      *batch_of(schema, {{Value::int64(7), Value::string("seven"), Value::boolean(true)}});
  RowCodec codec = *RowCodec::make(schema);
  ASSERT_TRUE(codec.encode(batch).ok());
  const std::string good(codec.rows()[0]);
  for (size_t size = 0; size < good.size(); ++size) {
    const std::string_view cut = std::string_view(good).substr(0, size);
    std::vector<ColumnPtr> columns;
    EXPECT_FALSE(codec.decode({&cut, 1}, columns).ok()) << size;
  }
  const std::string longer = good + "x";
  const std::string_view view = longer;
  std::vector<ColumnPtr> columns;
  EXPECT_FALSE(codec.decode({&view, 1}, columns).ok());
}

TEST(RowCodec, NestedColumnsAreRefusedByName) {
  const auto made = RowCodec::make(std::make_shared<Schema>(
      std::vector<Field>{{"n", Type::int64()}, {"tags", Type::array(Type::string())}}));
  ASSERT_FALSE(made.ok());
  EXPECT_NE(made.status().message().find("column `tags` is ARRAY<STRING>"), std::string::npos)
      << made.status();
}

}  // namespace
}  // namespace dataflow::engine
