// The two operators that make_over() chooses from.
#pragma once

#include <memory>

#include "engine/operator.h"
#include "plan/plan.h"

namespace dataflow::engine {

Result<std::unique_ptr<Operator>> make_stream_over(const plan::OverSpec& spec,
                                                   const SchemaPtr& input, SchemaPtr output);
Result<std::unique_ptr<Operator>> make_bounded_over(const plan::OverSpec& spec,
                                                    const SchemaPtr& input, SchemaPtr output);

}  // namespace dataflow::engine
