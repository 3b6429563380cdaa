#include "record_check.h"

#include <gtest/gtest.h>
#include <lz4frame.h>
#include <snappy.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "types/batch_builder.h"
#include "types/compression.h"
#include "types/varint.h"

namespace dataflow {
namespace {

constexpr size_t kPlenty = size_t{256} << 20;
constexpr Codec kCompressing[] = {Codec::kGzip, Codec::kSnappy, Codec::kLz4, Codec::kZstd};
using Random = std::mt19937;

size_t below(Random& random, size_t limit) { return random() % limit; }

// Gives bytes in the pieces that `next_size` names.
template <class NextSize>
class Pieces final : public PieceSource {
 public:
  Pieces(std::string_view bytes, NextSize next_size) : bytes_(bytes), next_size_(next_size) {}
  Result<std::string_view> next() override {
    const size_t size = std::min(bytes_.size(), next_size_());
    // Its own memory, so that reading past a piece is an error that a sanitizer sees.
    piece_ = std::make_unique<char[]>(size);
    bytes_.copy(piece_.get(), size);
    bytes_.remove_prefix(size);
    return std::string_view(piece_.get(), size);
  }

 private:
  std::string_view bytes_;
  NextSize next_size_;
  std::unique_ptr<char[]> piece_;
};

std::string batch_around(std::string_view stored, int32_t count, Codec codec) {
  BatchHeader header;
  header.batch_length =
      static_cast<int32_t>(kBatchHeaderBytes - kBatchLengthOverhead + stored.size());
  header.attributes = static_cast<uint16_t>(codec);
  header.last_offset_delta = count - 1;
  header.first_timestamp = Timestamp(1000);
  header.record_count = count;
  std::string batch(kBatchHeaderBytes, '\0');
  write_batch_header(batch.data(), header);
  return batch.append(stored);
}

std::string random_records(Random& random, int count, size_t max_value) {
  BatchBuilder builder;
  const auto bytes = [&](size_t max) { return std::string(below(random, max + 1), 'x'); };
  for (int i = 0; i < count; ++i) {
    std::string value = bytes(max_value);
    for (size_t at = 0; at < value.size(); at += 3) value[at] = static_cast<char>(random());
    const std::string key = bytes(20), header_key = bytes(70), header_value = bytes(200);
    std::vector<RecordHeader> headers(random() % 4 == 0 ? below(random, 4) : 0);
    for (RecordHeader& header : headers) header = {header_key, header_value};
    const auto shift = below(random, 62);
    EXPECT_TRUE(builder
                    .add(Timestamp(static_cast<int64_t>(random()) << shift >> 20),
                         random() % 5 ? std::optional<std::string_view>(key) : std::nullopt,
                         random() % 7 ? std::optional<std::string_view>(value) : std::nullopt,
                         headers)
                    .ok());
  }
  return builder.finish().substr(kBatchHeaderBytes);
}

void damage(Random& random, std::string& bytes) {
  switch (below(random, 4)) {
    case 0: break;
    case 1: bytes.resize(below(random, bytes.size() + 1)); break;
    case 2: bytes.insert(below(random, bytes.size() + 1), 1, static_cast<char>(random())); break;
    default:
      for (int i = 0; i < 2; ++i) {
        if (!bytes.empty()) bytes[below(random, bytes.size())] = static_cast<char>(random());
      }
  }
}

void expect_same(const Result<RecordTimes>& got, const Result<RecordTimes>& wanted,
                 const std::string& where) {
  ASSERT_EQ(got.ok(), wanted.ok()) << where << ": " << got.status() << " | " << wanted.status();
  if (!got.ok()) {
    EXPECT_EQ(got.status().code(), wanted.status().code()) << where;
    EXPECT_EQ(got.status().message(), wanted.status().message()) << where;
    return;
  }
  EXPECT_EQ(got->min, wanted->min) << where;
  EXPECT_EQ(got->max, wanted->max) << where;
}

// What the reader, which has all bytes at once, makes of records that are a producer's.
bool reader_accepts(const std::string& batch, bool require_keys) {
  auto reader = RecordReader::open(batch, kPlenty);
  if (!reader.ok()) return false;
  Record record;
  for (int64_t i = 0;; ++i) {
    const auto more = reader->next(record);
    if (!more.ok() || !*more) return more.ok();
    if (record.offset.value() != i || (require_keys && !record.key)) return false;
  }
}

template <class NextSize>
void compare(const std::string& records, int count, bool keys, const std::string& where,
             NextSize next_size) {
  const std::string batch = batch_around(records, count, Codec::kNone);
  const auto whole = check_records(batch, kPlenty, keys);
  EXPECT_EQ(whole.ok(), reader_accepts(batch, keys)) << where << ": " << whole.status();
  Pieces pieces(std::string_view(records), next_size);
  expect_same(check_record_pieces(*parse_batch_header(batch), pieces, keys), whole, where);
}

TEST(CheckRecordPieces, CutAnywhereTheyAreTheSame) {
  Random random(1);
  const std::string records = random_records(random, 12, 150);
  for (size_t cut = 1; cut < records.size(); ++cut) {
    bool first = true;
    compare(records, 12, false, "cut at " + std::to_string(cut),
            [&] { return std::exchange(first, false) ? cut : records.size(); });
  }
}

TEST(CheckRecordPieces, ManyShapesInPiecesOfAnySize) {
  int accepted = 0;
  for (unsigned seed = 1; seed <= 1500; ++seed) {
    Random random(seed);
    const int count = 1 + static_cast<int>(below(random, 20));
    std::string records = random_records(random, count, size_t{1} << below(random, 12));
    damage(random, records);
    const size_t sizes[] = {1, 2, 3, 9, 40, 1000};
    const size_t largest = sizes[below(random, 6)];
    const bool keys = seed % 8 == 0;
    compare(records, count, keys, "seed " + std::to_string(seed),
            [&] { return 1 + below(random, largest); });
    accepted += check_records(batch_around(records, count, Codec::kNone), kPlenty, keys).ok();
    if (testing::Test::HasFailure()) FAIL() << "seed " << seed;
  }
  EXPECT_GT(accepted, 300);
  EXPECT_LT(accepted, 1200);
}

// The way of earlier days: all of it uncompressed, then looked through.
Result<RecordTimes> check_as_a_whole(const std::string& batch) {
  const BatchHeader header = *parse_batch_header(batch);
  const std::string_view stored = std::string_view(batch).substr(kBatchHeaderBytes);
  Result<std::string> plain = decompress(header.codec(), stored, kPlenty);
  if (!plain.ok()) {
    return plain.status().with_context("reading the record batch at offset 0: its records");
  }
  return check_records(batch_around(*plain, header.record_count, Codec::kNone), kPlenty, false);
}

TEST(CheckCompressedRecords, AreWhatTheyAreUncompressed) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    Random random(seed);
    const Codec codec = kCompressing[seed % 4];
    const int count = 1 + static_cast<int>(below(random, 200));
    const std::string records = random_records(random, count, size_t{1} << below(random, 14));
    std::string stored = *compress(codec, kDefaultLevel, records);
    const std::string where = std::string(codec_name(codec)) + " seed " + std::to_string(seed);
    std::string batch = batch_around(stored, count, codec);
    const auto good = check_records(batch, records.size(), false);
    EXPECT_TRUE(good.ok()) << where << ": " << good.status();
    expect_same(good, check_as_a_whole(batch), where);
    EXPECT_EQ(check_records(batch, records.size() - 1, false).status().code(),
              StatusCode::kTooLarge)
        << where;

    std::string broken = records;
    damage(random, broken);
    batch = batch_around(*compress(codec, kDefaultLevel, broken), count, codec);
    expect_same(check_records(batch, kPlenty, false), check_as_a_whole(batch), where);

    damage(random, stored);
    if (stored.size() < 5 || (codec == Codec::kLz4 && (stored[4] & 0x20) == 0)) continue;
    batch = batch_around(stored, count, codec);
    EXPECT_EQ(check_records(batch, kPlenty, false).status().code(),
              check_as_a_whole(batch).status().code())
        << where;
    if (testing::Test::HasFailure()) FAIL() << where;
  }
}

std::string lz4_frame(std::string_view bytes, LZ4F_blockMode_t mode, LZ4F_blockSizeID_t size) {
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.blockMode = mode;
  preferences.frameInfo.blockSizeID = size;
  preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
  preferences.frameInfo.blockChecksumFlag = LZ4F_blockChecksumEnabled;
  preferences.frameInfo.contentSize = bytes.size();
  std::string packed(LZ4F_compressFrameBound(bytes.size(), &preferences), '\0');
  packed.resize(
      LZ4F_compressFrame(packed.data(), packed.size(), bytes.data(), bytes.size(), &preferences));
  return packed;
}

TEST(CheckCompressedRecords, Lz4WithBlocksOfAnySizeAndChecksums) {
  Random random(5);
  const std::string records = random_records(random, 300, 20000);
  for (const auto size : {LZ4F_max64KB, LZ4F_max256KB, LZ4F_max1MB, LZ4F_max4MB}) {
    std::string stored = lz4_frame(records, LZ4F_blockIndependent, size);
    EXPECT_TRUE(check_records(batch_around(stored, 300, Codec::kLz4), kPlenty, false).ok());
    stored.back() = static_cast<char>(stored.back() ^ 1);  // the content's checksum
    EXPECT_EQ(check_records(batch_around(stored, 300, Codec::kLz4), kPlenty, false).status().code(),
              StatusCode::kCorrupt);
  }
}

Result<std::string> joined(Codec codec, std::string_view stored, size_t max_piece) {
  DecodedPieces pieces(codec, stored, kPlenty);
  std::string all;
  for (;;) {
    DF_ASSIGN_OR_RETURN(const std::string_view piece, pieces.next());
    EXPECT_LE(piece.size(), max_piece);
    if (piece.empty()) return all;
    all += piece;
  }
}

TEST(DecodedPieces, HoldWhatWasCompressed) {
  Random random(6);
  const std::string one = random_records(random, 200, 9000), two = random_records(random, 9, 90);
  for (const Codec codec : {Codec::kGzip, Codec::kSnappy, Codec::kZstd}) {
    const std::string both =
        *compress(codec, kDefaultLevel, one) + *compress(codec, kDefaultLevel, two);
    const auto plain = joined(codec, both, DecodedPieces::kWindowBytes);
    EXPECT_TRUE(plain.ok() && *plain == one + two) << codec_name(codec);
  }
  const std::string linked = lz4_frame(one, LZ4F_blockLinked, LZ4F_max256KB);
  const auto plain = joined(Codec::kLz4, linked, DecodedPieces::kWindowBytes);
  EXPECT_TRUE(plain.ok() && *plain == one);
  std::string raw;
  snappy::Compress(one.data(), one.size(), &raw);
  const auto whole = joined(Codec::kSnappy, raw, one.size());
  EXPECT_TRUE(whole.ok() && *whole == one);
}

TEST(DecodedPieces, OfABombAreNoLargerThanTheWindow) {
  const std::string zeros(size_t{16} << 20, '\0');
  for (const Codec codec : kCompressing) {
    const std::string stored = *compress(codec, kDefaultLevel, zeros);
    const auto plain = joined(codec, stored, DecodedPieces::kWindowBytes);
    EXPECT_TRUE(plain.ok() && plain->size() == zeros.size()) << codec_name(codec);
    EXPECT_EQ(
        check_records(batch_around(stored, 1, codec), zeros.size() / 2, false).status().code(),
        StatusCode::kTooLarge)
        << codec_name(codec);
  }
}

TEST(DecodedPieces, TakeNoMemoryForARawSnappyBlockPastTheLimit) {
  const std::string zeros(size_t{4} << 20, '\0');
  std::string raw;
  snappy::Compress(zeros.data(), zeros.size(), &raw);
  EXPECT_EQ(
      check_records(batch_around(raw, 1, Codec::kSnappy), zeros.size() - 1, false).status().code(),
      StatusCode::kTooLarge);
  EXPECT_EQ(
      check_records(batch_around(raw, 1, Codec::kSnappy), zeros.size(), false).status().code(),
      StatusCode::kInvalid);
}

}  // namespace
}  // namespace dataflow
