#include "result_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/parser.h"

namespace dataflow::postgres {
namespace {

using testing::ElementsAre;

std::vector<std::string> names_of(const std::string& query, std::vector<std::string> columns) {
  const Result<sql::StatementAst> statement = sql::parse_statement(query);
  EXPECT_TRUE(statement.ok()) << statement.status();
  std::vector<sql::OutputColumn> described;
  for (std::string& name : columns) described.push_back({std::move(name), Type::int32(), true});
  return statement.ok() ? result_names(*statement, described) : std::vector<std::string>();
}

TEST(ResultNames, AreAsPostgresGivesThem) {
  EXPECT_THAT(names_of("SELECT count(*), a, SUM(DISTINCT a) AS s, a + 1, upper(b) FROM t",
                       {"EXPR$0", "a", "s", "EXPR$3", "EXPR$4"}),
              ElementsAre("count", "a", "s", "?column?", "upper"));
  EXPECT_THAT(names_of("SELECT count(*)::int, '1'::int, CASE WHEN a THEN 1 END, a AND b, a[1], 'x'",
                       {"EXPR$0", "EXPR$1", "EXPR$2", "EXPR$3", "EXPR$4", "EXPR$5"}),
              ElementsAre("count", "int4", "case", "?column?", "a", "?column?"));
  EXPECT_THAT(names_of("SELECT MAX(a), t.*, MIN(a) FILTER (WHERE b) FROM t",
                       {"EXPR$0", "x", "y", "EXPR$3"}),
              ElementsAre("max", "x", "y", "min"));
  EXPECT_THAT(names_of("SELECT t.*, MAX(a), u.* FROM t", {"x", "EXPR$1", "y"}),
              ElementsAre("x", "EXPR$1", "y"));
  EXPECT_THAT(names_of("SELECT count(*) FROM t UNION SELECT sum(a) FROM t", {"EXPR$0"}),
              ElementsAre("count"));
  EXPECT_THAT(names_of("VALUES (1, 2)", {"EXPR$0", "EXPR$1"}), ElementsAre("column1", "column2"));
  EXPECT_THAT(names_of("SELECT a AS `EXPR$0` FROM t", {"EXPR$0"}), ElementsAre("EXPR$0"));
}

}  // namespace
}  // namespace dataflow::postgres
