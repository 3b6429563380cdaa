// docs/aggregates.md says what the tables of functions say. DATAFLOW_WRITE_PAGES=1 writes it anew.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "plan/aggregate.h"
#include "plan/over_function.h"

namespace dataflow::plan {
namespace {

// Of a table that is in order of names.
template <class Functions>
std::string table(const Functions& functions) {
  std::vector<std::string> rows;
  for (const auto& function : functions) {
    const std::string name(function.name);
    rows.push_back("| `" + name + "` | `" + std::string(function.signature) + "` | " +
                   std::string(function.help) + " |\n");
  }
  std::ranges::sort(rows);
  std::string out = "| Name | Written | |\n|---|---|---|\n";
  for (const std::string& row : rows) out += row;
  return out;
}

std::string page() {
  return "# Aggregates and functions over rows\n\n"
         "This page is made of the tables of functions (a test compares both). Names and meaning "
         "are those of Apache\nFlink SQL, those of APPROX_PERCENTILE of other engines. NULLs do "
         "not "
         "count, and of none the result is NULL\n(of COUNT and APPROX_COUNT_DISTINCT 0). Each "
         "takes "
         "`FILTER (WHERE condition)`. STDDEV and VARIANCE are STDDEV_SAMP\nand VAR_SAMP, "
         "APPROX_QUANTILE is APPROX_PERCENTILE, STRING_AGG is LISTAGG, ANY_VALUE is FIRST_VALUE, "
         "EVERY is\nBOOL_AND, PERCENTILE_CONT and QUANTILE_CONT are PERCENTILE, QUANTILE_DISC is "
         "PERCENTILE_DISC;\n`PERCENTILE_CONT(place) WITHIN GROUP (ORDER BY number)` is written as "
         "elsewhere.\n\n"
         "APPROX_COUNT_DISTINCT and APPROX_PERCENTILE keep a sketch of their rows: they are for "
         "windows, and for groups of rows\nthat are never taken back. Their sketches merge, and "
         "are "
         "state with a version of its own.\n\n"
         "Lists, percentiles, MODE, COLLECT, and those of bits and of two numbers keep every value "
         "of\ntheir rows: state grows with them, and each change of a "
         "group makes its list anew. Where rows are taken back, of equal values\nthe first to "
         "arrive goes, as in Flink. Of no values JSON_ARRAYAGG is `[]` and JSON_OBJECTAGG `{}`.\n\n"
         "In an ORDER BY within an aggregate NULL is the least value, and of rows at one place the "
         "first to arrive stands first.\nWith DISTINCT the values themselves are the order. SUM, "
         "COUNT and others that give the same in any order take one, too.\nCOLLECT gives Flink's "
         "MULTISET as a `MAP<T, INT>`; cast to a text it is `{tea=2, oil=1}`.\n\n"
         "## Aggregates\n\n" +
         table(aggregate_functions()) + "\n## Only OVER rows\n\n" + table(over_functions());
}

TEST(AggregateList, ThePageSaysWhatTheTablesSay) {
  if (std::getenv("DATAFLOW_WRITE_PAGES") != nullptr) {
    std::ofstream(DATAFLOW_AGGREGATES_PAGE) << page();
  }
  std::ifstream file(DATAFLOW_AGGREGATES_PAGE);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), page()) << "write it anew: DATAFLOW_WRITE_PAGES=1 plan_test";
}

}  // namespace
}  // namespace dataflow::plan
