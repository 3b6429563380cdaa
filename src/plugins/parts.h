// The engine's interfaces over the parts that plug-ins make.
#pragma once

#include <memory>
#include <string>

#include "bridge.h"

namespace dataflow {
class TimerQueue;
}

namespace dataflow::plugins {

// `plugin` is its name, for messages.
Result<std::unique_ptr<engine::Source>> make_plugin_source(abi::SourceFactory& factory,
                                                           TimerQueue* timers,
                                                           const plan::SourceSpec& spec,
                                                           const engine::ConnectorContext& context);
Result<std::unique_ptr<engine::Sink>> make_plugin_sink(abi::SinkFactory& factory,
                                                       const plan::SinkSpec& spec,
                                                       const SchemaPtr& schema,
                                                       const engine::ConnectorContext& context);
Result<std::unique_ptr<engine::Operator>> make_plugin_operator(
    abi::OperatorFactory& factory, const plan::CustomSpec& spec, const SchemaPtr& input,
    const engine::ConnectorContext& context);
// Sets what is kept of the operator in a plan.
Status describe_plugin_operator(abi::OperatorFactory& factory, plan::CustomSpec& spec,
                                const Schema& input);

}  // namespace dataflow::plugins
