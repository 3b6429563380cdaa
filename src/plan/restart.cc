#include <array>
#include <utility>

#include "enum_names.h"
#include "expr/bound.h"
#include "plan/analyze.h"
#include "plan/rewrite.h"

namespace dataflow::plan {
namespace {

// Options that say what a source's positions and a sink's uncommitted rows belong to.
constexpr std::array<std::string_view, 7> kPlaces = {
    "topic", "topics", "path", "url", "brokers", "bootstrap.servers", "directory"};

// Positions belong to parts of a place, whose number is one of these, or what is usual.
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kParts = {
    {{"stripes", "1"}, {"splits", "4"}}};

std::string text_of(const expr::ExpressionPtr& expression) {
  return expression == nullptr ? "nothing" : expression->to_string();
}

std::string text_of(const std::vector<std::string>& names) {
  std::string all;
  for (const auto& name : names) all += (all.empty() ? "" : ", ") + name;
  return all.empty() ? "none" : "(" + all + ")";
}

std::string text_of(const SchemaPtr& schema) { return schema->to_string(); }
std::string text_of(const std::string& text) { return text.empty() ? "none" : text; }
std::string text_of(int64_t number) { return std::to_string(number); }
std::string text_of(bool value) { return value ? "true" : "false"; }
template <class E>
requires std::is_enum_v<E> std::string text_of(E value) { return std::string(enum_name(value)); }

// Collects the first thing that differs.
class Difference {
 public:
  template <class T>
  Difference& same(std::string_view what, const T& before, const T& after) {
    const std::string was = text_of(before);
    const std::string is = text_of(after);
    if (reason_.empty() && was != is) {
      reason_ = std::string(what) + " was " + was + " and is " + is;
    }
    return *this;
  }
  Difference& types(std::string_view what, const std::vector<Type>& before,
                    const std::vector<Type>& after) {
    std::vector<std::string> was, is;
    for (const Type& type : before) was.push_back(type.to_string());
    for (const Type& type : after) is.push_back(type.to_string());
    return same(what, was, is);
  }
  const std::string& reason() const { return reason_; }

 private:
  std::string reason_;
};

void compare_options(Difference& difference, const Options& before, const Options& after) {
  const auto value = [](const Options& options, std::string_view key) {
    const auto found = options.find(std::string(key));
    return found == options.end() ? std::string() : found->second;
  };
  for (const std::string_view key : kPlaces) {
    difference.same(key, value(before, key), value(after, key));
  }
  for (const auto& [key, usual] : kParts) {
    const std::string was = value(before, key);
    const std::string is = value(after, key);
    difference.same(key, was.empty() ? std::string(usual) : was,
                    is.empty() ? std::string(usual) : is);
  }
}

std::vector<Type> types_of(const Schema& schema, const std::vector<std::string>& names) {
  std::vector<Type> types;
  for (const auto& name : names) types.push_back(schema[*schema.find(name)].type);
  return types;
}

std::string words_of(const Aggregate& aggregate) {
  std::string parameters;
  for (const auto& parameter : aggregate.parameters) parameters += ", " + parameter->to_string();
  std::string order;
  for (const ValueOrder& by : aggregate.order) {
    order += order.empty() ? " in order" : ",";
    order += (by.descending ? " descending" : " rising");
    order += (by.nulls_first ? " with NULL first" : "");
  }
  return aggregate.function + "(" + (aggregate.distinct ? "DISTINCT " : "") +
         (aggregate.argument == nullptr ? "*" : aggregate.argument->to_string()) + parameters +
         order + ")" +
         (aggregate.filter == nullptr ? "" : " of rows with " + aggregate.filter->to_string());
}

struct Sides {
  const Plan& before_plan;
  const Plan& after_plan;
  const Node& before;
  const Node& after;
  Difference& difference;

  SchemaPtr was(size_t i) const { return schema_of(before_plan, before.inputs[i]); }
  SchemaPtr is(size_t i) const { return schema_of(after_plan, after.inputs[i]); }
};

void compare(const Sides& sides, const SourceSpec& a, const SourceSpec& b) {
  sides.difference.same("connector", a.connector, b.connector);
  compare_options(sides.difference, a.options, b.options);
  sides.difference.same("event time", sides.before.event_time.value_or(""),
                        sides.after.event_time.value_or(""));
}

void compare(const Sides& sides, const SinkSpec& a, const SinkSpec& b) {
  sides.difference.same("connector", a.connector, b.connector);
  compare_options(sides.difference, a.options, b.options);
}

void compare_key_types(const Sides& sides, const std::vector<std::string>& before,
                       const std::vector<std::string>& after) {
  if (before != after) return;
  sides.difference.types("types of keys", types_of(*sides.was(0), before),
                         types_of(*sides.is(0), after));
}

void compare_aggregates(const Sides& sides, const std::vector<Aggregate>& before,
                        const std::vector<Aggregate>& after) {
  std::vector<std::string> was, is;
  for (const Aggregate& aggregate : before) was.push_back(words_of(aggregate));
  for (const Aggregate& aggregate : after) is.push_back(words_of(aggregate));
  sides.difference.same("aggregates", was, is);
  if (was != is) return;
  std::vector<Type> types_before, types_after;
  // They stand last, behind as many columns as there are keys.
  const auto last_of = [&](const Schema& schema, std::vector<Type>& types) {
    for (size_t i = schema.size() - was.size(); i < schema.size(); ++i) {
      types.push_back(schema[i].type);
    }
  };
  last_of(*sides.before.schema, types_before);
  last_of(*sides.after.schema, types_after);
  sides.difference.types("types of aggregates", types_before, types_after);
  // Each value is kept, in its own type.
  for (size_t i = 0; i < before.size(); ++i) {
    if (!before[i].distinct) continue;
    const auto was_bound = expr::bind(before[i].argument, *sides.was(0));
    const auto is_bound = expr::bind(after[i].argument, *sides.is(0));
    if (!was_bound.ok() || !is_bound.ok()) continue;
    sides.difference.types("the type of what is distinct", {(*was_bound)->type()},
                           {(*is_bound)->type()});
  }
}

void compare(const Sides& sides, const WindowSpec& a, const WindowSpec& b) {
  sides.difference.same("kind", a.kind, b.kind)
      .same("time", a.time, b.time)
      .same("time_column", a.time_column, b.time_column)
      .same("size_ms", a.size_ms, b.size_ms)
      .same("slide_ms", a.slide_ms, b.slide_ms)
      .same("gap_ms", a.gap_ms, b.gap_ms)
      .same("count", a.count, b.count)
      .same("count_slide", a.count_slide, b.count_slide)
      .same("offset_ms", a.offset_ms, b.offset_ms)
      .same("time_zone", a.time_zone, b.time_zone)
      .same("emit_changes", a.emit_changes, b.emit_changes)
      .same("keys", a.keys, b.keys);
  compare_key_types(sides, a.keys, b.keys);
  compare_aggregates(sides, a.aggregates, b.aggregates);
}

std::vector<std::string> rows_left_out(const Plan& plan, const std::string& join) {
  if (!plan.job.bounded) return {};
  const Result<Plan> run = with_moved_filters(plan);
  return run.ok() ? left_out(plan, *run, join) : std::vector<std::string>();
}

// What a node of a bounded job keeps for the end is not what it keeps of a stream.
void compare_mode(const Sides& sides) {
  sides.difference.same("a bounded job", sides.before_plan.job.bounded,
                        sides.after_plan.job.bounded);
}

std::string text_of(const std::vector<OrderColumn>& order) {
  std::vector<std::string> columns;
  for (const OrderColumn& by : order) {
    columns.push_back(by.column + (by.descending ? " descending" : "") +
                      (by.nulls_first ? " with NULL first" : ""));
  }
  return text_of(columns);
}

// Where they are more is kept.
void compare_updates(const Sides& sides) {
  const bool updates = origin_of_updates(sides.before_plan, sides.before.inputs[0]) != nullptr;
  sides.difference.same("whether rows are taken back", updates,
                        origin_of_updates(sides.after_plan, sides.after.inputs[0]) != nullptr);
}

void compare(const Sides& sides, const GroupSpec& a, const GroupSpec& b) {
  compare_mode(sides);
  sides.difference.same("keys", a.keys, b.keys);
  compare_key_types(sides, a.keys, b.keys);
  compare_aggregates(sides, a.aggregates, b.aggregates);
  sides.difference.same("whether groups are forgotten (ttl_ms)", a.ttl_ms > 0, b.ttl_ms > 0);
  compare_updates(sides);
}

// Of any join: it keeps whole rows of both sides.
template <class Spec>
void compare_sides(const Sides& sides, const Spec& a, const Spec& b) {
  sides.difference.same("kind", a.kind, b.kind)
      .same("left_keys", a.left_keys, b.left_keys)
      .same("right_keys", a.right_keys, b.right_keys)
      .same("left input", sides.was(0), sides.is(0))
      .same("right input", sides.was(1), sides.is(1));
}

// Of those that go by time.
template <class Spec>
void compare_times(const Sides& sides, const Spec& a, const Spec& b) {
  compare_sides(sides, a, b);
  sides.difference.same("left_time", a.left_time, b.left_time)
      .same("right_time", a.right_time, b.right_time);
}

bool takes_rows_back(const Plan& plan, const Node& join) {
  return origin_of_updates(plan, join.inputs[0]) != nullptr ||
         origin_of_updates(plan, join.inputs[1]) != nullptr;
}

void compare(const Sides& sides, const JoinSpec& a, const JoinSpec& b) {
  compare_mode(sides);
  compare_sides(sides, a, b);
  sides.difference.same("condition", a.condition, b.condition)
      .same("nulls_match", a.nulls_match, b.nulls_match)
      // Rows that expire are kept with more beside them.
      .same("whether left rows expire", a.left_ttl_ms > 0, b.left_ttl_ms > 0)
      .same("whether right rows expire", a.right_ttl_ms > 0, b.right_ttl_ms > 0);
  // Where they are not, these keep no row that is done with.
  if (a.kind != JoinKind::kSemi && a.kind != JoinKind::kAnti) return;
  sides.difference.same("whether rows are taken back",
                        takes_rows_back(sides.before_plan, sides.before),
                        takes_rows_back(sides.after_plan, sides.after));
}

void compare(const Sides& sides, const TemporalJoinSpec& a, const TemporalJoinSpec& b) {
  compare_mode(sides);
  compare_times(sides, a, b);
  sides.difference.same("time", a.time, b.time).same("condition", a.condition, b.condition);
}

void compare(const Sides& sides, const RankSpec& a, const RankSpec& b) {
  compare_mode(sides);
  sides.difference.same("keys", a.keys, b.keys)
      .same("order", text_of(a.order), text_of(b.order))
      .same("first", a.first, b.first)
      .same("last", a.last, b.last)
      .same("by_window", a.by_window, b.by_window)
      .same("whether rows are forgotten (ttl_ms)", a.ttl_ms > 0, b.ttl_ms > 0)
      .same("event time", sides.before.event_time.value_or(""), sides.after.event_time.value_or(""))
      .same("input", sides.was(0), sides.is(0));
  compare_updates(sides);
}

void compare(const Sides& sides, const OverSpec& a, const OverSpec& b) {
  compare_mode(sides);
  sides.difference.same("keys", a.keys, b.keys)
      .same("order", text_of(a.order), text_of(b.order))
      .same("time", a.time, b.time)
      .same("unit", a.unit, b.unit)
      .same("preceding", a.preceding, b.preceding)
      .same("following", a.following, b.following)
      .same("begins_ahead", a.begins_ahead, b.begins_ahead)
      .same("ends_before", a.ends_before, b.ends_before)
      .same("preceding_value", text_of(a.preceding_value), text_of(b.preceding_value))
      .same("following_value", text_of(a.following_value), text_of(b.following_value))
      .same("input", sides.was(0), sides.is(0));
  compare_aggregates(sides, a.aggregates, b.aggregates);
}

// In a bounded job it does not get the rows that filters behind it would leave out.
template <class Spec>
void compare_join(const Sides& sides, const Spec& a, const Spec& b) {
  compare_times(sides, a, b);
  sides.difference.same("what is filtered behind it (and in a bounded job in front of it)",
                        rows_left_out(sides.before_plan, sides.before.id),
                        rows_left_out(sides.after_plan, sides.after.id));
}

void compare(const Sides& sides, const WindowJoinSpec& a, const WindowJoinSpec& b) {
  compare_join(sides, a, b);
  sides.difference.same("size_ms", a.size_ms, b.size_ms);
}

void compare(const Sides& sides, const IntervalJoinSpec& a, const IntervalJoinSpec& b) {
  compare_join(sides, a, b);
  sides.difference.same("lower_ms", a.lower_ms, b.lower_ms)
      .same("upper_ms", a.upper_ms, b.upper_ms)
      .same("condition", a.condition, b.condition);
}

void compare(const Sides& sides, const DeduplicateSpec& a, const DeduplicateSpec& b) {
  // A bounded job forgets nothing.
  const auto forgets = [](const Plan& plan, const DeduplicateSpec& spec) {
    return spec.ttl_ms > 0 && !plan.job.bounded;
  };
  sides.difference.same("keys", a.keys, b.keys)
      .same("whether keys are forgotten (ttl_ms)", forgets(sides.before_plan, a),
            forgets(sides.after_plan, b))
      .same("time_column", a.time_column, b.time_column)
      .same("keep_last", a.keep_last, b.keep_last);
  // The first row to arrive is sent on at once; of all others the state keeps the row.
  if (a.keep_last || !a.time_column.empty()) {
    compare_mode(sides);
    sides.difference.same("input", sides.was(0), sides.is(0));
  } else {
    compare_key_types(sides, a.keys, b.keys);
  }
}

void compare(const Sides& sides, const UpsertSpec& a, const UpsertSpec& b) {
  compare_mode(sides);
  sides.difference.same("keys", a.keys, b.keys)
      .same("whether rows are forgotten (ttl_ms)", a.ttl_ms > 0, b.ttl_ms > 0)
      .same("versions", a.versions, b.versions)
      .same("input", sides.was(0), sides.is(0));
}

// What its options mean to its state the plug-in knows, and its tables have versions.
void compare(const Sides& sides, const CustomSpec& a, const CustomSpec& b) {
  sides.difference.same("operator", a.name, b.name).same("keys", a.keys, b.keys);
  compare_key_types(sides, a.keys, b.keys);
}

// Nothing of them lives on.
template <class Spec>
void compare(const Sides&, const Spec&, const Spec&) {}

NodeChange change_of(const Plan& before_plan, const Plan& after_plan, const Node& after) {
  const Node* before = before_plan.find(after.id);
  if (before == nullptr) return {after.id, Continuity::kAdded, ""};
  Difference difference;
  if (before->spec.index() != after.spec.index()) {
    if (has_state(before->spec) || has_state(after.spec)) {
      difference.same("it", std::string(kind_name(before->spec)),
                      std::string(kind_name(after.spec)));
    }
  } else {
    const Sides sides{before_plan, after_plan, *before, after, difference};
    std::visit(
        [&](const auto& spec) {
          compare(sides, std::get<std::remove_cvref_t<decltype(spec)>>(before->spec), spec);
        },
        after.spec);
  }
  if (difference.reason().empty()) return {after.id, Continuity::kKept, ""};
  return {
      after.id, Continuity::kIncompatible,
      difference.reason() + "; give the node another id to begin it anew, or leave it as it was"};
}

}  // namespace

bool has_state(const Spec& spec) {
  return !std::holds_alternative<FilterSpec>(spec) && !std::holds_alternative<ProjectSpec>(spec) &&
         !std::holds_alternative<UnionSpec>(spec) && !std::holds_alternative<SplitSpec>(spec) &&
         !std::holds_alternative<WindowTableSpec>(spec) &&
         !std::holds_alternative<UnnestSpec>(spec);
}

std::vector<NodeChange> compare_for_restart(const Plan& before, const Plan& after) {
  std::vector<NodeChange> changes;
  for (const Node& node : after.nodes) changes.push_back(change_of(before, after, node));
  for (const Node& node : before.nodes) {
    if (after.find(node.id) == nullptr) changes.push_back({node.id, Continuity::kRemoved, ""});
  }
  return changes;
}

}  // namespace dataflow::plan
