// What a decoder must refuse, and in which words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hex_bytes.h"
#include "wire/frame.h"
#include "wire/message_table.h"
#include "wire/messages/metadata.h"
#include "wire/messages/produce.h"

namespace dataflow::wire {
namespace {

using testing::HasSubstr;

Status reencode(std::string_view name, int16_t version, std::string_view bytes) {
  for (const MessageEntry& entry : message_table()) {
    if (entry.name != name) continue;
    Reader in(bytes);
    Writer out;
    DF_RETURN_IF_ERROR(entry.reencode(in, out, version));
    return in.expect_end();
  }
  return Status::not_found("no message " + std::string(name));
}

struct Malformed {
  std::string_view what;
  std::string_view message;
  int16_t version;
  std::string_view hex;
  std::string_view words;
};

constexpr Malformed kMalformed[] = {
    {"nothing at all", "MetadataRequest", 1, "", "field topics needs 4 bytes, but only 0"},
    {"negative array", "MetadataRequest", 1, "fffffffe", "field topics has the length -2"},
    {"null array", "MetadataRequest", 0, "ffffffff", "field topics is null"},
    {"array longer than the frame", "MetadataRequest", 1, "00000003 0001 'a'",
     "field topics needs 6 bytes"},
    {"impossible array", "MetadataRequest", 1, "7fffffff", "field topics needs 4294967294 bytes"},
    {"impossible compact array", "MetadataRequest", 9, "ffffffff0f", "field topics needs"},
    {"null string", "MetadataRequest", 1, "00000001 ffff", "field Topic.name is null"},
    {"negative string", "MetadataRequest", 1, "00000001 8000",
     "field Topic.name has the length -32768"},
    {"string longer than the frame", "MetadataRequest", 1, "00000001 0005 'abc'",
     "field Topic.name needs 5 bytes, but only 3"},
    {"null compact string", "MetadataRequest", 9, "02 00 00 00 00 00 00",
     "field Topic.name is null"},
    {"compact string longer than the frame", "MetadataRequest", 9, "02 08 'abc'",
     "field Topic.name needs 7 bytes, but only 3"},
    {"varint of six bytes", "MetadataRequest", 9, "8080808080 01",
     "field topics has a varint of more"},
    {"varint of 33 bits", "MetadataRequest", 9, "ffffffff1f", "field topics has a varint of more"},
    {"varint cut off", "MetadataRequest", 9, "80", "field topics needs 1 bytes"},
    {"tag longer than the frame", "MetadataRequest", 9, "01 00 00 00 01 00 05 00",
     "field tagged fields needs 5 bytes, but only 1"},
    {"more tags than bytes", "MetadataRequest", 9, "01 00 00 00 ffffffff0f", "field tagged fields"},
    {"records longer than the frame", "ProduceRequest", 3,
     "ffff ffff 00007530 00000001 0001 't' 00000001 00000000 00000384 000000000000000000000000",
     "field Partition.records needs 900 bytes, but only 12"},
    {"records of negative length", "ProduceRequest", 3,
     "ffff ffff 00007530 00000001 0001 't' 00000001 00000000 fffffffd",
     "field Partition.records has the length -3"},
    {"known tag ends early", "ApiVersionsResponse", 3,
     "0000 01 00000000 01 01 09 0000000000000009 00",
     "(tag 1) ends 1 bytes before its declared size"},
    {"known tag reaches over its size", "ApiVersionsResponse", 3,
     "0000 01 00000000 01 01 07 0000000000000009",
     "field finalized_features_epoch needs 8 bytes, but only 7"},
    {"array inside a tag counts the tag's bytes only", "ApiVersionsResponse", 3,
     "0000 01 00000000 01 00 01 05 0000000000000000000000000000000000",
     "field supported_features needs"},
    {"null bytes", "SyncGroupResponse", 0, "0000 ffffffff", "field assignment is null"},
    {"uuid cut off", "CreateTopicsResponse", 7,
     "00000000 02 02 't' 0001020304050607 0000 00 0000000200010000", "field Topic"},
    {"bytes behind the message", "MetadataRequest", 1, "00000000 00", "1 bytes are left over"},
};

TEST(Malformed, is_refused_by_message_and_field) {
  for (const Malformed& one : kMalformed) {
    SCOPED_TRACE(std::string(one.what));
    std::string bytes = from_hex(one.hex);
    Status status = reencode(one.message, one.version, bytes);
    EXPECT_EQ(status.code(), StatusCode::kCorrupt);
    EXPECT_THAT(status.message(), HasSubstr(std::string(one.words)));
    if (one.what != "bytes behind the message") {
      EXPECT_THAT(status.message(), HasSubstr("decoding " + std::string(one.message) + " version " +
                                              std::to_string(one.version)));
    }
  }
}

TEST(Malformed, unknown_versions_are_unsupported) {
  EXPECT_EQ(reencode("MetadataRequest", 10, "").code(), StatusCode::kUnsupported);
  EXPECT_EQ(reencode("MetadataRequest", -1, "").code(), StatusCode::kUnsupported);
  EXPECT_EQ(reencode("FetchRequest", 3, "").code(), StatusCode::kUnsupported);
  EXPECT_THAT(reencode("FetchRequest", 3, "").message(), HasSubstr("4 to 12"));
}

TEST(Malformed, short_request_header_is_refused) {
  Reader in(std::string_view("\0\3\0", 3));
  EXPECT_EQ(read_request_header(in).status().code(), StatusCode::kCorrupt);
  std::string negative = from_hex("0003 0001 00000001 fffe");
  Reader negative_in(negative);
  EXPECT_THAT(read_request_header(negative_in).status().message(),
              HasSubstr("client_id has the length -2"));
}

TEST(Malformed, arrays_of_one_message_share_a_bounded_memory) {
  // Dense nonsense: each empty topic name takes two bytes here and far more in memory.
  constexpr size_t kTopics = 1000;
  std::string bytes = from_hex("000003e8");
  bytes.append(2 * kTopics, '\0');
  Reader roomy(bytes);
  EXPECT_TRUE(MetadataRequest::decode(roomy, 1).ok());
  Reader tight(bytes, kTopics * sizeof(MetadataRequest::Topic) - 1);
  Status status = MetadataRequest::decode(tight, 1).status();
  EXPECT_EQ(status.code(), StatusCode::kCorrupt);
  EXPECT_THAT(status.message(), HasSubstr("topics has 1000 elements, which is over the memory"));
}

TEST(Malformed, records_are_a_slice_of_the_frame) {
  std::string bytes = from_hex(
      "ffff 0001 00007530 00000001 0001 't' 00000002 00000000 00000002 'ab'"
      "00000001 ffffffff");
  Reader in(bytes);
  auto request = ProduceRequest::decode(in, 3);
  ASSERT_TRUE(request.ok()) << request.status();
  const auto& partitions = request->topic_data[0].partition_data;
  ASSERT_TRUE(partitions[0].records.bytes.has_value());
  EXPECT_EQ(partitions[0].records.bytes->data(), bytes.data() + bytes.find("ab"));
  EXPECT_FALSE(partitions[1].records.bytes.has_value());
}

}  // namespace
}  // namespace dataflow::wire
