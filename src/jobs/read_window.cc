// Window aggregates and joins.
#include <algorithm>

#include "base/edit_distance.h"
#include "pipeline_reader.h"

namespace dataflow::jobs {
namespace {

struct KindKey {
  std::string_view name;
  plan::WindowKind kind;
};
constexpr KindKey kKinds[] = {{"tumbling", plan::WindowKind::kTumbling},
                              {"hopping", plan::WindowKind::kHopping},
                              {"session", plan::WindowKind::kSession},
                              {"cumulative", plan::WindowKind::kCumulative},
                              {"count", plan::WindowKind::kCount}};

Result<int64_t> required_duration(YamlMap& map, const std::string& name) {
  DF_ASSIGN_OR_RETURN(const std::optional<int64_t> ms, map.duration(name));
  if (!ms) return map.error("`" + name + "` is missing");
  return *ms;
}

// {size: 60s, slide: 15s}; or, where one length says all, that alone.
Status read_extent(YamlMap& window, const std::string& kind, plan::WindowSpec& spec) {
  const YAML::Node& node = *window.find(kind);
  const bool whole = node.IsScalar();
  if (spec.kind == plan::WindowKind::kCount && whole) {
    DF_ASSIGN_OR_RETURN(const auto count, window.integer(kind, 1, 1LL << 40));
    spec.count = count.value_or(0);
    return {};
  }
  const bool one_length =
      spec.kind == plan::WindowKind::kTumbling || spec.kind == plan::WindowKind::kSession;
  if (whole && one_length) {
    DF_ASSIGN_OR_RETURN(const int64_t ms, required_duration(window, kind));
    (spec.kind == plan::WindowKind::kSession ? spec.gap_ms : spec.size_ms) = ms;
    return {};
  }
  DF_ASSIGN_OR_RETURN(YamlMap map, window.required_map(kind));
  switch (spec.kind) {
    case plan::WindowKind::kSession: {
      DF_ASSIGN_OR_RETURN(spec.gap_ms, required_duration(map, "gap"));
      break;
    }
    case plan::WindowKind::kCount: {
      DF_ASSIGN_OR_RETURN(const auto size, map.integer("size", 1, 1LL << 40));
      DF_ASSIGN_OR_RETURN(const auto slide, map.integer("slide", 1, 1LL << 40));
      if (!size) return map.error("`size` is missing");
      spec.count = size.value_or(0);
      spec.count_slide = slide.value_or(0);
      break;
    }
    default: {
      DF_ASSIGN_OR_RETURN(spec.size_ms, required_duration(map, "size"));
      if (spec.kind == plan::WindowKind::kTumbling) break;
      const bool hopping = spec.kind == plan::WindowKind::kHopping;
      DF_ASSIGN_OR_RETURN(spec.slide_ms, required_duration(map, hopping ? "slide" : "step"));
    }
  }
  return map.refuse_rest();
}

Status read_kind(YamlMap& window, plan::WindowSpec& spec) {
  std::string found;
  std::string all;
  for (const KindKey& one : kKinds) {
    const std::string name(one.name);
    all += (all.empty() ? "" : ", ") + name;
    if (!window.has(name)) continue;
    if (!found.empty()) return window.error("is `" + found + "` and `" + name + "`; keep one");
    found = name;
    spec.kind = one.kind;
  }
  if (found.empty()) {
    const std::vector<YamlEntry> rest = window.rest();
    if (!rest.empty()) {
      const std::vector<std::string> names = window.known();
      const std::string near = suggestion(rest[0].name, names);
      if (!near.empty()) {
        return window.error_at(rest[0].key, "`" + rest[0].name + "` is not known here" + near);
      }
    }
    return window.error("does not say its kind: one of " + all);
  }
  return read_extent(window, found, spec);
}

Status read_aggregates(YamlMap& step, plan::WindowSpec& spec) {
  if (!step.has("aggregate")) {
    return step.error("`aggregate` is missing, such as {n: COUNT(*)}");
  }
  DF_ASSIGN_OR_RETURN(const YamlMap map, step.required_map("aggregate"));
  for (const YamlEntry& entry : map.entries()) {
    DF_ASSIGN_OR_RETURN(
        plan::Aggregate aggregate,
        read_aggregate(step.yaml(), entry.value, map.what() + ": `" + entry.name + "`"));
    aggregate.name = entry.name;
    spec.aggregates.push_back(std::move(aggregate));
  }
  return {};
}

struct JoinSides {
  std::vector<std::string> left_keys, right_keys;
  std::string left_time, right_time;
  plan::JoinKind kind = plan::JoinKind::kInner;
};

// `on`: a list of columns that both have, or {left column: right column}.
Status read_keys(YamlMap& join, JoinSides& sides) {
  const YAML::Node* on = join.find("on");
  if (on == nullptr) return join.error("`on` is missing: the columns that must be equal");
  if (!on->IsMap()) {
    DF_ASSIGN_OR_RETURN(sides.left_keys, join.names("on"));
    sides.right_keys = sides.left_keys;
    return {};
  }
  DF_ASSIGN_OR_RETURN(YamlMap map, join.required_map("on"));
  const std::vector<YamlEntry> entries = map.entries();
  for (const YamlEntry& entry : entries) {
    sides.left_keys.push_back(entry.name);
    DF_ASSIGN_OR_RETURN(std::string right, map.required(entry.name));
    sides.right_keys.push_back(std::move(right));
  }
  return {};
}

Result<JoinSides> read_sides(YamlMap& join, plan::Node& node) {
  JoinSides sides;
  DF_ASSIGN_OR_RETURN(const std::string left, join.required("left"));
  DF_ASSIGN_OR_RETURN(const std::string right, join.required("right"));
  node.inputs = {input_of(left), input_of(right)};
  DF_ASSIGN_OR_RETURN(const auto kind,
                      join.choice("kind", {"inner", "left", "right", "full", "semi", "anti"}));
  sides.kind = static_cast<plan::JoinKind>(kind.value_or(0));
  DF_RETURN_IF_ERROR(read_keys(join, sides));
  DF_ASSIGN_OR_RETURN(const auto left_time, join.text("left_time"));
  DF_ASSIGN_OR_RETURN(const auto right_time, join.text("right_time"));
  sides.left_time = left_time.value_or("");
  sides.right_time = right_time.value_or("");
  return sides;
}

template <class Spec>
void put_sides(JoinSides sides, Spec& spec) {
  spec.kind = sides.kind;
  spec.left_keys = std::move(sides.left_keys);
  spec.right_keys = std::move(sides.right_keys);
  spec.left_time = std::move(sides.left_time);
  spec.right_time = std::move(sides.right_time);
}

}  // namespace

Result<plan::WindowSpec> read_window(YamlMap& step, const YAML::Node& node) {
  plan::WindowSpec spec;
  DF_ASSIGN_OR_RETURN(YamlMap window, YamlMap::open(step.yaml(), node, step.what() + ": window"));
  DF_ASSIGN_OR_RETURN(const auto time, window.text("time"));
  DF_ASSIGN_OR_RETURN(const auto lateness, window.duration("allowed_lateness"));
  DF_ASSIGN_OR_RETURN(const auto offset, window.duration("offset"));
  DF_RETURN_IF_ERROR(read_kind(window, spec));
  DF_RETURN_IF_ERROR(window.refuse_rest());
  if (time == "processing") {
    spec.time = plan::TimeKind::kProcessing;
  } else {
    spec.time_column = time.value_or("");
  }
  spec.allowed_lateness_ms = lateness.value_or(0);
  spec.offset_ms = offset.value_or(0);
  DF_ASSIGN_OR_RETURN(spec.keys, step.names("group_by"));
  DF_RETURN_IF_ERROR(read_aggregates(step, spec));
  DF_ASSIGN_OR_RETURN(const auto late, step.boolean("late_output"));
  spec.late_output = late.value_or(false);
  return spec;
}

Result<plan::WindowJoinSpec> read_window_join(YamlMap& join, plan::Node& node) {
  plan::WindowJoinSpec spec;
  DF_ASSIGN_OR_RETURN(JoinSides sides, read_sides(join, node));
  put_sides(std::move(sides), spec);
  DF_ASSIGN_OR_RETURN(spec.size_ms, required_duration(join, "size"));
  DF_ASSIGN_OR_RETURN(const auto lateness, join.duration("allowed_lateness"));
  spec.allowed_lateness_ms = lateness.value_or(0);
  return spec;
}

Result<plan::IntervalJoinSpec> read_interval_join(YamlMap& join, plan::Node& node) {
  plan::IntervalJoinSpec spec;
  DF_ASSIGN_OR_RETURN(JoinSides sides, read_sides(join, node));
  put_sides(std::move(sides), spec);
  const YAML::Node* between = join.find("between");
  if (between == nullptr || !between->IsSequence() || between->size() != 2) {
    return join.error(std::string("`between` ") +
                      (between == nullptr ? "is missing" : "must be a list of two durations") +
                      ": how far right_time may be from left_time, such as [-5s, 10s]");
  }
  const std::string what = join.what() + ": `between`";
  DF_ASSIGN_OR_RETURN(spec.lower_ms, read_duration(join.yaml(), (*between)[0], what));
  DF_ASSIGN_OR_RETURN(spec.upper_ms, read_duration(join.yaml(), (*between)[1], what));
  if (const YAML::Node* where = join.find("where"); where != nullptr) {
    DF_ASSIGN_OR_RETURN(spec.condition,
                        read_expression(join.yaml(), *where, join.what() + ": `where`"));
  }
  return spec;
}

}  // namespace dataflow::jobs
