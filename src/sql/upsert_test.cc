// Tables of 'upsert-kafka' as sources: topics whose rows replace each other by their primary key.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/compile.h"
#include "sql/parser.h"

namespace dataflow::sql {
namespace {

using testing::HasSubstr;

constexpr const char* kTables =
    "CREATE TABLE rates (currency STRING, rate DOUBLE, ts TIMESTAMP(3),\n"
    "  doubled AS rate * 2, o BIGINT METADATA FROM 'offset' VIRTUAL,\n"
    "  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND, PRIMARY KEY (currency) NOT ENFORCED)\n"
    "  WITH ('connector' = 'upsert-kafka', 'topic' = 'rates', 'key.format' = 'json',\n"
    "  'value.format' = 'json', 'properties.bootstrap.servers' = 'h:1');\n"
    "CREATE TABLE orders (id BIGINT, currency STRING, other STRING, ts TIMESTAMP(3),\n"
    "  WATERMARK FOR ts AS ts)\n"
    "  WITH ('connector' = 'kafka', 'topic' = 'orders', 'format' = 'json');\n"
    "CREATE TABLE out1 (k STRING, v DOUBLE)\n"
    "  WITH ('connector' = 'print');\n";

class UpsertTableTest : public testing::Test {
 protected:
  Result<plan::Plan> compiled(const std::string& words) {
    const std::string script = kTables + words;
    Catalog catalog;
    Settings settings;
    DF_ASSIGN_OR_RETURN(const std::vector<StatementAst> statements, parse_script(script));
    for (const StatementAst& statement : statements) {
      if (const auto* table = std::get_if<CreateTable>(&statement.what)) {
        DF_RETURN_IF_ERROR(catalog.create(*table, statement.text));
      } else if (const auto* set = std::get_if<Set>(&statement.what)) {
        DF_RETURN_IF_ERROR(settings.set(set->key, set->value));
      }
    }
    const StatementAst& last = statements.back();
    if (const auto* select = std::get_if<SelectStatement>(&last.what)) {
      DF_ASSIGN_OR_RETURN(CompiledQuery made,
                          compile(*select->query, catalog, settings, script, false));
      return std::move(made.compiled.plan);
    }
    DF_ASSIGN_OR_RETURN(Compiled made,
                        compile({std::get<Insert>(last.what)}, catalog, settings, script));
    return std::move(made.plan);
  }
  std::string refusal(const std::string& words) { return compiled(words).status().message(); }
  // What the plan's upserts are, in the order of the plan.
  std::vector<plan::UpsertSpec> upserts_of(const std::string& words) {
    const Result<plan::Plan> plan = compiled(words);
    EXPECT_TRUE(plan.ok()) << plan.status();
    std::vector<plan::UpsertSpec> found;
    if (!plan.ok()) return found;
    for (const plan::Node& node : plan->nodes) {
      if (const auto* upsert = std::get_if<plan::UpsertSpec>(&node.spec)) found.push_back(*upsert);
    }
    return found;
  }
};

TEST_F(UpsertTableTest, AScanIsReadAsChangesOfItsRows) {
  const Result<plan::Plan> plan = compiled(
      "SET 'table.exec.state.ttl' = '1 h'; INSERT INTO out1 SELECT currency, doubled FROM rates");
  ASSERT_TRUE(plan.ok()) << plan.status();
  const auto& source = std::get<plan::SourceSpec>(plan->find("rates")->spec);
  EXPECT_EQ(source.upsert_keys, (std::vector<std::string>{"currency"}));
  EXPECT_EQ(source.key_format, "json");
  EXPECT_EQ(source.key_format_options, (plan::Options{{"style", "flink"}}));
  EXPECT_EQ(source.options, (plan::Options{{"topic", "rates"}, {"start", "earliest"}}));
  const auto& upsert = std::get<plan::UpsertSpec>(plan->find("upsert_1")->spec);
  EXPECT_EQ(upsert.keys, source.upsert_keys);
  EXPECT_EQ(upsert.ttl_ms, 3600'000);
  EXPECT_EQ(plan->find("upsert_1")->event_time, "ts");
  EXPECT_TRUE(plan::explain(*plan).find("upsert \"upsert_1\": row by (currency), kept for 1h") !=
              std::string::npos)
      << plan::explain(*plan);
}

TEST_F(UpsertTableTest, OptionsThatItHasNotAreRefused) {
  const auto with = [&](const std::string& options) {
    return refusal(
        "CREATE TABLE t (k STRING, v INT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = "
        "'upsert-kafka', 'topic' = 't', 'value.format' = 'json'" +
        options + "); SELECT * FROM t");
  };
  EXPECT_THAT(with(""), HasSubstr("'key.format'"));
  EXPECT_THAT(with(", 'key.format' = 'raw', 'scan.startup.mode' = 'latest-offset'"),
              HasSubstr("scan.startup.mode"));
  EXPECT_EQ(with(", 'key.format' = 'raw', 'scan.bounded.mode' = 'latest-offset'"), "");
  EXPECT_THAT(
      refusal("CREATE TABLE t (k STRING) WITH ('connector' = 'upsert-kafka', 'topic' = 't', "
              "'key.format' = 'raw', 'value.format' = 'json'); SELECT * FROM t"),
      HasSubstr("needs a primary key"));
}

TEST_F(UpsertTableTest, WhatTakesOnlyNewRowsRefusesItInAStream) {
  const std::string windows =
      "INSERT INTO out1 SELECT currency, SUM(rate) FROM TABLE(TUMBLE(TABLE rates, DESCRIPTOR(ts), "
      "INTERVAL '1' MINUTE)) GROUP BY currency, window_start, window_end";
  EXPECT_THAT(refusal(windows), HasSubstr("rows of a keyed topic replace each other"));
  EXPECT_EQ(refusal("SET 'execution.runtime-mode' = 'batch'; " + windows), "");
  EXPECT_EQ(refusal("INSERT INTO out1 SELECT currency, SUM(rate) FROM rates GROUP BY currency"),
            "");
}

TEST_F(UpsertTableTest, AJoinAsOfATimeComparesThePrimaryKey) {
  const auto join = [](const std::string& on) {
    return "SELECT o.currency, r.rate FROM orders AS o LEFT JOIN rates FOR SYSTEM_TIME AS OF o.ts "
           "AS "
           "r ON " +
           on;
  };
  const std::string insert = "INSERT INTO out1 ";
  EXPECT_EQ(refusal(insert + join("o.currency = r.currency AND o.id > r.o")), "");
  EXPECT_THAT(refusal(insert + join("o.id = r.o")),
              HasSubstr("primary key by =, and `currency` is not compared"));
}

TEST_F(UpsertTableTest, InBatchModeAJoinAsOfATimeHasAllVersions) {
  const std::string named =
      "SELECT o.currency, r.rate FROM orders AS o JOIN rates FOR SYSTEM_TIME AS OF o.ts AS r ON "
      "o.currency = r.currency";
  std::vector<plan::UpsertSpec> upserts = upserts_of(named);
  ASSERT_EQ(upserts.size(), 1U);
  EXPECT_TRUE(upserts[0].versions);
  upserts = upserts_of("INSERT INTO out1 " + named);
  ASSERT_EQ(upserts.size(), 1U);
  EXPECT_FALSE(upserts[0].versions);
  // Beside it, where the last rows are read.
  upserts = upserts_of(named + " UNION ALL SELECT currency, rate FROM rates");
  ASSERT_EQ(upserts.size(), 2U);
  EXPECT_NE(upserts[0].versions, upserts[1].versions);
}

}  // namespace
}  // namespace dataflow::sql
