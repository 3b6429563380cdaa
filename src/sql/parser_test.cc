#include "sql/parser.h"

#include <gtest/gtest.h>

namespace dataflow::sql {
namespace {

// What a query reads back as; an error's message.
std::string printed(const std::string& text) {
  Result<StatementAst> parsed = parse_statement(text);
  if (!parsed.ok()) return parsed.status().message();
  const auto* select = std::get_if<SelectStatement>(&parsed->what);
  return select == nullptr ? "no query" : to_string(*select->query);
}

TEST(ParsingStatements, QueriesPrintAsTheyAreRead) {
  for (const char* text :
       {"SELECT 1", "SELECT a, t.b AS c FROM t WHERE a > 1 GROUP BY a, b HAVING COUNT(*) > 1"}) {
    EXPECT_EQ(printed(text), text);
  }
}

}  // namespace
}  // namespace dataflow::sql
