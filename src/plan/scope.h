// What the check of one node sees: the plan, the node, and what its inputs bring.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "expr/bound.h"
#include "plan/plan.h"

namespace dataflow::plan {

// About a hundred years: sums of an event time and a few spans stay far from overflow.
inline constexpr int64_t kMaxSpanMs = 36'500LL * 24 * 3600 * 1000;

// `line 3, column 5: window "w": what`, without a place where the node has none.
Status error_at(const Node& node, const std::string& what);
std::string quoted(std::string_view name);

struct Incoming {
  SchemaPtr schema;
  std::optional<std::string> event_time;
};

class Scope {
 public:
  Scope(const Plan& plan, Node& node);

  const Plan& plan() const { return plan_; }
  Node& node() const { return node_; }
  const Incoming& input(size_t i = 0) const { return inputs_[i]; }
  const std::vector<Incoming>& inputs() const { return inputs_; }

  Status error(const std::string& what) const { return error_at(node_, what); }
  // Binds; `role` says in messages what the expression is for.
  Result<expr::BoundPtr> bind(const expr::ExpressionPtr& expression, const Schema& schema,
                              std::string_view role) const;
  // Binds, and demands a boolean.
  Status condition(const expr::ExpressionPtr& expression, const Schema& schema,
                   std::string_view role) const;
  // Finds it, and spells it as the schema does.
  Status column(const Schema& schema, std::string& name, std::string_view role) const;
  // Each is found, is there once, and can be a key.
  Status keys(const Schema& schema, std::vector<std::string>& names, std::string_view role) const;
  // Finds the input's event-time column, or takes it where `name` is empty.
  Status event_time(size_t i, std::string& name, std::string_view role) const;
  // least <= value <= kMaxSpanMs.
  Status span(int64_t value, int64_t least, std::string_view role) const;

  // No two have one name.
  Status different_names(const std::vector<Field>& fields) const;

  // The columns in that order; names that are taken get the first free number behind them.
  static SchemaPtr with_free_names(std::vector<Field> fields);

 private:
  // Why there is none at that input of the node, and what to do about it.
  std::string why_no_event_time(const Node& node, size_t i) const;

  const Plan& plan_;
  Node& node_;
  std::vector<Incoming> inputs_;
};

// One a family of nodes; each sets the node's schema and event time.
Status check_source(const Scope& scope, SourceSpec& spec);
Status check_filter(const Scope& scope, FilterSpec& spec);
Status check_project(const Scope& scope, ProjectSpec& spec);
Status check_window(const Scope& scope, WindowSpec& spec);
Status check_group(const Scope& scope, GroupSpec& spec);
Status check_rank(const Scope& scope, RankSpec& spec);
Status check_over(const Scope& scope, OverSpec& spec);
Status check_window_table(const Scope& scope, WindowTableSpec& spec);
Status check_unnest(const Scope& scope, UnnestSpec& spec);
Status check_join(const Scope& scope, JoinSpec& spec);
Status check_temporal_join(const Scope& scope, TemporalJoinSpec& spec);
Status check_window_join(const Scope& scope, WindowJoinSpec& spec);
Status check_interval_join(const Scope& scope, IntervalJoinSpec& spec);
Status check_deduplicate(const Scope& scope, DeduplicateSpec& spec);
Status check_upsert(const Scope& scope, UpsertSpec& spec);
Status check_union(const Scope& scope);
Status check_split(const Scope& scope, SplitSpec& spec);
Status check_sink(const Scope& scope, SinkSpec& spec);
Status check_custom(const Scope& scope, CustomSpec& spec, CustomOperators* custom);
Status check_job(const JobOptions& job);

// Binds what it is over and its filter, spells its name as it is known; its column.
Result<Field> check_aggregate(const Scope& scope, Aggregate& aggregate);

// The same of what stands over rows.
Result<Field> check_over_aggregate(const Scope& scope, Aggregate& aggregate);

// window_start, window_end and window_time, which is as zoned as the time column's type.
std::vector<Field> window_fields(const Type& time);

}  // namespace dataflow::plan
