// One POST over HTTP/1.1, as the HTTP sink makes it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace dataflow::connect {

struct HttpUrl {
  std::string host;  // an IPv6 address without its brackets
  uint16_t port = 80;
  std::string target;     // the path and what is behind it
  std::string authority;  // as the Host header says it
};

// kInvalid says what is wrong; kUnsupported for https.
Result<HttpUrl> parse_http_url(std::string_view text);

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpPostAnswer {
  int status = 0;
  std::string body;                       // its beginning
  std::optional<int64_t> retry_after_ms;  // what the server asked for
};

// What a complete answer says; kCorrupt if it is none. `bytes` is all that came before the end of
// the connection.
Result<HttpPostAnswer> parse_http_answer(std::string_view bytes);

// Used from one thread at a time.
class HttpSender {
 public:
  virtual ~HttpSender() = default;
  // Whether anything arrived is not known after an error.
  virtual Result<HttpPostAnswer> post(const HttpHeaders& headers, std::string_view body) = 0;
};

// A connection for each request, over at the latest after `timeout_ms`; kCancelled soon after it is
// interrupted.
std::unique_ptr<HttpSender> make_http_sender(HttpUrl url, int64_t timeout_ms,
                                             std::stop_token interrupted);

}  // namespace dataflow::connect
