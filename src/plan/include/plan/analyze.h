// What the engine asks of a validated plan before it runs it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/plan.h"

namespace dataflow::plan {

// The columns of the source's schema that something behind it reads, itself for its computed ones
// too, in the schema's order: all that it must decode. A projection counts as reading everything that it names, whoever reads that.
std::vector<std::string> columns_read(const Plan& plan, const std::string& source);

// A condition that the source may test before it decodes the rest of a row.
struct MovableFilter {
  std::string filter;             // the node that it comes from, which tests it no more
  expr::ExpressionPtr condition;  // over the source's columns
  bool whole = false;             // all of the node's condition, so that the node lets all through
  expr::ExpressionPtr left_behind;  // what the node still tests; null if whole
};

// The filters right behind the source (behind nothing but filters and projections of bare columns)
// as far as they cannot fail: AND, OR, NOT, tests for NULL and truth, and comparisons of like
// types, over columns and literals. Of an AND only what stands in front of the first part that may
// fail is moved, so that each row that would have failed still does. The source must still take the
// event time of rows that it leaves out, or a filter would hold the watermark back.
std::vector<MovableFilter> movable_filters(const Plan& plan, const std::string& source);

// How rows must reach a node's input: those with equal keys at one task. No keys: all at one.
struct Exchange {
  std::vector<std::string> keys;
  bool already = false;  // they arrive so: keyed alike, at the same parallelism, by a node before
};
// None where any task may have any row.
std::optional<Exchange> exchange_of(const Plan& plan, const Node& node, size_t input);

// Whether rows that leave the node may be updates of earlier ones (-U, +U) in the ordinary course
// of things. (A late row's update of a window is not: sinks that cannot tell of it count it as
// dead.)
bool makes_updates(const Plan& plan, const Node& node);

// The columns of both inputs of a join, as an inner join names them: what its condition is over.
SchemaPtr pair_schema(const Schema& left, const Schema& right);

// Whether a node of that kind keeps state between rows. (Sources keep their positions, sinks what
// is not committed.)
bool has_state(const Spec& spec);

enum class Continuity : uint8_t { kKept, kAdded, kRemoved, kIncompatible };
struct NodeChange {
  std::string id;
  Continuity change;
  std::string reason;  // of kIncompatible: what changed, and what to do
};
// What becomes of each node's state when a job goes on with a changed plan: the nodes of `after` in
// order, then those of `before` that are gone. Both are validated. Options that say where a source
// reads or a sink writes must stay, as must everything that a window's or join's state depends on.
std::vector<NodeChange> compare_for_restart(const Plan& before, const Plan& after);

}  // namespace dataflow::plan
