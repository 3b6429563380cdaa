#include "sql/parser.h"

#include <gtest/gtest.h>

#include "tree_text.h"

namespace dataflow::sql {
namespace {

struct Row {
  const char* text;
  const char* tree;
};

Result<QueryPtr> query_of(const std::string& text) {
  DF_ASSIGN_OR_RETURN(StatementAst parsed, parse_statement(text));
  const auto* select = std::get_if<SelectStatement>(&parsed.what);
  if (select == nullptr) return Status::invalid("no query");
  return select->query;
}

std::string tree_of(const std::string& text) {
  Result<QueryPtr> query = query_of(text);
  return query.ok() ? tree_text(**query) : query.status().message();
}

// Of an expression in SELECT.
std::string item_of(const std::string& text) {
  Result<QueryPtr> query = query_of("SELECT " + text);
  if (!query.ok()) return query.status().message();
  return tree_text(*std::get<Select>((*query)->body).items[0].expression);
}

void expect_trees(std::initializer_list<Row> rows) {
  for (const Row& row : rows) EXPECT_EQ(tree_of(row.text), row.tree) << row.text;
}

TEST(ParsingQueries, ClausesOfSelect) {
  expect_trees({
      {"SELECT 1", "(select [1])"},
      {"select all a, t.b as c, `x y` d from t",
       "(select [\"a\", FIELD[\"t\", 'b'] as \"c\", "
       "\"x y\" as \"d\"] from [\"t\"])"},
      {"SELECT *, t.*, db.t.* FROM db.t",
       "(select [{*[]}, {*[\"t\"]}, {*[\"db\", \"t\"]}] from [\"db\", \"t\"])"},
      {"SELECT DISTINCT a FROM t WHERE a > 1 GROUP BY a HAVING COUNT(*) > 2 ORDER BY a DESC NULLS "
       "LAST, b LIMIT 3 OFFSET 1",
       "(select distinct [\"a\"] from [\"t\"] where >[\"a\", 1] group [\"a\"] having "
       ">[{COUNT[] star}, 2] order [\"a\" desc nulls-last, \"b\"] limit 3 offset 1)"},
      {"SELECT a FROM t GROUP BY (a, b), ()", "(select [\"a\"] from [\"t\"] group [\"a\", \"b\"])"},
      {"SELECT COUNT(*) FROM t GROUP BY ()", "(select [{COUNT[] star}] from [\"t\"] group [])"},
      {"SELECT a FROM t OFFSET 5 ROWS FETCH NEXT 2 ROWS ONLY",
       "(select [\"a\"] from [\"t\"] limit 2 offset 5)"},
      {"SELECT a FROM t LIMIT 5, 2", "(select [\"a\"] from [\"t\"] limit 2 offset 5)"},
      {"SELECT a FROM t EMIT ON WINDOW CLOSE", "(select [\"a\"] from [\"t\"] emit-on-close)"},
      {"SELECT a emit FROM t EMIT CHANGES",
       "(select [\"a\" as \"emit\"] from [\"t\"] emit-changes)"},
      {"SELECT value, `time`, date, user, start, end, timestamp FROM t",
       "(select [\"value\", \"time\", \"date\", \"user\", \"start\", \"end\", \"timestamp\"] from "
       "[\"t\"])"},
      {"SELECT a FROM t QUALIFY ROW_NUMBER() OVER w = 1",
       "(select [\"a\"] from [\"t\"] qualify =[{ROW_NUMBER[] over (\"w\" by [] order [])}, 1])"},
      {"SELECT SUM(a) OVER w FROM t WINDOW w AS (PARTITION BY k ORDER BY ts)",
       "(select [{SUM[\"a\"] over (\"w\" by [] order [])}] from [\"t\"] windows "
       "[\"w\"(\"\" by [\"k\"] order [\"ts\"])])"},
  });
}

TEST(ParsingQueries, SetOperationsBindAsInSql) {
  expect_trees({
      {"SELECT 1 UNION SELECT 2 INTERSECT SELECT 3",
       "(union((select [1]), (intersect((select [2]), (select [3])))))"},
      {"SELECT 1 UNION ALL SELECT 2 EXCEPT SELECT 3",
       "(except((union-all((select [1]), (select [2]))), (select [3])))"},
      {"SELECT 1 UNION (SELECT 2 MINUS SELECT 3) ORDER BY 1",
       "(union((select [1]), (except((select [2]), (select [3])))) order [1])"},
      {"(SELECT 1 LIMIT 1) UNION DISTINCT VALUES 2, 3",
       "(union((select [1] limit 1), (values [[2], [3]])))"},
      {"((SELECT 1))", "(select [1])"},
      {"(SELECT a FROM t LIMIT 2) LIMIT 1",
       "(select [{*[]}] from (select [\"a\"] from [\"t\"] limit 2) limit 1)"},
      {"TABLE t", "(select [{*[]}] from [\"t\"])"},
      {"WITH a AS (SELECT 1), b (x) AS (VALUES (1)) SELECT * FROM a, b",
       "(with \"a\"[](select [1]) with \"b\"[\"x\"](values [[1]]) select [{*[]}] from "
       "cross([\"a\"], [\"b\"]) on - using [])"},
      {"VALUES (1, 'a'), ROW(2, 'b')", "(values [[1, 'a'], [2, 'b']])"},
  });
}

TEST(ParsingQueries, JoinsNestToTheLeft) {
  expect_trees({
      {"SELECT 1 FROM a, b c JOIN d ON TRUE",
       "(select [1] from cross([\"a\"], inner([\"b\"] as \"c\", [\"d\"]) on TRUE using []) on - "
       "using [])"},
      {"SELECT 1 FROM a LEFT OUTER JOIN (b CROSS JOIN c) USING (x)",
       "(select [1] from left([\"a\"], cross([\"b\"], [\"c\"]) on - using []) on - using "
       "[[\"x\"]])"},
      {"SELECT 1 FROM a NATURAL FULL JOIN b",
       "(select [1] from natural full([\"a\"], [\"b\"]) on - using [])"},
      {"SELECT 1 FROM a LEFT SEMI JOIN b ON x = y",
       "(select [1] from semi([\"a\"], [\"b\"]) on =[\"x\", \"y\"] using [])"},
      {"SELECT 1 FROM a anti JOIN b ON x",
       "(select [1] from anti([\"a\"], [\"b\"]) on \"x\" using [])"},
      {"SELECT 1 FROM a ASOF LEFT JOIN b MATCH_CONDITION (a.t >= b.t) ON x",
       "(select [1] from left-asof([\"a\"], [\"b\"]) on AND[\"x\", >=[FIELD[\"a\", 't'], "
       "FIELD[\"b\", 't']]] using [])"},
      {"SELECT 1 FROM o JOIN r FOR SYSTEM_TIME AS OF o.ts AS v ON o.c = v.c",
       "(select [1] from inner([\"o\"], [\"r\"] as-of FIELD[\"o\", 'ts'] as \"v\") on "
       "=[FIELD[\"o\", 'c'], FIELD[\"v\", 'c']] using [])"},
      {"SELECT 1 FROM t /*+ OPTIONS('a'='b', 'c' = 'd') */ x /* + no hint */ /*+ NO_HINT(t) */",
       "(select [1] from [\"t\"][\"a\"\"b\", \"c\"\"d\"] as \"x\")"},
      {"SELECT 1 FROM t CROSS JOIN UNNEST(t.a) WITH ORDINALITY AS u (x, n)",
       "(select [1] from cross([\"t\"], UNNEST[\"\" FIELD[\"t\", 'a'] by []] ordinality as "
       "\"u\"[\"x\", \"n\"]) on - using [])"},
      {"SELECT 1 FROM t, LATERAL TABLE(split(a, ',')) AS s(w)",
       "(select [1] from cross([\"t\"], lateral SPLIT[\"\" \"a\" by [], \"\" ',' by []] as "
       "\"s\"[\"w\"]) on - using [])"},
      {"SELECT 1 FROM t, LATERAL (SELECT 2) x",
       "(select [1] from cross([\"t\"], lateral (select [2]) as \"x\") on - using [])"},
      {"SELECT 1 FROM ((SELECT 1) UNION (SELECT 2)) u",
       "(select [1] from (union((select [1]), (select [2]))) as \"u\")"},
      {"SELECT 1 FROM ((SELECT 1) a JOIN (SELECT 2) b ON TRUE)",
       "(select [1] from inner((select [1]) as \"a\", (select [2]) as \"b\") on TRUE using [])"},
  });
}

TEST(ParsingQueries, WindowTablesInEachSpelling) {
  const char* plain =
      "(select [{*[]}] from TUMBLE[\"\" table [\"t\"] by [], \"\" descriptor [[\"ts\"]] by [], "
      "\"\" "
      "INTERVAL '10' MINUTE by []])";
  EXPECT_EQ(tree_of("SELECT * FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '10' MINUTES))"),
            plain);
  EXPECT_EQ(tree_of("SELECT * FROM TUMBLE(t, ts, INTERVAL '10' MINUTE)"), plain);
  EXPECT_EQ(tree_of("SELECT * FROM tumble(TABLE t, DESCRIPTOR(ts), INTERVAL '10' MINUTE)"), plain);
  expect_trees({
      {"SELECT * FROM TABLE(HOP(DATA => TABLE t, TIMECOL => DESCRIPTOR(ts), SLIDE => INTERVAL '5' "
       "SECOND, SIZE => INTERVAL '10' SECOND))",
       "(select [{*[]}] from HOP[\"DATA\" table [\"t\"] by [], \"TIMECOL\" descriptor [[\"ts\"]] "
       "by [], \"SLIDE\" INTERVAL '5' SECOND by [], \"SIZE\" INTERVAL '10' SECOND by []])"},
      {"SELECT * FROM TABLE(SESSION(TABLE t PARTITION BY (a, b), DESCRIPTOR(ts), INTERVAL '5' "
       "SECOND)) AS s",
       "(select [{*[]}] from SESSION[\"\" table [\"t\"] by [\"a\", \"b\"], \"\" descriptor "
       "[[\"ts\"]] by [], \"\" INTERVAL '5' SECOND by []] as \"s\")"},
      {"SELECT * FROM SESSION((SELECT 1) PARTITION BY k, ts, INTERVAL '5' SECOND)",
       "(select [{*[]}] from SESSION[\"\" table (select [1]) by [\"k\"], \"\" descriptor "
       "[[\"ts\"]] by [], \"\" INTERVAL '5' SECOND by []])"},
  });
}

TEST(ParsingQueries, WhatIsShortForMore) {
  for (const auto& [text, long_text] : std::initializer_list<std::pair<const char*, const char*>>{
           {"SELECT a, COUNT(*), 7, b + 1 FROM t GROUP BY ALL",
            "SELECT a, COUNT(*), 7, b + 1 FROM t GROUP BY a, b + 1"},
           {"SELECT SUM(a) FROM t GROUP BY ALL HAVING SUM(a) > 1",
            "SELECT SUM(a) FROM t GROUP BY () HAVING SUM(a) > 1"},
           {"SELECT a FROM t GROUP BY ALL a", "SELECT a FROM t GROUP BY a"},
           {"SELECT a, b FROM t ORDER BY ALL DESC NULLS LAST",
            "SELECT a, b FROM t ORDER BY 1 DESC NULLS LAST, 2 DESC NULLS LAST"},
           {"SELECT DISTINCT ON (a, 2) a, b + 1 AS c, d FROM t ORDER BY a, c, d DESC LIMIT 3",
            "SELECT a, b + 1 AS c, d FROM t QUALIFY ROW_NUMBER() OVER (PARTITION BY a, b + 1 ORDER "
            "BY d DESC) = 1 ORDER BY a, c, d DESC LIMIT 3"},
           {"SELECT 1 UNION (SELECT DISTINCT ON (a) b FROM t)",
            "SELECT 1 UNION (SELECT b FROM t QUALIFY ROW_NUMBER() OVER (PARTITION BY a) = 1)"},
           {"WITH q AS MATERIALIZED (SELECT 1), r AS NOT MATERIALIZED (SELECT 2) SELECT 3",
            "WITH q AS (SELECT 1), r AS (SELECT 2) SELECT 3"},
       }) {
    const std::string tree = tree_of(text);
    EXPECT_EQ(tree, tree_of(long_text)) << text;
    EXPECT_TRUE(tree.starts_with("(")) << tree;
  }
  EXPECT_NE(tree_of("SELECT * FROM t ORDER BY ALL"), tree_of("SELECT * FROM t ORDER BY 1"));
}

TEST(ParsingQueries, CallsWithClauses) {
  for (const Row& row : std::initializer_list<Row>{
           {"count(*)", "{COUNT[] star}"},
           {"SUM(DISTINCT x)", "{SUM[\"x\"] distinct}"},
           {"SUM(ALL x)", "SUM[\"x\"]"},
           {"LISTAGG(a, ',') WITHIN GROUP (ORDER BY b DESC)",
            "{LISTAGG[\"a\", ','] within [\"b\" desc]}"},
           {"ARRAY_AGG(a ORDER BY b) FILTER (WHERE c > 1)",
            "{ARRAY_AGG[\"a\"] filter >[\"c\", 1] order [\"b\"]}"},
           {"LAST_VALUE(a) IGNORE NULLS OVER (PARTITION BY k ORDER BY t ROWS BETWEEN 2 PRECEDING "
            "AND CURRENT ROW)",
            "{LAST_VALUE[\"a\"] ignore-nulls over (\"\" by [\"k\"] order [\"t\"] rows 12 to 2-)}"},
           {"SUM(a) OVER (w RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND UNBOUNDED FOLLOWING)",
            "{SUM[\"a\"] over (\"w\" by [] order [] range 1INTERVAL '1' HOUR to 4-)}"},
           {"COUNT(*) OVER () + 1", "+[{COUNT[] star over (\"\" by [] order [])}, 1]"},
       }) {
    EXPECT_EQ(item_of(row.text), row.tree) << row.text;
  }
}

TEST(ParsingQueries, SubqueriesInExpressions) {
  for (const Row& row : std::initializer_list<Row>{
           {"(SELECT 1) + 1", "+[{value[] (select [1])}, 1]"},
           {"((SELECT 1) + 1) * 2", "*[+[{value[] (select [1])}, 1], 2]"},
           {"((SELECT 1) UNION SELECT 2)", "{value[] (union((select [1]), (select [2])))}"},
           {"NOT EXISTS (SELECT 1)", "NOT[{exists[] (select [1])}]"},
           {"a NOT IN (SELECT 1) AND b", "AND[{not-in[\"a\"] (select [1])}, \"b\"]"},
           {"(a, b) IN (SELECT 1, 2)", "{in[\"a\", \"b\"] (select [1, 2])}"},
           {"a IN ((SELECT 1), 2)", "IN[\"a\", {value[] (select [1])}, 2]"},
           {"a > ALL (SELECT 1)", "{all>[\"a\"] (select [1])}"},
           {"a = some (VALUES 1, 2)", "{any=[\"a\"] (values [[1], [2]])}"},
           {"CASE WHEN a = 1 THEN (SELECT 1) END", "CASE[=[\"a\", 1], {value[] (select [1])}]"},
       }) {
    EXPECT_EQ(item_of(row.text), row.tree) << row.text;
  }
}

}  // namespace
}  // namespace dataflow::sql
