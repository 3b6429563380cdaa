// A request as its handler sees it, and the table that says which handler it has.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "reply.h"
#include "wire/api.h"
#include "wire/reader.h"

namespace dataflow::kafka {

struct Broker;

// Both ends of the connection, as text.
struct ClientAddress {
  std::string peer_host;
  uint16_t peer_port = 0;
  std::string local_host;
  uint16_t local_port = 0;
};

// Everything but `broker` and `reply` lives only while the handler runs.
struct Request {
  Broker& broker;
  const ClientAddress& client;
  const wire::ApiRange& api;
  std::string_view client_id;
  std::span<char> body;
  Reply reply;

  int16_t version() const { return reply.version(); }
  std::string_view body_view() const { return {body.data(), body.size()}; }

  // Nothing, and the connection refused, if the body is no such message. Bytes behind the message
  // are passed over, as Kafka does.
  template <class Message>
  std::optional<Message> decode() const {
    wire::Reader in(body_view());
    Result<Message> message = Message::decode(in, version());
    if (message.ok()) return std::move(message).value();
    reply.refuse(message.status().message());
    return std::nullopt;
  }
};

// Runs on the connection's io thread and must not block; sees to it that reply is answered once.
using Handler = void (*)(Request& request);

// What is in front of every request's body.
struct RequestHead {
  int16_t api_key = 0;
  int16_t api_version = 0;
  int32_t correlation = 0;
  std::string_view client_id;
  size_t size = 0;  // the body starts here
};

inline constexpr size_t kMinRequestBytes = 10;  // the head with a null client id

// kCorrupt if the bytes end within it. An ApiVersions request of a version that we do not have is
// read as far as all versions are alike.
Result<RequestHead> parse_request_head(std::string_view frame);

// nullptr if no request of that key is served.
Handler find_handler(int16_t api_key);
// Whether the handlers are exactly those that wire's table promises.
Status check_handlers();

}  // namespace dataflow::kafka
