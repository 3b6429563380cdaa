// EXPLAIN FLINK: what is printed for statements, and what is refused with which reason.
#include "sql/flink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/parser.h"

namespace dataflow::sql {
namespace {

using testing::HasSubstr;
using testing::Not;

const char* const kTables =
    "CREATE TABLE bids (id BIGINT, item STRING, price DECIMAL(10, 2), tags ARRAY<STRING>,\n"
    "  at ROW<`where` STRING>, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)\n"
    "  WITH ('connector' = 'filesystem', 'path' = 'bids', 'format' = 'json');\n"
    "CREATE TABLE items (item STRING, name STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts)\n"
    "  WITH ('connector' = 'kafka', 'topic' = 'items', 'format' = 'json');\n"
    "CREATE TABLE kept (id BIGINT, day DATE, PRIMARY KEY (id) NOT ENFORCED);\n"
    "CREATE VIEW dear (id, p) AS SELECT id, price FROM bids WHERE price > 10;\n";

// The text for the last statement of a script, or what was said instead.
std::string flink_of(const std::string& statements) {
  const std::string script = kTables + statements;
  Catalog catalog;
  Settings settings;
  const auto parsed = parse_script(script);
  if (!parsed.ok()) return "error: " + parsed.status().message();
  for (const StatementAst& statement : *parsed) {
    Status status;
    if (const auto* table = std::get_if<CreateTable>(&statement.what)) {
      status = catalog.create(*table, statement.text, script);
    } else if (const auto* view = std::get_if<CreateView>(&statement.what)) {
      if (&statement != &parsed->back()) status = catalog.create(*view, statement.text, script);
    } else if (const auto* function = std::get_if<CreateFunction>(&statement.what)) {
      status = catalog.create(*function, statement.text, script);
    } else if (const auto* set = std::get_if<Set>(&statement.what)) {
      status = settings.set(set->key, set->value);
    }
    if (!status.ok()) return "error: " + status.message();
  }
  const Result<std::string> text = flink_script(parsed->back(), catalog, settings, script, "");
  return text.ok() ? *text : "error: " + text.status().message();
}

// Of a query its last line, without the definitions in front.
std::string query_of(const std::string& query) {
  const std::string text = flink_of(query);
  if (text.starts_with("error: ")) return text;
  const size_t end = text.rfind(";\n");
  return text.substr(text.rfind('\n', end - 1) + 1, end - text.rfind('\n', end - 1) - 1);
}

TEST(FlinkTest, AScriptHoldsAllThatTheStatementNeeds) {
  EXPECT_EQ(flink_of("SET 'table.exec.state.ttl' = '1 d';\n"
                     "INSERT INTO kept SELECT ID, NULL FROM dear"),
            "-- The broker's address is not known here: put yours in the place of "
            "localhost:9092.\n"
            "SET 'table.exec.state.ttl' = '1 d';\n"
            "CREATE TABLE IF NOT EXISTS `bids` (\n"
            "  `id` BIGINT,\n"
            "  `item` STRING,\n"
            "  `price` DECIMAL(10, 2),\n"
            "  `tags` ARRAY<STRING>,\n"
            "  `at` ROW<`where` STRING>,\n"
            "  `ts` TIMESTAMP(3),\n"
            "  WATERMARK FOR `ts` AS `ts` - INTERVAL '5' SECOND\n"
            ") WITH (\n"
            "  'connector' = 'filesystem',\n"
            "  'path' = 'bids',\n"
            "  'format' = 'json'\n"
            ");\n"
            "CREATE VIEW IF NOT EXISTS `dear` (`id`, `p`) AS\n"
            "SELECT `id`, `price` FROM `bids` WHERE `price` > 10;\n"
            "CREATE TABLE IF NOT EXISTS `kept` (\n"
            "  `id` BIGINT NOT NULL,\n"
            "  `day` DATE,\n"
            "  PRIMARY KEY (`id`) NOT ENFORCED\n"
            ") WITH (\n"
            "  'connector' = 'upsert-kafka',\n"
            "  'topic' = 'kept',\n"
            "  'value.format' = 'json',\n"
            "  'key.format' = 'json',\n"
            "  'properties.bootstrap.servers' = 'localhost:9092'\n"
            ");\n"
            "INSERT INTO `kept`\n"
            "SELECT `id`, CAST(NULL AS DATE) FROM `dear`;\n");
}

TEST(FlinkTest, WhatOnlyWeHaveIsSaidInFlinksWords) {
  EXPECT_EQ(query_of("SELECT window_start, COUNT(*) FROM TUMBLE(bids, TS, INTERVAL '1' MINUTE) "
                     "GROUP BY window_start, window_end"),
            "SELECT `window_start`, COUNT(*) FROM TABLE(TUMBLE(TABLE `bids`, DESCRIPTOR(`ts`), "
            "INTERVAL '1' MINUTE)) GROUP BY `window_start`, `window_end`");
  EXPECT_EQ(query_of("SELECT b.* FROM bids b LEFT SEMI JOIN items i ON b.item = i.item WHERE id > "
                     "3 OR id < 1"),
            "SELECT `b`.* FROM `bids` AS `b` WHERE EXISTS (SELECT 1 FROM `items` AS `i` WHERE "
            "`b`.`item` = `i`.`item`) AND (`id` > 3 OR `id` < 1)");
  EXPECT_EQ(query_of("SELECT id FROM bids ANTI JOIN items USING (item)"),
            "SELECT `id` FROM `bids` WHERE NOT EXISTS (SELECT 1 FROM `items` WHERE `bids`.`item` = "
            "`items`.`item`)");
  EXPECT_EQ(query_of("SELECT item AS thing, COUNT(*) FROM bids GROUP BY thing"),
            "SELECT `item` AS `thing`, COUNT(*) FROM `bids` GROUP BY `item`");
  EXPECT_EQ(query_of("SELECT item, COUNT(*) AS n FROM bids GROUP BY item HAVING n > 1 AND id > 2"),
            "SELECT `item`, COUNT(*) AS `n` FROM `bids` GROUP BY `item` HAVING COUNT(*) > 1 AND "
            "`id` > 2");
  EXPECT_EQ(query_of("SELECT item, COUNT(*) FROM bids GROUP BY 1"),
            "SELECT `item`, COUNT(*) FROM `bids` GROUP BY `item`");
  EXPECT_EQ(query_of("SELECT POSITION('a', item), b.at.`where` FROM bids AS B"),
            "SELECT LOCATE('a', `item`), `B`.`at`.`where` FROM `bids` AS `B`");
  EXPECT_EQ(
      query_of("SELECT JSON_OBJECT('a', id ABSENT ON NULL), JSON_ARRAY(id, NULL NULL ON NULL), "
               "JSON_OBJECT(), JSON_ARRAY(1), JSON_QUERY(item, '$' RETURNING ARRAY<STRING>) "
               "FROM bids"),
      "SELECT JSON_OBJECT(KEY 'a' VALUE `id` ABSENT ON NULL), JSON_ARRAY(`id`, NULL NULL ON "
      "NULL), JSON_OBJECT(), JSON_ARRAY(1), JSON_QUERY(`item`, '$' RETURNING ARRAY<STRING> "
      "WITHOUT WRAPPER NULL ON EMPTY NULL ON ERROR) FROM `bids`");
  EXPECT_EQ(query_of("SELECT JSON_OBJECTAGG(item VALUE id), JSON_ARRAYAGG(id NULL ON NULL) FILTER "
                     "(WHERE id > 1), ARRAY_AGG(DISTINCT id IGNORE NULLS), LISTAGG(item, ';'), "
                     "PERCENTILE(id, 0.5) FROM bids"),
            "SELECT JSON_OBJECTAGG(KEY `item` VALUE `id`), JSON_ARRAYAGG(`id` NULL ON NULL) FILTER "
            "(WHERE `id` > 1), ARRAY_AGG(DISTINCT `id` IGNORE NULLS), LISTAGG(`item`, ';'), "
            "PERCENTILE(`id`, 0.5) FROM `bids`");
  EXPECT_EQ(query_of("SELECT BIDS.ID FROM Bids"), "SELECT `bids`.`id` FROM `bids`");
  EXPECT_EQ(query_of("WITH Q AS (SELECT id AS n FROM bids) SELECT q.N FROM q"),
            "WITH `Q` AS (SELECT `id` AS `n` FROM `bids`) SELECT `Q`.`n` FROM `Q`");
  EXPECT_EQ(query_of("SELECT id::STRING FROM bids WHERE id IN (SELECT id FROM dear)"),
            "SELECT CAST(`id` AS STRING) FROM `bids` WHERE `id` IN (SELECT `id` FROM `dear`)");
}

TEST(FlinkTest, FunctionsThatUsersMadeAreSpeltOut) {
  EXPECT_EQ(query_of("CREATE FUNCTION more(a DECIMAL(10, 2), b INT) AS a + b * 2;\n"
                     "SELECT more(PRICE, 1 + 2) FROM bids WHERE more(price, 0) > 3"),
            "SELECT CAST(`price` AS DECIMAL(10, 2)) + CAST(1 + 2 AS INT) * 2 FROM `bids` WHERE "
            "CAST(`price` AS DECIMAL(10, 2)) + CAST(0 AS INT) * 2 > 3");
}

TEST(FlinkTest, ModesAreThoseOfTheStatement) {
  EXPECT_THAT(flink_of("SELECT * FROM items"),
              testing::AllOf(HasSubstr("SET 'execution.runtime-mode' = 'batch';"),
                             HasSubstr("'scan.bounded.mode' = 'latest-offset'"),
                             HasSubstr("'scan.startup.mode' = 'earliest-offset'")));
  EXPECT_THAT(flink_of("SUBSCRIBE TO items"),
              testing::AllOf(Not(HasSubstr("runtime-mode")), Not(HasSubstr("scan.bounded.mode")),
                             HasSubstr("'scan.watermark.idle-timeout' = '5000 ms'")));
}

TEST(FlinkTest, KeyedTopicsAreReadAsStreams) {
  EXPECT_THAT(flink_of("SELECT * FROM kept"),
              testing::AllOf(Not(HasSubstr("runtime-mode")),
                             HasSubstr("'scan.bounded.mode' = 'latest-offset'")));
  EXPECT_THAT(flink_of("SELECT * FROM kept ORDER BY id"),
              HasSubstr("Flink sorts all rows in batch mode only"));
  EXPECT_THAT(flink_of("SET 'execution.runtime-mode' = 'batch';\nINSERT INTO kept SELECT id, day "
                       "FROM kept"),
              HasSubstr("Flink reads no keyed topic in batch mode"));
}

TEST(FlinkTest, AMaterializedViewIsATopicAndWhatFillsIt) {
  const std::string text = flink_of(
      "CREATE MATERIALIZED VIEW counts AS SELECT item, COUNT(*) AS n FROM bids GROUP BY item");
  EXPECT_THAT(text, HasSubstr("CREATE TABLE IF NOT EXISTS `counts` (\n  `item` STRING,\n  "
                              "`n` BIGINT NOT NULL,\n  PRIMARY KEY (`item`) NOT ENFORCED\n)"));
  EXPECT_THAT(text, HasSubstr("INSERT INTO `counts`\nSELECT `item`, COUNT(*) AS `n` FROM `bids` "
                              "GROUP BY `item`;\n"));
}

TEST(FlinkTest, WhatFlinkCannotDoIsRefusedWithTheReason) {
  EXPECT_THAT(
      flink_of("SELECT b.id FROM bids b ASOF JOIN items i MATCH_CONDITION (b.ts >= i.ts) ON "
               "b.item = i.item"),
      testing::AllOf(HasSubstr("error: line 8, column "), HasSubstr("Flink has no ASOF join"),
                     HasSubstr("^")));
  EXPECT_THAT(flink_of("SELECT * FROM SESSION(bids PARTITION BY item, ts, INTERVAL '1' MINUTE)"),
              HasSubstr("Flink has no session windows in batch mode"));
  EXPECT_THAT(flink_of("SELECT MEDIAN(price) FROM bids"), HasSubstr("Flink has no MEDIAN"));
  EXPECT_THAT(flink_of("DELETE FROM kept WHERE id = 1"), HasSubstr("Flink has no DELETE"));
  EXPECT_THAT(flink_of("CREATE TABLE h (a INT) WITH ('connector' = 'http', 'url' = 'x');\n"
                       "INSERT INTO h SELECT 1"),
              HasSubstr("Flink has no connector 'http'"));
}

}  // namespace
}  // namespace dataflow::sql
