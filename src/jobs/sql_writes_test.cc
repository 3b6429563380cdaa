// Writes to tables that the server keeps: what becomes of a value on its way into a column.
#include <gmock/gmock.h>

#include <chrono>
#include <future>

#include "sql_bed.h"
#include "sql_server.h"
#include "table_writer.h"
#include "types/batch_builder.h"

namespace dataflow::jobs {
namespace {

using testing::HasSubstr;

class SqlWritesTest : public SqlBed {};

TEST_F(SqlWritesTest, NumbersAreBroughtToTheWidthOfTheirColumn) {
  run("CREATE TABLE t (k INT, s SMALLINT, b BIGINT, f DOUBLE, r FLOAT, d DECIMAL(5, 2), "
      "PRIMARY KEY (k) NOT ENFORCED)");
  EXPECT_EQ(run("INSERT INTO t VALUES ($1, $2, $3, $4, $5, $6)",
                {Value::int64(1), Value::int64(-7), Value::integer(Type::int32(), 5),
                 Value::int64(3), Value::float64(0.5), Value::float64(1.25)}),
            "INSERT 0 1");
  EXPECT_EQ(run("SELECT * FROM t"), "1, -7, 5, 3.0, 0.5, 1.25");
  run("SET 'execution.runtime-mode' = 'batch'");
  EXPECT_EQ(run("INSERT INTO t (k, s, d) SELECT CAST(2 AS BIGINT), b, b FROM t"), "INSERT 0 1");
  EXPECT_EQ(run("SELECT s, d FROM t WHERE k = 2"), "5, 5.00");
  EXPECT_EQ(run("UPDATE t SET s = CAST(9 AS BIGINT), d = 12 WHERE k = 1"), "UPDATE 1");
  EXPECT_EQ(run("SELECT s, d FROM t WHERE k = 1"), "9, 12.00");
}

// As a stream each row that it wrote would be the next one that it reads.
TEST_F(SqlWritesTest, WhatIsInsertedFromItsOwnTableEnds) {
  run("CREATE TABLE t (n INT)");
  run("INSERT INTO t VALUES (1), (2)");
  EXPECT_EQ(run("INSERT INTO t SELECT n + 2 FROM t"), "INSERT 0 2");
  run("CREATE VIEW v AS SELECT n + 4 AS n FROM t");
  EXPECT_EQ(run("INSERT INTO t SELECT n FROM v"), "INSERT 0 4");
  EXPECT_EQ(run("SELECT n FROM t ORDER BY n"), "1; 2; 3; 4; 5; 6; 7; 8");
  run("CREATE TABLE k (n INT PRIMARY KEY)");
  run("INSERT INTO k VALUES (1)");
  EXPECT_EQ(run("INSERT INTO k SELECT n + 1 FROM k"), "INSERT 0 1");
  EXPECT_EQ(run("SELECT n FROM k ORDER BY n"), "1; 2");
  EXPECT_EQ(run("SHOW JOBS"), "");
}

// What another statement of the set writes is no row of its own: that goes on, one behind the
// other.
TEST_F(SqlWritesTest, ASetWhoseStatementsFollowEachOtherGoesOn) {
  run("CREATE TABLE a (n INT)");
  run("CREATE TABLE b (n INT)");
  run("CREATE TABLE c (n INT)");
  EXPECT_EQ(run("EXECUTE STATEMENT SET BEGIN INSERT INTO b SELECT n FROM a; "
                "INSERT INTO c SELECT n * 10 FROM b; END"),
            "INSERT 0 0");
  EXPECT_THAT(run("SHOW JOBS"), HasSubstr("insert-into-b"));
}

TEST_F(SqlWritesTest, WhatHasNoRoomInItsColumnIsAnError) {
  run("CREATE TABLE t (k INT, s SMALLINT, d DECIMAL(5, 2), v VARCHAR(3), "
      "PRIMARY KEY (k) NOT ENFORCED)");
  run("INSERT INTO t VALUES (1, 1, 1, 'abc')");
  EXPECT_THAT(run("INSERT INTO t (k) VALUES ($1)", {Value::int64(3'000'000'000)}),
              HasSubstr("a row's value is out of the range of INT, which column `k` of `t` is"));
  EXPECT_THAT(run("UPDATE t SET s = 40000"),
              HasSubstr("out of the range of SMALLINT, which column `s`"));
  EXPECT_THAT(run("INSERT INTO t (k, d) VALUES (2, 1000)"),
              HasSubstr("out of the range of DECIMAL(5, 2), which column `d` of `t` is"));
  EXPECT_THAT(run("UPDATE t SET d = d * 1000"), HasSubstr("out of the range of DECIMAL(5, 2)"));
  EXPECT_THAT(run("INSERT INTO t (k, v) VALUES (2, 'abcd')"),
              HasSubstr("is longer than the 3 characters that column `v` of `t` takes"));
  EXPECT_THAT(run("UPDATE t SET v = v || 'd'"), HasSubstr("longer than the 3 characters"));
  EXPECT_EQ(run("INSERT INTO t (k, v) VALUES (3, 'äöü')"), "INSERT 0 1");
  close();
  open();
  EXPECT_THAT(run("INSERT INTO t (k, v) VALUES (2, 'abcd')"),
              HasSubstr("longer than the 3 characters"));
  EXPECT_EQ(run("SELECT * FROM t ORDER BY k"), "1, 1, 1.00, abc; 3, NULL, NULL, äöü");
  EXPECT_THAT(run("INSERT INTO t (k, s) VALUES (2, 1.5)"), HasSubstr("write CAST(… AS SMALLINT)"));
}

TEST_F(SqlWritesTest, TextsAreWhatTheColumnMakesOfThem) {
  run("CREATE TABLE t (k INT, d DATE, ts TIMESTAMP(3), v STRING, PRIMARY KEY (k) NOT ENFORCED)");
  EXPECT_EQ(run("INSERT INTO t VALUES (1, '2026-01-31', '2026-01-31 10:00:00', 5)"), "INSERT 0 1");
  EXPECT_EQ(run("UPDATE t SET d = '2026-02-01', v = k"), "UPDATE 1");
  EXPECT_EQ(run("SELECT * FROM t"), "1, 2026-02-01, 2026-01-31 10:00:00.000, 1");
  EXPECT_THAT(run("UPDATE t SET d = v"), HasSubstr("column `d` of `t` is DATE, the query gives"));
}

TEST_F(SqlWritesTest, NullDoesNotComeIntoAColumnThatIsNotNull) {
  run("CREATE TABLE s (a BIGINT)");
  run("CREATE TABLE t (a BIGINT NOT NULL, b STRING)");
  run("INSERT INTO s VALUES (1), (NULL), (3)");
  const std::string refused = "column `a` of `t` is NOT NULL, and a row has NULL there";
  EXPECT_THAT(run("INSERT INTO t (a) VALUES (NULL)"), HasSubstr(refused));
  run("SET 'execution.runtime-mode' = 'batch'");
  EXPECT_THAT(run("INSERT INTO t (a) SELECT a FROM s"), HasSubstr(refused));
  EXPECT_EQ(run("SELECT * FROM t"), "");
  // A pipeline has its dead letters for that.
  run("SET 'execution.runtime-mode' = 'streaming'");
  EXPECT_EQ(run("INSERT INTO t (a) SELECT a FROM s"), "INSERT 0 0");
  run("CREATE MATERIALIZED VIEW m AS SELECT COUNT(*) AS n FROM t");
  for (int i = 0; i < 1000 && run("FLUSH; SELECT n FROM m") != "2"; ++i) {
    (void)pipelines_->checkpoint("insert-into-t").ok();
  }
  EXPECT_EQ(run("SELECT a FROM t ORDER BY a"), "1; 3");
}

TEST_F(SqlWritesTest, AColumnIsSetOnce) {
  run("CREATE TABLE t (k INT, a INT, PRIMARY KEY (k) NOT ENFORCED)");
  EXPECT_EQ(run("UPDATE t SET a = 1, A = 2"), "error: line 1, column 21: column `a` is set twice");
}

TEST_F(SqlWritesTest, ATableIsMadeOfWhatAQueryHas) {
  run("CREATE TABLE t (k BIGINT, g STRING, PRIMARY KEY (k) NOT ENFORCED)");
  run("INSERT INTO t VALUES (1, 'a'), (2, 'a'), (3, 'b')");
  EXPECT_EQ(run("CREATE TABLE u AS SELECT g, COUNT(*) AS n FROM t GROUP BY g"), "CREATE TABLE");
  EXPECT_EQ(run("SELECT * FROM u ORDER BY g"), "a, 2; b, 1");
  EXPECT_EQ(run("CREATE TABLE IF NOT EXISTS u AS SELECT 1 AS x"), "CREATE TABLE");
  EXPECT_THAT(run("CREATE TABLE w AS SELECT CAST(g AS BIGINT) AS x FROM t"), HasSubstr("error"));
  EXPECT_EQ(run("SHOW TABLES"), "t; u");
  EXPECT_EQ(run("SHOW JOBS"), "");
  close();
  open();
  EXPECT_EQ(run("SELECT * FROM u ORDER BY g"), "a, 2; b, 1");
}

TEST_F(SqlWritesTest, RowsAreCopiedBetweenTablesThatAreKept) {
  run("CREATE TABLE s (k BIGINT, g STRING, PRIMARY KEY (k) NOT ENFORCED)");
  run("CREATE TABLE t (k BIGINT, g STRING, PRIMARY KEY (k) NOT ENFORCED)");
  run("CREATE TABLE n (g STRING, n BIGINT)");
  run("INSERT INTO s VALUES (1, 'a'), (2, 'a'), (3, 'b')");
  EXPECT_EQ(run("INSERT INTO t SELECT * FROM s WHERE k < 3"), "INSERT 0 2");
  EXPECT_EQ(run("INSERT INTO t (g, k) SELECT g, k + 10 FROM t"), "INSERT 0 2");
  // What changes later is of no account, so that a sink that only appends takes it.
  EXPECT_EQ(run("INSERT INTO n SELECT g, COUNT(*) FROM t GROUP BY g"), "INSERT 0 1");
  EXPECT_EQ(run("SELECT * FROM t ORDER BY k"), "1, a; 2, a; 11, a; 12, a");
  EXPECT_EQ(run("SELECT * FROM n"), "a, 4");
  EXPECT_EQ(run("SHOW JOBS"), "");
  run("INSERT INTO s VALUES (4, 'c')");
  EXPECT_EQ(run("SELECT COUNT(*) FROM t"), "4");
  EXPECT_EQ(run("DROP TABLE s"), "DROP TABLE");
}

TEST_F(SqlWritesTest, WhatIsDroppedIsNotWrittenAgain) {
  run("SET 'execution.runtime-mode' = 'streaming'");
  run("CREATE TABLE s (a BIGINT)");
  run("CREATE TABLE t (a BIGINT)");
  EXPECT_EQ(run("INSERT INTO t SELECT a FROM s"), "INSERT 0 0");
  EXPECT_THAT(run("DROP TABLE t"), HasSubstr("is used by the pipelines `insert-into-t`"));
  RemoveOptions options;
  options.give_up_output = true;
  ASSERT_TRUE(pipelines_->remove("insert-into-t", options).ok());
  const plan::Plan plan = [&] {
    run("INSERT INTO t SELECT a FROM s");
    return *pipelines_->describe("insert-into-t")->plan;
  }();
  ASSERT_TRUE(pipelines_->remove("insert-into-t", options).ok());
  EXPECT_EQ(run("DROP TABLE t"), "DROP TABLE");
  EXPECT_FALSE(pipelines_->deploy(plan, "", {}).ok());
  EXPECT_FALSE(log_->topic("t"));
}

// What is appended and not on disk yet is in front of what UPDATE writes.
TEST_F(SqlWritesTest, UpdateSeesWhatSomebodyElseIsJustWriting) {
  run("CREATE TABLE t (k BIGINT, v BIGINT, PRIMARY KEY (k) NOT ENFORCED)");
  run("INSERT INTO t VALUES (1, 1)");
  const std::string topic = log_->topic("t")->id.to_string();
  std::promise<void> goes_on;
  env_.set_hook(
      [&, opened = goes_on.get_future().share()](uint64_t, FaultOp op, const std::string& path) {
        if (op == FaultOp::kSync && path.find(topic) != std::string::npos) opened.wait();
      });
  BatchBuilder builder;
  ASSERT_TRUE(builder.add(env_.now(), "{\"k\":1}", "{\"k\":1,\"v\":100}").ok());
  std::string bytes = builder.finish();
  const auto partition = log_->partition("t", PartitionIndex(0));
  ASSERT_TRUE(partition->append({bytes.data(), bytes.size()}, false).ok());
  auto updated = std::async(std::launch::async, [&] { return run("UPDATE t SET v = v + 1"); });
  (void)updated.wait_for(std::chrono::seconds(1));
  goes_on.set_value();
  EXPECT_EQ(updated.get(), "UPDATE 1");
  env_.set_hook(nullptr);
  EXPECT_EQ(run("SELECT v FROM t"), "101");
}

TEST_F(SqlWritesTest, WhoWaitsForAnotherWriterCanBeCancelled) {
  run("CREATE TABLE t (k BIGINT, v BIGINT, PRIMARY KEY (k) NOT ENFORCED)");
  auto& writing = static_cast<SqlServer&>(*service_).writing("t");
  // What is made of the rows that it replaces is as good as an UPDATE.
  for (const char* statement : {"UPDATE t SET v = 1", "INSERT INTO t SELECT k, v + 1 FROM t"}) {
    writing.lock();
    auto waits = std::async(std::launch::async, [&] { return run(statement); });
    bool ended = false;
    for (int i = 0; i < 10'000 && !ended; ++i) {
      session_->cancel();
      ended = waits.wait_for(std::chrono::milliseconds(1)) == std::future_status::ready;
    }
    EXPECT_TRUE(ended) << statement;
    writing.unlock();
    EXPECT_EQ(waits.get(), "error: canceling statement due to user request");
  }
}

TEST_F(SqlWritesTest, ATableThatWasDefinedAnewIsAnotherOne) {
  auto& server = static_cast<SqlServer&>(*service_);
  run("CREATE TABLE t (a BIGINT)");
  const sql::Table before = *server.catalog()->find_table("t");
  EXPECT_TRUE(changes_of(server, before).ok());
  run("DROP TABLE t");
  run("CREATE TABLE t (b STRING)");
  EXPECT_EQ(changes_of(server, before).status().code(), StatusCode::kConflict);
}

}  // namespace
}  // namespace dataflow::jobs
