// Scripts become plans: what explain() says of them, and what is refused, where.
#include "sql/compile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/parser.h"

namespace dataflow::sql {
namespace {

using testing::HasSubstr;
using testing::Not;

// Runs the definitions of a script, and compiles its last statement.
class CompileTest : public testing::Test {
 protected:
  Result<plan::Plan> compiled(const std::string& script) {
    Catalog catalog;
    Settings settings;
    DF_ASSIGN_OR_RETURN(const std::vector<StatementAst> statements, parse_script(script));
    for (const StatementAst& statement : statements) {
      if (const auto* table = std::get_if<CreateTable>(&statement.what)) {
        DF_RETURN_IF_ERROR(catalog.create(*table, statement.text));
      } else if (const auto* view = std::get_if<CreateView>(&statement.what)) {
        DF_RETURN_IF_ERROR(describe_query(*view->query, catalog, settings, script).status());
        DF_RETURN_IF_ERROR(catalog.create(*view, statement.text));
      } else if (const auto* set = std::get_if<Set>(&statement.what)) {
        DF_RETURN_IF_ERROR(settings.set(set->key, set->value));
      }
    }
    const StatementAst& last = statements.back();
    if (const auto* insert = std::get_if<Insert>(&last.what)) {
      DF_ASSIGN_OR_RETURN(Compiled made, compile({*insert}, catalog, settings, script));
      return std::move(made.plan);
    }
    if (const auto* set = std::get_if<StatementSet>(&last.what)) {
      DF_ASSIGN_OR_RETURN(Compiled made, compile(set->inserts, catalog, settings, script));
      return std::move(made.plan);
    }
    if (const auto* select = std::get_if<SelectStatement>(&last.what)) {
      DF_ASSIGN_OR_RETURN(CompiledQuery made,
                          compile(*select->query, catalog, settings, script, false));
      return std::move(made.compiled.plan);
    }
    return Status::invalid("the script ends in no INSERT and no SELECT");
  }

  std::string explained(const std::string& script) {
    const Result<plan::Plan> plan = compiled(script);
    return plan.ok() ? plan::explain(*plan) : "error: " + plan.status().message();
  }

  static std::string tables() {
    return "CREATE TABLE bids (item STRING, price DOUBLE, n INT, ts TIMESTAMP(3),\n"
           "  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)\n"
           "  WITH ('connector' = 'filesystem', 'path' = 'bids', 'format' = 'json');\n"
           "CREATE TABLE out1 (item STRING, price DOUBLE)\n"
           "  WITH ('connector' = 'filesystem', 'path' = 'out1', 'format' = 'csv');\n"
           "CREATE TABLE counts (ws TIMESTAMP(3), we TIMESTAMP(3), item STRING, n BIGINT)\n"
           "  WITH ('connector' = 'filesystem', 'path' = 'counts', 'format' = 'csv');\n";
  }

  const plan::WindowSpec& only_window(const plan::Plan& plan) {
    const plan::WindowSpec* found = nullptr;
    for (const plan::Node& node : plan.nodes) {
      if (const auto* window = std::get_if<plan::WindowSpec>(&node.spec)) {
        EXPECT_EQ(found, nullptr) << plan::explain(plan);
        found = window;
      }
    }
    EXPECT_NE(found, nullptr) << plan::explain(plan);
    static const plan::WindowSpec none;
    return found == nullptr ? none : *found;
  }
  plan::WindowSpec window_of(const std::string& query) {
    const Result<plan::Plan> plan = compiled(tables() + query);
    EXPECT_TRUE(plan.ok()) << plan.status() << "\n" << query;
    return plan.ok() ? only_window(*plan) : plan::WindowSpec();
  }
};

TEST_F(CompileTest, FiltersAndProjectionsAreNodesOfTheirOwn) {
  const Result<plan::Plan> plan =
      compiled(tables() + "INSERT INTO out1 SELECT UPPER(item), price * 2 FROM bids WHERE n > 3");
  ASSERT_TRUE(plan.ok()) << plan.status();
  std::vector<std::string> kinds;
  for (const plan::Node& node : plan->nodes) kinds.emplace_back(plan::kind_name(node.spec));
  EXPECT_EQ(kinds, (std::vector<std::string>{"source", "filter", "project", "sink"}));
  EXPECT_EQ(plan->nodes[0].id, "bids");
  EXPECT_EQ(plan->nodes[2].schema->to_string(), "(item STRING, price DOUBLE)");
}

TEST_F(CompileTest, GroupsOfWindowTablesAreWindowsOverTheirInput) {
  const char* const kList = "SELECT window_start, window_end, item, COUNT(*) FROM ";
  const char* const kGroup = " GROUP BY window_start, window_end, item";
  const auto window = [&](const std::string& from) {
    return window_of("INSERT INTO counts " + (kList + from) + kGroup);
  };
  plan::WindowSpec spec = window("TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' MINUTE))");
  EXPECT_EQ(spec.kind, plan::WindowKind::kTumbling);
  EXPECT_EQ(spec.size_ms, 600'000);
  EXPECT_EQ(spec.time_column, "ts");
  EXPECT_EQ(spec.keys, std::vector<std::string>{"item"});
  spec = window(
      "TABLE(HOP(DATA => TABLE bids, TIMECOL => DESCRIPTOR(ts), SIZE => INTERVAL '60' SECOND, "
      "SLIDE => INTERVAL '15' SECOND, \"OFFSET\" => INTERVAL '1' SECOND))");
  EXPECT_EQ(spec.kind, plan::WindowKind::kHopping);
  EXPECT_EQ(spec.size_ms, 60'000);
  EXPECT_EQ(spec.slide_ms, 15'000);
  EXPECT_EQ(spec.offset_ms, 1000);
  spec = window("CUMULATE(bids, ts, INTERVAL '1' MINUTE, INTERVAL '1' HOUR)");
  EXPECT_EQ(spec.kind, plan::WindowKind::kCumulative);
  EXPECT_EQ(spec.slide_ms, 60'000);
  EXPECT_EQ(spec.size_ms, 3'600'000);
  spec =
      window("TABLE(SESSION(TABLE bids PARTITION BY item, DESCRIPTOR(ts), INTERVAL '5' MINUTE))");
  EXPECT_EQ(spec.kind, plan::WindowKind::kSession);
  EXPECT_EQ(spec.gap_ms, 300'000);
}

// Whose groups are other than their parts: rows get their session first, when it is over.
TEST_F(CompileTest, SessionsMayBeGroupedByAnything) {
  const Result<plan::Plan> plan = compiled(
      tables() +
      "INSERT INTO counts SELECT window_start, window_end, 'x', COUNT(*) FROM "
      "SESSION(bids PARTITION BY item, ts, INTERVAL '5' MINUTE) GROUP BY window_start, window_end");
  ASSERT_TRUE(plan.ok()) << plan.status();
  std::vector<std::string> kinds;
  for (const plan::Node& node : plan->nodes) kinds.emplace_back(plan::kind_name(node.spec));
  EXPECT_THAT(kinds, testing::IsSupersetOf({"window", "unnest", "window"}));
  EXPECT_EQ(plan->find("window_1")->schema->fields().back().name, "$rows");
}

// Windows of zoned times begin as the session's clocks show.
TEST_F(CompileTest, WindowsGoByTheSessionsZone) {
  const auto zone_of = [&](const std::string& zone, const std::string& type) {
    return window_of("SET 'table.local-time-zone' = '" + zone + "';\n" +
                     "CREATE TABLE z (n INT, at " + type +
                     "(3), WATERMARK FOR at AS at)\n"
                     "WITH ('connector' = 'filesystem', 'path' = 'z', 'format' = 'json');\n"
                     "INSERT INTO counts SELECT window_start, window_end, 'x', COUNT(*) "
                     "FROM TUMBLE(z, at, INTERVAL '1' DAY) GROUP BY window_start, window_end")
        .time_zone;
  };
  EXPECT_EQ(zone_of("Asia/Shanghai", "TIMESTAMP_LTZ"), "Asia/Shanghai");
  EXPECT_EQ(zone_of("Asia/Shanghai", "TIMESTAMP"), "");
  EXPECT_EQ(zone_of("UTC", "TIMESTAMP_LTZ"), "");
}

TEST_F(CompileTest, EmitSaysWhenWindowsTellWhatTheyHold) {
  const std::string counts =
      "SELECT window_start, window_end, item, COUNT(*) AS n FROM TUMBLE(bids, ts, INTERVAL '1' "
      "MINUTE) GROUP BY window_start, window_end, item";
  EXPECT_FALSE(window_of("INSERT INTO counts " + counts).emit_changes);
  EXPECT_FALSE(window_of("INSERT INTO counts " + counts + " EMIT ON WINDOW CLOSE").emit_changes);
  EXPECT_TRUE(window_of("INSERT INTO counts " + counts + " EMIT CHANGES").emit_changes);
  EXPECT_TRUE(window_of("INSERT INTO counts SELECT window_start, window_start, MAX(item), SUM(n) "
                        "FROM (" +
                        counts + ") GROUP BY window_start EMIT CHANGES")
                  .emit_changes);
  EXPECT_TRUE(
      window_of("INSERT INTO counts SELECT * FROM (" + counts + " EMIT CHANGES) WHERE n > 2")
          .emit_changes);
  // What all rows of a window are needed for waits until it closes.
  const std::string top =
      tables() +
      "INSERT INTO counts SELECT window_start, window_end, item, n FROM (SELECT "
      "*, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY n "
      "DESC) AS place FROM (" +
      counts + ")) WHERE place < 3";
  EXPECT_THAT(explained(top + " EMIT CHANGES"), Not(HasSubstr("emitting changes")));
  EXPECT_THAT(explained(top + " EMIT ON WINDOW CLOSE"), Not(HasSubstr("error")));
  EXPECT_FALSE(window_of("SET 'execution.runtime-mode' = 'batch'; INSERT INTO counts " + counts +
                         " EMIT CHANGES")
                   .emit_changes);
  EXPECT_THAT(explained(tables() + "INSERT INTO out1 SELECT item, SUM(price) FROM bids GROUP BY "
                                   "item EMIT ON WINDOW CLOSE"),
              HasSubstr("rows are of none that closes"));
}

TEST_F(CompileTest, WhatStandsBetweenAWindowTableAndItsGroupGoesInFront) {
  const Result<plan::Plan> plan = compiled(
      tables() +
      "INSERT INTO counts SELECT ws, we, upper_item, c FROM (\n"
      "  SELECT window_start AS ws, window_end AS we, upper_item, SUM(twice) AS c FROM (\n"
      "    SELECT window_start, window_end, UPPER(item) AS upper_item, n * 2 AS twice\n"
      "    FROM TABLE(HOP(TABLE bids, DESCRIPTOR(ts), INTERVAL '15' SECOND, INTERVAL '1' MINUTE))\n"
      "    WHERE price > 1)\n"
      "  GROUP BY window_start, window_end, upper_item)\n"
      "WHERE c > 2");
  ASSERT_TRUE(plan.ok()) << plan.status();
  const plan::WindowSpec& spec = only_window(*plan);
  EXPECT_EQ(spec.slide_ms, 15'000);
  EXPECT_EQ(spec.keys, std::vector<std::string>{"upper_item"});
  EXPECT_EQ(spec.time_column, "$time");  // it was left out, and is still read
}

TEST_F(CompileTest, WindowsOverResultsOfWindowsKeepTheirWindow) {
  const Result<plan::Plan> plan = compiled(
      tables() +
      "INSERT INTO counts SELECT window_start, window_end, 'most', MAX(c) FROM (\n"
      "  SELECT window_start, window_end, item, COUNT(*) AS c\n"
      "  FROM TABLE(HOP(TABLE bids, DESCRIPTOR(ts), INTERVAL '15' SECOND, INTERVAL '1' MINUTE))\n"
      "  GROUP BY window_start, window_end, item)\n"
      "GROUP BY window_start, window_end");
  ASSERT_TRUE(plan.ok()) << plan.status();
  std::vector<int64_t> sizes;
  for (const plan::Node& node : plan->nodes) {
    if (const auto* window = std::get_if<plan::WindowSpec>(&node.spec)) {
      sizes.push_back(window->size_ms);
    }
  }
  EXPECT_EQ(sizes, (std::vector<int64_t>{60'000, 1}));
}

TEST_F(CompileTest, GroupWindowsOfOldAreUnderstood) {
  const plan::WindowSpec spec = window_of(
      "INSERT INTO counts SELECT TUMBLE_START(ts, INTERVAL '1' MINUTE), "
      "TUMBLE_END(ts, INTERVAL '1' MINUTE), item, COUNT(DISTINCT n) FROM bids "
      "GROUP BY TUMBLE(ts, INTERVAL '1' MINUTE), item");
  EXPECT_EQ(spec.kind, plan::WindowKind::kTumbling);
  EXPECT_EQ(spec.size_ms, 60'000);
  ASSERT_EQ(spec.aggregates.size(), 1U);
  EXPECT_TRUE(spec.aggregates[0].distinct);
}

TEST_F(CompileTest, AViewAndAStatementSetReadATableOnce) {
  const Result<plan::Plan> plan =
      compiled(tables() +
               "CREATE VIEW dear AS SELECT item, price FROM bids WHERE price > 10;\n"
               "EXECUTE STATEMENT SET BEGIN\n"
               "INSERT INTO out1 SELECT * FROM dear;\n"
               "INSERT INTO counts SELECT window_start, window_end, item, COUNT(*)\n"
               "  FROM TUMBLE(bids, ts, INTERVAL '1' MINUTE) GROUP BY 1, 2, 3;\n"
               "END");
  ASSERT_TRUE(plan.ok()) << plan.status();
  size_t sources = 0;
  for (const plan::Node& node : plan->nodes) {
    sources += std::holds_alternative<plan::SourceSpec>(node.spec) ? 1 : 0;
  }
  EXPECT_EQ(sources, 1U) << plan::explain(*plan);
}

// Each query with what its plan must say.
struct Explained {
  const char* query;
  std::vector<std::string> lines;
};

TEST_F(CompileTest, ConditionsOfJoinsSayWhichJoinItIs) {
  const std::string items =
      "CREATE TABLE items (id STRING, name STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts)\n"
      "  WITH ('connector' = 'filesystem', 'path' = 'items', 'format' = 'json');\n";
  const std::vector<Explained> kCases = {
      {"FROM bids AS b JOIN items AS i ON b.item = i.id WHERE b.price > 3 AND i.name <> 'x'",
       {"inner join", "on left.item = right.id", "\"filter_1\": price > 3",
        "\"filter_2\": name <> 'x'"}},
      {"FROM bids AS b LEFT JOIN items AS i ON UPPER(b.item) = i.id AND b.n > 3",
       {"left join", "left.$key = right.id and n > 3"}},
      // A partner's column: it stays above the join that may be without one.
      {"FROM bids AS b LEFT JOIN items AS i ON b.item = i.id WHERE i.name = 'x' AND b.n = 1",
       {"filter \"filter_2\": name = 'x'", "filter \"filter_1\": n = 1"}},
      {"FROM bids AS b, items AS i WHERE b.item = i.id AND b.ts BETWEEN i.ts AND i.ts + INTERVAL "
       "'1' MINUTE",
       {"inner interval join", "right.ts0 - left.ts from -60000ms to 0ms"}},
      {"FROM bids AS b FULL JOIN items AS i ON b.item = i.id AND b.ts > i.ts - INTERVAL '5' SECOND "
       "AND i.ts >= b.ts - INTERVAL '3' SECOND",
       {"full interval join", "right.ts0 - left.ts from -3000ms to 4999ms"}},
      // Bounded on one side only.
      {"FROM bids AS b JOIN items AS i ON b.item = i.id AND b.ts > i.ts",
       {"inner join", "on left.item = right.id and ts > ts0"}},
      {"FROM TUMBLE(bids, ts, INTERVAL '1' MINUTE) AS b LEFT JOIN TUMBLE(items, ts, INTERVAL '1' "
       "MINUTE) AS i ON b.window_start = i.window_start AND b.window_end = i.window_end AND "
       "b.item = i.id",
       {"left window join", "in the same 1ms of", "tumbling 1m of ts"}},
      {"FROM bids AS b LEFT JOIN items FOR SYSTEM_TIME AS OF b.ts AS i ON b.item = i.id",
       {"left temporal join", "as of right at ts"}},
      {"FROM bids AS b ASOF JOIN items AS i MATCH_CONDITION (b.ts > i.ts) ON b.item = i.id",
       {"inner temporal join", "as of right before ts"}},
      {"FROM bids AS b JOIN items AS i USING (ts)", {"on left.ts = right.ts0"}},
      {"FROM bids AS b NATURAL JOIN items AS i", {"on left.ts = right.ts0"}},
      {"FROM bids AS b CROSS JOIN items AS i", {"inner join", "each with each"}},
      {"FROM bids AS b WHERE item IN (SELECT id FROM items)", {"semi join", "item = right.$sub"}},
      {"FROM bids AS b WHERE NOT item IN (SELECT id FROM items)",
       {"anti join", "item IS NULL", "`$sub` IS NULL"}},
      {"FROM bids AS b WHERE NOT EXISTS (SELECT * FROM items)", {"anti join", "by ($sub)"}},
      {"FROM bids AS b WHERE price > (SELECT AVG(price) FROM bids)",
       {"left join", "price > `$sub`"}},
  };
  for (const Explained& each : kCases) {
    const std::string plan = explained(tables() + items + "SELECT b.item " + each.query);
    for (const std::string& line : each.lines) EXPECT_THAT(plan, HasSubstr(line)) << each.query;
  }
}

TEST_F(CompileTest, RowNumbersBecomeRanks) {
  const std::string of_windows =
      "FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY s DESC) "
      "AS place FROM (SELECT window_start, window_end, item, SUM(price) AS s FROM TUMBLE(bids, ts, "
      "INTERVAL '1' MINUTE) GROUP BY window_start, window_end, item))";
  const std::string by_price =
      "FROM (SELECT item, n, ROW_NUMBER() OVER (PARTITION BY item ORDER BY price DESC) AS place "
      "FROM bids)";
  const std::vector<std::pair<std::string, std::vector<std::string>>> kCases = {
      {"SELECT item " + by_price + " WHERE place <= 3",
       {"rank \"rank_1\": 1 to 3 by (item) in order of price descending  →"}},
      {"SELECT item, place " + by_price + " WHERE place BETWEEN 2 AND 5 AND n > 1",
       {"2 to 5 by (item)", "place in $over", "filter \"filter_1\": n > 1"}},
      {"SELECT item " + by_price + " WHERE place > 3", {"over \"over_1\": rows", "filter"}},
      {"SELECT item, s " + of_windows + " WHERE place < 4",
       {"1 to 3 by (window_start, window_end)", "when the window closes"}},
      {"SELECT item FROM bids QUALIFY ROW_NUMBER() OVER (PARTITION BY item ORDER BY ts DESC) = 1",
       {"deduplicate \"deduplicate_1\": last by (item) in ts"}},
      {"SELECT item FROM (SELECT * FROM bids ORDER BY price LIMIT 10 OFFSET 2)",
       {"rank \"rank_1\": 3 to 12 in order of price  →"}},
      {"SET 'table.exec.state.ttl' = '1 h'; SELECT item, COUNT(*) FROM bids GROUP BY item",
       {"by (item): $agg0 = COUNT(*), kept for 1h"}},
  };
  for (const auto& [query, lines] : kCases) {
    const std::string plan = explained(tables() + query);
    for (const std::string& line : lines) EXPECT_THAT(plan, HasSubstr(line)) << query;
  }
}

TEST_F(CompileTest, StateHoldsOnlyColumnsThatSomebodyReads) {
  const std::string items =
      "CREATE TABLE items (item STRING, name STRING, weight INT, ts TIMESTAMP(3), WATERMARK FOR ts "
      "AS ts) WITH ('connector' = 'filesystem', 'path' = 'items', 'format' = 'json');\n";
  const std::vector<std::pair<std::string, std::vector<std::string>>> kCases = {
      {"SELECT name FROM bids JOIN items ON bids.item = items.item WHERE n > 1",
       {"(item STRING, item0 STRING, name STRING)", "reads 3 of 4 columns: item, n, ts",
        "reads 3 of 4 columns: item, name, ts"}},
      {"SELECT COUNT(*) FROM bids, items", {"(item STRING, ts0 TIMESTAMP(3))"}},
      {"SELECT name FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY item ORDER BY weight) AS place "
       "FROM items) WHERE place < 3",
       {"(item STRING, name STRING, weight INT)"}},
      // Event time stays where windows need it, and with the window its columns.
      {"SELECT window_end, COUNT(*) FROM TUMBLE((SELECT b.* FROM bids b JOIN items i ON b.item = "
       "i.item AND b.ts BETWEEN i.ts AND i.ts + INTERVAL '1' MINUTE), ts, INTERVAL '1' MINUTE) "
       "GROUP BY window_start, window_end",
       {"reads 2 of 4 columns: item, ts  →"}},
      // Two readers of one join keep what either reads, and one join.
      {"CREATE VIEW both_of AS SELECT b.item, b.price, i.name, i.weight FROM bids b JOIN items i "
       "ON "
       "b.item = i.item;\nEXECUTE STATEMENT SET BEGIN INSERT INTO out1 SELECT name, price FROM "
       "both_of; INSERT INTO out1 (item) SELECT item FROM both_of; END",
       {"(item STRING, price DOUBLE, item0 STRING, name STRING)", "(shown above)"}},
  };
  for (const auto& [query, lines] : kCases) {
    const std::string plan = explained(tables() + items + query);
    for (const std::string& line : lines) EXPECT_THAT(plan, HasSubstr(line)) << query;
  }
}

TEST_F(CompileTest, ErrorsNameThePlaceAndTheNearestName) {
  struct Case {
    const char* query;
    const char* words;
  };
  const Case kCases[] = {
      {"SELECT item FROM shop.bids", "there is no database `shop`; there is `default_database`"},
      {"INSERT INTO shop.default_database.out1 SELECT item, price FROM bids",
       "there is no catalog `shop`"},
      {"INSERT INTO out1 SELECT itm, price FROM bids", "there is no column `itm`; did you mean"},
      {"INSERT INTO out1 SELECT item, price FROM bid", "there is no table or view `bid`; did you"},
      {"INSERT INTO out2 SELECT item, price FROM bids", "there is no table `out2`; did you mean"},
      {"INSERT INTO out1 SELECT item FROM bids",
       "takes 2 columns (item, price), the query gives 1"},
      {"INSERT INTO out1 SELECT price, item FROM bids", "write CAST(… AS "},
      {"INSERT INTO out1 SELECT b.item, c.price FROM bids AS b", "there is no table or column `c`"},
      {"INSERT INTO out1 SELECT item, price FROM bids WHERE n", "a condition must be BOOLEAN"},
      {"INSERT INTO out1 SELECT item, COUNT(*) FROM bids WHERE COUNT(*) > 1 GROUP BY item",
       "conditions on aggregates stand in HAVING"},
      {"INSERT INTO counts SELECT window_start, window_end, item, COUNT(*) FROM TABLE(TUMBLE("
       "TABLE bids, DESCRIPTOR(price), INTERVAL '1' MINUTE)) GROUP BY 1, 2, 3",
       "windows need a TIMESTAMP"},
      {"INSERT INTO counts SELECT window_start, window_end, price, COUNT(*) FROM TUMBLE(bids, ts, "
       "INTERVAL '1' MINUTE) GROUP BY window_start, window_end, item",
       "`price` has several values in a group"},
      {"INSERT INTO counts SELECT window_start, window_end, item, SUM(COUNT(*)) FROM TUMBLE(bids, "
       "ts, INTERVAL '1' MINUTE) GROUP BY 1, 2, 3",
       "aggregates cannot stand within aggregates"},
      {"INSERT INTO counts SELECT window_start, window_end, item, COUNT(*) FROM TUMBLE(bids, ts, "
       "5) GROUP BY 1, 2, 3",
       "must be an interval"},
      {"INSERT INTO out1 SELECT item, price FROM (SELECT * FROM bids LIMIT n)",
       "LIMIT takes a whole number"},
      {"INSERT INTO out1 SELECT item, price FROM bids ORDER BY price", "a stream has no end"},
      {"SELECT DISTINCT item FROM bids ORDER BY price", "ordered by columns of its list only"},
      {"SELECT item FROM bids WHERE n IN (SELECT n, item FROM bids)", "gives one column"},
      {"SELECT item, (SELECT n, item FROM bids) FROM bids", "gives one column"},
      {"SELECT item FROM bids AS b WHERE EXISTS (SELECT 1 FROM bids AS c WHERE c.n = b.n)",
       "correlated subqueries are not supported yet"},
      {"SELECT item FROM bids AS a JOIN bids AS b ON a.n = b.n", "a column of several tables"},
      {"SELECT item FROM bids WHERE ROW_NUMBER() OVER (ORDER BY ts) = 1", "by QUALIFY"},
      {"SELECT item, LAG(n, 1, 2, 3) OVER (ORDER BY ts) FROM bids", "here are 4"},
      {"SELECT SUM(n) OVER w FROM bids", "there is no window `w`"},
      {"SELECT a.n FROM bids AS a ASOF JOIN bids AS b ON a.n = b.n", "compares two times"},
      {"SELECT a.n FROM bids AS a JOIN bids FOR SYSTEM_TIME AS OF a.price AS b ON a.n = b.n",
       "takes the event time of the left side, `ts`"},
      {"CREATE TABLE nn (a STRING NOT NULL, b STRING) WITH ('connector' = 'blackhole');\n"
       "INSERT INTO nn (b) SELECT item FROM bids",
       "is NOT NULL, and INSERT does not name it"},
      {"CREATE TABLE arrays (a ARRAY<INT>) WITH ('connector' = 'blackhole');\n"
       "INSERT INTO arrays SELECT ARRAY['x', item] FROM bids",
       "write CAST(… AS ARRAY<INT>)"},
      {"INSERT INTO counts SELECT window_start, window_end, item, COUNT(*) FROM HOP(bids, ts, "
       "INTERVAL '7' SECOND, INTERVAL '10' SECOND) GROUP BY 1, 2, 3",
       "a whole number of SLIDEs"},
  };
  for (const Case& c : kCases) {
    const std::string answer = explained(tables() + c.query);
    EXPECT_THAT(answer, HasSubstr(c.words)) << c.query;
    EXPECT_THAT(answer, HasSubstr("error: line ")) << c.query;
    EXPECT_THAT(answer, HasSubstr("^")) << c.query;
  }
}

TEST_F(CompileTest, WhatComesBeforeOverAndGroupsIsRefused) {
  struct Case {
    std::string query, words;
  };
  const Case kCases[] = {
      {"SELECT item FROM bids GROUP BY item HAVING ROW_NUMBER() OVER (ORDER BY item) = 1",
       "HAVING comes before OVER"},
      {"SELECT COUNT(*) FROM bids GROUP BY ROW_NUMBER() OVER (ORDER BY ts)",
       "groups come before OVER"},
      {"SELECT SUM(ROW_NUMBER() OVER (ORDER BY ts)) FROM bids",
       "aggregates cannot stand within aggregates"},
      {"SELECT n > ALL (SELECT n, item FROM bids) FROM bids", "a subquery of ALL gives one column"},
      {"SELECT (n, item) IN (SELECT n FROM bids) FROM bids", "gives 2 columns, this one 1"},
      {"SELECT a.n FROM bids AS a LEFT JOIN bids AS b ON a.n = b.n AND EXISTS (SELECT 1 FROM bids)",
       "where rows without a partner stay"},
  };
  for (const Case& c : kCases) {
    const std::string answer = explained(tables() + c.query);
    EXPECT_THAT(answer, HasSubstr(c.words)) << c.query;
    EXPECT_THAT(answer, HasSubstr("error: line ")) << c.query;
  }
}

TEST_F(CompileTest, ColumnsThatInsertDoesNotNameAreNull) {
  const Result<plan::Plan> plan =
      compiled(tables() + "INSERT INTO out1 (price) SELECT price FROM bids");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(plan::explain(*plan), HasSubstr("CAST(NULL AS STRING)"));
}

TEST_F(CompileTest, ColumnsThatDifferInCaseOnlyAreNamedInTheirOwn) {
  const Result<plan::Plan> plan = compiled(
      "CREATE TABLE cc (a STRING, A STRING) WITH ('connector' = 'blackhole');\n"
      "INSERT INTO cc (A) VALUES ('s')");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(plan::explain(*plan), HasSubstr("CAST(NULL AS STRING)"));
}

TEST_F(CompileTest, ValuesMayBeNullInAnyRow) {
  const Result<plan::Plan> plan = compiled("SELECT * FROM (VALUES (1), (NULL)) AS t (x)");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->nodes[0].schema->to_string(), "(`EXPR$0` INT)");
}

TEST_F(CompileTest, ValuesHaveTheTypesOfAllTheirRows) {
  const Result<plan::Plan> plan =
      compiled("SELECT * FROM (VALUES (1, 'a'), (2.5, NULL)) AS t (x, y)");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(plan->nodes[0].schema->to_string(), HasSubstr("DECIMAL"));
}

}  // namespace
}  // namespace dataflow::sql
