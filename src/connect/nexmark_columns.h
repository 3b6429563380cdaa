// Nexmark's events as columns: `event_type`, and a row each of `person`, `auction` and `bid`, of
// which the others are NULL. A table may leave columns, and fields of the rows, away: what it does
// not declare is not made.
#pragma once

#include <memory>
#include <string>

#include "nexmark_model.h"
#include "numbered_source.h"

namespace dataflow::connect {

// Of the columns that `spec` reads. kInvalid, beginning with `where`, for a column or a field that
// there is none of, or of another type.
Result<std::shared_ptr<const RowMaker>> make_nexmark_rows(const NexmarkRules& rules,
                                                          const plan::SourceSpec& spec,
                                                          const std::string& where);

}  // namespace dataflow::connect
