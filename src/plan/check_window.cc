#include <optional>
#include <set>

#include "base/units.h"
#include "enum_names.h"
#include "expr/time_zone.h"
#include "scope.h"

namespace dataflow::plan {
namespace {

// A row is in size / slide windows, and so many are open at once for each key.
constexpr int64_t kMaxOpenWindows = 100'000;

// A parameter of one kind of window, set for another: a mistake, or the wrong kind.
Status refuse(const Scope& scope, const WindowSpec& spec, bool set, std::string_view parameter,
              std::string_view belongs_to) {
  if (!set) return {};
  return scope.error("a " + std::string(enum_name(spec.kind)) + " window has no " +
                     std::string(parameter) + "; it is for " + std::string(belongs_to));
}

Status refuse_foreign(const Scope& scope, const WindowSpec& spec) {
  const WindowKind kind = spec.kind;
  const bool steps = kind == WindowKind::kHopping || kind == WindowKind::kCumulative;
  const bool sized = steps || kind == WindowKind::kTumbling;
  const bool of_rows = kind == WindowKind::kCount;
  DF_RETURN_IF_ERROR(refuse(scope, spec, !sized && spec.size_ms != 0, "size_ms",
                            "tumbling, hopping and cumulative windows"));
  DF_RETURN_IF_ERROR(refuse(scope, spec, !steps && spec.slide_ms != 0, "slide_ms",
                            "hopping and cumulative windows"));
  DF_RETURN_IF_ERROR(refuse(scope, spec, kind != WindowKind::kSession && spec.gap_ms != 0, "gap_ms",
                            "session windows"));
  DF_RETURN_IF_ERROR(refuse(scope, spec, !of_rows && spec.count != 0, "count", "count windows"));
  DF_RETURN_IF_ERROR(
      refuse(scope, spec, !of_rows && spec.count_slide != 0, "count_slide", "count windows"));
  DF_RETURN_IF_ERROR(refuse(scope, spec, !sized && spec.offset_ms != 0, "offset_ms",
                            "tumbling, hopping and cumulative windows"));
  DF_RETURN_IF_ERROR(
      refuse(scope, spec, of_rows && spec.emit_changes, "emit_changes", "windows of time"));
  if (spec.emit_changes && scope.plan().job.bounded) {
    return scope.error("a bounded job gives final rows only; leave out emit_changes");
  }
  const bool late = spec.allowed_lateness_ms != 0 || spec.late_output;
  if (late && (of_rows || spec.time == TimeKind::kProcessing)) {
    return scope.error("no row is late for " + std::string(of_rows ? "count" : "processing-time") +
                       " windows; leave out allowed_lateness_ms and late_output");
  }
  return {};
}

Status check_offset(const Scope& scope, const WindowSpec& spec, int64_t period) {
  if (spec.offset_ms > -period && spec.offset_ms < period) return {};
  return scope.error("offset_ms is " + std::to_string(spec.offset_ms) +
                     "; windows begin anew every " + std::to_string(period) +
                     " ms, so it must be between -" + std::to_string(period) + " and " +
                     std::to_string(period));
}

// Hopping windows may begin further apart than they are long: rows between them are in none.
Status check_steps(const Scope& scope, const WindowSpec& spec) {
  const bool hopping = spec.kind == WindowKind::kHopping;
  const std::string slide = format_duration_ms(spec.slide_ms);
  const std::string size = format_duration_ms(spec.size_ms);
  if (!hopping && spec.size_ms % spec.slide_ms != 0) {
    return scope.error("slide_ms (" + slide + ") does not divide size_ms (" + size +
                       "); cumulative windows grow by whole steps");
  }
  if (spec.size_ms / spec.slide_ms > kMaxOpenWindows) {
    return scope.error("a row would be in " + std::to_string(spec.size_ms / spec.slide_ms) +
                       " windows; " + std::to_string(kMaxOpenWindows) +
                       " are allowed: use a longer slide_ms than " + slide);
  }
  return {};
}

Status check_shape(const Scope& scope, const WindowSpec& spec) {
  DF_RETURN_IF_ERROR(refuse_foreign(scope, spec));
  DF_RETURN_IF_ERROR(scope.span(spec.allowed_lateness_ms, 0, "allowed_lateness_ms"));
  switch (spec.kind) {
    case WindowKind::kTumbling:
      DF_RETURN_IF_ERROR(scope.span(spec.size_ms, 1, "size_ms"));
      return check_offset(scope, spec, spec.size_ms);
    case WindowKind::kHopping:
    case WindowKind::kCumulative:
      DF_RETURN_IF_ERROR(scope.span(spec.size_ms, 1, "size_ms"));
      DF_RETURN_IF_ERROR(scope.span(spec.slide_ms, 1, "slide_ms"));
      DF_RETURN_IF_ERROR(check_steps(scope, spec));
      return check_offset(scope, spec,
                          spec.kind == WindowKind::kHopping ? spec.slide_ms : spec.size_ms);
    case WindowKind::kSession: return scope.span(spec.gap_ms, 1, "gap_ms");
    case WindowKind::kCount: break;
  }
  if (spec.count < 1) {
    return scope.error("count is " + std::to_string(spec.count) + "; it must be at least 1");
  }
  if (spec.count_slide >= 0 && spec.count_slide <= spec.count) return {};
  return scope.error("count_slide is " + std::to_string(spec.count_slide) +
                     "; it must be from 1 to count, or 0 for count itself");
}

// `time`: the type of the column; none: processing time.
Status check_zone(const Scope& scope, const std::string& zone, std::optional<TypeId> time) {
  if (zone.empty()) return {};
  if (time && *time != TypeId::kTimestampTz) {
    return scope.error("a time without a zone is what clocks show; leave out time_zone");
  }
  const auto known = expr::find_time_zone(zone);
  return known.ok() ? Status() : scope.error("time_zone: " + known.status().message());
}

Status check_time(const Scope& scope, WindowSpec& spec) {
  if (spec.kind == WindowKind::kCount || spec.time == TimeKind::kProcessing) {
    if (spec.time_column.empty()) return {};
    return scope.error(std::string(spec.kind == WindowKind::kCount ? "count" : "processing-time") +
                       " windows read no time column; leave out time_column " +
                       quoted(spec.time_column));
  }
  return scope.event_time(0, spec.time_column, "time column");
}

}  // namespace

std::vector<Field> window_fields(const Type& time) {
  const bool zoned = time.id() == TypeId::kTimestampTz;
  return {{"window_start", Type::timestamp(3), false},
          {"window_end", Type::timestamp(3), false},
          {"window_time", zoned ? Type::timestamp_tz(3) : Type::timestamp(3), false}};
}

Status check_window_table(const Scope& scope, WindowTableSpec& spec) {
  if (spec.kind == WindowKind::kSession || spec.kind == WindowKind::kCount) {
    return scope.error("rows are in no " + std::string(enum_name(spec.kind)) +
                       " window before it is closed; aggregate over it");
  }
  WindowSpec shape;
  shape.kind = spec.kind;
  shape.size_ms = spec.size_ms;
  shape.slide_ms = spec.slide_ms;
  shape.offset_ms = spec.offset_ms;
  DF_RETURN_IF_ERROR(check_shape(scope, shape));
  DF_RETURN_IF_ERROR(scope.event_time(0, spec.time_column, "time column"));
  const Schema& schema = *scope.input().schema;
  const Type& time = schema[*schema.find(spec.time_column)].type;
  DF_RETURN_IF_ERROR(check_zone(scope, spec.time_zone, time.id()));
  std::vector<Field> fields = schema.fields();
  for (Field& field : window_fields(time)) {
    fields.push_back(std::move(field));
  }
  scope.node().schema = Scope::with_free_names(std::move(fields));
  scope.node().event_time = scope.node().schema->fields().back().name;
  return {};
}

Status check_window(const Scope& scope, WindowSpec& spec) {
  DF_RETURN_IF_ERROR(check_shape(scope, spec));
  DF_RETURN_IF_ERROR(check_time(scope, spec));
  const Schema& schema = *scope.input().schema;
  DF_RETURN_IF_ERROR(scope.keys(schema, spec.keys, "key"));
  if (spec.aggregates.empty() && spec.keys.empty()) {
    return scope.error("has neither keys nor aggregates");
  }
  std::vector<Field> fields;
  if (spec.kind != WindowKind::kCount) {
    const bool event = spec.time == TimeKind::kEvent;
    const Type time = event ? schema[*schema.find(spec.time_column)].type : Type();
    DF_RETURN_IF_ERROR(
        check_zone(scope, spec.time_zone, event ? std::optional(time.id()) : std::nullopt));
    fields = window_fields(time);
  } else if (!spec.time_zone.empty()) {
    return scope.error("count windows have no time; leave out time_zone");
  }
  for (const std::string& key : spec.keys) fields.push_back(schema[*schema.find(key)]);
  for (Aggregate& aggregate : spec.aggregates) {
    DF_ASSIGN_OR_RETURN(Field field, check_aggregate(scope, aggregate));
    fields.push_back(std::move(field));
  }
  DF_RETURN_IF_ERROR(scope.different_names(fields));
  scope.node().schema = std::make_shared<const Schema>(std::move(fields));
  if (spec.kind != WindowKind::kCount && spec.time == TimeKind::kEvent) {
    scope.node().event_time = "window_time";
  }
  return {};
}

}  // namespace dataflow::plan
