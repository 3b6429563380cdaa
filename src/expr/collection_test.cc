// What functions of arrays, maps and rows give, as tables of texts.
#include <gtest/gtest.h>

#include "test_rows.h"

namespace dataflow::expr {
namespace {

TEST(Collections, AreMadeOfValues) {
  check({{"ARRAY[1, 2, NULL]", "[1, 2, NULL]:ARRAY<INT>"},
         {"ARRAY[1, 2.5]", "[1.0, 2.5]:ARRAY<DECIMAL(11, 1)>"},
         {"ARRAY[]", "[]:ARRAY<NULL>"},
         {"CAST(ARRAY[] AS ARRAY<BIGINT>)", "[]:ARRAY<BIGINT>"},
         {"ARRAY[ARRAY[1], ARRAY[]]", "[[1], []]:ARRAY<ARRAY<INT>>"},
         {"ARRAY[1, 'x']",
          "error: line 1, column 1: in ARRAY[1, 'x']: its values have no type in common: INT and "
          "STRING; cast one of them"},
         {"MAP['a', 1, 'b', NULL]", "{a=1, b=NULL}:MAP<STRING, INT>"},
         {"MAP['a', 1, 'b', 2, 'a', 3]", "{a=3, b=2}:MAP<STRING, INT>"},
         {"MAP[CAST(NULL AS STRING), 1]", "fault: a key of MAP[…] is NULL"},
         {"ROW(1, 'x')", "{EXPR$0=1, EXPR$1=x}:ROW<`EXPR$0` INT, `EXPR$1` STRING>"},
         {"(1, 'x', NULL)",
          "{EXPR$0=1, EXPR$1=x, EXPR$2=NULL}:ROW<`EXPR$0` INT, `EXPR$1` STRING, `EXPR$2` NULL>"}});
}

TEST(Collections, GiveTheirParts) {
  check({{"ARRAY['Java', 'SQL'][1]", "Java:STRING"},
         {"ARRAY[1, 2][3]", "NULL:INT"},
         {"ARRAY[1, 2][CAST(NULL AS INT)]", "NULL:INT"},
         {"ARRAY[1, 2][0]",
          "error: line 1, column 12: in ARRAY[1, 2][0]: an array's elements are counted from 1, "
          "not from 0"},
         {"ARRAY[1]['x']",
          "error: line 1, column 9: in ARRAY[1]['x']: an array's elements are counted by "
          "integers, not by STRING"},
         {"MAP['a', 1, 'b', 2]['b']", "2:INT"},
         {"MAP['a', 1]['z']", "NULL:INT"},
         {"MAP[1, 'x'][CAST(1 AS BIGINT)]", "x:STRING"},
         {"MAP[1, 'x'][TRUE]",
          "error: line 1, column 12: in MAP[1, 'x'][TRUE]: the map's keys are INT, not BOOLEAN"},
         {"ROW(1, 'x').EXPR$1", "x:STRING"},
         {"ROW(1, 'x')[2]", "x:STRING"},
         {"CAST(ROW(1, ROW('y', 2)) AS ROW<a INT, b ROW<c STRING, d INT>>).b.c", "y:STRING"},
         {"CAST(ROW(1) AS ROW<name INT>).nmae",
          "error: line 1, column 30: in CAST(ROW(1) AS ROW<name INT>).nmae: unknown field "
          "\"nmae\" of ROW<name INT>; did you mean \"name\"?"},
         {"(5).a", "error: line 1, column 4: in (5).a: only rows have fields; this is INT"},
         {"CARDINALITY(ARRAY[1, NULL])", "2:INT"},
         {"CARDINALITY(MAP['a', 1])", "1:INT"},
         {"CARDINALITY(CAST(NULL AS ARRAY<INT>))", "NULL:INT"},
         {"ELEMENT(ARRAY['x'])", "x:STRING"},
         {"ELEMENT(CAST(ARRAY[] AS ARRAY<INT>))", "NULL:INT"},
         {"ELEMENT(ARRAY[1, 2])",
          "fault: ELEMENT of an array of 2 elements; one may be in it, and one row in a subquery "
          "that "
          "stands for a value"}});
}

TEST(Collections, ArraysAreSearched) {
  check({{"ARRAY_CONTAINS(ARRAY[1, 2], 2)", "true:BOOLEAN"},
         {"ARRAY_CONTAINS(ARRAY[1, 2], 2.5)", "false:BOOLEAN"},
         {"ARRAY_CONTAINS(ARRAY[1, NULL], NULL)", "true:BOOLEAN"},
         {"ARRAY_CONTAINS(ARRAY[1], NULL)", "false:BOOLEAN"},
         {"ARRAY_CONTAINS(CAST(NULL AS ARRAY<INT>), 1)", "NULL:BOOLEAN"},
         {"ARRAY_CONTAINS(ARRAY[ROW(1, 'a')], ROW(1, 'a'))", "true:BOOLEAN"},
         {"ARRAY_POSITION(ARRAY['a', 'b', 'b'], 'b')", "2:INT"},
         {"ARRAY_POSITION(ARRAY['a'], 'z')", "0:INT"},
         {"ARRAY_POSITION(ARRAY['a', NULL], NULL)", "NULL:INT"},
         {"ARRAY_REMOVE(ARRAY[1, 2, 1, NULL], 1)", "[2, NULL]:ARRAY<INT>"},
         {"ARRAY_REMOVE(ARRAY[1, NULL], NULL)", "[1]:ARRAY<INT>"},
         {"ARRAY_MAX(ARRAY[1, 3, NULL, 2])", "3:INT"},
         {"ARRAY_MIN(ARRAY['b', 'a'])", "a:STRING"},
         {"ARRAY_MAX(CAST(ARRAY[NULL] AS ARRAY<INT>))", "NULL:INT"},
         {"ARRAY_MAX(ARRAY[ARRAY[1]])",
          "error: line 1, column 1: in ARRAY_MAX(ARRAY[ARRAY[1]]): elements of ARRAY<INT> have no "
          "order"},
         {"ARRAY_JOIN(ARRAY['a', NULL, 'b'], '-')", "a-b:STRING"},
         {"ARRAY_JOIN(ARRAY['a', NULL, ''], '-', '?')", "a-?-:STRING"},
         {"ARRAY_JOIN(ARRAY['a'], NULL)", "NULL:STRING"}});
}

TEST(Collections, ArraysMakeArrays) {
  check({{"ARRAY_CONCAT(ARRAY[1], ARRAY[2, NULL], ARRAY[1])", "[1, 2, NULL, 1]:ARRAY<INT>"},
         {"ARRAY_CONCAT(ARRAY[1], NULL)", "NULL:ARRAY<INT>"},
         {"ARRAY_APPEND(ARRAY[1], 2.5)", "[1.0, 2.5]:ARRAY<DECIMAL(11, 1)>"},
         {"ARRAY_APPEND(ARRAY[1], NULL)", "[1, NULL]:ARRAY<INT>"},
         {"ARRAY_PREPEND(ARRAY['b'], 'a')", "[a, b]:ARRAY<STRING>"},
         {"ARRAY_REVERSE(ARRAY[1, 2, NULL])", "[NULL, 2, 1]:ARRAY<INT>"},
         {"ARRAY_SLICE(ARRAY['a', 'b', 'c', 'd'], 2, 3)", "[b, c]:ARRAY<STRING>"},
         {"ARRAY_SLICE(ARRAY['a', 'b', 'c', 'd'], -2)", "[c, d]:ARRAY<STRING>"},
         {"ARRAY_SLICE(ARRAY['a', 'b', 'c'], 0, 0)", "[a]:ARRAY<STRING>"},
         {"ARRAY_SLICE(ARRAY['a', 'b', 'c'], 3, 2)", "[]:ARRAY<STRING>"},
         {"ARRAY_SLICE(ARRAY['a', 'b', 'c'], -9, 9223372036854775807)", "[a, b, c]:ARRAY<STRING>"},
         {"ARRAY_SLICE(ARRAY['a'], NULL)", "NULL:ARRAY<STRING>"},
         {"ARRAY_SORT(ARRAY[3, NULL, 1, 2])", "[NULL, 1, 2, 3]:ARRAY<INT>"},
         {"ARRAY_SORT(ARRAY[3, NULL, 1], FALSE)", "[3, 1, NULL]:ARRAY<INT>"},
         {"ARRAY_SORT(ARRAY[3, NULL, 1], FALSE, TRUE)", "[NULL, 3, 1]:ARRAY<INT>"},
         {"ARRAY_SORT(ARRAY[1E0, CAST('NaN' AS DOUBLE), -1E0])", "[-1, 1, nan]:ARRAY<DOUBLE>"},
         {"ARRAY_DISTINCT(ARRAY[1, NULL, 2, 1, NULL])", "[1, NULL, 2]:ARRAY<INT>"},
         {"ARRAY_UNION(ARRAY[1, 2, 1], ARRAY[3, NULL, 2])", "[1, 2, 3, NULL]:ARRAY<INT>"},
         {"ARRAY_EXCEPT(ARRAY[1, 2, 1, 3], ARRAY[3])", "[1, 2]:ARRAY<INT>"},
         {"ARRAY_INTERSECT(ARRAY[1, 2, 2, NULL], ARRAY[NULL, 2])", "[2, NULL]:ARRAY<INT>"},
         {"ARRAY_DISTINCT(5)",
          "error: line 1, column 1: in ARRAY_DISTINCT(5): ARRAY_DISTINCT takes an array, not "
          "INT"}});
}

TEST(Collections, MapsAreTakenApartAndPutTogether) {
  check(
      {{"MAP_KEYS(MAP['a', 1, 'b', 2])", "[a, b]:ARRAY<STRING>"},
       {"MAP_VALUES(MAP['a', 1, 'b', NULL])", "[1, NULL]:ARRAY<INT>"},
       {"MAP_ENTRIES(MAP['a', 1])[1].value", "1:INT"},
       {"MAP_FROM_ARRAYS(ARRAY['a', 'b', 'a'], ARRAY[1, 2, 3])", "{a=3, b=2}:MAP<STRING, INT>"},
       {"MAP_FROM_ARRAYS(ARRAY['a'], ARRAY[1, 2])", "fault: a map of 1 keys and 2 values"},
       {"MAP_FROM_ARRAYS(ARRAY['a', NULL], ARRAY[1, 2])", "fault: a key of a map is NULL"},
       {"MAP_UNION(MAP['a', 1, 'b', 2], MAP['c', 3, 'a', 4])", "{c=3, a=4, b=2}:MAP<STRING, INT>"},
       {"MAP_UNION(MAP['a', 1], NULL)", "NULL:MAP<STRING, INT>"}});
}

TEST(Collections, AreComparedAndChosen) {
  check({{"ARRAY[1, NULL] = ARRAY[1, NULL]", "true:BOOLEAN"},
         {"ARRAY[1, 2] <> ARRAY[2, 1]", "true:BOOLEAN"},
         {"ARRAY[1] = ARRAY[1.0]", "true:BOOLEAN"},
         {"MAP['a', 1, 'b', 2] = MAP['b', 2, 'a', 1]", "true:BOOLEAN"},
         {"MAP['a', 1, 'b', 2] = MAP['b', 2, 'a', 3]", "false:BOOLEAN"},
         {"ROW(1, 'x') = ROW(1, 'x')", "true:BOOLEAN"},
         {"ARRAY[1] < ARRAY[2]",
          "error: line 1, column 10: in ARRAY[1] < ARRAY[2]: < takes values that have an order, "
          "not (ARRAY<INT>, ARRAY<INT>)"},
         {"ARRAY[1] = CAST(NULL AS ARRAY<INT>)", "NULL:BOOLEAN"},
         {"ARRAY[1] IS NULL", "false:BOOLEAN"},
         {"ARRAY[1] IN (ARRAY[2], ARRAY[1])", "true:BOOLEAN"},
         {"CASE WHEN TRUE THEN ARRAY[1] ELSE ARRAY[2.5] END", "[1.0]:ARRAY<DECIMAL(11, 1)>"},
         {"COALESCE(CAST(NULL AS MAP<STRING, INT>), MAP['a', 1])['a']", "1:INT"},
         {"NULLIF(ARRAY[1], ARRAY[1])", "NULL:ARRAY<INT>"}});
}

TEST(Collections, AreCastValueByValue) {
  check({{"CAST(ARRAY['1', NULL] AS ARRAY<INT>)", "[1, NULL]:ARRAY<INT>"},
         {"CAST(ARRAY['1', 'x'] AS ARRAY<INT>)", "fault: 'x' cannot be cast to INT"},
         {"TRY_CAST(ARRAY['1', 'x'] AS ARRAY<INT>)", "NULL:ARRAY<INT>"},
         {"CAST(ARRAY[1, NULL] AS ARRAY<INT NOT NULL>)",
          "fault: a NULL inside of a value of ARRAY<INT NOT NULL>"},
         {"CAST(MAP['1', 2] AS MAP<INT, STRING>)", "{1=2}:MAP<INT, STRING>"},
         {"CAST(MAP['x', 2] AS MAP<INT, STRING>)", "fault: 'x' cannot be cast to INT"},
         {"TRY_CAST(MAP['x', 2] AS MAP<INT, STRING>)", "NULL:MAP<INT, STRING>"},
         {"CAST(ROW(1, 'x') AS ROW<a BIGINT, b STRING>)", "{a=1, b=x}:ROW<a BIGINT, b STRING>"},
         {"CAST(ARRAY[1, NULL] AS STRING)", "[1, NULL]:STRING"},
         {"CAST(MAP['a', TRUE, 'b', NULL] AS STRING)", "{a=TRUE, b=NULL}:STRING"},
         {"CAST(ROW(1, 'a b', ARRAY[1.50], NULL) AS STRING)", "(1, a b, [1.50], NULL):STRING"},
         {"CAST(CAST(ARRAY[] AS ARRAY<INT>) AS STRING)", "[]:STRING"},
         {"CAST(ARRAY[1] AS INT)",
          "error: line 1, column 1: in CAST(ARRAY[1] AS INT): there is no cast from ARRAY<INT> to "
          "INT"},
         {"CAST(ARRAY[1] AS ARRAY<DATE>)",
          "error: line 1, column 1: in CAST(ARRAY[1] AS ARRAY<DATE>): there is no cast from INT "
          "to DATE"},
         {"CAST('x' AS ARRAY<INT>)",
          "error: line 1, column 1: in CAST('x' AS ARRAY<INT>): there is no cast from STRING to "
          "ARRAY<INT>"}});
}

TEST(Collections, BatchesMayBeEmpty) {
  const Type list = Type::array(Type::int32());
  const Type map = Type::map(Type::string(), list);
  const auto schema =
      std::make_shared<const Schema>(std::vector<Field>{{"l", list, true}, {"m", map, true}});
  const Result<Batch> batch = batch_of(schema, {});
  ASSERT_TRUE(batch.ok()) << batch.status();
  for (const char* text :
       {"l[1]", "m['a'][1]", "CAST(l AS ARRAY<STRING>)", "CAST(m AS STRING)", "MAP_KEYS(m)",
        "MAP_ENTRIES(m)", "ARRAY_UNION(l, l)", "ARRAY[l, l]", "MAP_UNION(m, m)", "ROW(l, m)",
        "l = l", "COALESCE(l, ARRAY[1])", "ARRAY_JOIN(CAST(l AS ARRAY<STRING>), ',')"}) {
    EXPECT_TRUE(evaluate_text(text, *batch).status.ok()) << text;
  }
}

TEST(Collections, ARowThatIsNullHasNoFieldsAndFailsNoCast) {
  const Type type = Type::row({{"a", Type::string(), true}});
  const auto schema = std::make_shared<const Schema>(std::vector<Field>{{"r", type, true}});
  Result<Batch> batch = batch_of(schema, {{Value::list(type, {Value::string("1")})},
                                          {Value::null(type)},
                                          {Value::list(type, {Value::string("x")})}});
  ASSERT_TRUE(batch.ok()) << batch.status();
  const Evaluated field = evaluate_text("r.a", *batch);
  ASSERT_TRUE(field.status.ok()) << field.status;
  EXPECT_EQ(field.values[0].as_text(), "1");
  EXPECT_TRUE(field.values[1].is_null());
  const Evaluated numbers = evaluate_text("CAST(r AS ROW<a INT>).a", *batch);
  ASSERT_TRUE(numbers.status.ok()) << numbers.status;
  EXPECT_EQ(numbers.values[0].as_int(), 1);
  EXPECT_TRUE(numbers.values[1].is_null());
  ASSERT_EQ(numbers.faults.size(), 1u);
  EXPECT_EQ(numbers.faults[0].row, 2);
}

}  // namespace
}  // namespace dataflow::expr
