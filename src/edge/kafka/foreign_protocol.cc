#include "foreign_protocol.h"

#include <array>

namespace dataflow::kafka {

namespace {

bool looks_like_http(std::string_view start) {
  constexpr std::array<std::string_view, 9> kStarts = {"GET ", "POST", "PUT ", "HEAD", "DELE",
                                                       "OPTI", "PATC", "PRI ", "HTTP"};
  for (std::string_view known : kStarts) {
    if (start.starts_with(known)) return true;
  }
  return false;
}

}  // namespace

std::string explain_bad_length(std::string_view start, int32_t length, size_t max_bytes) {
  if (looks_like_http(start)) {
    return "it speaks HTTP; this is the Kafka port, the HTTP API listens on another one";
  }
  if (start.starts_with("\x16\x03")) {
    return "it speaks TLS, and this port does not; set the client's security.protocol to PLAINTEXT";
  }
  if (start.starts_with("SSH-")) return "it speaks SSH; this is the Kafka port";
  std::string said = "it announces a request of " + std::to_string(length) + " bytes";
  if (length < 0 || static_cast<size_t>(length) <= max_bytes) {
    return said + ", which is too short to be one";
  }
  return said + "; the limit is " + std::to_string(max_bytes);
}

}  // namespace dataflow::kafka
