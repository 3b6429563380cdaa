// 'connector' = 'filesystem'
#include "table_options.h"

namespace dataflow::sql {
namespace {

// A path of this machine: without the scheme that Flink takes.
Result<std::string> read_path(TableOptions& options) {
  DF_ASSIGN_OR_RETURN(std::string path, options.required("path"));
  if (path.starts_with("file:")) {
    path.erase(0, 5);
    // file:///a and file:/a
    if (path.starts_with("//")) path.erase(0, 2);
    if (!path.starts_with('/')) {
      return options.wrong("path", "a path behind `file://` begins with a third `/`");
    }
  } else if (const size_t scheme = path.find("://"); scheme != std::string::npos) {
    return options.wrong("path", "files of this machine are read and written; `" +
                                     path.substr(0, scheme) + "` is not supported yet");
  }
  return path;
}

}  // namespace

Result<Connection> connect_filesystem(TableOptions& options) {
  Connection made;
  DF_ASSIGN_OR_RETURN(const std::string path, read_path(options));
  DF_ASSIGN_OR_RETURN(const std::string name, options.required("format"));
  DF_ASSIGN_OR_RETURN(const FormatChoice format, read_format(options, "", name));
  made.source.connector = made.sink.connector = "file";
  made.source.format = made.sink.format = format.name;
  made.source.format_options = made.sink.format_options = format.options;
  made.source.options["path"] = made.sink.options["path"] = path;
  DF_ASSIGN_OR_RETURN(const auto monitor, options.duration_ms("source.monitor-interval"));
  if (monitor) {
    if (*monitor == 0) return options.wrong("source.monitor-interval", "give more than 0");
    made.source.options["mode"] = "follow";
    made.source.options["poll_interval"] = std::to_string(*monitor) + "ms";
  }
  if (options.text("source.path.regex-pattern")) {
    return options.wrong("source.path.regex-pattern",
                         "this is not supported yet; 'path' takes patterns such as 'in/*.csv'");
  }
  DF_ASSIGN_OR_RETURN(const auto size, options.bytes("sink.rolling-policy.file-size"));
  if (size) made.sink.options["roll_size"] = std::to_string(*size);
  DF_ASSIGN_OR_RETURN(const auto interval,
                      options.duration_ms("sink.rolling-policy.rollover-interval"));
  if (interval) made.sink.options["roll_interval"] = std::to_string(*interval) + "ms";
  options.pass({"source.report-statistics", "auto-compaction", "compaction.file-size",
                "compaction.parallelism", "sink.parallelism", "scan.parallelism",
                "sink.shuffle-by-partition.enable", "sink.rolling-policy.check-interval",
                "sink.rolling-policy.inactivity-interval"});
  options.pass_beginning("sink.partition-commit.");
  options.pass_beginning("partition.time-extractor.");
  const std::optional<std::string> no_partition = options.text("partition.default-name");
  if (const auto& columns = options.table().partitioned_by; !columns.empty()) {
    std::string names;
    for (const std::string& column : columns) names += (names.empty() ? "" : ",") + column;
    made.source.options["partition_by"] = made.sink.options["partition_by"] = names;
    if (no_partition) {
      made.source.options["partition_default"] = *no_partition;
      made.sink.options["partition_default"] = *no_partition;
    }
  }
  if (format.name == "raw") made.no_sink = "files are written as 'csv' or 'json', not as 'raw'";
  made.metadata = {{"file.path", plan::Metadata::kFile}, {"offset", plan::Metadata::kOffset}};
  made.no_metadata = {"file.name", "file.size", "file.modification-time"};
  return made;
}

}  // namespace dataflow::sql
