#include "key_columns.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "base/hash.h"

namespace dataflow::engine {
namespace {

const std::vector<Field> kFields = {
    {"s", Type::string()},  {"i", Type::int32()},        {"d", Type::float64()},
    {"b", Type::boolean()}, {"x", Type::decimal(20, 2)}, {"t", Type::timestamp(6)},
    {"y", Type::bytes()},   {"day", Type::date()},       {"h", Type::int8()}};

std::vector<Value> row_with(const std::string& text, int64_t number) {
  return {Value::string(text),
          Value::integer(Type::int32(), number),
          Value::float64(static_cast<double>(number) / 2),
          Value::boolean(number % 2 == 0),
          Value::decimal(Type::decimal(20, 2), number * 1000),
          Value::integer(Type::timestamp(6), number * 7),
          Value::text(Type::bytes(), text + "!"),
          Value::integer(Type::date(), -number),
          Value::integer(Type::int8(), number % 100)};
}

TEST(KeyColumnsTest, OneTextIsItsOwnKeyBehindAOne) {
  const auto schema = std::make_shared<Schema>(std::vector<Field>{{"s", Type::string()}});
  std::vector<std::vector<Value>> rows;
  for (size_t i = 0; i < 70; ++i) {
    rows.push_back({Value::string(std::string(i * 7 % 37, static_cast<char>('a' + i % 26)))});
  }
  const Result<Batch> whole = batch_of(schema, rows);
  ASSERT_TRUE(whole.ok()) << whole.status();
  KeyColumns columns({0});
  for (const auto& [from, count] : {std::pair{0, 70}, {3, 20}, {60, 10}, {69, 1}, {5, 0}}) {
    ASSERT_TRUE(columns.read(slice(*whole, from, count)).ok());
    ASSERT_EQ(columns.keys().size(), static_cast<size_t>(count));
    for (int i = 0; i < count; ++i) {
      const std::string key = "\1" + rows[static_cast<size_t>(from + i)][0].as_text();
      EXPECT_EQ(columns.keys()[static_cast<size_t>(i)], key);
      EXPECT_EQ(columns.hashes()[static_cast<size_t>(i)], hash64(key));
    }
  }
}

// What write_key() makes of a key.
Result<std::vector<Value>> written(std::string_view key, const std::vector<Type>& types) {
  std::vector<ColumnWriter> writers(types.begin(), types.end());
  std::vector<size_t> columns;
  for (size_t i = 0; i < types.size(); ++i) columns.push_back(i);
  DF_RETURN_IF_ERROR(write_key(key, columns, writers));
  std::vector<Value> values;
  for (size_t i = 0; i < types.size(); ++i) {
    DF_ASSIGN_OR_RETURN(const ColumnPtr column, writers[i].take());
    values.push_back(value_at(types[i], *column, 0));
  }
  return values;
}

TEST(KeyColumnsTest, KeysComeBackAsTheyWere) {
  const auto schema = std::make_shared<Schema>(kFields);
  std::vector<std::vector<Value>> rows;
  for (int64_t i = 0; i < 50; ++i) rows.push_back(row_with(std::string(i % 5, 'a'), i - 25));
  rows.push_back({});
  for (const Field& field : kFields) rows.back().push_back(Value::null(field.type));
  const Result<Batch> batch = batch_of(schema, rows);
  ASSERT_TRUE(batch.ok()) << batch.status();
  std::vector<size_t> all;
  std::vector<Type> types;
  for (size_t i = 0; i < kFields.size(); ++i) {
    all.push_back(i);
    types.push_back(kFields[i].type);
  }
  KeyColumns keys(all);
  ASSERT_TRUE(keys.read(*batch).ok());
  std::set<std::string_view> distinct;
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto back = written(keys.keys()[i], types);
    ASSERT_TRUE(back.ok()) << back.status();
    EXPECT_EQ(*back, rows[i]);
    distinct.insert(keys.keys()[i]);
  }
  EXPECT_EQ(distinct.size(), rows.size());
}

TEST(KeyColumnsTest, TextsThatTouchAreToldApart) {
  const auto schema =
      std::make_shared<Schema>(std::vector<Field>{{"a", Type::string()}, {"b", Type::string()}});
  const Result<Batch> batch = batch_of(schema, {{Value::string("ab"), Value::string("c")},
                                                {Value::string("a"), Value::string("bc")},
                                                {Value::string(""), Value::null(Type::string())},
                                                {Value::null(Type::string()), Value::string("")}});
  ASSERT_TRUE(batch.ok());
  KeyColumns keys({0, 1});
  ASSERT_TRUE(keys.read(*batch).ok());
  EXPECT_EQ(std::set(keys.keys().begin(), keys.keys().end()).size(), 4U);
}

TEST(KeyColumnsTest, ZerosAreEqualAndSoAreNaNs) {
  const auto schema = std::make_shared<Schema>(std::vector<Field>{{"d", Type::float64()}});
  const Result<Batch> batch =
      batch_of(schema, {{Value::float64(0.0)},
                        {Value::float64(-0.0)},
                        {Value::float64(std::nan("1"))},
                        {Value::float64(-std::numeric_limits<double>::quiet_NaN())}});
  ASSERT_TRUE(batch.ok());
  KeyColumns keys({0});
  ASSERT_TRUE(keys.read(*batch).ok());
  EXPECT_EQ(keys.keys()[0], keys.keys()[1]);
  EXPECT_EQ(keys.keys()[2], keys.keys()[3]);
  EXPECT_EQ(keys.hashes()[2], keys.hashes()[3]);
}

TEST(KeyColumnsTest, DamagedKeysAreRefused) {
  const std::vector<Type> types = {Type::string(), Type::int64()};
  for (const std::string& key : {std::string(), std::string("\x01\x05\0\0\0ab", 7),
                                 std::string("\x01\x01\0\0\0a\x01\x02", 8)}) {
    EXPECT_FALSE(written(key, types).ok());
  }
}

}  // namespace
}  // namespace dataflow::engine
