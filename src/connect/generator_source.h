// The source "generator": rows made up by rules, the same ones for the same seed.
//
// Row n of the whole is row n / splits of split n % splits. The splits are fixed in number, so that
// neither parallelism nor a restart changes any row.
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
