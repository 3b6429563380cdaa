// Frames: four bytes of length, a header, a message. What a server and a client write around
// messages.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/status.h"
#include "wire/api.h"
#include "wire/messages/headers.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace dataflow::wire {

// Appends a whole frame, length included. Afterwards writer.status() says whether it may be sent.
template <class Request>
void write_request_frame(Writer& out, const Request& request, int16_t version,
                         int32_t correlation_id, const std::optional<std::string>& client_id) {
  Writer::FrameStart start = out.begin_frame();
  RequestHeader header{static_cast<int16_t>(Request::kApiKey), version, correlation_id, client_id};
  header.encode(out, request_header_version(Request::kApiKey, version));
  request.encode(out, version);
  out.end_frame(start);
}

template <class Response>
void write_response_frame(Writer& out, const Response& response, int16_t version,
                          int32_t correlation_id) {
  Writer::FrameStart start = out.begin_frame();
  ResponseHeader{correlation_id}.encode(out, response_header_version(Response::kApiKey, version));
  response.encode(out, version);
  out.end_frame(start);
}

// Reads the header of any request, of an unknown API or version too (the first four bytes say which
// header version it is), and leaves the reader at the body. `frame` is without its length.
Result<RequestHeader> read_request_header(Reader& frame);

}  // namespace dataflow::wire
