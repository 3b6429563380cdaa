#include "listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstring>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "base/logger.h"
#include "connection.h"
#include "plain_transport.h"

namespace dataflow::kafka {

namespace asio = boost::asio;

namespace {

constexpr int kBacklog = 1024;
constexpr int kAcceptsPerTurn = 64;
constexpr int64_t kDetourLogIntervalMs = 3'600'000;

class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  ~Socket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  int get() const { return descriptor_; }
  int release() { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_;
};

Status bind_error(const std::string& address, int error) {
  std::string doing = "listening for Kafka clients on " + address + ": ";
  if (error == EADDRINUSE) {
    return Status::already_exists(doing +
                                  "another process listens there already; stop it, or choose "
                                  "another port with --kafka-listen (port 0 takes a free one)");
  }
  if (error == EADDRNOTAVAIL) {
    return Status::invalid(doing + "this machine has no such address");
  }
  return Status::io_error(doing + std::strerror(error));
}

Result<Socket> listen_on(const std::string& host, uint16_t port, int send_buffer) {
  std::string address = SocketAddress{host, port}.to_string();
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  int failed = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (failed != 0) {
    return Status::invalid("listening for Kafka clients on " + address + ": " +
                           ::gai_strerror(failed));
  }
  std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, &::freeaddrinfo);
  Socket socket(::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) return bind_error(address, errno);
  int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  // Accepted connections take it over.
  if (send_buffer > 0) {
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
  }
  if (::bind(socket.get(), found->ai_addr, found->ai_addrlen) != 0)
    return bind_error(address, errno);
  if (::listen(socket.get(), kBacklog) != 0) return bind_error(address, errno);
  return socket;
}

class PlainListener final : public Listener, public std::enable_shared_from_this<PlainListener> {
 public:
  PlainListener(std::shared_ptr<Broker> broker, std::vector<std::shared_ptr<IoThread>> threads,
                Socket socket)
      : broker_(std::move(broker)),
        threads_(std::move(threads)),
        port_(local_address(socket.get()).port),
        socket_(threads_[0]->context(), socket.release()),
        pause_(threads_[0]->context()) {}

  uint16_t port() const override { return port_; }
  void start() override { wait(); }

  void close() override {
    std::promise<void> closed;
    threads_[0]->post([this, &closed] {
      boost::system::error_code ignored;
      socket_.close(ignored);
      pause_.cancel();
      closed.set_value();
    });
    closed.get_future().wait();
  }

 private:
  void wait() {
    socket_.async_wait(asio::posix::stream_descriptor::wait_read,
                       [self = shared_from_this()](const boost::system::error_code& error) {
                         if (!error && self->socket_.is_open()) self->accept_some();
                       });
  }

  void accept_some() {
    for (int i = 0; i < kAcceptsPerTurn; ++i) {
      int descriptor =
          ::accept4(socket_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (descriptor >= 0) {
        take(descriptor);
        continue;
      }
      if (errno == EAGAIN || errno == EWOULDBLOCK) break;
      if (errno == ECONNABORTED || errno == EINTR) continue;
      return pause(errno);
    }
    wait();
  }

  // Out of descriptors or memory: what waits in the backlog is taken once some are free again.
  void pause(int error) {
    log_limited(
        "kafka-accept", LogLevel::kError, "cannot accept a Kafka client's connection",
        {{"reason", std::strerror(error)}, {"connections", broker_->metrics.open_connections()}});
    pause_.expires_after(std::chrono::milliseconds(100));
    pause_.async_wait([self = shared_from_this()](const boost::system::error_code& cancelled) {
      if (!cancelled && self->socket_.is_open()) self->wait();
    });
  }

  void take(int descriptor) {
    SocketAddress peer = peer_address(descriptor);
    if (broker_->metrics.open_connections() >=
        static_cast<int64_t>(broker_->options.max_connections)) {
      log_limited("kafka-connections", LogLevel::kWarn, "refused a Kafka client's connection",
                  {{"peer", peer.to_string()},
                   {"reason", "the limit of open connections is reached"},
                   {"limit", broker_->options.max_connections}});
      ::close(descriptor);
      return;
    }
    SocketAddress local = local_address(descriptor);
    explain_detour(local);
    ClientAddress address{std::move(peer.host), peer.port, std::move(local.host), local.port};
    broker_->metrics.connection_opened();
    auto thread = threads_[next_++ % threads_.size()];
    thread->post([broker = broker_, thread, descriptor, address = std::move(address)]() mutable {
      auto transport = make_plain_transport(thread->context(), descriptor);
      if (!transport.ok()) {
        broker->metrics.connection_closed();
        return log_warn("lost a Kafka client's connection", {{"reason", transport.status()}});
      }
      std::make_shared<Connection>(thread, std::move(broker), std::move(transport).value(),
                                   std::move(address))
          ->start();
    });
  }

  // Clients do all their work on the address that they are told; one that is wrong looks to them as
  // if the server did not answer, so its name belongs in the log.
  void explain_detour(const SocketAddress& local) {
    const KafkaOptions& options = broker_->options;
    SocketAddress told{options.advertised_host.empty() ? local.host : options.advertised_host,
                       options.advertised_port == 0 ? local.port : options.advertised_port};
    if (told.host == local.host && told.port == local.port) return;
    log_limited("kafka-advertised", LogLevel::kInfo,
                "Kafka clients that come here are told to go on at another address, as configured",
                {{"came_to", local.to_string()}, {"told", told.to_string()}}, kDetourLogIntervalMs);
  }

  const std::shared_ptr<Broker> broker_;
  const std::vector<std::shared_ptr<IoThread>> threads_;
  const uint16_t port_;
  asio::posix::stream_descriptor socket_;
  asio::steady_timer pause_;
  size_t next_ = 0;
};

}  // namespace

Result<std::shared_ptr<Listener>> Listener::open(std::shared_ptr<Broker> broker,
                                                 std::vector<std::shared_ptr<IoThread>> threads) {
  DF_ASSIGN_OR_RETURN(Socket socket, listen_on(broker->options.host, broker->options.port,
                                               broker->options.send_buffer_bytes));
  return std::shared_ptr<Listener>(
      std::make_shared<PlainListener>(std::move(broker), std::move(threads), std::move(socket)));
}

}  // namespace dataflow::kafka
