// Operators of plug-ins.
#include <set>

#include "scope.h"

namespace dataflow::plan {
namespace {

Status check_columns(const Scope& scope, const Schema& schema) {
  if (schema.size() == 0) return scope.error("gives no columns");
  std::set<std::string_view> names;
  for (const Field& field : schema.fields()) {
    if (field.name.empty()) return scope.error("gives a column without a name");
    if (!names.insert(field.name).second) {
      return scope.error("gives two columns named " + quoted(field.name));
    }
  }
  return {};
}

}  // namespace

Status check_custom(const Scope& scope, CustomSpec& spec, CustomOperators* custom) {
  if (spec.name.empty()) return scope.error("does not say which operator it is");
  DF_RETURN_IF_ERROR(scope.keys(*scope.input().schema, spec.keys, "key"));
  if (custom != nullptr) {
    const Status described = custom->describe_operator(spec, *scope.input().schema);
    if (!described.ok()) return scope.error(described.message());
  }
  if (spec.schema == nullptr) {
    return Status::unsupported(scope
                                   .error("only whoever has loaded the plug-in of " +
                                          quoted(spec.name) + " knows its columns")
                                   .message());
  }
  DF_RETURN_IF_ERROR(check_columns(scope, *spec.schema));
  scope.node().schema = spec.schema;
  if (spec.event_time.empty()) return {};
  const auto column = spec.schema->find(spec.event_time);
  if (!column || !(*spec.schema)[*column].type.is_timestamp()) {
    return scope.error("gives event time in " + quoted(spec.event_time) +
                       ", which is no timestamp among its columns");
  }
  if (!scope.input().event_time) {
    return scope.error("gives event time, but its input has none; give the source a watermark");
  }
  scope.node().event_time = (*spec.schema)[*column].name;
  return {};
}

}  // namespace dataflow::plan
