// Managed tables with a primary key, and views whose rows change.
#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "sql_bed.h"

namespace dataflow::jobs {
namespace {

class SqlKeyedTest : public SqlBed {};

TEST_F(SqlKeyedTest, RowsAreReplacedUpdatedAndDeleted) {
  EXPECT_EQ(run("CREATE TABLE t (k BIGINT, v STRING, PRIMARY KEY (k) NOT ENFORCED)"),
            "CREATE TABLE");
  run("INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')");
  run("INSERT INTO t VALUES (2, 'B')");
  EXPECT_EQ(run("SELECT * FROM t ORDER BY k"), "1, a; 2, B; 3, c");
  EXPECT_EQ(run("UPDATE t SET v = v || '!' WHERE k >= 2"), "UPDATE 2");
  EXPECT_EQ(run("DELETE FROM t WHERE v = 'a'"), "DELETE 1");
  EXPECT_EQ(run("DELETE FROM t WHERE v = 'nobody'"), "DELETE 0");
  EXPECT_EQ(run("SELECT * FROM t ORDER BY k"), "2, B!; 3, c!");
  EXPECT_EQ(run("UPDATE t SET k = 7"),
            "error: line 1, column 14: `k` is of the primary key; DELETE the row and INSERT the "
            "other one");
  EXPECT_EQ(run("SELECT COUNT(*) FROM t"), "2");
  close();
  open();
  EXPECT_EQ(run("SELECT * FROM t ORDER BY k"), "2, B!; 3, c!");
}

TEST_F(SqlKeyedTest, AViewFollowsRowsThatChange) {
  run("CREATE TABLE t (k BIGINT, g STRING, v BIGINT, PRIMARY KEY (k) NOT ENFORCED)");
  run("INSERT INTO t VALUES (1, 'a', 10), (2, 'a', 20), (3, 'b', 30)");
  EXPECT_EQ(run("CREATE MATERIALIZED VIEW m AS SELECT g, SUM(v) AS s, COUNT(*) AS n FROM t "
                "GROUP BY g"),
            "CREATE MATERIALIZED VIEW");
  EXPECT_EQ(run("DESCRIBE m"),
            "g, STRING, TRUE, PRI(g), NULL, NULL; s, BIGINT, TRUE, NULL, NULL, NULL; n, BIGINT, "
            "FALSE, NULL, NULL, NULL");
  EXPECT_EQ(run("FLUSH"), "FLUSH");
  EXPECT_EQ(run("SELECT * FROM m ORDER BY g"), "a, 30, 2; b, 30, 1");
  EXPECT_EQ(run("UPDATE t SET g = 'b' WHERE k = 2"), "UPDATE 1");
  EXPECT_EQ(run("DELETE FROM t WHERE k = 1"), "DELETE 1");
  EXPECT_EQ(run("FLUSH"), "FLUSH");
  EXPECT_EQ(run("SELECT * FROM m ORDER BY g"), "b, 50, 2");
  EXPECT_EQ(run("CREATE MATERIALIZED VIEW top AS SELECT g, s FROM m WHERE s > 40"),
            "CREATE MATERIALIZED VIEW");
  run("INSERT INTO t VALUES (9, 'c', 100)");
  EXPECT_EQ(run("FLUSH top"), "FLUSH");
  EXPECT_EQ(run("SELECT * FROM top ORDER BY g"), "b, 50; c, 100");
  close();
  open();
  EXPECT_EQ(run("DELETE FROM t WHERE k = 9"), "DELETE 1");
  EXPECT_EQ(run("FLUSH"), "FLUSH");
  EXPECT_EQ(run("SELECT * FROM top ORDER BY g"), "b, 50");
}

TEST_F(SqlKeyedTest, AViewWithoutAKeyIsRefusedWithTheWayOut) {
  run("CREATE TABLE t (k BIGINT, g STRING, PRIMARY KEY (k) NOT ENFORCED)");
  EXPECT_EQ(run("CREATE MATERIALIZED VIEW m AS SELECT g FROM t").substr(0, 60),
            "error: line 1, column 26: rows of view `m` change (upsert_1)");
  EXPECT_EQ(run("SHOW TABLES"), "t");
  EXPECT_EQ(run("SHOW JOBS"), "");
}

// A user who moves goes from one task of the join to another: what he was must not come behind
// what he is.
TEST_F(SqlKeyedTest, AViewOfAJoinIsWhatItsQueryGives) {
  run("SET 'parallelism.default' = '3'");
  run("CREATE TABLE users (id BIGINT, city STRING, PRIMARY KEY (id) NOT ENFORCED)");
  run("CREATE TABLE cities (city STRING, name STRING, PRIMARY KEY (city) NOT ENFORCED)");
  const std::string query =
      "SELECT u.id, u.city, c.name FROM users u JOIN cities c ON u.city = c.city";
  run("INSERT INTO cities VALUES ('a', 'A'), ('b', 'B'), ('c', 'C'), ('d', 'D')");
  EXPECT_EQ(
      run("CREATE MATERIALIZED VIEW m (id, city, name, PRIMARY KEY (id) NOT ENFORCED) AS " + query),
      "CREATE MATERIALIZED VIEW");
  for (int round = 0; round < 8; ++round) {
    std::string values;
    for (int i = 0; i < 200; ++i) {
      const char city = static_cast<char>('a' + (i * 7 + round * (1 + i % 3)) % 5);
      values += (values.empty() ? "(" : ", (") + std::to_string(i) + ", '" + city + "')";
    }
    ASSERT_EQ(run("INSERT INTO users VALUES " + values), "INSERT 0 200");
    EXPECT_EQ(run("UPDATE cities SET name = name || '!' WHERE city = 'b'"), "UPDATE 1");
    ASSERT_EQ(run("FLUSH"), "FLUSH");
    ASSERT_EQ(run("SELECT * FROM m ORDER BY id"), run(query + " ORDER BY u.id")) << round;
  }
}

// Each view against its query while rows come, change and go.
TEST_F(SqlKeyedTest, ViewsAreWhatTheirQueriesGiveHoweverRowsChange) {
  run("CREATE TABLE p (k BIGINT, v BIGINT, g STRING, PRIMARY KEY (k) NOT ENFORCED)");
  run("CREATE TABLE q (k BIGINT, g STRING, PRIMARY KEY (k) NOT ENFORCED)");
  const std::vector<std::string> queries = {
      "SELECT g, n, rn FROM (SELECT g, n, ROW_NUMBER() OVER (ORDER BY n DESC, g) AS rn FROM "
      "(SELECT g, COUNT(*) AS n FROM p GROUP BY g)) WHERE rn <= 2",
      "SELECT k, v FROM p WHERE v NOT IN (SELECT k FROM q)",
      "SELECT k, v FROM p WHERE v IN (SELECT k FROM q)",
      "SELECT p.k, q.k AS qk, q.g FROM p LEFT JOIN q ON p.v = q.k",
      "SELECT p.k, q.k AS qk, p.g, q.g AS qg FROM p FULL JOIN q ON p.v = q.k",
      "SELECT p.k, p.g, q.g AS qg FROM p JOIN q ON p.v = q.k",
      "SELECT g, COUNT(*) AS n, SUM(v) AS s FROM p GROUP BY g",
      "SELECT DISTINCT g FROM p"};
  for (size_t i = 0; i < queries.size(); ++i) {
    EXPECT_EQ(run("CREATE MATERIALIZED VIEW m" + std::to_string(i) + " AS " + queries[i]),
              "CREATE MATERIALIZED VIEW")
        << queries[i];
  }
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto one_of = [&](uint64_t most) { return std::to_string(random() % most); };
  for (int round = 0; round < 12; ++round) {
    for (int i = 0; i < 12; ++i) {
      const std::string group = random() % 5 == 0 ? "CAST(NULL AS STRING)" : "'" + one_of(4) + "'";
      run("INSERT INTO p VALUES (" + one_of(9) + ", " + one_of(6) + ", " + group + ")");
    }
    run("UPDATE p SET v = v + 1 WHERE k > " + one_of(9));
    run("DELETE FROM p WHERE k = " + one_of(9));
    run("INSERT INTO q VALUES (" + one_of(7) + ", 'x" + one_of(3) + "')");
    if (round % 3 == 2) run("DELETE FROM q WHERE k = " + one_of(7));
    if (round == 6) {
      close();
      open();
    }
    EXPECT_EQ(run("FLUSH"), "FLUSH");
    for (size_t i = 0; i < queries.size(); ++i) {
      const auto sorted = [](const std::string& rows) {
        std::vector<std::string> lines;
        for (size_t from = 0; from < rows.size();) {
          const size_t end = std::min(rows.find("; ", from), rows.size());
          lines.push_back(rows.substr(from, end - from));
          from = end + 2;
        }
        std::sort(lines.begin(), lines.end());
        return lines;
      };
      ASSERT_EQ(sorted(run("SELECT * FROM m" + std::to_string(i))), sorted(run(queries[i])))
          << "round " << round << ": " << queries[i];
    }
  }
}

TEST_F(SqlKeyedTest, WhatATransactionHasReadIsWrittenOnlyIfNobodyElseWrote) {
  run("CREATE TABLE t (k BIGINT, v BIGINT NOT NULL, PRIMARY KEY (k) NOT ENFORCED)");
  EXPECT_EQ(run("INSERT INTO t VALUES (1, 1), (1, 2), (1, 1)"), "INSERT 0 3");
  EXPECT_EQ(run("SELECT v FROM t"), "1");
  EXPECT_THAT(run("UPDATE t SET v = NULL"),
              testing::HasSubstr("column `v` of `t` is NOT NULL, and a row has NULL there"));
  EXPECT_EQ(run("BEGIN; UPDATE t SET v = v + 1"), "UPDATE 1");
  EXPECT_EQ(run("UPDATE t SET v = v + 1"), "UPDATE 1");
  EXPECT_EQ(run("ROLLBACK"), "ROLLBACK");
  EXPECT_EQ(run("BEGIN; UPDATE t SET v = v + 1"), "UPDATE 1");
  std::unique_ptr<SqlSession> mine = service_->open_session();
  std::swap(session_, mine);
  EXPECT_EQ(run("INSERT INTO t VALUES (1, 100)"), "INSERT 0 1");
  std::swap(session_, mine);
  EXPECT_TRUE(run("COMMIT").starts_with("error: could not serialize"));
  EXPECT_EQ(run("SELECT v FROM t"), "100");
}

TEST_F(SqlKeyedTest, WhoSubscribesSeesEachChangeUntilItIsCancelled) {
  run("CREATE TABLE t (k BIGINT, v STRING, PRIMARY KEY (k) NOT ENFORCED)");
  run("INSERT INTO t VALUES (1, 'a'), (2, 'b')");
  const auto reader = service_->open_session();
  const std::string text = "SUBSCRIBE TO (SELECT v, k FROM t)";
  auto parsed = reader->parse(text);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  auto prepared = reader->prepare((*parsed)[0], text, {});
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  ASSERT_TRUE((*prepared)->columns());
  EXPECT_EQ((*prepared)->columns()->front().name, "op");
  auto answer = (*prepared)->execute({});
  ASSERT_TRUE(answer.ok()) << answer.status();
  std::vector<std::string> seen;
  const auto read = [&](size_t until) {
    while (seen.size() < until) {
      auto part = answer->rows->next(1);
      ASSERT_TRUE(part.ok()) << part.status();
      for (const Row& row : *part) {
        seen.push_back(cell_text(row[0]) + " " + cell_text(row[1]) + " " + cell_text(row[2]));
      }
    }
  };
  read(2);
  run("UPDATE t SET v = 'B' WHERE k = 2");
  run("DELETE FROM t WHERE k = 1");
  read(5);
  EXPECT_EQ(seen, (std::vector<std::string>{"+I a 1", "+I b 2", "-U b 2", "+U B 2", "-D a 1"}));
  reader->cancel();
  EXPECT_EQ(answer->rows->next(1).status().code(), StatusCode::kCancelled);
}

}  // namespace
}  // namespace dataflow::jobs
