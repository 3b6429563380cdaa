#include "socket.h"

#include <cerrno>
#include <climits>
#include <cstring>
#include <memory>
#include <utility>

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace dataflow::wire {

namespace {

constexpr int64_t kNanosInMilli = 1'000'000;

std::string errno_words(int error) { return std::strerror(error); }

Status timed_out(std::string_view doing) {
  return Status::timed_out(std::string(doing) +
                           ": no answer within the timeout; allow more time, or see "
                           "whether the server hangs");
}

struct AddressListFree {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using AddressList = std::unique_ptr<addrinfo, AddressListFree>;

Result<AddressList> resolve(const std::string& host, uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (error != 0) {
    return Status::unavailable("resolving the host name " + host + ": " + ::gai_strerror(error) +
                               "; check its spelling");
  }
  return AddressList(list);
}

// 0, or the errno of the connection that failed.
int finish_connecting(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

}  // namespace

int Deadline::remaining_millis() const {
  int64_t left = at_ - env_->monotonic_nanos();
  if (left <= 0) return 0;
  int64_t millis = (left + kNanosInMilli - 1) / kNanosInMilli;
  return millis > INT_MAX ? INT_MAX : static_cast<int>(millis);
}

Socket::~Socket() {
  if (fd_ >= 0) ::close(fd_);
}

Socket::Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Socket& Socket::operator=(Socket&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Result<Socket> Socket::connect(const std::string& host, uint16_t port, const Deadline& deadline) {
  std::string doing = "connecting to " + host + ":" + std::to_string(port);
  DF_ASSIGN_OR_RETURN(AddressList addresses, resolve(host, port));
  std::string problem = "the host has no address";
  for (addrinfo* address = addresses.get(); address != nullptr; address = address->ai_next) {
    Socket socket(::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (socket.fd_ < 0) {
      problem = errno_words(errno);
      continue;
    }
    int error = ::connect(socket.fd_, address->ai_addr, address->ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS || error == EINTR) {
      Status ready = socket.wait(POLLOUT, deadline);
      if (!ready.ok()) return ready.with_context(doing);
      error = finish_connecting(socket.fd_);
    }
    if (error == 0) {
      int on = 1;
      ::setsockopt(socket.fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      return socket;
    }
    problem = errno_words(error);
  }
  return Status::unavailable(
      doing + ": " + problem +
      "; start a server there (`dataflow-cli emulator start`) or give the address "
      "of one that runs");
}

Status Socket::wait(short events, const Deadline& deadline) const {
  pollfd entry{fd_, events, 0};
  while (true) {
    int ready = ::poll(&entry, 1, deadline.remaining_millis());
    if (ready > 0) return {};
    if (ready == 0) return timed_out("waiting for the network");
    if (errno != EINTR) return Status::io_error("waiting for the network: " + errno_words(errno));
  }
}

Status Socket::send_all(std::string_view bytes, const Deadline& deadline) {
  while (!bytes.empty()) {
    ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      DF_RETURN_IF_ERROR(wait(POLLOUT, deadline));
    } else if (errno != EINTR) {
      return Status::unavailable("sending: " + errno_words(errno));
    }
  }
  return {};
}

Result<size_t> Socket::receive_some(std::span<char> out, const Deadline& deadline) {
  while (true) {
    ssize_t received = ::recv(fd_, out.data(), out.size(), 0);
    if (received > 0) return static_cast<size_t>(received);
    if (received == 0) return Status::unavailable("receiving: the server closed the connection");
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      DF_RETURN_IF_ERROR(wait(POLLIN, deadline));
    } else if (errno != EINTR) {
      return Status::unavailable("receiving: " + errno_words(errno));
    }
  }
}

}  // namespace dataflow::wire
