// Values as text and binary, both ways.
#include <gtest/gtest.h>

#include <cmath>

#include "read_value.h"
#include "type_map.h"
#include "types/temporal.h"
#include "write_value.h"

namespace dataflow::postgres {
namespace {

std::string as_text(const Value& value) {
  std::string out;
  write_text(value, out);
  return out;
}

std::string as_hex(const Value& value) {
  std::string bytes, out;
  write_binary(value, oid_of(value.type()), bytes);
  for (const char c : bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    out += kDigits[static_cast<uint8_t>(c) >> 4];
    out += kDigits[static_cast<uint8_t>(c) & 15];
  }
  return out;
}

Value of(const Type& type, std::string_view text) {
  Result<Value> value = read_value_text(type, text);
  EXPECT_TRUE(value.ok()) << text << ": " << value.status();
  return value.ok() ? *value : Value::null(type);
}

// Text and binary both read back as the same value.
void expect_both_ways(const Value& value) {
  const Result<Value> text = read_value_text(value.type(), as_text(value));
  ASSERT_TRUE(text.ok()) << as_text(value) << ": " << text.status();
  EXPECT_EQ(*text, value) << as_text(value);
  std::string bytes;
  const uint32_t oid = oid_of(value.type());
  write_binary(value, oid, bytes);
  const Result<Value> binary = read_value_binary(value.type(), oid, bytes);
  ASSERT_TRUE(binary.ok()) << as_text(value) << ": " << binary.status();
  EXPECT_EQ(*binary, value) << as_text(value);
}

TEST(PostgresValues, AreBothWaysTheSame) {
  for (const Value& value : {Value::boolean(true),
                             Value::boolean(false),
                             Value::integer(Type::int8(), -128),
                             Value::integer(Type::int16(), 32767),
                             Value::integer(Type::int32(), INT32_MIN),
                             Value::int64(INT64_MIN),
                             Value::int64(INT64_MAX),
                             Value::floating(Type::float32(), 0.1),
                             Value::float64(1e300),
                             Value::float64(-0.0001),
                             Value::float64(NAN),
                             Value::float64(-INFINITY),
                             Value::string("häß 'x' \\"),
                             Value::string(""),
                             Value::text(Type::bytes(), std::string("\0\xff\\", 3)),
                             of(Type::date(), "0001-01-01"),
                             of(Type::date(), "9999-12-31"),
                             of(Type::time(3), "23:59:59.999"),
                             of(Type::time(6), "00:00:00.000001"),
                             of(Type::timestamp(3), "1969-12-31 23:59:59.999"),
                             of(Type::timestamp(6), "2026-01-31 12:00:00.123456"),
                             of(Type::timestamp_tz(3), "2026-01-31 12:00:00+02"),
                             of(Type::months(), "-1 year"),
                             of(Type::millis(), "3 days -04:05:06.7"),
                             of(Type::decimal(10, 2), "-12.50"),
                             of(Type::decimal(38, 38), "0.00000000000000000000000000000000000001"),
                             of(Type::decimal(38, 0), "99999999999999999999999999999999999999"),
                             of(Type::decimal(5, 3), "0"),
                             of(Type::decimal(20, 6), "12345678.000900"),
                             of(Type::array(Type::int32()), "{1,NULL,-3}"),
                             of(Type::array(Type::int64()), "{}"),
                             of(Type::array(Type::string()), R"({"a, b",null,"NULL","","\"\\"})"),
                             Value::text(Type::json(), R"({"a": [1]})")}) {
    expect_both_ways(value);
  }
}

TEST(PostgresValues, AreWrittenAsPostgresPrintsThem) {
  const std::vector<std::pair<Value, std::string>> cases = {
      {Value::boolean(true), "t"},
      {Value::float64(1e15), "1e+15"},
      {Value::float64(123456789012345), "123456789012345"},
      {Value::float64(0.0001), "0.0001"},
      {Value::float64(0.00001), "1e-05"},
      {Value::float64(0), "0"},
      {Value::floating(Type::float32(), 1e6), "1e+06"},
      {Value::floating(Type::float32(), 0.1), "0.1"},
      {Value::float64(INFINITY), "Infinity"},
      {Value::text(Type::bytes(), "a\xff"), "\\x61ff"},
      {of(Type::timestamp(3), "2026-01-31 12:00:00.120"), "2026-01-31 12:00:00.12"},
      {of(Type::timestamp_tz(6), "2026-01-31 12:00:00+02:00"), "2026-01-31 10:00:00+00"},
      {Value::integer(Type::date(), days_from_civil(-43, 3, 15)), "0044-03-15 BC"},
      {Value::integer(Type::date(), days_from_civil(12345, 1, 2)), "12345-01-02"},
      {of(Type::time(3), "01:02:03.400"), "01:02:03.4"},
      {Value::integer(Type::months(), 14), "1 year 2 mons"},
      {Value::integer(Type::months(), 0), "00:00:00"},
      {Value::integer(Type::millis(), -90'061'500), "-1 days -01:01:01.5"},
      {Value::integer(Type::millis(), 172'800'000), "2 days"},
      {of(Type::array(Type::string()), R"({"a b",x,"{"})"), R"({"a b",x,"{"})"},
  };
  for (const auto& [value, text] : cases) EXPECT_EQ(as_text(value), text);
  const Type row = Type::row({{"a", Type::int32()}, {"b", Type::array(Type::string())}});
  EXPECT_EQ(as_text(Value::list(row, {Value::integer(Type::int32(), 1),
                                      of(Type::array(Type::string()), "{x,NULL}")})),
            R"({"a":1,"b":["x",null]})");
  EXPECT_EQ(as_text(Value::list(Type::map(Type::int32(), Type::float64()),
                                {Value::integer(Type::int32(), 7), Value::float64(NAN)})),
            R"({"7":"NaN"})");
}

TEST(PostgresValues, HavePostgresBinaryFormats) {
  EXPECT_EQ(as_hex(of(Type::decimal(10, 2), "12.50")), "0002000000000002000c1388");
  EXPECT_EQ(as_hex(of(Type::decimal(10, 2), "-0.05")), "0001ffff4000000201f4");
  EXPECT_EQ(as_hex(of(Type::decimal(10, 0), "10000")), "00010001000000000001");
  EXPECT_EQ(as_hex(of(Type::decimal(10, 2), "0")), "0000000000000002");
  EXPECT_EQ(as_hex(of(Type::date(), "2000-01-02")), "00000001");
  EXPECT_EQ(as_hex(of(Type::timestamp(3), "2000-01-01 00:00:00.001")), "00000000000003e8");
  EXPECT_EQ(as_hex(of(Type::time(3), "00:00:01")), "00000000000f4240");
  EXPECT_EQ(as_hex(Value::integer(Type::millis(), 86'400'001)), "00000000000003e80000000100000000");
  EXPECT_EQ(as_hex(Value::integer(Type::months(), 14)), "0000000000000000000000000000000e");
  EXPECT_EQ(as_hex(of(Type::array(Type::int32()), "{5}")),
            "0000000100000000000000170000000100000001000000040000"
            "0005");
}

TEST(PostgresValues, AreTakenFromOtherTypesThatClientsSend) {
  const auto binary = [](const Type& type, uint32_t oid, std::string_view bytes) {
    const Result<Value> value = read_value_binary(type, oid, bytes);
    return value.ok() ? as_text(*value) : value.status().message();
  };
  EXPECT_EQ(binary(Type::int64(), oid::kInt2, std::string_view("\0\x07", 2)), "7");
  EXPECT_EQ(binary(Type::decimal(10, 2), oid::kInt4, std::string_view("\0\0\0\x07", 4)), "7.00");
  EXPECT_EQ(binary(Type::string(), oid::kUuid, "0123456789abcdef"),
            "30313233-3435-3637-3839-616263646566");
  EXPECT_EQ(binary(Type::json(), oid::kJsonb, "\x01{}"), "{}");
  EXPECT_EQ(binary(Type::float64(), oid::kNumeric,
                   std::string_view("\0\x02\0\0\0\0\0\x02\0\x0c\x13\x88", 12)),
            "12.5");
  EXPECT_EQ(as_text(of(Type::timestamp(3), "2026-01-31T12:00:00+01")), "2026-01-31 12:00:00");
  EXPECT_EQ(as_text(of(Type::timestamp_tz(3), "2026-01-31 12:00:00 +01")),
            "2026-01-31 11:00:00+00");
  EXPECT_EQ(as_text(of(Type::boolean(), " Yes ")), "t");
  EXPECT_EQ(as_text(of(Type::millis(), "1 day 0:00:05")), "1 day 00:00:05");
  EXPECT_EQ(as_text(of(Type::millis(), "-100:00:00.5")), "-4 days -04:00:00.5");
  EXPECT_EQ(as_text(of(Type::bytes(), "a\\\\\\001")), "\\x615c01");
}

TEST(PostgresValues, RefuseWhatTheyCannotBe) {
  const std::vector<std::pair<Type, const char*>> texts = {
      {Type::int32(), "2147483648"},
      {Type::int8(), "128"},
      {Type::int32(), ""},
      {Type::int32(), "1.5"},
      {Type::float64(), "--1"},
      {Type::float64(), "1e999"},
      {Type::boolean(), "2"},
      {Type::bytes(), "\\x1"},
      {Type::bytes(), "\\9"},
      {Type::date(), "2026-02-30"},
      {Type::time(0), "25:00"},
      {Type::months(), "1 day"},
      {Type::millis(), "1 mon"},
      {Type::millis(), "1 parsec"},
      {Type::decimal(3, 1), "100"},
      {Type::string(), "\xff"},
      {Type::int32(), "\xff"},
      {Type::array(Type::int32()), "{1"},
      {Type::array(Type::int32()), "{1,}"},
      {Type::array(Type::int32()), "{{1}}"},
  };
  for (const auto& [type, text] : texts) {
    EXPECT_FALSE(read_value_text(type, text).ok()) << type.to_string() << " " << text;
  }
  const std::vector<std::pair<uint32_t, std::string_view>> bytes = {
      {oid::kInt4, "abc"},
      {oid::kNumeric, "abcdefg"},
      {oid::kNumeric, std::string_view("\0\x05\0\0\0\0\0\0", 8)},
      {oid::kNumeric, std::string_view("\0\0\0\0\xc0\0\0\0", 8)},
      {oid::kJsonb, "\x02{}"},
      {oid::kDate, std::string_view("\x7f\xff\xff\xf0", 4)},
      {1007, std::string_view("\0\0\0\x01\0\0\0\0\0\0\0\x17\x7f\xff\xff\xff\0\0\0\x01", 20)},
      {999, "x"},
  };
  for (const auto& [oid, data] : bytes) {
    EXPECT_FALSE(read_value_binary(type_of_oid(oid).value_or(Type::int32()), oid, data).ok())
        << oid;
  }
}

TEST(PostgresValues, AreShownInErrorsAsUtf8) {
  const std::string text = std::string(99, 'x') + "äöü";
  const std::string said = read_value_text(Type::int32(), text).status().message();
  EXPECT_TRUE(is_utf8(said)) << said;
  EXPECT_TRUE(said.ends_with("x…\"")) << said;
}

}  // namespace
}  // namespace dataflow::postgres
