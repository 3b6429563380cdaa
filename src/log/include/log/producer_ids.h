// Producer ids, each given out once in the life of a data directory.
#pragma once

#include <functional>
#include <memory>

#include "base/ids.h"
#include "base/status.h"
#include "meta/store.h"

namespace dataflow::log {

// Ids are taken from blocks that meta reserves ahead, so that handing one out rarely waits for the
// disk; what is left of a block when the process ends is never used.
class ProducerIds {
 public:
  using Callback = std::function<void(Result<ProducerId>)>;

  // Arguments outlive it.
  static Result<std::unique_ptr<ProducerIds>> open(meta::Store& store, int64_t block_size = 1000);
  virtual ~ProducerIds() = default;

  // Thread-safe, never blocks; the callback may run before it returns.
  virtual void next(Callback callback) = 0;
};

}  // namespace dataflow::log
