#include "catalog_rewrite.h"

#include <gtest/gtest.h>

#include "catalog_asked.h"

namespace dataflow::postgres {
namespace {

std::string rewritten(std::string_view statement, const CatalogParameters& parameters = {}) {
  const auto tokens = catalog_tokens(statement);
  if (!tokens.ok()) return tokens.status().message();
  const auto plain = plain_catalog_tokens(*tokens, parameters);
  if (!plain.ok()) return plain.status().message();
  const auto duck = duck_tokens(*plain);
  return duck.ok() ? to_text(*duck) : duck.status().message();
}

TEST(CatalogWords, AreThoseOfPostgresql) {
  EXPECT_EQ(rewritten("SELECT E'a\\n\\'b', 'it''s', $$x'y$$, $t$z$t$, \"Q\"\"q\" -- c\n ; "),
            "select 'a\n''b' , 'it''s' , 'x''y' , 'z' , \"Q\"\"q\"");
  EXPECT_EQ(rewritten("a/*x/*y*/z*/<>-1.5e-3+.5"), "a <> - 1.5e-3 + .5");
  EXPECT_EQ(rewritten("a<=-1"), "a <= - 1");
  EXPECT_EQ(rewritten("SELECT 'a"), "unterminated quoted string");
  EXPECT_EQ(rewritten("SELECT \"a"), "unterminated quoted identifier");
  EXPECT_EQ(rewritten("SELECT \"\""), "zero-length delimited identifier");
  EXPECT_EQ(rewritten("SELECT /* a"), "unterminated /* comment");
  EXPECT_EQ(rewritten("SELECT $a$ b"), "unterminated dollar-quoted string");
  EXPECT_EQ(rewritten("SELECT (1]"), "syntax error at or near \"]\"");
  EXPECT_EQ(rewritten("SELECT (1"), "syntax error at end of input");
  EXPECT_EQ(rewritten("SELECT 1; SELECT 2"), "one statement at a time is taken about the catalog");
  EXPECT_EQ(rewritten(std::string(200, '(') + std::string(200, ')')),
            "the statement nests too deep");
  EXPECT_EQ(rewritten(std::string("SELECT \0 1", 10)), "the statement has a byte 0");
  EXPECT_EQ(rewritten("SELECT \\x"), "syntax error at or near \"\\\"");
}

TEST(CatalogRewriting, TakesOutWhatSaysNothing) {
  EXPECT_EQ(
      rewritten("SELECT pg_catalog.f(\"pg_catalog\".pg_class.oid) COLLATE pg_catalog.default"),
      "select f ( pg_class . oid )");
  EXPECT_EQ(rewritten("a OPERATOR(pg_catalog.~) '^(b)$' COLLATE \"C\""),
            "a ~ '(?s:.*)(?:^(b)$)(?s:.*)'");
  EXPECT_EQ(rewritten("information_schema.tables, information_schema._pg_expandarray(k)"),
            "infos . tables , _pg_expandarray ( k )");
}

TEST(CatalogRewriting, CastsAreThoseOfDuckdb) {
  EXPECT_EQ(rewritten("'pg_class'::regclass"), "own_class_oid ( 'pg_class' )");
  EXPECT_EQ(rewritten("CAST('pg_class' AS REGCLASS)"), "own_class_text ( ( 'pg_class' ) )");
  EXPECT_EQ(rewritten("x = CAST('pg_class' AS REGCLASS)"), "x = own_class_oid ( ( 'pg_class' ) )");
  EXPECT_EQ(rewritten("c.oid::pg_catalog.regclass::pg_catalog.text"), "own_class_text ( c . oid )");
  EXPECT_EQ(rewritten("'a'::regclass::text"), "own_class_text ( 'a' )");
  EXPECT_EQ(rewritten("f(a, (b))::regtype::oid"), "own_type_oid ( f ( a , ( b ) ) )");
  EXPECT_EQ(rewritten("AND (a)::regclass"), "and own_class_text ( ( a ) )");
  EXPECT_EQ(rewritten("x[1]::text::regtype"), "own_type_text ( x [ 1 ] :: text )");
  EXPECT_EQ(rewritten("'1'::oid, 'x'::name, 'r'::\"char\", 'c'::char"),
            "'1' :: pg_oid , 'x' :: pg_name , 'r' :: pg_char , 'c' :: char");
  EXPECT_EQ(rewritten("'{a,b}'::text[], '{0}', '{}', '{a}'"),
            "'[a,b]' :: text [ ] , '[0]' , '[]' , '{a}'");
  EXPECT_EQ(rewritten("a ::"), "syntax error at or near \"::\"");
  EXPECT_EQ(rewritten(":: oid"), "syntax error at or near \"::\"");
}

TEST(CatalogRewriting, PatternsAreLookedForInside) {
  EXPECT_EQ(rewritten("a !~* 'b'"), "a !~ '(?s:.*)(?i:b)(?s:.*)'");
  EXPECT_EQ(rewritten("a ~ (b || 'c') AND d"),
            "a ~ ( '(?s:.*)(?:' || ( ( b || 'c' ) ) || ')(?s:.*)' ) and d");
  EXPECT_EQ(rewritten("a ~ t.b"), "a ~ ( '(?s:.*)(?:' || ( t . b ) || ')(?s:.*)' )");
  EXPECT_EQ(rewritten("a ~"), "syntax error at end of input");
  EXPECT_EQ(rewritten("a LIKE 'b\\_%' AND c"), "a like 'b\\_%' escape '\\' and c");
  EXPECT_EQ(rewritten("a LIKE f(b) || '%'"), "a like f ( b ) || '%' escape '\\'");
  EXPECT_EQ(rewritten("a NOT LIKE 'b'::text || '%' ESCAPE '/'"),
            "a not like 'b' :: text || '%' escape '/'");
  EXPECT_EQ(rewritten("a LIKE ANY (b)"), "a like any ( b )");
  EXPECT_EQ(rewritten("a LIKE"), "syntax error at end of input");
}

TEST(CatalogRewriting, ParametersAreLiteralsWhateverTheyHold) {
  EXPECT_EQ(rewritten("x = $1 AND y = $2::text LIMIT $3", {{"a'; DROP"}, std::nullopt, {"5"}}),
            "x = 'a''; DROP' and y = null :: text limit 5");
  EXPECT_EQ(rewritten("LIMIT $1", {{"5; x"}}), "limit '5; x'");
  EXPECT_EQ(rewritten("$2", {{"a"}}), "there is no parameter $2");
  EXPECT_EQ(rewritten("$0", {{"a"}}), "there is no parameter $0");
  EXPECT_EQ(rewritten("$99999999999999999999", {{"a"}}),
            "there is no parameter $99999999999999999999");
  EXPECT_EQ(rewritten("$1", {std::string("a\0b", 3)}), "parameter $1 has a byte 0");
}

TEST(CatalogRewriting, WhoAsksIsAFunction) {
  EXPECT_EQ(rewritten("SELECT current_user, user AS u, x.user, 1 AS user, session_user"),
            "select own_user ( ) , own_user ( ) as u , x . user , 1 as user , own_user ( )");
  EXPECT_EQ(rewritten("FROM unnest(a) x WHERE i.indkey[0] = 1"),
            "from unnest ( a ) x ( x ) where i . indkey [ 1 + ( 0 ) ] = 1");
}

TEST(CatalogRewriting, ColumnsAreCalledAsPostgresqlCallsThem) {
  const auto tokens = catalog_tokens(
      "SELECT DISTINCT a.b, f(x), c::text, 'a'::regclass::oid, CASE WHEN d THEN e ELSE g END, 1 + "
      "2, "
      "NULL, ARRAY(SELECT 1), (SELECT h FROM i), j AS k, l m, (n).o, p.*, version(), q FROM r");
  ASSERT_TRUE(tokens.ok());
  const SelectedNames names = selected_names(*tokens);
  using Names = std::vector<std::optional<std::string>>;
  EXPECT_EQ(names.before, (Names{"b", "f", "c", "oid", "g", "?column?", "?column?", "array", "h",
                                 std::nullopt, std::nullopt, "o"}));
  EXPECT_TRUE(names.star);
  EXPECT_EQ(names.after, (Names{"version", "q"}));
}

TEST(CatalogAsking, IsByTheTablesAndFunctionsOfAQuery) {
  for (const char* asked :
       {"SELECT * FROM pg_class", "select 1 from pg_catalog.pg_nothing", "SELECT version();",
        "SELECT * FROM information_schema.tables t, (SELECT 1) x", "SELECT current_user",
        "WITH a AS (SELECT * FROM pg_type) SELECT * FROM a",
        "SELECT pg_catalog.set_config('a', 'b', false)", "SELECT 'x'::regclass",
        "SELECT * FROM pg_catalog.pg_get_keywords()", "(SELECT oid FROM pg_class) UNION SELECT 1",
        "SELECT EXTRACT(year FROM now()), version()",
        "SELECT a FROM (pg_class c JOIN pg_type t ON c.oid = t.oid)"}) {
    EXPECT_TRUE(asks_of_catalog(asked)) << asked;
  }
  for (const char* other : {"",
                            ";",
                            "SELECT 1",
                            "SELECT * FROM meetings",
                            "SELECT version(), x FROM meetings",
                            "SELECT * FROM pg_class, meetings",
                            "SELECT * FROM pg_class JOIN meetings ON true",
                            "SELECT * FROM pg_class WHERE relname IN (SELECT name FROM meetings)",
                            "INSERT INTO meetings SELECT * FROM pg_class",
                            "SELECT upper('pg_class')",
                            "SHOW TABLES",
                            "SELECT 'pg_class', version",
                            "SELECT * FROM public.pg_class",
                            "SELECT '",
                            "SELECT 1 FROM",
                            "SELECT * FROM own.relations",
                            "SELECT * FROM generate_series(1, 2)",
                            "SELECT user FROM people",
                            "SELECT * FROM people AS pg_class",
                            "DROP TABLE pg_class",
                            "SELECT * FROM 'pg_class'"}) {
    EXPECT_FALSE(asks_of_catalog(other)) << other;
  }
}

std::string spelt(std::string_view statement, const CatalogSession& session = {}) {
  const auto tokens = catalog_tokens(statement);
  const auto known = session_tokens(*tokens, session, [](const CatalogTokens& query) {
    return std::optional("<" + to_text(query) + ">");
  });
  return known.ok() ? to_text(spelt_for_duck(*known)) : known.status().message();
}

TEST(CatalogSpelling, KnowsWhoAsks) {
  CatalogSession session;
  session.process = 7;
  session.setting = [](const std::string& name) {
    return name == "a" ? std::optional<std::string>("b") : std::nullopt;
  };
  EXPECT_EQ(
      spelt("select pg_backend_pid(), current_setting('a', true), current_setting('c')", session),
      "select 7 , 'b' , current_setting ( 'c' )");
  EXPECT_EQ(spelt("select set_config('a', 'x', false)", session),
            "select set_config ( 'a' , 'x' , false )");
  std::string said;
  session.set = [&said](const std::string& name, const std::string& value, bool local) {
    said = name + "=" + value + (local ? " local" : "");
    return value == "bad" ? Status::invalid("no") : Status();
  };
  EXPECT_EQ(spelt("select set_config('a', 'x', true) from t", session), "select 'x' from t");
  EXPECT_EQ(said, "a=x local");
  EXPECT_EQ(spelt("select set_config('a', 'bad', false)", session), "no");
  EXPECT_EQ(spelt("select set_config('a', 'x' || 'y', false)", session),
            "select '<select ( ''x'' || ''y'' ) :: varchar>'");
  EXPECT_EQ(said, "a=<select ( 'x' || 'y' ) :: varchar>");
}

TEST(CatalogSpelling, AdvisoryLocksAreTheSessions) {
  CatalogSession session;
  EXPECT_EQ(spelt("select pg_advisory_lock(1)", session), "select pg_advisory_lock ( 1 )");
  std::vector<std::string> said;
  session.advisory = [&said](const std::string& function,
                             const std::vector<std::string>& arguments) {
    said.push_back(function);
    said.insert(said.end(), arguments.begin(), arguments.end());
    return Result<std::optional<bool>>(function.starts_with("pg_try") ? std::optional(false)
                                                                      : std::nullopt);
  };
  EXPECT_EQ(spelt("select pg_advisory_lock(1, f(2, 3)), pg_try_advisory_lock('5')", session),
            "select '' , false");
  EXPECT_EQ(said, (std::vector<std::string>{"pg_advisory_lock", "1",
                                            "<select ( f ( 2 , 3 ) ) :: varchar>",
                                            "pg_try_advisory_lock", "5"}));
}

TEST(CatalogSpelling, SaysWhatDuckDbHasNot) {
  EXPECT_EQ(spelt("select c.xmin, xmin as xmin, ctid from pg_class c"),
            "select 1 , 1 as xmin , '(0,1)' from pg_class c");
  EXPECT_EQ(spelt("select d.x from d where d.classoid = c.tableoid"),
            "select d . x from d where d . classoid = 1259");
  EXPECT_EQ(spelt("select 1 from p join t on p.oid = t.typreceive where typsend != 0"),
            "select 1 from p join t on p . proname = t . typreceive where typsend != '-'");
  EXPECT_EQ(spelt("select generate_subscripts(i.indkey, 1), generate_subscripts(a, 1)"),
            "select unnest ( range ( 0 , len ( i . indkey ) + 0 ) ) , "
            "unnest ( range ( 1 , len ( a ) + 1 ) )");
  EXPECT_EQ(spelt("select t.oid, e.x, f(t.oid) from t order by oid, e.x"),
            "select t . oid as oid , e . x , f ( t . oid ) from t order by oid , e . x");
}

}  // namespace
}  // namespace dataflow::postgres
