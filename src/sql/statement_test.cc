#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "random_query.h"
#include "sql/parser.h"
#include "tree_text.h"

namespace dataflow::sql {
namespace {

std::string message_of(const std::string& text) {
  Result<std::vector<StatementAst>> parsed = parse_script(text);
  return parsed.ok() ? "" : parsed.status().message();
}

template <class T>
T the(const std::string& text) {
  Result<StatementAst> parsed = parse_statement(text);
  EXPECT_TRUE(parsed.ok()) << text << "\n" << parsed.status();
  if (!parsed.ok()) return T();
  const T* what = std::get_if<T>(&parsed->what);
  EXPECT_NE(what, nullptr) << text;
  return what == nullptr ? T() : *what;
}

// Every query within.
std::vector<QueryPtr> queries_of(const StatementAst& statement) {
  if (const auto* it = std::get_if<SelectStatement>(&statement.what)) return {it->query};
  if (const auto* it = std::get_if<Insert>(&statement.what)) return {it->query};
  if (const auto* it = std::get_if<CreateView>(&statement.what)) return {it->query};
  if (const auto* it = std::get_if<Subscribe>(&statement.what)) return {it->query};
  std::vector<QueryPtr> all;
  if (const auto* it = std::get_if<StatementSet>(&statement.what)) {
    for (const Insert& insert : it->inserts) all.push_back(insert.query);
  }
  return all;
}

TEST(ParsingStatements, ScriptsOfTheCorpusAreReadAndTheirQueriesPrintAsThemselves) {
  int queries = 0;
  for (const auto& file : std::filesystem::directory_iterator(DATAFLOW_SQL_SEEDS)) {
    std::stringstream text;
    text << std::ifstream(file.path()).rdbuf();
    const Result<std::vector<StatementAst>> parsed = parse_script(text.str());
    ASSERT_TRUE(parsed.ok()) << file.path() << "\n" << parsed.status();
    for (const StatementAst& statement : *parsed) {
      EXPECT_EQ(message_of(statement.text), "") << statement.text;
      for (const QueryPtr& query : queries_of(statement)) {
        const std::string printed = to_string(*query);
        const Result<StatementAst> again = parse_statement(printed);
        ASSERT_TRUE(again.ok()) << printed << "\n" << again.status();
        EXPECT_EQ(tree_text(*std::get<SelectStatement>(again->what).query), tree_text(*query));
        ++queries;
      }
    }
  }
  EXPECT_GT(queries, 30);
}

TEST(ParsingStatements, RandomQueriesPrintAsThemselves) {
  for (uint64_t seed = 1; seed <= 3000; ++seed) {
    const QueryPtr query = QueryMaker(seed).query(3);
    const std::string printed = to_string(*query);
    const Result<StatementAst> again = parse_statement(printed);
    ASSERT_TRUE(again.ok()) << "seed " << seed << ": " << printed << "\n" << again.status();
    const auto* select = std::get_if<SelectStatement>(&again->what);
    ASSERT_NE(select, nullptr) << printed;
    ASSERT_EQ(tree_text(*select->query), tree_text(*query)) << "seed " << seed << ": " << printed;
  }
}

TEST(ParsingStatements, PlacesAndTextsAreKept) {
  const auto parsed = parse_script("\xEF\xBB\xBF;; SELECT 1 ;\n\n  -- two\n  SET 'a' = 'b'");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  ASSERT_EQ(parsed->size(), 2u);
  EXPECT_EQ((*parsed)[0].text, "SELECT 1");
  EXPECT_EQ((*parsed)[1].text, "SET 'a' = 'b'");
  EXPECT_EQ((*parsed)[1].place.line, 4);
  EXPECT_EQ((*parsed)[1].place.column, 3);
  EXPECT_EQ(error_at("SELECT\n  ä b", {2, 5}, "what").message(),
            "line 2, column 5: what\n    ä b\n      ^");
}

TEST(ParsingStatements, CreateTableInFull) {
  const auto table = the<CreateTable>(
      "CREATE TEMPORARY TABLE IF NOT EXISTS db.`t t` (id BIGINT NOT NULL COMMENT 'c', o STRING "
      "METADATA FROM 'x' VIRTUAL, c AS id + 1, ts TIMESTAMP(3) WITH LOCAL TIME ZONE, a INT ARRAY "
      "NOT NULL, PRIMARY KEY (id, o) NOT ENFORCED, WATERMARK FOR r.ts AS ts) COMMENT 'n' "
      "PARTITIONED BY (id) WITH ('k' = 'v', parallel.ism = 2)");
  EXPECT_TRUE(table.temporary && table.if_not_exists && table.has_options && !table.or_replace);
  EXPECT_EQ(table.name.to_string(), "db.`t t`");
  ASSERT_EQ(table.columns.size(), 5u);
  EXPECT_FALSE(table.columns[0].nullable);
  EXPECT_EQ(table.columns[0].comment, "c");
  EXPECT_EQ(table.columns[1].kind, ColumnKind::kMetadata);
  EXPECT_EQ(table.columns[1].metadata, "x");
  EXPECT_TRUE(table.columns[1].is_virtual);
  EXPECT_EQ(tree_text(*table.columns[2].computed), "+[\"id\", 1]");
  EXPECT_EQ(table.columns[3].type, Type::timestamp_tz(3));
  EXPECT_EQ(table.columns[4].type, Type::array(Type::int32()));
  EXPECT_FALSE(table.columns[4].nullable);
  ASSERT_TRUE(table.primary_key && table.watermark);
  EXPECT_EQ(table.primary_key->columns.size(), 2u);
  EXPECT_FALSE(table.primary_key->enforced);
  EXPECT_EQ(table.watermark->column.to_string(), "r.ts");
  EXPECT_EQ(table.comment, "n");
  EXPECT_EQ(table.partitioned_by.size(), 1u);
  ASSERT_EQ(table.options.size(), 2u);
  EXPECT_EQ(table.options[1].key, "parallel.ism");
  EXPECT_EQ(table.options[1].value, "2");
  const auto like = the<CreateTable>("CREATE TABLE a LIKE b (EXCLUDING ALL INCLUDING OPTIONS)");
  ASSERT_TRUE(like.like);
  ASSERT_EQ(like.like->choices.size(), 2u);
  EXPECT_EQ(like.like->choices[1].second, "OPTIONS");
  EXPECT_TRUE(
      the<CreateTable>("CREATE TABLE a (x INT PRIMARY KEY NOT ENFORCED)").columns[0].primary_key);
  EXPECT_NE(the<CreateTable>("CREATE TABLE a (x, y) WITH ('k'='v') AS SELECT 1, 2").as, nullptr);
}

TEST(ParsingStatements, ViewsFunctionsAndTests) {
  const auto view = the<CreateView>(
      "CREATE OR REPLACE MATERIALIZED VIEW v (a, PRIMARY KEY (a) NOT ENFORCED) AS\n SELECT 1;");
  EXPECT_TRUE(view.or_replace && view.materialized && view.primary_key);
  EXPECT_EQ(view.query_text, "SELECT 1");
  const auto function = the<CreateFunction>("CREATE FUNCTION f(a INT) RETURNS STRING AS a || 'x'");
  ASSERT_EQ(function.parameters.size(), 1u);
  EXPECT_EQ(*function.returns, Type::string());
  const auto test = the<CreateTest>(
      "CREATE TEST x GIVEN t (a) VALUES (1), (2) EXPECT SELECT a FROM t VALUES (1) EXPECT IN ORDER "
      "v NO ROWS");
  ASSERT_EQ(test.given.size(), 1u);
  EXPECT_EQ(test.given[0].rows.rows.size(), 2u);
  ASSERT_EQ(test.expect.size(), 2u);
  EXPECT_EQ(to_string(*test.expect[0].query), "SELECT a FROM t");
  EXPECT_EQ(to_string(*test.expect[1].query), "SELECT * FROM v");
  EXPECT_TRUE(test.expect[1].ordered && test.expect[1].rows.rows.empty());
}

TEST(ParsingStatements, WhatSessionsAreTold) {
  EXPECT_EQ(the<Set>("SET table.exec.state.ttl = 1 d").value, "1 d");
  EXPECT_EQ(the<Set>("SET 'a.b' = 'c'").key, "a.b");
  EXPECT_TRUE(the<Set>("RESET").reset);
  EXPECT_EQ(the<Show>("SHOW CREATE TABLE a.b").of.to_string(), "a.b");
  EXPECT_EQ(*the<Show>("SHOW TABLES NOT LIKE 'x'").like, "x");
  EXPECT_EQ(the<Explain>("EXPLAIN PLAN JSON SELECT 1").kind, ExplainKind::kPlanJson);
  const auto explain = the<Explain>("EXPLAIN ANALYZE INSERT INTO t SELECT 1;");
  EXPECT_EQ(explain.kind, ExplainKind::kAnalyze);
  EXPECT_EQ(explain.statement->text, "INSERT INTO t SELECT 1");
  EXPECT_TRUE(the<Use>("USE CATALOG c").catalog);
  EXPECT_EQ(the<Transaction>("END").word, TransactionWord::kCommit);
  EXPECT_EQ(the<Transaction>("SAVEPOINT \"a-b\"").name.last(), "a-b");
  EXPECT_EQ(the<Transaction>("RELEASE a").word, TransactionWord::kRelease);
  EXPECT_EQ(the<Transaction>("ROLLBACK WORK TO SAVEPOINT a").word, TransactionWord::kRollbackTo);
  EXPECT_EQ(to_string(*the<Subscribe>("SUBSCRIBE TO t").query), "SELECT * FROM t");
  EXPECT_TRUE(the<Drop>("DROP VIEW IF EXISTS v CASCADE").cascade);
  EXPECT_EQ(the<StatementSet>("BEGIN STATEMENT SET; INSERT INTO a SELECT 1; INSERT INTO b SELECT "
                              "2; END")
                .inserts.size(),
            2u);
  const auto insert = the<Insert>("INSERT OVERWRITE t PARTITION (a = 1, b) (c, d) (SELECT 1, 2)");
  EXPECT_TRUE(insert.overwrite);
  ASSERT_EQ(insert.partition.size(), 2u);
  EXPECT_EQ(insert.partition[1].second, nullptr);
  EXPECT_EQ(insert.columns.size(), 2u);
  EXPECT_EQ(the<AlterTable>("ALTER TABLE t RENAME COLUMN a TO b").rename_columns.size(), 1u);
}

}  // namespace
}  // namespace dataflow::sql
