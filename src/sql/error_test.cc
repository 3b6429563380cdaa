#include <gtest/gtest.h>

#include "sql/parser.h"

namespace dataflow::sql {
namespace {

struct Row {
  const char* text;
  const char* message;
};

std::string message_of(const std::string& text) {
  Result<std::vector<StatementAst>> parsed = parse_script(text);
  return parsed.ok() ? "" : parsed.status().message();
}

void expect_messages(std::initializer_list<Row> rows) {
  for (const Row& row : rows) EXPECT_EQ(message_of(row.text), row.message) << row.text;
}

// Only the first line of the message: what is wrong, and where.
void expect_first_lines(std::initializer_list<Row> rows) {
  for (const Row& row : rows) {
    const std::string message = message_of(row.text);
    EXPECT_EQ(message.substr(0, message.find('\n')), row.message) << row.text;
  }
}

TEST(ErrorsInStatements, ShowTheLineAndACaret) {
  expect_messages({
      {"SELCT 1",
       "line 1, column 1: expected a statement, found `SELCT`; did you mean \"SELECT\"?\n"
       "  SELCT 1\n  ^"},
      {"SELECT a\nFORM t",
       "line 2, column 6: expected the end of the statement, found `t`; did you mean \"FROM\"? "
       "(instead of `FORM`)\n  FORM t\n       ^"},
      {"SELECT a FROM t WEHRE a > 1",
       "line 1, column 23: expected the end of the statement, found `a`; did you mean \"WHERE\"? "
       "(instead of `WEHRE`)\n  SELECT a FROM t WEHRE a > 1\n                        ^"},
      {"CREATE TABLE t (\n  a INT,\n  order STRING\n)",
       "line 3, column 3: expected the name of a column, found the keyword ORDER; as a name it "
       "stands in backticks: `order`\n    order STRING\n    ^"},
      {"CREATE TABLE t (a STRNG)",
       "line 1, column 19: type \"STRNG\", column 1: found \"STRNG\"; no type has this name; did "
       "you mean \"STRING\"?\n  CREATE TABLE t (a STRNG)\n                    ^"},
  });
}

TEST(ErrorsInStatements, SayWhatWasExpected) {
  expect_first_lines({
      {"", ""},
      {"SELECT", "line 1, column 7: expected an expression, found the end"},
      {"SELECT a, FROM t",
       "line 1, column 11: expected an expression, found the keyword FROM; a column of that name "
       "stands in backticks: `FROM`"},
      {"SELECT a FROM", "line 1, column 14: expected the name of a table, found the end"},
      {"SELECT a FROM t JOIN u",
       "line 1, column 23: expected ON or USING for the join at line 1, column 17, found the end"},
      {"SELECT a FROM t LEFT u", "line 1, column 22: expected JOIN, found `u`"},
      {"SELECT (SELECT 1 FROM t",
       "line 1, column 24: expected `)` at the end of the query in parentheses, found the end"},
      {"SELECT a FROM t ORDER a", "line 1, column 23: expected BY, found `a`"},
      {"SELECT a WHERE b FROM t",
       "line 1, column 18: expected the end of the statement, found `FROM`"},
      {"VALUES (1), (2, 3)", "line 1, column 13: this row has 2 values, the first one has 1"},
      {"INSERT t SELECT 1", "line 1, column 8: expected INTO, found `t`"},
      {"INSERT INTO t", "line 1, column 14: expected SELECT or VALUES, found the end"},
      {"CREATE TABEL t (a INT)",
       "line 1, column 8: expected TABLE, VIEW, MATERIALIZED VIEW, "
       "FUNCTION or TEST, found `TABEL`; did you mean \"TABLE\"?"},
      {"CREATE TABLE t (a INT) WITH ('k' 'v')", "line 1, column 34: expected `=`, found 'v'"},
      {"CREATE TABLE t (a INT) WITH ('k' = v)",
       "line 1, column 36: expected the value of 'k' as a text in quotes, found `v`"},
      {"CREATE TABLE t (a)", "line 1, column 17: the column \"a\" has no type"},
      {"SHOW TABELS",
       "line 1, column 6: expected TABLES, VIEWS, COLUMNS, CREATE TABLE or another "
       "thing to show, found `TABELS`; did you mean \"TABLES\"?"},
      {"SELECT SUM(a) OVER (ORDR BY a)",
       "line 1, column 26: expected PARTITION BY, ORDER BY, "
       "ROWS, RANGE or `)`, found `BY`"},
      {"EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1 END",
       "line 1, column 52: expected the end of the statement, found `END`"},
      {"SELECT 'a", "line 1, column 8: the string that begins here is not closed by '"},
      {"SELECT a FROM t; SELECT # ", "line 1, column 25: `#` has no meaning in SQL"},
  });
}

TEST(ErrorsInStatements, WhatIsNotSupportedYetIsNamed) {
  expect_first_lines({
      {"WITH RECURSIVE a AS (SELECT 1) SELECT 1",
       "line 1, column 6: WITH RECURSIVE is not supported yet"},
      {"SELECT a FROM t GROUP BY GROUPING SETS ((a), ())",
       "line 1, column 26: GROUPING SETS is not supported yet"},
      {"SELECT a FROM t GROUP BY a, CUBE (b)", "line 1, column 29: CUBE is not supported yet"},
      {"SELECT a FROM t GROUP BY ROLLUP(b)", "line 1, column 26: ROLLUP is not supported yet"},
      {"SELECT * FROM t MATCH_RECOGNIZE (PATTERN (A B+? C{2}) DEFINE A AS TRUE)",
       "line 1, column 17: MATCH_RECOGNIZE is not supported yet"},
      {"CREATE CATALOG c WITH ('type' = 'x')",
       "line 1, column 8: CREATE CATALOG is not supported yet"},
      {"SELECT f(a => 1)",
       "line 1, column 10: arguments have names only in table functions, such "
       "as TABLE(TUMBLE(DATA => TABLE t, …))"},
      {"CREATE FUNCTION f AS 'com.x.F'",
       "line 1, column 19: functions are SQL expressions here: CREATE FUNCTION f(a INT) RETURNS "
       "INT AS a + 1; code in other languages is a plug-in"},
  });
}

std::string repeated(const std::string& text, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += text;
  return out;
}

TEST(ErrorsInStatements, SizesAreLimitedInWords) {
  const auto refused = [](const std::string& text, const std::string& why) {
    const std::string message = message_of(text);
    EXPECT_NE(message.find(why), std::string::npos) << text.substr(0, 40) << ": " << message;
    EXPECT_LT(message.size(), 1000u);
  };
  refused("SELECT " + repeated("(", 100000), "nests deeper than 250 levels");
  refused(repeated("(", 100000) + "SELECT 1", "nest deeper than 64 levels");
  refused(repeated("SELECT * FROM (", 10000), "nest deeper than 64 levels");
  refused("SELECT * FROM " + repeated("(", 10000), "nest deeper than 64 levels");
  refused("SELECT 1" + repeated(" UNION SELECT 1", 10000), "nests deeper than 250 levels");
  refused("SELECT 1 FROM t" + repeated(", t", 10000), "nests deeper than 250 levels");
  refused("SELECT 1 FROM t" + repeated(" CROSS JOIN t", 10000), "nests deeper than 250 levels");
  refused("SELECT " + repeated("a, ", 10000) + "a", "more than 4096 columns");
  refused("SELECT a" + repeated(" + a", 10000), "nests deeper than 250 levels");
  refused("SELECT 1 FROM t ORDER BY " + repeated("a, ", 10000) + "a", "more than 4096 columns");
  refused("CREATE TABLE t (" + repeated("a INT, ", 10000) + "a INT)", "more than 4096 columns");
  refused("SELECT '" + std::string(10 << 20, 'x') + "'", "is longer than 4 MiB");
  refused("SELECT " + repeated("f(", 1000), "nests deeper than 250 levels");
  refused("CREATE TABLE t (a " + repeated("ARRAY<", 1000) + "INT" + repeated(">", 1000) + ")",
          "nested too deeply");
  // What one query hides from its chain of operators counts, too.
  std::string chained = "1";
  for (int i = 0; i < 3; ++i) chained = "(SELECT " + chained + repeated(" + 1", 100) + ")";
  refused("SELECT " + chained, "nests deeper than 250 levels");
  EXPECT_EQ(message_of("INSERT INTO t VALUES (1)" + repeated(", (1)", 30000)), "");
  EXPECT_EQ(message_of("SELECT a IN (1" + repeated(", 1", 50000) + ")"), "");
  EXPECT_EQ(message_of(repeated("SELECT 1;", 30000)), "");
}

}  // namespace
}  // namespace dataflow::sql
