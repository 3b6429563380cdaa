// How scripts are cut into statements.
#include "cli/sql/statement_splitter.h"

#include <gtest/gtest.h>

#include <vector>

namespace dataflow::cli {
namespace {

std::string shown(const ScriptPart& part) {
  return (part.command ? "!" : "") + part.text + (part.ended ? "" : "…");
}

// The same however the text comes in.
std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> whole;
  StatementSplitter at_once;
  at_once.add(text);
  while (auto part = at_once.rest()) whole.push_back(shown(*part));
  for (const size_t step : {size_t{1}, size_t{2}, size_t{7}}) {
    std::vector<std::string> parts;
    StatementSplitter splitter;
    for (size_t at = 0; at < text.size(); at += step) {
      splitter.add(std::string_view(text).substr(at, step));
      while (auto part = splitter.next()) parts.push_back(shown(*part));
    }
    while (auto part = splitter.rest()) parts.push_back(shown(*part));
    EXPECT_EQ(parts, whole) << text << " in steps of " << step;
  }
  return whole;
}

using Parts = std::vector<std::string>;

TEST(StatementSplitter, EndsStatementsAtTheirSemicolons) {
  EXPECT_EQ(split("SELECT 1; SELECT 2 ;\nSELECT 3"), (Parts{"SELECT 1", "SELECT 2", "SELECT 3…"}));
  EXPECT_EQ(split(" ;; \n; SELECT 1;;"), (Parts{"SELECT 1"}));
  EXPECT_EQ(split(""), Parts{});
  EXPECT_EQ(split(" \n\t"), Parts{});
}

TEST(StatementSplitter, LeavesAloneWhatStandsInQuotesAndComments) {
  EXPECT_EQ(split("SELECT 'a;b''c;', \"x;\", `y;``z`; SELECT 2;"),
            (Parts{"SELECT 'a;b''c;', \"x;\", `y;``z`", "SELECT 2"}));
  EXPECT_EQ(split("SELECT 1 -- not; here\n + 1; -- nor; here"),
            (Parts{"SELECT 1 -- not; here\n + 1"}));
  EXPECT_EQ(split("/* a; b */ SELECT /* ' ; */ 1 /**/; /* c */"),
            (Parts{"SELECT /* ' ; */ 1 /**/"}));
  EXPECT_EQ(split("SELECT 1 - 2 / 3 * 4; SELECT '--'; SELECT '/*';"),
            (Parts{"SELECT 1 - 2 / 3 * 4", "SELECT '--'", "SELECT '/*'"}));
  EXPECT_EQ(split("SELECT 'open; SELECT 2;"), (Parts{"SELECT 'open; SELECT 2;…"}));
  EXPECT_EQ(split("SELECT 1 /* open; SELECT 2;"), (Parts{"SELECT 1 /* open; SELECT 2;…"}));
}

TEST(StatementSplitter, KeepsStatementSetsTogether) {
  const std::string set =
      "EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1; INSERT INTO b SELECT CASE WHEN x "
      "THEN 1 END; END";
  EXPECT_EQ(split(set + "; SELECT 1;"), (Parts{set, "SELECT 1"}));
  const std::string flinks = "begin statement set;\n insert into a select 1;\nend";
  EXPECT_EQ(split(flinks + ";SELECT 1;"), (Parts{flinks, "SELECT 1"}));
  EXPECT_EQ(split("EXPLAIN STATEMENT SET BEGIN INSERT INTO a SELECT 1; END;"),
            (Parts{"EXPLAIN STATEMENT SET BEGIN INSERT INTO a SELECT 1; END"}));
  EXPECT_EQ(split("BEGIN; INSERT INTO t VALUES (1); END; SELECT 1;"),
            (Parts{"BEGIN", "INSERT INTO t VALUES (1)", "END", "SELECT 1"}));
  EXPECT_EQ(split("SELECT statement, set, begin FROM t; SELECT 2;"),
            (Parts{"SELECT statement, set, begin FROM t", "SELECT 2"}));
}

TEST(StatementSplitter, TakesItsOwnCommandsALineEach) {
  EXPECT_EQ(split("\\timing\n\\i a;b.sql\nSELECT 1;"),
            (Parts{"!\\timing", "!\\i a;b.sql", "SELECT 1"}));
  EXPECT_EQ(split("SELECT 'a' || \\ 1;"), (Parts{"SELECT 'a' || \\ 1"}));
  EXPECT_EQ(split("  \\d t"), (Parts{"!\\d t"}));
}

TEST(StatementSplitter, KnowsWhereAStatementBegins) {
  StatementSplitter splitter;
  splitter.add("-- title\n\n  SELECT 1;\n/* ü */ SELECT\n2; SELECT 3;");
  const auto place = [&] {
    const std::optional<ScriptPart> part = splitter.next();
    return part ? std::to_string(part->line) + ":" + std::to_string(part->column) : "none";
  };
  EXPECT_EQ(place(), "3:3");
  EXPECT_EQ(place(), "4:9");
  EXPECT_EQ(place(), "5:4");
  EXPECT_EQ(place(), "none");
}

TEST(StatementSplitter, SaysWhatIsOpen) {
  const auto open = [](const std::string& text) {
    StatementSplitter splitter;
    splitter.add(text + "\n");
    while (splitter.next()) continue;
    const char c = splitter.open();
    return c == 0 ? '0' : c;
  };
  EXPECT_EQ(open("SELECT 1;"), '0');
  EXPECT_EQ(open(""), '0');
  EXPECT_EQ(open("SELECT 1; -- done"), '0');
  EXPECT_EQ(open("SELECT"), '-');
  EXPECT_EQ(open("SELECT 'a"), '\'');
  EXPECT_EQ(open("SELECT `a"), '`');
  EXPECT_EQ(open("SELECT \"a"), '"');
  EXPECT_EQ(open("SELECT /* a"), '*');
  EXPECT_EQ(open("STATEMENT SET BEGIN INSERT INTO a SELECT 1;"), 'S');
}

TEST(StatementSplitter, ForgetsWhatWasTaken) {
  StatementSplitter splitter;
  size_t count = 0;
  for (int i = 0; i < 20'000; ++i) {
    splitter.add("INSERT INTO t VALUES (1, 'some text that takes room');\n");
    while (splitter.next()) ++count;
  }
  EXPECT_EQ(count, 20'000u);
}

}  // namespace
}  // namespace dataflow::cli
