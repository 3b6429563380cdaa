#include "edge/http/server.h"

#include <pthread.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/logger.h"
#include "event_stream.h"
#include "host_check.h"
#include "target.h"

namespace dataflow::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using tcp = asio::ip::tcp;
using asio::use_awaitable;

constexpr size_t kMaxHeaderBytes = 16 * 1024;

class BeastServer final : public Server {
 public:
  BeastServer(ServerOptions options, std::vector<Route> routes)
      : options_(std::move(options)),
        routes_(std::move(routes)),
        workers_(static_cast<size_t>(options_.workers)),
        waiting_(static_cast<size_t>(options_.workers)),
        readers_(static_cast<size_t>(options_.readers)),
        acceptor_(io_) {}
  ~BeastServer() override { stop(); }

  Status listen();
  uint16_t port() const override { return port_; }
  void stop() override;

 private:
  asio::awaitable<void> accept_all();
  asio::awaitable<void> serve(tcp::socket socket);
  asio::awaitable<Response> answer(const bhttp::request<bhttp::string_body>& in);
  bool is_meant_for_us(const bhttp::request<bhttp::string_body>& request) const;
  static asio::awaitable<Response> handle(const Route& route, const Request& request);
  static asio::awaitable<Response> made(const std::function<Response()>& answer);

  const ServerOptions options_;
  const std::vector<Route> routes_;
  asio::thread_pool& pool_of(const Route& route) {
    if (route.waits) return waiting_;
    return route.method == "GET" ? readers_ : workers_;
  }

  // These outlive what waits for them in io_.
  asio::thread_pool workers_;
  asio::thread_pool waiting_;
  asio::thread_pool readers_;
  asio::io_context io_{1};
  tcp::acceptor acceptor_;
  uint16_t port_ = 0;
  bool loopback_ = false;
  size_t connections_ = 0;
  std::thread thread_;
};

Status BeastServer::listen() {
  boost::system::error_code error;
  const asio::ip::address address = asio::ip::make_address(options_.host, error);
  if (error) {
    return Status::invalid("the " + options_.name + " listener's host `" + options_.host +
                           "` is not an IP address");
  }
  const tcp::endpoint endpoint(address, options_.port);
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    const bool taken = error == asio::error::address_in_use;
    return Status::unavailable("the " + options_.name + " listener cannot use " + options_.host +
                               ":" + std::to_string(options_.port) + ": " +
                               (taken ? "another process listens there already" : error.message()) +
                               "; stop it, or choose another port with --" + options_.name +
                               "-listen (port 0 takes a free one)");
  }
  port_ = acceptor_.local_endpoint().port();
  loopback_ = address.is_loopback();
  asio::co_spawn(io_, accept_all(), asio::detached);
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), options_.name.substr(0, 15).c_str());
    io_.run();
  });
  return {};
}

void BeastServer::stop() {
  if (!thread_.joinable()) return;
  io_.stop();
  thread_.join();
  // What is under way there finishes; its answers go nowhere.
  workers_.join();
  waiting_.join();
  readers_.join();
}

asio::awaitable<void> BeastServer::accept_all() {
  while (true) {
    auto [error, socket] = co_await acceptor_.async_accept(asio::as_tuple(use_awaitable));
    if (error) {
      if (error == asio::error::operation_aborted) co_return;
      log_limited("http-accept", LogLevel::kWarn, "accepting an HTTP connection failed",
                  {{"listener", options_.name}, {"why", error.message()}});
      // Out of descriptors: wait for one to be closed instead of trying in a circle.
      asio::steady_timer pause(io_, std::chrono::milliseconds(100));
      co_await pause.async_wait(asio::as_tuple(use_awaitable));
      continue;
    }
    if (connections_ >= options_.max_connections) continue;
    ++connections_;
    asio::co_spawn(io_, serve(std::move(socket)), [this](std::exception_ptr) { --connections_; });
  }
}

asio::awaitable<void> BeastServer::serve(tcp::socket socket) {
  beast::tcp_stream stream(std::move(socket));
  beast::flat_buffer buffer;
  while (true) {
    bhttp::request_parser<bhttp::string_body> parser;
    parser.header_limit(kMaxHeaderBytes);
    parser.body_limit(options_.max_body_bytes);
    stream.expires_after(std::chrono::seconds(options_.timeout_seconds));
    auto [error, bytes] =
        co_await bhttp::async_read(stream, buffer, parser, asio::as_tuple(use_awaitable));
    bhttp::response<bhttp::string_body> out;
    bool keep = false;
    if (error) {
      if (error.category() != bhttp::make_error_code(bhttp::error::bad_method).category() ||
          error == bhttp::error::end_of_stream || error == bhttp::error::partial_message) {
        co_return;
      }
      const bool large = error == bhttp::error::body_limit || error == bhttp::error::header_limit;
      Response r = problem(large ? 413 : 400, "Bad request", error.message());
      out.result(static_cast<unsigned>(r.status));
      out.set(bhttp::field::content_type, r.content_type);
      out.body() = std::move(r.body);
    } else {
      const auto& request = parser.get();
      keep = request.keep_alive();
      Response r = co_await answer(request);
      while (r.later) {
        const std::shared_ptr<LaterAnswer> later = r.later;
        const News news = co_await wait_for_news(stream, later->listen, later->most_ms);
        if (news == News::kClientIsGone) co_return;
        r = co_await asio::co_spawn(readers_, made(later->answer), use_awaitable);
      }
      if (r.events && request.method() != bhttp::verb::head) {
        co_await send_events(stream, readers_, std::move(*r.events), request.version(),
                             options_.timeout_seconds);
        co_return;
      }
      if (r.stream && request.method() != bhttp::verb::head) {
        if (co_await send_stream(stream, readers_, std::move(r), request.version(), keep,
                                 options_.timeout_seconds)) {
          continue;
        }
        boost::system::error_code ignored;
        stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
        co_return;
      }
      for (const auto& [name, value] : r.headers) out.set(name, value);
      out.version(request.version());
      out.result(static_cast<unsigned>(r.status));
      out.set(bhttp::field::content_type, r.content_type);
      out.body() = std::move(r.body);
      if (request.method() == bhttp::verb::head) {
        out.content_length(out.body().size());
        out.body().clear();
      }
    }
    out.keep_alive(keep);
    if (!out.has_content_length()) out.prepare_payload();
    // A worker may have taken its time.
    stream.expires_after(std::chrono::seconds(options_.timeout_seconds));
    auto [write_error, written] =
        co_await bhttp::async_write(stream, out, asio::as_tuple(use_awaitable));
    if (write_error || !keep) {
      boost::system::error_code ignored;
      stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
      co_return;
    }
  }
}

asio::awaitable<Response> BeastServer::handle(const Route& route, const Request& request) {
  // Whatever a handler lets go of ends its request, and no more.
  try {
    co_return route.handle(request);
  } catch (const std::exception& thrown) {
    log_error("a request failed", {{"path", request.path}, {"why", thrown.what()}});
  }
  co_return problem(500, "Internal Server Error",
                    "the server failed at this request; its log says more");
}

asio::awaitable<Response> BeastServer::made(const std::function<Response()>& answer) {
  try {
    co_return answer();
  } catch (const std::exception& thrown) {
    log_error("an answer failed", {{"why", thrown.what()}});
  }
  co_return problem(500, "Internal Server Error",
                    "the server failed at this request; its log says more");
}

// A page of another site that a browser shows must change nothing here.
bool comes_from_another_site(const bhttp::request<bhttp::string_body>& request) {
  if (request.method() == bhttp::verb::get || request.method() == bhttp::verb::head) return false;
  const auto sent = request[bhttp::field::origin];
  const std::string_view origin(sent.data(), sent.size());
  if (origin.empty()) return false;
  const size_t scheme = origin.find("://");
  const auto host = request[bhttp::field::host];
  return scheme == std::string_view::npos ||
         origin.substr(scheme + 3) != std::string_view(host.data(), host.size());
}

bool BeastServer::is_meant_for_us(const bhttp::request<bhttp::string_body>& request) const {
  if (!options_.allowed_hosts || !loopback_) return true;
  const auto host = request[bhttp::field::host];
  return host_is_ours({host.data(), host.size()}, options_.host, *options_.allowed_hosts);
}

asio::awaitable<Response> BeastServer::answer(const bhttp::request<bhttp::string_body>& in) {
  const std::string_view target(in.target().data(), in.target().size());
  const auto type = in[bhttp::field::content_type];
  Request request = request_of(target, {type.data(), type.size()});
  request.method = std::string(in.method_string());
  request.body = in.body();
  // A header that stands there twice is one list.
  for (auto [at, end] = in.equal_range(bhttp::field::accept); at != end; ++at) {
    request.accept += (request.accept.empty() ? "" : ", ") + std::string(at->value());
  }
  const std::string wanted = request.method == "HEAD" ? "GET" : request.method;
  const RouteMatch match = find_route(routes_, wanted, request);
  if ((match.route == nullptr || !match.route->any_host) && !is_meant_for_us(in)) {
    co_return problem(421, "Misdirected Request",
                      "the request is for `" + std::string(in[bhttp::field::host]) +
                          "`, which is no name of this server; where it is one (Host), add it to "
                          "the setting " +
                          options_.name + ".allowed_hosts");
  }
  if (match.route != nullptr && comes_from_another_site(in)) {
    co_return problem(403, "Forbidden", "a page of another site (Origin) may change nothing here");
  }
  if (match.route != nullptr && (match.route->blocks || match.route->waits)) {
    co_return co_await asio::co_spawn(pool_of(*match.route), handle(*match.route, request),
                                      use_awaitable);
  }
  if (match.route != nullptr) co_return match.route->handle(request);
  if (match.path_known) {
    co_return problem(405, "Method not allowed",
                      request.method + " is not possible on " + request.path +
                          "; possible: " + known_methods(routes_, request.path));
  }
  co_return problem(404, "Not found",
                    "there is nothing at " + request.path + "; known: " + known_paths(routes_));
}

}  // namespace

Response problem(int status, const std::string& title, const std::string& detail) {
  nlohmann::json body = {
      {"type", "about:blank"}, {"title", title}, {"status", status}, {"detail", detail}};
  return {status, "application/problem+json",
          body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"};
}

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, std::vector<Route> routes) {
  auto server = std::make_unique<BeastServer>(std::move(options), std::move(routes));
  DF_RETURN_IF_ERROR(server->listen());
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace dataflow::http
