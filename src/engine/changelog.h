// What stands after the changes that a memory sink or an operator bed wrote down, "-U {…}". For
// tests.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace dataflow::engine {

// The rows that stand at the end, sorted, without their kinds. kInvalid where a row is taken back
// that does not stand.
Result<std::vector<std::string>> standing_rows(const std::vector<std::string>& changes);

// And where -U and +U are no pairs, one right behind the other: before any filter they are.
Status check_pairs(const std::vector<std::string>& changes);

}  // namespace dataflow::engine
