// Materialized views: one-row views, what they are kept by, who may touch what keeps them.
#include <gmock/gmock.h>

#include <future>
#include <thread>

#include "sql_bed.h"

namespace dataflow::jobs {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class SqlViewsTest : public SqlBed {
 protected:
  std::string first_warning(const std::string& text) {
    auto parsed = session_->parse(text);
    if (!parsed.ok()) return parsed.status().message();
    auto prepared = session_->prepare((*parsed)[0], text, {});
    if (!prepared.ok()) return prepared.status().message();
    auto answer = (*prepared)->execute({});
    if (!answer.ok()) return answer.status().message();
    return answer->warnings.empty() ? "" : answer->warnings.front();
  }
};

// It is not the event time, so that nothing closes them.
TEST_F(SqlViewsTest, WindowsOverAnyTimeStayOpen) {
  run("CREATE TABLE t (id INT PRIMARY KEY, k INT, at TIMESTAMP(3))");
  run("CREATE MATERIALIZED VIEW tumbling AS SELECT window_start, window_end, k, COUNT(*) AS n "
      "FROM TUMBLE(t, at, INTERVAL '30' MINUTE) GROUP BY window_start, window_end, k");
  run("CREATE MATERIALIZED VIEW hopping AS SELECT window_start, window_end, COUNT(*) AS n "
      "FROM HOP(t, at, INTERVAL '10' MINUTE, INTERVAL '20' MINUTE) "
      "GROUP BY window_start, window_end");
  run("CREATE MATERIALIZED VIEW cumulating AS SELECT window_start, window_end, COUNT(*) AS n "
      "FROM CUMULATE(t, at, INTERVAL '10' MINUTE, INTERVAL '20' MINUTE) "
      "GROUP BY window_start, window_end");
  run("CREATE MATERIALIZED VIEW marked AS SELECT id, window_end "
      "FROM TUMBLE(t, at, INTERVAL '30' MINUTE, INTERVAL '10' MINUTE)");
  run("INSERT INTO t VALUES (1, 7, '2026-01-01 10:00:00'), (2, 7, '2026-01-01 10:19:59.999'), "
      "(3, 7, '2026-01-01 10:30:00'), (4, 8, NULL)");
  EXPECT_EQ(run("FLUSH"), "FLUSH");
  EXPECT_EQ(run("SELECT * FROM tumbling ORDER BY 1"),
            "2026-01-01 10:00:00.000, 2026-01-01 10:30:00.000, 7, 2; "
            "2026-01-01 10:30:00.000, 2026-01-01 11:00:00.000, 7, 1");
  EXPECT_EQ(run("SELECT * FROM hopping ORDER BY 1"),
            "2026-01-01 09:50:00.000, 2026-01-01 10:10:00.000, 1; "
            "2026-01-01 10:00:00.000, 2026-01-01 10:20:00.000, 2; "
            "2026-01-01 10:10:00.000, 2026-01-01 10:30:00.000, 1; "
            "2026-01-01 10:20:00.000, 2026-01-01 10:40:00.000, 1; "
            "2026-01-01 10:30:00.000, 2026-01-01 10:50:00.000, 1");
  EXPECT_EQ(run("SELECT * FROM cumulating ORDER BY 1, 2"),
            "2026-01-01 10:00:00.000, 2026-01-01 10:10:00.000, 1; "
            "2026-01-01 10:00:00.000, 2026-01-01 10:20:00.000, 2; "
            "2026-01-01 10:20:00.000, 2026-01-01 10:40:00.000, 1");
  EXPECT_EQ(run("SELECT * FROM marked ORDER BY 1"),
            "1, 2026-01-01 10:10:00.000; 2, 2026-01-01 10:40:00.000; 3, 2026-01-01 10:40:00.000");
  // What they say changes with the table.
  run("UPDATE t SET at = TIMESTAMP '2026-01-01 10:31:00' WHERE id = 1");
  run("DELETE FROM t WHERE id = 2");
  EXPECT_EQ(run("FLUSH"), "FLUSH");
  EXPECT_EQ(run("SELECT * FROM tumbling"),
            "2026-01-01 10:30:00.000, 2026-01-01 11:00:00.000, 7, 2");
  EXPECT_EQ(run("SELECT * FROM marked ORDER BY 1"),
            "1, 2026-01-01 10:40:00.000; 3, 2026-01-01 10:40:00.000");
  EXPECT_THAT(run("CREATE MATERIALIZED VIEW s AS SELECT window_start, COUNT(*) AS n "
                  "FROM SESSION(t, at, INTERVAL '30' MINUTE) GROUP BY window_start, window_end"),
              HasSubstr("not the event time"));
}

TEST_F(SqlViewsTest, AKeyOfATableOfOursIsEnforced) {
  run("CREATE TABLE t (a INT, b INT, v INT, PRIMARY KEY (a, b))");
  run("INSERT INTO t VALUES (1, 1, 5), (1, 2, 6)");
  run("INSERT INTO t VALUES (1, 1, 7)");
  EXPECT_EQ(run("SELECT * FROM t ORDER BY a, b"), "1, 1, 7; 1, 2, 6");
  EXPECT_THAT(run("CREATE TABLE o (a INT, PRIMARY KEY (a)) WITH ('connector' = 'upsert-kafka', "
                  "'topic' = 'o', 'key.format' = 'json', 'value.format' = 'json')"),
              HasSubstr("NOT ENFORCED"));
}

TEST_F(SqlViewsTest, AViewOfOneRowIsWhatItsQueryGives) {
  run("CREATE TABLE t (k BIGINT, v BIGINT NOT NULL, PRIMARY KEY (k) NOT ENFORCED)");
  run("CREATE TABLE s (a BIGINT)");
  const std::vector<std::string> queries = {
      "SELECT COUNT(*) AS n FROM s",
      "SELECT COUNT(*) AS n, SUM(v) AS s, MAX(v) AS m FROM t",
      "SELECT COUNT(*) FILTER (WHERE v > 10) + 1 AS n FROM t",
      "SELECT (SELECT COUNT(*) FROM s) AS a, (SELECT MAX(v) FROM t) AS b",
      "SELECT k, v FROM t ORDER BY v DESC, k LIMIT 1",
      "SELECT v FROM t ORDER BY k LIMIT 1"};
  for (size_t i = 0; i < queries.size(); ++i) {
    const std::string name = "m" + std::to_string(i);
    EXPECT_EQ(run("CREATE MATERIALIZED VIEW " + name + " AS " + queries[i]),
              "CREATE MATERIALIZED VIEW")
        << queries[i];
  }
  EXPECT_EQ(run("CREATE MATERIALIZED VIEW twice AS SELECT n * 2 AS n2 FROM m1"),
            "CREATE MATERIALIZED VIEW");
  const auto look = [&](const std::string& when) {
    ASSERT_EQ(run("FLUSH"), "FLUSH");
    for (size_t i = 0; i < queries.size(); ++i) {
      EXPECT_EQ(run("SELECT * FROM m" + std::to_string(i)), run(queries[i])) << when << queries[i];
    }
  };
  look("no rows: ");
  EXPECT_EQ(run("SELECT * FROM twice"), "0");
  run("INSERT INTO s VALUES (1), (2)");
  run("INSERT INTO t VALUES (1, 5), (2, 50)");
  look("rows: ");
  EXPECT_EQ(run("SELECT * FROM m1"), "2, 55, 50");
  EXPECT_EQ(run("SELECT * FROM twice"), "4");
  close();
  open();
  run("UPDATE t SET v = v + 1");
  look("behind a restart: ");
  run("DELETE FROM t WHERE k > 0");
  look("none again: ");
  EXPECT_EQ(run("SELECT * FROM m1"), "0, NULL, NULL");
}

// Orders leave with the rate that stands when they come, and not before rates that were written
// before the view was made.
TEST_F(SqlViewsTest, ALookupJoinMeetsWhatStandsNow) {
  run("CREATE TABLE rates (currency STRING, rate BIGINT, PRIMARY KEY (currency) NOT ENFORCED)");
  run("CREATE TABLE orders (id BIGINT, currency STRING, proc_time AS PROCTIME())");
  EXPECT_EQ(run("INSERT INTO rates VALUES ('EUR', 0), ('USD', 2), ('EUR', 1)"), "INSERT 0 3");
  EXPECT_EQ(run("INSERT INTO orders VALUES (1, 'EUR'), (2, 'GBP'), (3, 'USD')"), "INSERT 0 3");
  EXPECT_EQ(run("CREATE MATERIALIZED VIEW priced AS SELECT o.id, r.rate FROM orders AS o "
                "LEFT JOIN rates FOR SYSTEM_TIME AS OF o.proc_time AS r "
                "ON o.currency = r.currency"),
            "CREATE MATERIALIZED VIEW");
  const auto rows = [&] {
    EXPECT_EQ(run("FLUSH"), "FLUSH");
    return run("SELECT id, rate FROM priced ORDER BY id");
  };
  EXPECT_EQ(rows(), "1, 1; 2, NULL; 3, 2");
  run("UPDATE rates SET rate = 10 WHERE currency = 'EUR'");
  run("DELETE FROM rates WHERE currency = 'USD'");
  EXPECT_EQ(rows(), "1, 1; 2, NULL; 3, 2");
  run("INSERT INTO orders VALUES (4, 'EUR'), (5, 'USD')");
  EXPECT_EQ(rows(), "1, 1; 2, NULL; 3, 2; 4, 10; 5, NULL");
  // What was written meanwhile comes first, however the two topics are read.
  close();
  open(false);
  run("INSERT INTO orders VALUES (6, 'EUR'), (7, 'GBP')");
  run("INSERT INTO rates VALUES ('EUR', 20), ('GBP', 30)");
  pipelines_->start_all();
  EXPECT_EQ(rows(), "1, 1; 2, NULL; 3, 2; 4, 10; 5, NULL; 6, 20; 7, 30");
}

TEST_F(SqlViewsTest, TheKeyOfAViewOfOneRowIsNobodysColumn) {
  run("CREATE TABLE s (a BIGINT)");
  run("CREATE MATERIALIZED VIEW m AS SELECT COUNT(*) AS n FROM s");
  EXPECT_EQ(run("DESCRIBE m"), "n, BIGINT, FALSE, NULL, NULL, NULL");
  for (const RelationFacts& relation : service_->relations()) {
    if (relation.name != "m") continue;
    ASSERT_EQ(relation.columns.size(), 1U);
    EXPECT_EQ(relation.columns[0].name, "n");
    EXPECT_TRUE(relation.primary_key.empty());
  }
  close();
  open();
  EXPECT_EQ(run("DESCRIBE m"), "n, BIGINT, FALSE, NULL, NULL, NULL");
  EXPECT_THAT(run("SELECT `$one` FROM m"), StartsWith("error"));
  EXPECT_THAT(run("CREATE MATERIALIZED VIEW o AS SELECT COUNT(*) AS `$one` FROM s"),
              HasSubstr("`$one` is a name of the server's own"));
}

TEST_F(SqlViewsTest, SetsOfRowsHaveAllOfTheirColumnsAsAKey) {
  run("CREATE TABLE p (k BIGINT, g STRING, PRIMARY KEY (k) NOT ENFORCED)");
  run("CREATE TABLE q (k BIGINT, g STRING, PRIMARY KEY (k) NOT ENFORCED)");
  const std::vector<std::string> queries = {
      "SELECT DISTINCT g FROM p", "SELECT g FROM p EXCEPT SELECT g FROM q",
      "SELECT g FROM p INTERSECT SELECT g FROM q", "SELECT g FROM p UNION SELECT g FROM q"};
  for (size_t i = 0; i < queries.size(); ++i) {
    EXPECT_EQ(run("CREATE MATERIALIZED VIEW m" + std::to_string(i) + " AS " + queries[i]),
              "CREATE MATERIALIZED VIEW")
        << queries[i];
  }
  run("INSERT INTO p VALUES (1, 'a'), (2, 'a'), (3, 'b'), (4, CAST(NULL AS STRING))");
  run("INSERT INTO q VALUES (1, 'b'), (2, 'c')");
  run("DELETE FROM p WHERE k = 1");
  run("FLUSH");
  for (size_t i = 0; i < queries.size(); ++i) {
    EXPECT_EQ(run("SELECT * FROM m" + std::to_string(i) + " ORDER BY g"),
              run("SELECT * FROM (" + queries[i] + ") ORDER BY g"))
        << queries[i];
  }
}

TEST_F(SqlViewsTest, AViewIsKeptAsItsSessionHadItSet) {
  run("CREATE TABLE t (k BIGINT, g STRING, PRIMARY KEY (k) NOT ENFORCED)");
  const std::string make =
      "CREATE MATERIALIZED VIEW m AS SELECT g, COUNT(*) AS n FROM t GROUP BY g";
  EXPECT_THAT(first_warning(make), HasSubstr("SET 'table.exec.state.ttl' = '1 d' in front of"));
  run("DROP MATERIALIZED VIEW m");
  run("SET 'table.exec.state.ttl' = '2 h'; SET 'parallelism.default' = '2'");
  run("SET 'pipeline.name' = 'mine'");
  EXPECT_EQ(first_warning(make), "");
  const auto ttl = [&] {
    const auto pipeline = pipelines_->describe("view-m");
    EXPECT_TRUE(pipeline.ok()) << pipeline.status();
    if (!pipeline.ok()) return int64_t{-1};
    EXPECT_EQ(pipeline->plan->job.parallelism, 2);
    for (const plan::Node& node : pipeline->plan->nodes) {
      if (const auto* group = std::get_if<plan::GroupSpec>(&node.spec)) return group->ttl_ms;
    }
    return int64_t{-1};
  };
  EXPECT_EQ(ttl(), 7'200'000);
  // Made again where its pipeline is gone.
  RemoveOptions options;
  options.give_up_output = options.by_owner = true;
  ASSERT_TRUE(pipelines_->remove("view-m", options).ok());
  close();
  open();
  EXPECT_EQ(ttl(), 7'200'000);
}

TEST_F(SqlViewsTest, APipelineOfAViewIsItsOwn) {
  run("CREATE TABLE t (a BIGINT)");
  run("CREATE MATERIALIZED VIEW m AS SELECT a FROM t");
  const auto removed = pipelines_->remove("view-m", {});
  EXPECT_EQ(removed.status().code(), StatusCode::kConflict);
  EXPECT_THAT(removed.status().message(),
              HasSubstr("belongs to materialized view `m`; DROP MATERIALIZED VIEW `m`"));
  plan::Plan plan = *pipelines_->describe("view-m")->plan;
  DeployOptions options;
  options.replace = true;
  EXPECT_EQ(pipelines_->deploy(plan, "", options).status().code(), StatusCode::kConflict);
  run("INSERT INTO t VALUES (1)");
  ASSERT_TRUE(pipelines_->stop("view-m").ok());
  EXPECT_THAT(run("FLUSH m"), HasSubstr("view-m is stopped; dataflow pipeline start view-m"));
  ASSERT_TRUE(pipelines_->start("view-m").ok());
  EXPECT_EQ(run("FLUSH m; SELECT * FROM m"), "1");
  EXPECT_EQ(run("DROP MATERIALIZED VIEW m"), "DROP MATERIALIZED VIEW");
  EXPECT_EQ(run("SHOW JOBS"), "");
}

TEST_F(SqlViewsTest, FlushReturnsWhereSourcesHaveEnded) {
  run("CREATE TABLE t (a BIGINT)");
  run("INSERT INTO t VALUES (1), (2)");
  run("CREATE TABLE snap (a BIGINT) WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json', "
      "'scan.bounded.mode' = 'latest-offset')");
  run("CREATE MATERIALIZED VIEW ended AS SELECT a FROM snap");
  run("CREATE MATERIALIZED VIEW mixed AS SELECT a FROM snap UNION ALL SELECT a + 10 FROM t");
  run("INSERT INTO t VALUES (3)");
  EXPECT_EQ(run("FLUSH"), "FLUSH");
  EXPECT_EQ(run("SELECT * FROM ended ORDER BY a"), "1; 2");
  EXPECT_EQ(run("SELECT * FROM mixed ORDER BY a"), "1; 2; 11; 12; 13");
  close();
  open();
  EXPECT_EQ(run("FLUSH"), "FLUSH");
}

TEST_F(SqlViewsTest, FlushWaitsForAPipelineThatIsNotStartedYet) {
  run("CREATE TABLE t (a BIGINT)");
  run("CREATE MATERIALIZED VIEW m AS SELECT a FROM t");
  run("INSERT INTO t VALUES (1)");
  close();
  open(false);
  std::thread starts([this] { pipelines_->start_all(); });
  EXPECT_EQ(run("FLUSH"), "FLUSH");
  starts.join();
  EXPECT_EQ(run("SELECT * FROM m"), "1");
}

TEST_F(SqlViewsTest, FlushWaitsForACheckpointHoweverLateItIs) {
  close();
  engine_options_.checkpoint_wait_ms = 1;
  open();
  run("CREATE TABLE t (a BIGINT)");
  run("CREATE MATERIALIZED VIEW m AS SELECT a FROM t");
  run("INSERT INTO t VALUES (1)");
  std::promise<void> late, goes_on;
  std::atomic<bool> held = false;
  const std::string topic = log_->topic("m")->id.to_string();
  env_.set_hook(
      [&, opened = goes_on.get_future().share()](uint64_t, FaultOp op, const std::string& path) {
        if (op != FaultOp::kSync || path.find(topic) == std::string::npos) return;
        if (!held.exchange(true)) late.set_value();
        opened.wait();
      });
  std::future<std::string> flushed = std::async(std::launch::async, [&] { return run("FLUSH"); });
  late.get_future().wait();
  EXPECT_EQ(flushed.wait_for(std::chrono::seconds(2)), std::future_status::timeout);
  goes_on.set_value();
  EXPECT_EQ(flushed.get(), "FLUSH");
  env_.set_hook(nullptr);
  EXPECT_EQ(run("SELECT * FROM m"), "1");
}

TEST_F(SqlViewsTest, AReplacedViewIsAnotherOne) {
  run("CREATE TABLE t (a BIGINT, b STRING)");
  run("INSERT INTO t VALUES (1, 'x'), (2, 'y')");
  run("CREATE MATERIALIZED VIEW m AS SELECT a FROM t");
  EXPECT_EQ(run("CREATE OR REPLACE MATERIALIZED VIEW m AS SELECT nope FROM t").substr(0, 5),
            "error");
  EXPECT_EQ(run("FLUSH; SELECT * FROM m ORDER BY a"), "1; 2");
  EXPECT_EQ(run("CREATE OR REPLACE MATERIALIZED VIEW m AS SELECT b, a * 2 AS c FROM t"),
            "CREATE MATERIALIZED VIEW");
  EXPECT_EQ(run("FLUSH; SELECT * FROM m ORDER BY c"), "x, 2; y, 4");
  run("CREATE VIEW reads AS SELECT c FROM m");
  EXPECT_THAT(run("CREATE OR REPLACE MATERIALIZED VIEW m AS SELECT a FROM t"),
              HasSubstr("materialized view `m` is read by `reads`; drop that first"));
  close();
  open();
  run("INSERT INTO t VALUES (3, 'z')");
  EXPECT_EQ(run("FLUSH; SELECT * FROM reads ORDER BY c"), "2; 4; 6");
}

TEST_F(SqlViewsTest, ATableThatIsKeptTakesMoreColumns) {
  run("CREATE TABLE t (k BIGINT, PRIMARY KEY (k) NOT ENFORCED)");
  run("INSERT INTO t VALUES (1)");
  EXPECT_THAT(run("ALTER TABLE t ADD (b STRING NOT NULL)"), HasSubstr("would be NOT NULL"));
  EXPECT_EQ(run("ALTER TABLE t ADD (b STRING)"), "ALTER TABLE");
  run("INSERT INTO t VALUES (2, 'y')");
  run("UPDATE t SET b = 'x' WHERE b IS NULL");
  close();
  open();
  EXPECT_EQ(run("SELECT * FROM t ORDER BY k"), "1, x; 2, y");
  run("CREATE MATERIALIZED VIEW m AS SELECT * FROM t");
  EXPECT_THAT(run("ALTER TABLE t ADD (c STRING)"),
              HasSubstr("view `m` reads `t` with the columns"));
  EXPECT_THAT(run("ALTER TABLE t RENAME b TO c"), HasSubstr("hold the names of their columns"));
  EXPECT_THAT(run("ALTER TABLE t RENAME TO u"), HasSubstr("in a topic of its name"));
}

TEST_F(SqlViewsTest, AViewIsNotAlteredIntoOneThatCannotBeRead) {
  run("CREATE TABLE t (a BIGINT)");
  run("CREATE VIEW v AS SELECT a FROM t");
  EXPECT_THAT(run("ALTER VIEW v AS SELECT nope FROM t"),
              HasSubstr("line 1, column 24: there is no column `nope`"));
  EXPECT_EQ(run("SELECT * FROM v"), "");
  EXPECT_EQ(run("ALTER VIEW v AS SELECT a + 1 AS b FROM t"), "ALTER VIEW");
  EXPECT_EQ(run("DESCRIBE v"), "b, BIGINT, TRUE, NULL, NULL, NULL");
}

TEST_F(SqlViewsTest, NamesAreReadAsTheyAreWritten) {
  run("CREATE TABLE `a``b` (`c``d` BIGINT, e AS `c``d` + 1) WITH ('connector' = 'kafka', "
      "'topic' = 'x', 'format' = 'json')");
  close();
  open();
  const std::string text = "INSERT INTO `a``b` VALUES ($1)";
  auto parsed = session_->parse(text);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  auto prepared = session_->prepare((*parsed)[0], text, {});
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  EXPECT_EQ((*prepared)->parameters(), std::vector<Type>{Type::int64()});
  ASSERT_TRUE((*prepared)->execute({Value::int64(7)}).ok());
  EXPECT_EQ(run("SELECT `c``d`, e FROM `a``b`"), "7, 8");
  for (const RelationFacts& relation : service_->relations()) {
    ASSERT_EQ(relation.columns.size(), 2U);
    EXPECT_EQ(relation.columns[0].name, "c`d");
    EXPECT_EQ(relation.columns[1].type, Type::int64());
  }
}

// Windows over what windows gave go by the watermark that the first view says.
TEST_F(SqlViewsTest, AViewHasAWatermarkForWhoeverReadsIt) {
  run("CREATE TABLE e (k INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts)");
  const std::string seconds =
      " AS SELECT window_end, COUNT(*) AS n FROM TUMBLE(e, ts, INTERVAL '1' SECOND) GROUP BY "
      "window_start, window_end";
  EXPECT_THAT(run("CREATE MATERIALIZED VIEW m (at, n, WATERMARK FOR n AS n)" + seconds),
              HasSubstr("event time is TIMESTAMP(3) or TIMESTAMP_LTZ(3)"));
  EXPECT_THAT(run("CREATE MATERIALIZED VIEW m (at, n, WATERMARK FOR att AS att)" + seconds),
              HasSubstr("there is no column `att`; did you mean \"at\"?"));
  EXPECT_THAT(run("CREATE VIEW m (at, n, WATERMARK FOR at AS at)" + seconds),
              HasSubstr("only a MATERIALIZED VIEW has a WATERMARK"));
  ASSERT_EQ(run("CREATE MATERIALIZED VIEW m (at, n, WATERMARK FOR at AS at)" + seconds),
            "CREATE MATERIALIZED VIEW");
  const std::string minutes =
      "SELECT window_start, SUM(n) AS s FROM TUMBLE(m, at, INTERVAL '1' MINUTE) GROUP BY "
      "window_start, window_end";
  ASSERT_EQ(run("CREATE MATERIALIZED VIEW h AS " + minutes), "CREATE MATERIALIZED VIEW");
  EXPECT_THAT(run("SHOW CREATE MATERIALIZED VIEW m"), HasSubstr("WATERMARK FOR at AS at"));
  run("INSERT INTO e VALUES (1, '2026-01-01 00:00:01'), (1, '2026-01-01 00:00:01.5'), (1, "
      "'2026-01-01 00:01:30'), (1, '2026-01-01 00:03:00')");
  ASSERT_EQ(run("FLUSH"), "FLUSH");
  EXPECT_EQ(run("SELECT * FROM h"), "2026-01-01 00:00:00.000, 2");
  close();
  open();
  run("INSERT INTO e VALUES (1, '2026-01-01 00:03:05'), (1, '2026-01-01 00:05:00')");
  ASSERT_EQ(run("FLUSH"), "FLUSH");
  EXPECT_EQ(run("SELECT * FROM h ORDER BY 1"),
            "2026-01-01 00:00:00.000, 2; 2026-01-01 00:01:00.000, 1");
}

TEST_F(SqlViewsTest, WhatIsDefinedInATransactionIsSaidToBeThereAtOnce) {
  run("BEGIN");
  EXPECT_EQ(first_warning("CREATE TABLE t (a BIGINT)"),
            "CREATE TABLE takes effect at once, whatever becomes of the transaction");
  EXPECT_THAT(first_warning("DROP TABLE t"), StartsWith("DROP TABLE takes effect at once"));
  run("ROLLBACK");
  EXPECT_EQ(first_warning("CREATE TABLE t (a BIGINT)"), "");
}

}  // namespace
}  // namespace dataflow::jobs
