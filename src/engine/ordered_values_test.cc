#include "ordered_values.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "types/value.h"

namespace dataflow::engine {
namespace {

// Rising values of one type: their bytes rise as well, and give the values back.
void expect_rising(const Type& type, const std::vector<Value>& rising) {
  SCOPED_TRACE(type.to_string());
  std::vector<Value> with_null = rising;
  with_null.insert(with_null.begin(), Value::null(type));
  const auto all = column_of(type, with_null);
  ASSERT_TRUE(all.ok()) << all.status();
  // Read from the middle of a column, as a slice of a batch is.
  const ColumnPtr column =
      slice({nullptr, std::ssize(with_null), {*all}}, 1, std::ssize(rising)).columns[0];
  OrderedValues values(type);
  values.read(*column);
  ASSERT_EQ(values.values().size(), rising.size());
  ColumnWriter writer(type);
  for (size_t i = 0; i < rising.size(); ++i) {
    if (i > 0) {
      EXPECT_LT(values.values()[i - 1], values.values()[i]) << rising[i].to_string();
    }
    ASSERT_TRUE(values.put(values.values()[i], writer).ok());
  }
  const ColumnPtr back = *writer.take();
  for (size_t i = 0; i < rising.size(); ++i) {
    EXPECT_EQ(value_at(type, *back, static_cast<int64_t>(i)), rising[i]);
  }
}

TEST(OrderedValuesTest, TheirBytesSortAsTheyDo) {
  const auto ints = [](const Type& type, std::vector<int64_t> numbers) {
    std::vector<Value> values;
    for (const int64_t number : numbers) values.push_back(Value::integer(type, number));
    expect_rising(type, values);
  };
  ints(Type::int64(), {INT64_MIN, -256, -1, 0, 1, 255, 256, INT64_MAX});
  ints(Type::int32(), {INT32_MIN, -1, 0, 70000, INT32_MAX});
  ints(Type::date(), {-3, 0, 20000});
  ints(Type::timestamp(3), {-3, 0, 20000});
  expect_rising(Type::boolean(), {Value::boolean(false), Value::boolean(true)});
  const double infinity = std::numeric_limits<double>::infinity();
  for (const Type& type : {Type::float64(), Type::float32()}) {
    std::vector<Value> floats;
    for (const double value : {-infinity, -1e30, -1.5, -0.5, 0.0, 0.25, 2.0, 1e30, infinity,
                               std::numeric_limits<double>::quiet_NaN()}) {
      floats.push_back(Value::floating(type, static_cast<float>(value)));
    }
    expect_rising(type, floats);
  }
  const Type money = Type::decimal(38, 2);
  __int128 most = 1;
  for (int i = 0; i < 38; ++i) most *= 10;
  expect_rising(
      money,
      {Value::decimal(money, 1 - most), Value::decimal(money, -1), Value::decimal(money, 0),
       Value::decimal(money, 1LL << 62), Value::decimal(money, static_cast<__int128>(1) << 63),
       Value::decimal(money, static_cast<__int128>(1) << 64), Value::decimal(money, most - 1)});
  expect_rising(Type::string(), {Value::string(""), Value::string("Z"), Value::string("a"),
                                 Value::string("ab"), Value::string("\xc3\xa4")});
}

TEST(OrderedValuesTest, NaNsAreOneAndZerosAreTwo) {
  const Type type = Type::float64();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto column = column_of(
      type, {Value::float64(nan), Value::float64(-nan), Value::float64(-0.0), Value::float64(0.0)});
  ASSERT_TRUE(column.ok()) << column.status();
  OrderedValues values(type);
  values.read(**column);
  EXPECT_EQ(values.values()[0], values.values()[1]);
  EXPECT_LT(values.values()[2], values.values()[3]);
}

TEST(OrderedValuesTest, BytesThatAreNoValueAreDamage) {
  ColumnWriter writer(Type::int64());
  EXPECT_EQ(OrderedValues(Type::int64()).put("1234567", writer).code(), StatusCode::kCorrupt);
}

}  // namespace
}  // namespace dataflow::engine
