// What is answered here and what goes to the session; where statements end.
#include "own_statement.h"

#include <gtest/gtest.h>

#include "word_scanner.h"

namespace dataflow::postgres {
namespace {

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> out;
  for (const Span& span : statements_of(text)) {
    out.emplace_back(text.substr(span.from, span.to - span.from));
  }
  return out;
}

OwnStatement own(std::string_view text) {
  const Result<std::optional<OwnStatement>> read = read_own_statement(text);
  EXPECT_TRUE(read.ok() && *read) << text;
  return read.ok() && *read ? **read : OwnStatement();
}

TEST(PostgresWords, StatementsEndAtTheirSemicolon) {
  using Texts = std::vector<std::string>;
  EXPECT_EQ(split(""), Texts());
  EXPECT_EQ(split(" ; /* ; */ ; -- ;"), Texts());
  EXPECT_EQ(split("a ';' b; c \";\" -- x;\n d /*;*/;`;`"),
            (Texts{"a ';' b", "c \";\" -- x;\n d", "`;`"}));
  EXPECT_EQ(split("'it''s;'; E'\\';' ; 'unfinished;"),
            (Texts{"'it''s;'", "E'\\';'", "'unfinished;"}));
  EXPECT_EQ(
      split("BEGIN; EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT CASE WHEN x THEN 1 END; "
            "INSERT INTO b SELECT 2; END; COMMIT"),
      (Texts{"BEGIN",
             "EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT CASE WHEN x THEN 1 END; INSERT "
             "INTO b SELECT 2; END",
             "COMMIT"}));
}

TEST(PostgresWords, ParametersAreCounted) {
  EXPECT_EQ(parameters_of("SELECT $2, '$9', $1 -- $7"), 2u);
  EXPECT_EQ(parameters_of("SELECT 1"), 0u);
  EXPECT_EQ(parameters_of("SELECT $99999999999999999999"), 0u);
}

TEST(PostgresWords, SettingsAreNamesWithoutQuotesOrPoints) {
  for (const char* text : {"SET", "SET 'a' = 'b'", "SET \"a\" = 'b'", "SET a.b = c", "RESET 'a'",
                           "RESET", "SHOW TABLES", "SHOW CREATE TABLE t", "SELECT 1",
                           "BEGIN ISOLATION LEVEL SERIALIZABLE", "ROLLBACK", "'x'", ""}) {
    const auto read = read_own_statement(text);
    EXPECT_TRUE(read.ok() && !*read) << text;
  }
  EXPECT_EQ(own("set Search_Path to a, \"B\"").name, "search_path");
  EXPECT_EQ(own("set Search_Path to a, \"B\"").value, "a, B");
  EXPECT_EQ(own("SET statement_timeout = 5min").value, "5min");
  EXPECT_EQ(own("SET x = -1").value, "-1");
  EXPECT_EQ(own("SET x TO DEFAULT").value, std::nullopt);
  EXPECT_EQ(own("SET NAMES 'utf8'").name, "client_encoding");
  EXPECT_EQ(own("SET SESSION TIME ZONE LOCAL").name, "TimeZone");
  EXPECT_TRUE(own("SET LOCAL x = 1").local);
  EXPECT_EQ(own("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE").kind, OwnKind::kNothing);
  EXPECT_EQ(own("SET TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY").kind,
            OwnKind::kAccess);
  EXPECT_EQ(own("SET TRANSACTION READ ONLY").read_only, std::optional(true));
  EXPECT_EQ(own("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE").read_only,
            std::optional(false));
  EXPECT_EQ(own("SHOW ALL").kind, OwnKind::kShow);
  EXPECT_EQ(own("SHOW DateStyle").name, "datestyle");
}

TEST(PostgresWords, CopyHasTwoSpellings) {
  const OwnStatement old =
      own("COPY a.\"b\" (x, y) TO STDOUT WITH NULL AS '' CSV HEADER QUOTE ''''");
  EXPECT_EQ(old.table, "SELECT x, y FROM a.\"b\"");
  EXPECT_EQ(old.copy.format, CopyFormat::kCsv);
  EXPECT_TRUE(old.copy.header);
  EXPECT_EQ(old.copy.quote, '\'');
  // A quote within quotes is doubled, whatever the quote is.
  EXPECT_EQ(old.copy.escape, '\'');
  EXPECT_EQ(own("COPY t TO STDOUT (FORMAT csv, DELIMITER E'\\t')").copy.delimiter, '\t');
  EXPECT_EQ(own("COPY t TO STDOUT CSV ESCAPE E'\\\\'").copy.escape, '\\');
  const OwnStatement in = own("COPY a.t (x, \"y z\") FROM STDIN WITH (FORMAT binary, FREEZE)");
  EXPECT_EQ(in.kind, OwnKind::kCopyIn);
  EXPECT_EQ(in.target, "a.t (x, \"y z\")");
  EXPECT_EQ(in.table, "SELECT x, \"y z\" FROM a.t");
  EXPECT_EQ(own("COPY t FROM STDIN").target, "t");
  const std::string text =
      "COPY ( SELECT f(')') ) TO STDOUT (DELIMITER ';', FORMAT 'csv', HEADER off)";
  const OwnStatement listed = own(text);
  ASSERT_TRUE(listed.inner.has_value());
  EXPECT_EQ(text.substr(listed.inner->from, listed.inner->to - listed.inner->from),
            "SELECT f(')')");
  EXPECT_EQ(listed.copy.delimiter, ';');
  EXPECT_FALSE(listed.copy.header);
}

TEST(PostgresWords, CursorsGoForward) {
  const std::string text = "DECLARE \"C\" BINARY NO SCROLL CURSOR WITH HOLD FOR SELECT 1";
  const OwnStatement declared = own(text);
  EXPECT_EQ(declared.name, "C");
  EXPECT_TRUE(declared.binary && declared.hold);
  EXPECT_EQ(text.substr(declared.inner->from), "SELECT 1");
  EXPECT_EQ(own("FETCH FORWARD 5 IN c").count, 5u);
  EXPECT_EQ(own("FETCH NEXT FROM c").count, 1u);
  EXPECT_TRUE(own("MOVE ALL c").all);
  EXPECT_EQ(own("CLOSE ALL").tag, "CLOSE CURSOR ALL");
  EXPECT_EQ(own("DEALLOCATE PREPARE ALL").tag, "DEALLOCATE ALL");
}

TEST(PostgresWords, StatementsArePreparedAndExecuted) {
  const std::string text = "PREPARE p (int, numeric(10, 2)) AS SELECT $1 + $2";
  const OwnStatement prepared = own(text);
  EXPECT_EQ(prepared.name, "p");
  EXPECT_EQ(prepared.list, (std::vector<std::string>{"int", "numeric(10, 2)"}));
  EXPECT_EQ(text.substr(prepared.inner->from), "SELECT $1 + $2");
  EXPECT_EQ(own("EXECUTE p (1, f(2, 3), 'a,b', ARRAY[1, 2])").list,
            (std::vector<std::string>{"1", "f(2, 3)", "'a,b'", "ARRAY[1, 2]"}));
  EXPECT_TRUE(own("EXECUTE p").list.empty());
  EXPECT_FALSE(read_own_statement("EXECUTE STATEMENT SET BEGIN END")->has_value());
}

TEST(PostgresWords, WhatGoesWrongIsSaid) {
  for (const char* text : {"COPY t FROM 'file'",
                           "COPY (SELECT 1) FROM STDIN",
                           "COPY t FROM STDIN WHERE a > 1",
                           "PREPARE p (int AS SELECT 1",
                           "PREPARE p SELECT 1",
                           "EXECUTE p (1",
                           "EXECUTE p (1) x",
                           "COPY t TO 'file'",
                           "COPY",
                           "COPY (SELECT 1 TO STDOUT",
                           "COPY t TO STDOUT (FORMAT xml)",
                           "COPY t TO STDOUT (DELIMITER 'ab')",
                           "COPY t TO STDOUT (FORMAT csv",
                           "COPY t TO STDOUT WHATEVER",
                           "DECLARE c SCROLL CURSOR FOR x",
                           "DECLARE c CURSOR FOR",
                           "DECLARE c",
                           "FETCH PRIOR FROM c",
                           "FETCH -1 FROM c",
                           "FETCH 1.5 c",
                           "FETCH",
                           "CLOSE",
                           "DISCARD",
                           "LISTEN c",
                           "NOTIFY c, 'x'",
                           "SET x",
                           "SET x =",
                           "SET x = ("}) {
    EXPECT_FALSE(read_own_statement(text).ok()) << text;
  }
}

}  // namespace
}  // namespace dataflow::postgres
