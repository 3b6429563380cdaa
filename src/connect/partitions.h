// The columns by which rows stand in folders: `partition_by` of file sources and sinks, "day,hour".
#pragma once

#include <string>
#include <vector>

#include "options.h"
#include "types/schema.h"

namespace dataflow::connect {

struct Partitions {
  std::vector<size_t> columns;  // of the schema, in the order of the folders
  std::string nothing;          // the folder's name where a value is NULL
};

// No columns where the option is not given. kInvalid for a column that cannot name a folder, and
// where none is left beside them.
Result<Partitions> read_partitions(OptionReader& options, const Schema& schema);

}  // namespace dataflow::connect
