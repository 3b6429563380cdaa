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

// kUnavailable if nobody listens there, kTimedOut, kCorrupt for what is no HTTP.
Result<HttpAnswer> http_get(const Address& server, const std::string& path, int64_t timeout_ms);
// With `body` as JSON where it is not empty.
Result<HttpAnswer> http_request(const Address& server, const std::string& method,
                                const std::string& path, const std::string& body,
                                int64_t timeout_ms);

}  // namespace dataflow::cli
