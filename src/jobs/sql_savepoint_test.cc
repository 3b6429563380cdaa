#include "sql_bed.h"

namespace dataflow::jobs {
namespace {

class SqlSavepointTest : public SqlBed {};

TEST_F(SqlSavepointTest, RollbackToTakesBackWhatCameBehind) {
  run("CREATE TABLE t (a BIGINT)");
  EXPECT_EQ(run("SAVEPOINT s"), "error: SAVEPOINT can only be used in transaction blocks");
  EXPECT_EQ(run("BEGIN"), "BEGIN");
  EXPECT_EQ(run("SAVEPOINT s"), "SAVEPOINT");
  EXPECT_EQ(run("INSERT INTO t VALUES (1)"), "INSERT 0 1");
  EXPECT_EQ(run("ROLLBACK TO SAVEPOINT s"), "ROLLBACK");
  EXPECT_EQ(run("INSERT INTO t VALUES (2)"), "INSERT 0 1");
  EXPECT_EQ(run("SAVEPOINT s"), "SAVEPOINT");
  EXPECT_EQ(run("INSERT INTO t VALUES (3), (4)"), "INSERT 0 2");
  EXPECT_EQ(run("SELECT nope FROM t").substr(0, 6), "error:");
  EXPECT_EQ(session_->transaction(), TransactionState::kFailed);
  EXPECT_EQ(run("SAVEPOINT later"),
            "error: the transaction has failed: nothing more is done before ROLLBACK ends it");
  EXPECT_EQ(run("ROLLBACK TO s"), "ROLLBACK");
  EXPECT_EQ(session_->transaction(), TransactionState::kOpen);
  EXPECT_EQ(run("RELEASE s"), "RELEASE");
  EXPECT_EQ(run("RELEASE SAVEPOINT s"), "RELEASE");
  EXPECT_EQ(run("INSERT INTO t VALUES (5)"), "INSERT 0 1");
  EXPECT_EQ(run("COMMIT"), "COMMIT");
  EXPECT_EQ(run("SELECT a FROM t ORDER BY a"), "2; 5");
}

TEST_F(SqlSavepointTest, OneThatIsNotThereFailsTheTransaction) {
  run("CREATE TABLE t (a BIGINT)");
  run("BEGIN");
  run("INSERT INTO t VALUES (1)");
  EXPECT_EQ(run("ROLLBACK TO s"), "error: line 1, column 13: savepoint \"s\" does not exist");
  EXPECT_EQ(run("COMMIT"), "ROLLBACK");
  EXPECT_EQ(run("SELECT COUNT(*) FROM t"), "0");
}

TEST_F(SqlSavepointTest, ListsAreParametersOfAny) {
  run("CREATE TABLE t (a BIGINT, b STRING)");
  run("INSERT INTO t VALUES (1, 'x'), (2, 'y'), (3, NULL)");
  const Type numbers = Type::array(Type::int64());
  const auto list = [&](std::vector<Value> values) { return Value::list(numbers, values); };
  const std::string any = "SELECT a FROM t WHERE a = ANY ($1) ORDER BY a";
  const std::string none = "SELECT a FROM t WHERE a <> ALL ($1) ORDER BY a";
  EXPECT_EQ(run(any, {list({Value::int64(1), Value::int64(3)})}), "1; 3");
  EXPECT_EQ(run(any, {list({})}), "");
  EXPECT_EQ(run(any, {Value::null(numbers)}), "");
  EXPECT_EQ(run(none, {list({Value::int64(1), Value::int64(3)})}), "2");
  EXPECT_EQ(run(none, {list({})}), "1; 2; 3");
  EXPECT_EQ(run(none, {list({Value::int64(1), Value::null(Type::int64())})}), "");
  auto parsed = session_->parse("SELECT a FROM t WHERE b = ANY ($1)");
  ASSERT_TRUE(parsed.ok());
  auto prepared = session_->prepare((*parsed)[0], "SELECT a FROM t WHERE b = ANY ($1)", {});
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  EXPECT_EQ((*prepared)->parameters(), std::vector<Type>{Type::array(Type::string())});
}

}  // namespace
}  // namespace dataflow::jobs
