// The plan as a tree, from the sinks up to the sources:
//
//   plan "name": parallelism 2, checkpoint every 50 ms
//   sink "out": log topic=results, json
//   └─ tumbling window "counts": 1m by (user): n = COUNT(*)  → (window_start TIMESTAMP(3) …), time
//   …
//      └─ source "orders": log topic=orders, json, watermark ts - 5s, reads 2 of 7 columns: user,
//      ts
//         → (id BIGINT …), event time ts
//
// A node that several read is shown in full once.
#include <algorithm>
#include <cctype>
#include <set>

#include "base/units.h"
#include "enum_names.h"
#include "plan/explain_notes.h"
#include "plan/plan.h"
#include "plan/rewrite.h"

namespace dataflow::plan {
namespace {

std::string joined(const std::vector<std::string>& parts, std::string_view separator = ", ") {
  std::string all;
  for (const auto& part : parts) all += (all.empty() ? "" : std::string(separator)) + part;
  return all;
}

bool is_secret(std::string key) {
  std::ranges::transform(key, key.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const std::string_view word : {"password", "secret", "token", "auth", "key", "header"}) {
    if (key.find(word) != std::string::npos) return true;
  }
  return false;
}

std::string where(const std::string& connector, const Options& options, const std::string& format) {
  std::string all = connector;
  for (const auto& [key, value] : options) {
    all += " " + key + "=" + (is_secret(key) ? "***" : value);
  }
  return format.empty() ? all : all + ", " + format;
}

std::string sql(const expr::ExpressionPtr& expression) {
  return expression == nullptr ? "*" : expression->to_string();
}

std::string words_of(const Aggregate& aggregate) {
  std::string text = aggregate.name + " = " + aggregate.function + "(" +
                     (aggregate.distinct ? "DISTINCT " : "") + sql(aggregate.argument);
  for (const auto& parameter : aggregate.parameters) text += ", " + sql(parameter);
  for (const ValueOrder& by : aggregate.order) {
    text += by.descending ? ", descending" : ", rising";
  }
  text += ")";
  if (aggregate.filter != nullptr) text += " FILTER (WHERE " + sql(aggregate.filter) + ")";
  return text;
}

std::string extent_of(const WindowSpec& spec) {
  switch (spec.kind) {
    case WindowKind::kTumbling: return format_duration_ms(spec.size_ms);
    case WindowKind::kHopping:
    case WindowKind::kCumulative:
      return format_duration_ms(spec.size_ms) + " every " + format_duration_ms(spec.slide_ms);
    case WindowKind::kSession: return "gap " + format_duration_ms(spec.gap_ms);
    case WindowKind::kCount: break;
  }
  std::string text = std::to_string(spec.count) + " rows";
  if (spec.count_slide > 0) text += " every " + std::to_string(spec.count_slide);
  return text;
}

std::string kept(int64_t ttl_ms) {
  return ttl_ms == 0 ? "" : ", kept for " + format_duration_ms(ttl_ms);
}

std::string in_order(const std::vector<OrderColumn>& order) {
  std::vector<std::string> columns;
  for (const OrderColumn& by : order) {
    columns.push_back(by.column + (by.descending ? " descending" : ""));
  }
  return columns.empty() ? "" : " in order of " + joined(columns);
}

std::string bound(int64_t distance, const expr::ExpressionPtr& value, const std::string& words) {
  if (distance == kWithoutBound) return "unbounded " + words;
  if (value != nullptr) return sql(value) + " " + words;
  return distance == 0 ? "current row" : std::to_string(distance) + " " + words;
}

struct Words {
  std::string operator()(const SourceSpec& spec) const {
    std::string text = where(spec.connector, spec.options, spec.format);
    for (const auto& column : spec.computed) {
      text += ", " + column.name + " = " + sql(column.expression);
    }
    if (!spec.upsert_keys.empty()) text += ", key (" + joined(spec.upsert_keys) + ")";
    if (spec.watermark) {
      text += ", watermark " + spec.watermark->column + " - " +
              format_duration_ms(spec.watermark->delay_ms);
    }
    return text;
  }
  std::string operator()(const FilterSpec& spec) const { return sql(spec.condition); }
  std::string operator()(const ProjectSpec& spec) const {
    std::vector<std::string> columns;
    for (const auto& column : spec.columns) {
      const std::string text = sql(column.expression);
      columns.push_back(text == column.name ? text : text + " AS " + column.name);
    }
    return joined(columns);
  }
  std::string operator()(const WindowSpec& spec) const {
    std::string text = extent_of(spec);
    if (spec.kind != WindowKind::kCount) {
      text += spec.time == TimeKind::kEvent ? " of " + spec.time_column : " of processing time";
    }
    if (spec.offset_ms != 0) text += " offset " + std::to_string(spec.offset_ms) + "ms";
    if (!spec.time_zone.empty()) text += " in " + spec.time_zone;
    if (spec.allowed_lateness_ms > 0) {
      text += " lateness " + format_duration_ms(spec.allowed_lateness_ms);
    }
    if (spec.emit_changes) text += " emitting changes";
    if (!spec.keys.empty()) text += " by (" + joined(spec.keys) + ")";
    std::vector<std::string> aggregates;
    for (const auto& aggregate : spec.aggregates) aggregates.push_back(words_of(aggregate));
    return aggregates.empty() ? text : text + ": " + joined(aggregates);
  }
  std::string operator()(const WindowJoinSpec& spec) const {
    return on(spec) + " in the same " + format_duration_ms(spec.size_ms) + " of " + spec.left_time +
           ", " + spec.right_time;
  }
  std::string operator()(const IntervalJoinSpec& spec) const {
    std::string text = on(spec) + " and right." + spec.right_time + " - left." + spec.left_time +
                       " from " + std::to_string(spec.lower_ms) + "ms to " +
                       std::to_string(spec.upper_ms) + "ms";
    return spec.condition == nullptr ? text : text + " and " + sql(spec.condition);
  }
  std::string operator()(const GroupSpec& spec) const {
    const std::string keys = spec.keys.empty() ? "all rows" : "by (" + joined(spec.keys) + ")";
    std::vector<std::string> aggregates;
    for (const auto& aggregate : spec.aggregates) aggregates.push_back(words_of(aggregate));
    return keys + (aggregates.empty() ? "" : ": " + joined(aggregates)) + kept(spec.ttl_ms);
  }
  std::string operator()(const JoinSpec& spec) const {
    std::string text = spec.left_keys.empty() ? "each with each" : on(spec);
    if (spec.condition != nullptr) text += " and " + sql(spec.condition);
    if (spec.left_ttl_ms > 0) text += ", left rows" + kept(spec.left_ttl_ms);
    if (spec.right_ttl_ms > 0) text += ", right rows" + kept(spec.right_ttl_ms);
    return text;
  }
  std::string operator()(const TemporalJoinSpec& spec) const {
    const std::string moment = spec.time == TimeKind::kProcessing
                                   ? "now"
                                   : (spec.strictly_before ? "before " : "at ") + spec.left_time;
    const std::string text = on(spec) + ", as of right " + moment;
    return spec.condition == nullptr ? text : text + " and " + sql(spec.condition);
  }
  std::string operator()(const RankSpec& spec) const {
    std::string text = spec.last == 0
                           ? "from " + std::to_string(spec.first) + " on"
                           : std::to_string(spec.first) + " to " + std::to_string(spec.last);
    if (!spec.keys.empty()) text += " by (" + joined(spec.keys) + ")";
    text += in_order(spec.order);
    if (!spec.number.empty()) text += ", place in " + spec.number;
    if (spec.by_window) text += ", when the window closes";
    return text + kept(spec.ttl_ms);
  }
  std::string operator()(const OverSpec& spec) const {
    std::string text =
        std::string(enum_name(spec.unit)) + " " +
        bound(spec.preceding, spec.preceding_value, spec.begins_ahead ? "following" : "preceding") +
        " to " +
        bound(spec.following, spec.following_value, spec.ends_before ? "preceding" : "following");
    if (!spec.keys.empty()) text += " by (" + joined(spec.keys) + ")";
    text += in_order(spec.order);
    if (spec.time == TimeKind::kProcessing) text += " as they come";
    std::vector<std::string> aggregates;
    for (const auto& aggregate : spec.aggregates) aggregates.push_back(words_of(aggregate));
    return text + ": " + joined(aggregates);
  }
  std::string operator()(const WindowTableSpec& spec) const {
    std::string text = std::string(enum_name(spec.kind)) + " " + format_duration_ms(spec.size_ms);
    if (spec.slide_ms > 0) text += " every " + format_duration_ms(spec.slide_ms);
    text += " of " + spec.time_column;
    if (spec.offset_ms != 0) text += " offset " + std::to_string(spec.offset_ms) + "ms";
    if (!spec.time_zone.empty()) text += " in " + spec.time_zone;
    return text;
  }
  std::string operator()(const UnnestSpec& spec) const {
    std::string text = sql(spec.collection) + " as " + joined(spec.columns);
    if (!spec.ordinality.empty()) text += ", place " + spec.ordinality;
    return spec.keep_empty ? text + ", or NULL" : text;
  }
  std::string operator()(const DeduplicateSpec& spec) const {
    std::string text = std::string(spec.keep_last ? "last" : "first") + " by (" +
                       joined(spec.keys) + ") in " +
                       (spec.time_column.empty() ? "processing time" : spec.time_column);
    return spec.ttl_ms == 0 ? text + ", remembered for ever"
                            : text + ", remembered for " + format_duration_ms(spec.ttl_ms);
  }
  std::string operator()(const UpsertSpec& spec) const {
    return "row by (" + joined(spec.keys) + ")" + (spec.versions ? ", all versions" : "") +
           kept(spec.ttl_ms);
  }
  std::string operator()(const UnionSpec&) const { return "of all inputs"; }
  std::string operator()(const SplitSpec& spec) const {
    std::vector<std::string> branches;
    for (const auto& branch : spec.branches) {
      branches.push_back(branch.name + " if " + sql(branch.condition));
    }
    return joined(branches) + ", else default";
  }
  std::string operator()(const SinkSpec& spec) const {
    std::string text = where(spec.connector, spec.options, spec.format);
    if (!spec.key_columns.empty()) text += ", key (" + joined(spec.key_columns) + ")";
    if (spec.guarantee) text += ", " + std::string(enum_name(*spec.guarantee));
    return text;
  }

  std::string operator()(const CustomSpec& spec) const {
    std::vector<std::string> options;
    for (const auto& [name, value] : spec.options) options.push_back(name + " " + value);
    std::string text = spec.name;
    if (!spec.keys.empty()) text += " by (" + joined(spec.keys) + ")";
    return options.empty() ? text : text + ": " + joined(options);
  }

  template <class Spec>
  static std::string on(const Spec& spec) {
    std::vector<std::string> pairs;
    for (size_t i = 0; i < spec.left_keys.size() && i < spec.right_keys.size(); ++i) {
      pairs.push_back("left." + spec.left_keys[i] + " = right." + spec.right_keys[i]);
    }
    return "on " + joined(pairs, " and ");
  }
};

std::string title_of(const Spec& spec) {
  if (const auto* window = std::get_if<WindowSpec>(&spec)) {
    return std::string(enum_name(window->kind)) + " window";
  }
  if (const auto* join = std::get_if<WindowJoinSpec>(&spec)) {
    return std::string(enum_name(join->kind)) + " window join";
  }
  if (const auto* join = std::get_if<JoinSpec>(&spec)) {
    return std::string(enum_name(join->kind)) + " join";
  }
  if (const auto* join = std::get_if<TemporalJoinSpec>(&spec)) {
    return std::string(enum_name(join->kind)) + " temporal join";
  }
  if (const auto* join = std::get_if<IntervalJoinSpec>(&spec)) {
    return std::string(enum_name(join->kind)) + " interval join";
  }
  return std::string(kind_name(spec));
}

// What runs is less than what is written: what of a source is read, where a filter is tested.
class Notes {
 public:
  explicit Notes(const Plan& plan) {
    const bool valid =
        std::ranges::all_of(plan.nodes, [](const Node& node) { return node.schema != nullptr; });
    if (!valid) return;
    Result<Plan> run = to_run(plan);
    if (!run.ok()) return;
    run_ = std::move(*run);
    moved_ = moved_filters(plan, *run_);
  }

  std::string on(const Node& node) const {
    if (!run_) return "";
    if (const auto* source = std::get_if<SourceSpec>(&node.spec))
      return on_source(node.id, *source);
    const auto moved = std::ranges::find(moved_, node.id, &MovedFilter::filter);
    if (moved == moved_.end()) return "";
    return std::string(moved->whole ? "" : ", in part") + ", tested in front of " +
           joined(moved->before);
  }

 private:
  std::string on_source(const std::string& id, const SourceSpec& spec) const {
    constexpr size_t kMostNames = 8;
    const auto& read = std::get<SourceSpec>(run_->find(id)->spec).read;
    if (!read) return "";
    std::string text = ", reads " + std::to_string(read->size()) + " of " +
                       std::to_string(spec.schema->size()) + " columns";
    if (!read->empty() && read->size() <= kMostNames) text += ": " + joined(*read);
    return text;
  }

  std::optional<Plan> run_;
  std::vector<MovedFilter> moved_;
};

class Tree {
 public:
  Tree(const Plan& plan, const std::map<std::string, std::string>& lines)
      : plan_(plan), lines_(lines), notes_(plan) {}

  void show(const Node& node, const std::string& first, const std::string& rest) {
    text_ += first + title_of(node.spec) + " \"" + node.id + "\"";
    if (!shown_.insert(node.id).second) {
      text_ += " (shown above)\n";
      return;
    }
    text_ += ": " + std::visit(Words{}, node.spec);
    text_ += notes_.on(node);
    if (node.parallelism) text_ += ", parallelism " + std::to_string(*node.parallelism);
    if (node.schema != nullptr && !std::holds_alternative<SinkSpec>(node.spec)) {
      text_ += "  → " + node.schema->to_string();
      if (node.event_time) text_ += ", event time " + *node.event_time;
    }
    text_ += "\n";
    if (const auto line = lines_.find(node.id); line != lines_.end()) {
      text_ += rest + (node.inputs.empty() ? "   " : "│  ") + line->second + "\n";
    }
    for (size_t i = 0; i < node.inputs.size(); ++i) show_input(node, i, rest);
  }

  const std::string& text() const { return text_; }

 private:
  void show_input(const Node& node, size_t i, const std::string& rest) {
    const Input& input = node.inputs[i];
    const bool last = i + 1 == node.inputs.size();
    const std::string output = input.output.empty() ? "" : "[" + input.output + "] ";
    const std::string first = rest + (last ? "└─ " : "├─ ") + output;
    const Node* from = plan_.find(input.node);
    if (from == nullptr) {
      text_ += first + "\"" + input.node + "\" (unknown)\n";
    } else {
      show(*from, first, rest + (last ? "   " : "│  "));
    }
  }

  const Plan& plan_;
  const std::map<std::string, std::string>& lines_;
  const Notes notes_;
  std::set<std::string_view> shown_;
  std::string text_;
};

}  // namespace

std::string explain(const Plan& plan) { return explain(plan, {}); }

std::string explain(const Plan& plan, const std::map<std::string, std::string>& notes) {
  Tree tree(plan, notes);
  for (const Node& node : plan.nodes) {
    if (std::holds_alternative<SinkSpec>(node.spec)) tree.show(node, "", "");
  }
  const std::string parallelism = plan.job.parallelism == 0
                                      ? "parallelism of the machine"
                                      : "parallelism " + std::to_string(plan.job.parallelism);
  return "plan \"" + plan.name + "\": " + parallelism + ", checkpoint every " +
         format_duration_ms(plan.job.checkpoint_interval_ms) +
         (plan.job.bounded ? ", bounded" : "") + "\n" + tree.text();
}

}  // namespace dataflow::plan
