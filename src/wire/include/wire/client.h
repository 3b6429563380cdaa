// A blocking client for one connection: the command line, the load generator and the tests speak to
// servers through it. Not for several threads at once.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"
#include "base/status.h"
#include "wire/api.h"
#include "wire/frame.h"
#include "wire/messages/api_versions.h"

namespace dataflow::wire {

struct ClientOptions {
  std::string client_id = "dataflow";
  // A longer answer is refused, and the connection with it.
  size_t max_frame_bytes = 256 << 20;
  Env* env = &posix_env();  // for its clock
};

// An answer that is not decoded yet. Records decoded from it are slices of `bytes`.
struct ReceivedFrame {
  int32_t correlation_id = 0;
  ApiKey key{};
  int16_t version = 0;
  std::string bytes;
  size_t body_start = 0;

  std::string_view body() const { return std::string_view(bytes).substr(body_start); }
};

// The message must be the frame's whole body. Its records need the frame to live on.
template <class Response>
Result<Response> decode_response(const ReceivedFrame& frame) {
  if (frame.key != Response::kApiKey) {
    return Status::invalid("decoding an answer to " + std::string(api_name(frame.key)) + " as " +
                           std::string(Response::kName));
  }
  Reader in(frame.body());
  DF_ASSIGN_OR_RETURN(Response response, Response::decode(in, frame.version));
  DF_RETURN_IF_ERROR(in.expect_end());
  return response;
}

// A receive that times out leaves the connection usable: an answer that comes later is skipped by
// the next call(). After any other failed send or receive every further one fails; connect anew.
class Client {
 public:
  using Timeout = std::chrono::milliseconds;

  // kUnavailable, with the address and what to do, where nobody listens.
  static Result<std::unique_ptr<Client>> connect(const std::string& host, uint16_t port,
                                                 Timeout timeout, ClientOptions options = {});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Asks the server for its versions; best_version() answers -1 until then.
  Status negotiate(Timeout timeout);
  // The newest version that both sides speak, -1 if there is none.
  int16_t best_version(ApiKey key) const;
  const std::vector<ApiVersionsResponse::Api>& server_apis() const { return server_apis_; }

  // Sends and waits for the answer; answers to earlier send()s that were not received are dropped.
  // Records of the answer stay valid until the next call.
  template <class Request>
  Result<typename Request::Response> call(const Request& request, int16_t version,
                                          Timeout timeout) {
    DF_ASSIGN_OR_RETURN(int32_t correlation_id, send(request, version, timeout));
    DF_RETURN_IF_ERROR(receive_answer(correlation_id, timeout));
    return decode_response<typename Request::Response>(last_answer_);
  }
  // With the best version; kUnsupported if there is none.
  template <class Request>
  Result<typename Request::Response> call(const Request& request, Timeout timeout) {
    DF_ASSIGN_OR_RETURN(int16_t version, require_version(Request::kApiKey));
    return call(request, version, timeout);
  }

  // Pipelining: any number of send()s, then as many receive()s, answered in the same order.
  template <class Request>
  Result<int32_t> send(const Request& request, int16_t version, Timeout timeout) {
    return send_request(request, version, timeout, true);
  }
  // For a request that the server leaves without an answer: Produce with acks 0.
  template <class Request>
  Result<int32_t> send_without_answer(const Request& request, int16_t version, Timeout timeout) {
    return send_request(request, version, timeout, false);
  }
  // kTimedOut while nothing is there; what came in part is kept for the next receive.
  Result<ReceivedFrame> receive(Timeout timeout);
  size_t unanswered() const { return unanswered_.size(); }

  // Bytes as they are: frames built elsewhere, and malformed ones. The frame received is without
  // its length, and whatever send() waits for is not touched.
  Status send_raw(std::string_view bytes, Timeout timeout);
  Result<std::string> receive_raw(Timeout timeout);

  // To poll for readability; the client never reads beyond the frame that it returns.
  int descriptor() const;
  const std::string& address() const { return address_; }

 private:
  struct Connection;
  struct Unanswered {
    int32_t correlation_id;
    ApiKey key;
    int16_t version;
  };

  Client(std::unique_ptr<Connection> connection, std::string address, ClientOptions options);

  template <class Request>
  Result<int32_t> send_request(const Request& request, int16_t version, Timeout timeout,
                               bool answered) {
    int32_t correlation_id = next_correlation_id_++;
    outgoing_.clear();
    write_request_frame(outgoing_, request, version, correlation_id, client_id_);
    DF_RETURN_IF_ERROR(send_outgoing(Request::kName, timeout));
    if (answered) unanswered_.push_back({correlation_id, Request::kApiKey, version});
    return correlation_id;
  }
  Status send_outgoing(std::string_view message, Timeout timeout);
  Status receive_answer(int32_t correlation_id, Timeout timeout);
  Result<int16_t> require_version(ApiKey key) const;
  // From here on everything fails with this status, which gets the address put in front.
  Status give_up(const Status& status, std::string_view doing);

  std::unique_ptr<Connection> connection_;
  std::string address_;
  ClientOptions options_;
  std::optional<std::string> client_id_;
  Status broken_;
  Writer outgoing_;
  int32_t next_correlation_id_ = 1;
  std::deque<Unanswered> unanswered_;
  ReceivedFrame last_answer_;
  std::vector<ApiVersionsResponse::Api> server_apis_;
};

}  // namespace dataflow::wire
