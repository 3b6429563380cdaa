// The routes that deploy, show and drive pipelines: /api/v1/pipelines…, and the short control
// paths /pipelines…, /watermarks, /state, /windows and /checkpoint.
//
// A pipeline is posted as YAML, whose variables then have their defaults only, or as JSON
// {"source": YAML, "file": name for messages, "variables": {name: value}}.
#pragma once

#include <vector>

#include "edge/http/server.h"
#include "jobs/pipelines.h"

namespace dataflow::http {

// `pipelines` outlives the server that has the routes.
std::vector<Route> pipeline_routes(jobs::Pipelines& pipelines);

}  // namespace dataflow::http
