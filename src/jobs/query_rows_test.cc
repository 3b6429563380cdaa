#include "query_rows.h"

#include "sql_bed.h"

namespace dataflow::jobs {
namespace {

Batch rows_of_numbers(int64_t count) {
  const auto schema =
      std::make_shared<const Schema>(std::vector<Field>{{"n", Type::int64(), false}});
  std::vector<Row> rows;
  for (int64_t i = 0; i < count; ++i) rows.push_back({Value::int64(i)});
  return *batch_of(schema, rows);
}

TEST(FollowedRowsTest, WhoWritesRestsUntilHalfIsRead) {
  QueueBounds bounds;
  bounds.rest_rows = 100;
  FollowedRows rows(bounds);
  int woken = 0;
  const auto wake = [&] { ++woken; };
  ASSERT_TRUE(rows.add(rows_of_numbers(60)).ok());
  EXPECT_FALSE(rows.is_full(&woken, wake));
  ASSERT_TRUE(rows.add(rows_of_numbers(60)).ok());
  EXPECT_TRUE(rows.is_full(&woken, wake));
  EXPECT_TRUE(rows.is_full(&woken, wake));
  auto taken = rows.take(69, 0);
  ASSERT_TRUE(taken.ok() && *taken);
  EXPECT_EQ((*taken)->size(), 69u);
  EXPECT_EQ((**taken)[68].row[0], Value::int64(8));
  EXPECT_EQ(woken, 0);
  taken = rows.take(1, 0);
  ASSERT_TRUE(taken.ok() && *taken);
  EXPECT_EQ((**taken)[0].row[0], Value::int64(9));
  EXPECT_EQ(woken, 1);
  EXPECT_FALSE(rows.is_full(&woken, wake));
  rows.end({});
  taken = rows.take(1000, 0);
  ASSERT_TRUE(taken.ok() && *taken);
  EXPECT_EQ((*taken)->size(), 50u);
  taken = rows.take(1000, 0);
  EXPECT_TRUE(taken.ok() && !*taken);
}

TEST(FollowedRowsTest, WhatIsTooMuchIsRefused) {
  QueueBounds bounds;
  bounds.most_bytes = 8000;
  FollowedRows rows(bounds);
  ASSERT_TRUE(rows.add(rows_of_numbers(900)).ok());
  EXPECT_EQ(rows.add(rows_of_numbers(900)).code(), StatusCode::kTooLarge);
}

TEST(FollowedRowsTest, WhoAwaitsIsToldOnce) {
  FollowedRows rows;
  int woken = 0;
  const auto wake = [&] { ++woken; };
  EXPECT_FALSE(rows.await(0, wake));
  ASSERT_TRUE(rows.add(rows_of_numbers(1)).ok());
  ASSERT_TRUE(rows.add(rows_of_numbers(1)).ok());
  EXPECT_EQ(woken, 1);
  EXPECT_TRUE(rows.await(0, wake));
  (void)rows.take(10, 0);
  EXPECT_FALSE(rows.await(0, wake));
  rows.end({});
  EXPECT_EQ(woken, 2);
  EXPECT_TRUE(rows.await(0, wake));
}

class QueryRowsTest : public SqlBed {
 protected:
  void make_numbers(int64_t count) {
    ASSERT_EQ(run("CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', "
                  "'rows-per-second' = 'unlimited', "
                  "'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '" +
                  std::to_string(count) + "')"),
              "CREATE TABLE");
  }
  std::unique_ptr<RowStream> open(const std::string& text) {
    auto parsed = session_->parse(text);
    EXPECT_TRUE(parsed.ok()) << parsed.status();
    prepared_ = std::move(*session_->prepare((*parsed)[0], text, {}));
    auto answer = prepared_->execute({});
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? std::move(answer->rows) : nullptr;
  }

  std::unique_ptr<PreparedStatement> prepared_;
};

constexpr int64_t kMore = 1'000'000'000'000;  // than anybody could wait for

TEST_F(QueryRowsTest, DetachedRowsEndByTheirOwnCancelAlone) {
  make_numbers(kMore);
  const auto rows = open("SELECT n FROM numbers");
  ASSERT_NE(rows, nullptr);
  rows->detach();
  session_->cancel();
  // More than what was at hand.
  for (int i = 0; i < 40; ++i) {
    const auto part = rows->next(1024);
    ASSERT_TRUE(part.ok()) << part.status();
    ASSERT_FALSE(part->empty());
  }
  rows->cancel();
  Result<std::vector<Row>> part = rows->next(1024);
  while (part.ok() && !part->empty()) part = rows->next(1024);
  EXPECT_EQ(part.status().code(), StatusCode::kCancelled);
}

TEST_F(QueryRowsTest, WhoAwaitsARowThatDoesNotComeIsNotHeldUp) {
  make_numbers(kMore);
  const auto rows = open("SELECT n FROM numbers WHERE n = 1");
  ASSERT_NE(rows, nullptr);
  EXPECT_TRUE(rows->await(0, [] {}));
  ASSERT_EQ(rows->next(10)->size(), 1u);
  EXPECT_FALSE(rows->await(0, [] {}));
  rows->cancel();
  EXPECT_TRUE(rows->await(0, [] {}));
  EXPECT_EQ(rows->next(10).status().code(), StatusCode::kCancelled);
}

TEST_F(QueryRowsTest, LimitEndsTheQuery) {
  make_numbers(kMore);
  EXPECT_EQ(run("SELECT COUNT(*) FROM (VALUES (1), (2)) LIMIT 0"), "");
  EXPECT_EQ(run("SELECT 'a' FROM numbers LIMIT 3"), "a; a; a");
  EXPECT_EQ(run("SELECT 'a' FROM numbers LIMIT 2 OFFSET 5000"), "a; a");
}

TEST_F(QueryRowsTest, RowsLeaveAsTheyComeAndTheJobEndsWithTheStream) {
  make_numbers(kMore);
  const auto rows = open("SELECT n FROM numbers");
  ASSERT_NE(rows, nullptr);
  size_t got = 0;
  while (got < 100'000) {
    const auto part = rows->next(777);
    ASSERT_TRUE(part.ok()) << part.status();
    ASSERT_FALSE(part->empty());
    ASSERT_LE(part->size(), 777u);
    got += part->size();
  }
}

TEST_F(QueryRowsTest, AllRowsComeThroughTheBounds) {
  make_numbers(100'000);
  const auto rows = open("SELECT n FROM numbers");
  ASSERT_NE(rows, nullptr);
  std::set<int64_t> seen;
  while (true) {
    const auto part = rows->next(1000);
    ASSERT_TRUE(part.ok()) << part.status();
    if (part->empty()) break;
    for (const Row& row : *part) seen.insert(row[0].as_int());
  }
  EXPECT_EQ(seen.size(), 100'000u);
  EXPECT_EQ(*seen.rbegin(), 100'000);
}

TEST_F(QueryRowsTest, ACancelEndsWhatIsReadAndOneBetweenTwoReadsIsForgotten) {
  make_numbers(kMore);
  auto rows = open("SELECT n FROM numbers");
  ASSERT_TRUE(rows->next(10).ok());
  session_->cancel();
  session_->begin();
  while (true) {
    const auto part = rows->next(100);
    ASSERT_TRUE(part.ok()) << part.status();
    if (part->size() < 100) break;
  }
  ASSERT_TRUE(rows->next(10).ok());
  session_->cancel();
  Status end;
  while (end.ok()) end = rows->next(1000).status();
  EXPECT_EQ(end.code(), StatusCode::kCancelled);
  EXPECT_EQ(run("SELECT 1"), "1");
}

TEST_F(QueryRowsTest, ASessionThatIsClosedStaysSo) {
  make_numbers(kMore);
  session_->close();
  EXPECT_EQ(run("SELECT COUNT(*) FROM numbers"), "error: canceling statement due to user request");
  EXPECT_EQ(run("SELECT n FROM numbers WHERE n < 0"),
            "error: canceling statement due to user request");
}

TEST_F(QueryRowsTest, AnOrderKeepsWhatItMayGiveAndNoMoreThanIsAllowed) {
  make_numbers(50'000);
  EXPECT_EQ(run("SET 'query.result-memory' = 'much'"),
            "error: line 1, column 1: SET 'query.result-memory' = 'much': give a size such as "
            "'512MiB'");
  EXPECT_EQ(run("SET 'query.result-memory' = '1MiB'"), "SET");
  EXPECT_EQ(run("SELECT n FROM numbers ORDER BY n DESC"),
            "error: the result takes more than 1MiB of memory: ORDER BY gives its first row when "
            "the last one is known; add a LIMIT, leave ORDER BY out, or SET 'query.result-memory' "
            "= '4MiB'");
  EXPECT_EQ(run("SELECT n FROM numbers ORDER BY n DESC LIMIT 3"), "50000; 49999; 49998");
  EXPECT_EQ(run("SELECT n FROM numbers ORDER BY MOD(n, 2) DESC, n LIMIT 2 OFFSET 3"), "7; 9");
}

TEST_F(QueryRowsTest, ARowThatFailsSpeaksOfItself) {
  run("CREATE TABLE t (a INT, b STRING)");
  run("INSERT INTO t VALUES (0, 'x')");
  EXPECT_EQ(run("SELECT 10 / a AS part FROM t"),
            "error: division by zero: 10 by 0; the row is {a=0}; it is t-0, offset 0");
  EXPECT_EQ(run("SELECT CAST(b AS INT) FROM t"),
            "error: 'x' cannot be cast to INT; the row is {b=x}; it is t-0, offset 0");
}

}  // namespace
}  // namespace dataflow::jobs
