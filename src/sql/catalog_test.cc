#include "sql/catalog.h"

#include <gtest/gtest.h>

#include "sql/compile.h"
#include "sql/parser.h"
#include "sql/settings.h"

namespace dataflow::sql {
namespace {

// Statements that define things, one after the other; the first error's message, or nothing.
std::string define(Catalog& catalog, const std::string& script) {
  const auto statements = parse_script(script);
  if (!statements.ok()) return statements.status().message();
  for (const StatementAst& statement : *statements) {
    Status status;
    if (const auto* table = std::get_if<CreateTable>(&statement.what)) {
      status = catalog.create(*table, statement.text, script);
    } else if (const auto* view = std::get_if<CreateView>(&statement.what)) {
      status = catalog.create(*view, statement.text, script);
    } else if (const auto* function = std::get_if<CreateFunction>(&statement.what)) {
      status = catalog.create(*function, statement.text, script);
    } else if (const auto* drop = std::get_if<Drop>(&statement.what)) {
      status = catalog.drop(*drop, script);
    } else if (const auto* alter = std::get_if<AlterTable>(&statement.what)) {
      status = catalog.alter(*alter, script);
    }
    if (!status.ok()) return status.message().substr(0, status.message().find('\n'));
  }
  return "";
}

TEST(CatalogTest, a_table_is_checked_when_it_is_made) {
  Catalog catalog;
  EXPECT_EQ(define(catalog, "CREATE TABLE t (a INT, b INT, a STRING) WITH ('connector'='print')"),
            "line 1, column 31: column `a` is there twice");
  EXPECT_EQ(define(catalog,
                   "CREATE TABLE t (abc INT, PRIMARY KEY (abd) NOT ENFORCED) WITH "
                   "('connector'='print')"),
            "line 1, column 39: PRIMARY KEY: there is no column `abd`; did you mean \"abc\"?");
  EXPECT_NE(define(catalog,
                   "CREATE TABLE t (ts STRING, WATERMARK FOR ts AS ts) WITH "
                   "('connector'='print')")
                .find("column `ts` is STRING; event time is TIMESTAMP(3)"),
            std::string::npos);
  EXPECT_EQ(define(catalog, "CREATE TABLE t (a INT) WITH ('connector'='print', 'connector'='x')"),
            "line 1, column 51: option 'connector' is given twice");
  EXPECT_TRUE(catalog.tables().empty());
  EXPECT_EQ(define(catalog,
                   "CREATE TABLE t (a INT) WITH ('connector'='print');"
                   "CREATE TABLE IF NOT EXISTS t (b INT);"
                   "CREATE TABLE default_catalog.default_database.T2 (b INT)"),
            "");
  EXPECT_NE(define(catalog, "CREATE TABLE t (a INT)").find("there is a table `t` already"),
            std::string::npos);
  EXPECT_NE(define(catalog, "CREATE TABLE other.t (a INT)").find("there is no database `other`"),
            std::string::npos);
  ASSERT_NE(catalog.find_table("t2"), nullptr);
  EXPECT_TRUE(catalog.find_table("t2")->managed);
  EXPECT_EQ(define(catalog, "CREATE OR REPLACE TABLE t (c INT) WITH ('connector'='print')"), "");
  EXPECT_EQ(catalog.find_table("T")->columns[0].name, "c");
}

TEST(CatalogTest, like_takes_over_what_it_is_told_to) {
  Catalog catalog;
  ASSERT_EQ(define(catalog,
                   "CREATE TABLE b (a INT, ts TIMESTAMP(3), c AS a + 1, WATERMARK FOR ts "
                   "AS ts - INTERVAL '5' SECOND) WITH ('connector'='print', 'x'='1');"
                   "CREATE TABLE n (d INT) WITH ('x'='2') LIKE b;"
                   "CREATE TABLE e (d INT) WITH ('connector'='blackhole') LIKE b "
                   "(EXCLUDING ALL);"),
            "");
  const Table& n = *catalog.find_table("n");
  ASSERT_EQ(n.columns.size(), 4u);
  EXPECT_EQ(n.columns[3].name, "d");
  ASSERT_EQ(n.options.size(), 2u);
  EXPECT_EQ(n.options[1].value, "2");
  EXPECT_TRUE(n.watermark.has_value());
  const Table& e = *catalog.find_table("e");
  EXPECT_EQ(e.columns.size(), 3u);
  EXPECT_EQ(e.options.size(), 1u);
  EXPECT_FALSE(e.watermark.has_value());
  EXPECT_NE(define(catalog, "CREATE TABLE x (a INT) LIKE b").find("has a column `a`"),
            std::string::npos);
  EXPECT_NE(define(catalog, "CREATE TABLE x (d INT) WITH ('x'='2') LIKE b (INCLUDING OPTIONS)")
                .find("OVERWRITING OPTIONS replaces it"),
            std::string::npos);
}

TEST(CatalogTest, what_is_read_by_views_is_dropped_with_them_only) {
  Catalog catalog;
  ASSERT_EQ(define(catalog,
                   "CREATE TABLE t (a INT) WITH ('connector'='print');"
                   "CREATE VIEW v AS SELECT a FROM T;"
                   "CREATE VIEW w AS SELECT a FROM (SELECT a FROM v) x WHERE a IN (SELECT "
                   "a FROM t);"
                   "CREATE VIEW own AS WITH t AS (SELECT 1 AS a) SELECT a FROM t"),
            "");
  EXPECT_EQ(catalog.dependents_of("t", false), (std::vector<std::string>{"v", "w"}));
  EXPECT_NE(define(catalog, "DROP TABLE t").find("table `t` is read by `v`, `w`"),
            std::string::npos);
  EXPECT_NE(define(catalog, "DROP TABLE v").find("it is a view"), std::string::npos);
  EXPECT_NE(define(catalog, "DROP VIEW ownn").find("did you mean \"own\"?"), std::string::npos);
  EXPECT_EQ(define(catalog, "DROP TABLE IF EXISTS nothing; DROP TABLE t CASCADE"), "");
  EXPECT_TRUE(catalog.tables().empty());
  EXPECT_EQ(catalog.views().size(), 1u);
}

TEST(CatalogTest, a_function_is_checked_when_it_is_made) {
  Catalog catalog;
  EXPECT_EQ(define(catalog,
                   "CREATE FUNCTION twice(a BIGINT) RETURNS BIGINT AS a * 2;"
                   "CREATE FUNCTION label(a BIGINT, b STRING) AS b || CAST(twice(A) AS STRING)"),
            "");
  EXPECT_EQ(define(catalog, "CREATE FUNCTION upper(a STRING) AS a"),
            "line 1, column 17: there is a function upper already, which nobody made");
  EXPECT_EQ(define(catalog, "CREATE FUNCTION sum(a INT) AS a"),
            "line 1, column 17: there is a function sum already, which nobody made");
  EXPECT_EQ(define(catalog, "CREATE FUNCTION Tumble_Start(a INT) AS a"),
            "line 1, column 17: there is a function Tumble_Start already, which nobody made");
  EXPECT_EQ(define(catalog, "CREATE FUNCTION f(a INT) AS UPER('x')").substr(0, 60),
            "line 1, column 29: in UPER('x'): there is no function UPER; ");
  EXPECT_EQ(define(catalog, "CREATE FUNCTION f(a INT) AS SUM(a)"),
            "line 1, column 29: a function is of the values of one row: aggregates, OVER and "
            "queries stand in a view");
  EXPECT_EQ(define(catalog, "CREATE FUNCTION f(a INT) AS (SELECT 1)").substr(0, 48),
            "line 1, column 29: a function is of the values o");
  EXPECT_EQ(define(catalog, "CREATE FUNCTION f(a INT) AS f(a)"),
            "line 1, column 29: function `f` would call itself");
  EXPECT_EQ(define(catalog, "CREATE OR REPLACE FUNCTION twice(a BIGINT) AS LENGTH(label(a, ''))"),
            "line 1, column 47: function `twice` would call itself");
  EXPECT_EQ(define(catalog, "CREATE FUNCTION f(a STRING) AS twice(a, 1)"),
            "line 1, column 32: function `twice` takes 1 argument, not 2");
  EXPECT_EQ(define(catalog, "CREATE FUNCTION f(a STRING) RETURNS INT AS ARRAY[a]").substr(0, 17),
            "line 1, column 44");
  EXPECT_EQ(catalog.functions().size(), 2u);
}

TEST(CatalogTest, a_function_grows_no_further_than_an_expression_may) {
  Catalog catalog;
  ASSERT_EQ(define(catalog, "CREATE FUNCTION f0(a BIGINT) AS a + a"), "");
  std::string failed;
  for (int i = 1; i < 30 && failed.empty(); ++i) {
    const std::string before = "f" + std::to_string(i - 1) + "(a)";
    failed = define(catalog, "CREATE FUNCTION f" + std::to_string(i) + "(a BIGINT) AS " + before +
                                 " + " + before);
  }
  EXPECT_NE(failed.find("is too long with the bodies of the functions that it calls"),
            std::string::npos)
      << failed;
  std::string nested = "a";
  for (int i = 0; i < 200; ++i) nested = "one(" + nested + ")";
  ASSERT_EQ(define(catalog, "CREATE FUNCTION one(a BIGINT) AS ABS(ABS(a))"), "");
  EXPECT_NE(define(catalog, "CREATE FUNCTION deep(a BIGINT) AS " + nested)
                .find("nests too deeply with the bodies"),
            std::string::npos);
}

TEST(CatalogTest, a_function_goes_with_those_that_call_it_only) {
  Catalog catalog;
  ASSERT_EQ(define(catalog,
                   "CREATE FUNCTION f(a INT) AS a + 1; CREATE FUNCTION g(a INT) AS f(a) * 2;"
                   "CREATE TABLE t (a INT) WITH ('connector'='print');"
                   "CREATE VIEW v AS SELECT G(a) AS b FROM t"),
            "");
  EXPECT_EQ(define(catalog, "DROP FUNCTION f"),
            "line 1, column 15: function `f` is called by `g`, `v`; drop them first, or write "
            "CASCADE");
  EXPECT_EQ(define(catalog, "CREATE OR REPLACE FUNCTION f(a STRING) AS 1"),
            "line 1, column 28: function `f` is called by `g`, `v`, so the types that it takes and "
            "gives stay as they are; drop them first, or give the new function another name");
  EXPECT_EQ(define(catalog, "CREATE OR REPLACE FUNCTION f(b INT) AS b + 2"), "");
  ASSERT_EQ(define(catalog, "CREATE TABLE c (a INT, b AS g(a)) WITH ('connector'='print')"), "");
  EXPECT_EQ(define(catalog, "DROP FUNCTION f CASCADE"),
            "line 1, column 15: column `b` of table `c` is computed with function `f`; drop that "
            "column first");
  EXPECT_EQ(define(catalog, "DROP TABLE c; DROP FUNCTION f CASCADE"), "");
  EXPECT_TRUE(catalog.functions().empty());
  EXPECT_TRUE(catalog.views().empty());
}

TEST(CatalogTest, a_view_does_not_read_itself_in_other_letters) {
  Catalog catalog;
  EXPECT_EQ(define(catalog,
                   "CREATE TABLE t (a INT); CREATE VIEW Inner1 AS SELECT a FROM t;"
                   "CREATE VIEW Outer1 AS SELECT a FROM INNER1"),
            "");
  EXPECT_EQ(define(catalog, "CREATE OR REPLACE VIEW Inner1 AS SELECT a FROM outer1"),
            "line 1, column 24: view `Inner1` would read itself, by view `outer1`");
  EXPECT_EQ(define(catalog, "CREATE OR REPLACE VIEW Inner1 AS SELECT a FROM INNER1"),
            "line 1, column 24: view `Inner1` would read itself");
  // In other letters it may be another one.
  EXPECT_EQ(define(catalog, "CREATE VIEW inner1 AS SELECT a FROM Inner1"), "");
  EXPECT_NE(define(catalog, "DROP VIEW Inner1").find("is read by `Outer1`, `inner1`"),
            std::string::npos);
}

TEST(CatalogTest, a_failed_alter_changes_nothing) {
  Catalog catalog;
  ASSERT_EQ(define(catalog, "CREATE TABLE t (a INT, b INT, c AS a + 1) WITH ('connector'='print')"),
            "");
  EXPECT_NE(define(catalog, "ALTER TABLE t DROP a").find("computed column `c` reads it"),
            std::string::npos);
  EXPECT_EQ(catalog.find_table("t")->columns.size(), 3u);
  EXPECT_EQ(
      define(catalog, "ALTER TABLE t RENAME TO u; ALTER TABLE u SET ('connector'='blackhole')"),
      "");
  EXPECT_EQ(catalog.find_table("u")->options[0].value, "blackhole");
}

TEST(SettingsTest, flinks_keys_are_known) {
  Settings settings;
  EXPECT_TRUE(settings.set("execution.runtime-mode", "BATCH").ok());
  EXPECT_EQ(settings.mode(), RuntimeMode::kBatch);
  EXPECT_FALSE(settings.set("execution.runtime-mode", "batsh").ok());
  EXPECT_EQ(settings.mode(), RuntimeMode::kBatch);
  EXPECT_EQ(settings.set("execution.runtimemode", "batch").message(),
            "there is no setting 'execution.runtimemode'; did you mean "
            "\"execution.runtime-mode\"?");
  EXPECT_TRUE(settings.set("table.exec.state.ttl", "1 min").ok());
  EXPECT_EQ(settings.state_ttl_ms(), 60000);
  EXPECT_TRUE(settings.set("table.exec.source.idle-timeout", "100ms").ok());
  EXPECT_EQ(settings.idle_timeout_ms(), 100);
  EXPECT_TRUE(settings.set("execution.checkpointing.interval", "3s").ok());
  EXPECT_EQ(settings.checkpoint_interval_ms(), 3000);
  EXPECT_FALSE(settings.set("execution.checkpointing.interval", "3 moons").ok());
  EXPECT_TRUE(settings.set("table.exec.mini-batch.enabled", "true").ok());
  EXPECT_TRUE(settings.set("taskmanager.memory.size", "1g").ok());
  EXPECT_TRUE(settings.set("table.local-time-zone", "Europe/Berlin").ok());
  EXPECT_FALSE(settings.set("table.local-time-zone", "Europe/Bärlin").ok());
  EXPECT_EQ(settings.time_zone(), "Europe/Berlin");
  EXPECT_TRUE(settings.reset("").ok());
  EXPECT_EQ(settings.mode(), RuntimeMode::kStreaming);
}

class OptionsTest : public testing::Test {
 protected:
  Result<plan::SourceSpec> source(const std::string& create) {
    script_ = create;
    EXPECT_EQ(define(catalog_, create), "");
    return source_of(catalog_.tables().begin()->second, {}, settings_, script_);
  }
  Result<plan::SinkSpec> sink(const std::string& create) {
    script_ = create;
    EXPECT_EQ(define(catalog_, create), "");
    return sink_of(catalog_.tables().begin()->second, settings_, script_);
  }
  std::string wrong(const std::string& create) {
    const std::string message = source(create).status().message();
    return message.substr(0, message.find('\n'));
  }

  Catalog catalog_;
  Settings settings_;
  std::string script_;
};

TEST_F(OptionsTest, filesystem) {
  const auto spec = source(
      "CREATE TABLE t (a INT, ts TIMESTAMP(3), p STRING METADATA FROM 'file.path', WATERMARK FOR "
      "ts "
      "AS ts - INTERVAL '5' SECOND) WITH ('connector'='filesystem', 'path'='file:///tmp/in', "
      "'format'='csv', 'csv.field-delimiter'=';', 'csv.ignore-parse-errors'='true', "
      "'source.monitor-interval'='1 s')");
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->connector, "file");
  EXPECT_EQ(spec->options,
            (plan::Options{{"path", "/tmp/in"}, {"mode", "follow"}, {"poll_interval", "1000ms"}}));
  EXPECT_EQ(
      spec->format_options,
      (plan::Options{{"style", "flink"}, {"delimiter", ";"}, {"ignore_parse_errors", "true"}}));
  EXPECT_EQ(spec->schema->to_string(), "(a INT, ts TIMESTAMP(3), p STRING)");
  ASSERT_EQ(spec->metadata.size(), 1u);
  EXPECT_EQ(spec->metadata[0].what, plan::Metadata::kFile);
  EXPECT_EQ(spec->watermark->delay_ms, 5000);
  const auto sink = sink_of(catalog_.tables().begin()->second, settings_, script_);
  EXPECT_NE(sink.status().message().find("declare it VIRTUAL"), std::string::npos);
}

TEST_F(OptionsTest, event_time_that_is_computed) {
  const auto spec = source(
      "CREATE TABLE t (ms BIGINT, ts AS TO_TIMESTAMP_LTZ(ms, 3), WATERMARK FOR ts AS ts) WITH "
      "('connector'='kafka', 'topic'='x', 'format'='json', 'properties.bootstrap.servers'='h:1', "
      "'scan.startup.mode'='latest-offset', 'scan.bounded.mode'='latest-offset')");
  ASSERT_TRUE(spec.ok()) << spec.status();
  ASSERT_EQ(spec->computed.size(), 1u);
  EXPECT_EQ(spec->watermark->column, "ts");
  EXPECT_EQ(spec->options, (plan::Options{{"topic", "x"}, {"start", "latest"}, {"mode", "once"}}));
}

TEST_F(OptionsTest, unknown_options_name_the_nearest) {
  EXPECT_EQ(wrong("CREATE TABLE t (a INT) WITH ('connector'='filesystem', 'path'='x', "
                  "'format'='csv', 'csv.field-delimeter'=';')"),
            "line 1, column 84: table `t`: the connector 'filesystem' has no option "
            "'csv.field-delimeter'; did you mean \"csv.field-delimiter\"?");
}

TEST_F(OptionsTest, unknown_connectors_name_the_nearest) {
  EXPECT_NE(wrong("CREATE TABLE t (a INT) WITH ('connector'='filesytem')")
                .find("did you mean \"filesystem\"?"),
            std::string::npos);
}

TEST_F(OptionsTest, datagen_has_flinks_defaults) {
  const auto spec = source(
      "CREATE TABLE t (id BIGINT, name STRING, ts TIMESTAMP(3)) WITH ('connector'='datagen', "
      "'fields.id.kind'='sequence', 'fields.id.start'='1', 'fields.id.end'='10', "
      "'fields.name.length'='5')");
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->options, (plan::Options{{"splits", "1"},
                                          {"rate", "10000"},
                                          {"rows", "10"},
                                          {"fields.id.kind", "sequence"},
                                          {"fields.id.start", "1"},
                                          {"fields.name.length", "5"},
                                          {"fields.ts.kind", "time"},
                                          {"fields.ts.start", "now"}}));
}

TEST_F(OptionsTest, print_and_keys) {
  const auto print = sink(
      "CREATE TABLE t (a INT) WITH ('connector'='print', "
      "'print-identifier'='me')");
  ASSERT_TRUE(print.ok()) << print.status();
  EXPECT_EQ(print->format, "row");
  EXPECT_EQ(print->options, (plan::Options{{"prefix", "me> "}}));
  const auto upsert = sink(
      "CREATE OR REPLACE TABLE t (a INT, b INT, PRIMARY KEY (a) NOT ENFORCED) WITH ('connector'="
      "'upsert-kafka', 'topic'='x', 'properties.bootstrap.servers'='h', 'key.format'='json', "
      "'value.format'='json')");
  ASSERT_TRUE(upsert.ok()) << upsert.status();
  EXPECT_EQ(upsert->key_columns, (std::vector<std::string>{"a"}));
}

}  // namespace
}  // namespace dataflow::sql
