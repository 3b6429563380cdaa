// Runs a script of SQL in this process, statement after statement.
#pragma once

#include "cli/pipeline_run.h"
#include "cli/session.h"

namespace dataflow::cli {

// With a data directory a statement that was interrupted is gone on with, as pipelines are.
Status run_sql_script(Session& session, const PipelineRun& run);

}  // namespace dataflow::cli
