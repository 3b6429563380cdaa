// The source "values": rows that stand in the plan itself, as VALUES in SQL. Option `rows` is a
// JSON array of rows, each an array of literals in the plan's form of expressions.
#pragma once

#include <memory>

#include "engine/connectors.h"

namespace dataflow::connect {

Result<std::unique_ptr<engine::Source>> make_values_source(const plan::SourceSpec& spec,
                                                           const engine::ConnectorContext& context);

}  // namespace dataflow::connect
