#include "graph.h"
#include "plan/analyze.h"
#include "scope.h"

namespace dataflow::plan {
namespace {

// As many as there are key groups.
constexpr int kMaxParallelism = 128;

struct CheckNode {
  const Scope& scope;
  CustomOperators* custom;

  Status operator()(SourceSpec& spec) const { return check_source(scope, spec); }
  Status operator()(FilterSpec& spec) const { return check_filter(scope, spec); }
  Status operator()(ProjectSpec& spec) const { return check_project(scope, spec); }
  Status operator()(WindowSpec& spec) const { return check_window(scope, spec); }
  Status operator()(WindowJoinSpec& spec) const { return check_window_join(scope, spec); }
  Status operator()(IntervalJoinSpec& spec) const { return check_interval_join(scope, spec); }
  Status operator()(GroupSpec& spec) const { return check_group(scope, spec); }
  Status operator()(JoinSpec& spec) const { return check_join(scope, spec); }
  Status operator()(TemporalJoinSpec& spec) const { return check_temporal_join(scope, spec); }
  Status operator()(RankSpec& spec) const { return check_rank(scope, spec); }
  Status operator()(OverSpec& spec) const { return check_over(scope, spec); }
  Status operator()(WindowTableSpec& spec) const { return check_window_table(scope, spec); }
  Status operator()(UnnestSpec& spec) const { return check_unnest(scope, spec); }
  Status operator()(DeduplicateSpec& spec) const { return check_deduplicate(scope, spec); }
  Status operator()(UpsertSpec& spec) const { return check_upsert(scope, spec); }
  Status operator()(UnionSpec&) const { return check_union(scope); }
  Status operator()(SplitSpec& spec) const { return check_split(scope, spec); }
  Status operator()(SinkSpec& spec) const { return check_sink(scope, spec); }
  Status operator()(CustomSpec& spec) const { return check_custom(scope, spec, custom); }
};

Status job_range(std::string_view option, int64_t value, int64_t least, int64_t most) {
  if (value >= least && value <= most) return {};
  return Status::invalid("job: " + std::string(option) + " is " + std::to_string(value) +
                         "; it must be from " + std::to_string(least) + " to " +
                         std::to_string(most));
}

// A temporal join's right side may change, its left one not.
bool takes_updates(const Spec& spec, size_t input) {
  if (const auto* custom = std::get_if<CustomSpec>(&spec)) return custom->takes_updates;
  if (const auto* rank = std::get_if<RankSpec>(&spec)) return !rank->by_window;
  if (std::holds_alternative<TemporalJoinSpec>(spec)) return input == 1;
  return std::holds_alternative<GroupSpec>(spec) || std::holds_alternative<JoinSpec>(spec) ||
         std::holds_alternative<SinkSpec>(spec) || !has_state(spec);
}

// Rows that replace each other are no changes yet; and all versions of rows, where a bounded job
// has them, are for joins as of a time.
Status check_upserts(const Scope& scope) {
  const Node& node = scope.node();
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const Node& from = *scope.plan().find(node.inputs[i].node);
    const auto* source = std::get_if<SourceSpec>(&from.spec);
    const bool replace = source != nullptr && !source->upsert_keys.empty();
    if (replace && !std::holds_alternative<UpsertSpec>(node.spec)) {
      return scope.error("rows of source " + quoted(from.id) +
                         " replace each other by their key; put an upsert behind it");
    }
    if (!scope.plan().job.bounded) continue;
    const Node* origin = origin_of_updates(scope.plan(), node.inputs[i]);
    if (origin == nullptr || !std::holds_alternative<UpsertSpec>(origin->spec)) continue;
    const bool as_of = std::holds_alternative<TemporalJoinSpec>(node.spec) && i == 1;
    if (as_of || std::holds_alternative<FilterSpec>(node.spec) ||
        std::holds_alternative<ProjectSpec>(node.spec)) {
      continue;
    }
    return scope.error("takes final rows in a bounded job, but " + quoted(origin->id) +
                       " gives all versions of its rows, for joins as of a time");
  }
  return {};
}

// Windows and the like add rows up, and cannot take one back.
Status check_updates(const Scope& scope) {
  const Node& node = scope.node();
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const Input& input = node.inputs[i];
    if (takes_updates(node.spec, i)) continue;
    const Node* origin = origin_of_updates(scope.plan(), input);
    if (origin == nullptr) continue;
    if (is_changed_by_late_rows(*origin)) {
      return scope.error("takes only new rows, but late rows change results of " +
                         std::string(kind_name(origin->spec)) + " " + quoted(origin->id) +
                         " after they left (-U, +U); leave out allowed_lateness_ms there");
    }
    if (std::holds_alternative<UpsertSpec>(origin->spec)) {
      return scope.error("takes only new rows, but rows of a keyed topic replace each other (" +
                         quoted(origin->id) +
                         " makes updates of them); read the topic without "
                         "its key, each record as a row, or run a bounded job");
    }
    return scope.error("takes only new rows, but those of " + quoted(input.node) +
                       " may be updates of earlier ones (-U, +U); deduplicate behind it, or keep "
                       "the first row to arrive (no time, not the last)");
  }
  return {};
}

}  // namespace

Status check_job(const JobOptions& job) {
  constexpr int64_t kDayMs = 24LL * 3600 * 1000;
  DF_RETURN_IF_ERROR(job_range("parallelism", job.parallelism, 0, kMaxParallelism));
  DF_RETURN_IF_ERROR(job_range("checkpoint_interval_ms", job.checkpoint_interval_ms, 1, kDayMs));
  DF_RETURN_IF_ERROR(job_range("queue_rows", job.queue_rows, 0, 1LL << 32));
  const RestartSpec& restart = job.restart;
  DF_RETURN_IF_ERROR(job_range("restart.max_attempts", restart.max_attempts, 0, 1'000'000));
  DF_RETURN_IF_ERROR(job_range("restart.window_ms", restart.window_ms, 1, kMaxSpanMs));
  DF_RETURN_IF_ERROR(job_range("restart.backoff_ms", restart.backoff_ms, 0, kDayMs));
  DF_RETURN_IF_ERROR(
      job_range("restart.max_backoff_ms", restart.max_backoff_ms, restart.backoff_ms, kDayMs));
  if (job.dead_letters && job.dead_letters->connector.empty()) {
    return Status::invalid("job: the sink of dead_letters has no connector");
  }
  return {};
}

Status validate(Plan& plan, CustomOperators* custom) {
  DF_RETURN_IF_ERROR(check_job(plan.job));
  DF_RETURN_IF_ERROR(check_graph(plan));
  DF_RETURN_IF_ERROR(sort_nodes(plan));
  for (Node& node : plan.nodes) {
    node.schema = nullptr;
    node.event_time.reset();
    const Scope scope(plan, node);
    if (node.parallelism && (*node.parallelism < 1 || *node.parallelism > kMaxParallelism)) {
      return scope.error("parallelism is " + std::to_string(*node.parallelism) +
                         "; it must be from 1 to " + std::to_string(kMaxParallelism));
    }
    DF_RETURN_IF_ERROR(std::visit(CheckNode{scope, custom}, node.spec));
    DF_RETURN_IF_ERROR(check_upserts(scope));
    DF_RETURN_IF_ERROR(check_updates(scope));
  }
  return {};
}

}  // namespace dataflow::plan
