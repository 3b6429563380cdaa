#include "engine/connectors.h"

namespace dataflow::engine {
namespace {

Status no_operator(const std::string& name) {
  return Status::invalid("there is no operator `" + name + "`: no plug-in that is loaded has one");
}

}  // namespace

Result<std::unique_ptr<Operator>> Connectors::make_operator(const plan::CustomSpec& spec,
                                                            const SchemaPtr& /*input*/,
                                                            const ConnectorContext& /*context*/) {
  return no_operator(spec.name);
}

Status Connectors::describe_operator(plan::CustomSpec& spec, const Schema& /*input*/) {
  return no_operator(spec.name);
}

}  // namespace dataflow::engine
