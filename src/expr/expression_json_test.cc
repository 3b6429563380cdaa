#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "expr/expression.h"

namespace dataflow::expr {
namespace {

TEST(ExpressionsAsJson, LiteralsOfEveryTypeComeBack) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Type row = Type::row({{"a", Type::int32()}, {"b", Type::string()}});
  std::vector<Value> values = {
      Value(),
      Value::null(Type::decimal(10, 2)),
      Value::boolean(true),
      Value::integer(Type::int8(), -128),
      Value::integer(Type::int16(), 32767),
      Value::integer(Type::int32(), -5),
      Value::int64(std::numeric_limits<int64_t>::min()),
      Value::floating(Type::float32(), 0.5),
      Value::float64(0.1),
      Value::float64(-kInfinity),
      Value::float64(std::nan("")),
      Value::decimal(Type::decimal(38, 10), -Value::Int128(12345678901234567) * 1000000007),
      Value::string("it's \"ä\"\n"),
      Value::string(std::string("\xff\x00", 2)),
      Value::text(Type::bytes(), std::string("\x00\xff", 2)),
      Value::text(Type::json(), "{\"a\":1}"),
      Value::integer(Type::date(), 20000),
      Value::integer(Type::time(3), 45000123),
      Value::integer(Type::time(6), 45000123456),
      Value::integer(Type::timestamp(3), -1),
      Value::integer(Type::timestamp(6), 1769860800123456),
      Value::integer(Type::timestamp_tz(3), 1769860800123),
      Value::integer(Type::months(), 14),
      Value::integer(Type::millis(), -5000),
      Value::list(Type::array(Type::int32()),
                  {Value::integer(Type::int32(), 1), Value::null(Type::int32())}),
      Value::list(Type::map(Type::string(), Type::float64()),
                  {Value::string("k"), Value::float64(1.5)}),
      Value::list(row, {Value::integer(Type::int32(), 1), Value::string("x")}),
  };
  for (const Value& value : values) {
    std::string json = to_json(*literal(value));
    Result<ExpressionPtr> back = expression_from_json(json);
    ASSERT_TRUE(back.ok()) << json << ": " << back.status();
    EXPECT_EQ((*back)->value, value) << json;
  }
}

TEST(ExpressionsAsJson, ArraysMapsAndRowsComeBack) {
  for (const char* text :
       {"ARRAY[a, 1][2] + MAP['k', r.x]['k']", "CAST(ROW(1, b) AS ROW<x INT, `y z` STRING>).`y z`",
        "CAST(ARRAY[] AS ARRAY<MAP<STRING, INT NOT NULL>>)"}) {
    Result<ExpressionPtr> parsed = parse_expression(text);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    Result<ExpressionPtr> back = expression_from_json(to_json(**parsed));
    ASSERT_TRUE(back.ok()) << back.status();
    EXPECT_EQ((*back)->to_string(), text);
  }
}

TEST(ExpressionsAsJson, TreesAndPlacesComeBack) {
  Result<ExpressionPtr> parsed = parse_expression(
      "CASE WHEN a > 1.50 AND b LIKE 'x%' THEN TRY_CAST(c AS INT) ELSE COALESCE(d, CAST(e AS INT)) "
      "END");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  std::string json = to_json(**parsed);
  Result<ExpressionPtr> back = expression_from_json(json);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(to_json(**back), json);
  EXPECT_EQ((*back)->to_string(), (*parsed)->to_string());
  EXPECT_EQ(to_json(*call("+", {column("a"), literal(Value::int64(2))})),
            R"({"arguments":[{"column":"a"},{"literal":2,"type":"BIGINT"}],"call":"+"})");
}

TEST(ExpressionsAsJson, WrongFormsAreNamed) {
  for (const char* json :
       {"", "[]", "{}", "{\"column\":1}", "{\"column\":\"a\",\"x\":1}", "{\"call\":\"+\"}",
        "{\"literal\":1.5,\"type\":\"INT\"}", "{\"literal\":300,\"type\":\"TINYINT\"}",
        "{\"literal\":\"1.5\",\"type\":\"DECIMAL(3, 2)\"}", "{\"literal\":1,\"type\":\"WHAT\"}",
        "{\"cast\":{\"column\":\"a\"}}", "{\"case\":[]}", "{\"column\":\"a\",\"at\":[1]}",
        "{\"literal\":{\"hex\":\"0\"},\"type\":\"BYTES\"}"}) {
    Result<ExpressionPtr> read = expression_from_json(json);
    ASSERT_FALSE(read.ok()) << json;
    EXPECT_EQ(read.status().code(), StatusCode::kInvalid);
  }
  Result<ExpressionPtr> read =
      expression_from_json(R"({"call":"+","arguments":[{"column":"a"},{"column":2}]})");
  EXPECT_EQ(read.status().message(),
            "expression in JSON, at .arguments[1]: \"column\" must be text");
}

}  // namespace
}  // namespace dataflow::expr
