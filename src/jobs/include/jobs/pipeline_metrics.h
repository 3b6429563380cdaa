// Pipelines on /metrics: stream_… as stream processors have long called them, dataflow_… beside.
#pragma once

#include <vector>

#include "base/metrics.h"
#include "jobs/pipelines.h"

namespace dataflow::jobs {

// Of all pipelines that run, computed at each scrape; all three outlive what is returned.
[[nodiscard]] std::vector<MetricCallback> register_pipeline_metrics(Metrics& metrics, Env& env,
                                                                    const Pipelines& pipelines);

}  // namespace dataflow::jobs
