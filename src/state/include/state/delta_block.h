// DeltaBlock: the changed rows of one KeyedTable in one task with their absolute values, columnar,
// ordered by key group with a directory. Its bytes (docs/state-format.md) are one value in the
// job's store; loading a block twice is harmless.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "state/ids.h"

namespace dataflow::state {

struct DeltaBlock {
  std::string bytes;  // with a CRC at its end
  uint32_t rows = 0;  // put and erased ones
};

}  // namespace dataflow::state
