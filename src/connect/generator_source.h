// The source "generator": rows made up by rules, the same ones for the same seed
// (numbered_source.h).
#pragma once

#include <memory>

#include "base/env.h"
#include "base/timer_queue.h"
#include "engine/connectors.h"

namespace dataflow::connect {

// `timers` may be null: then rows come as fast as they are taken, and no rate can be asked for.
Result<std::unique_ptr<engine::Source>> make_generator_source(
    Env& env, TimerQueue* timers, const plan::SourceSpec& spec,
    const engine::ConnectorContext& context);

}  // namespace dataflow::connect
