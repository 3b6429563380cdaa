// A job's store that keeps nothing: of a job that nobody goes on with, a query whose rows are
// waited for. Checkpoints have their numbers, and what they hold goes.
#pragma once

#include <memory>

#include "state/job_store.h"

namespace dataflow::state {

// It writes no files; save() is kUnsupported.
std::unique_ptr<JobStore> make_forgetting_store();

}  // namespace dataflow::state
