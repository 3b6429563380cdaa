#include "types/value.h"

#include <arrow/array.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "types/decimal.h"

namespace dataflow {
namespace {

const Type kPoint = Type::row({{"x", Type::int32()}, {"name", Type::string()}});
const Type kScores = Type::map(Type::string(), Type::array(Type::float64()));

Value::List samples(const Type& type) {
  switch (type.id()) {
    case TypeId::kNull: return {};
    case TypeId::kBoolean: return {Value::boolean(true), Value::boolean(false)};
    case TypeId::kFloat32:
    case TypeId::kFloat64: return {Value::floating(type, 1.5), Value::floating(type, NAN)};
    case TypeId::kDecimal:
      return {Value::decimal(type, power_of_ten(20) + 5), Value::decimal(type, -1)};
    case TypeId::kString:
    case TypeId::kBytes:
    case TypeId::kJson: return {Value::text(type, ""), Value::text(type, std::string("a\0b", 3))};
    case TypeId::kArray:
      return {Value::list(type, {}),
              Value::list(type, {Value::int64(1), Value::null(Type::int64()), Value::int64(3)})};
    case TypeId::kMap: {
      const Type list = type.fields()[1].type;
      return {Value::list(type, {Value::string("a"), Value::list(list, {Value::float64(1)}),
                                 Value::string("b"), Value::null(list)})};
    }
    case TypeId::kRow:
      return {Value::list(type, {Value::integer(Type::int32(), 7), Value::string("seven")}),
              Value::list(type, {Value::null(Type::int32()), Value::null(Type::string())})};
    case TypeId::kTime: return {Value::integer(type, 0), Value::integer(type, 86'399'999)};
    default:
      return {Value::integer(type, 0), Value::integer(type, -128), Value::integer(type, 127)};
  }
}

TEST(ValueTest, values_of_every_type_come_back_out_of_a_column) {
  for (const Type& type : {Type::null(),
                           Type::boolean(),
                           Type::int8(),
                           Type::int16(),
                           Type::int32(),
                           Type::int64(),
                           Type::float32(),
                           Type::float64(),
                           Type::decimal(30, 4),
                           Type::string(),
                           Type::bytes(),
                           Type::date(),
                           Type::time(0),
                           Type::time(6),
                           Type::timestamp(3),
                           Type::timestamp(6),
                           Type::timestamp_tz(3),
                           Type::timestamp_tz(6),
                           Type::months(),
                           Type::millis(),
                           Type::array(Type::int64()),
                           kScores,
                           kPoint,
                           Type::json()}) {
    Value::List values = samples(type);
    values.push_back(Value::null(type));
    const auto column = column_of(type, values);
    ASSERT_TRUE(column.ok()) << type.to_string() << ": " << column.status();
    ASSERT_TRUE((*column)->ValidateFull().ok()) << type.to_string();
    ASSERT_TRUE((*column)->type()->Equals(arrow_type(type))) << type.to_string();
    for (size_t i = 0; i < values.size(); ++i) {
      EXPECT_EQ(value_at(type, **column, static_cast<int64_t>(i)), values[i]) << type.to_string();
      const auto sliced = (*column)->Slice(static_cast<int64_t>(i));
      EXPECT_EQ(value_at(type, *sliced, 0), values[i]) << type.to_string();
    }
  }
}

TEST(ValueTest, a_column_refuses_what_does_not_fit) {
  EXPECT_TRUE(column_of(Type::int32(), {Value::null(Type::string())}).ok());
  EXPECT_EQ(column_of(Type::int32(), {Value::int64(1)}).status().message(),
            "value 0, 1, is of type BIGINT in a column of INT");
  EXPECT_EQ(column_of(Type::int8(), {Value::integer(Type::int8(), 128)}).status().message(),
            "128 is out of the range of TINYINT");
  EXPECT_FALSE(column_of(kPoint, {Value::list(kPoint, {Value::string("x")})}).ok());
  EXPECT_FALSE(column_of(kScores, {Value::list(kScores, {Value(), Value()})}).ok());
  EXPECT_FALSE(column_of(Type::array(Type::int64()),
                         {Value::list(Type::array(Type::int64()), {Value::string("a")})})
                   .ok());
}

TEST(ValueTest, text_is_for_people) {
  EXPECT_EQ(Value().to_string(), "NULL");
  EXPECT_EQ(Value::decimal(Type::decimal(5, 2), 150).to_string(), "1.50");
  EXPECT_EQ(Value::integer(Type::timestamp(3), 1'769'860'800'000).to_string(),
            "2026-01-31 12:00:00.000");
  EXPECT_EQ(Value::integer(Type::date(), 1).to_string(), "1970-01-02");
  EXPECT_EQ(Value::integer(Type::months(), -14).to_string(), "-1-02");
  EXPECT_EQ(Value::integer(Type::millis(), 86'400'500).to_string(), "+1 00:00:00.500");
  EXPECT_EQ(Value::integer(Type::millis(), std::numeric_limits<int64_t>::min()).to_string(),
            "-106751991167 07:12:55.808");
  EXPECT_EQ(Value::floating(Type::float32(), 0.1).to_string(), "0.1");
  EXPECT_EQ(Value::text(Type::bytes(), "\x01\xff").to_string(), "x'01ff'");
  EXPECT_EQ(Value::list(kPoint, {Value::integer(Type::int32(), 1), Value::string("a")}).to_string(),
            "{x=1, name=a}");
  EXPECT_EQ(Value::list(Type::array(Type::int64()), {Value::int64(1), Value()}).to_string(),
            "[1, NULL]");
  const Type counts = Type::map(Type::string(), Type::int64());
  EXPECT_EQ(Value::list(counts, {Value::string("a"), Value::int64(1)}).to_string(), "{a=1}");
}

TEST(ValueTest, nulls_and_nans_equal_themselves) {
  EXPECT_EQ(Value::null(Type::int32()), Value::null(Type::int32()));
  EXPECT_NE(Value::null(Type::int32()), Value::null(Type::int64()));
  EXPECT_EQ(Value::float64(NAN), Value::float64(NAN));
  EXPECT_NE(Value::float64(NAN), Value::float64(1));
  EXPECT_NE(Value::int64(1), Value::integer(Type::int32(), 1));
}

}  // namespace
}  // namespace dataflow
