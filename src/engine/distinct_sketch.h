// DistinctSketch: about how many different values were added, in a bounded number of bytes:
// Flajolet's HyperLogLog with Ertl's estimate, of 2^14 registers; the relative error is 0.81 % (one
// standard deviation). Up to 1,024 different values their hashes are kept themselves, and the count
// is exact.
//
// The bytes are those of a set: the same whatever the order in which values and sketches came. They
// are state: u8 version (1), u8 kind; kind 0: the hashes in order, u64 each; kind 1: a byte for
// each register. No bytes: nothing was added.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace dataflow::engine {

// Adds a value by its hash, which may be any good one of 64 bits that never changes.
void add_to_sketch(std::string& sketch, uint64_t hash);
// kCorrupt: one of them is none.
Status merge_sketches(std::string& into, std::string_view from);
Result<int64_t> estimate_of(std::string_view sketch);
// Whether the bytes are those of a sketch.
Status check_sketch(std::string_view sketch);

}  // namespace dataflow::engine
