// Made-up events of a small web shop, for demonstrations: the same ones for the same seed.
#pragma once

#include <cstdint>

#include "cli/terminal.h"

namespace dataflow::cli {

// JSON lines; their timestamps end at `now_ms` and lie a little apart from each other.
void write_demo_events(Output& out, int64_t count, uint64_t seed, int64_t now_ms);

}  // namespace dataflow::cli
