// The sink "file": whole files in a folder, each row once. docs/sink-files.md says how.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "engine/connectors.h"
#include "format/encoder.h"

namespace dataflow::connect {

struct FileSinkSpec {
  std::string where;   // "sink `out`"
  std::string folder;  // without a `/` at its end
  std::string prefix;  // of this sink's staged files: nobody else's begin with it
  std::string suffix;  // ".json"
  std::string format;
  format::EncoderOptions encoder;
  std::string header;  // in front of each file's rows
  uint64_t roll_bytes = 0;
  int64_t roll_interval_ms = 0;
  SchemaPtr schema;
  // A folder within the folder for the rows that have the same values there, which are left out of
  // the files; none: one folder for all.
  std::vector<size_t> partition_columns;
  std::string no_partition;  // the value's name where it is NULL or empty
  SchemaPtr written;         // what is left of the schema
};

Result<std::unique_ptr<engine::Sink>> make_file_sink(Env& env, const plan::SinkSpec& spec,
                                                     const SchemaPtr& schema,
                                                     const engine::ConnectorContext& context);

// `writer` numbers those of one attempt. `attempt` is in the names of its staged files: a
// checkpoint that names a file of an earlier attempt must not find one of this one.
Result<std::unique_ptr<engine::SinkWriter>> make_file_sink_writer(
    Env& env, std::shared_ptr<const FileSinkSpec> spec, const std::string& attempt, int writer);
std::unique_ptr<engine::SinkCommitter> make_file_sink_committer(
    Env& env, std::shared_ptr<const FileSinkSpec> spec);
// Removes what was staged and is promised by no checkpoint.
Status remove_staged_files(Env& env, const FileSinkSpec& spec);

}  // namespace dataflow::connect
