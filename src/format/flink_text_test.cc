// What Flink 2.3 wrote of these rows, and how it read such lines.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "decoder_test_bed.h"
#include "format/encoder.h"

namespace dataflow::format {
namespace {

constexpr int64_t kMorning = 1'706'695'872'120;  // 2024-01-31 10:11:12.120

const Type kTexts = Type::array(Type::string());
const Type kPair = Type::row({{"x", Type::int32()}, {"y", Type::string()}});

SchemaPtr all_types() {
  return schema_of(
      "ROW<b BOOLEAN, i4 INT, f4 FLOAT, f8 DOUBLE, d DECIMAL(12,3), d0 DECIMAL(10,0), s STRING, "
      "by1 BYTES, dt DATE, t0 TIME, ts0 TIMESTAMP(0), ts6 TIMESTAMP(6), tz3 TIMESTAMP_LTZ(3), arr "
      "ARRAY<STRING>, r ROW<x INT, y STRING>>");
}

Batch rows_of_all_types() {
  const SchemaPtr schema = all_types();
  const auto type = [&](size_t i) { return (*schema)[i].type; };
  const auto row = [&](bool b, int i4, double f4, double f8, int64_t d, int64_t d0, Value s,
                       std::string by1, int64_t dt, int64_t t0, int64_t ts0, int64_t ts6,
                       int64_t tz3, Value arr, Value r) {
    return std::vector<Value>{Value::boolean(b),
                              Value::integer(type(1), i4),
                              Value::floating(type(2), f4),
                              Value::float64(f8),
                              Value::decimal(type(4), d),
                              Value::decimal(type(5), d0),
                              std::move(s),
                              Value::text(type(7), std::move(by1)),
                              Value::integer(type(8), dt),
                              Value::integer(type(9), t0),
                              Value::integer(type(10), ts0),
                              Value::integer(type(11), ts6),
                              Value::integer(type(12), tz3),
                              std::move(arr),
                              std::move(r)};
  };
  const auto pair = [&](int x, const char* y) {
    return Value::list(kPair, {Value::integer(Type::int32(), x), Value::string(y)});
  };
  std::vector<std::vector<Value>> rows = {
      row(true, 3, 1.5, 2.0, 12300, 100, Value::string("plain"), "ab", 19753, 36'672'000,
          kMorning - 120, kMorning * 1000 + 3456, kMorning,
          Value::list(kTexts, {Value::string("a"), Value::string("b c")}), pair(1, "x")),
      row(false, -3, 1e10, 1e10, 0, 0, Value::string("two words"), "", -719162, 0, -86'400'000,
          1'706'695'200'100'000, 1'706'695'200'000,
          Value::list(kTexts, {Value::string("a;b"), Value::null(Type::string())}), pair(2, "x;y")),
      row(true, 3, 1e-5, 123456789.125, 1'000'000'000, 1'234'567'890, Value::string("quo\"te"), "x",
          19753, 36'672'000, kMorning - 120, kMorning * 1000, kMorning, Value::list(kTexts, {}),
          pair(1, "a longer text of more than twenty four")),
      row(true, 3, NAN, -INFINITY, -1, -10, Value::string(""), "x", 19753, 36'672'000,
          kMorning - 120, kMorning * 1000, kMorning, Value::list(kTexts, {Value::string("x")}),
          pair(1, "a,b"))};
  std::vector<Value> nulls;
  for (const Field& field : schema->fields()) nulls.push_back(Value::null(field.type));
  rows.push_back(std::move(nulls));
  return batch_of(schema, rows).value();
}

Rows encoded(const std::string& format, const Batch& batch, const EncoderOptions& options) {
  auto encoder = make_encoder(format, batch.schema, options);
  EXPECT_TRUE(encoder.ok()) << encoder.status();
  EncodedRows rows;
  std::vector<RowFault> faults;
  EXPECT_TRUE((*encoder)->encode(batch, rows, faults).ok());
  EXPECT_TRUE(faults.empty());
  Rows out;
  for (size_t i = 0; i < rows.size(); ++i) out.emplace_back(rows[i]);
  return out;
}

EncoderOptions flinks() {
  EncoderOptions options;
  options.flink = true;
  return options;
}

TEST(FlinkTextTest, csv) {
  EXPECT_EQ(
      encoded("csv", rows_of_all_types(), flinks()),
      (Rows{
          R"(true,3,1.5,2.0,12.3,1E+2,plain,YWI=,2024-01-31,10:11:12,"2024-01-31 10:11:12",)"
          R"("2024-01-31 10:11:12.123456","2024-01-31 10:11:12.12Z","a;b c",1;x)",
          R"(false,-3,1.0E10,1.0E10,0,0,"two words",,0001-01-01,00:00:00,"1969-12-31 00:00:00",)"
          R"("2024-01-31 10:00:00.1","2024-01-31 10:00:00Z",a;b;,2;x;y)",
          R"(true,3,1.0E-5,1.23456789125E8,1E+6,1.23456789E+9,"quo""te",eA==,2024-01-31,10:11:12,)"
          R"("2024-01-31 10:11:12","2024-01-31 10:11:12.12","2024-01-31 10:11:12.12Z",,)"
          R"("1;a longer text of more than twenty four")",
          R"(true,3,NaN,-Infinity,-0.001,-1E+1,,eA==,2024-01-31,10:11:12,"2024-01-31 10:11:12",)"
          R"("2024-01-31 10:11:12.12","2024-01-31 10:11:12.12Z",x,"1;a,b")",
          ",,,,,,,,,,,,,,"}));
}

TEST(FlinkTextTest, csv_with_other_signs) {
  EncoderOptions options = flinks();
  options.csv_delimiter = '|';
  options.csv_quote = '\'';
  options.csv_null_literal = "NULL";
  options.csv_element_delimiter = ",";
  const Rows rows = encoded("csv", rows_of_all_types(), options);
  EXPECT_EQ(rows[0],
            "true|3|1.5|2.0|12.3|1E+2|'plain'|'YWI='|'2024-01-31'|'10:11:12'|'2024-01-31 10:11:12'|"
            "'2024-01-31 10:11:12.123456'|'2024-01-31 10:11:12.12Z'|'a,b c'|'1,x'");
  EXPECT_EQ(rows[4], "NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL");
}

TEST(FlinkTextTest, csv_quotes_what_sorts_before_the_delimiter_and_what_is_long) {
  const SchemaPtr schema = schema_of("ROW<s STRING>");
  const auto written = [&](const std::string& text, const EncoderOptions& options) {
    return encoded("csv", batch_of(schema, {{Value::string(text)}}).value(), options)[0];
  };
  for (const char* plain : {"a", "a-b", "a.b", "123456789012345678901234", "ünicode", "/a", "null",
                            "@x", "~", "äöüäöüäöüäöüäöüäöüäöüäöü"}) {
    EXPECT_EQ(written(plain, flinks()), plain);
  }
  for (const std::string quoted : {"a,b", "a#b", "(a)", "!", "'q", " lead", "tab\tx",
                                   "1234567890123456789012345", "a\\b", "x*", "a+b", "new\nline"}) {
    EXPECT_EQ(written(quoted, flinks()), "\"" + quoted + "\"");
  }
  EncoderOptions none = flinks();
  none.csv_quote = '\0';
  EXPECT_EQ(written("quo\"te, and more", none), "quo\"te, and more");
}

TEST(FlinkTextTest, json) {
  const Rows rows = encoded("json", rows_of_all_types(), flinks());
  EXPECT_EQ(rows[0],
            R"({"b":true,"i4":3,"f4":1.5,"f8":2.0,"d":12.3,"d0":1E+2,"s":"plain","by1":"YWI=",)"
            R"("dt":"2024-01-31","t0":"10:11:12","ts0":"2024-01-31 10:11:12",)"
            R"("ts6":"2024-01-31 10:11:12.123456","tz3":"2024-01-31 10:11:12.12Z",)"
            R"("arr":["a","b c"],"r":{"x":1,"y":"x"}})");
  EXPECT_EQ(rows[3].substr(0, 71),
            R"({"b":true,"i4":3,"f4":"NaN","f8":"-Infinity","d":-0.001,"d0":-1E+1,"s":)");
  EncoderOptions options = flinks();
  options.plain_decimals = true;
  options.json_skip_nulls = true;
  options.timestamp_format = "ISO-8601";
  const Rows others = encoded("json", rows_of_all_types(), options);
  EXPECT_EQ(others[0],
            R"({"b":true,"i4":3,"f4":1.5,"f8":2.0,"d":12.300,"d0":100,"s":"plain","by1":"YWI=",)"
            R"("dt":"2024-01-31","t0":"10:11:12","ts0":"2024-01-31T10:11:12",)"
            R"("ts6":"2024-01-31T10:11:12.123456","tz3":"2024-01-31T10:11:12.12Z",)"
            R"("arr":["a","b c"],"r":{"x":1,"y":"x"}})");
  EXPECT_EQ(others[4], "{}");
}

TEST(FlinkTextTest, rows_for_people) {
  const Rows rows = encoded("row", rows_of_all_types(), {});
  EXPECT_EQ(rows[0],
            "[true, 3, 1.5, 2.0, 12.300, 100, plain, [97, 98], 2024-01-31, 10:11:12, "
            "2024-01-31T10:11:12, 2024-01-31T10:11:12.123456, 2024-01-31T10:11:12.120Z, [a, b c], "
            "+I[1, x]]");
  EXPECT_EQ(rows[1],
            "[false, -3, 1.0E10, 1.0E10, 0.000, 0, two words, [], 0001-01-01, 00:00, "
            "1969-12-31T00:00, 2024-01-31T10:00:00.100, 2024-01-31T10:00:00Z, [a;b, null], +I[2, "
            "x;y]]");
  EXPECT_EQ(rows[4],
            "[null, null, null, null, null, null, null, null, null, null, null, null, "
            "null, null, null]");
}

TEST(FlinkTextTest, csv_is_read_as_flink_reads_it) {
  DecoderOptions options;
  options.flink = true;
  options.ignore_parse_errors = true;
  Reader reader("ROW<s STRING, i INT, d DOUBLE, dc DECIMAL(10,2)>", options, "csv");
  EXPECT_EQ(reader.one("a,1,1.5,2.5"), "s=a, i=1, d=1.5, dc=2.50");
  EXPECT_EQ(reader.one(",,,"), "s=, i=NULL, d=NULL, dc=NULL");
  EXPECT_EQ(reader.one("\"\",\"\",\"\",\"\""), "s=, i=NULL, d=NULL, dc=NULL");
  EXPECT_EQ(reader.one("b,2"), "s=b, i=2, d=NULL, dc=NULL");
  EXPECT_EQ(reader.one("c,x,1,1.239"), "s=c, i=NULL, d=1, dc=1.24");
  EXPECT_EQ(reader.one("d, 7 , 1.5 ,99999999999"), "s=d, i=7, d=1.5, dc=NULL");
  EXPECT_EQ(reader.one("e,1,1,1,more"), ": 5 fields were found, 4 are expected");
  options.csv_null_literal = "NULL";
  options.csv_comments = true;
  Reader other("ROW<s STRING, i INT>", options, "csv");
  EXPECT_EQ(other.add("# comment,1"), "");
  EXPECT_TRUE(other.rows().empty());
  EXPECT_EQ(other.one("NULL,NULL"), "s=NULL, i=NULL");
  EXPECT_EQ(other.one("\"NULL\",1"), "s=NULL, i=1");
  EXPECT_EQ(other.one(",3"), "s=, i=3");
  EXPECT_EQ(other.one("x,"), "s=x, i=NULL");
}

TEST(FlinkTextTest, json_fields_that_cannot_be_read_are_null_where_errors_are_ignored) {
  DecoderOptions options;
  options.ignore_parse_errors = true;
  options.timestamp_format = "SQL";
  Reader reader("ROW<s STRING, i INT, d DOUBLE, t TIMESTAMP(3), m MAP<STRING, INT>>", options);
  EXPECT_EQ(reader.one(R"({"s":1,"i":"2","d":"2.5","t":"2024-01-31T10:00:00"})"),
            "s=1, i=2, d=2.5, t=NULL, m=NULL");
  EXPECT_EQ(reader.one(R"({"s":"x","i":99999999999,"m":{"a":1,"b":{}},"d":"NaN"})"),
            "s=x, i=NULL, d=nan, t=NULL, m=NULL");
  EXPECT_EQ(reader.one(R"({"s":{"x":1},"i":true})"), "s={\"x\":1}, i=NULL, d=NULL, t=NULL, m=NULL");
  EXPECT_NE(reader.add("no json"), "");
  EXPECT_NE(reader.add(R"({"i":[1,})"), "");
  EXPECT_EQ(reader.one("{}"), "s=NULL, i=NULL, d=NULL, t=NULL, m=NULL");
}

}  // namespace
}  // namespace dataflow::format
