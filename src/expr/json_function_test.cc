// JSON's functions: the examples of Flink's documentation, and what lies beside them.
#include <gtest/gtest.h>

#include <random>

#include "json_path.h"
#include "json_tree.h"
#include "test_rows.h"

namespace dataflow::expr {
namespace {

TEST(JsonFunctions, ValuesAreTakenOut) {
  check(
      {{R"(JSON_VALUE('{"a": true}', '$.a'))", "true:STRING"},
       {R"(JSON_VALUE('{"a": true}', '$.a' RETURNING BOOLEAN))", "true:BOOLEAN"},
       {R"(JSON_VALUE('{"a": true}', 'lax $.b' DEFAULT FALSE ON EMPTY))", "FALSE:STRING"},
       {R"(JSON_VALUE('{"a": true}', 'strict $.b' DEFAULT FALSE ON ERROR))", "FALSE:STRING"},
       {R"(JSON_VALUE('{"a.b": [0.998,0.996]}','$.["a.b"][0]' RETURNING DOUBLE))", "0.998:DOUBLE"},
       {R"(JSON_VALUE('{"contains blank": "right"}', 'strict $.[''contains blank'']' )"
        "NULL ON EMPTY DEFAULT 'wrong' ON ERROR)",
        "right:STRING"},
       {R"(JSON_VALUE('{"a": {"b": [1, 2, {"c": "x\n\u00e4"}]}}', '$.a.b[2].c'))", "x\nä:STRING"},
       {R"(JSON_VALUE('[1, 2, 3]', '$[-1]' RETURNING INTEGER))", "3:INT"},
       {R"(JSON_VALUE('{"a": 1.50, "a": 1e3}', '$.a'))", "1E+3:STRING"},
       {R"(JSON_VALUE('{"a": null}', 'lax $.a' DEFAULT 'empty' ON EMPTY))", "empty:STRING"},
       {R"(JSON_VALUE('{"a": []}', '$.a'))", "NULL:STRING"},
       {R"(JSON_VALUE('{"a": []}', '$.a' ERROR ON ERROR))",
        "fault: JSON_VALUE: an array or object stands where the path leads"},
       {R"(JSON_VALUE('{', '$.a' ERROR ON ERROR))", "fault: JSON_VALUE: the text is not JSON"},
       {R"(JSON_VALUE('{}', 'lax $.a' ERROR ON EMPTY))",
        "fault: JSON_VALUE: there is no scalar where the path leads"},
       {R"(JSON_VALUE('x', '$' DEFAULT CAST(NULL AS STRING) ON ERROR))", "NULL:STRING"},
       {R"(JSON_VALUE(CAST(NULL AS STRING), '$.a' DEFAULT 'x' ON EMPTY))", "NULL:STRING"},
       {R"(JSON_VALUE('{}', 'a.b'))",
        "error: line 1, column 1: in JSON_VALUE('{}', 'a.b'): the JSON path does not begin with "
        "$; it is like \"$.name[0]['other name'][*]\", with lax or strict before it if wanted"}});
}

TEST(JsonFunctions, PartsAreTakenOut) {
  check(
      {{R"(JSON_QUERY('{ "a": { "b": 1 } }', '$.a'))", R"({"b":1}:STRING)"},
       {R"(JSON_QUERY('[1, 2]', '$'))", "[1,2]:STRING"},
       {R"(JSON_QUERY(CAST(NULL AS STRING), '$'))", "NULL:STRING"},
       {R"(JSON_QUERY('{"a":[{"c":"c1"},{"c":"c2"}]}', 'lax $.a[*].c'))", R"(["c1","c2"]:STRING)"},
       {R"(JSON_QUERY('{}', '$' WITH CONDITIONAL ARRAY WRAPPER))", "[{}]:STRING"},
       {R"(JSON_QUERY('[1, 2]', '$' WITH CONDITIONAL ARRAY WRAPPER))", "[1,2]:STRING"},
       {R"(JSON_QUERY('[1, 2]', '$' WITH UNCONDITIONAL ARRAY WRAPPER))", "[[1,2]]:STRING"},
       {R"(JSON_QUERY('1', '$'))", "NULL:STRING"},
       {R"(JSON_QUERY('1', '$' WITH CONDITIONAL WRAPPER))", "[1]:STRING"},
       {R"(JSON_QUERY('{}', 'lax $.invalid' EMPTY OBJECT ON EMPTY))", "{}:STRING"},
       {R"(JSON_QUERY('{}', 'strict $.invalid' EMPTY ARRAY ON ERROR))", "[]:STRING"},
       {R"(JSON_QUERY('{}', 'strict $.invalid' ERROR ON ERROR))",
        "fault: JSON_QUERY: there is nothing where the path leads"},
       {R"(JSON_QUERY('{"b": "\"x", "a": null}', '$'))", R"({"a":null,"b":"\"x"}:STRING)"},
       {R"(JSON_EXISTS('{"a": true}', '$.a'))", "true:BOOLEAN"},
       {R"(JSON_EXISTS('{"a": true}', '$.b'))", "false:BOOLEAN"},
       {R"(JSON_EXISTS('{"a": [{ "b": 1 }]}', '$.a[0].b'))", "true:BOOLEAN"},
       {R"(JSON_EXISTS('{"a": true}', 'strict $.b' TRUE ON ERROR))", "true:BOOLEAN"},
       {R"(JSON_EXISTS('{"a": true}', 'strict $.b' FALSE ON ERROR))", "false:BOOLEAN"},
       {R"(JSON_EXISTS('{', '$.b' UNKNOWN ON ERROR))", "NULL:BOOLEAN"},
       {R"(JSON_EXISTS('{', '$.b' ERROR ON ERROR))", "fault: JSON_EXISTS: the text is not JSON"}});
}

TEST(JsonFunctions, TextsAreToldFromJson) {
  check({{"'1' IS JSON", "true:BOOLEAN"},
         {"'[]' IS JSON", "true:BOOLEAN"},
         {"'abc' IS JSON", "false:BOOLEAN"},
         {"'\"abc\"' IS JSON", "true:BOOLEAN"},
         {"CAST(NULL AS STRING) IS JSON", "false:BOOLEAN"},
         {"'1' IS JSON SCALAR", "true:BOOLEAN"},
         {"'1' IS JSON ARRAY", "false:BOOLEAN"},
         {"'{}' IS JSON OBJECT", "true:BOOLEAN"},
         {"'{}' IS NOT JSON SCALAR", "true:BOOLEAN"},
         {"'abc' IS NOT JSON", "true:BOOLEAN"}});
}

TEST(JsonFunctions, ArePrintedAsTheyAreRead) {
  for (const char* text :
       {R"(JSON_VALUE(s, '$.a' RETURNING INTEGER NULL ON EMPTY DEFAULT 5 ON ERROR))",
        R"(JSON_QUERY(s, '$.a' WITH WRAPPER ERROR ON EMPTY))",
        R"(JSON_EXISTS(s, '$.a' UNKNOWN ON ERROR) AND s IS NOT JSON ARRAY)"}) {
    const Result<ExpressionPtr> parsed = parse_expression(text);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    const Result<ExpressionPtr> again = parse_expression((*parsed)->to_string());
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ((*again)->to_string(), (*parsed)->to_string());
  }
}

TEST(JsonFunctions, OnlyJsonIsRead) {
  JsonTree tree;
  for (const char* wrong :
       {"",          " ",      "{",   "[",   "[1,]",  "{\"a\"}", "{\"a\":}",   "{a:1}",
        "01",        "1.",     ".5",  "-",   "+1",    "1e",      "\"",         "\"\\x\"",
        "\"\\u12\"", "\"\n\"", "tru", "nul", "[1 2]", "1 2",     "{\"a\":1,}", "]"}) {
    EXPECT_FALSE(tree.parse(wrong)) << wrong;
  }
  EXPECT_FALSE(tree.parse(std::string(100000, '[')));
  EXPECT_TRUE(tree.parse(std::string(400, '[') + std::string(400, ']')));
}

// Bytes changed at random: read without harm, and what is read is written as JSON.
TEST(JsonFunctions, AnyTextIsReadWithoutHarm) {
  const std::string whole =
      R"({"a": [1, -2.5e-3, true, null, "x\"\u00e4\ud83d\ude00\n"], "b": {"c": {}, "d": []}})";
  const Result<JsonPath> path = JsonPath::parse("lax $.a[*]");
  ASSERT_TRUE(path.ok()) << path.status();
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20000; ++i) {
    std::string text = whole.substr(0, random() % 5 == 0 ? random() % whole.size() : whole.size());
    for (uint64_t n = random() % 4; n > 0 && !text.empty(); --n) {
      text[random() % text.size()] = "{}[]\",:\\u1e-. \x01z"[random() % 17];
    }
    JsonTree tree;
    if (!tree.parse(text)) continue;
    std::vector<uint32_t> found;
    path->find(tree, found);
    std::string written;
    tree.write(0, written);
    JsonTree again;
    ASSERT_TRUE(again.parse(written)) << text << " became " << written;
    std::string twice;
    again.write(0, twice);
    ASSERT_EQ(twice, written) << text;
  }
}

}  // namespace
}  // namespace dataflow::expr
