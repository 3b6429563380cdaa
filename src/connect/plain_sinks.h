// Sinks that stage nothing: "console" prints rows as lines, "blackhole" forgets them.
#pragma once

#include <memory>

#include "engine/connectors.h"

namespace dataflow::connect {

// Lines go to standard output; the sink of no format writes JSON.
Result<std::unique_ptr<engine::Sink>> make_console_sink(const plan::SinkSpec& spec,
                                                        const SchemaPtr& schema,
                                                        const engine::ConnectorContext& context);
Result<std::unique_ptr<engine::Sink>> make_blackhole_sink(const plan::SinkSpec& spec,
                                                          const engine::ConnectorContext& context);

}  // namespace dataflow::connect
