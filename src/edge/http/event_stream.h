// Server-sent events: one response that goes on until its client or its source ends it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include "edge/http/server.h"

namespace dataflow::http {

// Holds no thread between two events, which are made on `readers`. `version` is HTTP's, 10 or 11.
boost::asio::awaitable<void> send_events(boost::beast::tcp_stream& stream,
                                         boost::asio::thread_pool& readers, EventSource source,
                                         unsigned version, int timeout_seconds);

}  // namespace dataflow::http
