#include "types/record.h"

#include <gtest/gtest.h>
#include <lz4frame.h>

#include <limits>
#include <string>

#include "base/bytes.h"
#include "types/batch_builder.h"
#include "types/compression.h"
#include "types/varint.h"

namespace dataflow {
namespace {

constexpr size_t kPlenty = 1 << 20;

struct RawField {
  int32_t length;
  std::string bytes;
};

// A record written field by field, so that each can lie.
struct RawRecord {
  std::string timestamp_delta = std::string(1, '\0');
  int32_t offset_delta = 0;
  RawField key{1, "k"};
  RawField value{1, "v"};
  int32_t header_count = 0;
  std::string headers;
  std::string tail;
  int32_t length_error = 0;

  std::string bytes() const {
    std::string body(1, '\0');
    body += timestamp_delta;
    append_varint(body, offset_delta);
    append_varint(body, key.length);
    body += key.bytes;
    append_varint(body, value.length);
    body += value.bytes;
    append_varint(body, header_count);
    body += headers + tail;
    std::string out;
    append_varint(out, static_cast<int32_t>(body.size()) + length_error);
    return out + body;
  }
};

std::string raw_field(const RawField& field) {
  std::string out;
  append_varint(out, field.length);
  return out + field.bytes;
}

std::string batch_around(const std::string& records, int32_t count, int32_t last_delta,
                         uint16_t attributes = 0) {
  BatchHeader header;
  header.base_offset = Offset(100);
  header.batch_length =
      static_cast<int32_t>(kBatchHeaderBytes - kBatchLengthOverhead + records.size());
  header.attributes = attributes;
  header.last_offset_delta = last_delta;
  header.record_count = count;
  std::string batch(kBatchHeaderBytes, '\0');
  write_batch_header(batch.data(), header);
  batch += records;
  set_batch_crc(batch.data(), batch.size());
  return batch;
}

std::string batch_of(const RawRecord& record) { return batch_around(record.bytes(), 1, 0); }

Status read_all(std::string_view batch, std::vector<Record>* records = nullptr,
                size_t max_bytes = kPlenty) {
  auto reader = RecordReader::open(batch, max_bytes);
  if (!reader.ok()) return reader.status();
  for (;;) {
    Record record;
    auto more = reader->next(record);
    if (!more.ok()) {
      EXPECT_EQ(reader->next(record).status().code(), more.status().code()) << "errors stay";
      return more.status();
    }
    if (!*more) return {};
    if (records != nullptr) records->push_back(record);
  }
}

std::string batch_with_offsets(std::initializer_list<int32_t> deltas, int32_t last_delta) {
  std::string records;
  for (const int32_t delta : deltas) {
    RawRecord record;
    record.offset_delta = delta;
    records += record.bytes();
  }
  return batch_around(records, static_cast<int32_t>(deltas.size()), last_delta);
}

TEST(Records, ReadsOneWrittenByHand) {
  RawRecord raw;
  append_varlong(raw.timestamp_delta = "", -7);
  raw.value = {-1, ""};
  raw.header_count = 2;
  raw.headers =
      raw_field({1, "a"}) + raw_field({-1, ""}) + raw_field({0, ""}) + raw_field({2, "xy"});
  std::vector<Record> records;
  ASSERT_TRUE(read_all(batch_of(raw), &records).ok());
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].offset, Offset(100));
  EXPECT_EQ(records[0].timestamp, Timestamp(-7));
  EXPECT_EQ(records[0].value, std::nullopt);
  ASSERT_EQ(records[0].headers.size(), 2u);
  EXPECT_TRUE(check_records(batch_of(raw), kPlenty, true).ok());
}

TEST(Records, RefusesWhatIsMalformed) {
  struct Case {
    const char* name;
    RawRecord record;
  };
  const std::string too_long(11, '\xff');
  const Case cases[] = {
      {"record length past the end", {.length_error = 1}},
      {"record length far past the end", {.length_error = 0x7fffff00}},
      {"record shorter than its contents", {.length_error = -1}},
      {"record of length 0", {.length_error = -8}},
      {"record of negative length", {.length_error = -100}},
      {"bytes behind the headers", {.tail = "x"}},
      {"endless timestamp", {.timestamp_delta = too_long}},
      {"key length past the end", {.key = {100, "k"}}},
      {"key length -2", {.key = {-2, ""}}},
      {"key length min", {.key = {std::numeric_limits<int32_t>::min(), ""}}},
      {"key length max", {.key = {std::numeric_limits<int32_t>::max(), "k"}}},
      {"value length past the end", {.value = {3, "v"}}},
      {"value length -2", {.value = {-2, ""}}},
      {"header count -1", {.header_count = -1}},
      {"header count without headers", {.header_count = 1}},
      {"header count max",
       {.header_count = std::numeric_limits<int32_t>::max(), .headers = "abcd"}},
      {"header key null",
       {.header_count = 1, .headers = raw_field({-1, ""}) + raw_field({1, "v"})}},
      {"header key past the end", {.header_count = 1, .headers = raw_field({9, "k"}) + "\x02v"}},
      {"header value past the end", {.header_count = 1, .headers = raw_field({1, "k"}) + "\x08v"}},
      {"header value -2",
       {.header_count = 1, .headers = raw_field({1, "k"}) + raw_field({-2, ""})}},
      {"offset 1 instead of 0", {.offset_delta = 1}},
      {"offset -1", {.offset_delta = -1}},
  };
  for (const Case& c : cases) {
    const std::string batch = batch_of(c.record);
    EXPECT_EQ(read_all(batch).code(), StatusCode::kCorrupt) << c.name;
    EXPECT_EQ(check_records(batch, kPlenty, false).status().code(), StatusCode::kInvalid) << c.name;
  }
}

TEST(Records, RefusesEveryCut) {
  RawRecord raw;
  raw.header_count = 1;
  raw.headers = raw_field({1, "h"}) + raw_field({3, "abc"});
  const std::string record = raw.bytes();
  for (size_t size = 0; size < record.size(); ++size) {
    const std::string batch = batch_around(record.substr(0, size), 1, 0);
    EXPECT_EQ(read_all(batch).code(), StatusCode::kCorrupt) << size;
    EXPECT_EQ(check_records(batch, kPlenty, false).status().code(), StatusCode::kInvalid) << size;
  }
}

TEST(Records, RefusesBytesBehindTheLastRecord) {
  const std::string batch = batch_around(RawRecord().bytes() + "x", 1, 0);
  EXPECT_EQ(read_all(batch).code(), StatusCode::kCorrupt);
  EXPECT_EQ(check_records(batch, kPlenty, false).status().code(), StatusCode::kInvalid);
}

TEST(Records, RefusesABatchOfAnotherLength) {
  std::string batch = batch_of(RawRecord());
  batch += "x";
  EXPECT_EQ(read_all(batch).code(), StatusCode::kCorrupt);
  EXPECT_EQ(check_records(batch, kPlenty, false).status().code(), StatusCode::kCorrupt);
  batch.resize(batch.size() - 2);
  EXPECT_EQ(read_all(batch).code(), StatusCode::kCorrupt);
  EXPECT_EQ(check_records(batch, kPlenty, false).status().code(), StatusCode::kCorrupt);
}

TEST(Records, ReaderAcceptsGapsThatCompactionLeft) {
  std::vector<Record> records;
  ASSERT_TRUE(read_all(batch_with_offsets({0, 5, 6}, 9), &records).ok());
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[1].offset, Offset(105));
  EXPECT_TRUE(read_all(batch_around("", 0, 9)).ok());
}

TEST(Records, ReaderRefusesOffsetsThatDoNotRise) {
  EXPECT_EQ(read_all(batch_with_offsets({1, 1}, 3)).code(), StatusCode::kCorrupt);
  EXPECT_EQ(read_all(batch_with_offsets({2, 1}, 3)).code(), StatusCode::kCorrupt);
  EXPECT_EQ(read_all(batch_with_offsets({0, 4}, 3)).code(), StatusCode::kCorrupt);
}

TEST(CheckRecords, WantsOffsetsWithoutGaps) {
  EXPECT_TRUE(check_records(batch_with_offsets({0, 1, 2}, 2), kPlenty, false).ok());
  for (const std::string& batch :
       {batch_with_offsets({0, 2}, 2), batch_with_offsets({0, 1}, 2), batch_with_offsets({1, 0}, 1),
        batch_with_offsets({0, 2}, 1), batch_around("", 0, 0)}) {
    EXPECT_EQ(check_records(batch, kPlenty, false).status().code(), StatusCode::kInvalid);
  }
}

TEST(CheckRecords, WantsKeysWhereTheTopicDoes) {
  RawRecord raw;
  raw.key = {-1, ""};
  EXPECT_TRUE(check_records(batch_of(raw), kPlenty, false).ok());
  const Status refused = check_records(batch_of(raw), kPlenty, true).status();
  EXPECT_EQ(refused.code(), StatusCode::kInvalid);
  EXPECT_NE(refused.message().find("no key"), std::string::npos) << refused;
  raw.key = {0, ""};
  EXPECT_TRUE(check_records(batch_of(raw), kPlenty, true).ok());
}

TEST(CheckRecords, WalksManyShapes) {
  BatchBuilder builder;
  for (int i = 0; i < 20000; ++i) {
    const std::string value(static_cast<size_t>(i % 300), 'v');
    const RecordHeader headers[] = {{"h", value}, {"n", std::nullopt}};
    ASSERT_TRUE(builder
                    .add(Timestamp(i * 1000003LL),
                         i % 3 ? std::optional<std::string_view>("key") : std::nullopt,
                         i % 5 ? std::optional<std::string_view>(value) : std::nullopt,
                         std::span(headers, static_cast<size_t>(i % 3)))
                    .ok());
  }
  const std::string batch = builder.finish();
  EXPECT_TRUE(check_records(batch, batch.size(), false).ok());
  EXPECT_EQ(check_records(batch, batch.size(), true).status().code(), StatusCode::kInvalid);
}

TEST(Records, KeepToTheLimit) {
  for (const Codec codec :
       {Codec::kNone, Codec::kGzip, Codec::kSnappy, Codec::kLz4, Codec::kZstd}) {
    BatchOptions options;
    options.codec = codec;
    BatchBuilder builder(options);
    ASSERT_TRUE(builder.add(Timestamp(1), "k", std::string(50000, 'v')).ok());
    const size_t size = builder.size_estimate() - kBatchHeaderBytes;
    const std::string batch = builder.finish();
    EXPECT_TRUE(check_records(batch, size, true).ok());
    EXPECT_TRUE(read_all(batch, nullptr, size).ok());
    EXPECT_EQ(check_records(batch, size - 1, true).status().code(), StatusCode::kTooLarge);
    EXPECT_EQ(read_all(batch, nullptr, size - 1).code(), StatusCode::kTooLarge);
  }
}

TEST(Records, RefuseBrokenCompression) {
  for (const uint16_t codec : {1, 2, 3, 4}) {
    const std::string batch = batch_around("these bytes are not compressed", 1, 0, codec);
    EXPECT_EQ(read_all(batch).code(), StatusCode::kCorrupt) << codec;
    EXPECT_EQ(check_records(batch, kPlenty, false).status().code(), StatusCode::kCorrupt) << codec;
  }
}

// The LZ4 library reads both; Java's consumers do not.
TEST(CheckRecords, RefusesLz4ThatJavaCannotRead) {
  BatchOptions options;
  options.codec = Codec::kLz4;
  BatchBuilder builder(options);
  ASSERT_TRUE(builder.add(Timestamp(1), "k", std::string(200000, 'v')).ok());
  const std::string good = builder.finish();
  ASSERT_TRUE(check_records(good, kPlenty, false).ok());

  const std::string raw(good, kBatchHeaderBytes);
  const std::string plain = *decompress(Codec::kLz4, raw, kPlenty);
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.blockSizeID = LZ4F_max64KB;
  preferences.frameInfo.blockMode = LZ4F_blockLinked;
  std::string linked(LZ4F_compressFrameBound(plain.size(), &preferences), '\0');
  linked.resize(
      LZ4F_compressFrame(linked.data(), linked.size(), plain.data(), plain.size(), &preferences));
  ASSERT_EQ(*decompress(Codec::kLz4, linked, kPlenty), plain);
  EXPECT_EQ(check_records(batch_around(linked, 1, 0, 3), kPlenty, false).status().code(),
            StatusCode::kCorrupt);
  const std::string skipped = std::string("\x50\x2a\x4d\x18\0\0\0\0", 8) + raw;
  EXPECT_EQ(check_records(batch_around(skipped, 1, 0, 3), kPlenty, false).status().code(),
            StatusCode::kCorrupt);
}

TEST(CheckRecords, GivesTheRecordsOwnTimes) {
  const auto times_of = [](std::vector<int64_t> times) {
    BatchBuilder builder;
    for (const int64_t time : times) EXPECT_TRUE(builder.add(Timestamp(time), "k", "v").ok());
    const auto found = check_records(builder.finish(), kPlenty, false);
    EXPECT_TRUE(found.ok()) << found.status();
    return std::pair(found->min.value(), found->max.value());
  };
  EXPECT_EQ(times_of({50, 7, 90000000, 8}), std::pair(int64_t{7}, int64_t{90000000}));
  EXPECT_EQ(times_of({50, -1, 60}), std::pair(int64_t{50}, int64_t{60}));
  EXPECT_EQ(times_of({-1, -1}), std::pair(int64_t{-1}, int64_t{-1}));
  EXPECT_EQ(times_of({-7}), std::pair(int64_t{-7}, int64_t{-7}));
}

TEST(RecordReader, MayBeMoved) {
  BatchOptions options;
  options.codec = Codec::kZstd;
  BatchBuilder builder(options);
  ASSERT_TRUE(builder.add(Timestamp(1), "k", "1").ok());
  ASSERT_TRUE(builder.add(Timestamp(1), "k", "2").ok());
  const std::string batch = builder.finish();
  auto opened = RecordReader::open(batch, kPlenty);
  ASSERT_TRUE(opened.ok());
  Record first;
  ASSERT_TRUE(*opened->next(first));
  RecordReader moved = std::move(*opened);
  Record second;
  ASSERT_TRUE(*moved.next(second));
  EXPECT_EQ(first.value, "1");
  EXPECT_EQ(second.value, "2");
  EXPECT_FALSE(*moved.next(second));
  EXPECT_FALSE(*moved.next(second));
}

TEST(RecordReader, LeavesRoomToReadAheadInItsCallersMemory) {
  std::string scratch(10, 'x');
  for (const Codec codec : {Codec::kNone, Codec::kLz4, Codec::kZstd}) {
    BatchOptions options;
    options.codec = codec;
    BatchBuilder builder(options);
    const std::string value(1000, 'v');
    ASSERT_TRUE(builder.add(Timestamp(1), "k", value).ok());
    const std::string batch = builder.finish();
    Result<RecordReader> reader = RecordReader::open(batch, kPlenty, scratch);
    ASSERT_TRUE(reader.ok()) << reader.status();
    Record record;
    ASSERT_TRUE(reader->next(record).value());
    EXPECT_EQ(record.value, value);
    EXPECT_FALSE(reader->next(record).value());
    if (codec == Codec::kNone) continue;
    EXPECT_EQ(record.value->data() >= scratch.data(), true);
    EXPECT_TRUE(scratch.ends_with(std::string(RecordReader::kReadAhead, '\0')));
  }
}

TEST(RecordReader, TimestampsWrapInsteadOfOverflowing) {
  RawRecord raw;
  append_varlong(raw.timestamp_delta = "", std::numeric_limits<int64_t>::max());
  std::string batch = batch_of(raw);
  store_be64(batch.data() + 27, std::numeric_limits<int64_t>::max());
  std::vector<Record> records;
  ASSERT_TRUE(read_all(batch, &records).ok());
  EXPECT_EQ(records[0].timestamp, Timestamp(-2));
}

}  // namespace
}  // namespace dataflow
