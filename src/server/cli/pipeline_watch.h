// A pipeline's statistics on a terminal, written anew each second.
#pragma once

#include <string>

#include "cli/session.h"

namespace dataflow::cli {

// `path`: of the page. Ends when it is interrupted, or the pipeline is gone.
Status watch_stats(Session& session, const std::string& path);

// The page with what happened since the one before, `seconds` ago, beside each operator:
// rows_per_second, and busy, blocked and idle in percent of its tasks' time.
Document with_rates(const Document& page, const Document& before, double seconds);

}  // namespace dataflow::cli
