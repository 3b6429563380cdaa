#include "event_stream.h"

#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http.hpp>
#include <cerrno>
#include <chrono>

#include "base/logger.h"

namespace dataflow::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using asio::use_awaitable;

constexpr int64_t kIdleMs = 15000;

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

// What can be read is the end, and not the next request.
bool hung_up(beast::tcp_stream& stream) {
  char byte = 0;
  const ssize_t got = ::recv(stream.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

asio::awaitable<bool> send_head(beast::tcp_stream& stream, const Response& response,
                                unsigned version, bool keep) {
  bhttp::response<bhttp::empty_body> head{static_cast<bhttp::status>(response.status), version};
  head.set(bhttp::field::content_type, response.content_type);
  head.set(bhttp::field::cache_control, "no-cache");
  for (const auto& [name, value] : response.headers) head.set(name, value);
  head.keep_alive(keep);
  if (version >= 11) head.chunked(true);
  bhttp::response_serializer<bhttp::empty_body> serializer{head};
  auto [error, bytes] =
      co_await bhttp::async_write_header(stream, serializer, asio::as_tuple(use_awaitable));
  co_return !error;
}

// What a source throws ends its body, and no more.
asio::awaitable<BodyStream::Piece> next_piece(const BodyStream& source) {
  try {
    co_return source.next();
  } catch (const std::exception& thrown) {
    log_error("a response's body failed", {{"why", thrown.what()}});
  }
  co_return BodyStream::Piece{"", true, true};
}

}  // namespace

asio::awaitable<News> wait_for_news(beast::tcp_stream& stream, const Listen& listen,
                                    int64_t most_ms) {
  using asio::experimental::awaitable_operators::operator||;
  struct Awaited {
    asio::steady_timer timer;
    bool told = false;
  };
  const auto awaited = std::make_shared<Awaited>(
      Awaited{{stream.get_executor(), std::chrono::milliseconds(most_ms)}, false});
  const std::weak_ptr<Awaited> told = awaited;
  const std::shared_ptr<void> held = listen([told, executor = stream.get_executor()] {
    asio::post(executor, [told] {
      const auto waiting = told.lock();
      if (waiting == nullptr) return;
      waiting->told = true;
      // Also for who begins to wait behind this.
      waiting->timer.expires_at(std::chrono::steady_clock::time_point::min());
    });
  });
  stream.expires_never();
  const auto first = co_await (
      awaited->timer.async_wait(asio::as_tuple(use_awaitable)) ||
      stream.socket().async_wait(asio::ip::tcp::socket::wait_read, asio::as_tuple(use_awaitable)));
  if (first.index() == 1) {
    if (hung_up(stream)) co_return News::kClientIsGone;
    // The next request is there already: its client waits for this answer first.
    if (!awaited->told) (void)co_await awaited->timer.async_wait(asio::as_tuple(use_awaitable));
  }
  co_return awaited->told ? News::kTold : News::kTimeIsOver;
}

asio::awaitable<bool> send_stream(beast::tcp_stream& stream, asio::thread_pool& readers,
                                  Response response, unsigned version, bool keep,
                                  int timeout_seconds) {
  const auto limit = std::chrono::seconds(timeout_seconds);
  const bool chunked = version >= 11;
  const std::shared_ptr<BodyStream> source = response.stream;
  stream.expires_after(limit);
  if (!co_await send_head(stream, response, version, keep && chunked)) co_return false;
  while (true) {
    const BodyStream::Piece piece =
        co_await asio::co_spawn(readers, next_piece(*source), use_awaitable);
    stream.expires_after(limit);
    if (!piece.bytes.empty() && !co_await send_text(stream, piece.bytes, chunked)) co_return false;
    if (piece.cut) co_return false;
    if (piece.last) break;
    if (hung_up(stream)) co_return false;
    if (!piece.bytes.empty()) continue;
    const News news = co_await wait_for_news(stream, source->listen, kIdleMs);
    if (news == News::kClientIsGone) co_return false;
    stream.expires_after(limit);
    if (news == News::kTold || source->idle_bytes.empty()) continue;
    if (!co_await send_text(stream, source->idle_bytes, chunked)) co_return false;
  }
  if (!chunked) co_return false;
  auto [error, bytes] =
      co_await asio::async_write(stream, bhttp::make_chunk_last(), asio::as_tuple(use_awaitable));
  co_return !error && keep;
}

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
