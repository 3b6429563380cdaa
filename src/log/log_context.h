// What all partitions of one log share.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/env.h"
#include "base/status.h"
#include "log/log.h"
#include "meta/store.h"
#include "page_budget.h"
#include "syncer.h"

namespace dataflow::log {

// Refuses appends while the disk has less than the reserve free, so that deletes, metadata and the
// `synced` files still find room. Checked by the housekeeper, and set at once by a write that
// fails.
class DiskGuard {
 public:
  bool full() const { return full_.load(std::memory_order_relaxed); }
  // True if this call changed it.
  bool set_full(bool full) { return full_.exchange(full) != full; }

 private:
  std::atomic<bool> full_{false};
};

struct LogMetrics {
  std::function<void(double)> sync_seconds = [](double) {};  // each fdatasync
  std::function<void(int64_t)> appended_bytes = [](int64_t) {};
  std::function<void()> damage = [] {};
};

struct LogContext {
  Env& env;
  meta::Store& store;
  LogOptions options;
  Syncer& syncer;
  DiskGuard disk;
  LogMetrics metrics;
  // Asks the housekeeper to look at checkpoints soon; called under a partition's lock, must not
  // block.
  std::function<void()> wake_housekeeper = [] {};
  PageBudget pages{options.page_cache_bytes};
};

}  // namespace dataflow::log
