// The source "nexmark": the events of the benchmark of that name, the same ones for the same seed
// (nexmark_model.h, numbered_source.h).
#pragma once

#include <memory>

#include "base/env.h"
#include "base/timer_queue.h"
#include "engine/connectors.h"

namespace dataflow::connect {

// `timers` may be null: then no rate can be held to.
Result<std::unique_ptr<engine::Source>> make_nexmark_source(
    Env& env, TimerQueue* timers, const plan::SourceSpec& spec,
    const engine::ConnectorContext& context);

}  // namespace dataflow::connect
