// Counters of which meta holds the next value that nobody has taken yet.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/status.h"
#include "meta/store.h"

namespace dataflow::log {

// 0 if nothing was ever reserved under this name.
Result<int64_t> read_reservation(meta::Store& store, std::string_view name);
void put_reservation(meta::WriteBatch& batch, std::string_view name, int64_t next);

}  // namespace dataflow::log
