// 'connector' = 'print' and 'blackhole', and our own names.
#include <algorithm>

#include "table_options.h"

namespace dataflow::sql {

Result<Connection> connect_print(TableOptions& options) {
  Connection made;
  made.no_source = "'print' takes rows and has none";
  made.sink.connector = "console";
  made.sink.format = "row";
  if (const auto name = options.text("print-identifier"); name && !name->empty()) {
    made.sink.options["prefix"] = *name + "> ";
  }
  DF_ASSIGN_OR_RETURN(const bool to_error, options.boolean("standard-error", false));
  if (to_error) made.sink.options["stream"] = "stderr";
  options.pass({"sink.parallelism"});
  return made;
}

Result<Connection> connect_blackhole(TableOptions& options) {
  Connection made;
  made.no_source = "'blackhole' takes rows and has none";
  made.sink.connector = "blackhole";
  options.pass({"sink.parallelism"});
  return made;
}

Result<Connection> connect_own(TableOptions& options, const std::string& connector) {
  Connection made;
  made.source.connector = made.sink.connector = connector;
  if (connector == "console" || connector == "http" || connector == "metrics") {
    made.no_source = "'" + connector + "' takes rows and has none";
  }
  if (connector == "generator") made.no_sink = "'generator' makes rows and takes none";
  const std::optional<std::string> format = options.text("format");
  if (format || (connector != "generator" && connector != "metrics")) {
    DF_ASSIGN_OR_RETURN(const FormatChoice chosen,
                        read_format(options, "", format.value_or("json")));
    made.source.format = made.sink.format = chosen.name;
    made.source.format_options = made.sink.format_options = chosen.options;
  }
  if (const auto key = options.text("key")) {
    for (size_t from = 0; from < key->size();) {
      const size_t end = std::min(key->find(',', from), key->size());
      made.sink.key_columns.push_back(key->substr(from, end - from));
      from = end + 1;
    }
  } else if (connector == "log") {
    made.sink.key_columns = options.table().primary_key;
  }
  made.sink.key_format = options.text_or("key_format", "");
  DF_ASSIGN_OR_RETURN(const std::string guarantee,
                      options.word("guarantee", {"exactly_once", "at_least_once"}, ""));
  if (guarantee == "exactly_once") made.sink.guarantee = plan::Guarantee::kExactlyOnce;
  if (guarantee == "at_least_once") made.sink.guarantee = plan::Guarantee::kAtLeastOnce;
  // The connector itself knows the others, and refuses what it does not know.
  for (const OptionText& option : options.others()) {
    made.source.options[option.key] = made.sink.options[option.key] = option.value;
  }
  made.metadata = {
      {"offset", plan::Metadata::kOffset},       {"partition", plan::Metadata::kPartition},
      {"timestamp", plan::Metadata::kTimestamp}, {"key", plan::Metadata::kKey},
      {"headers", plan::Metadata::kHeaders},     {"file", plan::Metadata::kFile}};
  return made;
}

}  // namespace dataflow::sql
