#include <gtest/gtest.h>

#include <string>

#include "decoder_test_bed.h"

namespace dataflow::format {
namespace {

TEST(JsonDecoderTest, fields_are_found_by_name_in_any_order) {
  Reader reader("ROW<a INT, b STRING>");
  EXPECT_EQ(reader.add(R"({"a":1,"b":"x"})"), "");
  EXPECT_EQ(reader.add(R"( { "b" : "y" , "c":[{"d":[]},{}], "a" : 2 } )"), "");
  EXPECT_EQ(reader.add(R"({"\u0061":3,"A":4})"), "");
  EXPECT_EQ(reader.add("{}"), "");
  EXPECT_EQ(reader.add(R"({"a":1,"a":7,"b":"p","b":null})"), "");
  EXPECT_EQ(reader.rows(),
            (Rows{"a=1, b=x", "a=2, b=y", "a=3, b=NULL", "a=NULL, b=NULL", "a=7, b=NULL"}));
}

TEST(JsonDecoderTest, every_type_is_read) {
  EXPECT_EQ(Reader("ROW<a BOOLEAN, b TINYINT, c BIGINT, d FLOAT, e DOUBLE>")
                .one(R"({"a":true,"b":-128,"c":-9223372036854775808,"d":0.1,"e":1.5e300})"),
            "a=true, b=-128, c=-9223372036854775808, d=0.1, e=1.5e+300");
  EXPECT_EQ(Reader("ROW<a DECIMAL(38, 2), b DECIMAL(3,1), c BYTES, d STRING>")
                .one(R"({"a":123456789012345678901234567890.125,"b":"1e1","c":"AQI=",)"
                     R"("d":"\ud83d\ude00\n\"é"})"),
            "a=123456789012345678901234567890.13, b=10.0, c=x'0102', d=😀\n\"é");
  EXPECT_EQ(Reader("ROW<a DATE, b TIME(3), c TIMESTAMP(3), d TIMESTAMP_LTZ(6)>")
                .one(R"({"a":"2026-01-31","b":"01:02:03.5","c":"2026-01-31 12:00:00.123",)"
                     R"("d":"2026-01-31T12:00:00.123456+01:00"})"),
            "a=2026-01-31, b=01:02:03.500, c=2026-01-31 12:00:00.123, "
            "d=2026-01-31 11:00:00.123456Z");
  EXPECT_EQ(Reader("ROW<a ARRAY<INT>, b MAP<STRING, ROW<x INT, y INT>>, c JSON, d STRING>")
                .one(R"({"a":[1,null,3],"b":{"k":{"y":2}},"c":{"z": [1, "t"]} ,"d":[ 1 ]})"),
            "a=[1, NULL, 3], b={k={x=NULL, y=2}}, c={\"z\": [1, \"t\"]}, d=[ 1 ]");
}

TEST(JsonDecoderTest, numbers_may_stand_as_strings_and_strings_as_numbers) {
  EXPECT_EQ(Reader("ROW<a INT, b DOUBLE, c BOOLEAN, d STRING, e STRING, f INT, g INT>")
                .one(R"({"a":" 12 ","b":"1.5","c":"TRUE","d":1.50,"e":true,"f":5.0,"g":1e3})"),
            "a=12, b=1.5, c=true, d=1.50, e=true, f=5, g=1000");
}

TEST(JsonDecoderTest, numbers_are_moments_in_the_unit_asked_for) {
  const std::string row = "ROW<a TIMESTAMP(3), b TIMESTAMP_LTZ(6)>";
  const std::string payload = R"({"a":1769860800,"b":1769860800})";
  DecoderOptions options;
  options.epoch_unit = "s";
  EXPECT_EQ(Reader(row, options).one(payload),
            "a=2026-01-31 12:00:00.000, b=2026-01-31 12:00:00.000000Z");
  options.epoch_unit = "us";
  EXPECT_EQ(Reader(row, options).one(payload),
            "a=1970-01-01 00:29:29.860, b=1970-01-01 00:29:29.860800Z");
}

TEST(JsonDecoderTest, a_fault_names_the_field_what_was_found_and_what_is_expected) {
  Reader reader("ROW<a INT, b ROW<x TINYINT, y ARRAY<DATE>>, c DECIMAL(3, 1)>");
  EXPECT_EQ(reader.add(R"({"a":"x"})"), "a: \"x\" was found, INT is expected");
  EXPECT_EQ(reader.add(R"({"a":5.5})"), "a: \"5.5\" was found, INT is expected");
  EXPECT_EQ(reader.add(R"({"a":2147483648})"), "a: 2147483648 is out of the range of INT");
  EXPECT_EQ(reader.add(R"({"a":1,"b":{"x":300}})"), "b.x: 300 is out of the range of TINYINT");
  EXPECT_EQ(reader.add(R"({"b":{"x":1,"y":["2026-02-30"]}})"),
            "b.y: \"2026-02-30\" was found, DATE is expected");
  EXPECT_EQ(reader.add(R"({"b":[]})"),
            "b: an array was found, ROW<x TINYINT, y ARRAY<DATE>> is expected");
  EXPECT_EQ(reader.add(R"({"c":100})"), "c: \"100\" is out of the range of DECIMAL(3, 1)");
  EXPECT_EQ(reader.add(R"({"a":tru})"), "a: \"tru\" was found, a value is expected");
  EXPECT_EQ(reader.add(R"({"a":01})"), "a: \"01\" is no number");
  EXPECT_EQ(Reader("ROW<a INT NOT NULL>").add("{}"), "a: the field is missing");
  EXPECT_EQ(Reader("ROW<a INT NOT NULL>").add(R"({"a":null})"),
            "a: null was found, the field is NOT NULL");
  DecoderOptions options;
  options.fail_on_missing_field = true;
  EXPECT_EQ(Reader("ROW<a INT>", options).add("{}"), "a: the field is missing");
  options.timestamp_format = "SQL";
  EXPECT_NE(Reader("ROW<a TIMESTAMP(3)>", options).add(R"({"a":"2026-01-31T12:00:00"})"), "");
}

TEST(JsonDecoderTest, a_number_is_whole_to_its_last_digit_or_refused) {
  const std::string zeros(400, '0');
  const auto read = [](const std::string& number) {
    return Reader("ROW<a BIGINT>").one("{\"a\":" + number + "}");
  };
  EXPECT_EQ(read("5.0"), "a=5");
  EXPECT_EQ(read("1.50e1"), "a=15");
  EXPECT_EQ(read("-12e+3"), "a=-12000");
  EXPECT_EQ(read("-0.0e7"), "a=0");
  EXPECT_EQ(read("0e-99999"), "a=0");
  EXPECT_EQ(read("9223372036854775807." + zeros), "a=9223372036854775807");
  EXPECT_EQ(read("-92233720368547758080e-1"), "a=-9223372036854775808");
  for (const std::string& other :
       {std::string("1e-30"), std::string("5.0000000000000000000001"), std::string("1.05e1"),
        std::string("9223372036854775808.0"), std::string("1e19"), std::string("1e2147483647"),
        std::string("1e99999999999"), "0." + zeros + "1"}) {
    Reader reader("ROW<a BIGINT>");
    EXPECT_NE(reader.add("{\"a\":" + other + "}"), "") << other;
  }
}

TEST(JsonDecoderTest, what_is_no_json_object_is_a_fault) {
  Reader reader("ROW<a INT>");
  EXPECT_EQ(reader.add(""), ": the payload is empty");
  EXPECT_EQ(reader.add("  "), ": the payload is empty");
  EXPECT_EQ(reader.add("{\"a\":\"\xff\"}"), ": the payload is not UTF-8");
  EXPECT_EQ(reader.add(R"({"a":1}x)"), ": \"x\" was found, the end is expected");
  EXPECT_EQ(reader.add(R"({"a":1)"), ": the end was found, \",\" or \"}\" is expected");
  EXPECT_EQ(reader.add("[1]"), ": \"[\" was found, an object is expected");
  EXPECT_EQ(reader.add("{\"a\":\"x\ny\"}"), ": a string has a control character without an escape");
  EXPECT_EQ(reader.add("{\"a\":\"x"), ": a string does not end");
  std::string deep = R"({"b":)";
  for (int i = 0; i < 1000; ++i) deep += "[";
  EXPECT_EQ(reader.add(deep), ": values are nested more than 256 deep");
  for (const char* text :
       {R"({"a":1,})", R"({,"a":1})", R"({"a" 1})", R"({"a":1 2})", R"({a:1})", R"({"b":tru})",
        R"({"b":[1,]})", R"({"b":{"c"}})", R"({"b":01})", R"({"b":"\x"})", R"({"b":"\ud800"})",
        R"({"b":[1}})", R"({"b":1]})", R"({"a":1""})", "{\"a\":1\x01}", R"({"\q":1})"}) {
    EXPECT_NE(reader.add(text), "") << text;
  }
  EXPECT_TRUE(reader.rows().empty());
}

TEST(JsonDecoderTest, a_fault_at_any_field_leaves_nothing_behind) {
  const std::string row =
      "ROW<a INT, b STRING, c ARRAY<STRING>, d MAP<STRING, INT>, e ROW<x INT, y STRING>, "
      "f BOOLEAN, g DECIMAL(5, 2)>";
  const std::vector<std::string> good = {
      R"("a":1)",       R"("b":"text")",           R"("c":["p","q"])",
      R"("d":{"k":1})", R"("e":{"x":1,"y":"in"})", R"("f":true)",
      R"("g":1.25)"};
  const std::vector<std::string> bad = {R"("a":"x")",
                                        R"("b":"\x")",
                                        R"("c":["p",{},"\x"])",
                                        R"("d":{"k":1,"l":"x"})",
                                        R"("e":{"x":1,"y":"in","x":"no"})",
                                        R"("f":1)",
                                        R"("g":"no")"};
  Reader reader(row);
  std::string all = "{";
  for (const std::string& field : good) all += (all.size() > 1 ? "," : "") + field;
  ASSERT_EQ(reader.add(all + "}"), "");
  for (size_t at = 0; at < bad.size(); ++at) {
    std::string payload = "{";
    for (size_t i = 0; i < good.size(); ++i) {
      payload += (i > 0 ? "," : "") + (i == at ? bad[i] : good[i]);
    }
    EXPECT_NE(reader.add(payload + "}"), "") << payload;
    ASSERT_EQ(reader.add(all + "}"), "");
  }
  ASSERT_EQ(reader.add("{}"), "");
  Rows expected(1 + bad.size(), "a=1, b=text, c=[p, q], d={k=1}, e={x=1, y=in}, f=true, g=1.25");
  expected.push_back("a=NULL, b=NULL, c=NULL, d=NULL, e=NULL, f=NULL, g=NULL");
  EXPECT_EQ(reader.rows(), expected);
  ASSERT_EQ(reader.add(all + "}"), "");
  EXPECT_EQ(reader.rows().size(), 1u);
}

TEST(CsvDecoderTest, lines_become_rows) {
  Reader reader("ROW<a INT, b STRING, c DOUBLE>", {}, "csv");
  EXPECT_EQ(reader.add("1,x,1.5"), "");
  EXPECT_EQ(reader.add("2,\"a \"\"b\"\", c\",\r\n"), "");
  EXPECT_EQ(reader.add(",\"\","), "");
  EXPECT_EQ(reader.rows(),
            (Rows{"a=1, b=x, c=1.5", "a=2, b=a \"b\", c, c=NULL", "a=NULL, b=, c=NULL"}));
  EXPECT_EQ(reader.add("1,x"), ": 2 fields were found, 3 are expected");
  EXPECT_EQ(reader.add("1,x,1,2"), ": 4 fields were found, 3 are expected");
  EXPECT_EQ(reader.add("1,\"x,1"), "b: a quote is not closed");
  EXPECT_EQ(reader.add("1,\"x\"y,1"), "b: a quote stands within a field in quotes");
  EXPECT_EQ(reader.add("one,x,1"), "a: \"one\" was found, INT is expected");
  EXPECT_EQ(reader.add("1,\xff,1"), ": the line is not UTF-8");
}

TEST(CsvDecoderTest, a_header_and_signs_of_its_own) {
  DecoderOptions options;
  options.csv_header = true;
  options.csv_delimiter = ';';
  options.csv_quote = '\'';
  options.csv_escape = '\\';
  options.csv_null_literal = "n/a";
  Reader reader("ROW<a INT, b STRING, c INT>", options, "csv");
  EXPECT_EQ(reader.add("b;other;'a'"), "");
  EXPECT_EQ(reader.add("'it\\'s';0;5"), "");
  EXPECT_EQ(reader.add("'n/a';0;n/a"), "");
  EXPECT_EQ(reader.rows(), (Rows{"a=5, b=it's, c=NULL", "a=NULL, b=n/a, c=NULL"}));
  EXPECT_EQ(Reader("ROW<a INT NOT NULL>", options, "csv").add("b"),
            "a: the field is missing in the header");
}

TEST(CsvDecoderTest, a_quote_may_be_its_own_escape) {
  DecoderOptions options;
  options.csv_escape = '"';
  Reader reader("ROW<a STRING, b INT>", options, "csv");
  EXPECT_EQ(reader.add("\"he said \"\"so\"\"\",1"), "");
  EXPECT_EQ(reader.add("\"\",2"), "");
  EXPECT_EQ(reader.add("plain,3"), "");
  EXPECT_EQ(reader.rows(), (Rows{"a=he said \"so\", b=1", "a=, b=2", "a=plain, b=3"}));
}

// Of columns that nobody reads a payload must have the form, and need not have the types.
TEST(JsonDecoderTest, columns_that_nobody_reads_are_not_checked) {
  Reader reader("ROW<a INT NOT NULL, b INT NOT NULL, c ROW<d INT>>", {}, "json",
                {false, true, false});
  for (int i = 0; i < 3; ++i) {  // the long way, and by the shape of the first
    EXPECT_EQ(reader.one(R"({"a": "no number", "b": 1, "c": [1, {"x": null}]})"), "b=1");
    EXPECT_EQ(reader.one(R"({"b": 2})"), "b=2");
    EXPECT_EQ(reader.one(R"({"a": null, "b": 3, "c": "text"})"), "b=3");
    EXPECT_NE(reader.add(R"({"a": "x, "b": 1})"), "");
    EXPECT_NE(reader.add(R"({"a": 1.2.3, "b": 1})"), "");
    EXPECT_NE(reader.add(R"({"a": [1, "b": 1})"), "");
    EXPECT_NE(reader.add(R"({"b": 1, "a": 1)"), "");
    EXPECT_NE(reader.add(R"({"b": 1, "a": "\q"})"), "");
    EXPECT_NE(reader.add("{\"b\": 1, \"a\": \"\xff\"}"), "");
    EXPECT_EQ(reader.add(R"({"a": 1})"), "b: the field is missing");
  }
}

TEST(CsvDecoderTest, columns_that_nobody_reads_are_not_checked) {
  const std::string_view row = "ROW<a INT NOT NULL, b INT NOT NULL, c BOOLEAN>";
  Reader reader(row, {}, "csv", {false, true, false});
  EXPECT_EQ(reader.one("no number,1,maybe"), "b=1");
  EXPECT_EQ(reader.one(",2,\"x,y\""), "b=2");
  EXPECT_EQ(reader.add("1,2"), ": 2 fields were found, 3 are expected");
  EXPECT_EQ(reader.add("\"1,2,3"), "a: a quote is not closed");
  EXPECT_NE(reader.add("\xff,2,3"), "");
  DecoderOptions options;
  options.csv_header = true;
  Reader headed(row, options, "csv", {false, true, false});
  EXPECT_EQ(headed.add("c,b,else"), "");  // `a` may be missing
  EXPECT_EQ(headed.one("maybe,3,4"), "b=3");
}

TEST(DecoderTest, no_column_need_be_read) {
  for (const char* format : {"json", "csv", "raw"}) {
    Reader reader("ROW<a STRING NOT NULL>", {}, format, {false});
    EXPECT_EQ(reader.add(R"({"a":1})"), "") << format;
    EXPECT_EQ(reader.add(R"({"a":2})"), "") << format;
    EXPECT_EQ(reader.rows().size(), 2U) << format;
    EXPECT_EQ(reader.rows().size(), 0U) << format;
  }
  Reader raw("ROW<a STRING>", {}, "raw", {false});
  EXPECT_EQ(raw.add("\xff"), "");
}

TEST(DecoderTest, formats_and_options_are_checked) {
  const SchemaPtr one = schema_of("ROW<a INT>");
  EXPECT_EQ(make_decoder("jsn", one, {}).status().message(),
            "there is no format \"jsn\"; there are json, csv and raw; did you mean \"json\"?");
  EXPECT_FALSE(make_decoder("raw", one, {}).ok());
  EXPECT_FALSE(make_decoder("csv", schema_of("ROW<a ARRAY<INT>>"), {}).ok());
  const auto options =
      decoder_options("csv", {{"csv.null-literal", "-"}, {"header", "true"}, {"delimiter", "\\t"}});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->csv_null_literal, "-");
  EXPECT_TRUE(options->csv_header);
  EXPECT_EQ(options->csv_delimiter, '\t');
  EXPECT_EQ(decoder_options("json", {{"epoch_unt", "s"}}).status().message(),
            "the format json has no option \"epoch_unt\"; did you mean \"epoch_unit\"?");
  EXPECT_FALSE(decoder_options("json", {{"header", "true"}}).ok());
  EXPECT_FALSE(decoder_options("csv", {{"delimiter", "ab"}}).ok());
  Reader raw("ROW<a STRING>", {}, "raw");
  EXPECT_EQ(raw.one("as it is"), "a=as it is");
  EXPECT_EQ(raw.add("\xff"), "a: the payload is not UTF-8");
}

}  // namespace
}  // namespace dataflow::format
