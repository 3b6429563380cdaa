// The operators that the engine has for the nodes of a plan.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/status.h"
#include "engine/connectors.h"
#include "engine/operator.h"
#include "engine/sink.h"
#include "plan/plan.h"

namespace dataflow::engine {

Result<std::unique_ptr<Operator>> make_filter(const plan::FilterSpec& spec, const Schema& input);
Result<std::unique_ptr<Operator>> make_project(const plan::ProjectSpec& spec, const Schema& input,
                                               SchemaPtr output);
std::unique_ptr<Operator> make_union(SchemaPtr output);
Result<std::unique_ptr<Operator>> make_window(const plan::WindowSpec& spec, const Schema& input,
                                              SchemaPtr output);
// Tumbling, hopping and cumulative windows.
Result<std::unique_ptr<Operator>> make_slice_window(const plan::WindowSpec& spec,
                                                    const Schema& input, SchemaPtr output);
Result<std::unique_ptr<Operator>> make_session_window(const plan::WindowSpec& spec,
                                                      const Schema& input, SchemaPtr output);
Result<std::unique_ptr<Operator>> make_count_window(const plan::WindowSpec& spec,
                                                    const Schema& input, SchemaPtr output);
// `is_read` says of each output, "default" last, whether anybody reads it.
Result<std::unique_ptr<Operator>> make_split(const plan::SplitSpec& spec, const Schema& input,
                                             std::vector<bool> is_read);
// Of a bounded job only the rows that are kept at the end leave.
Result<std::unique_ptr<Operator>> make_deduplicate(const plan::DeduplicateSpec& spec,
                                                   const SchemaPtr& schema, bool bounded);
// Of a bounded job only the rows that stand at the end leave, unless it is asked for versions.
Result<std::unique_ptr<Operator>> make_upsert(const plan::UpsertSpec& spec, const SchemaPtr& schema,
                                              bool bounded);
Result<std::unique_ptr<Operator>> make_window_join(const plan::WindowJoinSpec& spec, SchemaPtr left,
                                                   SchemaPtr right, SchemaPtr output);
Result<std::unique_ptr<Operator>> make_interval_join(const plan::IntervalJoinSpec& spec,
                                                     SchemaPtr left, SchemaPtr right,
                                                     const SchemaPtr& output);
Result<std::unique_ptr<Operator>> make_group(const plan::Plan& plan, const plan::Node& node);
Result<std::unique_ptr<Operator>> make_rank(const plan::Plan& plan, const plan::Node& node,
                                            const plan::RankSpec& spec);
Result<std::unique_ptr<Operator>> make_over(const plan::OverSpec& spec, bool bounded,
                                            const SchemaPtr& input, SchemaPtr output);
Result<std::unique_ptr<Operator>> make_temporal_join(const plan::TemporalJoinSpec& spec,
                                                     const SchemaPtr& left, const SchemaPtr& right,
                                                     SchemaPtr output);
Result<std::unique_ptr<Operator>> make_window_table(const plan::WindowTableSpec& spec,
                                                    const Schema& input, SchemaPtr output);
Result<std::unique_ptr<Operator>> make_unnest(const plan::UnnestSpec& spec, const Schema& input,
                                              SchemaPtr output);
// What comes to a join without windows.
struct JoinInputs {
  bool bounded = false;       // of a bounded job
  bool bring_updates = true;  // one of both may
};
Result<std::unique_ptr<Operator>> make_regular_join(const plan::JoinSpec& spec, SchemaPtr left,
                                                    SchemaPtr right, const SchemaPtr& output,
                                                    JoinInputs inputs);
// The writer comes from the sink at open(), with `opening` held.
std::unique_ptr<Operator> make_sink_operator(Sink& sink, std::mutex& opening);

// For people: "window".
std::string operator_kind(const plan::Node& node);
// For any node but a source or sink. kUnsupported names what this engine has not got.
Result<std::unique_ptr<Operator>> make_operator(const plan::Plan& plan, const plan::Node& node,
                                                Connectors& connectors);

}  // namespace dataflow::engine
