#include "pipeline_pages.h"

#include "page_parts.h"

namespace dataflow::http {
namespace {

using nlohmann::json;

// Of the time that is accounted for; only who leads tasks has any.
json ratio_or_null(double seconds, const engine::OperatorStats& stats) {
  const double all = stats.busy_seconds + stats.blocked_seconds + stats.idle_seconds;
  return all > 0 ? json(seconds / all) : json(nullptr);
}

struct Totals {
  uint64_t read = 0, written = 0, dead = 0, late = 0;
};

Totals totals_of(const jobs::PipelineView& view) {
  Totals totals;
  if (!view.job) return totals;
  for (const engine::OperatorStats& stats : view.job->operators) {
    totals.dead += stats.dead_rows;
    totals.late += stats.late_rows;
    if (stats.kind == "source") totals.read += stats.rows_out;
    if (stats.kind == "sink") totals.written += stats.rows_in;
  }
  return totals;
}

json operators_of(const engine::JobStatus& job) {
  json out = json::array();
  for (const engine::OperatorStats& stats : job.operators) {
    out.push_back({{"id", stats.id},
                   {"kind", stats.kind},
                   {"tasks", stats.tasks},
                   {"rows_in", stats.rows_in},
                   {"rows_out", stats.rows_out},
                   {"late_rows", stats.late_rows},
                   {"dead_rows", stats.dead_rows},
                   {"busy_seconds", stats.busy_seconds},
                   {"blocked_seconds", stats.blocked_seconds},
                   {"idle_seconds", stats.idle_seconds},
                   {"busy_ratio", ratio_or_null(stats.busy_seconds, stats)},
                   {"blocked_ratio", ratio_or_null(stats.blocked_seconds, stats)},
                   {"idle_ratio", ratio_or_null(stats.idle_seconds, stats)},
                   {"watermark_ms", time_or_null(stats.watermark_ms)},
                   {"state_rows", stats.state_rows},
                   {"state_bytes", stats.state_bytes}});
  }
  return out;
}

json splits_of(const engine::JobStatus& job) {
  json out = json::array();
  for (const engine::SplitStats& split : job.splits) {
    out.push_back({{"source", split.source},
                   {"split", split.split},
                   {"position", split.position},
                   {"watermark_ms", time_or_null(split.watermark_ms)},
                   {"idle", split.idle},
                   {"ended", split.ended},
                   {"lag", split.lag},
                   {"rows", split.rows}});
  }
  return out;
}

}  // namespace

json pipeline_summary(const jobs::PipelineView& view) {
  const Totals totals = totals_of(view);
  json out = {{"name", view.name},
              {"id", view.id},
              {"state", view.state},
              {"desired", jobs::desired_name(view.desired)},
              {"created_ms", view.created.value()},
              {"updated_ms", view.updated.value()},
              {"rows_read", totals.read},
              {"rows_written", totals.written},
              {"rows_dead", totals.dead},
              {"restarts", view.job ? view.job->restarts : 0}};
  if (!view.reason.empty()) out["reason"] = view.reason;
  return out;
}

json pipeline_stats(const jobs::PipelineView& view) {
  json out = pipeline_summary(view);
  out["rows_late"] = totals_of(view).late;
  if (!view.job) {
    out["operators"] = out["splits"] = json::array();
    out["dead_letters"] = json::object();
    return out;
  }
  const engine::JobStatus& job = *view.job;
  out["dead_letters"] = job.dead_letters.empty() ? json::object() : json(job.dead_letters);
  out["checkpoint"] = {{"id", job.last_checkpoint.value()},
                       {"count", job.checkpoints},
                       {"wall_ms", job.last_checkpoint_wall_ms},
                       {"seconds", job.last_checkpoint_seconds},
                       {"bytes", job.last_checkpoint_bytes}};
  out["operators"] = operators_of(job);
  out["splits"] = splits_of(job);
  return out;
}

json pipeline_details(const jobs::PipelineView& view) {
  json out = pipeline_stats(view);
  out["source"] = view.source;
  if (view.plan) out["plan"] = json::parse(plan::to_json(*view.plan), nullptr, false);
  return out;
}

json watermarks_page(const std::vector<jobs::PipelineView>& views) {
  json out = json::array();
  for (const jobs::PipelineView& view : views) {
    if (!view.job) continue;
    json operators = json::array();
    for (const engine::OperatorStats& stats : view.job->operators) {
      json one = {{"id", stats.id}, {"watermark_ms", time_or_null(stats.watermark_ms)}};
      const Holding holding = holding_back(view, stats.id);
      if (holding.split != nullptr) {
        one["held_by"] = {{"source", holding.split->source}, {"split", holding.split->split}};
        one["behind_ms"] = holding.behind_ms();
      }
      operators.push_back(std::move(one));
    }
    out.push_back({{"pipeline", view.name},
                   {"operators", std::move(operators)},
                   {"splits", splits_of(*view.job)}});
  }
  return {{"watermarks", std::move(out)}};
}

json events_page(const std::string& name, const std::vector<jobs::PipelineEvent>& events) {
  json out = json::array();
  for (const jobs::PipelineEvent& event : events) {
    json one = {{"time_ms", event.when.value()}, {"event", event.kind}};
    if (!event.words.empty()) one["message"] = event.words;
    out.push_back(std::move(one));
  }
  return {{"pipeline", name}, {"events", std::move(out)}};
}

json explain_page(const jobs::PipelineView& view) {
  return {{"pipeline", view.name}, {"explain", view.plan ? plan::explain(*view.plan) : ""}};
}

Response json_answer(const json& body, int status) {
  return {status, "application/json",
          body.dump(2, ' ', false, json::error_handler_t::replace) + "\n"};
}

Response status_answer(const Status& status) {
  switch (status.code()) {
    case StatusCode::kInvalid:
    case StatusCode::kOutOfRange: return problem(400, "Not valid", status.message());
    case StatusCode::kUnsupported: return problem(400, "Not supported", status.message());
    case StatusCode::kNotFound: return problem(404, "Not found", status.message());
    case StatusCode::kAlreadyExists: return problem(409, "Exists already", status.message());
    case StatusCode::kConflict: return problem(409, "Conflict", status.message());
    case StatusCode::kTooLarge: return problem(413, "Too large", status.message());
    case StatusCode::kUnavailable:
    case StatusCode::kNoSpace:
    case StatusCode::kReadOnly: return problem(503, "Not available", status.message());
    case StatusCode::kTimedOut: return problem(504, "Timed out", status.message());
    default: return problem(500, "Failed", status.message());
  }
}

}  // namespace dataflow::http
