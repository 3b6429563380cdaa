#include "wire/writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hex_bytes.h"
#include "wire/frame.h"
#include "wire/messages/api_versions.h"
#include "wire/messages/fetch.h"
#include "wire/messages/metadata.h"
#include "wire/reader.h"

namespace dataflow::wire {
namespace {

TEST(Writer, varuints_at_their_borders) {
  Writer out;
  for (uint64_t value : {0ull, 127ull, 128ull, 16383ull, 16384ull, 0xffffffffull})
    out.write_varuint(value);
  EXPECT_EQ(to_hex(out.view()), "007f8001ff7f808001ffffffff0f");
  Reader in(out.view());
  for (uint32_t value : {0u, 127u, 128u, 16383u, 16384u, 0xffffffffu}) {
    uint32_t read = 1;
    ASSERT_TRUE(in.read_varuint(read));
    EXPECT_EQ(read, value);
  }
  EXPECT_TRUE(in.expect_end().ok());
}

TEST(Writer, float64_and_uint16) {
  Writer out;
  out.write_float64(-1.5);
  out.write_uint16(65535);
  EXPECT_EQ(to_hex(out.view()), "bff8000000000000ffff");
  Reader in(out.view());
  double number = 0;
  uint16_t small = 0;
  ASSERT_TRUE(in.read_float64(number) && in.read_uint16(small));
  EXPECT_EQ(number, -1.5);
  EXPECT_EQ(small, 65535);
}

TEST(Writer, tag_whose_size_takes_more_than_one_byte) {
  for (size_t size : {126u, 127u, 128u, 129u, 16383u, 16384u, 70000u}) {
    Writer out;
    size_t start = out.begin_tag(3);
    std::string content(size, 'x');
    out.write_raw(content);
    out.end_tag(start);
    out.write_int8(9);
    Reader in(out.view());
    Reader::Tag tag;
    ASSERT_TRUE(in.open_tag(tag)) << size;
    EXPECT_EQ(tag.number, 3u);
    EXPECT_EQ(in.rest(), content);
    in.skip_tag();
    ASSERT_TRUE(in.close_tag(tag));
    EXPECT_EQ(in.rest(), "\x09");
  }
}

TEST(Writer, long_tagged_field_of_a_message) {
  ApiVersionsResponse response;
  for (int16_t i = 0; i < 100; ++i) response.finalized_features.push_back({"feature", i, 0});
  Writer out;
  response.encode(out, 3);
  Reader in(out.view());
  auto decoded = ApiVersionsResponse::decode(in, 3);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE(*decoded == response);
}

TEST(Writer, string_too_long_for_its_version_fails) {
  MetadataRequest request;
  request.topics->push_back({std::string(32768, 'a')});
  Writer out;
  request.encode(out, 1);
  EXPECT_EQ(out.status().code(), StatusCode::kInvalid);
  EXPECT_THAT(out.status().message(), testing::HasSubstr("32768 bytes"));
  out.clear();
  EXPECT_TRUE(out.status().ok());
  request.encode(out, 9);
  EXPECT_TRUE(out.status().ok()) << out.status();
}

TEST(Writer, unknown_version_fails) {
  Writer out;
  MetadataRequest().encode(out, 10);
  EXPECT_THAT(out.status().message(),
              testing::HasSubstr("MetadataRequest: there is no version 10"));
  EXPECT_EQ(out.size(), 0u);
}

TEST(Writer, external_records_are_marked_and_counted) {
  FetchResponse response;
  FetchResponse::Partition first;
  first.records = RecordsField::from_outside(1000);
  FetchResponse::Partition second;
  second.partition_index = 1;
  second.records = RecordsField::from_outside(0);
  FetchResponse::Partition third;
  third.partition_index = 2;
  third.records = RecordsField::from_outside(70000);
  response.responses.push_back({"t", {first, second, third}});

  for (int16_t version = FetchResponse::kMinVersion; version <= FetchResponse::kMaxVersion;
       ++version) {
    Writer out;
    out.write_raw("before");
    write_response_frame(out, response, version, 5);
    ASSERT_TRUE(out.status().ok());
    ASSERT_EQ(out.external_marks().size(), 2u);
    EXPECT_EQ(out.total_size(), out.size() + 71000);

    // Put the bytes where the marks are; a client must then read them as if they had been copied.
    std::string sent;
    size_t from = 0;
    for (const ExternalMark& mark : out.external_marks()) {
      sent.append(out.view().substr(from, mark.position - from)).append(mark.size, 'r');
      from = mark.position;
    }
    sent.append(out.view().substr(from));
    std::string_view frame = std::string_view(sent).substr(6);
    EXPECT_EQ(load_be32(frame.data()), frame.size() - 4);
    Reader in(frame.substr(4));
    ASSERT_TRUE(ResponseHeader::decode(in, response_header_version(ApiKey::kFetch, version)).ok());
    auto decoded = FetchResponse::decode(in, version);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_TRUE(in.expect_end().ok());
    const auto& partitions = decoded->responses[0].partitions;
    EXPECT_EQ(partitions[0].records.bytes, std::string(1000, 'r'));
    EXPECT_EQ(partitions[1].records.bytes, "");
    EXPECT_EQ(partitions[2].records.bytes, std::string(70000, 'r'));
  }
}

TEST(Writer, frame_over_two_gibibytes_fails) {
  Writer out;
  Writer::FrameStart start = out.begin_frame();
  out.write_records(RecordsField::from_outside(1 << 30), false, true);
  out.write_records(RecordsField::from_outside(1 << 30), false, true);
  EXPECT_TRUE(out.status().ok());
  out.end_frame(start);
  EXPECT_EQ(out.status().code(), StatusCode::kInvalid);
}

TEST(Writer, several_frames_and_reuse) {
  Writer out;
  for (int i = 0; i < 3; ++i) {
    Writer::FrameStart start = out.begin_frame();
    out.write_raw(std::string(static_cast<size_t>(i), 'x'));
    out.end_frame(start);
  }
  EXPECT_EQ(to_hex(out.view()),
            "00000000000000017800000002"
            "7878");
  Writer moved = std::move(out);
  EXPECT_EQ(moved.size(), 15u);
  EXPECT_EQ(out.size(), 0u);
  out.write_int8(1);
  EXPECT_EQ(to_hex(out.view()), "01");
  moved.clear();
  EXPECT_EQ(moved.view(), "");
}

}  // namespace
}  // namespace dataflow::wire
