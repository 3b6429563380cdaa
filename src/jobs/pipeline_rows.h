// The pipelines' rows in meta. Tables 40 to 47 belong to jobs; the server has 32.
//
//   pipelines   key: name   row: id, desired, created, updated, plan (its JSON), source
#pragma once

#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/status.h"
#include "jobs/pipelines.h"
#include "meta/store.h"

namespace dataflow::jobs {

inline constexpr meta::Table kPipelinesTable{40, "pipelines"};

struct PipelineRow {
  std::string name;
  std::string id;
  Desired desired = Desired::kStopped;
  Timestamp created;
  Timestamp updated;
  std::string plan_json;
  std::string source;
};

void put_pipeline(meta::WriteBatch& batch, const PipelineRow& row);
void remove_pipeline(meta::WriteBatch& batch, const std::string& name);
Result<PipelineRow> decode_pipeline(std::string_view key, std::string_view row);

}  // namespace dataflow::jobs
