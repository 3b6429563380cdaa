// The listener's numbers.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/metrics.h"
#include "wire/error_code.h"

namespace dataflow::kafka {

// Safe from every thread. Without a registry only the open connections are counted.
class RequestMetrics {
 public:
  explicit RequestMetrics(Metrics* registry);
  ~RequestMetrics();

  void connection_opened();
  void connection_closed();
  int64_t open_connections() const { return open_.load(std::memory_order_relaxed); }

  void answered(int16_t api_key, int64_t nanos, size_t bytes_in, size_t bytes_out);
  void error(wire::ErrorCode code);
  // A Produce request that was answered, and the records that it added.
  void published(int64_t records, int64_t nanos);

 private:
  struct Series;
  std::atomic<int64_t> open_{0};
  std::unique_ptr<Series> series_;
  // Last, so that nothing is gone while they may still be called.
  MetricCallback connections_callback_;
  MetricCallback error_rate_callback_;
};

}  // namespace dataflow::kafka
