// Bytes as a client might send them, through framing, dispatch and every handler, over a log in
// memory.
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>

#include "base/logger.h"
#include "broker.h"
#include "connection.h"
#include "fake_coordinators.h"
#include "fake_log.h"
#include "input_transport.h"
#include "io_thread.h"

namespace dataflow::kafka {
namespace {

void run_one(std::string_view input) {
  FakeLog log;
  FakeGroups groups;
  FakeTransactions transactions;
  log.make("t", 2);
  KafkaOptions options;
  options.max_request_bytes = 1 << 20;
  options.request_memory_bytes = 256 << 10;
  auto broker = std::make_shared<Broker>(posix_env(), log, groups, transactions, options, nullptr);
  auto io = std::make_shared<IoThread>(posix_env(), 0, options.idle_timeout_ms);
  io->poll();

  size_t piece = 1 + static_cast<uint8_t>(input.front()) * size_t{16};
  auto transport =
      std::make_unique<InputTransport>(input.substr(1), piece, InputTransport::Then::kEnd);
  InputTransport& wire = *transport;
  auto connection = std::make_shared<Connection>(io, broker, std::move(transport),
                                                 ClientAddress{"127.0.0.1", 1, "127.0.0.1", 2});
  connection->start();
  while (!connection->closed()) {
    bool moved = wire.step();
    // What the control thread has been given is answered before the next step.
    std::promise<void> done;
    broker->control.post([&done] { done.set_value(); });
    done.get_future().wait();
    io->poll();
    if (!moved) break;
  }
  connection->close({});
  broker->control.stop();
  io->stop();
}

}  // namespace
}  // namespace dataflow::kafka

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const bool quiet = [] {
    dataflow::set_log_level(dataflow::LogLevel::kOff);
    return true;
  }();
  if (!quiet || size == 0) return 0;
  dataflow::kafka::run_one({reinterpret_cast<const char*>(data), size});
  return 0;
}
