#include "duck_catalog.h"

#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "fake_relations.h"

namespace dataflow::postgres {
namespace {

class DuckCatalog : public testing::Test {
 protected:
  std::string ask(const std::string& statement,
                  const std::vector<std::optional<std::string>>& p = {}) {
    const auto answer = catalog_->ask(statement, p);
    if (!answer.ok()) return answer.status().message();
    std::string out;
    for (const jobs::Row& row : answer->rows) {
      for (const Value& value : row) out += value.to_string() + "|";
      out += "\n";
    }
    return out;
  }

  FakeRelations service_{some_relations()};
  std::unique_ptr<CatalogQueries> catalog_ = make_duck_catalog(service_);
};

TEST_F(DuckCatalog, ReadsRelationsWhenTheyHaveChanged) {
  EXPECT_EQ(service_.reads, 0);
  const std::string names =
      "SELECT relname FROM pg_class WHERE relkind = 'v' AND relnamespace = 2200";
  EXPECT_EQ(ask(names), "busy|\n");
  EXPECT_EQ(ask(names), "busy|\n");
  EXPECT_EQ(service_.reads, 1);
  const std::string oid = ask("SELECT 'meetings'::regclass::oid");
  auto relations = some_relations();
  relations[1].name = "it's \"quoted\"";
  service_.set(relations);
  EXPECT_EQ(ask(names), "it's \"quoted\"|\n");
  EXPECT_EQ(ask("SELECT oid::regclass FROM pg_class WHERE relkind = 'v' AND relnamespace = 2200"),
            "\"it's \"\"quoted\"\"\"|\n");
  EXPECT_EQ(service_.reads, 2);
  service_.set({relations[3]});
  EXPECT_EQ(ask("SELECT 'meetings'::regclass::oid"), oid) << "an OID follows from the name";
  EXPECT_EQ(ask("SELECT count(*) FROM pg_class WHERE relnamespace = 2200"), "2|\n");
  service_.set({});
  EXPECT_EQ(ask("SELECT count(*) FROM pg_attribute"), "0|\n");
}

TEST_F(DuckCatalog, CommentsAreThoseOfTheRelationAndItsColumns) {
  auto relations = some_relations();
  relations[3].column_comments = {{"price", "In euros"}};
  service_.set(relations);
  EXPECT_EQ(
      ask("SELECT attname, col_description(attrelid, attnum), obj_description(attrelid, "
          "'pg_class') FROM pg_attribute WHERE attrelid = 'meetings'::regclass AND attnum > 2 "
          "ORDER BY attnum"),
      "price|In euros|The meetings|\nstarted|NULL|The meetings|\n");
}

TEST_F(DuckCatalog, TypesAreThoseOfTheColumns) {
  const auto answer = catalog_->ask(
      "SELECT c.oid, c.relname, c.relnatts, c.relhasindex, c.reltuples, i.indkey, 1::bigint AS "
      "big, "
      "ARRAY[c.oid] AS list, current_timestamp AS now, c.relacl, 1.5 AS decimal, sum(1) OVER () "
      "FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid WHERE relname = $1",
      {"meetings"});
  ASSERT_TRUE(answer.ok()) << answer.status();
  std::string types;
  for (const sql::OutputColumn& column : answer->columns) {
    types += column.name + " " + column.type.to_string() + ", ";
  }
  EXPECT_EQ(types,
            "oid BIGINT, relname STRING, relnatts SMALLINT, relhasindex BOOLEAN, reltuples FLOAT, "
            "indkey STRING, big BIGINT, list ARRAY<BIGINT>, now TIMESTAMP_LTZ(6), relacl "
            "ARRAY<STRING>, decimal DECIMAL(2, 1), sum DECIMAL(38, 0), ");
  EXPECT_EQ(answer->oids, (std::vector<uint32_t>{26, 0, 0, 0, 0, 22, 0, 1028, 0, 0, 0, 0}));
  ASSERT_EQ(answer->rows.size(), 1U);
  EXPECT_EQ(answer->rows[0][5], Value::string("1"));
  EXPECT_EQ(answer->rows[0][10].to_string(), "1.5");
}

TEST_F(DuckCatalog, ColumnsAreKnownWithoutParameters) {
  const auto answer = catalog_->ask("SELECT oid, relname FROM pg_class WHERE relname = $1 LIMIT $2",
                                    {std::nullopt, std::nullopt});
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->columns.size(), 2U);
  EXPECT_TRUE(answer->rows.empty());
}

TEST_F(DuckCatalog, ReadsNoFilesAndChangesNothing) {
  for (const char* statement :
       {"SELECT * FROM read_csv('/etc/passwd'), pg_class", "SELECT * FROM '/etc/passwd', pg_class",
        "SELECT * FROM read_text('/etc/passwd') WHERE version() IS NOT NULL",
        "SELECT * FROM glob('/*')", "SET threads = 2", "ATTACH '/tmp/x.db'", "INSTALL httpfs",
        "LOAD httpfs", "COPY pg_class TO '/tmp/x.csv'", "PRAGMA database_list",
        "DROP TABLE pg_class", "DELETE FROM pg_class", "CREATE TABLE a(b int)",
        "EXPLAIN ANALYZE SELECT * FROM pg_class", "CALL pragma_version()",
        "SELECT 1 FROM pg_class; DROP TABLE pgc.pg_class"}) {
    EXPECT_FALSE(catalog_->ask(statement, {}).ok()) << statement;
  }
  EXPECT_EQ(ask("SELECT count(*) FROM pg_class WHERE relname = $1", {"x' OR 'a' = 'a"}), "0|\n");
  EXPECT_EQ(ask("SELECT $1 FROM pg_am WHERE amname = 'heap'", {"'; DROP TABLE pg_am; --"}),
            "'; DROP TABLE pg_am; --|\n");
  EXPECT_EQ(ask("SELECT count(*) FROM pg_am"), "2|\n");
}

TEST_F(DuckCatalog, WhatIsWrongIsSaid) {
  EXPECT_NE(ask("SELECT * FROM pg_catalog.pg_nothing").find("pg_nothing"), std::string::npos);
  EXPECT_NE(ask("SELECT nothing FROM pg_class").find("nothing"), std::string::npos);
  EXPECT_NE(ask("SELECT FROM WHERE pg_class").find("syntax error"), std::string::npos);
  EXPECT_EQ(ask("SELECT $1 FROM pg_class"), "there is no parameter $1");
  EXPECT_FALSE(catalog_->ask("", {}).ok());
  EXPECT_FALSE(catalog_->ask("SELECT '\xff\xfe' FROM pg_class", {}).ok());
  EXPECT_FALSE(catalog_->ask("SELECT interval '1 day' FROM pg_class", {}).ok());
  std::string deep = "SELECT 1 FROM pg_class WHERE true";
  for (int i = 0; i < 20'000; ++i) deep += " AND NOT true";
  (void)catalog_->ask(deep, {});  // an answer or an error, but no crash
  EXPECT_EQ(catalog_->ask(std::string(300'000, ' '), {}).status().code(), StatusCode::kTooLarge);
}

TEST_F(DuckCatalog, AQuestionTakesABoundedPartOfTheMachine) {
  const auto endless = catalog_->ask(
      "SELECT count(*) FROM generate_series(1, 1000000000000) a(x), pg_class WHERE x % 7 = 3", {});
  EXPECT_EQ(endless.status().code(), StatusCode::kTooLarge) << endless.status();
  const auto large = catalog_->ask(
      "SELECT repeat('x', 1000) || a.x FROM generate_series(1, 100000000) a(x) ORDER BY 1", {});
  EXPECT_EQ(large.status().code(), StatusCode::kTooLarge) << large.status();
  EXPECT_EQ(ask("SELECT count(*) FROM pg_am"), "2|\n");
}

TEST_F(DuckCatalog, AnswersManyAtOnce) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      for (int round = 0; round < 5; ++round) {
        const auto answer = catalog_->ask("SELECT relname FROM pg_class WHERE relkind = 'm'", {});
        EXPECT_TRUE(answer.ok() && answer->rows.size() == 1) << answer.status();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(service_.reads, 1);
}

// Statements of clients with words left out, doubled and exchanged.
TEST_F(DuckCatalog, MangledQuestionsAreAnsweredOrRefused) {
  const std::vector<std::string> words = {"SELECT",
                                          "pg_class",
                                          ".",
                                          "oid",
                                          "::",
                                          "regclass",
                                          "text",
                                          "(",
                                          ")",
                                          "[",
                                          "]",
                                          ",",
                                          "~",
                                          "'a'",
                                          "FROM",
                                          "WHERE",
                                          "CAST",
                                          "AS",
                                          "OPERATOR",
                                          "pg_catalog",
                                          "COLLATE",
                                          "ANY",
                                          "ARRAY",
                                          "=",
                                          "$1",
                                          "unnest",
                                          "x",
                                          "CASE",
                                          "WHEN",
                                          "ELSE",
                                          "END",
                                          "*",
                                          "indkey",
                                          "information_schema",
                                          "user",
                                          "1",
                                          "JOIN",
                                          "ON",
                                          "string_to_array",
                                          "NULL",
                                          "\"char\"",
                                          "E'\\n'",
                                          "-",
                                          "format_type",
                                          "NOT"};
  std::mt19937 random(20261122);
  for (int i = 0; i < 3000; ++i) {
    std::string statement = "SELECT ";
    const int count = static_cast<int>(random() % 24);
    for (int k = 0; k < count; ++k) statement += words[random() % words.size()] + " ";
    (void)catalog_->answers(statement);
    (void)catalog_->ask(statement, {"a"});
  }
  EXPECT_EQ(ask("SELECT count(*) FROM pg_am"), "2|\n");
}

}  // namespace
}  // namespace dataflow::postgres
