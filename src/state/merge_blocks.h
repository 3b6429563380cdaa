// What several blocks of one table are together.
#pragma once

#include <optional>
#include <span>

#include "base/status.h"
#include "delta_format.h"

namespace dataflow::state {

// One block with the rows of the key groups of `range`: of each key with its number what the last
// block says that has it. With `keep_erased` it says of which keys were erased last, for blocks
// that lie beneath; without it there is nothing beneath. nullopt if no row is left. kUnsupported if
// the blocks have different columns.
Result<std::optional<DeltaBlock>> merge_blocks(std::span<const DeltaReader* const> oldest_first,
                                               KeyGroupRange range, bool keep_erased);

}  // namespace dataflow::state
