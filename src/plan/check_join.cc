#include "enum_names.h"
#include "plan/analyze.h"
#include "scope.h"

namespace dataflow::plan {
namespace {

template <class Spec>
Status check_pairs(const Scope& scope, Spec& spec) {
  const Schema& left = *scope.input(0).schema;
  const Schema& right = *scope.input(1).schema;
  if (spec.left_keys.size() != spec.right_keys.size()) {
    return scope.error("has " + std::to_string(spec.left_keys.size()) + " left keys and " +
                       std::to_string(spec.right_keys.size()) +
                       " right keys; they are compared in pairs");
  }
  DF_RETURN_IF_ERROR(scope.keys(left, spec.left_keys, "left key"));
  DF_RETURN_IF_ERROR(scope.keys(right, spec.right_keys, "right key"));
  for (size_t i = 0; i < spec.left_keys.size(); ++i) {
    const Field& a = left[*left.find(spec.left_keys[i])];
    const Field& b = right[*right.find(spec.right_keys[i])];
    if (a.type == b.type) continue;
    return scope.error("left key " + quoted(a.name) + " is " + a.type.to_string() +
                       ", but right key " + quoted(b.name) + " is " + b.type.to_string() +
                       "; cast one of them in a project before the join");
  }
  return {};
}

template <class Spec>
Status check_keys(const Scope& scope, Spec& spec) {
  if (spec.left_keys.empty() && spec.right_keys.empty()) {
    return scope.error("has no keys: say which columns of both sides must be equal");
  }
  return check_pairs(scope, spec);
}

template <class Spec>
Status check_keys_and_times(const Scope& scope, Spec& spec) {
  DF_RETURN_IF_ERROR(check_keys(scope, spec));
  DF_RETURN_IF_ERROR(scope.event_time(0, spec.left_time, "left time column"));
  return scope.event_time(1, spec.right_time, "right time column");
}

template <class Spec>
Status check_condition(const Scope& scope, const Spec& spec) {
  if (spec.condition == nullptr) return {};
  const SchemaPtr both = pair_schema(*scope.input(0).schema, *scope.input(1).schema);
  return scope.condition(spec.condition, *both, "condition");
}

void append(std::vector<Field>& fields, const Schema& schema, bool may_be_missing) {
  for (Field field : schema.fields()) {
    field.nullable |= may_be_missing;
    fields.push_back(std::move(field));
  }
}

bool left_may_miss(JoinKind kind) { return kind == JoinKind::kRight || kind == JoinKind::kFull; }
bool right_may_miss(JoinKind kind) { return kind == JoinKind::kLeft || kind == JoinKind::kFull; }
bool only_left(JoinKind kind) { return kind == JoinKind::kSemi || kind == JoinKind::kAnti; }

SchemaPtr joined(const Scope& scope, JoinKind kind, std::vector<Field> first) {
  append(first, *scope.input(0).schema, left_may_miss(kind));
  if (!only_left(kind)) append(first, *scope.input(1).schema, right_may_miss(kind));
  return Scope::with_free_names(std::move(first));
}

}  // namespace

SchemaPtr pair_schema(const Schema& left, const Schema& right) {
  std::vector<Field> fields;
  append(fields, left, false);
  append(fields, right, false);
  return Scope::with_free_names(std::move(fields));
}

Status check_join(const Scope& scope, JoinSpec& spec) {
  DF_RETURN_IF_ERROR(check_pairs(scope, spec));
  DF_RETURN_IF_ERROR(scope.span(spec.left_ttl_ms, 0, "left_ttl_ms"));
  DF_RETURN_IF_ERROR(scope.span(spec.right_ttl_ms, 0, "right_ttl_ms"));
  DF_RETURN_IF_ERROR(check_condition(scope, spec));
  scope.node().schema = joined(scope, spec.kind, {});
  return {};
}

Status check_temporal_join(const Scope& scope, TemporalJoinSpec& spec) {
  if (spec.kind != JoinKind::kInner && spec.kind != JoinKind::kLeft) {
    return scope.error("a temporal join is inner or left, not " +
                       std::string(enum_name(spec.kind)) + ": its right rows come with left ones");
  }
  if (spec.time == TimeKind::kEvent) {
    DF_RETURN_IF_ERROR(check_keys_and_times(scope, spec));
  } else {
    DF_RETURN_IF_ERROR(check_keys(scope, spec));
  }
  DF_RETURN_IF_ERROR(check_condition(scope, spec));
  scope.node().schema = joined(scope, spec.kind, {});
  // Of a side without a watermark nobody knows how far it has come, and time stands still behind
  // it; but where only its latest rows count, its time says nothing.
  if (scope.input(1).event_time || spec.time == TimeKind::kProcessing) {
    scope.node().event_time = scope.input(0).event_time;
  }
  return {};
}

Status check_window_join(const Scope& scope, WindowJoinSpec& spec) {
  DF_RETURN_IF_ERROR(check_keys_and_times(scope, spec));
  DF_RETURN_IF_ERROR(scope.span(spec.size_ms, 1, "size_ms"));
  DF_RETURN_IF_ERROR(scope.span(spec.allowed_lateness_ms, 0, "allowed_lateness_ms"));
  const Schema& left = *scope.input(0).schema;
  const Type& time = left[*left.find(spec.left_time)].type;
  scope.node().schema = joined(scope, spec.kind, window_fields(time));
  scope.node().event_time = "window_time";
  return {};
}

Status check_interval_join(const Scope& scope, IntervalJoinSpec& spec) {
  DF_RETURN_IF_ERROR(check_keys_and_times(scope, spec));
  DF_RETURN_IF_ERROR(scope.span(spec.lower_ms, -kMaxSpanMs, "lower_ms"));
  DF_RETURN_IF_ERROR(scope.span(spec.upper_ms, -kMaxSpanMs, "upper_ms"));
  if (spec.lower_ms > spec.upper_ms) {
    return scope.error("lower_ms (" + std::to_string(spec.lower_ms) + ") is above upper_ms (" +
                       std::to_string(spec.upper_ms) + "); no two rows would meet");
  }
  DF_RETURN_IF_ERROR(check_condition(scope, spec));
  scope.node().schema = joined(scope, spec.kind, {});
  const Schema& left = *scope.input(0).schema;
  if (spec.kind == JoinKind::kRight) {
    // Its name in the output, should the left side have the same.
    const size_t at = left.size() + *scope.input(1).schema->find(spec.right_time);
    scope.node().event_time = (*scope.node().schema)[at].name;
  } else if (spec.kind != JoinKind::kFull) {
    scope.node().event_time = spec.left_time;
  }
  return {};
}

}  // namespace dataflow::plan
