// The fields of each part of a plan's JSON form, once for writing and reading: describe(archive,
// part) names them in the order in which they are written. A `required` field must be there; any
// other one may be left out and has its default then. The form has version kPlanVersion; a field
// that is added must have a default that means what plans without it meant.
#pragma once

#include "json_order_fields.h"
#include "plan/plan.h"

namespace dataflow::plan {

template <class A, Part<WatermarkSpec> S>
void describe(A& a, S& s) {
  a.required("column", s.column);
  a.field("delay_ms", s.delay_ms);
  a.field("idle_timeout_ms", s.idle_timeout_ms);
  a.field("max_future_skew_ms", s.max_future_skew_ms);
}

template <class A, Part<MetadataColumn> S>
void describe(A& a, S& s) {
  a.required("column", s.column);
  a.required("what", s.what);
}

template <class A, Part<NamedExpression> S>
void describe(A& a, S& s) {
  a.required("name", s.name);
  a.required("expression", s.expression);
}

template <class A, Part<SourceSpec> S>
void describe(A& a, S& s) {
  a.required("connector", s.connector);
  a.field("options", s.options);
  a.field("format", s.format);
  a.field("format_options", s.format_options);
  a.required("schema", s.schema);
  a.field("metadata", s.metadata);
  a.field("computed", s.computed);
  a.field("watermark", s.watermark);
  a.field("decode_all", s.decode_all);
  a.field("upsert_keys", s.upsert_keys);
  a.field("key_format", s.key_format);
  a.field("key_format_options", s.key_format_options);
}

template <class A, Part<FilterSpec> S>
void describe(A& a, S& s) {
  a.required("condition", s.condition);
}

template <class A, Part<ProjectSpec> S>
void describe(A& a, S& s) {
  a.required("columns", s.columns);
}

template <class A, Part<ValueOrder> S>
void describe(A& a, S& s) {
  a.field("descending", s.descending);
  a.field("nulls_first", s.nulls_first);
}

template <class A, Part<Aggregate> S>
void describe(A& a, S& s) {
  a.required("name", s.name);
  a.required("function", s.function);
  a.field("argument", s.argument);
  a.field("distinct", s.distinct);
  a.field("filter", s.filter);
  a.field("parameters", s.parameters);
  a.field("order", s.order);
}

template <class A, Part<GroupSpec> S>
void describe(A& a, S& s) {
  a.field("keys", s.keys);
  a.field("aggregates", s.aggregates);
  a.field("ttl_ms", s.ttl_ms);
}

template <class A, Part<JoinSpec> S>
void describe(A& a, S& s) {
  a.required("kind", s.kind);
  a.field("left_keys", s.left_keys);
  a.field("right_keys", s.right_keys);
  a.field("condition", s.condition);
  a.field("nulls_match", s.nulls_match);
  a.field("left_ttl_ms", s.left_ttl_ms);
  a.field("right_ttl_ms", s.right_ttl_ms);
}

template <class A, Part<TemporalJoinSpec> S>
void describe(A& a, S& s) {
  a.required("kind", s.kind);
  a.required("left_keys", s.left_keys);
  a.required("right_keys", s.right_keys);
  a.field("left_time", s.left_time);
  a.field("right_time", s.right_time);
  a.field("time", s.time);
  a.field("strictly_before", s.strictly_before);
  a.field("condition", s.condition);
}

template <class A, Part<WindowTableSpec> S>
void describe(A& a, S& s) {
  a.required("kind", s.kind);
  a.field("time_column", s.time_column);
  a.required("size_ms", s.size_ms);
  a.field("slide_ms", s.slide_ms);
  a.field("offset_ms", s.offset_ms);
  a.field("time_zone", s.time_zone);
}

template <class A, Part<UnnestSpec> S>
void describe(A& a, S& s) {
  a.required("collection", s.collection);
  a.required("kept", s.kept);
  a.required("columns", s.columns);
  a.field("ordinality", s.ordinality);
  a.field("keep_empty", s.keep_empty);
}

template <class A, Part<WindowSpec> S>
void describe(A& a, S& s) {
  a.required("kind", s.kind);
  a.required("time", s.time);
  a.field("time_column", s.time_column);
  a.field("size_ms", s.size_ms);
  a.field("slide_ms", s.slide_ms);
  a.field("gap_ms", s.gap_ms);
  a.field("count", s.count);
  a.field("count_slide", s.count_slide);
  a.field("offset_ms", s.offset_ms);
  a.field("time_zone", s.time_zone);
  a.field("allowed_lateness_ms", s.allowed_lateness_ms);
  a.field("keys", s.keys);
  a.required("aggregates", s.aggregates);
  a.field("late_output", s.late_output);
  a.field("emit_changes", s.emit_changes);
}

template <class A, Part<WindowJoinSpec> S>
void describe(A& a, S& s) {
  a.required("kind", s.kind);
  a.required("left_keys", s.left_keys);
  a.required("right_keys", s.right_keys);
  a.field("left_time", s.left_time);
  a.field("right_time", s.right_time);
  a.required("size_ms", s.size_ms);
  a.field("allowed_lateness_ms", s.allowed_lateness_ms);
}

template <class A, Part<IntervalJoinSpec> S>
void describe(A& a, S& s) {
  a.required("kind", s.kind);
  a.required("left_keys", s.left_keys);
  a.required("right_keys", s.right_keys);
  a.field("left_time", s.left_time);
  a.field("right_time", s.right_time);
  a.required("lower_ms", s.lower_ms);
  a.required("upper_ms", s.upper_ms);
  a.field("condition", s.condition);
}

template <class A, Part<DeduplicateSpec> S>
void describe(A& a, S& s) {
  a.required("keys", s.keys);
  a.field("time_column", s.time_column);
  a.field("keep_last", s.keep_last);
  a.field("ttl_ms", s.ttl_ms);
}

template <class A, Part<UpsertSpec> S>
void describe(A& a, S& s) {
  a.required("keys", s.keys);
  a.field("ttl_ms", s.ttl_ms);
  a.field("versions", s.versions);
}

template <class A, Part<UnionSpec> S>
void describe(A&, S&) {}

template <class A, Part<SplitSpec::Branch> S>
void describe(A& a, S& s) {
  a.required("name", s.name);
  a.required("condition", s.condition);
}

template <class A, Part<SplitSpec> S>
void describe(A& a, S& s) {
  a.required("branches", s.branches);
}

template <class A, Part<SinkSpec> S>
void describe(A& a, S& s) {
  a.required("connector", s.connector);
  a.field("options", s.options);
  a.field("format", s.format);
  a.field("format_options", s.format_options);
  a.field("key_columns", s.key_columns);
  a.field("key_format", s.key_format);
  a.field("key_format_options", s.key_format_options);
  a.field("guarantee", s.guarantee);
}

template <class A, Part<CustomSpec> S>
void describe(A& a, S& s) {
  a.required("name", s.name);
  a.field("options", s.options);
  a.field("keys", s.keys);
  a.required("schema", s.schema);
  a.field("event_time", s.event_time);
  a.field("makes_updates", s.makes_updates);
  a.field("takes_updates", s.takes_updates);
}

template <class A, Part<Input> S>
void describe(A& a, S& s) {
  a.required("node", s.node);
  a.field("output", s.output);
}

template <class A, Part<expr::Place> S>
void describe(A& a, S& s) {
  a.required("line", s.line);
  a.required("column", s.column);
}

// Schema and event time are not stored: validate() derives them. Nor is what rewrites set.
template <class A, Part<Node> S>
void describe(A& a, S& s) {
  a.required("id", s.id);
  a.field("inputs", s.inputs);
  a.field("parallelism", s.parallelism);
  a.field("place", s.place);
  a.spec(s.spec);
}

template <class A, Part<RestartSpec> S>
void describe(A& a, S& s) {
  a.field("max_attempts", s.max_attempts);
  a.field("window_ms", s.window_ms);
  a.field("backoff_ms", s.backoff_ms);
  a.field("max_backoff_ms", s.max_backoff_ms);
}

template <class A, Part<JobOptions> S>
void describe(A& a, S& s) {
  a.field("parallelism", s.parallelism);
  a.field("checkpoint_interval_ms", s.checkpoint_interval_ms);
  a.field("queue_rows", s.queue_rows);
  a.field("on_error", s.on_error);
  a.field("dead_letters", s.dead_letters);
  a.field("restart", s.restart);
  a.field("bounded", s.bounded);
}

template <class A, Part<Plan> S>
void describe(A& a, S& s) {
  a.field("name", s.name);
  a.field("job", s.job);
  a.required("nodes", s.nodes);
}

}  // namespace dataflow::plan
