#include "plan/aggregate.h"

#include <gtest/gtest.h>

namespace dataflow::plan {
namespace {

struct Typed {
  const char* function;
  const char* argument;  // null: *
  const char* result;
};

constexpr Typed kTyped[] = {
    {"COUNT", nullptr, "BIGINT NOT NULL"},
    {"count", "STRING", "BIGINT NOT NULL"},
    {"COUNT", "ARRAY<INT>", "BIGINT NOT NULL"},
    {"SUM", "TINYINT", "TINYINT"},
    {"SUM", "INT", "INT"},
    {"SUM", "BIGINT", "BIGINT"},
    {"SUM", "FLOAT", "FLOAT"},
    {"SUM", "DECIMAL(10, 2)", "DECIMAL(38, 2)"},
    {"AVG", "INT", "INT"},
    {"AVG", "DOUBLE", "DOUBLE"},
    {"AVG", "DECIMAL(10, 2)", "DECIMAL(38, 6)"},
    {"AVG", "DECIMAL(20, 9)", "DECIMAL(38, 9)"},
    {"MIN", "STRING", "STRING"},
    {"MAX", "TIMESTAMP(3)", "TIMESTAMP(3)"},
    {"FIRST_VALUE", "ARRAY<INT>", "ARRAY<INT>"},
    {"LAST_VALUE", "BOOLEAN", "BOOLEAN"},
    {"STDDEV_POP", "INT", "INT"},
    {"STDDEV_SAMP", "DOUBLE", "DOUBLE"},
    {"stddev", "DOUBLE", "DOUBLE"},
    {"VAR_POP", "DECIMAL(10, 2)", "DECIMAL(38, 6)"},
    {"VARIANCE", "FLOAT", "FLOAT"},
};

std::string result_of(const Typed& typed, bool nullable) {
  const AggregateFunction* function = find_aggregate(typed.function);
  if (function == nullptr) return "no such function";
  std::optional<Type> argument;
  if (typed.argument != nullptr) argument = *parse_type(typed.argument);
  const auto type = aggregate_type(*function, argument, nullable);
  if (!type.ok()) return type.status().message();
  return type->type.to_string() + (type->nullable ? "" : " NOT NULL");
}

TEST(Aggregates, AreTypedAsInFlink) {
  for (const Typed& typed : kTyped) {
    EXPECT_EQ(result_of(typed, true), typed.result) << typed.function;
  }
}

TEST(Aggregates, OfColumnsThatAreNeverNullAreNeverNull) {
  EXPECT_EQ(result_of({"SUM", "INT", nullptr}, false), "INT NOT NULL");
  EXPECT_EQ(result_of({"STDDEV_POP", "DOUBLE", nullptr}, false), "DOUBLE NOT NULL");
  // Of one value a sample says nothing.
  EXPECT_EQ(result_of({"STDDEV_SAMP", "DOUBLE", nullptr}, false), "DOUBLE");
  EXPECT_EQ(result_of({"VAR_SAMP", "DOUBLE", nullptr}, false), "DOUBLE");
}

TEST(Aggregates, ListsGiveWhatTheyAreMadeOf) {
  EXPECT_EQ(result_of({"LISTAGG", "STRING", nullptr}, false), "STRING NOT NULL");
  EXPECT_EQ(result_of({"ARRAY_AGG", "INT", nullptr}, true), "ARRAY<INT>");
  EXPECT_EQ(result_of({"MEDIAN", "DOUBLE", nullptr}, false), "DOUBLE");
  EXPECT_EQ(result_of({"JSON_ARRAYAGG", "JSON", nullptr}, true), "STRING NOT NULL");
}

TEST(Aggregates, RefuseWhatTheyCannotTake) {
  EXPECT_EQ(result_of({"SUM", "STRING", nullptr}, true), "SUM takes numbers, not STRING");
  EXPECT_EQ(result_of({"AVG", "DATE", nullptr}, true), "AVG takes numbers, not DATE");
  EXPECT_EQ(result_of({"SUM", nullptr, nullptr}, true),
            "SUM needs an argument; only COUNT takes *");
  EXPECT_EQ(result_of({"MIN", "ARRAY<INT>", nullptr}, true),
            "MIN takes numbers, strings, bytes, booleans, dates, times and intervals, not "
            "ARRAY<INT>");
  EXPECT_EQ(result_of({"LISTAGG", "INT", nullptr}, true), "LISTAGG takes texts, not INT");
  EXPECT_EQ(result_of({"NOTHING", "INT", nullptr}, true), "no such function");
}

}  // namespace
}  // namespace dataflow::plan
