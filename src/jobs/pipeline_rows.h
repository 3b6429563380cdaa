// The pipelines' rows in meta. Tables 40 to 47 belong to jobs; the server has 32.
//
//   pipelines       key: name  row: id, desired, created, updated, plan (its JSON), source, the
//                   operators whose state is to go before the next start, and whether all output
//                   of the last run is delivered
//   pipeline_ends   key: name  row: id, when. Its job has finished: it is not started again by
//   itself
//   pipeline_replacements  key: name  row: what its row replaces while that has not started yet;
//   see replace_pipeline.cc
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
inline constexpr meta::Table kPipelineReplacementsTable{42, "pipeline_replacements"};

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

// What a replacement that does not start gives back.
struct Replacement {
  PipelineRow row;
  // The last one in the folder of what replaces it, before that starts: a later one is its own.
  int64_t checkpoint = 0;
  bool finished = false;
};

std::string pipeline_key(const std::string& name);
void put_pipeline(meta::WriteBatch& batch, const PipelineRow& row);
// With its end, and what it was to replace.
void remove_pipeline(meta::WriteBatch& batch, const std::string& name);
void put_end(meta::WriteBatch& batch, const PipelineEnd& end);
void remove_end(meta::WriteBatch& batch, const std::string& name);
void put_replacement(meta::WriteBatch& batch, const Replacement& before);
void remove_replacement(meta::WriteBatch& batch, const std::string& name);
Result<PipelineRow> decode_pipeline(std::string_view key, std::string_view row);
Result<PipelineEnd> decode_end(std::string_view key, std::string_view row);
Result<Replacement> decode_replacement(std::string_view key, std::string_view row);

}  // namespace dataflow::jobs
