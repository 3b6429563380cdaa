// What the rows of a table are as a delta.
#pragma once

#include <span>
#include <vector>

#include "delta_format.h"
#include "key_rows.h"
#include "row_changes.h"
#include "table_columns.h"

namespace dataflow::state {

// `rows` put with their values, and of the erased keys those that have no row.
DeltaRows gather_delta(const KeyRows& keys, std::span<const TableColumn> columns,
                       std::span<const RowNumber> rows, const RowChanges& erased);

}  // namespace dataflow::state
