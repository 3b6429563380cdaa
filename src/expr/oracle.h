// For tests: an evaluator that computes one Value at a time, slow and plain, and random expressions
// over random batches to hold the columnar one against it.
#pragma once

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "expr/bound.h"

namespace dataflow::expr {

// A row's value; `fault` where it fails.
struct Outcome {
  Value value;
  bool fault = false;
};

class Oracle {
 public:
  Oracle(const Batch& batch, int64_t row) : schema_(*batch.schema), row_(row_of(batch, row)) {}

  Outcome of(const Expression& e) const;

 private:
  Outcome of_case(const Expression& e) const;
  Outcome junction(const Expression& e) const;
  Outcome strict(const Expression& e) const;

  const Schema& schema_;
  std::vector<Value> row_;
};

// Functions of arrays, maps and rows, over arrays of INT and maps from STRING to INT; nothing for
// others.
std::optional<Outcome> collection_outcome(const Expression& e, const std::vector<Value>& values);
// What CAST(value AS STRING) gives.
std::string flink_text(const Value& value);

using Random = std::mt19937_64;
int64_t below(Random& random, int64_t n);

// Expressions over the columns a, b (INT), s (STRING), l (ARRAY<INT>), m (MAP<STRING, INT>) and
// r (ROW<x INT, l ARRAY<INT>>). No array or map of theirs is constant: a constant NULL is taken out
// at binding, together with the faults of what stands beside it.
class ExpressionMaker {
 public:
  explicit ExpressionMaker(Random& random) : random_(random) {}

  ExpressionPtr number(int depth);
  ExpressionPtr text(int depth);
  ExpressionPtr condition(int depth);
  ExpressionPtr list(int depth);
  ExpressionPtr map(int depth);

 private:
  ExpressionPtr choice(ExpressionPtr a, ExpressionPtr b, int depth);
  ExpressionPtr index();
  ExpressionPtr list_function(int depth);
  ExpressionPtr number_of_collection(int depth);

  Random& random_;
};

Batch random_batch(Random& random);

}  // namespace dataflow::expr
