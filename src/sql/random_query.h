// Random queries as the parser could have made them: for tests.
#pragma once

#include <random>

#include "sql/ast.h"

namespace dataflow::sql {

class QueryMaker {
 public:
  explicit QueryMaker(uint64_t seed) : random_(seed) {}

  QueryPtr query(int depth);

 private:
  int below(int n) { return static_cast<int>(random_() % static_cast<uint64_t>(n)); }
  bool once_in(int n) { return below(n) == 0; }
  std::string name();
  Name qualified();
  ExpressionPtr expression(int depth);
  ExpressionPtr extension(int depth);
  std::vector<ExpressionPtr> expressions(int depth);
  std::vector<OrderItem> order(int depth);
  WindowDefinition window(int depth);
  Select select(int depth);
  TableRefPtr table(int depth);
  TableFunction function(int depth);
  JoinedTable join(int depth);

  std::mt19937_64 random_;
};

}  // namespace dataflow::sql
