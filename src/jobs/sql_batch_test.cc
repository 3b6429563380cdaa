// Statements that are one transaction though nobody has said BEGIN.
#include <gmock/gmock.h>

#include <future>

#include "sql_bed.h"

namespace dataflow::jobs {
namespace {

class SqlBatchTest : public SqlBed {
 protected:
  // As who speaks a protocol runs them: in a batch, up to the first one that fails.
  std::string batch(const std::vector<std::string>& texts) {
    std::string last;
    for (const std::string& text : texts) {
      session_->open_batch();
      last = run(text);
      if (!last.starts_with("error:")) continue;
      session_->fail_transaction();
      session_->drop_batch();
      return last;
    }
    const Status committed = session_->commit_batch();
    return committed.ok() ? last : "error: " + committed.message();
  }
};

TEST_F(SqlBatchTest, IsWrittenWholeOrNotAtAll) {
  run("CREATE TABLE t (k BIGINT, v BIGINT NOT NULL, PRIMARY KEY (k) NOT ENFORCED)");
  session_->open_batch();
  EXPECT_EQ(run("INSERT INTO t VALUES (1, 1)"), "INSERT 0 1");
  EXPECT_EQ(run("UPDATE t SET v = v + 1"), "UPDATE 1");
  EXPECT_EQ(run("SELECT v FROM t"), "2");
  EXPECT_EQ(session_->transaction(), TransactionState::kNone);
  EXPECT_EQ(elsewhere("SELECT COUNT(*) FROM t"), "0");
  ASSERT_TRUE(session_->commit_batch().ok());
  EXPECT_FALSE(session_->in_batch());
  EXPECT_EQ(elsewhere("SELECT v FROM t"), "2");

  EXPECT_THAT(batch({"DELETE FROM t", "INSERT INTO t VALUES (2, NULL)"}),
              testing::HasSubstr("is NOT NULL"));
  EXPECT_EQ(run("SELECT k, v FROM t"), "1, 2");
  // Nothing is left of it.
  EXPECT_EQ(run("INSERT INTO t VALUES (3, 3)"), "INSERT 0 1");
  EXPECT_EQ(elsewhere("SELECT COUNT(*) FROM t"), "2");
}

TEST_F(SqlBatchTest, WhatCanBePartOfNoTransactionCommitsWhatIsInFrontOfIt) {
  EXPECT_EQ(
      batch({"CREATE TABLE a (x BIGINT)", "INSERT INTO a VALUES (1)", "CREATE TABLE b (x BIGINT)",
             "INSERT INTO b VALUES (2)", "INSERT INTO a VALUES (3)",
             "INSERT INTO b SELECT x FROM a", "FLUSH", "INSERT INTO b VALUES (7)"}),
      "INSERT 0 1");
  EXPECT_EQ(run("SELECT x FROM a ORDER BY x"), "1; 3");
  EXPECT_EQ(run("SELECT x FROM b ORDER BY x"), "1; 2; 3; 7");
  EXPECT_THAT(batch({"INSERT INTO a VALUES (4)", "CREATE TABLE c (x BIGINT)",
                     "INSERT INTO a VALUES (5)", "SELECT nope FROM a"}),
              testing::StartsWith("error:"));
  EXPECT_EQ(run("SELECT x FROM a ORDER BY x"), "1; 3; 4");
  EXPECT_EQ(run("SELECT COUNT(*) FROM c"), "0");
}

TEST_F(SqlBatchTest, BeginMakesItATransactionAndCommitEndsIt) {
  run("CREATE TABLE t (a BIGINT)");
  EXPECT_EQ(batch({"INSERT INTO t VALUES (1)", "BEGIN", "INSERT INTO t VALUES (2)"}), "INSERT 0 1");
  EXPECT_EQ(session_->transaction(), TransactionState::kOpen);
  EXPECT_EQ(elsewhere("SELECT COUNT(*) FROM t"), "0");
  EXPECT_EQ(run("ROLLBACK"), "ROLLBACK");
  EXPECT_EQ(elsewhere("SELECT COUNT(*) FROM t"), "0");
  EXPECT_THAT(batch({"INSERT INTO t VALUES (1)", "COMMIT", "INSERT INTO t VALUES (2)",
                     "SELECT nope FROM t"}),
              testing::StartsWith("error:"));
  EXPECT_EQ(run("SELECT a FROM t"), "1");
  EXPECT_EQ(batch({"INSERT INTO t VALUES (3)", "ROLLBACK", "INSERT INTO t VALUES (4)"}),
            "INSERT 0 1");
  EXPECT_EQ(run("SELECT a FROM t ORDER BY a"), "1; 4");
  EXPECT_EQ(batch({"INSERT INTO t VALUES (5)", "SAVEPOINT s"}),
            "error: SAVEPOINT can only be used in transaction blocks");
  EXPECT_EQ(run("SELECT COUNT(*) FROM t"), "2");
}

// Nobody says of a batch that it is to be run again.
TEST_F(SqlBatchTest, NobodyWritesBetweenWhatItHasReadAndItsEnd) {
  run("CREATE TABLE t (k BIGINT, v BIGINT, PRIMARY KEY (k) NOT ENFORCED)");
  run("CREATE TABLE u (k BIGINT, v BIGINT, PRIMARY KEY (k) NOT ENFORCED)");
  run("INSERT INTO t VALUES (1, 0)");
  session_->open_batch();
  EXPECT_EQ(run("UPDATE t SET v = v + 1"), "UPDATE 1");
  const auto other = service_->open_session();
  auto adds = std::async(std::launch::async, [&] {
    const std::string text = "UPDATE t SET v = v + 10";
    auto parsed = other->parse(text);
    auto prepared = other->prepare((*parsed)[0], text, {});
    return (*prepared)->execute({}).status();
  });
  EXPECT_EQ(run("UPDATE t SET v = v + 1"), "UPDATE 1");
  ASSERT_TRUE(session_->commit_batch().ok());
  EXPECT_TRUE(adds.get().ok());
  EXPECT_EQ(run("SELECT v FROM t"), "12");

  // One table at a time.
  EXPECT_EQ(batch({"UPDATE t SET v = 1", "UPDATE u SET v = 1", "UPDATE t SET v = v + 1"}),
            "UPDATE 1");
  EXPECT_EQ(elsewhere("UPDATE t SET v = v + 1"), "UPDATE 1");
  EXPECT_EQ(elsewhere("UPDATE u SET v = v + 1"), "UPDATE 0");
  EXPECT_EQ(run("SELECT v FROM t"), "3");

  // Who goes away lets others write.
  session_->open_batch();
  EXPECT_EQ(run("UPDATE t SET v = 100"), "UPDATE 1");
  session_ = service_->open_session();
  EXPECT_EQ(run("UPDATE t SET v = v + 1"), "UPDATE 1");
  EXPECT_EQ(run("SELECT v FROM t"), "4");
}

TEST_F(SqlBatchTest, ACommitThatFailsLeavesNothing) {
  run("CREATE TABLE t (a BIGINT)");
  session_->open_batch();
  EXPECT_EQ(run("INSERT INTO t VALUES (1)"), "INSERT 0 1");
  EXPECT_EQ(elsewhere("DROP TABLE t"), "DROP TABLE");
  EXPECT_EQ(elsewhere("CREATE TABLE t (a BIGINT)"), "CREATE TABLE");
  EXPECT_THAT(session_->commit_batch().message(), testing::HasSubstr("was dropped meanwhile"));
  EXPECT_FALSE(session_->in_batch());
  EXPECT_EQ(run("SELECT COUNT(*) FROM t"), "0");
}

}  // namespace
}  // namespace dataflow::jobs
