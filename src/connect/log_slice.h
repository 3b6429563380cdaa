// Bytes of what a partition's read() gave.
#pragma once

#include "base/status.h"
#include "log/partition.h"

namespace dataflow::connect {

// slice.length bytes to `out`.
inline Status read_slice(const log::LogSlice& slice, char* out) {
  DF_ASSIGN_OR_RETURN(size_t got, slice.file->read_at(slice.position, {out, slice.length}));
  if (got == slice.length) return {};
  return Status::corrupt("a file of the log ends within what it should hold");
}

}  // namespace dataflow::connect
