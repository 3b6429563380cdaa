// What the log tells Prometheus.
#include "base/metrics.h"
#include "log_impl.h"

namespace dataflow::log {

void LogImpl::register_metrics(Metrics* metrics) {
  if (metrics == nullptr) return;
  auto sync = metrics->histogram("dataflow_log_sync_seconds",
                                 "Time of each fdatasync of a segment.", latency_bounds());
  context_.metrics.sync_seconds = [sync](double seconds) { sync->observe(seconds); };
  auto unhealthy = metrics->counter("dataflow_log_partition_failures_total",
                                    "Partitions that became read-only: damage or a failed sync.");
  context_.metrics.damage = [unhealthy] { unhealthy->add(); };
  callbacks_.push_back(std::make_unique<MetricCallback>(
      metrics->callback("dataflow_log_partitions", "Partitions that this server has.",
                        MetricType::kGauge, [this](SampleSink& sink) {
                          size_t count = 0;
                          for (const TopicPtr& topic : all()) count += topic->partitions.size();
                          sink.add({}, static_cast<double>(count));
                        })));
  callbacks_.push_back(std::make_unique<MetricCallback>(
      metrics->callback("dataflow_log_bytes", "Bytes of log on disk, by topic.", MetricType::kGauge,
                        [this](SampleSink& sink) {
                          for (const TopicPtr& topic : all()) {
                            uint64_t bytes = 0;
                            for (const auto& partition : topic->partitions)
                              bytes += partition->stats().bytes;
                            sink.add({{"topic", topic->info.name}}, static_cast<double>(bytes));
                          }
                        })));
  callbacks_.push_back(std::make_unique<MetricCallback>(
      metrics->callback("dataflow_log_disk_full",
                        "1 while writes are refused for want of disk space.", MetricType::kGauge,
                        [this](SampleSink& sink) { sink.add({}, context_.disk.full() ? 1 : 0); })));
}

}  // namespace dataflow::log
