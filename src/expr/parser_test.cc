#include <gtest/gtest.h>

#include "expr/bound.h"
#include "expr/expression.h"
#include "expr/operators.h"

namespace dataflow::expr {
namespace {

// Trees as calls, so that the tests see what binds to what.
std::string shape(const Expression& e) {
  std::string inside;
  for (const ExpressionPtr& argument : e.arguments) {
    inside += (inside.empty() ? "" : ", ") + shape(*argument);
  }
  switch (e.kind) {
    case Kind::kColumn: return e.name;
    case Kind::kLiteral: return e.value.to_string() + ":" + e.value.type().to_string();
    case Kind::kCall: return "[" + e.name + "](" + inside + ")";
    case Kind::kCast: return e.name + "(" + inside + " AS " + e.type.to_string() + ")";
    case Kind::kCase: return "CASE(" + inside + ")";
    case Kind::kExtension: return "{" + e.to_string() + "}";
  }
  return "?";
}

std::string shape_of(const std::string& text) {
  Result<ExpressionPtr> parsed = parse_expression(text);
  return parsed.ok() ? shape(**parsed) : parsed.status().message();
}

struct Row {
  const char* text;
  const char* shape;
};

TEST(ParsingExpressions, OperatorsBindAsInSql) {
  for (const Row& row : std::initializer_list<Row>{
           {"a + b * c", "[+](a, [*](b, c))"},
           {"(a + b) * c", "[*]([+](a, b), c)"},
           {"a - b - c", "[-]([-](a, b), c)"},
           {"a + b DIV - c * d", "[+](a, [*](CAST([/](b, [-](c)) AS BIGINT), d))"},
           {"CAST(a AS SIGNED)", "CAST(a AS BIGINT)"},
           {"-a * b", "[*]([-](a), b)"},
           {"- -5", "[-](-5:INT)"},
           {"a || b || 'x'", "[||]([||](a, b), x:STRING)"},
           {"a AND b AND c OR d", "[OR]([AND](a, b, c), d)"},
           {"(a AND b) AND c", "[AND]([AND](a, b), c)"},
           {"NOT a = b", "[NOT]([=](a, b))"},
           {"a = b IS NULL", "[IS NULL]([=](a, b))"},
           {"a != b", "[<>](a, b)"},
           {"NOT a IS NOT TRUE", "[NOT]([IS NOT TRUE](a))"},
           {"a IS NOT DISTINCT FROM b + 1", "[IS NOT DISTINCT FROM](a, [+](b, 1:INT))"},
           {"a BETWEEN 1 AND 2 AND b", "[AND]([BETWEEN](a, 1:INT, 2:INT), b)"},
           {"a NOT BETWEEN SYMMETRIC 1 AND 2", "[NOT BETWEEN SYMMETRIC](a, 1:INT, 2:INT)"},
           {"a NOT IN (1, b)", "[NOT IN](a, 1:INT, b)"},
           {"a LIKE 'x!%' ESCAPE '!'", "[LIKE](a, x!%:STRING, !:STRING)"},
           {"a::INT < 5", "[<](CAST(a AS INT), 5:INT)"},
           {"a::numeric", "[NUMERIC](a)"},
           {"CAST(a AS NUMERIC)", "CAST(a AS DECIMAL(10, 0))"},
           {"a NOT ILIKE 'x%'", "[NOT ILIKE](a, x%:STRING)"},
           {"a ILIKE 'x!%' ESCAPE '!'", "[ILIKE](a, x!%:STRING, !:STRING)"},
           {"(a, b) OVERLAPS (c, d) AND e", "[AND]([OVERLAPS](a, b, c, d), e)"},
           {"(a - b) SECOND < c", "[<]([DIFFERENCE](SECOND:STRING, a, b), c)"},
           {"(a - b - c) DAY TO SECOND", "[DIFFERENCE](DAY:STRING, [-](a, b), c)"},
           {"a + b AT TIME ZONE 'UTC'", "[+](a, [AT TIME ZONE](b, UTC:STRING))"},
           {"a || b ~ c", "[REGEXP]([||](a, b), c)"},
           {"NOT a !~* 'x'", "[NOT]([NOT]([REGEXP](a, [||]((?i):STRING, x:STRING))))"},
           {"FLOOR(a::TIMESTAMP(3) TO DAY)", "[FLOOR](CAST(a AS TIMESTAMP(3)), DAY:STRING)"},
           {"FLOOR(a::DATE TO MONTH)", "[FLOOR](CAST(a AS DATE), MONTH:STRING)"},
           {"a::INTERVAL DAY TO SECOND", "CAST(a AS INTERVAL DAY TO SECOND)"},
           {"a::INTERVAL HOUR", "CAST(a AS INTERVAL DAY TO SECOND)"},
           {"'1 day 2.5 seconds'::interval", "+1 00:00:02.500:INTERVAL DAY TO SECOND"},
           {"'2 days 0 seconds 5000 microseconds'::interval",
            "+2 00:00:00.005:INTERVAL DAY TO SECOND"},
           {"E'it\\'s\\n''\\\\'", "it's\n'\\:STRING"},
           {"a = ANY ('{}')", "false:BOOLEAN"},
           {"-a::DECIMAL(5, 2)", "[-](CAST(a AS DECIMAL(5, 2)))"},
           {"a[1].b", "[FIELD]([ITEM](a, 1:INT), b:STRING)"},
       }) {
    EXPECT_EQ(shape_of(row.text), row.shape) << row.text;
  }
}

TEST(ParsingExpressions, LiteralsHaveTheirTypes) {
  for (const Row& row : std::initializer_list<Row>{
           {"5", "5:INT"},
           {"-2147483648", "-2147483648:INT"},
           {"2147483648", "2147483648:BIGINT"},
           {"-9223372036854775808", "-9223372036854775808:BIGINT"},
           {"9223372036854775808", "9223372036854775808:DECIMAL(19, 0)"},
           {"1.50", "1.50:DECIMAL(3, 2)"},
           {".05", "0.05:DECIMAL(2, 2)"},
           {"'it''s'", "it's:STRING"},
           {"TRUE", "true:BOOLEAN"},
           {"DATE '2024-02-29'", "2024-02-29:DATE"},
           {"TIMESTAMP '2026-01-31 12:00:00.123'", "2026-01-31 12:00:00.123:TIMESTAMP(3)"},
       }) {
    EXPECT_EQ(shape_of(row.text), row.shape) << row.text;
  }
  auto millis = [](const char* text) {
    Result<ExpressionPtr> parsed = parse_expression(text);
    EXPECT_TRUE(parsed.ok()) << parsed.status();
    return parsed.ok() ? (*parsed)->value.as_int() : 0;
  };
  EXPECT_EQ(millis("INTERVAL '5' SECOND"), 5000);
  EXPECT_EQ(millis("INTERVAL '1.5' SECOND"), 1500);
  EXPECT_EQ(millis("INTERVAL '-2' HOUR"), -7200000);
  EXPECT_EQ(millis("INTERVAL -'2' MINUTE(3)"), -120000);
  EXPECT_EQ(millis("INTERVAL '1 02:03:04.005' DAY TO SECOND"), 93784005);
  EXPECT_EQ(millis("INTERVAL '2-3' YEAR TO MONTH"), 27);
  EXPECT_EQ(millis("INTERVAL '1' WEEK"), 7 * 86400000);
}

TEST(ParsingExpressions, AnIntervalMayHaveItsUnitsWithinTheQuotes) {
  const auto parts = [](const std::string& text) {
    const Result<ExpressionPtr> parsed = parse_expression("INTERVAL '" + text + "'");
    EXPECT_TRUE(parsed.ok()) << parsed.status();
    return parsed.ok() ? (*parsed)->value.type().to_string() + " " +
                             std::to_string((*parsed)->value.as_int())
                       : "";
  };
  const std::string millis = Type::millis().to_string() + " ";
  const std::string months = Type::months().to_string() + " ";
  EXPECT_EQ(parts("1 hour"), millis + "3600000");
  EXPECT_EQ(parts("30 MINUTES"), millis + "1800000");
  EXPECT_EQ(parts("1 day 02:03:04.005"), millis + "93784005");
  EXPECT_EQ(parts("04:05"), millis + "14700000");
  EXPECT_EQ(parts("-1.5 hours"), millis + "-5400000");
  EXPECT_EQ(parts("2 days -1h"), millis + "169200000");
  EXPECT_EQ(parts("3 days ago"), millis + "-259200000");
  EXPECT_EQ(parts("100 ms"), millis + "100");
  EXPECT_EQ(parts("1 year 2 mons"), months + "14");
  EXPECT_EQ(shape_of("INTERVAL '1 day' + t"), shape_of("INTERVAL '1' DAY + t"));
  for (const char* wrong : {"INTERVAL '1'", "INTERVAL 'day'", "INTERVAL '1 fortnight'",
                            "INTERVAL '1 month 1 day'", "INTERVAL '99999999999 days'",
                            "INTERVAL '1:75'", "INTERVAL '1 day' DAY", "INTERVAL 'ago'"}) {
    EXPECT_FALSE(parse_expression(wrong).ok()) << wrong;
  }
}

TEST(ParsingExpressions, CallsAndSpecialForms) {
  for (const Row& row : std::initializer_list<Row>{
           {"upper(name)", "[UPPER](name)"},
           {"CURRENT_TIMESTAMP", "[CURRENT_TIMESTAMP]()"},
           {"CAST(a AS DECIMAL(10, 2))", "CAST(a AS DECIMAL(10, 2))"},
           {"TRY_CAST(a AS INT)", "TRY_CAST(a AS INT)"},
           {"CASE WHEN a THEN 1 ELSE 2 END", "CASE(a, 1:INT, 2:INT)"},
           {"CASE a WHEN 1 THEN b END", "CASE([=](a, 1:INT), b)"},
           {"EXTRACT(year FROM t)", "[EXTRACT](YEAR:STRING, t)"},
           {"FLOOR(t TO hours)", "[FLOOR](t, HOUR:STRING)"},
           {"FLOOR(a)", "[FLOOR](a)"},
           {"TRIM(a)", "[TRIM](a)"},
           {"TRIM(LEADING 'x' FROM a)", "[TRIM](LEADING:STRING, x:STRING, a)"},
           {"TRIM(both FROM a)", "[TRIM](BOTH:STRING,  :STRING, a)"},
           {"SUBSTRING(a FROM 2 FOR 3)", "[SUBSTRING](a, 2:INT, 3:INT)"},
           {"SUBSTRING(a, 2)", "[SUBSTRING](a, 2:INT)"},
           {"POSITION('x' IN a)", "[POSITION](x:STRING, a)"},
           {"TIMESTAMPADD(DAY, 1, t)", "[TIMESTAMPADD](DAY:STRING, 1:INT, t)"},
           {"ARRAY[1, 2]", "[ARRAY](1:INT, 2:INT)"},
           {"MAP['a', 1]", "[MAP](a:STRING, 1:INT)"},
           {"ROW(1, 'a')", "[ROW](1:INT, a:STRING)"},
           {"`select` + \"from\"", "[+](select, from)"},
           {"timestamp > date", "[>](timestamp, date)"},
           {"a -- a comment\n + /* b */ c", "[+](a, c)"},
       }) {
    EXPECT_EQ(shape_of(row.text), row.shape) << row.text;
  }
}

TEST(ParsingExpressions, WhatIsPrintedIsReadAsTheSameTree) {
  for (const char* text : {"a + b * c",
                           "(a + b) * c",
                           "a - (b - c)",
                           "-(-5)",
                           "- -a",
                           "a AND (b AND c)",
                           "NOT (a OR b) AND c",
                           "(a = b) = c",
                           "a = (b = c)",
                           "(NOT a) IS NULL",
                           "NOT a IS NULL",
                           "(a BETWEEN 1 AND 2) IS TRUE",
                           "a IN (1, 2, NULL)",
                           "a NOT LIKE 'x' ESCAPE '!'",
                           "CASE WHEN a THEN 1 WHEN b THEN 2 ELSE 3 END",
                           "TRY_CAST(a + 1 AS DECIMAL(10, 2))",
                           "EXTRACT(DOW FROM t)",
                           "CEIL(t TO MONTH)",
                           "TRIM(TRAILING 'x' FROM a)",
                           "a[1].`b c`[2]",
                           "- (0e0)[1]",
                           "\"+(\"(a)[1]",
                           "`f``(x) ELSE `(1, b).c",
                           "(2)[a].b",
                           "TIMESTAMPDIFF(MONTH, a, b)",
                           "CURRENT_DATE",
                           "MAP['a', ARRAY[1]]",
                           "ROW(1, a.b)",
                           "INTERVAL '1-2' YEAR TO MONTH",
                           "INTERVAL '-0.005' SECOND",
                           "X'00FF'",
                           "1E3",
                           "-1.5",
                           "TIME '12:30:15.123456'",
                           "TIMESTAMP '2026-01-31 00:00:00'",
                           "9223372036854775808",
                           "`date` || `order`",
                           "'a''b'",
                           "a % b || c",
                           "x IS NOT DISTINCT FROM (y = z)"}) {
    Result<ExpressionPtr> first = parse_expression(text);
    ASSERT_TRUE(first.ok()) << text << ": " << first.status();
    std::string printed = (*first)->to_string();
    Result<ExpressionPtr> second = parse_expression(printed);
    ASSERT_TRUE(second.ok()) << printed << ": " << second.status();
    EXPECT_EQ(shape(**first), shape(**second)) << text << " printed as " << printed;
    EXPECT_EQ(printed, (*second)->to_string());
  }
}

// Whatever is called, by whatever name.
TEST(ParsingExpressions, CallsOfAnyNamePrintAsTheyAreRead) {
  std::vector<std::string> names = {
      "AND",      "OR",       "NOT",         "IN",    "LIKE",     "ILIKE", "BETWEEN", "IS",
      "IS NULL",  "SIMILAR",  "ALL",         "ANY",   "SOME",     "CASE",  "WHEN",    "END",
      "CAST",     "TRUE",     "FALSE",       "NULL",  "DIV",      "ROW",   "ARRAY",   "MAP",
      "ITEM",     "FIELD",    "EXISTS",      "WHERE", "SELECT",   "+",     "-",       "=",
      "%",        "a b",      "a`b",         "+(",    "DISTINCT", "AS",    "ESCAPE",  "NOT LIKE",
      "TRY_CAST", "OVERLAPS", "AT TIME ZONE"};
  for (const FunctionInfo& function : functions()) names.push_back(function.name);
  for (const std::string& name : names) {
    std::string quoted = "\"";
    quoted += name + "\"";
    for (const char* arguments : {"()", "(a)", "(1)", "(-1, a)", "('DAY', a)", "(a, 'DAY')",
                                  "('BOTH', a, b)", "(a, 'b', 1)", "(a, b, 'DAY')", "(a, b, c, d)",
                                  "('NULL', a, b)", "(a, 'NULL')", "(a, b, 'ABSENT')"}) {
      for (const std::string& call : {name + arguments, quoted + arguments,
                                      "a = " + quoted + arguments, quoted + arguments + "[1].x"}) {
        const Result<ExpressionPtr> first = parse_expression(call);
        if (!first.ok()) continue;
        const std::string printed = (*first)->to_string();
        EXPECT_EQ(shape_of(printed), shape(**first)) << call << " printed as " << printed;
      }
    }
  }
}

TEST(ParsingExpressions, ErrorsShowTheLineAndACaret) {
  for (const Row& row : std::initializer_list<Row>{
           {"a + * b", "line 1, column 5: expected an expression, found `*`\n  a + * b\n      ^"},
           {"a +\n  b b",
            "line 2, column 5: expected an operator or the end, found `b`\n    b b\n      ^"},
           {"'ä' = 'b",
            "line 1, column 7: the string that begins here is not closed by '\n  'ä' = 'b\n        "
            "^"},
           {"EXTRACT(YAER FROM t)",
            "line 1, column 9: expected a unit of time, found `YAER`; did you mean \"YEAR\"?\n"
            "  EXTRACT(YAER FROM t)\n          ^"},
           {"DATE '2026-02-30'",
            "line 1, column 6: '2026-02-30' is no date such as '2026-01-31'\n"
            "  DATE '2026-02-30'\n       ^"},
           {"1a",
            "line 1, column 2: a number ends here and a name begins; put a blank or an "
            "operator between\n  1a\n   ^"},
           {"COUNT(*)",
            "line 1, column 7: aggregates such as COUNT(*) and SUM(DISTINCT x) have no "
            "place inside of an expression on single rows\n  COUNT(*)\n        ^"},
           {"", "line 1, column 1: expected an expression, found the end\n  \n  ^"},
       }) {
    EXPECT_EQ(shape_of(row.text), row.shape) << row.text;
  }
}

TEST(ParsingExpressions, PlacesCountFromTheGivenStart) {
  Result<ExpressionPtr> parsed = parse_expression("a +\n bcd", {7, 10});
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ((*parsed)->arguments[0]->place.line, 7);
  EXPECT_EQ((*parsed)->arguments[0]->place.column, 10);
  EXPECT_EQ((*parsed)->arguments[1]->place.line, 8);
  EXPECT_EQ((*parsed)->arguments[1]->place.column, 2);
}

TEST(ParsingExpressions, DepthIsLimited) {
  std::string nested(10000, '(');
  EXPECT_FALSE(parse_expression(nested + "a").ok());
  std::string chain = "a";
  for (int i = 0; i < 10000; ++i) chain += " + a";
  EXPECT_FALSE(parse_expression(chain).ok());
  std::string alternatives = "a = 0";
  for (int i = 1; i < 10000; ++i) alternatives += " OR a = " + std::to_string(i);
  EXPECT_TRUE(parse_expression(alternatives).ok());
  std::string signs;
  for (int i = 0; i < 10000; ++i) signs += "- ";
  EXPECT_FALSE(parse_expression(signs + "a").ok());
}

TEST(ParsingExpressions, ColumnsAreNamedOnce) {
  Result<ExpressionPtr> parsed = parse_expression("b + a * b - UPPER(c)");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(columns_of(**parsed), (std::vector<std::string>{"b", "a", "c"}));
}

}  // namespace
}  // namespace dataflow::expr
