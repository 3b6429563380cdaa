// The HTTP sink's connections.
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "http_post.h"

namespace dataflow::connect {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMostAnswer = 1 << 20;
constexpr int64_t kLookMs = 100;  // between two looks at whether it is interrupted

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

 private:
  const int fd_;
};

Status failed(const char* what, int error) {
  return Status::unavailable(std::string(what) + ": " + std::strerror(error));
}

class TcpHttpSender final : public HttpSender {
 public:
  TcpHttpSender(HttpUrl url, int64_t timeout_ms, std::stop_token interrupted)
      : url_(std::move(url)), timeout_ms_(timeout_ms), interrupted_(std::move(interrupted)) {}

  Result<HttpPostAnswer> post(const HttpHeaders& headers, std::string_view body) override {
    deadline_ = Clock::now() + std::chrono::milliseconds(timeout_ms_);
    DF_ASSIGN_OR_RETURN(const std::unique_ptr<Socket> socket, connect());
    std::string request = "POST " + url_.target + " HTTP/1.1\r\nHost: " + url_.authority + "\r\n";
    for (const auto& [name, value] : headers) request += name + ": " + value + "\r\n";
    request += "Content-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n";
    request += body;
    // A server may answer, and close, before it has read all.
    const Status sent = send_all(*socket, request);
    const Result<std::string> bytes = receive_all(*socket);
    if (!bytes.ok()) return sent.ok() ? bytes.status() : sent;
    Result<HttpPostAnswer> answer = parse_http_answer(*bytes);
    if (!answer.ok() && !sent.ok()) return sent;
    return answer;
  }

 private:
  Status wait(const Socket& socket, short events, const char* what) const {
    while (true) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
      if (left <= 0) {
        return Status::timed_out(std::string(what) + " took longer than " +
                                 std::to_string(timeout_ms_) + " ms");
      }
      if (interrupted_.stop_requested())
        return Status::cancelled(std::string(what) + " is given up");
      pollfd one{socket.fd(), events, 0};
      const int ready = ::poll(&one, 1, static_cast<int>(std::min<int64_t>(left, kLookMs)));
      if (ready > 0) return {};
      if (ready < 0 && errno != EINTR) return failed(what, errno);
    }
  }

  Result<std::unique_ptr<Socket>> connect() const {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* found = nullptr;
    const std::string port = std::to_string(url_.port);
    const int error = ::getaddrinfo(url_.host.c_str(), port.c_str(), &hints, &found);
    if (error != 0) {
      return Status::unavailable("finding `" + url_.host + "`: " + ::gai_strerror(error));
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, &::freeaddrinfo);
    Status last = Status::unavailable("`" + url_.host + "` has no address");
    for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
      auto socket = std::make_unique<Socket>(
          ::socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      last = connect_to(*socket, *at);
      if (last.ok()) return socket;
    }
    return last;
  }

  Status connect_to(const Socket& socket, const addrinfo& to) const {
    if (socket.fd() < 0) return failed("opening a socket", errno);
    if (::connect(socket.fd(), to.ai_addr, to.ai_addrlen) == 0) return {};
    if (errno != EINPROGRESS) return failed("connecting", errno);
    DF_RETURN_IF_ERROR(wait(socket, POLLOUT, "connecting"));
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &error, &size);
    return error == 0 ? Status() : failed("connecting", error);
  }

  Status send_all(const Socket& socket, std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent > 0) {
        bytes.remove_prefix(static_cast<size_t>(sent));
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        DF_RETURN_IF_ERROR(wait(socket, POLLOUT, "sending"));
      } else if (errno != EINTR) {
        return failed("sending", errno);
      }
    }
    return {};
  }

  Result<std::string> receive_all(const Socket& socket) const {
    std::string bytes;
    char piece[4096];
    while (bytes.size() < kMostAnswer) {
      const ssize_t got = ::recv(socket.fd(), piece, sizeof piece, 0);
      if (got == 0) break;
      if (got > 0) {
        bytes.append(piece, static_cast<size_t>(got));
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        DF_RETURN_IF_ERROR(wait(socket, POLLIN, "the answer"));
      } else if (errno != EINTR) {
        // What came before may be the whole answer.
        if (bytes.empty()) return failed("reading the answer", errno);
        break;
      }
    }
    return bytes;
  }

  const HttpUrl url_;
  const int64_t timeout_ms_;
  const std::stop_token interrupted_;
  Clock::time_point deadline_;
};

}  // namespace

std::unique_ptr<HttpSender> make_http_sender(HttpUrl url, int64_t timeout_ms,
                                             std::stop_token interrupted) {
  return std::make_unique<TcpHttpSender>(std::move(url), timeout_ms, std::move(interrupted));
}

}  // namespace dataflow::connect
