#include "cli/http_get.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "base/env.h"
#include "cli/interrupt.h"

namespace dataflow::cli {
namespace {

class HttpConnection {
 public:
  explicit HttpConnection(const HttpCall& call)
      : call_(call), end_nanos_(posix_env().monotonic_nanos() + call.timeout_ms * 1'000'000) {}
  ~HttpConnection() {
    if (fd_ >= 0) ::close(fd_);
  }
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  Status connect(const Address& server);
  Status send(std::string_view bytes);
  // Until the server closes.
  Result<std::string> receive_all();

 private:
  Status connect_to(const addrinfo& address);
  Status wait(short events);

  int fd_ = -1;
  const HttpCall& call_;
  int64_t end_nanos_;
};

Status HttpConnection::wait(short events) {
  while (true) {
    const int64_t left = (end_nanos_ - posix_env().monotonic_nanos()) / 1'000'000;
    // A descriptor of -1 is left out of account by poll().
    pollfd entries[2] = {{fd_, events, 0}, {call_.wake_fd, POLLIN, 0}};
    const int ready = left > 0 ? ::poll(entries, 2, static_cast<int>(left)) : 0;
    if (ready > 0) return entries[0].revents != 0 ? Status() : Status::cancelled("woken");
    if (ready == 0) return Status::timed_out("no answer in time");
    if (errno != EINTR) return Status::io_error(std::strerror(errno));
    if (call_.until_interrupt && interrupted()) return Status::cancelled("interrupted");
  }
}

Status HttpConnection::connect_to(const addrinfo& address) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = ::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return Status::io_error(std::strerror(errno));
  if (::connect(fd_, address.ai_addr, address.ai_addrlen) == 0) return {};
  if (errno != EINPROGRESS) return Status::unavailable(std::strerror(errno));
  DF_RETURN_IF_ERROR(wait(POLLOUT));
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
  return error == 0 ? Status() : Status::unavailable(std::strerror(error));
}

Status HttpConnection::connect(const Address& server) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int problem =
      getaddrinfo(server.host.c_str(), std::to_string(server.port).c_str(), &hints, &found);
  if (problem != 0) return Status::unavailable(gai_strerror(problem));
  Status last = Status::unavailable("the name has no address");
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    last = connect_to(*at);
    if (last.ok()) break;
  }
  freeaddrinfo(found);
  return last;
}

Status HttpConnection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
    } else if (errno == EAGAIN) {
      DF_RETURN_IF_ERROR(wait(POLLOUT));
    } else if (errno != EINTR) {
      return Status::unavailable(std::strerror(errno));
    }
  }
  return {};
}

Result<std::string> HttpConnection::receive_all() {
  std::string all;
  char chunk[16 << 10];
  while (all.size() < call_.most_bytes) {
    const ssize_t got = ::recv(fd_, chunk, sizeof chunk, 0);
    if (got == 0) return all;
    if (got > 0) {
      all.append(chunk, static_cast<size_t>(got));
    } else if (errno == EAGAIN) {
      DF_RETURN_IF_ERROR(wait(POLLIN));
    } else if (errno != EINTR) {
      return Status::unavailable(std::strerror(errno));
    }
  }
  return Status::too_large("the answer is over " + std::to_string(call_.most_bytes) + " bytes");
}

Result<HttpAnswer> parse_answer(std::string_view text) {
  const size_t end = text.find("\r\n\r\n");
  HttpAnswer answer;
  const bool http =
      text.starts_with("HTTP/1.") && text.size() > 12 && end != std::string_view::npos;
  if (http) std::from_chars(text.data() + 9, text.data() + 12, answer.status);
  if (answer.status == 0) return Status::corrupt("what listens there does not speak HTTP");
  answer.body = std::string(text.substr(end + 4));
  return answer;
}

}  // namespace

Result<HttpAnswer> http_call(const Address& server, const HttpCall& call) {
  HttpConnection connection(call);
  DF_RETURN_IF_ERROR(connection.connect(server));
  std::string head = call.method + " " + call.path + " HTTP/1.0\r\nHost: " + server.to_string() +
                     "\r\nAccept: application/json\r\nConnection: close\r\n";
  if (call.method != "GET") head += "Content-Length: " + std::to_string(call.body.size()) + "\r\n";
  if (!call.body.empty()) head += "Content-Type: application/json\r\n";
  DF_RETURN_IF_ERROR(connection.send(head + "\r\n" + call.body));
  DF_ASSIGN_OR_RETURN(std::string bytes, connection.receive_all());
  return parse_answer(bytes);
}

Result<HttpAnswer> http_request(const Address& server, const std::string& method,
                                const std::string& path, const std::string& body,
                                int64_t timeout_ms) {
  HttpCall call;
  call.method = method;
  call.path = path;
  call.body = body;
  call.timeout_ms = timeout_ms;
  return http_call(server, call);
}

Result<HttpAnswer> http_get(const Address& server, const std::string& path, int64_t timeout_ms) {
  return http_request(server, "GET", path, "", timeout_ms);
}

}  // namespace dataflow::cli
