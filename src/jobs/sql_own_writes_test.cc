// What a transaction has written is there for its own statements, and for nobody else's.
#include <gmock/gmock.h>

#include "sql_bed.h"

namespace dataflow::jobs {
namespace {

class SqlOwnWritesTest : public SqlBed {};

TEST_F(SqlOwnWritesTest, RowsOfATableWithAKey) {
  run("CREATE TABLE t (k BIGINT, v BIGINT, PRIMARY KEY (k) NOT ENFORCED)");
  run("INSERT INTO t VALUES (1, 10), (2, 20), (3, 30)");
  EXPECT_EQ(run("SELECT v FROM t WHERE k = 1"), "10");
  run("BEGIN");
  EXPECT_EQ(run("INSERT INTO t VALUES (4, 40), (1, 11)"), "INSERT 0 2");
  EXPECT_EQ(run("SELECT v FROM t WHERE k = 1"), "11");
  EXPECT_EQ(run("SELECT v FROM t WHERE k = $1", {Value::int64(4)}), "40");
  EXPECT_EQ(run("UPDATE t SET v = v + 1 WHERE k IN (1, 2)"), "UPDATE 2");
  EXPECT_EQ(run("UPDATE t SET v = v + 1 WHERE v < 30"), "UPDATE 2");
  EXPECT_EQ(run("DELETE FROM t WHERE k = 3"), "DELETE 1");
  EXPECT_EQ(run("DELETE FROM t WHERE k = 3"), "DELETE 0");
  EXPECT_EQ(run("SELECT k, v FROM t ORDER BY k"), "1, 13; 2, 22; 4, 40");
  EXPECT_EQ(run("SELECT SUM(v), COUNT(*) FROM t"), "75, 3");
  EXPECT_EQ(run("SELECT a.k FROM t AS a JOIN t AS b ON a.v = b.v + 9"), "2");
  EXPECT_EQ(elsewhere("SELECT k, v FROM t ORDER BY k"), "1, 10; 2, 20; 3, 30");
  EXPECT_EQ(run("COMMIT"), "COMMIT");
  EXPECT_EQ(elsewhere("SELECT k, v FROM t ORDER BY k"), "1, 13; 2, 22; 4, 40");
}

TEST_F(SqlOwnWritesTest, RowsOfATableWithoutAKeyAndOfViews) {
  run("CREATE TABLE t (a BIGINT, b STRING)");
  run("CREATE VIEW big AS SELECT a FROM t WHERE a > 1");
  run("BEGIN");
  EXPECT_EQ(run("SELECT COUNT(*) FROM t"), "0");
  run("INSERT INTO t VALUES (1, 'x')");
  run("SAVEPOINT s");
  run("INSERT INTO t VALUES (2, 'y')");
  EXPECT_EQ(run("SELECT a, b FROM t"), "1, x; 2, y");
  EXPECT_EQ(run("SELECT a FROM big"), "2");
  run("ROLLBACK TO s");
  EXPECT_EQ(run("SELECT a, b FROM t"), "1, x");
  EXPECT_EQ(elsewhere("INSERT INTO t VALUES (5, 'z')"), "INSERT 0 1");
  EXPECT_EQ(run("SELECT a FROM t ORDER BY a"), "1; 5");
  EXPECT_EQ(run("ROLLBACK"), "ROLLBACK");
  EXPECT_EQ(run("SELECT a FROM t"), "5");
}

TEST_F(SqlOwnWritesTest, ManyRowsOfManyStatements) {
  run("CREATE TABLE t (k BIGINT, v STRING, PRIMARY KEY (k) NOT ENFORCED)");
  run("BEGIN");
  for (int i = 0; i < 30; ++i) {
    const std::string k = std::to_string(i % 10);
    EXPECT_EQ(run("INSERT INTO t VALUES (" + k + ", '" + std::string(3000, 'x') + "')"),
              "INSERT 0 1");
    EXPECT_EQ(run("SELECT COUNT(*) FROM t"), std::to_string(std::min(i + 1, 10)));
  }
  EXPECT_EQ(run("COMMIT"), "COMMIT");
  EXPECT_EQ(run("SELECT COUNT(*) FROM t"), "10");
}

TEST_F(SqlOwnWritesTest, WhatWasReadBehindAWriteIsHeldUpToCommit) {
  run("CREATE TABLE t (k BIGINT, v BIGINT, PRIMARY KEY (k) NOT ENFORCED)");
  run("INSERT INTO t VALUES (1, 1)");
  run("BEGIN");
  run("INSERT INTO t VALUES (2, 2)");
  EXPECT_EQ(elsewhere("INSERT INTO t VALUES (1, 100)"), "INSERT 0 1");
  EXPECT_EQ(run("UPDATE t SET v = v + 1"), "UPDATE 2");
  EXPECT_EQ(run("SELECT k, v FROM t ORDER BY k"), "1, 101; 2, 3");
  EXPECT_EQ(elsewhere("INSERT INTO t VALUES (1, 200)"), "INSERT 0 1");
  EXPECT_EQ(run("UPDATE t SET v = v + 1 WHERE k = 2"), "UPDATE 1");
  EXPECT_THAT(run("COMMIT"), testing::StartsWith("error: could not serialize"));
  EXPECT_EQ(run("SELECT k, v FROM t ORDER BY k"), "1, 200");
}

TEST_F(SqlOwnWritesTest, ARowThatDoesNotFitFailsItsStatement) {
  run("CREATE TABLE t (k BIGINT, v BIGINT NOT NULL, PRIMARY KEY (k) NOT ENFORCED)");
  run("BEGIN");
  EXPECT_EQ(run("INSERT INTO t VALUES (1, 1)"), "INSERT 0 1");
  EXPECT_THAT(run("UPDATE t SET v = CAST(NULL AS BIGINT)"), testing::HasSubstr("is NOT NULL"));
  EXPECT_EQ(session_->transaction(), TransactionState::kFailed);
  EXPECT_EQ(run("COMMIT"), "ROLLBACK");
  EXPECT_EQ(run("SELECT COUNT(*) FROM t"), "0");
}

TEST_F(SqlOwnWritesTest, RowsAreCopiedInATransaction) {
  run("CREATE TABLE t (k BIGINT, v BIGINT, PRIMARY KEY (k) NOT ENFORCED)");
  run("CREATE TABLE s (a BIGINT)");
  run("INSERT INTO s VALUES (1), (2)");
  run("BEGIN");
  EXPECT_EQ(run("INSERT INTO t SELECT a, a * 10 FROM s"), "INSERT 0 2");
  EXPECT_EQ(run("INSERT INTO t SELECT k + 5, v FROM t"), "INSERT 0 2");
  EXPECT_EQ(run("SELECT k, v FROM t ORDER BY k"), "1, 10; 2, 20; 6, 10; 7, 20");
  EXPECT_EQ(elsewhere("SELECT COUNT(*) FROM t"), "0");
  EXPECT_EQ(run("COMMIT"), "COMMIT");
  EXPECT_EQ(elsewhere("SELECT COUNT(*) FROM t"), "4");
}

TEST_F(SqlOwnWritesTest, ATableThatIsGoneIsNotMadeAgain) {
  run("CREATE TABLE t (k BIGINT, v BIGINT, PRIMARY KEY (k) NOT ENFORCED)");
  run("BEGIN");
  run("INSERT INTO t VALUES (1, 1)");
  EXPECT_EQ(elsewhere("DROP TABLE t"), "DROP TABLE");
  EXPECT_THAT(run("SELECT * FROM t"), testing::StartsWith("error:"));
  EXPECT_EQ(run("COMMIT"), "ROLLBACK");
  EXPECT_EQ(log_->topic("t"), std::nullopt);
}

}  // namespace
}  // namespace dataflow::jobs
