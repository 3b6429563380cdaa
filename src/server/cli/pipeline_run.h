// Runs one pipeline in this process until its sources end.
//
// With a data directory what the pipeline keeps lies in DIR/runs/NAME (see run_dir.h): a run that
// was interrupted or killed is gone on with. A log that the pipeline reads or writes is the
// directory's own, as a server would have it.
#pragma once

#include <map>
#include <string>

#include "cli/session.h"

namespace dataflow::cli {

struct PipelineRun {
  std::string file;
  std::string data_dir;     // empty: a temporary one
  std::string plugins_dir;  // empty: DATAFLOW_PLUGINS_DIR, or the data directory's
  std::map<std::string, std::string> params;
};

Status run_pipeline(Session& session, const PipelineRun& run);

}  // namespace dataflow::cli
