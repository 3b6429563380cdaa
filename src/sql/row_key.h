// What tells the rows of a Rel apart.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rel.h"

namespace dataflow::sql {

// Columns of the Rel no two of whose rows have the same values of, NULL being one: also as rows
// change. None: there may be rows that are equal. Empty: there is one row at most.
std::optional<std::vector<std::string>> row_key(const Rel& rel);

}  // namespace dataflow::sql
