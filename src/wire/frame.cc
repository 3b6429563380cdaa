#include "wire/frame.h"

namespace dataflow::wire {

Result<RequestHeader> read_request_header(Reader& frame) {
  Reader probe = frame;
  int16_t key = 0;
  int16_t version = 0;
  if (!probe.read_int16(key) || !probe.read_int16(version)) {
    (void)probe.fail_at("api_key");
    return probe.error(RequestHeader::kName, RequestHeader::kMinVersion);
  }
  return RequestHeader::decode(frame, request_header_version(static_cast<ApiKey>(key), version));
}

}  // namespace dataflow::wire
