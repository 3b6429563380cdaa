#include "event_stream.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http.hpp>
#include <chrono>

namespace dataflow::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using asio::use_awaitable;

asio::awaitable<std::optional<std::string>> next_event(const EventSource& source) {
  co_return source.next();
}

asio::awaitable<bool> send_head(beast::tcp_stream& stream, unsigned version) {
  bhttp::response<bhttp::empty_body> head{bhttp::status::ok, version};
  head.set(bhttp::field::content_type, "text/event-stream");
  head.set(bhttp::field::cache_control, "no-cache");
  head.keep_alive(false);
  if (version >= 11) head.chunked(true);
  bhttp::response_serializer<bhttp::empty_body> serializer{head};
  auto [error, bytes] =
      co_await bhttp::async_write_header(stream, serializer, asio::as_tuple(use_awaitable));
  co_return !error;
}

// HTTP/1.0 knows no chunks: there the end of the connection ends the body.
asio::awaitable<bool> send_text(beast::tcp_stream& stream, const std::string& text, bool chunked) {
  if (chunked) {
    auto [error, bytes] = co_await asio::async_write(stream, bhttp::make_chunk(asio::buffer(text)),
                                                     asio::as_tuple(use_awaitable));
    co_return !error;
  }
  auto [error, bytes] =
      co_await asio::async_write(stream, asio::buffer(text), asio::as_tuple(use_awaitable));
  co_return !error;
}

// False if the client is gone: it has nothing to say any more.
asio::awaitable<bool> wait_for_next(beast::tcp_stream& stream, int64_t interval_ms) {
  using asio::experimental::awaitable_operators::operator||;
  asio::steady_timer timer(stream.get_executor(), std::chrono::milliseconds(interval_ms));
  const auto first = co_await (
      timer.async_wait(asio::as_tuple(use_awaitable)) ||
      stream.socket().async_wait(asio::ip::tcp::socket::wait_read, asio::as_tuple(use_awaitable)));
  co_return first.index() == 0;
}

}  // namespace

asio::awaitable<void> send_events(beast::tcp_stream& stream, asio::thread_pool& readers,
                                  EventSource source, unsigned version, int timeout_seconds) {
  const auto limit = std::chrono::seconds(timeout_seconds);
  const bool chunked = version >= 11;
  stream.expires_after(limit);
  if (!co_await send_head(stream, version)) co_return;
  while (true) {
    const std::optional<std::string> event =
        co_await asio::co_spawn(readers, next_event(source), use_awaitable);
    stream.expires_after(limit);
    if (!event) break;
    if (!co_await send_text(stream, "data: " + *event + "\n\n", chunked)) co_return;
    stream.expires_never();
    if (!co_await wait_for_next(stream, source.interval_ms)) co_return;
  }
  if (chunked) {
    (void)co_await asio::async_write(stream, bhttp::make_chunk_last(),
                                     asio::as_tuple(use_awaitable));
  }
  boost::system::error_code ignored;
  stream.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

}  // namespace dataflow::http
