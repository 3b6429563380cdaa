#include "row_codec.h"

#include <arrow/array.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

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
    RowCodec codec(schema);
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
  RowCodec codec(schema);
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
  RowCodec codec(schema);
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
  RowCodec codec(schema);
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

using Random = std::mt19937_64;

int64_t below(Random& random, int64_t limit) {
  return static_cast<int64_t>(random() % static_cast<uint64_t>(limit));
}

Type random_type(Random& random, int depth) {
  const Type flat[] = {Type::boolean(),      Type::int8(),   Type::int64(),  Type::float64(),
                       Type::decimal(20, 2), Type::string(), Type::bytes(),  Type::time(6),
                       Type::timestamp(3),   Type::json(),   Type::months(), Type::null()};
  if (depth == 0 || below(random, 3) == 0) return flat[below(random, std::ssize(flat))];
  const bool nullable = below(random, 4) != 0;
  switch (below(random, 3)) {
    case 0: return Type::array(random_type(random, depth - 1), nullable);
    case 1: return Type::map(flat[below(random, 11)], random_type(random, depth - 1), nullable);
    default: break;
  }
  std::vector<Field> fields;
  for (int64_t i = 1 + below(random, 10); i > 0; --i) {
    fields.push_back({"f" + std::to_string(i), random_type(random, depth - 1)});
  }
  return Type::row(std::move(fields));
}

Value random_value(Random& random, const Type& type, bool may_be_null) {
  if (type.id() == TypeId::kNull || (may_be_null && below(random, 5) == 0)) {
    return Value::null(type);
  }
  if (type.id() == TypeId::kBoolean) return Value::boolean(below(random, 2) == 0);
  if (type.is_float()) return Value::floating(type, static_cast<double>(below(random, 9)) / 2);
  if (type.id() == TypeId::kDecimal) return Value::decimal(type, below(random, 1000) - 500);
  if (is_text_like(type)) {
    return Value::text(type, std::string(static_cast<size_t>(below(random, 20)), '7'));
  }
  if (!type.is_nested()) return Value::integer(type, below(random, 100));
  Value::List values;
  const std::vector<Field>& fields = type.fields();
  const int64_t times = type.id() == TypeId::kRow ? 1 : below(random, 12);
  for (int64_t i = 0; i < times; ++i) {
    for (size_t f = 0; f < fields.size(); ++f) {
      const bool key = type.id() == TypeId::kMap && f == 0;
      values.push_back(random_value(random, fields[f].type, fields[f].nullable && !key));
    }
  }
  return Value::list(type, std::move(values));
}

SchemaPtr random_schema(Random& random) {
  std::vector<Field> fields;
  for (int64_t i = 1 + below(random, 10); i > 0; --i) {
    fields.push_back({"c" + std::to_string(i), random_type(random, 3)});
  }
  return std::make_shared<Schema>(std::move(fields));
}

Batch random_batch(Random& random, const SchemaPtr& schema, int64_t count) {
  std::vector<std::vector<Value>> rows(static_cast<size_t>(count));
  for (std::vector<Value>& row : rows) {
    for (const Field& field : schema->fields()) {
      row.push_back(random_value(random, field.type, true));
    }
  }
  const auto batch = batch_of(schema, rows);
  EXPECT_TRUE(batch.ok()) << batch.status();
  return *batch;
}

TEST(RowCodec, GivesBackArraysMapsAndRowsInEachOther) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (int i = 0; i < 60; ++i) {
    const SchemaPtr schema = random_schema(random);
    SCOPED_TRACE(schema->to_string());
    const Batch whole = random_batch(random, schema, 1 + below(random, 30));
    const int64_t from = below(random, whole.rows);
    const Batch part = slice(whole, from, 1 + below(random, whole.rows - from));
    for (const Batch& batch : {whole, part}) {
      RowCodec codec(schema);
      ASSERT_TRUE(codec.encode(batch).ok());
      // Each row twice, and one that is not there in front.
      std::vector<std::string_view> rows = {{}};
      for (const std::string_view row : codec.rows()) rows.insert(rows.end(), 2, row);
      Batch back{schema, std::ssize(rows)};
      const Status read = codec.decode(rows, back.columns);
      ASSERT_TRUE(read.ok()) << read;
      for (const ColumnPtr& column : back.columns) {
        const arrow::Status valid = column->ValidateFull();
        ASSERT_TRUE(valid.ok()) << valid.ToString();
      }
      for (const Value& value : row_of(back, 0)) ASSERT_TRUE(value.is_null());
      for (int64_t row = 1; row < back.rows; ++row) {
        ASSERT_EQ(row_of(back, row), row_of(batch, (row - 1) / 2)) << words_of(batch);
      }
    }
  }
}

// What was kept can be damaged, too: it is refused, or read as something else, and no more.
TEST(RowCodec, NestedBytesThatAreNoValueAreRefused) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (int i = 0; i < 60; ++i) {
    const SchemaPtr schema = random_schema(random);
    SCOPED_TRACE(schema->to_string());
    RowCodec codec(schema);
    ASSERT_TRUE(codec.encode(random_batch(random, schema, 1)).ok());
    std::string row(codec.rows()[0]);
    for (int times = 0; times < 20; ++times) {
      const std::string cut = row.substr(0, random() % row.size());
      const std::string_view view = cut;
      std::vector<ColumnPtr> columns;
      ASSERT_FALSE(codec.decode({&view, 1}, columns).ok()) << cut.size();
    }
    for (int times = 0; times < 20; ++times) {
      std::string other = row;
      other[random() % other.size()] = static_cast<char>(random());
      const std::string_view view = other;
      std::vector<ColumnPtr> columns;
      const Status read = codec.decode({&view, 1}, columns);
      if (!read.ok()) continue;
      for (const ColumnPtr& column : columns) {
        const arrow::Status valid = column->Validate();
        EXPECT_TRUE(valid.ok()) << valid.ToString();
      }
    }
  }
}

}  // namespace
}  // namespace dataflow::engine
