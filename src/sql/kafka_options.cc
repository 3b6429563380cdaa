// 'connector' = 'kafka' and 'upsert-kafka': topics of our own log.
#include <algorithm>

#include "table_definition.h"
#include "table_options.h"

namespace dataflow::sql {
namespace {

constexpr const char* kStart = "scan.startup.mode";
constexpr const char* kStartMillis = "scan.startup.timestamp-millis";

Result<std::string> read_topic(TableOptions& options) {
  if (options.text("topic-pattern")) {
    return options.wrong("topic-pattern",
                         "one topic is read; a table for each of them, and UNION ALL, reads more");
  }
  DF_ASSIGN_OR_RETURN(std::string topic, options.required("topic"));
  if (topic.find(';') == std::string::npos) return topic;
  return options.wrong("topic",
                       "one topic is read; a table for each of them, and UNION ALL, reads more");
}

Status read_start(TableOptions& options, plan::SourceSpec& source) {
  // Flink's own default is where the group stands, which fails for a group that stands nowhere.
  const std::string group = options.text_or("properties.group.id", "");
  const std::string reset = options.text_or("properties.auto.offset.reset", "");
  DF_ASSIGN_OR_RETURN(const std::string mode,
                      options.word(kStart,
                                   {"earliest-offset", "latest-offset", "group-offsets",
                                    "timestamp", "specific-offsets"},
                                   group.empty() ? "earliest-offset" : "group-offsets"));
  const std::optional<std::string> millis = options.text(kStartMillis);
  options.pass({"scan.startup.specific-offsets"});
  if (!group.empty()) source.options["group"] = group;
  if (mode == "latest-offset") {
    source.options["start"] = "latest";
  } else if (mode == "timestamp") {
    if (!millis)
      return options.wrong(kStart, std::string("option '") + kStartMillis + "' is missing");
    DF_RETURN_IF_ERROR(options.integer(kStartMillis, 0, 0).status());
    source.options["start"] = "timestamp:" + *millis;
  } else if (mode == "group-offsets") {
    if (group.empty()) {
      return options.wrong(kStart, "option 'properties.group.id' is missing");
    }
    source.options["start"] = "group:" + group;
    if (reset == "latest") source.options["group.fallback"] = "latest";
  } else if (mode == "specific-offsets") {
    return options.wrong(kStart, "this is not supported yet");
  } else {
    source.options["start"] = "earliest";
  }
  return {};
}

Status read_end(TableOptions& options, plan::SourceSpec& source) {
  DF_ASSIGN_OR_RETURN(
      const std::string end,
      options.word("scan.bounded.mode",
                   {"unbounded", "latest-offset", "group-offsets", "timestamp", "specific-offsets"},
                   "unbounded"));
  if (end == "latest-offset")
    source.options["mode"] = "once";
  else if (end != "unbounded")
    return options.wrong("scan.bounded.mode", "this is not supported yet");
  options.pass({"scan.bounded.timestamp-millis", "scan.bounded.specific-offsets"});
  return {};
}

void pass_what_means_nothing(TableOptions& options) {
  options.pass({"properties.bootstrap.servers", "sink.parallelism", "scan.parallelism",
                "sink.transactional-id-prefix", "sink.transaction-naming-strategy", "sink.semantic",
                "sink.buffer-flush.max-rows", "sink.buffer-flush.interval",
                "scan.topic-partition-discovery.interval"});
  options.pass_beginning("properties.");
}

// `key.fields` of a table: "a;b".
Result<std::vector<std::string>> read_key_fields(TableOptions& options) {
  std::vector<std::string> keys;
  const std::string text = options.text_or("key.fields", "");
  for (size_t from = 0; from < text.size();) {
    const size_t end = std::min(text.find(';', from), text.size());
    const std::string name = text.substr(from, end - from);
    const ColumnDefinition* column = find_column(options.table(), name);
    if (column == nullptr) {
      return options.wrong("key.fields", no_column(options.table(), name));
    }
    keys.push_back(column->name);
    from = end + 1;
  }
  if (!options.text_or("key.fields-prefix", "").empty()) {
    return options.wrong("key.fields-prefix", "this is not supported yet");
  }
  return keys;
}

Status read_formats(TableOptions& options, Connection& made) {
  const std::optional<std::string> plain = options.text("format");
  const std::optional<std::string> value = options.text("value.format");
  if (plain && value) return options.wrong("format", "'value.format' says the same");
  if (!plain && !value) return options.wrong_table("option 'format' is missing");
  // With 'format' the options stand without a prefix, with 'value.format' behind "value.".
  DF_ASSIGN_OR_RETURN(const FormatChoice format,
                      read_format(options, value ? "value." : "", value ? *value : *plain));
  made.source.format = made.sink.format = format.name;
  made.source.format_options = made.sink.format_options = format.options;
  if (const std::optional<std::string> key = options.text("key.format")) {
    DF_ASSIGN_OR_RETURN(const FormatChoice of_key, read_format(options, "key.", *key));
    made.sink.key_format = of_key.name;
    made.sink.key_format_options = of_key.options;
  }
  DF_ASSIGN_OR_RETURN(const std::string include,
                      options.word("value.fields-include", {"ALL", "EXCEPT_KEY"}, "ALL"));
  if (include == "ALL") return {};
  return options.wrong("value.fields-include",
                       "values hold all columns here; 'EXCEPT_KEY' is not supported yet");
}

Status read_guarantee(TableOptions& options, plan::SinkSpec& sink) {
  const char* const key = "sink.delivery-guarantee";
  DF_ASSIGN_OR_RETURN(const std::string words,
                      options.word(key, {"exactly-once", "at-least-once", "none"}, ""));
  if (words == "exactly-once") sink.guarantee = plan::Guarantee::kExactlyOnce;
  if (words == "at-least-once" || words == "none") sink.guarantee = plan::Guarantee::kAtLeastOnce;
  return {};
}

Result<Connection> connect_topic(TableOptions& options) {
  Connection made;
  made.source.connector = made.sink.connector = "log";
  DF_ASSIGN_OR_RETURN(const std::string topic, read_topic(options));
  made.source.options["topic"] = made.sink.options["topic"] = topic;
  // As brokers do for who writes to a topic that is not there.
  made.sink.options["create"] = "true";
  DF_RETURN_IF_ERROR(read_formats(options, made));
  DF_RETURN_IF_ERROR(read_guarantee(options, made.sink));
  DF_ASSIGN_OR_RETURN(
      const std::string partitioner,
      options.word("sink.partitioner", {"default", "fixed", "round-robin"}, "default"));
  if (partitioner == "round-robin") made.sink.options["partitioner"] = "round-robin";
  made.metadata = {{"partition", plan::Metadata::kPartition},
                   {"offset", plan::Metadata::kOffset},
                   {"timestamp", plan::Metadata::kTimestamp},
                   {"headers", plan::Metadata::kHeaders},
                   {"key", plan::Metadata::kKey}};
  made.no_metadata = {"topic", "leader-epoch", "timestamp-type"};
  pass_what_means_nothing(options);
  return made;
}

}  // namespace

Result<Connection> connect_kafka(TableOptions& options) {
  DF_ASSIGN_OR_RETURN(Connection made, connect_topic(options));
  DF_RETURN_IF_ERROR(read_start(options, made.source));
  DF_RETURN_IF_ERROR(read_end(options, made.source));
  DF_ASSIGN_OR_RETURN(made.sink.key_columns, read_key_fields(options));
  return made;
}

Result<Connection> connect_upsert_kafka(TableOptions& options) {
  DF_ASSIGN_OR_RETURN(Connection made, connect_topic(options));
  if (options.table().primary_key.empty()) {
    return options.wrong_table("'upsert-kafka' needs a primary key");
  }
  DF_RETURN_IF_ERROR(options.required("key.format").status());
  options.pass({"key.fields-prefix"});
  key_by_primary_key(options.table(), made);
  // From the first record on: an earlier one may be what a key's row is now.
  made.source.options["start"] = "earliest";
  const std::string group = options.text_or("properties.group.id", "");
  if (!group.empty()) made.source.options["group"] = group;
  DF_RETURN_IF_ERROR(read_end(options, made.source));
  return made;
}

void key_by_primary_key(const Table& table, Connection& made) {
  made.sink.key_columns = made.source.upsert_keys = table.primary_key;
  made.source.key_format = made.sink.key_format;
  made.source.key_format_options = made.sink.key_format_options;
}

}  // namespace dataflow::sql
