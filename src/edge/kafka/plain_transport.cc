#include "plain_transport.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <utility>

namespace dataflow::kafka {

namespace asio = boost::asio;

namespace {

IoOutcome outcome_of(ssize_t moved) {
  if (moved >= 0) return {IoState::kDone, static_cast<size_t>(moved), 0};
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
    return {IoState::kWouldBlock, 0, 0};
  return {IoState::kFailed, 0, errno};
}

class PlainTransport final : public Transport {
 public:
  PlainTransport(asio::ip::tcp::socket socket, int descriptor)
      : socket_(std::move(socket)), descriptor_(descriptor) {}

  IoOutcome read(std::span<char> into) override {
    IoOutcome outcome = outcome_of(::recv(descriptor_, into.data(), into.size(), MSG_DONTWAIT));
    if (outcome.state == IoState::kDone && outcome.bytes == 0) outcome.state = IoState::kEnd;
    return outcome;
  }

  IoOutcome write(std::span<const iovec> parts, bool more) override {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(parts.data());
    message.msg_iovlen = parts.size();
    int flags = MSG_NOSIGNAL | MSG_DONTWAIT | (more ? MSG_MORE : 0);
    return outcome_of(::sendmsg(descriptor_, &message, flags));
  }

  bool can_send_files() const override { return true; }

  IoOutcome send_file(int file, uint64_t position, size_t bytes) override {
    off_t offset = static_cast<off_t>(position);
    IoOutcome outcome = outcome_of(::sendfile(descriptor_, file, &offset, bytes));
    if (outcome.state == IoState::kDone && outcome.bytes == 0) outcome.state = IoState::kEnd;
    return outcome;
  }

  void wait_readable(std::shared_ptr<TransportEvents> events) override {
    socket_.async_wait(asio::ip::tcp::socket::wait_read,
                       [events = std::move(events)](const boost::system::error_code& error) {
                         if (!error) events->on_readable();
                       });
  }

  void wait_writable(std::shared_ptr<TransportEvents> events) override {
    socket_.async_wait(asio::ip::tcp::socket::wait_write,
                       [events = std::move(events)](const boost::system::error_code& error) {
                         if (!error) events->on_writable();
                       });
  }

  void close() override {
    boost::system::error_code ignored;
    socket_.close(ignored);
  }

 private:
  asio::ip::tcp::socket socket_;
  const int descriptor_;
};

SocketAddress to_address(const sockaddr_storage& raw) {
  char text[INET6_ADDRSTRLEN] = {};
  if (raw.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(raw);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return {text, ntohs(v4.sin_port)};
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(raw);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    ::inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text, sizeof text);
  } else {
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  }
  return {text, ntohs(v6.sin6_port)};
}

}  // namespace

std::string SocketAddress::to_string() const {
  bool bracket = host.find(':') != std::string::npos;
  return (bracket ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

SocketAddress local_address(int descriptor) {
  sockaddr_storage raw{};
  socklen_t size = sizeof raw;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&raw), &size) != 0) return {};
  return to_address(raw);
}

SocketAddress peer_address(int descriptor) {
  sockaddr_storage raw{};
  socklen_t size = sizeof raw;
  if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&raw), &size) != 0) return {};
  return to_address(raw);
}

Result<std::unique_ptr<Transport>> make_plain_transport(asio::io_context& context, int descriptor) {
  sockaddr_storage raw{};
  socklen_t size = sizeof raw;
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&raw), &size);
  auto protocol = raw.ss_family == AF_INET6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4();

  asio::ip::tcp::socket socket(context);
  boost::system::error_code error;
  socket.assign(protocol, descriptor, error);
  if (error) {
    ::close(descriptor);
    return Status::io_error("taking over an accepted connection: " + error.message());
  }
  socket.set_option(asio::ip::tcp::no_delay(true), error);
  socket.set_option(asio::socket_base::keep_alive(true), error);
  socket.native_non_blocking(true, error);
  if (error) return Status::io_error("setting up an accepted connection: " + error.message());
  return std::unique_ptr<Transport>(
      std::make_unique<PlainTransport>(std::move(socket), descriptor));
}

}  // namespace dataflow::kafka
