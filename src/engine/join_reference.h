// What joins must give, by the plainest means: every row held against every other. For
// tests; the operators have nothing in common with it but the plan's words.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "types/value.h"

namespace dataflow::engine {

// A row of one side (0 left, 1 right), or (2) the watermark of both.
struct JoinEvent {
  size_t side = 2;
  std::vector<Value> row;
  int64_t watermark = INT64_MIN;
};

// Of a left and a right row.
using JoinCondition =
    std::function<bool(const std::vector<Value>& left, const std::vector<Value>& right)>;

struct JoinResult {
  std::vector<std::string> rows;  // "{k=…, …}": what stands at the end, sorted
  std::vector<std::string> late;  // "late ts {…}": dead letters, sorted
  // Of an interval join: rows that were over when they came, and met what was still kept.
  size_t late_and_met = 0;
};

// Of validated nodes: `output` is the node's schema.
JoinResult reference_join(const plan::WindowJoinSpec& spec, const Schema& left, const Schema& right,
                          const Schema& output, const std::vector<JoinEvent>& events);
JoinResult reference_join(const plan::IntervalJoinSpec& spec, const Schema& left,
                          const Schema& right, const Schema& output,
                          const std::vector<JoinEvent>& events, const JoinCondition& condition);

// Of a join without windows: what stands where these rows stand on both sides, sorted.
std::vector<std::string> reference_join(const plan::JoinSpec& spec, const Schema& left,
                                        const Schema& right, const Schema& output,
                                        const std::vector<std::vector<Value>>& left_rows,
                                        const std::vector<std::vector<Value>>& right_rows,
                                        const JoinCondition& condition);

// What stands at the end of a changelog of rows "+I {…}", "-D {…}", sorted. A row taken back that
// was not there stays in it, as it is.
std::vector<std::string> rows_that_stand(const std::vector<std::string>& changes);

}  // namespace dataflow::engine
