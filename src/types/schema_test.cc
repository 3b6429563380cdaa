#include "types/schema.h"

#include <gtest/gtest.h>

namespace dataflow {
namespace {

TEST(SchemaTest, an_exact_name_comes_before_one_in_another_case) {
  const Schema schema({{"id", Type::int32()}, {"ID", Type::int32()}, {"Name", Type::string()}});
  EXPECT_EQ(schema.find("ID"), 1u);
  EXPECT_EQ(schema.find("id"), 0u);
  EXPECT_EQ(schema.find("Id"), std::nullopt);
  EXPECT_EQ(schema.find("name"), 2u);
  EXPECT_EQ(schema.find("other"), std::nullopt);
}

TEST(SchemaTest, a_missing_field_is_named_with_the_nearest_one) {
  const Schema schema({{"meeting_id", Type::int32()}, {"x", Type::int32()}, {"X", Type::int8()}});
  EXPECT_EQ(schema.require("x").value(), 1u);
  EXPECT_EQ(schema.require("meetingid").status().message(),
            "there is no field \"meetingid\"; did you mean \"meeting_id\"?");
  EXPECT_EQ(schema.require("latency").status().message(),
            "there is no field \"latency\"; there are meeting_id, x, X");
  EXPECT_EQ(Schema().require("a").status().message(),
            "there is no field \"a\"; there are no fields at all");
  EXPECT_EQ(schema.require("latency").status().code(), StatusCode::kNotFound);
}

TEST(SchemaTest, a_guess_between_two_spellings_is_refused) {
  const Schema schema({{"ab", Type::int32()}, {"AB", Type::int32()}});
  EXPECT_EQ(schema.require("Ab").status().message(),
            "there is no field \"Ab\"; written otherwise there are ab, AB");
}

TEST(SchemaTest, reads_like_the_columns_of_a_table) {
  const Schema schema({{"a", Type::int32()}, {"b c", Type::string(), false}});
  EXPECT_EQ(schema.to_string(), "(a INT, `b c` STRING NOT NULL)");
  EXPECT_EQ(Schema().to_string(), "()");
}

}  // namespace
}  // namespace dataflow
