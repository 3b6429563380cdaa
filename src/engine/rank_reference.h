// What stands at the places of a rank, told by sorting all rows anew: for tests of the operator.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "types/batch.h"

namespace dataflow::engine {

using RankRow = std::vector<Value>;

// Rows (k, j, whole, real, amount, flag, word, at, id) for ranks: many equal in some columns, NULLs
// and odd values among them; the ids differ.
SchemaPtr rank_schema();
RankRow random_rank_row(std::mt19937_64& random, int64_t id);
// Some of the columns, each way.
std::vector<plan::OrderColumn> random_rank_order(std::mt19937_64& random);

// -1: `a` stands first, 1: `b`, 0: the one that came first.
int compare_in_order(const Schema& schema, const std::vector<plan::OrderColumn>& order,
                     const RankRow& a, const RankRow& b);
// The rows came in this order. As text, each partition's in order of their places, partitions in
// the order of their keys as text.
std::vector<std::string> ranked_rows(const SchemaPtr& schema, const plan::RankSpec& spec,
                                     const std::vector<RankRow>& rows);

}  // namespace dataflow::engine
