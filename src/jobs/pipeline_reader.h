// The parts of a pipeline's file, each becoming nodes or options of the plan.
#pragma once

#include "yaml_text.h"

namespace dataflow::jobs {

// Each reads one entry of `sources`, `steps` or `sinks`, already opened.
Result<plan::SourceSpec> read_source(YamlMap& map);
Result<plan::SinkSpec> read_sink(YamlMap& map);
// Sets the node's inputs and spec.
Status read_step(YamlMap& map, plan::Node& node);
Result<plan::JobOptions> read_job(YamlMap& map);

// Of read_step(): each if its key is there.
Result<plan::WindowSpec> read_window(YamlMap& step, const YAML::Node& window);
Result<plan::WindowJoinSpec> read_window_join(YamlMap& join, plan::Node& node);
Result<plan::IntervalJoinSpec> read_interval_join(YamlMap& join, plan::Node& node);

// "COUNT(*)", "SUM(DISTINCT price)", "AVG(x) FILTER (WHERE y > 0)". Without a name yet.
Result<plan::Aggregate> read_aggregate(const YamlText& yaml, const YAML::Node& node,
                                       const std::string& what);

// A whole file of the small form.
Result<plan::Plan> read_stream_config(YamlMap& root, const Variables& variables);

// "events", or "routed.joins" for a node's other output.
plan::Input input_of(const std::string& text);
// What is left in the map becomes options; what looks like a mistyped key is refused.
Result<plan::Options> read_options(YamlMap& map);

}  // namespace dataflow::jobs
