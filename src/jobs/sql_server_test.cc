#include "jobs/sql_server.h"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "sql_bed.h"

namespace dataflow::jobs {
namespace {

class SqlServerTest : public SqlBed {};

TEST_F(SqlServerTest, RowsGoIntoATableAndAreThereBehindARestart) {
  EXPECT_EQ(run("CREATE TABLE t (a BIGINT, b STRING NOT NULL)"), "CREATE TABLE");
  EXPECT_EQ(run("INSERT INTO t VALUES (1, 'x'), (2, 'y')"), "INSERT 0 2");
  EXPECT_EQ(run("INSERT INTO t (b) VALUES ('z')"), "INSERT 0 1");
  EXPECT_EQ(run("SELECT * FROM t ORDER BY b"), "1, x; 2, y; NULL, z");
  EXPECT_EQ(run("SELECT COUNT(*), SUM(a) FROM t"), "3, 3");
  close();
  open();
  EXPECT_EQ(run("SELECT a FROM t WHERE b <> 'z' ORDER BY a"), "1; 2");
  EXPECT_EQ(run("SHOW TABLES"), "t");
}

TEST_F(SqlServerTest, WhatDoesNotFitIsRefusedAndNothingIsWritten) {
  run("CREATE TABLE t (a BIGINT, b STRING NOT NULL)");
  EXPECT_THAT(run("INSERT INTO t VALUES (1, 'x'), (2, NULL)"),
              testing::HasSubstr("column `b` of `t` is NOT NULL, and a row has NULL there"));
  EXPECT_EQ(run("INSERT INTO t (a) VALUES (1)"),
            "error: line 1, column 13: column `b` of `t` is NOT NULL, and INSERT does not name it");
  EXPECT_EQ(run("INSERT INTO nope VALUES (1)"),
            "error: line 1, column 13: there is no table `nope`");
  EXPECT_EQ(run("UPDATE t SET a = 1"),
            "error: line 1, column 8: UPDATE takes a table without WITH that has a PRIMARY KEY; "
            "`t` is a stream of rows");
  EXPECT_EQ(run("SELECT * FROM t"), "");
}

TEST_F(SqlServerTest, ParametersHaveTheTypesOfWhatTheyMeet) {
  run("CREATE TABLE t (a BIGINT, b STRING, c TIMESTAMP(3))");
  const std::string text = "INSERT INTO t VALUES ($1, $2, $3)";
  auto parsed = session_->parse(text);
  ASSERT_TRUE(parsed.ok());
  auto prepared = session_->prepare((*parsed)[0], text, {});
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  EXPECT_EQ((*prepared)->parameters(),
            (std::vector<Type>{Type::int64(), Type::string(), Type::timestamp(3)}));
  EXPECT_FALSE((*prepared)->columns());
  for (int64_t i = 0; i < 3; ++i) {
    const auto answer = (*prepared)->execute(
        {Value::int64(i), Value::null(Type::string()), Value::integer(Type::timestamp(3), i)});
    ASSERT_TRUE(answer.ok()) << answer.status();
  }
  EXPECT_EQ(
      run("SELECT a FROM t WHERE a >= $1 ORDER BY a LIMIT $2", {Value::int64(1), Value::int64(1)}),
      "1");
  EXPECT_EQ(run("SELECT a FROM t WHERE a = $2", {Value::int64(1)}),
            "error: the statement takes 2 parameters, 1 are given");
  EXPECT_EQ(run("SELECT $1, $1 || 'b'", {Value::string("it's")}), "it's, it'sb");
}

// Rows are of the columns that were told, whatever is defined anew while they are looked up.
TEST_F(SqlServerTest, RowsAreOfTheColumnsThatWereTold) {
  run("CREATE TABLE t (a BIGINT)");
  std::atomic<bool> done = false;
  std::thread asks([&] {
    const auto session = service_->open_session();
    const std::string text = "SELECT * FROM v";
    const auto parsed = session->parse(text);
    while (!done) {
      const auto prepared = session->prepare(parsed->front(), text, {});
      if (!prepared.ok()) continue;
      for (int i = 0; i < 2; ++i) {
        auto answer = (*prepared)->execute({});
        if (!answer.ok()) continue;
        const auto rows = answer->rows->next(1);
        if (!rows.ok() || rows->empty()) continue;
        EXPECT_EQ(rows->front().size(), (*prepared)->columns()->size());
      }
    }
  });
  run("INSERT INTO t VALUES (1)");
  // So many that looking them up takes a while.
  std::string columns = "a";
  for (int i = 0; i < 300; ++i)
    columns += ", a + " + std::to_string(i) + " AS a" + std::to_string(i);
  for (int i = 0; i < 60; ++i) {
    const std::string more = i % 2 == 0 ? "" : ", a AS b";
    EXPECT_EQ(run("CREATE OR REPLACE VIEW v AS SELECT " + columns + more + " FROM t"),
              "CREATE VIEW");
  }
  done = true;
  asks.join();
}

TEST_F(SqlServerTest, ATransactionIsWrittenWholeOrNotAtAll) {
  run("CREATE TABLE t (a BIGINT)");
  EXPECT_EQ(run("BEGIN; INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)"), "INSERT 0 1");
  EXPECT_EQ(session_->transaction(), TransactionState::kOpen);
  EXPECT_EQ(run("ROLLBACK"), "ROLLBACK");
  EXPECT_EQ(run("SELECT * FROM t"), "");
  EXPECT_EQ(run("BEGIN; INSERT INTO t VALUES (3); INSERT INTO t VALUES (4); COMMIT"), "COMMIT");
  EXPECT_EQ(run("SELECT * FROM t ORDER BY a"), "3; 4");
  run("BEGIN; INSERT INTO t VALUES (5)");
  EXPECT_TRUE(run("SELECT * FROM t WHERE CAST('x' AS BIGINT) = a").starts_with("error"));
  EXPECT_EQ(session_->transaction(), TransactionState::kFailed);
  EXPECT_TRUE(run("SELECT 1").starts_with("error: the transaction has failed"));
  EXPECT_EQ(run("COMMIT"), "ROLLBACK");
  EXPECT_EQ(run("SELECT * FROM t ORDER BY a"), "3; 4");
}

TEST_F(SqlServerTest, DropSaysWhatDependsAndTakesItAllWithCascade) {
  run("CREATE TABLE t (a BIGINT)");
  run("CREATE VIEW v AS SELECT a FROM t");
  run("CREATE MATERIALIZED VIEW m AS SELECT a + 1 AS b FROM v");
  EXPECT_EQ(run("SHOW JOBS"), "view-m, running");
  EXPECT_TRUE(run("DROP TABLE t").starts_with("error: line 1, column 12: table `t` is read by"));
  EXPECT_EQ(run("DROP TABLE t CASCADE"), "DROP TABLE");
  EXPECT_EQ(run("SHOW TABLES"), "");
  EXPECT_EQ(run("SHOW JOBS"), "");
  EXPECT_FALSE(log_->topic("t") || log_->topic("m"));
  close();
  open();
  EXPECT_EQ(run("SHOW TABLES"), "");
}

TEST_F(SqlServerTest, ATopicThatIsThereIsNotTaken) {
  ASSERT_TRUE(log_->create_topic("t", 1, {}).ok());
  EXPECT_TRUE(run("CREATE TABLE t (a BIGINT)")
                  .starts_with("error: line 1, column 14: there is a topic `t` already"));
  EXPECT_EQ(run("SHOW TABLES"), "");
}

TEST_F(SqlServerTest, AViewIsKeptUpToDateAndSurvivesARestart) {
  run("CREATE TABLE t (a BIGINT, b STRING)");
  run("INSERT INTO t VALUES (1, 'x')");
  EXPECT_EQ(run("CREATE MATERIALIZED VIEW m AS SELECT a * 10 AS c FROM t"),
            "CREATE MATERIALIZED VIEW");
  run("INSERT INTO t VALUES (2, 'y')");
  EXPECT_EQ(run("FLUSH"), "FLUSH");
  EXPECT_EQ(run("SELECT * FROM m ORDER BY c"), "10; 20");
  close();
  open();
  run("INSERT INTO t VALUES (3, 'z')");
  EXPECT_EQ(run("FLUSH m"), "FLUSH");
  EXPECT_EQ(run("SELECT * FROM m ORDER BY c"), "10; 20; 30");
  EXPECT_TRUE(run("CREATE MATERIALIZED VIEW m AS SELECT 1").starts_with("error"));
  EXPECT_EQ(run("DROP MATERIALIZED VIEW m"), "DROP MATERIALIZED VIEW");
}

}  // namespace
}  // namespace dataflow::jobs
