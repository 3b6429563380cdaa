// The listening socket: accepts connections and deals them out to the io threads in turn.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.h"
#include "broker.h"
#include "io_thread.h"

namespace dataflow::kafka {

class Listener {
 public:
  // Binds and listens; accepts from start() on, on the first io thread.
  static Result<std::shared_ptr<Listener>> open(std::shared_ptr<Broker> broker,
                                                std::vector<std::shared_ptr<IoThread>> threads);
  virtual ~Listener() = default;
  virtual uint16_t port() const = 0;
  virtual void start() = 0;
  // Returns when nothing more will be accepted.
  virtual void close() = 0;
};

}  // namespace dataflow::kafka
