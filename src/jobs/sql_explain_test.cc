// What a server's EXPLAIN tells of statements that run, and CREATE TEST.
#include <gmock/gmock.h>

#include "sql_bed.h"

namespace dataflow::jobs {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class SqlExplainTest : public SqlBed {
 protected:
  void define() {
    EXPECT_EQ(run("CREATE TABLE t (id BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts)"),
              "CREATE TABLE");
    EXPECT_EQ(run("CREATE MATERIALIZED VIEW w AS SELECT window_start, COUNT(*) AS n FROM TUMBLE(t, "
                  "ts, INTERVAL '1' MINUTE) GROUP BY window_start, window_end"),
              "CREATE MATERIALIZED VIEW");
  }
};

TEST_F(SqlExplainTest, TheWatermarkOfAViewSaysWhyItsWindowIsOpen) {
  define();
  run("INSERT INTO t VALUES (1, '2026-01-01 10:00:42'), (2, '2026-01-01 10:00:41')");
  EXPECT_EQ(run("FLUSH w"), "FLUSH");
  const std::string text = run("EXPLAIN WATERMARK w");
  EXPECT_THAT(text, HasSubstr("pipeline \"view-w\": running"));
  EXPECT_THAT(text, HasSubstr("source \"t\": the latest ts of the split that is furthest behind"));
  EXPECT_THAT(text, HasSubstr("2026-01-01 10:00:42.000, 2 rows read"));
  EXPECT_THAT(text, HasSubstr("window [2026-01-01 10:00:00.000, 2026-01-01 10:01:00.000)"));
  EXPECT_THAT(text, HasSubstr("fires when the watermark passes 2026-01-01 10:00:59.999"));
}

TEST_F(SqlExplainTest, TheWatermarkOfWhatDoesNotRunIsThatOfItsSources) {
  define();
  EXPECT_THAT(run("EXPLAIN WATERMARK SELECT id FROM t"),
              AllOf(HasSubstr("this statement does not run"),
                    HasSubstr("source \"t\": the latest ts"), Not(HasSubstr("pipeline"))));
  run("CREATE TABLE plain (id BIGINT)");
  EXPECT_THAT(run("EXPLAIN WATERMARK plain"), HasSubstr("no watermark"));
}

TEST_F(SqlExplainTest, AnalyzeRunsTheStatementAndCountsItsRows) {
  run("CREATE TABLE t (id BIGINT); CREATE TABLE u (id BIGINT)");
  run("INSERT INTO t VALUES (1), (2), (3)");
  EXPECT_THAT(run("EXPLAIN ANALYZE SELECT id FROM t WHERE id > 1"),
              AllOf(HasSubstr("3 rows out"), HasSubstr("3 rows read, 2 written")));
  run("SET 'execution.runtime-mode' = 'streaming'");
  EXPECT_THAT(run("EXPLAIN ANALYZE INSERT INTO u SELECT id FROM t"),
              HasSubstr("this one has none"));
  run("SET 'execution.runtime-mode' = 'batch'");
  EXPECT_THAT(run("EXPLAIN ANALYZE INSERT INTO u SELECT id FROM t"), HasSubstr("3 written"));
  EXPECT_EQ(run("SELECT COUNT(*) FROM u"), "3");
  run("RESET 'execution.runtime-mode'");
  EXPECT_THAT(run("EXPLAIN ANALYZE INSERT INTO u SELECT id FROM t"), HasSubstr("3 written"));
  EXPECT_THAT(run("EXPLAIN ANALYZE DELETE FROM t"), HasSubstr("it takes SELECT, INSERT"));
}

TEST_F(SqlExplainTest, FlinksTextNamesTheTopics) {
  define();
  EXPECT_THAT(run("EXPLAIN FLINK SELECT * FROM w"),
              AllOf(HasSubstr("CREATE TABLE IF NOT EXISTS `w`"), HasSubstr("'topic' = 'w'"),
                    HasSubstr("SELECT * FROM `w`;")));
}

TEST_F(SqlExplainTest, ATestSeesOnlyWhatItGives) {
  define();
  run("INSERT INTO t VALUES (1, '2026-01-01 09:00:00')");
  const std::string test =
      "CREATE TEST one GIVEN t VALUES (1, '2026-01-01 10:00:01'), (2, '2026-01-01 10:00:02') "
      "EXPECT w VALUES ('2026-01-01 10:00:00', ";
  EXPECT_EQ(run(test + "2)"), "CREATE TEST");
  EXPECT_EQ(run(test + "3)"),
            "error: test `one` failed: SELECT * FROM w: expected {window_start: 2026-01-01 "
            "10:00:00.000, n: 3}, came {window_start: 2026-01-01 10:00:00.000, n: 2}");
  EXPECT_THAT(run("CREATE TEST two GIVEN nope VALUES (1) EXPECT w NO ROWS"),
              HasSubstr("there is no table `nope`"));
}

}  // namespace
}  // namespace dataflow::jobs
