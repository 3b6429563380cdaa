// EXPLAIN WATERMARK: where event time stands, what holds it back, and which windows wait for it.
#pragma once

#include <string>

#include "jobs/pipelines.h"

namespace dataflow::jobs {

// Of a pipeline that runs, or has run.
std::string watermark_text(const PipelineView& view);
// Of a plan that does not run: what its sources' definitions make of event time.
std::string watermark_text(const plan::Plan& plan);

}  // namespace dataflow::jobs
