// The sink "metrics": the last row of each label set, as gauges on /metrics.
#pragma once

#include <memory>

#include "base/metrics.h"
#include "engine/connectors.h"

namespace dataflow::connect {

// Numbers become gauges `dataflow_result_<name>_<column>`, everything else but times becomes
// labels, beside `pipeline`. kInvalid without a registry. The series go with the job's attempt.
Result<std::unique_ptr<engine::Sink>> make_metrics_sink(Metrics* metrics,
                                                        const plan::SinkSpec& spec,
                                                        const SchemaPtr& schema,
                                                        const engine::ConnectorContext& context);

}  // namespace dataflow::connect
