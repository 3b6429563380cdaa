// What pipelines keep: sizes of state by operator and table, and the windows that are open.
#include "page_parts.h"
#include "pipeline_pages.h"

namespace dataflow::http {
namespace {

using nlohmann::json;

// Why the state of a node can only grow; empty if it is cleared by itself.
std::string grows(const plan::Node& node) {
  const auto* deduplicate = std::get_if<plan::DeduplicateSpec>(&node.spec);
  if (deduplicate != nullptr && deduplicate->ttl_ms == 0) {
    return "every key is remembered for ever; set `ttl`";
  }
  const auto* window = std::get_if<plan::WindowSpec>(&node.spec);
  if (window != nullptr && window->kind == plan::WindowKind::kCount && !window->keys.empty()) {
    return "a key keeps its unfinished window until enough rows come";
  }
  return "";
}

json tables_of(const engine::OperatorStats& stats) {
  json out = json::array();
  for (const engine::TableStats& table : stats.tables) {
    out.push_back({{"table", table.table},
                   {"rows", table.rows},
                   {"bytes", table.bytes},
                   {"stored_bytes", table.stored_bytes}});
  }
  return out;
}

uint64_t stored_bytes_of(const engine::OperatorStats& stats) {
  uint64_t bytes = 0;
  for (const engine::TableStats& table : stats.tables) bytes += table.stored_bytes;
  return bytes;
}

// Of the operators that keep windows of time, or of rows.
bool has_windows(const plan::Node& node) {
  return std::holds_alternative<plan::WindowSpec>(node.spec) ||
         std::holds_alternative<plan::WindowJoinSpec>(node.spec);
}

bool is_of_the_clock(const plan::Node& node) {
  const auto* window = std::get_if<plan::WindowSpec>(&node.spec);
  return window != nullptr && window->time == plan::TimeKind::kProcessing;
}

std::string name_of(const engine::SplitStats& split) {
  return "split " + split.split + " of source \"" + split.source + "\"";
}

// Rows of windows, or of both sides of a join; not the values that aggregates keep beside them.
uint64_t rows_of_windows(const plan::Node& node, const engine::OperatorStats& stats) {
  const bool is_join = std::holds_alternative<plan::WindowJoinSpec>(node.spec);
  return is_join || stats.tables.empty() ? stats.state_rows : stats.tables[0].rows;
}

bool runs(engine::JobState state) {
  return state == engine::JobState::kStarting || state == engine::JobState::kRunning ||
         state == engine::JobState::kStopping;
}

// Why the window that is closed next is not closed yet.
std::string why_open(const jobs::PipelineView& view, const plan::Node& node,
                     const engine::OperatorStats& stats, const Holding& holding) {
  const int64_t last_ms = stats.windows->oldest_end_ms - 1;
  if (!is_of_the_clock(node) && stats.watermark_ms >= last_ms) {
    return "it has fired, and is kept for late rows";
  }
  if (!runs(view.job->state)) return "the pipeline is " + view.state;
  if (is_of_the_clock(node)) return "it is closed by the clock";
  if (holding.split == nullptr) return "every split of its sources is idle or has ended";
  if (holding.split->watermark_ms == INT64_MIN) {
    return name_of(*holding.split) + " has told no time yet";
  }
  if (holding.newest_ms < last_ms) return "no split has come to the end of it yet";
  if (holding.split->watermark_ms >= last_ms) return "the watermark is on its way";
  return name_of(*holding.split) + " holds the watermark " +
         std::to_string(holding.newest_ms - holding.split->watermark_ms) + " ms behind the newest";
}

json oldest_of(const jobs::PipelineView& view, const plan::Node& node,
               const engine::OperatorStats& stats) {
  const engine::OpenWindows& windows = *stats.windows;
  json out = {{"start_ms", windows.oldest_start_ms}, {"end_ms", windows.oldest_end_ms}};
  if (windows.oldest_rows > 0) out["rows"] = windows.oldest_rows;
  const Holding holding = holding_back(view, node.id);
  out["why"] = why_open(view, node, stats, holding);
  if (is_of_the_clock(node)) return out;
  // How far the watermark has to go until it fires.
  out["wants_ms"] = stats.watermark_ms == INT64_MIN
                        ? json(nullptr)
                        : json(std::max<int64_t>(windows.oldest_end_ms - 1, stats.watermark_ms) -
                               stats.watermark_ms);
  if (holding.split != nullptr) {
    out["held_by"] = {{"source", holding.split->source}, {"split", holding.split->split}};
    out["behind_ms"] = holding.behind_ms();
  }
  return out;
}

}  // namespace

json state_page(const std::vector<jobs::PipelineView>& views) {
  json out = json::array();
  uint64_t bytes = 0;
  uint64_t stored = 0;
  for (const jobs::PipelineView& view : views) {
    if (!view.job) continue;
    for (const engine::OperatorStats& stats : view.job->operators) {
      const plan::Node* node = view.plan ? view.plan->find(stats.id) : nullptr;
      const std::string warning = node == nullptr ? "" : grows(*node);
      if (stats.state_rows == 0 && stats.tables.empty() && warning.empty()) continue;
      json one = {{"pipeline", view.name},
                  {"operator", stats.id},
                  {"rows", stats.state_rows},
                  {"bytes", stats.state_bytes},
                  {"index_bytes", stats.index_bytes},
                  {"stored_bytes", stored_bytes_of(stats)},
                  {"tables", tables_of(stats)}};
      if (stats.windows) {
        one["oldest_ms"] = stats.windows->oldest_start_ms;
        one["newest_ms"] = time_or_null(stats.windows->newest_end_ms);
      }
      if (!warning.empty()) one["warning"] = warning;
      bytes += stats.state_bytes;
      stored += stored_bytes_of(stats);
      out.push_back(std::move(one));
    }
  }
  return {{"bytes", bytes}, {"stored_bytes", stored}, {"state", std::move(out)}};
}

json windows_page(const std::vector<jobs::PipelineView>& views) {
  json out = json::array();
  for (const jobs::PipelineView& view : views) {
    if (!view.job || !view.plan) continue;
    for (const engine::OperatorStats& stats : view.job->operators) {
      const plan::Node* node = view.plan->find(stats.id);
      if (node == nullptr || !has_windows(*node)) continue;
      json one = {{"pipeline", view.name},
                  {"operator", stats.id},
                  {"open", rows_of_windows(*node, stats)},
                  {"watermark_ms", time_or_null(stats.watermark_ms)},
                  {"late_rows", stats.late_rows}};
      if (stats.windows) one["oldest"] = oldest_of(view, *node, stats);
      out.push_back(std::move(one));
    }
  }
  return {{"windows", std::move(out)}};
}

}  // namespace dataflow::http
