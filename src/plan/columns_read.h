// Which columns of each node's output are read: what with_columns_read() leaves of a plan.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "plan/plan.h"

namespace dataflow::plan {

class ColumnsRead {
 public:
  // Of a validated plan, which it outlives.
  explicit ColumnsRead(const Plan& plan);

  // In the schema's order.
  std::vector<std::string> of_source(const Node& node) const;
  // Those of the projection's columns that stay: at least one.
  std::vector<NamedExpression> of_projection(const Node& node) const;

 private:
  using Columns = std::set<std::string, std::less<>>;
  using ByNode = std::map<std::string, Columns, std::less<>>;

  // From the sinks to the sources: what is asked of each node.
  void ask();
  // From the sources to the sinks: what each node gives then, which may be more. True if the inputs
  // of each union give the same.
  bool give();
  Columns given_by(const Node& node) const;
  const Columns& given_to(const Input& input) const;

  const Plan& plan_;
  ByNode wanted_;  // of unions, besides what is read of them
  ByNode main_, late_;
  ByNode given_, given_late_;
};

}  // namespace dataflow::plan
