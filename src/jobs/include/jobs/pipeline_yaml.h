// Pipelines as people write them: a YAML file becomes a plan.
//
//   name: meeting-counts
//   sources:
//     events: {connector: log, topic: user_events, format: json, start: earliest,
//              schema: {meeting_id: STRING, ts: TIMESTAMP_LTZ(3)},
//              watermark: {column: ts, delay: 5s}}
//   steps:
//     counts: {from: events, window: {tumbling: 30s}, group_by: [meeting_id],
//              aggregate: {n: COUNT(*)}}
//   sinks:
//     out: {from: counts, connector: log, topic: counts_30s, format: json}
//
// A file with `app_name`, `processing` and `windowing` is the small form: see
// read_stream_config.cc.
//
// A duration is `30s`, `500ms` or a bare number of milliseconds. `${NAME}` and `${NAME:-default}`
// in any value stand for a variable's; `$${` is the text `${`.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/status.h"
#include "plan/plan.h"

namespace dataflow::jobs {

// The value of a variable; none if it is not set.
using Variables = std::function<std::optional<std::string>(const std::string& name)>;
// Those of the process's environment.
Variables environment_variables();

// Every error is kInvalid and reads "FILE:LINE:COLUMN: what is wrong", with the nearest valid
// choice where there is one. The plan is not validated yet.
Result<plan::Plan> read_pipeline(const std::string& file, const std::string& text,
                                 const Variables& variables);

// The same, and plan::validate().
Result<plan::Plan> compile_pipeline(const std::string& file, const std::string& text,
                                    const Variables& variables,
                                    plan::CustomOperators* custom = nullptr);

// An error of a plan that was read from this file, with the file in front of its place: "line 3,
// column 5: " becomes "FILE:3:5: ", and where it names an option that stands in the entry there,
// the option's own place. Any other error stays as it is.
Status in_file(const std::string& file, const std::string& text, const Status& status);
// What compile_pipeline() and check_plan() refuse, as everybody is told: in_file(), and kInvalid
// where the file's words are at fault, be it that they name a topic which is not there. Other
// failures, which have no place in the file, stay as they are.
Status refusal(const std::string& file, const std::string& text, const Status& status);

}  // namespace dataflow::jobs
