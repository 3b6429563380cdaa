// Reads of keyed tables by key: each query from the index in memory, and through a job.
#include <algorithm>
#include <random>
#include <thread>

#include "sql_bed.h"
#include "sql_server.h"
#include "table_indexes.h"

namespace dataflow::jobs {
namespace {

class PointReadTest : public SqlBed {
 protected:
  TableIndexes& indexes() { return static_cast<SqlServer&>(*service_).indexes(); }

  // What `text` gives from the index ("job: …" if there was none), rows in the order of their
  // texts.
  std::string by_key(const std::string& text, const std::vector<Value>& parameters = {}) {
    const uint64_t before = indexes().answered();
    const std::string rows = run(text, parameters);
    return indexes().answered() == before ? "job: " + rows : rows;
  }
  // The same rows from the index and from a job; gives them.
  std::string both_ways(const std::string& text, const std::vector<Value>& parameters = {}) {
    const std::string rows = sorted(by_key(text, parameters));
    EXPECT_EQ(run("SET 'sql.point-reads' = 'false'"), "SET");
    EXPECT_EQ(rows, sorted(run(text, parameters))) << text;
    EXPECT_EQ(run("RESET 'sql.point-reads'"), "RESET");
    return rows;
  }
  static std::string sorted(const std::string& rows) {
    std::vector<std::string> all;
    for (size_t at = 0; at <= rows.size();) {
      const size_t end = std::min(rows.find("; ", at), rows.size());
      all.push_back(rows.substr(at, end - at));
      at = end + 2;
    }
    std::ranges::sort(all);
    std::string text;
    for (const std::string& row : all) text += (text.empty() ? "" : "; ") + row;
    return text;
  }
};

TEST_F(PointReadTest, ARowIsFoundByItsKey) {
  run("CREATE TABLE t (k BIGINT, v STRING, n INT, PRIMARY KEY (k) NOT ENFORCED)");
  run("INSERT INTO t VALUES (1, 'a', 10), (2, 'b', NULL), (-3, 'c', 30)");
  EXPECT_EQ(both_ways("SELECT * FROM t WHERE k = 2"), "2, b, NULL");
  EXPECT_EQ(both_ways("SELECT n + 1 AS m, UPPER(v) FROM t WHERE -3 = k AND n > 5"), "31, C");
  EXPECT_EQ(both_ways("SELECT v FROM t x WHERE x.k = 1 AND v = 'b'"), "");
  EXPECT_EQ(both_ways("SELECT v FROM t WHERE k = CAST(NULL AS BIGINT)"), "");
  EXPECT_EQ(both_ways("SELECT v FROM t WHERE k = 99"), "");
  EXPECT_EQ(both_ways("SELECT v FROM t WHERE k = $1", {Value::int64(1)}), "a");
  EXPECT_EQ(both_ways("SELECT v, $2 FROM t WHERE k = $1 AND n >= $2",
                      {Value::int64(1), Value::integer(Type::int32(), 10)}),
            "a, 10");
  EXPECT_EQ(both_ways("SELECT v FROM t WHERE k = $1", {Value::null(Type::int64())}), "");
}

TEST_F(PointReadTest, AMomentIsFoundByWhatTheSessionsClockShows) {
  run("CREATE TABLE t (at TIMESTAMP_LTZ(3), k BIGINT, v STRING, PRIMARY KEY (at, k) NOT ENFORCED)");
  run("SET 'table.local-time-zone' = 'Asia/Shanghai'");
  run("INSERT INTO t VALUES (CAST('2024-05-01 08:00:00' AS TIMESTAMP_LTZ(3)), 1, 'a'), "
      "(CAST('2024-05-01 09:00:00' AS TIMESTAMP_LTZ(3)), 2, 'b')");
  const std::string eight = "CAST('2024-05-01 08:00:00' AS TIMESTAMP_LTZ(3))";
  EXPECT_EQ(both_ways("SELECT v, HOUR(at) FROM t WHERE at = " + eight + " AND k = 1"), "a, 8");
  EXPECT_EQ(both_ways("SELECT v FROM t WHERE at > " + eight), "b");
  EXPECT_EQ(both_ways("SELECT v FROM t WHERE CAST(at AS DATE) = DATE '2024-05-01' AND k = 2"), "b");
  run("SET 'table.local-time-zone' = 'America/New_York'");
  EXPECT_EQ(both_ways("SELECT v FROM t WHERE at = " + eight), "");
  EXPECT_EQ(both_ways("SELECT v, HOUR(at) FROM t WHERE at = "
                      "CAST('2024-04-30 20:00:00' AS TIMESTAMP_LTZ(3))"),
            "a, 20");
}

TEST_F(PointReadTest, WhatWasWrittenIsSeenByTheNextRead) {
  run("CREATE TABLE t (k BIGINT, v STRING, PRIMARY KEY (k) NOT ENFORCED)");
  EXPECT_EQ(by_key("SELECT v FROM t WHERE k = 1"), "");
  for (int i = 0; i < 20; ++i) {
    run("INSERT INTO t VALUES (1, 'a" + std::to_string(i) + "')");
    EXPECT_EQ(by_key("SELECT v FROM t WHERE k = 1"), "a" + std::to_string(i));
  }
  run("UPDATE t SET v = 'u' WHERE k = 1");
  EXPECT_EQ(by_key("SELECT v FROM t WHERE k = 1"), "u");
  run("DELETE FROM t WHERE k = 1");
  EXPECT_EQ(by_key("SELECT v FROM t WHERE k = 1"), "");
  run("INSERT INTO t VALUES (1, 'again')");
  close();
  open();
  EXPECT_EQ(by_key("SELECT v FROM t WHERE k = 1"), "again");
  run("DROP TABLE t");
  run("CREATE TABLE t (k STRING, v BIGINT, PRIMARY KEY (k) NOT ENFORCED)");
  run("INSERT INTO t VALUES ('1', 5)");
  EXPECT_EQ(by_key("SELECT v FROM t WHERE k = '1'"), "5");
}

TEST_F(PointReadTest, AViewIsReadByItsKeyAfterFlush) {
  run("CREATE TABLE t (k BIGINT, g STRING, v BIGINT, PRIMARY KEY (k) NOT ENFORCED)");
  run("INSERT INTO t VALUES (1, 'a', 10), (2, 'a', 20), (3, CAST(NULL AS STRING), 30)");
  run("CREATE MATERIALIZED VIEW m AS SELECT g, SUM(v) AS s FROM t GROUP BY g");
  run("CREATE VIEW plain AS SELECT s * 2 AS twice, g AS grp FROM m");
  for (int i = 4; i < 8; ++i) {
    run("FLUSH");
    EXPECT_EQ(both_ways("SELECT s FROM m WHERE g = 'a'"), std::to_string(30 + 10 * (i - 4)));
    EXPECT_EQ(both_ways("SELECT twice FROM plain WHERE grp = 'a'"),
              std::to_string(60 + 20 * (i - 4)));
    run("INSERT INTO t VALUES (" + std::to_string(i) + ", 'a', 10)");
  }
  run("FLUSH");
  EXPECT_EQ(both_ways("SELECT s FROM m WHERE g IS NULL"), "30");
  EXPECT_EQ(both_ways("SELECT s FROM m WHERE g >= 'a'"), "70");
}

TEST_F(PointReadTest, APreparedReadFollowsWhatIsDefinedAnew) {
  run("CREATE TABLE t (k BIGINT, v STRING, PRIMARY KEY (k) NOT ENFORCED)");
  run("INSERT INTO t VALUES (1, 'a'), (2, 'b')");
  const std::string text = "SELECT v FROM t WHERE k = $1";
  auto parsed = session_->parse(text);
  ASSERT_TRUE(parsed.ok());
  auto prepared = session_->prepare(parsed->front(), text, {});
  ASSERT_TRUE(prepared.ok()) << prepared.status();
  EXPECT_EQ((*prepared)->parameters().front(), Type::int64());
  const auto read = [&](int64_t key) {
    auto answer = (*prepared)->execute({Value::int64(key)});
    return answer.ok() ? answer->tag + " " + rows_of(*answer->rows)
                       : std::string(answer.status().message());
  };
  const uint64_t before = indexes().answered();
  EXPECT_EQ(read(1), "SELECT a");
  EXPECT_EQ(read(2), "SELECT b");
  EXPECT_EQ(read(3), "SELECT ");
  EXPECT_EQ(indexes().answered(), before + 3);
  run("DROP TABLE t");
  EXPECT_NE(read(1).find("there is no table"), std::string::npos) << read(1);
  run("CREATE TABLE t (k BIGINT, v STRING, PRIMARY KEY (k) NOT ENFORCED)");
  run("INSERT INTO t VALUES (1, 'other')");
  EXPECT_EQ(read(1), "SELECT other");
  run("DROP TABLE t");
  run("CREATE TABLE t (k BIGINT, v INT, PRIMARY KEY (k) NOT ENFORCED)");
  EXPECT_NE(read(1).find("cached plan must not change result type"), std::string::npos) << read(1);
}

TEST_F(PointReadTest, RowsThatFailFailAsInAJob) {
  run("CREATE TABLE t (k BIGINT, n BIGINT, PRIMARY KEY (k) NOT ENFORCED)");
  run("INSERT INTO t VALUES (1, 0), (2, 2)");
  EXPECT_EQ(both_ways("SELECT 10 / n FROM t WHERE k = 2"), "5");
  EXPECT_EQ(by_key("SELECT 10 / n FROM t WHERE k = 1").substr(0, 10), "job: error");
}

TEST_F(PointReadTest, OtherQueriesGoThroughJobs) {
  run("CREATE TABLE t (k BIGINT, v STRING, PRIMARY KEY (k) NOT ENFORCED)");
  run("CREATE TABLE s (k BIGINT, v STRING)");
  run("INSERT INTO t VALUES (1, 'a'), (2, 'b')");
  run("INSERT INTO s VALUES (1, 'a')");
  for (const char* query :
       {"SELECT COUNT(*) FROM t WHERE k = 1", "SELECT DISTINCT v FROM t WHERE k = 1",
        "SELECT * FROM s WHERE k = 1", "SELECT t.v FROM t JOIN s ON t.k = s.k WHERE t.k = 1"}) {
    EXPECT_EQ(by_key(query).substr(0, 5), "job: ") << query;
  }
}

TEST_F(PointReadTest, ViewsShowHowFarTheyAre) {
  run("CREATE TABLE t (k BIGINT, v BIGINT, PRIMARY KEY (k) NOT ENFORCED)");
  run("INSERT INTO t VALUES (1, 10), (2, 20), (3, 30)");
  run("CREATE MATERIALIZED VIEW m AS SELECT v, COUNT(*) AS n FROM t GROUP BY v");
  run("CREATE MATERIALIZED VIEW other AS SELECT k, v + 1 AS w FROM t");
  run("FLUSH");
  EXPECT_EQ(run("SHOW MATERIALIZED VIEWS LIKE 'm'"), "m, running, 100, 0, t: 0, NULL, NULL, NULL");
  EXPECT_EQ(by_key("SELECT n FROM m WHERE v = 20"), "1");
  EXPECT_EQ(run("SHOW MATERIALIZED VIEWS LIKE 'm'"), "m, running, 100, 0, t: 0, 3, NULL, NULL");
  ASSERT_TRUE(pipelines_->stop("view-other").ok());
  EXPECT_EQ(run("SHOW MATERIALIZED VIEWS LIKE 'oth%'").substr(0, 14), "other, stopped");
  run("DROP MATERIALIZED VIEW other");
  run("DROP MATERIALIZED VIEW m");
  EXPECT_EQ(run("SHOW MATERIALIZED VIEWS"), "");
}

// Key columns of many types, NULLs, filters and projections: whatever is asked, both ways.
TEST_F(PointReadTest, RandomQueriesGiveTheSameRowsBothWays) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto below = [&](uint64_t most) { return random() % most; };
  struct KeyType {
    const char* name;
    std::vector<std::string> values;
  };
  const std::vector<KeyType> types = {
      {"BIGINT", {"0", "1", "-1", "7", "9223372036854775807", "-9223372036854775807"}},
      {"INT", {"0", "1", "-1", "2147483647", "-5", "12"}},
      {"TINYINT", {"0", "1", "-128", "127", "5", "6"}},
      {"STRING", {"''", "'a'", "'ab'", "'b'", "'ä'", "'a b'"}},
      {"BOOLEAN", {"TRUE", "FALSE"}},
      {"DATE", {"DATE '1969-12-31'", "DATE '2026-01-31'", "DATE '2026-02-01'"}},
      {"TIMESTAMP(3)", {"TIMESTAMP '2026-01-31 12:00:00.123'", "TIMESTAMP '1900-01-01 00:00:00'"}},
      {"DECIMAL(10, 2)", {"1.50", "-1.50", "0.00", "1"}},
      {"DOUBLE", {"1.5", "0.0", "-0.0", "1e300"}},
  };
  const char* const compares[] = {"=", "=", "=", "<", "<=", ">", ">=", "<>"};
  const char* const projections[] = {"*", "v, a", "b, UPPER(s), v + 1", "k.a", "v AS a, a AS v"};
  for (int round = 0; round < 4; ++round) {
    const KeyType& a = types[below(types.size())];
    const KeyType& b = types[below(types.size())];
    const auto of = [&](const KeyType& type) {
      return "CAST(" + type.values[below(type.values.size())] + " AS " + type.name + ")";
    };
    const std::string name = "k" + std::to_string(round);
    ASSERT_EQ(run("CREATE TABLE " + name + " (v BIGINT, b " + b.name + ", s STRING, a " + a.name +
                  ", PRIMARY KEY (a, b) NOT ENFORCED)"),
              "CREATE TABLE");
    for (int i = 0; i < 12; ++i) {
      const std::string s =
          below(4) == 0 ? "CAST(NULL AS STRING)" : "'s" + std::to_string(below(3)) + "'";
      const std::string said = run("INSERT INTO " + name + " VALUES (" + std::to_string(below(50)) +
                                   ", " + of(b) + ", " + s + ", " + of(a) + ")");
      ASSERT_EQ(said, "INSERT 0 1");
      if (below(5) == 0) run("DELETE FROM " + name + " WHERE v = " + std::to_string(below(50)));
    }
    for (int i = 0; i < 25; ++i) {
      std::string where;
      const auto ask = [&](const std::string& condition) {
        where += (where.empty() ? " WHERE " : " AND ") + condition;
      };
      const auto compare = [&] { return std::string(" ") + compares[below(8)] + " "; };
      if (below(4) != 0) ask("a" + compare() + of(a));
      if (below(3) != 0) ask(of(b) + compare() + "k.b");
      if (below(4) == 0) ask("a BETWEEN " + of(a) + " AND " + of(a));
      if (below(4) == 0) ask("s" + compare() + "'s1'");
      if (below(4) == 0) ask("a IN (" + of(a) + ", " + of(a) + ", " + of(a) + ")");
      if (below(8) == 0) ask("b IN (" + of(b) + ", " + of(b) + ")");
      if (below(6) == 0) ask("(v > 20 OR s IS NULL)");
      if (below(12) == 0) ask("a = CAST(NULL AS " + std::string(a.name) + ")");
      std::string query =
          std::string("SELECT ") + projections[below(5)] + " FROM " + name + " k" + where;
      // With an order the rows are the same ones.
      if (below(4) == 0) query += " ORDER BY k.v, k.s, k.a, k.b LIMIT " + std::to_string(below(5));
      EXPECT_EQ(both_ways(query).substr(0, 4) == "job:", false) << query;
      if (HasFailure()) return;
    }
  }
}

// Some parameters say which rows there are, or of which type a column is: not only which values.
TEST_F(PointReadTest, ParametersThatShapeTheResultMeanWhatTheyMeanInAJob) {
  run("CREATE TABLE t (k BIGINT, v BIGINT, PRIMARY KEY (k) NOT ENFORCED)");
  run("INSERT INTO t VALUES (1, 30), (2, 20), (3, 10)");
  const std::vector<std::pair<std::string, std::vector<int64_t>>> kCases = {
      {"SELECT k FROM t ORDER BY k LIMIT $1", {1}},
      {"SELECT k FROM t WHERE k >= $1 ORDER BY k LIMIT $2", {1, 0}},
      {"SELECT k FROM t ORDER BY k LIMIT 2 OFFSET $1", {1}},
      {"SELECT k FROM t ORDER BY k FETCH FIRST $1 ROWS ONLY", {2}},
      {"SELECT k, v FROM t WHERE k > 0 ORDER BY $1, k", {2}},
      {"SELECT ROUND(1.2345, CAST($1 AS INT)) FROM t WHERE k = 1", {2}},
      {"SELECT TRUNCATE(v + 1.2345, CAST($2 AS INT)) FROM t WHERE k = $1", {1, 2}},
      {"SELECT v + $1 FROM t WHERE k = $2", {5, 2}},
  };
  const auto session = service_->open_session();
  for (const auto& [text, numbers] : kCases) {
    std::vector<Value> values;
    for (const int64_t number : numbers) values.push_back(Value::int64(number));
    const std::vector<std::optional<Type>> types(values.size(), Type::int64());
    std::vector<std::vector<Row>> answers;
    for (const char* by_key : {"true", "false"}) {
      const std::string set = "SET 'sql.point-reads' = '" + std::string(by_key) + "'";
      const auto setting = session->parse(set);
      ASSERT_TRUE((*session->prepare(setting->front(), set, {}))->execute({}).ok());
      const auto parsed = session->parse(text);
      ASSERT_TRUE(parsed.ok()) << text;
      const auto prepared = session->prepare(parsed->front(), text, types);
      ASSERT_TRUE(prepared.ok()) << prepared.status();
      auto answer = (*prepared)->execute(values);
      ASSERT_TRUE(answer.ok()) << text << ": " << answer.status();
      answers.push_back(*answer->rows->next(10));
    }
    EXPECT_EQ(answers[0], answers[1]) << text;
    // A parameter is no column's number, as in PostgreSQL.
    if (text.find("ORDER BY $1") != std::string::npos) {
      EXPECT_EQ(cell_text(answers[0].at(0).at(0)), "1");
    }
  }
}

// Rows of one INSERT are there together: k and k + 100 always say the same.
TEST_F(PointReadTest, ReadersBesideAWriterSeeWholeInserts) {
  run("CREATE TABLE t (k BIGINT, v BIGINT, PRIMARY KEY (k) NOT ENFORCED)");
  run("INSERT INTO t VALUES (1, 0), (101, 0)");
  std::atomic<bool> done = false;
  std::atomic<int64_t> written = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      const auto session = service_->open_session();
      const std::string text = "SELECT v FROM t WHERE k >= $1 AND k <= $2";
      const auto parsed = session->parse(text);
      const auto prepared = session->prepare(parsed->front(), text, {});
      ASSERT_TRUE(prepared.ok()) << prepared.status();
      while (!done) {
        const int64_t least = written;
        auto answer = (*prepared)->execute({Value::int64(0), Value::int64(200)});
        ASSERT_TRUE(answer.ok()) << answer.status();
        const auto rows = answer->rows->next(10);
        ASSERT_EQ(rows->size(), 2U);
        EXPECT_EQ((*rows)[0][0], (*rows)[1][0]);
        EXPECT_GE((*rows)[0][0].as_int(), least);
      }
    });
  }
  for (int64_t i = 1; i <= 100; ++i) {
    const std::string v = std::to_string(i);
    EXPECT_EQ(run("INSERT INTO t VALUES (1, " + v + "), (101, " + v + ")"), "INSERT 0 2");
    written = i;
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace dataflow::jobs
