// Flink's connectors and formats in the words of ours: source_of() and sink_of() choose between
// these.
#pragma once

#include <string>

#include "option_reader.h"
#include "plan/plan.h"
#include "sql/settings.h"

namespace dataflow::sql {

// What a table's options come to, for who reads it and who writes it.
struct Connection {
  plan::SourceSpec source;
  plan::SinkSpec sink;
  std::string no_source;  // why it cannot be read; empty: it can
  std::string no_sink;
  // Metadata columns by their keys.
  std::vector<std::pair<std::string, plan::Metadata>> metadata;
  // Keys of Flink's that there are not here.
  std::vector<std::string> no_metadata;
};

Result<Connection> connect_filesystem(TableOptions& options);
Result<Connection> connect_kafka(TableOptions& options);
Result<Connection> connect_upsert_kafka(TableOptions& options);
Result<Connection> connect_datagen(TableOptions& options);
Result<Connection> connect_nexmark(TableOptions& options);
Result<Connection> connect_print(TableOptions& options);
Result<Connection> connect_blackhole(TableOptions& options);
// Ours and those of plug-ins, under their own names and with their own options.
Result<Connection> connect_own(TableOptions& options, const std::string& connector);

// Rows of the table, a topic, replace each other by its primary key: so they are written, and read
// as changes of one row a key. The sink's key format is the source's too.
void key_by_primary_key(const Table& table, Connection& made);

struct FormatChoice {
  std::string name;
  plan::Options options;
};
// `prefix`: "", "key." or "value.": that of `format` and of the format's own options.
Result<FormatChoice> read_format(TableOptions& options, const std::string& prefix,
                                 const std::string& name);

}  // namespace dataflow::sql
