// Sources, sinks and the options of the job.
#include "base/edit_distance.h"
#include "pipeline_reader.h"

namespace dataflow::jobs {
namespace {

struct MetadataName {
  std::string_view name;
  plan::Metadata what;
  Type type;
};

const std::vector<MetadataName>& metadata_names() {
  static const std::vector<MetadataName> names = {
      {"offset", plan::Metadata::kOffset, Type::int64()},
      {"partition", plan::Metadata::kPartition, Type::int32()},
      {"timestamp", plan::Metadata::kTimestamp, Type::timestamp_tz(3)},
      {"key", plan::Metadata::kKey, Type::string()},
      {"headers", plan::Metadata::kHeaders, Type::map(Type::string(), Type::bytes())},
      {"file", plan::Metadata::kFile, Type::string()}};
  return names;
}

// "STRING NOT NULL"
Result<Field> read_field(YamlMap& schema, const std::string& name, const YAML::Node& node) {
  const std::string what = schema.what() + ": column `" + name + "`";
  DF_ASSIGN_OR_RETURN(std::string text, schema.yaml().scalar(node, what));
  constexpr std::string_view kNotNull = " NOT NULL";
  std::string upper = text;
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  const bool nullable = !upper.ends_with(kNotNull);
  if (!nullable) text.resize(text.size() - kNotNull.size());
  const Result<Type> type = parse_type(text);
  if (!type.ok()) {
    return schema.yaml().error(schema.yaml().text_place(node),
                               what + ": " + type.status().message());
  }
  return Field{name, *type, nullable};
}

Status add_fields(YamlMap& schema, std::vector<Field>& fields) {
  for (const YamlEntry& entry : schema.entries()) {
    DF_ASSIGN_OR_RETURN(Field field, read_field(schema, entry.name, entry.value));
    fields.push_back(std::move(field));
  }
  return {};
}

// A mapping of names to types, or a list of such of one entry each, or of {name, type, not_null}.
Result<std::vector<Field>> read_schema(YamlMap& source) {
  std::vector<Field> fields;
  const YAML::Node* node = source.find("schema");
  if (node == nullptr) {
    return source.error("`schema` is missing; it maps columns to types, such as {id: BIGINT}");
  }
  const std::string what = source.what() + ": schema";
  if (!node->IsSequence()) {
    DF_ASSIGN_OR_RETURN(YamlMap map, YamlMap::open(source.yaml(), *node, what));
    DF_RETURN_IF_ERROR(add_fields(map, fields));
    return fields;
  }
  for (const auto& item : *node) {
    DF_ASSIGN_OR_RETURN(YamlMap map, YamlMap::open(source.yaml(), item, what));
    if (!map.has("name")) {
      DF_RETURN_IF_ERROR(add_fields(map, fields));
      continue;
    }
    DF_ASSIGN_OR_RETURN(const std::string name, map.required("name"));
    const YAML::Node* type = map.find("type");
    if (type == nullptr) return map.error("column `" + name + "` has no `type`");
    DF_ASSIGN_OR_RETURN(Field field, read_field(map, name, *type));
    DF_ASSIGN_OR_RETURN(const std::optional<bool> not_null, map.boolean("not_null"));
    if (not_null) field.nullable = !*not_null;
    DF_RETURN_IF_ERROR(map.refuse_rest());
    fields.push_back(std::move(field));
  }
  return fields;
}

// {column: offset}; the type is the metadata's own unless the column stands in the schema.
Status read_metadata(YamlMap& source, std::vector<Field>& fields,
                     std::vector<plan::MetadataColumn>& columns) {
  DF_ASSIGN_OR_RETURN(std::optional<YamlMap> map, source.map("metadata"));
  if (!map) return {};
  std::vector<std::string> words;
  for (const MetadataName& one : metadata_names()) words.emplace_back(one.name);
  const std::vector<YamlEntry> entries = map->entries();
  for (const YamlEntry& entry : entries) {
    DF_ASSIGN_OR_RETURN(const std::optional<size_t> what, map->choice(entry.name, words));
    if (!what) return map->error_at(entry.key, "`" + entry.name + "` has no value");
    for (const Field& field : fields) {
      if (field.name != entry.name) continue;
      return map->error_at(entry.key, "`" + entry.name + "` stands in the schema already");
    }
    const MetadataName& name = metadata_names()[*what];
    fields.push_back({entry.name, name.type, true});
    columns.push_back({entry.name, name.what});
  }
  return {};
}

Result<std::optional<plan::WatermarkSpec>> read_watermark(YamlMap& source) {
  DF_ASSIGN_OR_RETURN(std::optional<YamlMap> map, source.map("watermark"));
  if (!map) return std::optional<plan::WatermarkSpec>();
  plan::WatermarkSpec spec;
  DF_ASSIGN_OR_RETURN(spec.column, map->required("column"));
  DF_ASSIGN_OR_RETURN(const auto delay, map->duration("delay"));
  DF_ASSIGN_OR_RETURN(const auto idle, map->duration("idle_timeout"));
  DF_ASSIGN_OR_RETURN(const auto skew, map->duration("max_future_skew"));
  spec.delay_ms = delay.value_or(spec.delay_ms);
  spec.idle_timeout_ms = idle.value_or(spec.idle_timeout_ms);
  spec.max_future_skew_ms = skew.value_or(spec.max_future_skew_ms);
  DF_RETURN_IF_ERROR(map->refuse_rest());
  return std::optional<plan::WatermarkSpec>(std::move(spec));
}

Result<plan::Options> read_format_options(YamlMap& map) {
  plan::Options options;
  DF_ASSIGN_OR_RETURN(std::optional<YamlMap> inner, map.map("format_options"));
  if (!inner) return options;
  for (const YamlEntry& entry : inner->entries()) {
    DF_ASSIGN_OR_RETURN(options[entry.name],
                        map.yaml().scalar(entry.value, inner->what() + ": `" + entry.name + "`"));
  }
  return options;
}

Status read_restart(YamlMap& job, plan::RestartSpec& spec) {
  DF_ASSIGN_OR_RETURN(std::optional<YamlMap> map, job.map("restart"));
  if (!map) return {};
  DF_ASSIGN_OR_RETURN(const auto attempts, map->integer("max_attempts", 0, 1'000'000));
  DF_ASSIGN_OR_RETURN(const auto window, map->duration("window", 1));
  DF_ASSIGN_OR_RETURN(const auto backoff, map->duration("backoff"));
  DF_ASSIGN_OR_RETURN(const auto most, map->duration("max_backoff"));
  spec.max_attempts = static_cast<int>(attempts.value_or(spec.max_attempts));
  spec.window_ms = window.value_or(spec.window_ms);
  spec.backoff_ms = backoff.value_or(spec.backoff_ms);
  spec.max_backoff_ms = most.value_or(spec.max_backoff_ms);
  return map->refuse_rest();
}

}  // namespace

Result<plan::Options> read_options(YamlMap& map) {
  plan::Options options;
  const std::vector<std::string> known = map.known();
  for (const YamlEntry& entry : map.rest()) {
    const std::string near = suggestion(entry.name, known);
    if (!near.empty() || !entry.value.IsScalar()) {
      return map.error_at(entry.key, "`" + entry.name + "` is not known here" +
                                         (near.empty() ? "; an option of the connector has one "
                                                         "value, not a list or mapping"
                                                       : near));
    }
    DF_ASSIGN_OR_RETURN(options[entry.name],
                        map.yaml().scalar(entry.value, map.what() + ": `" + entry.name + "`"));
  }
  return options;
}

Result<plan::SourceSpec> read_source(YamlMap& map) {
  plan::SourceSpec spec;
  DF_ASSIGN_OR_RETURN(spec.connector, map.required("connector"));
  DF_ASSIGN_OR_RETURN(const std::optional<std::string> format, map.text("format"));
  spec.format = format.value_or("json");
  DF_ASSIGN_OR_RETURN(std::vector<Field> fields, read_schema(map));
  DF_RETURN_IF_ERROR(read_metadata(map, fields, spec.metadata));
  spec.schema = std::make_shared<const Schema>(std::move(fields));
  DF_ASSIGN_OR_RETURN(spec.watermark, read_watermark(map));
  DF_ASSIGN_OR_RETURN(const std::optional<size_t> decode, map.choice("decode", {"read", "all"}));
  spec.decode_all = decode == size_t{1};
  DF_ASSIGN_OR_RETURN(spec.format_options, read_format_options(map));
  DF_ASSIGN_OR_RETURN(spec.options, read_options(map));
  return spec;
}

Result<plan::SinkSpec> read_sink(YamlMap& map) {
  plan::SinkSpec spec;
  DF_ASSIGN_OR_RETURN(spec.connector, map.required("connector"));
  DF_ASSIGN_OR_RETURN(const std::optional<std::string> format, map.text("format"));
  spec.format = format.value_or("json");
  DF_ASSIGN_OR_RETURN(spec.format_options, read_format_options(map));
  DF_ASSIGN_OR_RETURN(spec.key_columns, map.names("key"));
  DF_ASSIGN_OR_RETURN(const std::optional<std::string> key_format, map.text("key_format"));
  spec.key_format = key_format.value_or("");
  DF_ASSIGN_OR_RETURN(const std::optional<size_t> guarantee,
                      map.choice("guarantee", {"at_least_once", "exactly_once"}));
  if (guarantee) {
    spec.guarantee =
        *guarantee == 1 ? plan::Guarantee::kExactlyOnce : plan::Guarantee::kAtLeastOnce;
  }
  DF_ASSIGN_OR_RETURN(spec.options, read_options(map));
  return spec;
}

Result<plan::JobOptions> read_job(YamlMap& map) {
  plan::JobOptions job;
  DF_ASSIGN_OR_RETURN(const auto parallelism, map.integer("parallelism", 0, 128));
  DF_ASSIGN_OR_RETURN(const auto interval, map.duration("checkpoint_interval", 1));
  DF_ASSIGN_OR_RETURN(const auto queue, map.integer("queue_rows", 0, 1LL << 32));
  DF_ASSIGN_OR_RETURN(const auto policy, map.choice("on_error", {"dead_letter", "fail"}));
  DF_ASSIGN_OR_RETURN(const auto bounded, map.boolean("bounded"));
  job.parallelism = static_cast<int>(parallelism.value_or(0));
  job.checkpoint_interval_ms = interval.value_or(job.checkpoint_interval_ms);
  job.queue_rows = queue.value_or(0);
  if (policy == 1) job.on_error = plan::ErrorPolicy::kFail;
  job.bounded = bounded.value_or(false);
  DF_ASSIGN_OR_RETURN(std::optional<YamlMap> letters, map.map("dead_letters"));
  if (letters) {
    DF_ASSIGN_OR_RETURN(job.dead_letters, read_sink(*letters));
  }
  DF_RETURN_IF_ERROR(read_restart(map, job.restart));
  DF_RETURN_IF_ERROR(map.refuse_rest());
  return job;
}

}  // namespace dataflow::jobs
