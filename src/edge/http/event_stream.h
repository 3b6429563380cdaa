// Responses that go on until their client or their source ends them: server-sent events, and bodies
// that are made while they are sent.
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

// The head of `response`, and its stream. True: the connection may be used again.
boost::asio::awaitable<bool> send_stream(boost::beast::tcp_stream& stream,
                                         boost::asio::thread_pool& readers, Response response,
                                         unsigned version, bool keep, int timeout_seconds);

enum class News : uint8_t { kTold, kTimeIsOver, kClientIsGone };
boost::asio::awaitable<News> wait_for_news(boost::beast::tcp_stream& stream, const Listen& listen,
                                           int64_t most_ms);

}  // namespace dataflow::http
