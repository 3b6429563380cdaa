// Rows that a statement writes to a managed table: records of its topic, in one append.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/uuid.h"
#include "jobs/collect.h"
#include "sql/catalog.h"
#include "sql_server.h"

namespace dataflow::jobs {

struct TableChanges {
  sql::Table table;
  Uuid topic;  // that the table had when the statement was looked up
  // Where the topic ended before the rows were read that these replace; none: nothing was read.
  std::optional<Offset> read_up_to;
  std::vector<Row> rows;  // of its columns; of a deletion only those of its key count
  std::vector<RowKind> kinds;
};

// Of a table that is there.
Result<TableChanges> changes_of(SqlServer& server, const sql::Table& table);
// As the sink stages them for its topic: what is about to be written. kInvalid where a row does not
// fit.
Result<std::vector<std::string>> staged_changes(SqlServer& server, const TableChanges& changes);
// What `next` has goes behind what `all` has, of the same table.
void append_changes(TableChanges& all, TableChanges next);
// Returns when all of it is durable. kConflict where the table is another one by now, or somebody
// has written to it since its rows were read. Who calls holds SqlServer::writing().
Status write_changes(SqlServer& server, const TableChanges& changes);

}  // namespace dataflow::jobs
