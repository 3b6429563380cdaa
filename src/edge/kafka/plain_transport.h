// A TCP socket as it is.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/status.h"
#include "transport.h"

namespace boost::asio {
class io_context;
}

namespace dataflow::kafka {

struct SocketAddress {
  std::string host;
  uint16_t port = 0;

  std::string to_string() const;  // "127.0.0.1:9092", "[::1]:9092"
};

// Takes over the connected socket `descriptor` (closed on an error too) for the io thread of
// `context`.
Result<std::unique_ptr<Transport>> make_plain_transport(boost::asio::io_context& context,
                                                        int descriptor);

SocketAddress local_address(int descriptor);
SocketAddress peer_address(int descriptor);

}  // namespace dataflow::kafka
