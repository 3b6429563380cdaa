#include "table_options.h"

#include <algorithm>

#include "base/edit_distance.h"
#include "expr/bound.h"
#include "same_name.h"
#include "sql/compile.h"
#include "table_definition.h"

namespace dataflow::sql {
namespace {

using Connect = Result<Connection> (*)(TableOptions&);
struct Known {
  const char* name;
  Connect connect;  // null: ours
};
constexpr Known kConnectors[] = {{"filesystem", connect_filesystem},
                                 {"kafka", connect_kafka},
                                 {"upsert-kafka", connect_upsert_kafka},
                                 {"datagen", connect_datagen},
                                 {"nexmark", connect_nexmark},
                                 {"print", connect_print},
                                 {"blackhole", connect_blackhole},
                                 {"log", nullptr},
                                 {"file", nullptr},
                                 {"generator", nullptr},
                                 {"console", nullptr},
                                 {"http", nullptr},
                                 {"metrics", nullptr}};

Result<Connection> connection_of(TableOptions& options) {
  DF_ASSIGN_OR_RETURN(const std::string name, options.required("connector"));
  options.pass({"property-version"});
  std::vector<std::string> names;
  for (const Known& known : kConnectors) {
    names.emplace_back(known.name);
    if (!same_name(known.name, name)) continue;
    if (known.connect == nullptr) return connect_own(options, known.name);
    DF_ASSIGN_OR_RETURN(Connection made, known.connect(options));
    options.pass({"scan.watermark.emit.strategy", "scan.watermark.alignment.group",
                  "scan.watermark.alignment.max-drift", "scan.watermark.alignment.update-interval",
                  "scan.watermark.idle-timeout"});
    DF_RETURN_IF_ERROR(options.refuse_others());
    return made;
  }
  const std::string hint = suggestion(name, names);
  if (!hint.empty()) return options.wrong("connector", "there is no such connector" + hint);
  // A plug-in's, or nobody's: who makes it knows.
  return connect_own(options, name);
}

Result<plan::MetadataColumn> metadata_of(const Connection& connection,
                                         const ColumnDefinition& column,
                                         const TableOptions& options) {
  const std::string key = column.metadata.empty() ? column.name : column.metadata;
  std::vector<std::string> names;
  for (const auto& [name, what] : connection.metadata) {
    if (name == key) return plan::MetadataColumn{column.name, what};
    names.push_back(name);
  }
  std::string words = "column `" + column.name + "`: ";
  const auto& known = connection.no_metadata;
  if (std::find(known.begin(), known.end(), key) != known.end()) {
    words += "the metadata '" + key + "' is not supported yet";
  } else if (names.empty()) {
    words += "this connector has no metadata";
  } else {
    words += "there is no metadata '" + key + "'" + suggestion(key, names);
    if (suggestion(key, names).empty()) {
      words += "; there is";
      for (size_t i = 0; i < names.size(); ++i) words += (i == 0 ? " '" : ", '") + names[i] + "'";
    }
  }
  return wrong_at(options.script(), column.place, "table `" + options.table().name + "`: " + words);
}

// `ts` and `ts - INTERVAL '5' SECOND`: how far rows may be behind.
Result<int64_t> delay_of(const WatermarkDefinition& watermark, const std::string& script) {
  const auto is_column = [&](const ExpressionPtr& expression) {
    return expression->kind == expr::Kind::kColumn &&
           same_name(expression->name, watermark.column.last());
  };
  const expr::Expression& value = *watermark.expression;
  if (is_column(watermark.expression)) return int64_t{0};
  if (value.kind == expr::Kind::kCall && value.name == "-" && value.arguments.size() == 2 &&
      is_column(value.arguments[0])) {
    const expr::Expression& by = *value.arguments[1];
    if (by.kind == expr::Kind::kLiteral && by.value.type().id() == TypeId::kMillis &&
        !by.value.is_null() && by.value.as_int() >= 0) {
      return by.value.as_int();
    }
  }
  const Place place = value.place.line > 0 ? value.place : watermark.place;
  const std::string name = watermark.column.last();
  return wrong_at(script, place,
                  "a watermark is the column itself, or less an interval: " + name +
                      " - INTERVAL " + "'5' SECOND");
}

Result<plan::WatermarkSpec> watermark_of(const TableOptions& options, const Settings& settings) {
  const WatermarkDefinition& watermark = *options.table().watermark;
  plan::WatermarkSpec spec;
  const ColumnDefinition* column = find_column(options.table(), watermark.column.parts.front());
  if (column == nullptr || watermark.column.parts.size() > 1) {
    return wrong_at(options.script(), watermark.place,
                    "event time is a column of the table, not a field of one");
  }
  spec.column = column->name;
  DF_ASSIGN_OR_RETURN(spec.delay_ms, delay_of(watermark, options.script()));
  if (settings.given().contains("table.exec.source.idle-timeout")) {
    spec.idle_timeout_ms = settings.idle_timeout_ms();
  }
  // Flink takes any time for what it is.
  spec.max_future_skew_ms = 0;
  return spec;
}

// A watermark's column that is computed: the source computes it, before it reads event time.
Status compute_event_time(const TableOptions& options, plan::SourceSpec& spec) {
  const std::string& name = options.table().watermark->column.parts.front();
  const ColumnDefinition* column = find_column(options.table(), name);
  if (column == nullptr || column->kind != ColumnKind::kComputed) return {};
  const Result<expr::BoundPtr> bound = expr::bind(column->computed, *spec.schema);
  if (!bound.ok()) {
    const std::string& words = bound.status().message();
    const bool placed = words.starts_with("line ");
    return placed ? bound.status() : wrong_at(options.script(), column->place, words);
  }
  const Type& type = (*bound)->type();
  if (!type.is_timestamp() || type.precision() > 3) {
    return wrong_at(options.script(), options.table().watermark->place,
                    "WATERMARK: column `" + column->name + "` is " + type.to_string() +
                        "; event time is TIMESTAMP(3) or TIMESTAMP_LTZ(3)");
  }
  spec.computed.push_back({column->name, column->computed});
  return {};
}

}  // namespace

Table as_topic(const Table& table) {
  Table topic = table;
  const auto option = [&](const char* key, std::string value) {
    topic.options.push_back({key, std::move(value), {}});
  };
  topic.managed = false;
  const bool keyed = !table.primary_key.empty();
  option("connector", keyed ? "upsert-kafka" : "kafka");
  option("topic", table.name);
  option("value.format", "json");
  if (keyed) option("key.format", "json");
  return topic;
}

Result<plan::SourceSpec> source_of(const Table& table, const std::vector<OptionText>& hints,
                                   const Settings& settings, const std::string& script) {
  if (table.managed) return source_of(as_topic(table), hints, settings, script);
  TableOptions options(table, hints, script);
  DF_ASSIGN_OR_RETURN(Connection made, connection_of(options));
  if (!made.no_source.empty()) return options.wrong_table(made.no_source);
  plan::SourceSpec& spec = made.source;
  std::vector<Field> fields;
  for (const ColumnDefinition& column : table.columns) {
    if (column.kind != ColumnKind::kPhysical) continue;
    fields.push_back({column.name, column.type, column.nullable});
  }
  for (const ColumnDefinition& column : table.columns) {
    if (column.kind != ColumnKind::kMetadata) continue;
    DF_ASSIGN_OR_RETURN(plan::MetadataColumn metadata, metadata_of(made, column, options));
    spec.metadata.push_back(std::move(metadata));
    fields.push_back({column.name, column.type, column.nullable});
  }
  spec.schema = std::make_shared<const Schema>(std::move(fields));
  if (table.watermark) {
    DF_RETURN_IF_ERROR(compute_event_time(options, spec));
    DF_ASSIGN_OR_RETURN(spec.watermark, watermark_of(options, settings));
    DF_ASSIGN_OR_RETURN(const auto idle, options.duration_ms("scan.watermark.idle-timeout"));
    if (idle) spec.watermark->idle_timeout_ms = *idle;
  }
  return std::move(spec);
}

Result<plan::SinkSpec> sink_of(const Table& table, const Settings& settings,
                               const std::string& script) {
  if (table.managed) {
    DF_ASSIGN_OR_RETURN(plan::SinkSpec sink, sink_of(as_topic(table), settings, script));
    // Who drops the table means it: nothing that still runs makes its topic again.
    sink.options.erase("create");
    return sink;
  }
  TableOptions options(table, {}, script);
  DF_ASSIGN_OR_RETURN(Connection made, connection_of(options));
  if (!made.no_sink.empty()) return options.wrong_table(made.no_sink);
  for (const ColumnDefinition& column : table.columns) {
    if (column.kind != ColumnKind::kMetadata || column.is_virtual) continue;
    return wrong_at(script, column.place,
                    "table `" + table.name + "`: column `" + column.name +
                        "`: metadata cannot be written yet; declare it VIRTUAL");
  }
  return std::move(made.sink);
}

}  // namespace dataflow::sql
