// Pipelines as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "edge/http/server.h"
#include "jobs/pipelines.h"

namespace dataflow::http {

nlohmann::json pipeline_summary(const jobs::PipelineView& view);
// With its source, plan and operators.
nlohmann::json pipeline_details(const jobs::PipelineView& view);
nlohmann::json pipeline_stats(const jobs::PipelineView& view);
// Which split of which source holds each operator back, and by how much.
nlohmann::json watermarks_page(const std::vector<jobs::PipelineView>& views);
// Sizes by operator and table, in memory and on disk, and what can only grow.
nlohmann::json state_page(const std::vector<jobs::PipelineView>& views);
// What is open, the oldest window of each operator, and why it has not fired.
nlohmann::json windows_page(const std::vector<jobs::PipelineView>& views);
nlohmann::json events_page(const std::string& name, const std::vector<jobs::PipelineEvent>& events);
nlohmann::json explain_page(const jobs::PipelineView& view);

Response json_answer(const nlohmann::json& body, int status = 200);
Response status_answer(const Status& status);

}  // namespace dataflow::http
