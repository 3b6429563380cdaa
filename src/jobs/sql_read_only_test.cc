#include <gmock/gmock.h>

#include "sql_bed.h"

namespace dataflow::jobs {
namespace {

class SqlReadOnlyTest : public SqlBed {};

TEST_F(SqlReadOnlyTest, ATransactionThatOnlyReadsRefusesWhatWrites) {
  run("CREATE TABLE t (k BIGINT, v BIGINT, PRIMARY KEY (k) NOT ENFORCED)");
  run("INSERT INTO t VALUES (1, 1)");
  for (const auto& [text, name] : std::vector<std::pair<std::string, std::string>>{
           {"INSERT INTO t VALUES (2, 2)", "INSERT"},
           {"UPDATE t SET v = 2", "UPDATE"},
           {"DELETE FROM t", "DELETE"},
           {"CREATE TABLE u (a BIGINT)", "CREATE TABLE"},
           {"CREATE TABLE u AS SELECT * FROM t", "CREATE TABLE AS"},
           {"CREATE MATERIALIZED VIEW m AS SELECT * FROM t", "CREATE MATERIALIZED VIEW"},
           {"DROP TABLE t", "DROP TABLE"},
           {"ALTER TABLE t ADD (w BIGINT)", "ALTER TABLE"},
           {"EXPLAIN ANALYZE INSERT INTO t VALUES (2, 2)", "INSERT"}}) {
    EXPECT_EQ(run("BEGIN TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY"), "BEGIN");
    EXPECT_EQ(run("SELECT k, v FROM t"), "1, 1");
    EXPECT_EQ(run(text), "error: cannot execute " + name + " in a read-only transaction");
    EXPECT_EQ(run("COMMIT"), "ROLLBACK");
  }
  EXPECT_EQ(run("BEGIN READ WRITE; INSERT INTO t VALUES (2, 2); COMMIT"), "COMMIT");
  EXPECT_EQ(run("SELECT COUNT(*) FROM t"), "2");
}

TEST_F(SqlReadOnlyTest, TheSessionSaysWhatTransactionsBeginAs) {
  run("CREATE TABLE t (a BIGINT)");
  session_->set_read_only_by_default(true);
  EXPECT_TRUE(session_->read_only());
  EXPECT_EQ(run("INSERT INTO t VALUES (1)"),
            "error: cannot execute INSERT in a read-only transaction");
  EXPECT_THAT(run("BEGIN; INSERT INTO t VALUES (1)"), testing::HasSubstr("read-only"));
  EXPECT_EQ(run("ROLLBACK"), "ROLLBACK");
  session_->open_batch();
  EXPECT_TRUE(session_->read_only());
  session_->drop_batch();
  EXPECT_EQ(run("BEGIN READ WRITE; INSERT INTO t VALUES (1)"), "INSERT 0 1");
  EXPECT_FALSE(session_->read_only());
  EXPECT_EQ(run("COMMIT"), "COMMIT");
  EXPECT_EQ(run("BEGIN"), "BEGIN");
  EXPECT_TRUE(session_->set_read_only(false).ok());
  EXPECT_EQ(run("INSERT INTO t VALUES (2)"), "INSERT 0 1");
  EXPECT_TRUE(session_->set_read_only(true).ok());
  EXPECT_EQ(session_->set_read_only(false).message(),
            "transaction read-write mode must be set before any query");
  EXPECT_EQ(run("COMMIT"), "COMMIT");
  session_->set_read_only_by_default(false);
  EXPECT_EQ(run("SELECT a FROM t ORDER BY a"), "1; 2");
}

}  // namespace
}  // namespace dataflow::jobs
