#include "watermark_text.h"

#include <algorithm>
#include <set>

#include "base/units.h"
#include "jobs/run_script.h"

namespace dataflow::jobs {
namespace {

constexpr int64_t kNone = INT64_MIN;
constexpr int64_t kOver = INT64_MAX;

std::string time_text(int64_t ms) {
  if (ms == kNone) return "nowhere yet";
  if (ms == kOver) return "the end of time";
  return cell_text(Value::integer(Type::timestamp(3), ms));
}

void add_sources(const plan::Plan& plan, const plan::Node& node, std::set<std::string>& sources) {
  if (std::holds_alternative<plan::SourceSpec>(node.spec)) sources.insert(node.id);
  for (const plan::Input& input : node.inputs) {
    const plan::Node* const from = plan.find(input.node);
    if (from != nullptr) add_sources(plan, *from, sources);
  }
}

// What its rows, or the windows that they are in, wait for.
bool waits_for_time(const plan::Node& node) {
  if (const auto* window = std::get_if<plan::WindowSpec>(&node.spec)) {
    return window->time == plan::TimeKind::kEvent && window->kind != plan::WindowKind::kCount;
  }
  if (const auto* rank = std::get_if<plan::RankSpec>(&node.spec)) return rank->by_window;
  if (const auto* as_of = std::get_if<plan::TemporalJoinSpec>(&node.spec)) {
    return as_of->time == plan::TimeKind::kEvent;
  }
  return std::holds_alternative<plan::WindowJoinSpec>(node.spec) ||
         std::holds_alternative<plan::IntervalJoinSpec>(node.spec) ||
         std::holds_alternative<plan::OverSpec>(node.spec);
}

std::string title_of(const plan::Node& node) {
  return std::string(plan::kind_name(node.spec)) + " \"" + node.shown_id() + "\"";
}

// Of a source: what its watermark is made of.
std::string definition_of(const plan::SourceSpec& spec) {
  if (!spec.watermark) {
    return "no watermark: its rows have no event time, so no window over them can close; CREATE "
           "TABLE takes WATERMARK FOR ts AS ts - INTERVAL '5' SECOND";
  }
  const plan::WatermarkSpec& by = *spec.watermark;
  std::string text = "the latest " + by.column;
  if (by.delay_ms > 0) text += " less " + format_duration_ms(by.delay_ms);
  text += " of the split that is furthest behind";
  return text + (by.idle_timeout_ms > 0
                     ? "; one that is at its end and got nothing for " +
                           format_duration_ms(by.idle_timeout_ms) + " holds nobody back"
                     : "; a split without rows holds all others back");
}

// The split that holds the others back.
class Holding {
 public:
  Holding(const PipelineView& view, const plan::Node& node) {
    std::set<std::string> sources;
    add_sources(*view.plan, node, sources);
    for (const engine::SplitStats& split : view.job->splits) {
      if (!sources.contains(split.source)) continue;
      newest_ = std::max(newest_, split.watermark_ms);
      if (split.idle || split.ended) continue;
      if (split_ == nullptr || split.watermark_ms < split_->watermark_ms) split_ = &split;
    }
  }
  const engine::SplitStats* split() const { return split_; }
  int64_t newest() const { return newest_; }

 private:
  const engine::SplitStats* split_ = nullptr;
  int64_t newest_ = kNone;
};

bool runs(engine::JobState state) {
  return state == engine::JobState::kStarting || state == engine::JobState::kRunning ||
         state == engine::JobState::kStopping;
}

std::string name_of(const engine::SplitStats& split) {
  return "split " + split.split + " of \"" + split.source + "\"";
}

std::string idle_advice(const PipelineView& view, const engine::SplitStats& split) {
  const plan::Node* const node = view.plan->find(split.source);
  const auto* spec = node == nullptr ? nullptr : std::get_if<plan::SourceSpec>(&node->spec);
  if (spec == nullptr || !spec->watermark || spec->watermark->idle_timeout_ms > 0) return "";
  return "; SET 'table.exec.source.idle-timeout' = '30 s' lets the others go on without it";
}

// Why the next window has not fired.
std::string reason_of(const PipelineView& view, int64_t wants_ms, const Holding& holding) {
  if (!runs(view.job->state)) return "the pipeline is " + view.state;
  const engine::SplitStats* const split = holding.split();
  if (split == nullptr) return "all splits of its sources are idle or have ended";
  if (split->watermark_ms == kNone) {
    return name_of(*split) + " has had no row with a time yet" + idle_advice(view, *split);
  }
  if (split->watermark_ms >= wants_ms) return "the watermark is on its way there";
  if (holding.newest() < wants_ms) return "no source has had a row that late yet";
  if (split->lag > 0) {
    return name_of(*split) + " has " + std::to_string(split->lag) + " more to read";
  }
  return name_of(*split) + " has had no newer row" + idle_advice(view, *split);
}

std::string splits_text(const PipelineView& view, const plan::Node& source) {
  std::string text;
  const Holding holding(view, source);
  size_t count = 0;
  for (const engine::SplitStats& split : view.job->splits) count += split.source == source.id;
  for (const engine::SplitStats& split : view.job->splits) {
    if (split.source != source.id) continue;
    text += "    split " + split.split + ": " + time_text(split.watermark_ms) + ", " +
            std::to_string(split.rows) + " rows read";
    if (split.lag > 0) text += ", " + std::to_string(split.lag) + " to come";
    if (split.ended) {
      text += ", at its end";
    } else if (split.idle) {
      text += ", idle: it holds nobody back";
    } else if (&split == holding.split() && count > 1 && holding.newest() > split.watermark_ms) {
      text += ", holds the watermark back";
    }
    text += "\n";
  }
  return text;
}

std::string waiting_text(const PipelineView& view, const plan::Node& node,
                         const engine::OperatorStats& stats) {
  std::string text = title_of(node) + ": the watermark stands at " + time_text(stats.watermark_ms);
  if (stats.late_rows > 0) text += ", " + std::to_string(stats.late_rows) + " rows came late";
  text += "\n";
  if (!stats.windows) return text;
  const engine::OpenWindows& windows = *stats.windows;
  const int64_t wants = windows.oldest_end_ms - 1;
  text += "    window [" + time_text(windows.oldest_start_ms) + ", " +
          time_text(windows.oldest_end_ms) + ")";
  if (windows.oldest_rows > 0) text += " of " + std::to_string(windows.oldest_rows) + " rows";
  if (stats.watermark_ms >= wants) return text + " has fired, and is kept for late rows\n";
  return text + " fires when the watermark passes " + time_text(wants) + ": " +
         reason_of(view, wants, Holding(view, node)) + "\n";
}

}  // namespace

std::string watermark_text(const PipelineView& view) {
  std::string text = "pipeline \"" + view.name + "\": " + view.state;
  if (!view.reason.empty()) text += " (" + view.reason + ")";
  text += "\n";
  if (view.plan == nullptr) return text;
  if (!view.job) return text + watermark_text(*view.plan);
  for (const plan::Node& node : view.plan->nodes) {
    const auto* source = std::get_if<plan::SourceSpec>(&node.spec);
    if (source == nullptr) continue;
    text += title_of(node) + ": " + definition_of(*source) + "\n" + splits_text(view, node);
  }
  for (const engine::OperatorStats& stats : view.job->operators) {
    const plan::Node* const node = view.plan->find(stats.id);
    if (node != nullptr && waits_for_time(*node)) text += waiting_text(view, *node, stats);
  }
  return text;
}

std::string watermark_text(const plan::Plan& plan) {
  std::string text;
  if (plan.job.bounded) {
    text =
        "in batch mode nothing waits for a watermark: all windows close at the end of the input\n";
  }
  for (const plan::Node& node : plan.nodes) {
    const auto* source = std::get_if<plan::SourceSpec>(&node.spec);
    if (source != nullptr) text += title_of(node) + ": " + definition_of(*source) + "\n";
  }
  for (const plan::Node& node : plan.nodes) {
    if (waits_for_time(node)) text += title_of(node) + " waits for the watermark\n";
  }
  return text;
}

}  // namespace dataflow::jobs
