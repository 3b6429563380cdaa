// CREATE TABLE … LIKE: what is taken over from another table.
#pragma once

#include <string>

#include "sql/catalog.h"

namespace dataflow::sql {

// The base's columns, watermark, key, partitions and options as the clause chooses, and the
// statement's own columns, watermark and options on top of them.
Result<Table> begin_like(const CreateTable& statement, const Table& base,
                         const std::string& script);

}  // namespace dataflow::sql
