// Failures of a statement's job, as the statement's own.
#pragma once

#include "base/status.h"

namespace dataflow::jobs {

// Who asked knows of no operators, and of no policies that pipelines have for rows like that one.
Status statement_error(const Status& status);

}  // namespace dataflow::jobs
