#include <algorithm>
#include <set>

#include "enum_names.h"
#include "scope.h"

namespace dataflow::plan {
namespace {

struct MetadataType {
  std::string_view words;
  bool (*fits)(const Type&);
};

MetadataType metadata_type(Metadata what) {
  switch (what) {
    case Metadata::kOffset:
      return {"BIGINT", [](const Type& type) { return type.id() == TypeId::kInt64; }};
    case Metadata::kPartition:
      return {"INT", [](const Type& type) { return type.id() == TypeId::kInt32; }};
    case Metadata::kTimestamp:
      return {"TIMESTAMP or TIMESTAMP_LTZ", [](const Type& type) { return type.is_timestamp(); }};
    case Metadata::kKey:
      return {"STRING or BYTES", [](const Type& type) {
                return type.id() == TypeId::kString || type.id() == TypeId::kBytes;
              }};
    case Metadata::kHeaders:
      return {"MAP<STRING, BYTES>", [](const Type& type) {
                return type == Type::map(Type::string(), Type::bytes()) ||
                       type == Type::map(Type::string(), Type::string());
              }};
    case Metadata::kFile: break;
  }
  return {"STRING", [](const Type& type) { return type.id() == TypeId::kString; }};
}

Status check_schema(const Scope& scope, const Schema& schema) {
  std::set<std::string_view> names;
  for (const Field& field : schema.fields()) {
    if (field.name.empty()) return scope.error("a column of its schema has no name");
    if (!names.insert(field.name).second) {
      return scope.error("its schema has the column " + quoted(field.name) + " twice");
    }
    if (field.type.id() == TypeId::kNull) {
      return scope.error("column " + quoted(field.name) + " has no type");
    }
  }
  return {};
}

Status check_metadata(const Scope& scope, SourceSpec& spec) {
  const Schema& schema = *spec.schema;
  if (spec.metadata.size() > schema.size()) {
    return scope.error("has more metadata columns than columns");
  }
  for (size_t i = 0; i < spec.metadata.size(); ++i) {
    MetadataColumn& column = spec.metadata[i];
    const std::string role = "metadata column of " + std::string(enum_name(column.what));
    DF_RETURN_IF_ERROR(scope.column(schema, column.column, role));
    const size_t at = *schema.find(column.column);
    if (at != schema.size() - spec.metadata.size() + i) {
      return scope.error(role + " " + quoted(column.column) +
                         " is out of order: metadata columns stand last in the schema");
    }
    const MetadataType type = metadata_type(column.what);
    if (!type.fits(schema[at].type)) {
      return scope.error(role + " " + quoted(column.column) + " is " + schema[at].type.to_string() +
                         "; it must be " + std::string(type.words));
    }
  }
  return {};
}

Status check_watermark(const Scope& scope, WatermarkSpec& watermark, const Schema& schema) {
  DF_RETURN_IF_ERROR(scope.column(schema, watermark.column, "watermark column"));
  const Field& field = schema[*schema.find(watermark.column)];
  if (!field.type.is_timestamp()) {
    std::string choices;
    for (const Field& other : schema.fields()) {
      if (other.type.is_timestamp()) choices += (choices.empty() ? "" : ", ") + other.name;
    }
    return scope.error("watermark column " + quoted(field.name) + " is " + field.type.to_string() +
                       ", not a timestamp; " +
                       (choices.empty() ? "declare it as TIMESTAMP(3) or TIMESTAMP_LTZ(3)"
                                        : "timestamps are " + choices));
  }
  DF_RETURN_IF_ERROR(scope.span(watermark.delay_ms, 0, "watermark delay_ms"));
  DF_RETURN_IF_ERROR(scope.span(watermark.idle_timeout_ms, 0, "watermark idle_timeout_ms"));
  return scope.span(watermark.max_future_skew_ms, 0, "watermark max_future_skew_ms");
}

// A record's key says them where there is no value.
Status check_upsert_keys(const Scope& scope, SourceSpec& spec) {
  DF_RETURN_IF_ERROR(scope.keys(*spec.schema, spec.upsert_keys, "upsert key"));
  const size_t payload = spec.schema->size() - spec.metadata.size();
  for (const std::string& name : spec.upsert_keys) {
    if (*spec.schema->find(name) < payload) continue;
    return scope.error("upsert key " + quoted(name) + " is a metadata column");
  }
  return {};
}

// The schema with the computed columns behind it; each sees those of the schema.
Result<SchemaPtr> with_computed(const Scope& scope, const SourceSpec& spec) {
  const SchemaPtr given = schema_read(spec);
  if (spec.computed.empty()) return given;
  std::vector<Field> fields = given->fields();
  for (const NamedExpression& column : spec.computed) {
    const std::string role = "computed column " + quoted(column.name);
    DF_ASSIGN_OR_RETURN(const expr::BoundPtr bound, scope.bind(column.expression, *given, role));
    fields.push_back({column.name, bound->type(), bound->nullable()});
  }
  return std::make_shared<const Schema>(std::move(fields));
}

}  // namespace

Status check_source(const Scope& scope, SourceSpec& spec) {
  if (spec.connector.empty()) return scope.error("has no connector");
  if (spec.schema == nullptr || spec.schema->size() == 0) return scope.error("has no schema");
  DF_RETURN_IF_ERROR(check_schema(scope, *spec.schema));
  DF_RETURN_IF_ERROR(check_metadata(scope, spec));
  DF_RETURN_IF_ERROR(check_upsert_keys(scope, spec));
  DF_ASSIGN_OR_RETURN(scope.node().schema, with_computed(scope, spec));
  DF_RETURN_IF_ERROR(check_schema(scope, *scope.node().schema));
  if (!spec.watermark) return {};
  DF_RETURN_IF_ERROR(check_watermark(scope, *spec.watermark, *scope.node().schema));
  scope.node().event_time = spec.watermark->column;
  return {};
}

}  // namespace dataflow::plan
