#include "request.h"

#include "base/bytes.h"

namespace dataflow::kafka {

// The client id keeps its two-byte length in every version of the header.
Result<RequestHead> parse_request_head(std::string_view frame) {
  if (frame.size() < kMinRequestBytes) return Status::corrupt("a request ends within its header");
  RequestHead head;
  head.api_key = static_cast<int16_t>(load_be16(frame.data()));
  head.api_version = static_cast<int16_t>(load_be16(frame.data() + 2));
  head.correlation = static_cast<int32_t>(load_be32(frame.data() + 4));
  int16_t length = static_cast<int16_t>(load_be16(frame.data() + 8));
  head.size = kMinRequestBytes;
  if (length < -1) return Status::corrupt("a request's client id has a negative length");
  if (length > 0) {
    if (static_cast<size_t>(length) > frame.size() - head.size) {
      return Status::corrupt("a request ends within its client id");
    }
    head.client_id = frame.substr(head.size, static_cast<size_t>(length));
    head.size += static_cast<size_t>(length);
  }

  const wire::ApiRange* api = wire::find_api(head.api_key);
  if (api == nullptr || !api->has(head.api_version)) return head;
  if (wire::request_header_version(api->key, head.api_version) < 2) return head;
  wire::Reader rest(frame.substr(head.size));
  if (!rest.skip_tags()) return Status::corrupt("a request ends within its header's tagged fields");
  head.size += rest.position();
  return head;
}

}  // namespace dataflow::kafka
