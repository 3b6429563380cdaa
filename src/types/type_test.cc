#include "types/type.h"

#include <arrow/type.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace dataflow {
namespace {

std::string failure(std::string_view text) {
  const auto type = parse_type(text);
  return type.ok() ? "parsed as " + type->to_string() : type.status().message();
}

TEST(TypeTest, every_spelling_is_read_back) {
  const std::vector<Type> types = {Type::null(),
                                   Type::boolean(),
                                   Type::int8(),
                                   Type::int16(),
                                   Type::int32(),
                                   Type::int64(),
                                   Type::float32(),
                                   Type::float64(),
                                   Type::decimal(38, 38),
                                   Type::decimal(1, 0),
                                   Type::string(),
                                   Type::bytes(),
                                   Type::date(),
                                   Type::time(0),
                                   Type::time(6),
                                   Type::timestamp(0),
                                   Type::timestamp(6),
                                   Type::timestamp_tz(3),
                                   Type::months(),
                                   Type::millis(),
                                   Type::json(),
                                   Type::array(Type::array(Type::string()), false),
                                   Type::map(Type::string(), Type::decimal(10, 2)),
                                   Type::map(Type::int32(), Type::row({}), false),
                                   Type::row({{"a", Type::int32()},
                                              {"b c", Type::array(Type::millis()), false},
                                              {"d`e", Type::row({{"not", Type::months()}})}})};
  for (const Type& type : types) {
    const auto read = parse_type(type.to_string());
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, type) << type.to_string();
  }
}

TEST(TypeTest, synonyms_mean_the_same) {
  const std::vector<std::pair<std::string, std::string>> pairs = {
      {"integer", "INT"},
      {" Bool ", "BOOLEAN"},
      {"varchar(20)", "STRING"},
      {"CHARACTER VARYING (20)", "STRING"},
      {"char", "STRING"},
      {"varbinary(10)", "BYTES"},
      {"NUMERIC", "DECIMAL(10, 0)"},
      {"dec(5)", "DECIMAL(5, 0)"},
      {"double precision", "DOUBLE"},
      {"time without time zone", "TIME(0)"},
      {"TIMESTAMP", "TIMESTAMP(6)"},
      {"TIMESTAMP(3) WITHOUT TIME ZONE", "TIMESTAMP(3)"},
      {"TIMESTAMP(3) WITH LOCAL TIME ZONE", "TIMESTAMP_LTZ(3)"},
      {"INTERVAL DAY(3) TO SECOND(3)", "INTERVAL DAY TO SECOND"},
      {"INTERVAL MONTH", "INTERVAL YEAR TO MONTH"},
      {"INT ARRAY", "ARRAY<INT>"},
      {"INT NOT NULL ARRAY", "ARRAY<INT NOT NULL>"},
      {"ROW(a INT NOT NULL, b BIGINT NULL)", "ROW<a INT NOT NULL, b BIGINT>"},
      {"struct<\"a\": int>", "ROW<a INT>"},
      {"ROW<a INT NOT NULL 'it''s', b BINARY VARYING(3) 'x>'>", "ROW<a INT NOT NULL, b BYTES>"},
  };
  for (const auto& [text, expected] : pairs) {
    const auto type = parse_type(text);
    ASSERT_TRUE(type.ok()) << type.status();
    EXPECT_EQ(type->to_string(), expected);
  }
}

TEST(TypeTest, an_error_says_where_what_and_the_nearest_name) {
  EXPECT_EQ(failure("ARRAY<VARCHR(3)>"),
            "type \"ARRAY<VARCHR(3)>\", column 7: found \"VARCHR\"; no type has this name; did you "
            "mean \"VARCHAR\"?");
  EXPECT_EQ(
      failure("DECIMAL(39, 2)"),
      "type \"DECIMAL(39, 2)\", column 9: found \"39\"; a precision from 1 to 38 is expected");
  EXPECT_EQ(failure("DECIMAL(3, 4)"),
            "type \"DECIMAL(3, 4)\", column 12: found \"4\"; a scale from 0 to 3 is expected");
  EXPECT_EQ(failure("TIMESTAMP(9)"),
            "type \"TIMESTAMP(9)\", column 11: found \"9\"; a precision from 0 to 6 is expected");
  EXPECT_EQ(failure("INT STRING"),
            "type \"INT STRING\", column 5: found \"STRING\"; the type ends before it");
  EXPECT_EQ(failure("MAP<STRING>"),
            "type \"MAP<STRING>\", column 11: found \">\"; \",\" is expected");
  EXPECT_EQ(failure(""), "type \"\", column 1: found the end; the name of a type is expected");
  EXPECT_EQ(failure("ROW<a INT, a INT>"),
            "type \"ROW<a INT, a INT>\", column 12: found \"a\"; there is a field of this name "
            "already");
  EXPECT_EQ(failure("MULTISET<INT>"),
            "type \"MULTISET<INT>\", column 1: found \"MULTISET\"; this type is not supported");
  EXPECT_EQ(failure("INTERVAL DAY TO MONTH"),
            "type \"INTERVAL DAY TO MONTH\", column 17: found \"MONTH\"; a smaller unit of time is "
            "expected");
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "ARRAY<";
  EXPECT_NE(failure(deep).find("nested too deeply"), std::string::npos);
  std::string wide = "INT";
  for (int i = 0; i < 1000; ++i) wide += " ARRAY";
  EXPECT_NE(failure(wide).find("nested too deeply"), std::string::npos);
}

TEST(TypeTest, columns_have_the_layout_that_the_header_names) {
  EXPECT_TRUE(arrow_type(Type::time(3))->Equals(arrow::time32(arrow::TimeUnit::MILLI)));
  EXPECT_TRUE(arrow_type(Type::time(4))->Equals(arrow::time64(arrow::TimeUnit::MICRO)));
  EXPECT_TRUE(arrow_type(Type::timestamp(3))->Equals(arrow::timestamp(arrow::TimeUnit::MILLI)));
  EXPECT_TRUE(
      arrow_type(Type::timestamp_tz(6))->Equals(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")));
  EXPECT_TRUE(arrow_type(Type::decimal(10, 2))->Equals(arrow::decimal128(10, 2)));
  EXPECT_TRUE(arrow_type(Type::map(Type::string(), Type::int32()))
                  ->Equals(arrow::map(arrow::utf8(), arrow::int32())));
  EXPECT_TRUE(arrow_type(Type::array(Type::int8()))->Equals(arrow::list(arrow::int8())));
}

TEST(TypeTest, types_that_differ_in_anything_are_not_equal) {
  EXPECT_NE(Type::decimal(10, 2), Type::decimal(10, 3));
  EXPECT_NE(Type::timestamp(3), Type::timestamp(6));
  EXPECT_NE(Type::timestamp(3), Type::timestamp_tz(3));
  EXPECT_NE(Type::array(Type::int32()), Type::array(Type::int32(), false));
  EXPECT_NE(Type::row({{"a", Type::int32()}}), Type::row({{"b", Type::int32()}}));
  EXPECT_EQ(Type::row({{"a", Type::int32()}}), Type::row({{"a", Type::int32()}}));
}

}  // namespace
}  // namespace dataflow
