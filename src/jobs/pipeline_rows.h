// The pipelines' rows in meta. Tables 40 to 47 belong to jobs; the server has 32.
//
//   pipelines       key: name  row: id, desired, created, updated, plan (its JSON), source, the
//                   operators whose state is to go before the next start, and whether all output
//                   of the last run is delivered
//   pipeline_ends   key: name  row: id, when. Its job has finished: it is not started again by
//   itself
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "jobs/pipelines.h"
#include "meta/store.h"

namespace dataflow::jobs {

inline constexpr meta::Table kPipelinesTable{40, "pipelines"};
inline constexpr meta::Table kPipelineEndsTable{41, "pipeline_ends"};

struct PipelineRow {
  std::string name;
  std::string id;
  Desired desired = Desired::kStopped;
  Timestamp created;
  Timestamp updated;
  std::string plan_json;
  std::string source;
  std::vector<std::string> dropped;  // operators; see drop_operators()
  bool delivered = true;
};

struct PipelineEnd {
  std::string name;
  std::string id;  // of the deployment that finished
  Timestamp when;
};

void put_pipeline(meta::WriteBatch& batch, const PipelineRow& row);
// With its end.
void remove_pipeline(meta::WriteBatch& batch, const std::string& name);
void put_end(meta::WriteBatch& batch, const PipelineEnd& end);
void remove_end(meta::WriteBatch& batch, const std::string& name);
Result<PipelineRow> decode_pipeline(std::string_view key, std::string_view row);
Result<PipelineEnd> decode_end(std::string_view key, std::string_view row);

}  // namespace dataflow::jobs
