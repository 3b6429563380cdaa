// Rewrites: plans that do the same for less work. Both take a validated plan and give one: the same
// rows reach every sink, and the same rows become dead letters for the same reasons. (What a dead
// letter shows of a row are the columns that were read.)
//
// A job is stored, compared and shown as its user wrote it; what runs is to_run() of that. So a
// rewrite changes no state: whatever keeps rows gets the same ones with the same columns.
#pragma once

#include <string>
#include <vector>

#include "plan/plan.h"

namespace dataflow::plan {

// Each source gives only the columns of columns_read(), unless it has `decode_all`; projections
// lose columns that nobody reads. All inputs of a union give the same columns.
Result<Plan> with_columns_read(const Plan& plan);

// Filters are tested in front of unions, in each input; in bounded jobs in front of joins as well,
// in the inputs whose rows they are about (inner joins: both; else the one whose rows all come
// through). Otherwise not: a filter there would change which late rows are dead letters, and what a
// changed plan finds in the state. Only conditions that cannot fail move, and only over nodes that
// cannot: AND, OR, NOT, tests for NULL and truth, comparisons of like types. Nothing moves in front
// of a source's watermark.
//
// Of an AND in front of a join parts may move alone. The nodes that are put in are named
// `filter#1`, and are part_of the filter, which is gone if nothing of it is left behind.
Result<Plan> with_moved_filters(const Plan& plan);

// What a job runs of a plan: both.
Result<Plan> to_run(const Plan& plan);

// Of each filter of `plan` that `run`, made of it, tests elsewhere: in front of which nodes.
struct MovedFilter {
  std::string filter;
  std::vector<std::string> before;  // as their user knows them
  bool whole = false;               // nothing of it is tested where it stands
};
std::vector<MovedFilter> moved_filters(const Plan& plan, const Plan& run);

// What `run`, made of `plan`, leaves out of the inputs of a node because of filters behind it:
// conditions, in SQL. A node that keeps rows has less in its state than `plan` says then.
std::vector<std::string> left_out(const Plan& plan, const Plan& run, const std::string& node);

}  // namespace dataflow::plan
