// Frames put together by hand from the protocol's description, not by this codec.
#include <gtest/gtest.h>

#include "hex_bytes.h"
#include "wire/frame.h"
#include "wire/messages/api_versions.h"
#include "wire/messages/create_topics.h"
#include "wire/messages/fetch.h"
#include "wire/messages/join_group.h"
#include "wire/messages/metadata.h"
#include "wire/messages/produce.h"

namespace dataflow::wire {
namespace {

template <class Request>
void expect_request(const Request& request, int16_t version, int32_t correlation_id,
                    std::optional<std::string> client_id, std::string_view hex) {
  std::string golden = from_hex(hex);
  Writer out;
  write_request_frame(out, request, version, correlation_id, client_id);
  ASSERT_TRUE(out.status().ok()) << out.status();
  EXPECT_EQ(to_hex(out.view()), to_hex(golden));

  Reader in(std::string_view(golden).substr(4));
  auto header = read_request_header(in);
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->api_key, static_cast<int16_t>(Request::kApiKey));
  EXPECT_EQ(header->api_version, version);
  EXPECT_EQ(header->correlation_id, correlation_id);
  EXPECT_EQ(header->client_id, client_id);
  auto decoded = Request::decode(in, version);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE(in.expect_end().ok());
  EXPECT_TRUE(*decoded == request);
}

template <class Response>
void expect_response(const Response& response, int16_t version, int32_t correlation_id,
                     std::string_view hex) {
  std::string golden = from_hex(hex);
  Writer out;
  write_response_frame(out, response, version, correlation_id);
  ASSERT_TRUE(out.status().ok()) << out.status();
  EXPECT_EQ(to_hex(out.view()), to_hex(golden));

  Reader in(std::string_view(golden).substr(4));
  auto header = ResponseHeader::decode(in, response_header_version(Response::kApiKey, version));
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->correlation_id, correlation_id);
  auto decoded = Response::decode(in, version);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE(in.expect_end().ok());
  EXPECT_TRUE(*decoded == response);
}

TEST(Golden, api_versions_request_3) {
  ApiVersionsRequest request;
  request.client_software_name = "df";
  request.client_software_version = "1";
  expect_request(request, 3, 1, "test",
                 "00000015 | 0012 0003 00000001 0004 'test' 00 | 03 'df' 02 '1' 00");
}

TEST(Golden, api_versions_response_has_header_0_in_version_3) {
  ApiVersionsResponse response;
  response.api_keys = {{0, 0, 9}, {18, 0, 4}};
  expect_response(response, 0, 7,
                  "00000016 | 00000007 | 0000 00000002 0000 0000 0009 0012 0000 0004");
  expect_response(response, 3, 7,
                  "0000001a | 00000007 | 0000 03 0000 0000 0009 00 0012 0000 0004 00 00000000 00");
}

TEST(Golden, metadata_request_1) {
  MetadataRequest one;
  one.topics->push_back({"a"});
  expect_request(one, 1, 2, std::nullopt, "00000011 | 0003 0001 00000002 ffff | 00000001 0001 'a'");
  MetadataRequest all;
  all.topics.reset();
  expect_request(all, 1, 3, "", "0000000e | 0003 0001 00000003 0000 | ffffffff");
}

TEST(Golden, metadata_request_9) {
  MetadataRequest request;
  request.topics->push_back({"a"});
  request.allow_auto_topic_creation = false;
  request.include_topic_authorized_operations = true;
  expect_request(request, 9, 2, "c",
                 "00000014 | 0003 0009 00000002 0001 'c' 00 | 02 02 'a' 00 00 00 01 00");
}

ProduceRequest produce_request() {
  ProduceRequest request;
  request.acks = -1;
  request.timeout_ms = 30000;
  request.topic_data.push_back({"t", {{5, RecordsField::of("abc")}}});
  return request;
}

TEST(Golden, produce_request_0_3_and_9) {
  expect_request(produce_request(), 0, 9, "c",
                 "00000027 | 0000 0000 00000009 0001 'c' | ffff 00007530 00000001 0001 't' 00000001"
                 "00000005 00000003 'abc'");
  expect_request(
      produce_request(), 3, 9, "c",
      "00000029 | 0000 0003 00000009 0001 'c' | ffff ffff 00007530 00000001 0001 't' 00000001"
      "00000005 00000003 'abc'");
  expect_request(produce_request(), 9, 9, "c",
                 "00000022 | 0000 0009 00000009 0001 'c' 00 | 00 ffff 00007530 02 02 't' 02"
                 "00000005 04 'abc' 00 00 00");
}

TEST(Golden, produce_response_3_and_8) {
  ProduceResponse response;
  ProduceResponse::Partition partition;
  partition.index = 5;
  partition.error_code = ErrorCode::kNotLeaderOrFollower;
  partition.base_offset = 258;
  response.responses.push_back({"t", {partition}});
  expect_response(response, 3, 1,
                  "00000029 | 00000001 | 00000001 0001 't' 00000001 00000005 0006 0000000000000102"
                  "ffffffffffffffff 00000000");
  response.responses[0].partition_responses[0].error_message = "no";
  expect_response(response, 8, 1,
                  "00000039 | 00000001 | 00000001 0001 't' 00000001 00000005 0006 0000000000000102"
                  "ffffffffffffffff ffffffffffffffff 00000000 0002 'no' 00000000");
}

TEST(Golden, fetch_response_12_with_a_tagged_leader) {
  FetchResponse response;
  FetchResponse::Partition partition;
  partition.high_watermark = 3;
  partition.current_leader = {1, 7};
  partition.aborted_transactions.reset();
  partition.records = RecordsField::of("xy");
  response.responses.push_back({"t", {partition}});
  expect_response(
      response, 12, 4,
      "00000047 | 00000004 00 | 00000000 0000 00000000 02 02 't' 02"
      "00000000 0000 0000000000000003 ffffffffffffffff ffffffffffffffff 00 ffffffff 03 'xy'"
      "01 01 09 00000001 00000007 00 00 00");
}

TEST(Golden, join_group_response_9_and_create_topics_response_7) {
  JoinGroupResponse join;
  join.generation_id = 1;
  join.protocol_type = "p";
  join.protocol_name = "q";
  join.leader = "l";
  join.skip_assignment = true;
  join.member_id = "m";
  join.members.push_back({"m", std::nullopt, "md"});
  expect_response(join, 9, 1,
                  "00000021 | 00000001 00 | 00000000 0000 00000001 02 'p' 02 'q' 02 'l' 01 02 'm'"
                  "02 02 'm' 00 03 'md' 00 00");

  CreateTopicsResponse created;
  CreateTopicsResponse::Topic topic;
  topic.name = "t";
  topic.topic_id = Uuid({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15});
  topic.num_partitions = 2;
  topic.replication_factor = 1;
  topic.configs.reset();
  topic.topic_config_error_code = ErrorCode::kTopicAuthorizationFailed;
  topic.error_message.reset();
  created.topics.push_back(topic);
  expect_response(
      created, 7, 1,
      "0000002c | 00000001 00 | 00000000 02 02 't' 000102030405060708090a0b0c0d0e0f 0000 00"
      "00000002 0001 00 01 00 02 001d 00");
}

TEST(Golden, unknown_tagged_fields_are_stepped_over) {
  // In the header, in the message, and between known ones.
  std::string frame =
      from_hex("0012 0003 00000001 0001 'c' 01 05 02 aaaa | 02 'n' 02 'v' 02 00 01 ff 63 00");
  Reader in(frame);
  auto header = read_request_header(in);
  ASSERT_TRUE(header.ok()) << header.status();
  auto request = ApiVersionsRequest::decode(in, 3);
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_TRUE(in.expect_end().ok());
  EXPECT_EQ(request->client_software_version, "v");

  std::string response =
      from_hex("0000 01 00000000 | 03 01 08 0000000000000009 03 01 01 07 03 010203");
  Reader response_in(response);
  auto decoded = ApiVersionsResponse::decode(response_in, 3);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->finalized_features_epoch, 9);
  EXPECT_TRUE(decoded->zk_migration_ready);
}

TEST(Golden, what_a_version_lacks_is_left_out) {
  MetadataRequest all;
  all.topics.reset();  // version 0 has no null and means all topics with an empty list
  all.allow_auto_topic_creation = false;
  expect_request(MetadataRequest(), 0, 1, "", "0000000e | 0003 0000 00000001 0000 | 00000000");
  Writer out;
  all.encode(out, 0);
  EXPECT_EQ(to_hex(out.view()), "00000000");
}

TEST(Golden, header_of_a_version_newer_than_ours_and_of_an_unknown_api) {
  std::string newer = from_hex("0012 0063 00000001 0001 'c' 00 '?'");
  Reader in(newer);
  auto header = read_request_header(in);
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->api_version, 99);
  EXPECT_EQ(in.rest(), "?");

  std::string unknown = from_hex("03e7 0001 00000005 ffff");
  Reader unknown_in(unknown);
  header = read_request_header(unknown_in);
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->api_key, 999);
  EXPECT_EQ(header->client_id, std::nullopt);
}

}  // namespace
}  // namespace dataflow::wire
