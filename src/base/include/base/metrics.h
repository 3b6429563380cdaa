// Counters, gauges and histograms, and their Prometheus text. Recording takes no lock and allocates
// nothing; a thread that records holds the metric by shared_ptr, got once from the registry.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dataflow {

using Labels = std::vector<std::pair<std::string, std::string>>;

class Counter {
 public:
  void add(uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

class Gauge {
 public:
  void set(int64_t value) { value_.store(value, std::memory_order_relaxed); }
  void add(int64_t n) { value_.fetch_add(n, std::memory_order_relaxed); }
  int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

class Histogram {
 public:
  // Upper bounds, ascending and finite; a last bucket without a bound is added.
  explicit Histogram(std::vector<double> bounds);

  void observe(double value);

  struct Snapshot {
    std::vector<uint64_t> counts;  // of each bucket alone; one more than there are bounds
    double sum = 0;
  };
  // Counts and sum are read one after the other, so an observation made meanwhile may be in one
  // only.
  Snapshot snapshot() const;
  const std::vector<double>& bounds() const { return bounds_; }

 private:
  const std::vector<double> bounds_;
  std::unique_ptr<std::atomic<uint64_t>[]> counts_;
  std::atomic<double> sum_{0};
};

// Bounds for times in seconds, from 50 µs to 10 s.
const std::vector<double>& latency_bounds();

enum class MetricType : uint8_t { kCounter, kGauge, kHistogram };

// Takes what a callback has to say during one scrape.
class SampleSink {
 public:
  virtual ~SampleSink() = default;
  virtual void add(const Labels& labels, double value) = 0;
};

class Metrics;

// The callback is called no more once this is destroyed; destroying it waits for a call that is
// under way, so it must not be done under a lock that the callback takes.
class MetricCallback {
 public:
  MetricCallback() = default;
  ~MetricCallback();
  MetricCallback(MetricCallback&&) noexcept = default;
  MetricCallback& operator=(MetricCallback&& other) noexcept;

  struct State;  // public for the registry
  explicit MetricCallback(std::shared_ptr<State> state) : state_(std::move(state)) {}

 private:
  std::shared_ptr<State> state_;
};

// Asking again for the same name and labels gives the same metric. A name that is malformed, or was
// registered with another type, or a histogram with other bounds, is a bug and ends the process.
// The first help text of a name stays. Labels keep the order in which they are given.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  std::shared_ptr<Counter> counter(std::string_view name, std::string_view help,
                                   const Labels& labels = {});
  std::shared_ptr<Gauge> gauge(std::string_view name, std::string_view help,
                               const Labels& labels = {});
  std::shared_ptr<Histogram> histogram(std::string_view name, std::string_view help,
                                       const std::vector<double>& bounds,
                                       const Labels& labels = {});

  // For what is known elsewhere (lag, sizes): called at each scrape, without any lock of the
  // registry held. `type` is a gauge or a counter.
  [[nodiscard]] MetricCallback callback(std::string_view name, std::string_view help,
                                        MetricType type, std::function<void(SampleSink&)> collect);

  // Takes the series out of the text, of a topic that was deleted say. Whoever still holds the
  // metric may go on recording; asking for it again makes a new one.
  void remove(std::string_view name, const Labels& labels);
  // All series of every name that carry this label.
  void remove_labelled(std::string_view label, std::string_view value);

  // The text format, version 0.0.4: families in the order of their names.
  std::string render() const;

 private:
  struct Registry;
  std::unique_ptr<Registry> registry_;
};

}  // namespace dataflow
