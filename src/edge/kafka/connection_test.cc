// Framing, the order of answers, and what is done about clients that are none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/logger.h"
#include "server_bed.h"
#include "wire/messages/api_versions.h"
#include "wire/messages/heartbeat.h"
#include "wire/messages/join_group.h"
#include "wire/messages/metadata.h"

namespace dataflow::kafka {
namespace {

using wire::ErrorCode;

std::string frame_of(std::string_view body) {
  std::string frame;
  append_be32(frame, static_cast<uint32_t>(body.size()));
  return frame.append(body);
}

std::string request_head(int16_t api, int16_t version) {
  std::string head;
  append_be16(head, static_cast<uint16_t>(api));
  append_be16(head, static_cast<uint16_t>(version));
  append_be32(head, 7);
  append_be16(head, 0xffff);
  return head;
}

wire::ApiVersionsRequest ask_versions() {
  wire::ApiVersionsRequest request;
  request.client_software_name = "test";
  request.client_software_version = "1.0";
  return request;
}

TEST(Connection, AnswersEveryVersionOfApiVersions) {
  ServerBed bed;
  auto client = bed.connect();
  for (int16_t version = 0; version <= wire::ApiVersionsRequest::kMaxVersion; ++version) {
    auto answer = ask(*client, ask_versions(), version);
    EXPECT_EQ(answer.error_code, ErrorCode::kNone);
    size_t served = 0;
    for (const wire::ApiRange& api : wire::api_ranges()) served += api.served;
    EXPECT_EQ(answer.api_keys.size(), served);
  }
}

TEST(Connection, UnknownApiVersionsVersionIsAnsweredInVersionZeroWithTheList) {
  ServerBed bed;
  auto client = bed.connect();
  ASSERT_TRUE(
      client->send_raw(frame_of(request_head(18, 99) + "whatever is behind it"), kPatience).ok());
  auto raw = client->receive_raw(kPatience);
  ASSERT_TRUE(raw.ok()) << raw.status();
  wire::Reader in(std::string_view(*raw).substr(4));
  auto answer = wire::ApiVersionsResponse::decode(in, 0);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->error_code, ErrorCode::kUnsupportedVersion);
  EXPECT_FALSE(answer->api_keys.empty());
  EXPECT_EQ(in.remaining(), 0u);
}

TEST(Connection, BadSoftwareNameIsAnInvalidRequest) {
  ServerBed bed;
  auto client = bed.connect();
  wire::ApiVersionsRequest request = ask_versions();
  request.client_software_name = "-no-";
  EXPECT_EQ(ask(*client, request, 3).error_code, ErrorCode::kInvalidRequest);
}

struct BadStart {
  const char* name;
  std::string bytes;
  const char* reason;
};

class BadClient : public ::testing::TestWithParam<BadStart> {};

TEST_P(BadClient, IsClosedWithALogLineThatSaysWhy) {
  ScopedLogCapture captured;
  KafkaOptions options;
  options.max_request_bytes = 1 << 20;
  ServerBed bed(options);
  auto client = bed.connect();
  ASSERT_TRUE(client->send_raw(GetParam().bytes, kPatience).ok());
  EXPECT_TRUE(is_closed(*client));
  bed.server->stop();
  EXPECT_TRUE(captured.contains(GetParam().reason)) << ::testing::PrintToString(captured.lines());
}

INSTANTIATE_TEST_SUITE_P(
    All, BadClient,
    ::testing::Values(
        BadStart{"http", "GET / HTTP/1.1\r\n\r\n", "speaks HTTP"},
        BadStart{"tls", std::string("\x16\x03\x01\x02\x00\x01\x00", 7), "speaks TLS"},
        BadStart{"negative", std::string("\xff\xff\xff\xff", 4), "request of -1 bytes"},
        BadStart{"short", std::string("\0\0\0\3abc", 7), "too short"},
        BadStart{"huge", std::string("\x00\x10\x00\x01", 4), "the limit is 1048576"},
        BadStart{"api", frame_of(request_head(4, 0)), "API 4, which is not served"},
        BadStart{"sasl", frame_of(request_head(17, 0)), "API 17, which is not served"},
        BadStart{"version", frame_of(request_head(3, 77)), "Metadata version 77"},
        BadStart{"body", frame_of(request_head(3, 5)), "MetadataRequest"},
        BadStart{"client_id",
                 frame_of(request_head(3, 5).substr(0, 8) + std::string("\x7f\xff", 2)),
                 "client id"}),
    [](const auto& param) { return param.param.name; });

TEST(Connection, UnknownApiIsRefusedBeforeItsBodyIsHere) {
  ServerBed bed;
  auto client = bed.connect();
  std::string start;
  append_be32(start, 50 << 20);
  ASSERT_TRUE(client->send_raw(start + request_head(4, 0), kPatience).ok());
  EXPECT_TRUE(is_closed(*client));
}

TEST(Connection, RequestMayArriveInSingleBytes) {
  ServerBed bed;
  auto client = bed.connect();
  wire::Writer out;
  wire::write_request_frame(out, ask_versions(), 3, 5, std::optional<std::string>("me"));
  for (char byte : out.view()) ASSERT_TRUE(client->send_raw({&byte, 1}, kPatience).ok());
  auto raw = client->receive_raw(kPatience);
  ASSERT_TRUE(raw.ok()) << raw.status();
  EXPECT_EQ(load_be32(raw->data()), 5u);
}

TEST(Connection, ManyRequestsInOneWriteAreAnsweredInOrder) {
  ServerBed bed;
  bed.log.make("t");
  auto client = bed.connect();
  wire::Writer out;
  constexpr int32_t kCount = 2000;
  for (int32_t i = 0; i < kCount; ++i) {
    wire::Writer one;
    wire::write_request_frame(one, wire::MetadataRequest(), 5, i, std::optional<std::string>("me"));
    out.write_raw(one.view());
  }
  ASSERT_TRUE(client->send_raw(out.view(), kPatience).ok());
  for (int32_t i = 0; i < kCount; ++i) {
    auto raw = client->receive_raw(kPatience);
    ASSERT_TRUE(raw.ok()) << raw.status();
    ASSERT_EQ(load_be32(raw->data()), static_cast<uint32_t>(i));
  }
}

TEST(Connection, ProducesGoOnTogetherAndAreAnsweredInOrder) {
  ServerBed bed;
  FakePartition& slow = bed.log.make("slow");
  FakePartition& quick = bed.log.make("quick");
  slow.hold_syncs();
  auto client = bed.connect();
  std::string batch = batch_of({"a"});
  send(*client, produce_to("slow", batch), 9);
  slow.until_waiting_syncs(1);
  send(*client, produce_to("quick", batch), 9);
  send(*client, produce_to("slow", batch), 9);
  slow.until_waiting_syncs(2);
  EXPECT_EQ(quick.high_offset(), Offset(1));
  slow.release_syncs();
  EXPECT_EQ(receive<wire::ProduceRequest>(*client).responses.at(0).name, "slow");
  EXPECT_EQ(receive<wire::ProduceRequest>(*client).responses.at(0).name, "quick");
  EXPECT_EQ(
      receive<wire::ProduceRequest>(*client).responses.at(0).partition_responses.at(0).base_offset,
      1);
}

TEST(Connection, OtherRequestsWaitForTheProducesBeforeThem) {
  KafkaOptions options;
  options.io_threads = 1;
  ServerBed bed(options);
  FakePartition& partition = bed.log.make("t");
  partition.hold_syncs();
  auto client = bed.connect();
  std::string batch = batch_of({"a"});
  send(*client, produce_to("t", batch), 9);
  wire::MetadataRequest metadata;
  metadata.topics->push_back({"made-by-metadata"});
  send(*client, metadata, 5);
  send(*client, produce_to("t", batch), 9);
  partition.until_waiting_syncs(1);
  // Another connection is served all the while, and sees none of what waits.
  auto other = bed.connect();
  wire::MetadataRequest all;
  all.topics.reset();
  EXPECT_EQ(ask(*other, all, 5).topics.size(), 1u);
  EXPECT_EQ(partition.end(), Offset(1));

  partition.release_syncs();
  EXPECT_EQ(receive<wire::ProduceRequest>(*client).responses.size(), 1u);
  EXPECT_EQ(receive<wire::MetadataRequest>(*client).topics.at(0).error_code, ErrorCode::kNone);
  EXPECT_EQ(receive<wire::ProduceRequest>(*client).responses.size(), 1u);
}

TEST(Connection, ProducesInFlightAreLimited) {
  KafkaOptions options;
  options.max_in_flight = 2;
  options.io_threads = 1;
  ServerBed bed(options);
  FakePartition& partition = bed.log.make("t");
  partition.hold_syncs();
  auto client = bed.connect();
  std::string batch = batch_of({"a"});
  for (int i = 0; i < 5; ++i) send(*client, produce_to("t", batch), 9);
  partition.until_waiting_syncs(2);
  // Another connection's answer shows that the only io thread is done with these.
  auto other = bed.connect();
  ask(*other, ask_versions(), 3);
  EXPECT_EQ(partition.end(), Offset(2));
  for (int i = 0; i < 5; ++i) {
    if (i == 0) partition.release_syncs();
    EXPECT_EQ(receive<wire::ProduceRequest>(*client)
                  .responses.at(0)
                  .partition_responses.at(0)
                  .base_offset,
              i);
  }
}

TEST(Connection, WhatWasInFlightWhenTheClientLeftIsForgotten) {
  ServerBed bed;
  FakePartition& partition = bed.log.make("t");
  partition.hold_syncs();
  auto client = bed.connect();
  send(*client, produce_to("t", batch_of({"a"})), 9);
  partition.until_waiting_syncs(1);
  client.reset();
  auto other = bed.connect();
  send(*other, produce_to("t", batch_of({"b"})), 9);
  partition.until_waiting_syncs(2);
  partition.release_syncs();
  EXPECT_EQ(receive<wire::ProduceRequest>(*other).responses.size(), 1u);
}

TEST(Connection, CallbacksThatComeAfterStopFindNobody) {
  ServerBed bed;
  FakePartition& partition = bed.log.make("t");
  partition.hold_syncs();
  auto producer = bed.connect();
  send(*producer, produce_to("t", batch_of({"a"})), 9);
  partition.until_waiting_syncs(1);
  auto consumer = bed.connect();
  send(*consumer, fetch_from("t", {.max_wait_ms = 60'000}), 11);
  partition.until_listeners(1);
  bed.server->stop();
  partition.until_listeners(0);
  partition.release_syncs();
  bed.server.reset();
}

TEST(Connection, JoinWaitsWithoutHoldingOthersUp) {
  ServerBed bed;
  auto member = bed.connect();
  wire::JoinGroupRequest join;
  join.group_id = "g";
  join.protocol_type = "consumer";
  send(*member, join, 5);
  // The heartbeat behind it waits for the join's answer.
  wire::HeartbeatRequest beat;
  send(*member, beat, 4);
  auto other = bed.connect();
  EXPECT_EQ(ask(*other, beat, 4).error_code, ErrorCode::kUnknownMemberId);
  log::JoinCallback callback = bed.groups.until_join();
  EXPECT_EQ(bed.groups.last_join.client_host, "/127.0.0.1");
  EXPECT_EQ(bed.groups.last_join.client_id, "dataflow");
  log::JoinResult result;
  result.member_id = "m-1";
  result.generation = Generation(3);
  callback(result);
  EXPECT_EQ(receive<wire::JoinGroupRequest>(*member).member_id, "m-1");
  EXPECT_EQ(receive<wire::HeartbeatRequest>(*member).error_code, ErrorCode::kUnknownMemberId);
}

TEST(Connection, LimitOfConnections) {
  KafkaOptions options;
  options.max_connections = 1;
  ServerBed bed(options);
  auto first = bed.connect();
  ask(*first, ask_versions(), 3);
  auto second = wire::Client::connect("127.0.0.1", bed.server->port(), kPatience);
  ASSERT_TRUE(second.ok());
  EXPECT_TRUE(is_closed(**second));
  ask(*first, ask_versions(), 3);
}

TEST(Server, BusyPortNamesAddressAndPort) {
  ServerBed bed;
  KafkaOptions options;
  options.port = bed.server->port();
  auto second =
      KafkaServer::start(posix_env(), bed.log, bed.groups, bed.transactions, options, nullptr);
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.status().message(),
              ::testing::HasSubstr("127.0.0.1:" + std::to_string(options.port)));
}

TEST(Server, CountsWhatItDoes) {
  ServerBed bed;
  bed.log.make("t");
  auto client = bed.connect();
  ask(*client, produce_to("t", batch_of({"a", "b", "c"})), 9);
  ask(*client, produce_to("missing", batch_of({"a"})), 9);
  std::string text = bed.metrics.render();
  EXPECT_THAT(text, ::testing::HasSubstr("dataflow_events_published_total 3\n"));
  EXPECT_THAT(text, ::testing::HasSubstr("dataflow_kafka_requests_total{api=\"Produce\"} 2\n"));
  EXPECT_THAT(text, ::testing::HasSubstr("dataflow_kafka_connections 1\n"));
  EXPECT_THAT(text, ::testing::HasSubstr("code=\"UNKNOWN_TOPIC_OR_PARTITION\"} 1\n"));
  EXPECT_THAT(text, ::testing::HasSubstr("dataflow_error_rate 0.5\n"));
}

}  // namespace
}  // namespace dataflow::kafka
