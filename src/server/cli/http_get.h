// One HTTP request, for the server's own pages.
#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"
#include "base/units.h"

namespace dataflow::cli {

struct HttpAnswer {
  int status = 0;
  std::string body;
};

// What http_call() sends, and what ends it early.
struct HttpCall {
  std::string method = "GET";
  std::string path;
  std::string body;  // as JSON where it is not empty
  int64_t timeout_ms = 30'000;
  size_t most_bytes = 16 << 20;  // of the answer
  int wake_fd = -1;              // once something can be read here it ends with kCancelled
  bool until_interrupt = false;  // so it does once a signal was caught
};
Result<HttpAnswer> http_call(const Address& server, const HttpCall& call);

// kUnavailable if nobody listens there, kTimedOut, kCorrupt for what is no HTTP.
Result<HttpAnswer> http_get(const Address& server, const std::string& path, int64_t timeout_ms);
// With `body` as JSON where it is not empty.
Result<HttpAnswer> http_request(const Address& server, const std::string& method,
                                const std::string& path, const std::string& body,
                                int64_t timeout_ms);

}  // namespace dataflow::cli
