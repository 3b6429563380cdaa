#include "table_writer.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>

#include "engine/sink.h"
#include "script_answers.h"
#include "sql/settings.h"

namespace dataflow::jobs {

namespace {

// Of the one partition that such a table has.
Result<Offset> end_of(SqlServer& server, const TableChanges& changes) {
  const std::string& name = changes.table.name;
  const auto partition = server.parts().log.partition(name, PartitionIndex(0));
  if (partition == nullptr || partition->topic_id() != changes.topic) {
    return Status::conflict("table `" + name + "` was dropped meanwhile");
  }
  return partition->stats().end;
}

// A row without a value where there must be one could not be read any more.
Status refuse_nulls(const TableChanges& changes, const Schema& schema) {
  for (size_t row = 0; row < changes.rows.size(); ++row) {
    if (changes.kinds[row] == RowKind::kDelete) continue;
    for (size_t i = 0; i < schema.size(); ++i) {
      if (schema[i].nullable || !changes.rows[row][i].is_null()) continue;
      return Status::invalid("column `" + schema[i].name + "` of `" + changes.table.name +
                             "` is NOT NULL, and a row has NULL there");
    }
  }
  return {};
}

const engine::CheckpointId kOnce(1);

struct Staged {
  std::unique_ptr<engine::Sink> sink;
  std::vector<std::string> committables;
  std::map<std::string, std::string> state;
};

// All of it, or an error: a row that does not fit leaves nothing.
Result<Staged> stage(SqlServer& server, const TableChanges& changes) {
  const std::string& name = changes.table.name;
  DF_ASSIGN_OR_RETURN(plan::SinkSpec spec, sql::sink_of(changes.table, sql::Settings(), name));
  // Staged until all rows are known to fit.
  spec.guarantee = plan::Guarantee::kExactlyOnce;
  std::vector<Field> fields;
  for (const sql::ColumnDefinition& column : changes.table.columns) {
    if (column.kind != sql::ColumnKind::kPhysical) continue;
    fields.push_back({column.name, column.type, column.nullable});
  }
  const auto schema = std::make_shared<const Schema>(std::move(fields));
  DF_RETURN_IF_ERROR(refuse_nulls(changes, *schema));
  engine::ConnectorContext context;
  context.job = server.job_name("write");
  context.node = name;
  Staged staged;
  DF_ASSIGN_OR_RETURN(staged.sink, server.parts().connectors.make_sink(spec, schema, context));
  DF_ASSIGN_OR_RETURN(const std::unique_ptr<engine::SinkWriter> writer,
                      staged.sink->make_writer(0, {}));
  DF_ASSIGN_OR_RETURN(Batch batch, batch_of(schema, changes.rows));
  batch.kinds = std::make_shared<const std::vector<RowKind>>(changes.kinds);
  std::vector<RowFault> faults;
  DF_RETURN_IF_ERROR(writer->write(batch, faults));
  if (!faults.empty()) {
    return Status::invalid("a row does not fit into `" + name + "`: " + faults.front().reason);
  }
  DF_RETURN_IF_ERROR(writer->on_end());
  DF_RETURN_IF_ERROR(writer->on_barrier(kOnce, staged.committables, staged.state));
  return staged;
}

}  // namespace

Result<TableChanges> changes_of(SqlServer& server, const sql::Table& table) {
  const std::optional<log::TopicInfo> topic = server.parts().log.topic(table.name);
  if (!topic) return Status::conflict("table `" + table.name + "` was dropped meanwhile");
  // Behind the topic: whoever made that anew had taken the table out of the catalog before.
  const std::shared_ptr<const sql::Catalog> catalog = server.catalog();
  const sql::Table* const now = catalog->find_table(table.name);
  if (now == nullptr || create_text(*now) != create_text(table)) {
    return Status::conflict("table `" + table.name + "` was defined anew meanwhile");
  }
  TableChanges changes;
  changes.table = table;
  changes.topic = topic->id;
  return changes;
}

Result<std::vector<std::string>> staged_changes(SqlServer& server, const TableChanges& changes) {
  if (changes.rows.empty()) return std::vector<std::string>();
  // A table that is gone is not made again.
  DF_RETURN_IF_ERROR(end_of(server, changes).status());
  DF_ASSIGN_OR_RETURN(const Staged staged, stage(server, changes));
  return staged.committables;
}

void append_changes(TableChanges& all, TableChanges next) {
  std::ranges::move(next.rows, std::back_inserter(all.rows));
  std::ranges::move(next.kinds, std::back_inserter(all.kinds));
  // All of what was read is still so where nobody has written since the first time.
  if (!all.read_up_to) all.read_up_to = next.read_up_to;
  if (next.read_up_to) all.read_up_to = std::min(*all.read_up_to, *next.read_up_to);
}

Status write_changes(SqlServer& server, const TableChanges& changes) {
  if (changes.rows.empty()) return {};
  DF_ASSIGN_OR_RETURN(const Offset end, end_of(server, changes));
  if (changes.read_up_to && end != *changes.read_up_to) {
    return Status::conflict("could not serialize: somebody has written to `" + changes.table.name +
                            "` since its rows were read; run the transaction again");
  }
  DF_ASSIGN_OR_RETURN(Staged staged, stage(server, changes));
  DF_ASSIGN_OR_RETURN(const std::unique_ptr<engine::SinkCommitter> committer,
                      staged.sink->make_committer());
  DF_RETURN_IF_ERROR(committer->restore({}));
  DF_RETURN_IF_ERROR(committer->prepare(kOnce, staged.committables, staged.state));
  return committer->commit(kOnce, staged.committables, false);
}

}  // namespace dataflow::jobs
