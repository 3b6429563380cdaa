// What functions of texts give: parts, codes, regular expressions, digests.
#include <gtest/gtest.h>

#include "test_rows.h"

namespace dataflow::expr {
namespace {

TEST(TextFunctions, FindTakeAndReplaceParts) {
  check({{"LOCATE('s', 'tästs')", "3:INT"},
         {"LOCATE('s', 'tästs', 4)", "5:INT"},
         {"LOCATE('x', 'test')", "0:INT"},
         {"LOCATE('', 'test')", "1:INT"},
         {"INSTR('test', 's')", "3:INT"},
         {"LEFT('täst', 2)", "tä:STRING"},
         {"RIGHT('täst', 3)", "äst:STRING"},
         {"LEFT('test', -1)", ":STRING"},
         {"RIGHT('test', 9)", "test:STRING"},
         {"OVERLAY('xxxxxtest' PLACING 'xxxx' FROM 6)", "xxxxxxxxx:STRING"},
         {"OVERLAY('xxxxxtest' PLACING 'xxxx' FROM 6 FOR 2)", "xxxxxxxxxst:STRING"},
         {"OVERLAY('test', 'x', 9)", "test:STRING"},
         {"STARTSWITH('test', 'te')", "true:BOOLEAN"},
         {"ENDSWITH('test', 'te')", "false:BOOLEAN"},
         {"SUBSTRING_INDEX('www.apache.org', '.', 2)", "www.apache:STRING"},
         {"SUBSTRING_INDEX('www.apache.org', '.', -2)", "apache.org:STRING"},
         {"SUBSTRING_INDEX('www.apache.org', '.', 9)", "www.apache.org:STRING"},
         {"TRANSLATE('täst', 'äs', 'e')", "tet:STRING"},
         {"CONCAT_WS('~', 'AA', CAST(NULL AS STRING), 'BB', '', 'CC')", "AA~BB~~CC:STRING"},
         {"CONCAT_WS(NULL, 'AA')", "NULL:STRING"},
         {"IS_ALPHA('Ab')", "true:BOOLEAN"},
         {"IS_DIGIT('12a')", "false:BOOLEAN"},
         {"IS_DIGIT('')", "false:BOOLEAN"}});
}

// However a row's text grows, the row fails before memory does.
TEST(TextFunctions, EndARowThatGrowsOverTheLimit) {
  const std::string many = "REPEAT('a', 1000000)";
  const std::string wide = "REPEAT('b', 1000000)";
  const std::string most = "REPEAT('a', 16777216)";
  const std::string too_much = "fault: a text of over 16 MiB";
  for (const std::string& text : std::vector<std::string>{
           "REPLACE(" + many + ", 'a', " + wide + ")",
           "REGEXP_REPLACE(" + many + ", 'a', " + wide + ")",
           "REGEXP_REPLACE(" + many + ", '', " + wide + ")",
           "ARRAY_JOIN(SPLIT(" + many + ", ''), " + wide + ")", "CONCAT_WS(" + most + ", 'a', 'b')",
           "CONCAT('a', " + most + ")", most + " || " + most,
           "OVERLAY(" + most + " PLACING " + many + " FROM 16777000)",
           "TRANSLATE(" + most + ", 'a', 'ä')", "HEX(" + most + ")",
           "URL_ENCODE(HEX(" + wide +
               ") || "
               "REPLACE(" +
               many + ", 'a', '//////////'))",
           "TO_BASE64(" + most + ")", "REPEAT('a', 16777217)", "REPEAT('ab', 9223372036854775807)",
           "LPAD('', 16777215, 'ä')", "RPAD('x', 9223372036854775807, 'y')"}) {
    EXPECT_EQ(value_of(text), too_much) << text;
  }
  EXPECT_EQ(value_of("CHAR_LENGTH(" + most + ")"), "16777216:INT");
  EXPECT_EQ(value_of("CHAR_LENGTH(LPAD('', 8388608, 'ä'))"), "8388608:INT");
  EXPECT_EQ(value_of("CHAR_LENGTH(REPLACE(" + many + ", 'a', REPEAT('b', 16)))"), "16000000:INT");
}

Status status_of_rows(const std::string& text, int64_t rows) {
  Batch batch;
  batch.schema = std::make_shared<const Schema>();
  batch.rows = rows;
  const Evaluated evaluated = evaluate_text(text, batch);
  return evaluated.status;
}

// Rows that are each within the limit can still be too many.
TEST(TextFunctions, EndABatchThatGrowsOverTheLimit) {
  for (const char* text : {"REPEAT('a', 16000000)", "SPLIT(REPEAT('a', 8000000), '')"}) {
    EXPECT_EQ(status_of_rows(text, 4096).code(), StatusCode::kTooLarge) << text;
  }
}

TEST(TextFunctions, RegularExpressions) {
  check({{"REGEXP('foobar', 'o+b')", "true:BOOLEAN"},
         {"REGEXP('foobar', '')", "false:BOOLEAN"},
         {"REGEXP('foobar', '^bar')", "false:BOOLEAN"},
         {"REGEXP('foobar', '(')",
          "error: line 1, column 1: in REGEXP('foobar', '('): the regular expression '(' cannot be "
          "read: missing ): ("},
         {"REGEXP_EXTRACT('foothebar', 'foo(.*?)(bar)', 2)", "bar:STRING"},
         {"REGEXP_EXTRACT('foothebar', 'the')", "the:STRING"},
         {"REGEXP_EXTRACT('foothebar', 'foo(x)?', 1)", "NULL:STRING"},
         {"REGEXP_EXTRACT('foothebar', 'foo', 1)", "NULL:STRING"},
         {"REGEXP_EXTRACT_ALL('a1b22', '([a-z])(\\d+)', 2)", "[1, 22]:ARRAY<STRING>"},
         {"REGEXP_REPLACE('foobar', 'oo|ar', '')", "fb:STRING"},
         {"REGEXP_REPLACE('foobar', 'o', '$1\\')", "f$1\\$1\\bar:STRING"},
         {"REGEXP_REPLACE('abc', 'b*', '-')", "-a--c-:STRING"},
         {"REGEXP_REPLACE('ä', 'x*', '-')", "-ä-:STRING"},
         {"REGEXP_COUNT('hello world', 'o')", "2:INT"},
         {"REGEXP_COUNT('abc', 'x*')", "4:INT"},
         {"REGEXP_INSTR('häxx', 'x+')", "3:INT"},
         {"REGEXP_SUBSTR('abc12', '\\d+')", "12:STRING"},
         {"REGEXP_SUBSTR('abc', '\\d+')", "NULL:STRING"},
         {"SPLIT('a,b,,c', ',')", "[a, b, , c]:ARRAY<STRING>"},
         {"SPLIT('äb', '')", "[ä, b]:ARRAY<STRING>"},
         {"SPLIT('', ',')", "[]:ARRAY<STRING>"},
         {"STR_TO_MAP('k1=v1,k2=v2,k1=v3')", "{k1=v3, k2=v2}:MAP<STRING, STRING>"},
         {"STR_TO_MAP('k1:v1;k2', ';', ':')", "{k1=v1, k2=NULL}:MAP<STRING, STRING>"},
         {"STR_TO_MAP('k1$v1|k2$v2', '\\|', '\\$')", "{k1=v1, k2=v2}:MAP<STRING, STRING>"},
         {"STR_TO_MAP('')", "{}:MAP<STRING, STRING>"},
         {"'abc' SIMILAR TO '(a|x)[b-c]%'", "true:BOOLEAN"},
         {"'a.c' SIMILAR TO 'a_c'", "true:BOOLEAN"},
         {"'abc' SIMILAR TO 'a.c'", "false:BOOLEAN"},
         {"'a%' SIMILAR TO 'a!%' ESCAPE '!'", "true:BOOLEAN"},
         {"'7' NOT SIMILAR TO '[[:DIGIT:]]+'", "false:BOOLEAN"}});
}

// What takes Java minutes.
TEST(TextFunctions, RegularExpressionsTakeTimeInProportionToTheText) {
  const std::string text = "REGEXP('" + std::string(20000, 'a') + "!', '^(a+)+$')";
  EXPECT_EQ(value_of(text), "false:BOOLEAN");
}

TEST(TextFunctions, Codes) {
  check(
      {{"ASCII('abc')", "97:INT"},
       {"ASCII('')", "0:INT"},
       {"CHR(97)", "a:STRING"},
       {"CHR(353)", "a:STRING"},
       {"CHR(-1)", ":STRING"},
       {"CHR(228)", "ä:STRING"},
       {"BIN(4)", "100:STRING"},
       {"BIN(0)", "0:STRING"},
       {"CHAR_LENGTH(BIN(-1))", "64:INT"},
       {"HEX(100)", "64:STRING"},
       {"HEX(-1)", "FFFFFFFFFFFFFFFF:STRING"},
       {"HEX('hello,world')", "68656C6C6F2C776F726C64:STRING"},
       {"UNHEX('466C696E6B')", "x'466c696e6b':BYTES"},
       {"UNHEX('F')", "x'00':BYTES"},
       {"UNHEX('ABCDE')", "x'00bcde':BYTES"},
       {"UNHEX('zz')", "NULL:BYTES"},
       {"TO_BASE64('hello world')", "aGVsbG8gd29ybGQ=:STRING"},
       {"FROM_BASE64('aGVsbG8gd29ybGQ=')", "hello world:STRING"},
       {"FROM_BASE64('/w==')", "\xEF\xBF\xBD:STRING"},
       {"FROM_BASE64('!')", "fault: FROM_BASE64 of a text that is not base64"},
       {"URL_ENCODE('a b&ä')", "a+b%26%C3%A4:STRING"},
       {"URL_DECODE('a+b%26%C3%A4')", "a b&ä:STRING"},
       {"URL_DECODE('%4')", "NULL:STRING"},
       {"MD5('')", "d41d8cd98f00b204e9800998ecf8427e:STRING"},
       {"SHA1('abc')", "a9993e364706816aba3e25717850c26c9cd0d89d:STRING"},
       {"SHA256('abc')", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad:STRING"},
       {"SHA2('abc', 224) = SHA224('abc')", "true:BOOLEAN"},
       {"SHA2('abc', 384) = SHA384('abc')", "true:BOOLEAN"},
       {"CHAR_LENGTH(SHA2('abc', 512))", "128:INT"},
       {"SHA512('abc') = SHA2('abc', 512)", "true:BOOLEAN"},
       {"SHA2('abc', 5)", "fault: there is no SHA-2 of 5 bits"},
       {"CHAR_LENGTH(UUID())", "36:INT"}});
}

TEST(TextFunctions, PartsOfUrls) {
  check({{"PARSE_URL('http://facebook.com/path1/p.php?k1=v1&k2=v2#Ref1', 'HOST')",
          "facebook.com:STRING"},
         {"PARSE_URL('http://facebook.com/path1/p.php?k1=v1&k2=v2#Ref1', 'QUERY', 'k2')",
          "v2:STRING"},
         {"PARSE_URL('http://u:p@h:80/a?b#c', 'AUTHORITY')", "u:p@h:80:STRING"},
         {"PARSE_URL('http://u:p@h:80/a?b#c', 'USERINFO')", "u:p:STRING"},
         {"PARSE_URL('http://u:p@h:80/a?b#c', 'FILE')", "/a?b:STRING"},
         {"PARSE_URL('http://u:p@h:80/a?b#c', 'REF')", "c:STRING"},
         {"PARSE_URL('http://[::1]:80/', 'HOST')", "[::1]:STRING"},
         {"PARSE_URL('http://h', 'QUERY')", "NULL:STRING"},
         {"PARSE_URL('http://h', 'PATH')", ":STRING"},
         {"PARSE_URL('no url', 'HOST')", "NULL:STRING"}});
}

TEST(TextFunctions, MoreNumbers) {
  check({{"TRUNCATE(42.324, 2)", "42.32:DECIMAL(5, 2)"},
         {"TRUNCATE(-42.329E0, 2)", "-42.32:DOUBLE"},
         {"TRUNCATE(1999, -3)", "1000:INT"},
         {"TRUNCATE(-1999E0, -2)", "-1900:DOUBLE"},
         {"TRUNCATE(1999.5E0, -9)", "0:DOUBLE"},
         {"TRUNCATE(42.9E0)", "42:DOUBLE"},
         {"DEGREES(PI())", "180:DOUBLE"},
         {"RADIANS(180) = PI()", "true:BOOLEAN"},
         {"ROUND(E(), 4)", "2.7183:DOUBLE"},
         {"ROUND(SINH(1), 4)", "1.1752:DOUBLE"},
         {"ROUND(COSH(1), 4)", "1.5431:DOUBLE"},
         {"ROUND(TANH(1), 4)", "0.7616:DOUBLE"},
         {"ROUND(COT(1), 4)", "0.6421:DOUBLE"},
         {"ATAN2(0, 1)", "0:DOUBLE"},
         {"LOG2(8)", "3:DOUBLE"},
         // As java.util.Random(1) gives them.
         {"RAND(1)", "0.7308781907032909:DOUBLE"},
         {"RAND_INTEGER(1, 10)", "5:INT"},
         {"RAND() < 1", "true:BOOLEAN"},
         {"RAND_INTEGER(0)",
          "error: line 1, column 1: in RAND_INTEGER(0): the bound must be at least 1"}});
}

Batch many_texts() {
  const auto schema = std::make_shared<const Schema>(
      std::vector<Field>{{"s", Type::string()}, {"p", Type::string()}, {"n", Type::int32()}});
  std::vector<std::vector<Value>> rows;
  const char* texts[] = {"",
                         "a",
                         "k=v,x=y",
                         "http://h/p?a=b",
                         "2026-01-31 12:00:00",
                         "ä1b2",
                         "(",
                         R"({"a": [1, {"b": "c"}]})"};
  for (int i = 0; i < 90; ++i) {
    rows.push_back(
        {i % 7 == 3 ? Value::null(Type::string()) : Value::string(texts[i % 8]),
         i % 5 == 4 ? Value::null(Type::string()) : Value::string(texts[i % 3 + i % 6]),
         i % 9 == 8 ? Value::null(Type::int32()) : Value::integer(Type::int32(), i % 11 - 4)});
  }
  Result<Batch> batch = batch_of(schema, rows);
  EXPECT_TRUE(batch.ok()) << batch.status();
  return *batch;
}

// The rows of `all` are those of batches of one row each.
void expect_as_alone(const std::string& text, const Batch& batch, const Selection& selection) {
  const Evaluated all = evaluate_text(text, batch, selection);
  ASSERT_TRUE(all.status.ok()) << text << ": " << all.status;
  size_t fault = 0;
  for (size_t i = 0; i < all.values.size(); ++i) {
    const int64_t row = selection.all ? static_cast<int64_t>(i) : selection.rows[i];
    const Evaluated one = evaluate_text(text, slice(batch, row, 1));
    const bool failed = fault < all.faults.size() && all.faults[fault].row == row;
    ASSERT_EQ(failed, !one.faults.empty()) << text << " at row " << row;
    if (failed) {
      EXPECT_EQ(all.faults[fault++].reason, one.faults[0].reason) << text;
    } else {
      EXPECT_EQ(all.values[i], one.values[0]) << text << " at row " << row;
    }
  }
  EXPECT_EQ(fault, all.faults.size()) << text;
}

// Each function gives for the rows of a batch, and for chosen ones, what it gives for a batch of
// that row alone.
TEST(TextFunctions, RowsDoNotKnowOfEachOther) {
  const Batch batch = many_texts();
  Selection third;
  third.all = false;
  for (int32_t row = 1; row < batch.rows; row += 3) third.rows.push_back(row);
  for (const char* text : {"REGEXP(s, p)",
                           "REGEXP_EXTRACT(s, p, n)",
                           "REGEXP_EXTRACT_ALL(s, '[a-z]', 0)",
                           "REGEXP_REPLACE(s, p, 'x')",
                           "REGEXP_COUNT(s, p)",
                           "REGEXP_INSTR(s, p)",
                           "SPLIT(s, p)",
                           "STR_TO_MAP(s)",
                           "STR_TO_MAP(s, p, 'k')",
                           "CONCAT_WS(p, s, 'q', p)",
                           "LOCATE(p, s, n)",
                           "LEFT(s, n)",
                           "RIGHT(s, n)",
                           "OVERLAY(s, p, n)",
                           "SUBSTRING_INDEX(s, 'a', n)",
                           "TRANSLATE(s, p, 'q')",
                           "HEX(n)",
                           "HEX(s)",
                           "UNHEX(s)",
                           "TO_BASE64(s)",
                           "FROM_BASE64(s)",
                           "URL_ENCODE(s)",
                           "URL_DECODE(s)",
                           "MD5(s)",
                           "SHA2(s, n)",
                           "PARSE_URL(s, 'HOST')",
                           "PARSE_URL(s, p)",
                           "CHR(n)",
                           "TO_TIMESTAMP(s, 'yyyy-MM-dd HH:mm:ss')",
                           "TO_TIMESTAMP(s, p)",
                           "UNIX_TIMESTAMP(s)",
                           "TO_DATE(s, 'yyyy-MM-dd')",
                           "DATE_FORMAT(s, 'dd.MM.yyyy')",
                           "FROM_UNIXTIME(n)",
                           "FROM_UNIXTIME(n, p)",
                           "CONVERT_TZ(s, 'UTC', 'Asia/Tokyo')",
                           "ARRAY_JOIN(SPLIT(s, ','), p)",
                           "CAST(STR_TO_MAP(s) AS STRING)",
                           "TRUNCATE(n * 1.25, 1)",
                           "JSON_VALUE(s, '$.a[0]')",
                           "JSON_VALUE(s, '$.a' DEFAULT p ON ERROR)",
                           "JSON_QUERY(s, '$')",
                           "JSON_EXISTS(s, 'lax $.a')",
                           "s IS JSON OBJECT"}) {
    expect_as_alone(text, batch, Selection());
    expect_as_alone(text, batch, third);
  }
}

}  // namespace
}  // namespace dataflow::expr
