#include "key_conditions.h"

#include <gtest/gtest.h>

namespace dataflow::jobs {
namespace {

const SchemaPtr& table_schema() {
  static const SchemaPtr schema = std::make_shared<const Schema>(
      std::vector<Field>{{"v", Type::string()}, {"b", Type::string()}, {"a", Type::int32()}});
  return schema;
}

// What the conditions make of the key (a, b): a letter for each range, which says whether it is one
// key (=), all (*), begins with values of columns (^) or lies between bounds (-).
class Conditions {
 public:
  explicit Conditions(const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      auto parsed = expr::parse_expression(text);
      EXPECT_TRUE(parsed.ok()) << parsed.status();
      all_.push_back(*parsed);
      conditions_.add(*parsed, {{"a", "a"}, {"bb", "b"}});
    }
  }
  std::string kinds(const std::vector<Value>& parameters = {}) const {
    auto codec = engine::StoredRows::make(table_schema(), {"a", "b"});
    auto ranges = conditions_.ranges(*codec, parameters);
    EXPECT_TRUE(ranges.ok()) << ranges.status();
    std::string text;
    for (const KeyRange& range : *ranges) {
      const bool prefix = range.to == end_of_prefix(range.from);
      text += range.one ? '=' : range.from.empty() ? '*' : prefix ? '^' : '-';
    }
    return text;
  }
  // Those that need not be asked again.
  size_t answered() const {
    size_t count = 0;
    for (const auto& each : all_) count += conditions_.is_in_range(each) ? 1 : 0;
    return count;
  }

 private:
  KeyConditions conditions_{table_schema(), {"a", "b"}};
  std::vector<expr::ExpressionPtr> all_;
};

TEST(KeyConditionsTest, EqualitiesMakeKeysAndBeginningsOfKeys) {
  EXPECT_EQ(Conditions({"a = 5", "bb = 'x'"}).kinds(), "=");
  EXPECT_EQ(Conditions({"a = 5", "bb = 'x'"}).answered(), 2U);
  EXPECT_EQ(Conditions({"'x' = bb", "a = -5 + 2"}).kinds(), "=");
  EXPECT_EQ(Conditions({"a = 5"}).kinds(), "^");
  EXPECT_EQ(Conditions({"bb = 'x'"}).kinds(), "*");
  EXPECT_EQ(Conditions({"bb = 'x'"}).answered(), 0U);
  EXPECT_EQ(Conditions({"a = 5", "a = 6"}).answered(), 1U);
}

TEST(KeyConditionsTest, WhatStandsInAZoneIsReadInIt) {
  const auto zoned = [](const std::string& text) {
    return "`$IN_ZONE`('Asia/Shanghai', " + text + ")";
  };
  EXPECT_EQ(Conditions({zoned("a = 5"), zoned("bb = 'x'")}).kinds(), "=");
  EXPECT_EQ(Conditions({zoned("a = 5"), zoned("bb = 'x'")}).answered(), 2U);
  EXPECT_EQ(Conditions({zoned("a BETWEEN 5 AND 2 + 7")}).kinds(), "-");
}

TEST(KeyConditionsTest, ListsMakeManyKeysEachOnce) {
  EXPECT_EQ(Conditions({"a IN (1, 2, 2)", "bb IN ('x', 'y')"}).kinds(), "====");
  EXPECT_EQ(Conditions({"a IN (1, 2)"}).kinds(), "^^");
  EXPECT_EQ(Conditions({"a IN (1, 2)", "bb > 'x'"}).kinds(), "--");
  EXPECT_EQ(Conditions({"a IN (1, 2)", "bb > 'x'"}).answered(), 1U);
}

TEST(KeyConditionsTest, ComparisonsBoundTheNextColumn) {
  EXPECT_EQ(Conditions({"a > 5"}).kinds(), "-");
  EXPECT_EQ(Conditions({"a BETWEEN 2 AND 7"}).kinds(), "-");
  EXPECT_EQ(Conditions({"a = 1", "'m' >= bb"}).kinds(), "-");
  EXPECT_EQ(Conditions({"a = 1", "'m' >= bb"}).answered(), 1U);
}

TEST(KeyConditionsTest, WhatNoValueOfTheColumnEqualsFindsNothing) {
  EXPECT_EQ(Conditions({"a = 5000000000"}).kinds(), "");
  EXPECT_EQ(Conditions({"a = CAST(NULL AS INT)"}).kinds(), "");
  EXPECT_EQ(Conditions({"a = 1.5"}).kinds(), "*");
  EXPECT_EQ(Conditions({"a = v", "a + 1 = 2", "a <> 3", "a = 1 OR a = 2"}).kinds(), "*");
}

TEST(KeyConditionsTest, ParametersAreFoundInTheirPlaces) {
  const sql::Parameters markers = as_markers({Type::int64(), Type::string()});
  const auto equals = expr::call("=", {expr::column("a"), markers.given[0]});
  EXPECT_TRUE(has_parameters(*equals));
  const std::vector<Value> values = {Value::int64(7), Value::null(Type::string())};
  EXPECT_EQ(with_values(equals, values)->to_string(), "a = CAST(7 AS BIGINT)");
  EXPECT_FALSE(has_parameters(*with_values(equals, values)));
  const auto plain = expr::column("a");
  EXPECT_EQ(with_values(plain, values), plain);
}

}  // namespace
}  // namespace dataflow::jobs
