// What the engine asks of a validated plan before it runs it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/plan.h"

namespace dataflow::plan {

// The columns of the source's schema that something behind it reads, or its own computed ones, in
// the schema's order: all that it must decode. Of a projection a column counts as read if somebody
// reads it, or if it may fail at a row (which is a dead letter then). What keeps rows (joins, and a
// deduplication that may replace a row) reads all columns of its inputs: a changed plan may ask for
// another one of a kept row.
std::vector<std::string> columns_read(const Plan& plan, const std::string& source);

// How rows must reach a node's input: those with equal keys at one task. No keys: all at one.
struct Exchange {
  std::vector<std::string> keys;
  bool already = false;  // they arrive so: keyed alike, at the same parallelism, by a node before
};
// None where any task may have any row.
std::optional<Exchange> exchange_of(const Plan& plan, const Node& node, size_t input);

// The node whose rows may be changed after they left (-U, +U, -D), and reach this input, or leave
// this node, as updates; null: only new rows do.
const Node* origin_of_updates(const Plan& plan, const Input& input);
const Node* origin_of_updates(const Plan& plan, const Node& node);
bool makes_updates(const Plan& plan, const Node& node);
// What kind of an origin it is: one that `allowed_lateness` makes, which can be left out.
bool is_changed_by_late_rows(const Node& origin);

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
