// What functions and operators give, as tables of texts.
#include <gtest/gtest.h>

#include <set>

#include "test_rows.h"

namespace dataflow::expr {
namespace {

TEST(Functions, ArithmeticOnIntegersIsThatOfTheMachine) {
  check({{"5 / 2", "2:INT"},
         {"-5 / 2", "-2:INT"},
         {"-5 % 3", "-2:INT"},
         {"MOD(7, 4)", "3:INT"},
         {"2147483647 + 1", "-2147483648:INT"},
         {"CAST(-2147483648 AS INT) / -1", "-2147483648:INT"},
         {"2147483648 * 2", "4294967296:BIGINT"},
         {"CAST(127 AS TINYINT) + CAST(1 AS TINYINT)", "-128:TINYINT"},
         {"1 / 0", "fault: division by zero: 1 by 0"},
         {"1 + NULL", "NULL:INT"},
         {"NULL / 0", "NULL:INT"},
         {"1E0 / 0", "inf:DOUBLE"},
         {"-(2 + 3)", "-5:INT"}});
}

TEST(Functions, DecimalsAreExact) {
  check({{"1.50 + 2.5", "4.00:DECIMAL(4, 2)"},
         {"1.5 * 1.5", "2.25:DECIMAL(5, 2)"},
         {"1.00 / 3", "0.3333333333333:DECIMAL(14, 13)"},
         {"1.5 - 2", "-0.5:DECIMAL(12, 1)"},
         {"5.5 % 2.0", "1.5:DECIMAL(2, 1)"},
         {"1.5 / 0", "fault: division by zero"},
         {"1.5 + 1E0", "2.5:DOUBLE"},
         {"CAST(123.456 AS DECIMAL(5, 1))", "123.5:DECIMAL(5, 1)"},
         {"CAST(123.456 AS DECIMAL(2, 0))", "NULL:DECIMAL(2, 0)"},
         {"99999999999999999999999999999999999999. * 10.", "NULL:DECIMAL(38, 0)"},
         {"1.5 > 1.49999", "true:BOOLEAN"},
         {"1.50 = 1.5", "true:BOOLEAN"}});
}

TEST(Functions, LogicHasThreeValues) {
  check({{"NULL AND FALSE", "false:BOOLEAN"},
         {"NULL AND TRUE", "NULL:BOOLEAN"},
         {"NULL OR TRUE", "true:BOOLEAN"},
         {"NOT NULL", "NULL:BOOLEAN"},
         {"FALSE AND 1 / 0 = 1", "false:BOOLEAN"},
         {"NULL IS NULL", "true:BOOLEAN"},
         {"(NULL = 1) IS UNKNOWN", "true:BOOLEAN"},
         {"NULL IS NOT DISTINCT FROM NULL", "true:BOOLEAN"},
         {"1 IS DISTINCT FROM NULL", "true:BOOLEAN"},
         {"2 IN (1, NULL)", "NULL:BOOLEAN"},
         {"1 IN (1, NULL)", "true:BOOLEAN"},
         {"5 NOT IN (1, 2, 3, 4)", "true:BOOLEAN"},
         {"2 BETWEEN 1 AND 3", "true:BOOLEAN"},
         {"2 BETWEEN 3 AND 1", "false:BOOLEAN"},
         {"2 BETWEEN SYMMETRIC 3 AND 1", "true:BOOLEAN"}});
}

TEST(Functions, ComparisonsBringTypesTogether) {
  check({{"'10' = 10", "true:BOOLEAN"},
         {"DATE '2026-01-31' = '2026-01-31'", "true:BOOLEAN"},
         {"TIMESTAMP '2026-01-31 12:00:00' > '2026-01-31 11:00'", "true:BOOLEAN"},
         {"DATE '2026-01-31' < TIMESTAMP '2026-01-31 00:00:00.001'", "true:BOOLEAN"},
         {"'x' = 10", "fault: 'x' cannot be cast to BIGINT"},
         {"TRUE = 1",
          "error: line 1, column 6: in TRUE = 1: = takes values that can be compared, "
          "not (BOOLEAN, INT)"},
         {"'a' < 'b'", "true:BOOLEAN"}});
}

TEST(Functions, ConditionsChooseTheirBranch) {
  check({{"CASE WHEN 1 = 2 THEN 1 / 0 ELSE 7 END", "7:INT"},
         {"CASE 2 WHEN 1 THEN 'a' WHEN 2 THEN 'b' END", "b:STRING"},
         {"CASE WHEN FALSE THEN 1 END", "NULL:INT"},
         {"CASE WHEN TRUE THEN 1 ELSE 2.5 END", "1.0:DECIMAL(11, 1)"},
         {"IF(1 > 2, 'x', 'y')", "y:STRING"},
         {"COALESCE(NULL, 3, 1 / 0)", "3:INT"},
         {"IFNULL(NULL, 'x')", "x:STRING"},
         {"NULLIF(1, 1)", "NULL:INT"},
         {"NULLIF(1, 2)", "1:INT"},
         {"GREATEST(1, 3, 2)", "3:INT"},
         {"LEAST('b', 'a')", "a:STRING"},
         {"GREATEST(1, NULL)", "NULL:INT"}});
}

TEST(Functions, CastsFollowFlink) {
  check({{"CAST('12' AS INT)", "12:INT"},
         {"CAST(' 12.9 ' AS INT)", "12:INT"},
         {"CAST('x' AS INT)", "fault: 'x' cannot be cast to INT"},
         {"TRY_CAST('x' AS INT)", "NULL:INT"},
         {"TRY_CAST(1 / 0 AS BIGINT)", "fault: division by zero: 1 by 0"},
         {"CAST(300 AS TINYINT)", "44:TINYINT"},
         {"CAST(1E20 AS INT)", "2147483647:INT"},
         {"CAST(-1.9 AS INT)", "-1:INT"},
         {"CAST('1.005' AS DECIMAL(5, 2))", "1.01:DECIMAL(5, 2)"},
         {"CAST('1e2' AS DECIMAL(5, 2))", "100.00:DECIMAL(5, 2)"},
         {"CAST(0.1E0 AS DECIMAL(5, 2))", "0.10:DECIMAL(5, 2)"},
         {"CAST(TRUE AS STRING)", "TRUE:STRING"},
         {"CAST('yes' AS BOOLEAN)", "true:BOOLEAN"},
         {"CAST(1.5E0 AS STRING)", "1.5:STRING"},
         {"CAST(1E10 AS STRING)", "1.0E10:STRING"},
         {"CAST(DATE '2026-01-31' AS STRING)", "2026-01-31:STRING"},
         {"CAST('2026-01-31 12:30' AS TIMESTAMP(3))", "2026-01-31 12:30:00.000:TIMESTAMP(3)"},
         {"CAST(TIMESTAMP '2026-01-31 12:30:15.5' AS DATE)", "2026-01-31:DATE"},
         {"CAST(INTERVAL '90' MINUTE AS STRING)", "+0 01:30:00.000:STRING"},
         {"CAST(5 AS TIMESTAMP(3))",
          "error: line 1, column 1: in CAST(5 AS TIMESTAMP(3)): there is "
          "no cast from INT to TIMESTAMP(3); use TO_TIMESTAMP_LTZ(number, 3)"}});
  EXPECT_EQ(value_of("CAST(CAST(TIMESTAMP '2026-07-01 12:00:00' AS TIMESTAMP_LTZ(3)) AS STRING)",
                     "Europe/Berlin"),
            "2026-07-01 12:00:00.000:STRING");
  EXPECT_EQ(value_of("CAST(CAST('2026-07-01T12:00:00.5+02:00' AS TIMESTAMP_LTZ(3)) AS STRING)",
                     "Asia/Tokyo"),
            "2026-07-01 19:00:00.500:STRING");
  EXPECT_EQ(value_of("CAST(CAST('2026-07-01 12:00:00 -0330' AS TIMESTAMP_LTZ(0)) AS STRING)"),
            "2026-07-01 15:30:00:STRING");
  EXPECT_EQ(
      value_of("CAST(CAST('2026-07-01 12:00:00' AS TIMESTAMP_LTZ(0)) AS STRING)", "Asia/Tokyo"),
      "2026-07-01 12:00:00:STRING");
  EXPECT_EQ(value_of("CAST(TIMESTAMP '2026-07-01 12:00:00' AS TIMESTAMP_LTZ(0)) = "
                     "CAST(TIMESTAMP '2026-07-01 12:00:00' AS TIMESTAMP_LTZ(0))",
                     "+02:00"),
            "true:BOOLEAN");
}

TEST(Functions, Numbers) {
  check({{"ABS(-5)", "5:INT"},
         {"ABS(-1.5)", "1.5:DECIMAL(2, 1)"},
         {"FLOOR(-1.5)", "-2:DECIMAL(2, 0)"},
         {"CEIL(1.2E0)", "2:DOUBLE"},
         {"ROUND(2.675, 2)", "2.68:DECIMAL(4, 2)"},
         {"ROUND(2.5)", "3:DECIMAL(2, 0)"},
         {"ROUND(-2.5E0)", "-3:DOUBLE"},
         {"ROUND(1250, -2)", "1300:INT"},
         {"SIGN(-7)", "-1:INT"},
         {"POWER(2, 10)", "1024:DOUBLE"},
         {"SQRT(9)", "3:DOUBLE"},
         {"LOG(2, 8)", "3:DOUBLE"},
         {"LOG10(1000)", "3:DOUBLE"}});
}

TEST(Functions, TimesTakeIntervals) {
  check(
      {{"TIMESTAMP '2026-01-31 12:00:00' + INTERVAL '1' MONTH", "2026-02-28 12:00:00:TIMESTAMP(0)"},
       {"TIMESTAMP '2026-01-31 12:00:00.000' - INTERVAL '5' SECOND",
        "2026-01-31 11:59:55.000:TIMESTAMP(3)"},
       {"INTERVAL '1' DAY + DATE '2026-01-31'", "2026-02-01:DATE"},
       {"TIME '23:30:00' + INTERVAL '1' HOUR", "00:30:00:TIME(0)"},
       {"(TIMESTAMP '2026-01-31 12:00:00' - TIMESTAMP '2026-01-31 11:00:00') = INTERVAL '1' HOUR",
        "true:BOOLEAN"},
       {"INTERVAL '1' HOUR * 2 = INTERVAL '2' HOUR", "true:BOOLEAN"},
       {"FLOOR(TIMESTAMP '2026-01-31 12:34:56.789' TO HOUR)",
        "2026-01-31 12:00:00.000:TIMESTAMP(3)"},
       {"CEIL(DATE '2026-01-15' TO MONTH)", "2026-02-01:DATE"},
       {"FLOOR(DATE '2026-01-31' TO WEEK)", "2026-01-25:DATE"}});
}

TEST(Functions, Texts) {
  check({{"UPPER('aBä')", "ABÄ:STRING"},
         {"LOWER('AbC')", "abc:STRING"},
         {"INITCAP('hello wORLD')", "Hello World:STRING"},
         {"TRIM('  x ')", "x:STRING"},
         {"TRIM(LEADING 'x' FROM 'xxay')", "ay:STRING"},
         {"RTRIM('ab  ')", "ab:STRING"},
         {"SUBSTRING('täst' FROM 2 FOR 2)", "äs:STRING"},
         {"SUBSTRING('test', -2)", "st:STRING"},
         {"SUBSTRING('test', 9)", ":STRING"},
         {"CHAR_LENGTH('tä')", "2:INT"},
         {"POSITION('s' IN 'täst')", "3:INT"},
         {"'a' || 'b' || NULL", "NULL:STRING"},
         {"CONCAT('a', 'b', 'c')", "abc:STRING"},
         {"REPLACE('aXbX', 'X', '--')", "a--b--:STRING"},
         {"LPAD('hi', 5, 'xy')", "xyxhi:STRING"},
         {"RPAD('hello', 3, 'x')", "hel:STRING"},
         {"LPAD('hi', -1, 'x')", "NULL:STRING"},
         {"SPLIT_INDEX('a,b,c', ',', 1)", "b:STRING"},
         {"SPLIT_INDEX('a,b', ',', 5)", "NULL:STRING"},
         {"SPLIT_INDEX('', ',', 0)", "NULL:STRING"},
         {"SPLIT_INDEX('a,', ',', 1)", ":STRING"},
         {"SPLIT_INDEX('a b  c', '', 1)", "b:STRING"},
         {"SPLIT_INDEX('a b  c', '', 2)", ":STRING"},
         {"SPLIT_INDEX('a b  c', '', 4)", "NULL:STRING"},
         {"ROUND(1234.5, CAST('-9223372036854775808' AS BIGINT))", "0:DECIMAL(5, 0)"},
         {"REVERSE('aäb')", "bäa:STRING"},
         {"REPEAT('ab', 3)", "ababab:STRING"},
         {"REPEAT('ab', 100000000)", "fault: a text of over 16 MiB"},
         {"'hello' LIKE 'h%l_'", "true:BOOLEAN"},
         {"'a%b' LIKE 'a!%b' ESCAPE '!'", "true:BOOLEAN"},
         {"'aab' LIKE '%ab'", "true:BOOLEAN"},
         {"'abc' NOT LIKE '%b'", "true:BOOLEAN"},
         {"'ä' LIKE '_'", "true:BOOLEAN"},
         {"NULL LIKE 'x'", "NULL:BOOLEAN"}});
}

TEST(Functions, PartsOfTimes) {
  check({{"EXTRACT(YEAR FROM DATE '2026-01-31')", "2026:BIGINT"},
         {"EXTRACT(DOW FROM DATE '2026-01-31')", "7:BIGINT"},
         {"EXTRACT(WEEK FROM DATE '2027-01-01')", "53:BIGINT"},
         {"EXTRACT(ISOYEAR FROM DATE '2027-01-01')", "2026:BIGINT"},
         {"EXTRACT(DOY FROM DATE '2024-12-31')", "366:BIGINT"},
         {"HOUR(TIMESTAMP '1969-12-31 23:30:00')", "23:BIGINT"},
         {"SECOND(TIME '12:30:45')", "45:BIGINT"},
         {"TIMESTAMPDIFF(MONTH, DATE '2026-01-31', DATE '2026-02-28')", "1:INT"},
         {"TIMESTAMPDIFF(DAY, TIMESTAMP '2026-01-01 12:00:00', TIMESTAMP '2026-01-03 11:00:00')",
          "1:INT"},
         {"TIMESTAMPADD(WEEK, 1, DATE '2026-01-31')", "2026-02-07:DATE"},
         {"TO_DATE('2026-01-31')", "2026-01-31:DATE"},
         {"TO_TIMESTAMP('x')", "NULL:TIMESTAMP(3)"},
         {"EXTRACT(EPOCH FROM TO_TIMESTAMP_LTZ(1769860800, 0))", "1769860800:BIGINT"},
         {"UNIX_TIMESTAMP()", "1769860800:BIGINT"},
         {"LOCALTIMESTAMP", "2026-01-31 12:00:00.123:TIMESTAMP(3)"},
         {"CURRENT_DATE", "2026-01-31:DATE"}});
}

TEST(Functions, EachIsDescribed) {
  std::set<std::string> names;
  for (const FunctionInfo& info : functions()) {
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_FALSE(info.signature.empty()) << info.name;
    EXPECT_FALSE(info.help.empty()) << info.name;
    EXPECT_FALSE(info.group.empty()) << info.name;
  }
  EXPECT_GT(names.size(), 50u);
}

}  // namespace
}  // namespace dataflow::expr
