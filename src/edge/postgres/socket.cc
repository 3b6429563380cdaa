#include "socket.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstring>
#include <memory>

namespace dataflow::postgres {
namespace {

constexpr int kBacklog = 1024;

Status listen_error(const std::string& address, int error) {
  const std::string doing = "listening for PostgreSQL clients on " + address + ": ";
  if (error == EADDRINUSE) {
    return Status::already_exists(doing +
                                  "another process listens there already; stop it, or choose "
                                  "another port with --postgres-listen (port 0 takes a free one)");
  }
  if (error == EADDRNOTAVAIL) {
    return Status::invalid(doing + "this machine has no such address");
  }
  return Status::io_error(doing + std::strerror(error));
}

void set_option(int socket, int level, int name, int value) {
  ::setsockopt(socket, level, name, &value, sizeof value);
}

// 0: none.
void set_timeout(int socket, int name, std::chrono::microseconds time) {
  const auto micros = time.count();
  const timeval limit{static_cast<time_t>(micros / 1'000'000),
                      static_cast<suseconds_t>(micros % 1'000'000)};
  ::setsockopt(socket, SOL_SOCKET, name, &limit, sizeof limit);
}

}  // namespace

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

Result<Descriptor> listen_on(const std::string& host, uint16_t port) {
  const std::string address = host + ":" + std::to_string(port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (failed != 0) {
    return Status::invalid("listening for PostgreSQL clients on " + address + ": " +
                           ::gai_strerror(failed));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, &::freeaddrinfo);
  Descriptor socket(::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) return listen_error(address, errno);
  set_option(socket.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (::bind(socket.get(), found->ai_addr, found->ai_addrlen) != 0 ||
      ::listen(socket.get(), kBacklog) != 0) {
    return listen_error(address, errno);
  }
  return socket;
}

Result<uint16_t> port_of(const Descriptor& socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return Status::io_error(std::string("asking for a socket's port: ") + std::strerror(errno));
  }
  const in_port_t port = address.ss_family == AF_INET6
                             ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                             : reinterpret_cast<const sockaddr_in&>(address).sin_port;
  return ntohs(port);
}

SocketWire::SocketWire(Descriptor socket, int64_t login_timeout_ms)
    : socket_(std::move(socket)),
      login_by_(std::chrono::steady_clock::now() + std::chrono::milliseconds(login_timeout_ms)) {
  set_option(descriptor(), IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(descriptor(), SOL_SOCKET, SO_KEEPALIVE, 1);
  set_timeout(descriptor(), SO_SNDTIMEO, std::chrono::milliseconds(login_timeout_ms));
}

void SocketWire::session_began() {
  login_by_.reset();
  set_timeout(descriptor(), SO_RCVTIMEO, {});
  set_timeout(descriptor(), SO_SNDTIMEO, {});
}

Result<size_t> SocketWire::read(std::span<char> out) {
  while (true) {
    if (login_by_) {
      // Of all reads together: one byte at a time gains nothing.
      const auto left = std::chrono::duration_cast<std::chrono::microseconds>(
          *login_by_ - std::chrono::steady_clock::now());
      if (left.count() <= 0) return Status::timed_out("the client has not begun a session");
      set_timeout(descriptor(), SO_RCVTIMEO, left);
    }
    const ssize_t count = ::recv(descriptor(), out.data(), out.size(), 0);
    if (count >= 0) return static_cast<size_t>(count);
    if (errno == EINTR) continue;
    return Status::io_error(std::string("reading from a PostgreSQL client: ") +
                            std::strerror(errno));
  }
}

bool SocketWire::has_more_within(int64_t wait_ms) {
  pollfd waits{descriptor(), POLLIN, 0};
  return ::poll(&waits, 1, static_cast<int>(wait_ms)) != 0;
}

Status SocketWire::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(descriptor(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0) {
      bytes.remove_prefix(static_cast<size_t>(count));
    } else if (errno != EINTR) {
      return Status::io_error(std::string("writing to a PostgreSQL client: ") +
                              std::strerror(errno));
    }
  }
  return {};
}

void SocketWire::shut_down() { ::shutdown(descriptor(), SHUT_RDWR); }

}  // namespace dataflow::postgres
