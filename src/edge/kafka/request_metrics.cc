#include "request_metrics.h"

#include <array>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "wire/api.h"

namespace dataflow::kafka {

namespace {

constexpr size_t kApiSlots = 80;
constexpr int kLowestCode = -1;
constexpr size_t kCodeSlots = 160;
constexpr size_t kRateSamples = 8;
constexpr double kNanosInSecond = 1e9;

struct ApiSeries {
  std::shared_ptr<Counter> requests;
  std::shared_ptr<Counter> received;
  std::shared_ptr<Counter> sent;
  std::shared_ptr<Histogram> latency;
};

struct RateSample {
  uint64_t requests = 0;
  uint64_t errors = 0;
};

}  // namespace

struct RequestMetrics::Series {
  explicit Series(Metrics& registry_in);

  Counter& error_counter(wire::ErrorCode code);
  double error_rate();

  Metrics& registry;
  std::array<ApiSeries, kApiSlots> apis;
  std::shared_ptr<Counter> events;
  std::shared_ptr<Histogram> publish_latency;
  std::atomic<uint64_t> requests{0};
  std::atomic<uint64_t> errors{0};

  std::mutex mutex;
  std::array<std::shared_ptr<Counter>, kCodeSlots> error_counters;  // guarded by mutex
  std::deque<RateSample> samples;                                   // guarded by mutex
};

RequestMetrics::Series::Series(Metrics& registry_in) : registry(registry_in) {
  for (const wire::ApiRange& api : wire::api_ranges()) {
    size_t key = static_cast<size_t>(api.key);
    if (!api.served || key >= kApiSlots) continue;
    Labels labels{{"api", std::string(api.name)}};
    apis[key].requests = registry.counter("dataflow_kafka_requests_total",
                                          "Requests of Kafka clients that were answered", labels);
    apis[key].received = registry.counter("dataflow_kafka_received_bytes_total",
                                          "Bytes of Kafka clients' requests", labels);
    apis[key].sent = registry.counter("dataflow_kafka_sent_bytes_total",
                                      "Bytes of answers to Kafka clients", labels);
    apis[key].latency =
        registry.histogram("dataflow_kafka_request_seconds",
                           "From a request's arrival to its answer, long polls' waiting included",
                           latency_bounds(), labels);
  }
  events = registry.counter("dataflow_events_published_total", "Records that producers have added");
  publish_latency =
      registry.histogram("dataflow_publish_latency_seconds",
                         "From a Produce request's start to its acknowledgement", latency_bounds());
}

Counter& RequestMetrics::Series::error_counter(wire::ErrorCode code) {
  size_t slot = static_cast<size_t>(static_cast<int>(code) - kLowestCode) % kCodeSlots;
  std::lock_guard lock(mutex);
  std::shared_ptr<Counter>& counter = error_counters[slot];
  if (!counter) {
    counter = registry.counter("dataflow_kafka_errors_total",
                               "Errors in answers to Kafka clients, by their code",
                               {{"code", std::string(wire::error_name(code))}});
  }
  return *counter;
}

// Over the last few scrapes, which is what somebody who looks at the number has in mind.
double RequestMetrics::Series::error_rate() {
  std::lock_guard lock(mutex);
  RateSample now{requests.load(), errors.load()};
  RateSample before = samples.empty() ? RateSample{} : samples.front();
  samples.push_back(now);
  if (samples.size() > kRateSamples) samples.pop_front();
  uint64_t answered = now.requests - before.requests;
  if (answered == 0) return 0;
  return static_cast<double>(now.errors - before.errors) / static_cast<double>(answered);
}

RequestMetrics::RequestMetrics(Metrics* registry) {
  if (registry == nullptr) return;
  series_ = std::make_unique<Series>(*registry);
  connections_callback_ = registry->callback(
      "dataflow_kafka_connections", "Open connections of Kafka clients", MetricType::kGauge,
      [this](SampleSink& sink) { sink.add({}, static_cast<double>(open_connections())); });
  error_rate_callback_ = registry->callback(
      "dataflow_error_rate",
      "Errors for each answered request of Kafka clients, over the last scrapes",
      MetricType::kGauge, [this](SampleSink& sink) { sink.add({}, series_->error_rate()); });
}

RequestMetrics::~RequestMetrics() = default;

void RequestMetrics::connection_opened() { open_.fetch_add(1, std::memory_order_relaxed); }
void RequestMetrics::connection_closed() { open_.fetch_sub(1, std::memory_order_relaxed); }

void RequestMetrics::answered(int16_t api_key, int64_t nanos, size_t bytes_in, size_t bytes_out) {
  if (!series_) return;
  series_->requests.fetch_add(1, std::memory_order_relaxed);
  ApiSeries& api = series_->apis[static_cast<size_t>(api_key) % kApiSlots];
  if (!api.requests) return;
  api.requests->add();
  api.received->add(bytes_in);
  api.sent->add(bytes_out);
  api.latency->observe(static_cast<double>(nanos) / kNanosInSecond);
}

void RequestMetrics::error(wire::ErrorCode code) {
  if (!series_) return;
  series_->errors.fetch_add(1, std::memory_order_relaxed);
  series_->error_counter(code).add();
}

void RequestMetrics::published(int64_t records, int64_t nanos) {
  if (!series_) return;
  if (records > 0) series_->events->add(static_cast<uint64_t>(records));
  series_->publish_latency->observe(static_cast<double>(nanos) / kNanosInSecond);
}

}  // namespace dataflow::kafka
