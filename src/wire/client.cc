#include "wire/client.h"

#include <algorithm>
#include <utility>

#include "socket.h"

namespace dataflow::wire {

namespace {

// The first version that tells a server who asks; one that is too new for a server is answered all
// the same, in version 0.
constexpr int16_t kFirstApiVersionsTry = 3;
constexpr size_t kLengthSize = 4;
// The length that a peer claims is not worth its memory before the bytes come.
constexpr size_t kFirstReceiveBuffer = 64 << 10;

}  // namespace

struct Client::Connection {
  Socket socket;
  // The frame that is coming in: its length first, then its bytes.
  char length_bytes[kLengthSize];
  size_t length_received = 0;
  std::string frame;
  size_t frame_received = 0;

  // Continues where a timeout stopped it; `length` is set once true is returned.
  Status receive_length(const Deadline& deadline, uint32_t& length) {
    while (length_received < kLengthSize) {
      DF_ASSIGN_OR_RETURN(size_t count, socket.receive_some({length_bytes + length_received,
                                                             kLengthSize - length_received},
                                                            deadline));
      length_received += count;
    }
    length = load_be32(length_bytes);
    return {};
  }

  Status receive_frame(const Deadline& deadline, uint32_t length) {
    while (frame_received < length) {
      if (frame_received == frame.size()) {
        frame.resize(std::min<size_t>(length, std::max(kFirstReceiveBuffer, 2 * frame.size())));
      }
      DF_ASSIGN_OR_RETURN(size_t count, socket.receive_some({frame.data() + frame_received,
                                                             frame.size() - frame_received},
                                                            deadline));
      frame_received += count;
    }
    return {};
  }

  std::string take_frame() {
    length_received = 0;
    frame_received = 0;
    return std::exchange(frame, {});
  }
};

Client::Client(std::unique_ptr<Connection> connection, std::string address, ClientOptions options)
    : connection_(std::move(connection)),
      address_(std::move(address)),
      options_(std::move(options)),
      client_id_(options_.client_id) {}

Client::~Client() = default;

Result<std::unique_ptr<Client>> Client::connect(const std::string& host, uint16_t port,
                                                Timeout timeout, ClientOptions options) {
  auto connection = std::make_unique<Connection>();
  DF_ASSIGN_OR_RETURN(connection->socket,
                      Socket::connect(host, port, Deadline(*options.env, timeout)));
  return std::unique_ptr<Client>(
      new Client(std::move(connection), host + ":" + std::to_string(port), std::move(options)));
}

int Client::descriptor() const { return connection_->socket.descriptor(); }

Status Client::give_up(const Status& status, std::string_view doing) {
  Status told = status.with_context(std::string(doing) + " " + address_);
  broken_ = told;
  return told;
}

Status Client::send_raw(std::string_view bytes, Timeout timeout) {
  DF_RETURN_IF_ERROR(broken_);
  Status sent = connection_->socket.send_all(bytes, Deadline(*options_.env, timeout));
  if (!sent.ok()) return give_up(sent, "talking to");
  return {};
}

Status Client::send_outgoing(std::string_view message, Timeout timeout) {
  if (!outgoing_.status().ok()) return outgoing_.status().with_context(message);
  if (!outgoing_.external_marks().empty()) {
    return Status::invalid("sending " + std::string(message) +
                           ": a client has no external records; give it bytes");
  }
  return send_raw(outgoing_.view(), timeout);
}

Result<std::string> Client::receive_raw(Timeout timeout) {
  DF_RETURN_IF_ERROR(broken_);
  Deadline deadline(*options_.env, timeout);
  uint32_t length = 0;
  Status status = connection_->receive_length(deadline, length);
  if (status.ok() && length > options_.max_frame_bytes) {
    status = Status::corrupt(
        "receiving: the answer claims " + std::to_string(length) + " bytes, and the limit is " +
        std::to_string(options_.max_frame_bytes) + "; is this a Kafka server?");
  }
  if (status.ok()) status = connection_->receive_frame(deadline, length);
  if (status.code() == StatusCode::kTimedOut) return status.with_context("waiting for " + address_);
  if (!status.ok()) return give_up(status, "talking to");
  return connection_->take_frame();
}

Result<ReceivedFrame> Client::receive(Timeout timeout) {
  if (unanswered_.empty())
    return Status::invalid("receiving from " + address_ + ": no request waits for an answer");
  ReceivedFrame frame;
  DF_ASSIGN_OR_RETURN(frame.bytes, receive_raw(timeout));
  Unanswered expected = unanswered_.front();
  unanswered_.pop_front();
  Reader in(frame.bytes);
  auto header = ResponseHeader::decode(in, response_header_version(expected.key, expected.version));
  if (!header.ok()) return give_up(header.status(), "talking to");
  if (header->correlation_id != expected.correlation_id) {
    return give_up(
        Status::corrupt("the answer has correlation id " + std::to_string(header->correlation_id) +
                        " where " + std::to_string(expected.correlation_id) + " was due"),
        "talking to");
  }
  frame.correlation_id = expected.correlation_id;
  frame.key = expected.key;
  frame.version = expected.version;
  frame.body_start = in.position();
  return frame;
}

Status Client::receive_answer(int32_t correlation_id, Timeout timeout) {
  do {
    DF_ASSIGN_OR_RETURN(last_answer_, receive(timeout));
  } while (last_answer_.correlation_id != correlation_id);
  return {};
}

Status Client::negotiate(Timeout timeout) {
  ApiVersionsRequest request;
  request.client_software_name = "dataflow";
  request.client_software_version = DATAFLOW_VERSION;
  DF_ASSIGN_OR_RETURN(int32_t correlation_id, send(request, kFirstApiVersionsTry, timeout));
  DF_RETURN_IF_ERROR(receive_answer(correlation_id, timeout));
  Reader peek(last_answer_.body());
  auto error = ErrorCode::kNone;
  if (peek.read_error(error) && error == ErrorCode::kUnsupportedVersion) last_answer_.version = 0;
  DF_ASSIGN_OR_RETURN(auto response, decode_response<ApiVersionsResponse>(last_answer_));
  if (last_answer_.version == 0 && response.api_keys.empty()) {
    DF_ASSIGN_OR_RETURN(response, call(request, 0, timeout));
  }
  bool usable = response.error_code == ErrorCode::kNone ||
                response.error_code == ErrorCode::kUnsupportedVersion;
  if (!usable || response.api_keys.empty()) {
    return Status::unsupported("asking " + address_ + " for its versions: " +
                               std::string(error_name(response.error_code)) + ": " +
                               std::string(error_message(response.error_code)));
  }
  server_apis_ = std::move(response.api_keys);
  return {};
}

int16_t Client::best_version(ApiKey key) const {
  const ApiRange& ours = api_range(key);
  for (const ApiVersionsResponse::Api& theirs : server_apis_) {
    if (theirs.api_key != static_cast<int16_t>(key)) continue;
    int16_t newest = std::min(ours.max, theirs.max_version);
    return newest >= std::max(ours.accepted_from, theirs.min_version) ? newest : int16_t{-1};
  }
  return -1;
}

Result<int16_t> Client::require_version(ApiKey key) const {
  int16_t version = best_version(key);
  if (version >= 0) return version;
  return Status::unsupported("calling " + std::string(api_name(key)) + " on " + address_ +
                             (server_apis_.empty()
                                  ? ": the versions were not negotiated"
                                  : ": the server offers no version that this client speaks"));
}

}  // namespace dataflow::wire
