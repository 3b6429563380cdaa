#include "wire/client.h"

#include <functional>
#include <future>
#include <thread>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire/messages/fetch.h"
#include "wire/messages/metadata.h"
#include "wire/messages/produce.h"

namespace dataflow::wire {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

constexpr auto kLong = 30s;  // never reached unless the test fails

class ListeningSocket {
 public:
  explicit ListeningSocket(bool listening = true)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    socklen_t size = sizeof address;
    EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    if (listening) {
      EXPECT_EQ(::listen(fd_, 4), 0);
    }
  }
  ~ListeningSocket() { ::close(fd_); }

  uint16_t port() const { return port_; }
  int accept() const { return ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC); }

 private:
  int fd_;
  uint16_t port_ = 0;
};

// The server's end of one connection, in the words of the protocol.
class Peer {
 public:
  explicit Peer(int fd) : fd_(fd) {}
  ~Peer() { ::close(fd_); }

  void send(std::string_view bytes) {
    ASSERT_EQ(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  // One request's header; its body is dropped.
  RequestHeader take_request() {
    char length[4];
    EXPECT_EQ(::recv(fd_, length, sizeof length, MSG_WAITALL), 4);
    std::string frame(load_be32(length), '\0');
    EXPECT_EQ(::recv(fd_, frame.data(), frame.size(), MSG_WAITALL),
              static_cast<ssize_t>(frame.size()));
    Reader in(frame);
    auto header = read_request_header(in);
    EXPECT_TRUE(header.ok()) << header.status();
    return header.ok() ? *header : RequestHeader();
  }
  template <class Response>
  void answer(const RequestHeader& to, const Response& response, int16_t version) {
    Writer out;
    write_response_frame(out, response, version, to.correlation_id);
    send(out.view());
  }
  // Until the client closes.
  void drain() {
    char buffer[64];
    while (::recv(fd_, buffer, sizeof buffer, 0) > 0) {
    }
  }

 private:
  int fd_;
};

// Runs `serve` for the first connection; joined at the end of the test.
class TestServer {
 public:
  explicit TestServer(std::function<void(Peer&)> serve)
      : thread_([this, serve = std::move(serve)] {
          Peer peer(socket_.accept());
          serve(peer);
        }) {}
  ~TestServer() { thread_.join(); }

  std::unique_ptr<Client> connect(ClientOptions options = {}) {
    auto client = Client::connect("127.0.0.1", socket_.port(), kLong, std::move(options));
    EXPECT_TRUE(client.ok()) << client.status();
    return std::move(client).value();
  }

 private:
  ListeningSocket socket_;
  std::thread thread_;
};

MetadataResponse metadata_of(int32_t controller) {
  MetadataResponse response;
  response.controller_id = controller;
  return response;
}

TEST(Client, refused_connection_names_the_address_and_what_to_do) {
  ListeningSocket not_listening(false);
  auto client = Client::connect("127.0.0.1", not_listening.port(), kLong);
  ASSERT_FALSE(client.ok());
  EXPECT_EQ(client.status().code(), StatusCode::kUnavailable);
  EXPECT_THAT(client.status().message(),
              HasSubstr("127.0.0.1:" + std::to_string(not_listening.port())));
  EXPECT_THAT(client.status().message(), HasSubstr("refused"));
  EXPECT_THAT(client.status().message(), HasSubstr("emulator start"));
}

TEST(Client, negotiates_the_newest_common_version) {
  TestServer server([](Peer& peer) {
    ApiVersionsResponse response;
    response.api_keys = {{0, 0, 7}, {1, 13, 17}, {3, 5, 99}, {19, 0, 2}, {9, 0, 2}};
    RequestHeader request = peer.take_request();
    EXPECT_EQ(request.api_key, 18);
    peer.answer(request, response, request.api_version);
    EXPECT_EQ(peer.take_request().api_version, MetadataRequest::kMaxVersion);
    peer.drain();
  });
  auto client = server.connect();
  EXPECT_EQ(client->best_version(ApiKey::kProduce), -1);
  ASSERT_TRUE(client->negotiate(kLong).ok());
  EXPECT_EQ(client->best_version(ApiKey::kProduce), 7);
  EXPECT_EQ(client->best_version(ApiKey::kFetch), -1);
  EXPECT_EQ(client->best_version(ApiKey::kMetadata), MetadataRequest::kMaxVersion);
  EXPECT_EQ(client->best_version(ApiKey::kCreateTopics), 2);
  EXPECT_EQ(client->best_version(ApiKey::kHeartbeat), -1);
  EXPECT_EQ(client->call(FetchRequest(), kLong).status().code(), StatusCode::kUnsupported);
  EXPECT_EQ(client->call(MetadataRequest(), 0ms).status().code(), StatusCode::kTimedOut);
}

TEST(Client, refused_versions_of_produce_are_not_chosen) {
  TestServer server([](Peer& peer) {
    ApiVersionsResponse response;
    response.api_keys = {{0, 0, 2}};
    RequestHeader request = peer.take_request();
    peer.answer(request, response, request.api_version);
  });
  auto client = server.connect();
  ASSERT_TRUE(client->negotiate(kLong).ok());
  EXPECT_EQ(client->best_version(ApiKey::kProduce), -1);
}

TEST(Client, negotiates_with_an_older_server) {
  TestServer server([](Peer& peer) {
    ApiVersionsResponse response;
    response.error_code = ErrorCode::kUnsupportedVersion;
    peer.answer(peer.take_request(), response, 0);
    RequestHeader again = peer.take_request();
    EXPECT_EQ(again.api_version, 0);
    response.error_code = ErrorCode::kNone;
    response.api_keys = {{3, 0, 1}};
    peer.answer(again, response, 0);
  });
  auto client = server.connect();
  Status status = client->negotiate(kLong);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(client->best_version(ApiKey::kMetadata), 1);
}

TEST(Client, takes_the_list_that_comes_with_unsupported_version) {
  TestServer server([](Peer& peer) {
    ApiVersionsResponse response;
    response.error_code = ErrorCode::kUnsupportedVersion;
    response.api_keys = {{3, 0, 4}};
    peer.answer(peer.take_request(), response, 0);
  });
  auto client = server.connect();
  Status status = client->negotiate(kLong);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(client->best_version(ApiKey::kMetadata), 4);
}

TEST(Client, pipelined_requests_are_answered_in_order) {
  TestServer server([](Peer& peer) {
    RequestHeader first = peer.take_request();
    RequestHeader second = peer.take_request();
    EXPECT_EQ(first.client_id, "dataflow");
    peer.answer(first, metadata_of(1), first.api_version);
    peer.answer(second, metadata_of(2), second.api_version);
    RequestHeader silent = peer.take_request();
    EXPECT_EQ(silent.api_key, 0);
    RequestHeader last = peer.take_request();
    peer.answer(last, metadata_of(3), last.api_version);
  });
  auto client = server.connect();
  auto first = client->send(MetadataRequest(), 1, kLong);
  auto second = client->send(MetadataRequest(), 9, kLong);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(client->unanswered(), 2u);
  auto first_frame = client->receive(kLong);
  auto second_frame = client->receive(kLong);
  ASSERT_TRUE(first_frame.ok() && second_frame.ok());
  EXPECT_EQ(first_frame->correlation_id, *first);
  EXPECT_EQ(second_frame->correlation_id, *second);
  EXPECT_EQ(decode_response<MetadataResponse>(*first_frame)->controller_id, 1);
  EXPECT_EQ(decode_response<MetadataResponse>(*second_frame)->controller_id, 2);
  EXPECT_FALSE(decode_response<ProduceResponse>(*second_frame).ok());
  EXPECT_EQ(client->receive(kLong).status().code(), StatusCode::kInvalid);

  ASSERT_TRUE(client->send_without_answer(ProduceRequest(), 3, kLong).ok());
  auto last = client->call(MetadataRequest(), 5, kLong);
  ASSERT_TRUE(last.ok()) << last.status();
  EXPECT_EQ(last->controller_id, 3);
}

TEST(Client, late_answer_is_skipped_by_the_next_call) {
  std::promise<void> timed_out;
  TestServer server([&](Peer& peer) {
    RequestHeader first = peer.take_request();
    Writer late;
    write_response_frame(late, metadata_of(1), first.api_version, first.correlation_id);
    peer.send(late.view().substr(0, 7));  // a part of it comes before the timeout
    timed_out.get_future().wait();
    peer.send(late.view().substr(7));
    RequestHeader second = peer.take_request();
    peer.answer(second, metadata_of(2), second.api_version);
  });
  auto client = server.connect();
  EXPECT_EQ(client->call(MetadataRequest(), 1, 20ms).status().code(), StatusCode::kTimedOut);
  timed_out.set_value();
  auto second = client->call(MetadataRequest(), 1, kLong);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->controller_id, 2);
  EXPECT_EQ(client->unanswered(), 0u);
}

TEST(Client, large_answer_with_records) {
  std::string records(3 << 20, 'r');
  TestServer server([&](Peer& peer) {
    FetchResponse response;
    FetchResponse::Partition partition;
    partition.records = RecordsField::of(records);
    response.responses.push_back({"t", {partition}});
    RequestHeader request = peer.take_request();
    Writer out;
    write_response_frame(out, response, request.api_version, request.correlation_id);
    for (size_t at = 0; at < out.size(); at += 100'000) peer.send(out.view().substr(at, 100'000));
  });
  auto client = server.connect();
  auto response = client->call(FetchRequest(), 12, kLong);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_TRUE(response->responses[0].partitions[0].records.bytes == records);
}

TEST(Client, refuses_a_frame_over_the_limit_and_gives_up) {
  TestServer server([](Peer& peer) {
    peer.take_request();
    peer.send(std::string_view("HTTP/1.1 400 Bad Request\r\n\r\n"));
    peer.drain();
  });
  ClientOptions options;
  options.max_frame_bytes = 1 << 20;
  auto client = server.connect(options);
  auto response = client->call(MetadataRequest(), 1, kLong);
  EXPECT_EQ(response.status().code(), StatusCode::kCorrupt);
  EXPECT_THAT(response.status().message(), HasSubstr("is this a Kafka server?"));
  EXPECT_EQ(client->call(MetadataRequest(), 1, kLong).status().code(), StatusCode::kCorrupt);
}

TEST(Client, wrong_correlation_id_gives_up) {
  TestServer server([](Peer& peer) {
    RequestHeader request = peer.take_request();
    request.correlation_id += 5;
    peer.answer(request, metadata_of(1), request.api_version);
    peer.drain();
  });
  auto client = server.connect();
  EXPECT_THAT(client->call(MetadataRequest(), 1, kLong).status().message(),
              HasSubstr("correlation id 6"));
  EXPECT_FALSE(client->send(MetadataRequest(), 1, kLong).ok());
}

TEST(Client, connection_closed_within_an_answer) {
  TestServer server([](Peer& peer) {
    peer.take_request();
    peer.send(std::string_view("\0\0\0\7abc", 7));
  });
  auto client = server.connect();
  auto response = client->call(MetadataRequest(), 1, kLong);
  EXPECT_EQ(response.status().code(), StatusCode::kUnavailable);
  EXPECT_THAT(response.status().message(), HasSubstr("closed the connection"));
}

TEST(Client, message_that_cannot_be_encoded_is_not_sent) {
  TestServer server([](Peer& peer) {
    RequestHeader request = peer.take_request();
    EXPECT_EQ(request.api_version, 1);
    peer.answer(request, metadata_of(1), request.api_version);
  });
  auto client = server.connect();
  EXPECT_EQ(client->call(MetadataRequest(), 77, kLong).status().code(), StatusCode::kInvalid);
  ProduceRequest produce;
  produce.topic_data.push_back({"t", {{0, RecordsField::from_outside(10)}}});
  EXPECT_EQ(client->call(produce, 3, kLong).status().code(), StatusCode::kInvalid);
  EXPECT_TRUE(client->call(MetadataRequest(), 1, kLong).ok());
}

TEST(Client, raw_frames) {
  TestServer server([](Peer& peer) {
    EXPECT_EQ(peer.take_request().correlation_id, 77);
    peer.send(std::string_view("\0\0\0\3abc", 7));
  });
  auto client = server.connect();
  Writer out;
  write_request_frame(out, MetadataRequest(), 0, 77, std::nullopt);
  ASSERT_TRUE(client->send_raw(out.view(), kLong).ok());
  auto frame = client->receive_raw(kLong);
  ASSERT_TRUE(frame.ok()) << frame.status();
  EXPECT_EQ(*frame, "abc");
}

}  // namespace
}  // namespace dataflow::wire
