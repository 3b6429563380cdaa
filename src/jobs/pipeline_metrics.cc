#include "jobs/pipeline_metrics.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>

namespace dataflow::jobs {
namespace {

constexpr int64_t kOneScrapeNanos = 200'000'000;

// What one scrape sees: every family is computed from the same view.
class Snapshot {
 public:
  Snapshot(Env& env, const Pipelines& pipelines) : env_(env), pipelines_(pipelines) {}

  std::shared_ptr<const std::vector<PipelineView>> views() {
    const std::lock_guard lock(mutex_);
    const int64_t now = env_.monotonic_nanos();
    if (views_ == nullptr || now - taken_ > kOneScrapeNanos) {
      views_ = std::make_shared<const std::vector<PipelineView>>(pipelines_.list());
      taken_ = now;
    }
    return views_;
  }
  double now_seconds() const { return static_cast<double>(env_.now().value()) / 1000.0; }

 private:
  Env& env_;
  const Pipelines& pipelines_;
  std::mutex mutex_;
  int64_t taken_ = 0;
  std::shared_ptr<const std::vector<PipelineView>> views_;
};

class Registration {
 public:
  Registration(Metrics& metrics, std::shared_ptr<Snapshot> snapshot)
      : metrics_(metrics), snapshot_(std::move(snapshot)) {}

  // A sample for each pipeline that has a job.
  void pipelines(std::string_view name, std::string_view help, MetricType type,
                 double (*value)(const PipelineView&)) {
    add(name, help, type, [value](const PipelineView& view, SampleSink& sink, double /*now*/) {
      sink.add({{"pipeline", view.name}}, value(view));
    });
  }
  void operators(std::string_view name, std::string_view help, MetricType type,
                 double (*value)(const engine::OperatorStats&)) {
    add(name, help, type, [value](const PipelineView& view, SampleSink& sink, double /*now*/) {
      for (const engine::OperatorStats& stats : view.job->operators) {
        sink.add({{"pipeline", view.name}, {"operator", stats.id}}, value(stats));
      }
    });
  }
  void add(std::string_view name, std::string_view help, MetricType type,
           std::function<void(const PipelineView&, SampleSink&, double now)> collect) {
    callbacks_.push_back(metrics_.callback(
        name, help, type, [snapshot = snapshot_, collect = std::move(collect)](SampleSink& sink) {
          const auto views = snapshot->views();
          for (const PipelineView& view : *views) {
            if (view.job) collect(view, sink, snapshot->now_seconds());
          }
        }));
  }
  std::vector<MetricCallback> take() { return std::move(callbacks_); }

 private:
  Metrics& metrics_;
  const std::shared_ptr<Snapshot> snapshot_;
  std::vector<MetricCallback> callbacks_;
};

double rows_read(const PipelineView& view) {
  uint64_t rows = 0;
  for (const engine::OperatorStats& stats : view.job->operators) {
    if (stats.kind == "source") rows += stats.rows_out;
  }
  return static_cast<double>(rows);
}

void add_stream_metrics(Registration& to) {
  to.pipelines("stream_events_processed_total", "Rows that a pipeline has read.",
               MetricType::kCounter, rows_read);
  to.add("stream_active_windows", "Open windows of a window operator, one for each key.",
         MetricType::kGauge, [](const PipelineView& view, SampleSink& sink, double /*now*/) {
           for (const engine::OperatorStats& stats : view.job->operators) {
             const plan::Node* node = view.plan ? view.plan->find(stats.id) : nullptr;
             if (node == nullptr || !std::holds_alternative<plan::WindowSpec>(node->spec)) continue;
             sink.add({{"pipeline", view.name}, {"operator", stats.id}},
                      static_cast<double>(stats.state_rows));
           }
         });
  to.add("stream_watermark_lag_seconds", "How far a split's watermark is behind the clock.",
         MetricType::kGauge, [](const PipelineView& view, SampleSink& sink, double now) {
           for (const engine::SplitStats& split : view.job->splits) {
             if (split.watermark_ms == INT64_MIN || split.watermark_ms == INT64_MAX) continue;
             sink.add(
                 {{"pipeline", view.name}, {"source", split.source}, {"partition", split.split}},
                 now - static_cast<double>(split.watermark_ms) / 1000.0);
           }
         });
}

void add_pipeline_metrics(Registration& to) {
  to.pipelines("dataflow_pipeline_running", "1 if the pipeline's job runs.", MetricType::kGauge,
               [](const PipelineView& view) { return view.state == "running" ? 1.0 : 0.0; });
  to.pipelines("dataflow_pipeline_restarts_total", "Restarts after a failure.",
               MetricType::kCounter,
               [](const PipelineView& view) { return static_cast<double>(view.job->restarts); });
  to.pipelines("dataflow_checkpoints_total", "Checkpoints taken.", MetricType::kCounter,
               [](const PipelineView& view) { return static_cast<double>(view.job->checkpoints); });
  to.pipelines("dataflow_checkpoint_duration_seconds",
               "From the barrier to the disk, of the last checkpoint.", MetricType::kGauge,
               [](const PipelineView& view) { return view.job->last_checkpoint_seconds; });
  to.pipelines("dataflow_checkpoint_bytes", "State written by the last checkpoint.",
               MetricType::kGauge, [](const PipelineView& view) {
                 return static_cast<double>(view.job->last_checkpoint_bytes);
               });
  to.add("dataflow_pipeline_dead_letters_total",
         "Rows that left a pipeline without a result, in all its runs.", MetricType::kCounter,
         [](const PipelineView& view, SampleSink& sink, double /*now*/) {
           for (const auto& [reason, count] : view.job->dead_letters) {
             sink.add({{"pipeline", view.name}, {"reason", reason}}, static_cast<double>(count));
           }
         });
  to.add("dataflow_pipeline_lag", "What a source's split has that the pipeline has not read.",
         MetricType::kGauge, [](const PipelineView& view, SampleSink& sink, double /*now*/) {
           for (const engine::SplitStats& split : view.job->splits) {
             sink.add({{"pipeline", view.name}, {"source", split.source}, {"split", split.split}},
                      static_cast<double>(split.lag));
           }
         });
}

void add_operator_metrics(Registration& to) {
  using engine::OperatorStats;
  to.operators("dataflow_operator_rows_in_total", "Rows that came to an operator.",
               MetricType::kCounter,
               [](const OperatorStats& stats) { return static_cast<double>(stats.rows_in); });
  to.operators("dataflow_operator_rows_out_total", "Rows that left an operator.",
               MetricType::kCounter,
               [](const OperatorStats& stats) { return static_cast<double>(stats.rows_out); });
  to.operators("dataflow_operator_late_rows_total", "Rows that came too late for an operator.",
               MetricType::kCounter,
               [](const OperatorStats& stats) { return static_cast<double>(stats.late_rows); });
  to.operators("dataflow_operator_dead_rows_total", "Rows that became dead letters.",
               MetricType::kCounter,
               [](const OperatorStats& stats) { return static_cast<double>(stats.dead_rows); });
  to.operators("dataflow_operator_busy_seconds_total",
               "Time that the tasks led by an operator have run.", MetricType::kCounter,
               [](const OperatorStats& stats) { return stats.busy_seconds; });
  to.operators("dataflow_operator_blocked_seconds_total",
               "Time that the tasks led by an operator have waited as an output was full.",
               MetricType::kCounter,
               [](const OperatorStats& stats) { return stats.blocked_seconds; });
  to.operators("dataflow_operator_idle_seconds_total",
               "Time that the tasks led by an operator have had nothing to do.",
               MetricType::kCounter, [](const OperatorStats& stats) { return stats.idle_seconds; });
  to.operators("dataflow_operator_state_bytes", "State of an operator in memory.",
               MetricType::kGauge,
               [](const OperatorStats& stats) { return static_cast<double>(stats.state_bytes); });
}

}  // namespace

std::vector<MetricCallback> register_pipeline_metrics(Metrics& metrics, Env& env,
                                                      const Pipelines& pipelines) {
  Registration registration(metrics, std::make_shared<Snapshot>(env, pipelines));
  add_stream_metrics(registration);
  add_pipeline_metrics(registration);
  add_operator_metrics(registration);
  return registration.take();
}

}  // namespace dataflow::jobs
