// What a group aggregation must give, by the plainest means: row after row, each group with all of
// its rows. For tests; the operator has nothing in common with it but the plan's words.
#pragma once

#include <map>
#include <random>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "types/value.h"

namespace dataflow::engine {

class GroupReference {
 public:
  using Row = std::vector<Value>;

  // Of rows of `input`; `output` is the schema of the validated node. Aggregates are of columns,
  // and have filters of the form `column`, a boolean.
  GroupReference(plan::GroupSpec spec, SchemaPtr input, SchemaPtr output);

  void add(const Row& row);
  // Of the rows with this one's argument each aggregate loses the first, as in Flink.
  void take_back(const Row& row);
  // "{k=a, n=1}" of each group that stands, sorted.
  std::vector<std::string> rows() const;

 private:
  struct Group {
    int64_t rows = 0;
    Row any;                             // for its keys
    std::vector<std::vector<Row>> kept;  // by aggregate, in the order of arrival
  };

  std::string key_of(const Row& row) const;
  bool counts(const plan::Aggregate& aggregate, const Row& row) const;
  std::string text_of(const Group& group) const;

  const plan::GroupSpec spec_;
  const SchemaPtr input_, output_;
  std::map<std::string, Group> groups_;
};

// Sales: rows with columns of many types, NULLs and few different values. For tests of groups.
SchemaPtr sale_schema();
std::vector<Value> random_sale(std::mt19937_64& random, int64_t id);
plan::Aggregate aggregate_of(const std::string& function, const std::string& column,
                             const std::string& name, bool distinct = false,
                             const std::string& filter = "");
// Lists and percentiles of columns `word`, `n`, `d`, `price`, filtered by `flag`.
std::vector<plan::Aggregate> list_aggregates();
// Of sales, by every function. Those of `by_arrival` hang on the order in which rows come.
std::vector<plan::Aggregate> sale_aggregates(bool by_arrival);

}  // namespace dataflow::engine
