#include "types/compression.h"

#include <gtest/gtest.h>
#include <lz4frame.h>
#include <snappy.h>
#include <zstd.h>

#include <array>
#include <random>
#include <string>

#include "base/bytes.h"

namespace dataflow {
namespace {

constexpr std::array<Codec, 4> kCompressing = {Codec::kGzip, Codec::kSnappy, Codec::kLz4,
                                               Codec::kZstd};
constexpr size_t kPlenty = 64 << 20;

std::string random_bytes(size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

std::string json_lines(size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    text += R"({"id":)" + std::to_string(i * 7919) + R"(,"name":"user )" + std::to_string(i % 91) +
            "\"}\n";
  }
  return text;
}

std::string compressed(Codec codec, std::string_view bytes, int level = kDefaultLevel) {
  auto result = compress(codec, level, bytes);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *result : std::string();
}

class EachCodec : public ::testing::TestWithParam<Codec> {};

TEST_P(EachCodec, RoundTrips) {
  const Codec codec = GetParam();
  for (const size_t size : {0, 1, 2, 15, 16, 17, 1000, 32767, 32768, 65535, 65536, 65537, 300000}) {
    for (const std::string& original :
         {std::string(size, 'a'), random_bytes(size, 42), json_lines(size / 40)}) {
      const auto back = decompress(codec, compressed(codec, original), kPlenty);
      ASSERT_TRUE(back.ok()) << codec_name(codec) << " " << size << " " << back.status();
      EXPECT_EQ(*back, original);
    }
  }
}

TEST_P(EachCodec, TakesEveryLevel) {
  const std::string original = json_lines(3000);
  for (const int level : {kDefaultLevel, -1000000, -5, -1, 0, 1, 3, 6, 9, 12, 17, 22, 1000000}) {
    const auto back = decompress(GetParam(), compressed(GetParam(), original, level), kPlenty);
    ASSERT_TRUE(back.ok()) << level << " " << back.status();
    EXPECT_EQ(*back, original);
  }
}

TEST_P(EachCodec, StopsExactlyAtTheLimit) {
  for (const size_t size : {1, 100, 4096, 65536, 200000}) {
    const std::string original = random_bytes(size, 7);
    const std::string packed = compressed(GetParam(), original);
    const auto fits = decompress(GetParam(), packed, size);
    ASSERT_TRUE(fits.ok()) << size << " " << fits.status();
    EXPECT_EQ(*fits, original);
    EXPECT_EQ(decompress(GetParam(), packed, size - 1).status().code(), StatusCode::kTooLarge);
  }
}

TEST_P(EachCodec, AppendsAndReusesMemory) {
  const std::string original = json_lines(100);
  std::string out = "head";
  ASSERT_TRUE(compress_append(GetParam(), kDefaultLevel, original, out).ok());
  EXPECT_EQ(out.substr(0, 4), "head");
  std::string back = "old contents";
  ASSERT_TRUE(decompress_into(GetParam(), std::string_view(out).substr(4), kPlenty, back).ok());
  EXPECT_EQ(back, original);
  EXPECT_FALSE(decompress_into(GetParam(), std::string_view(out).substr(4), 10, back).ok());
  EXPECT_EQ(back, "");
}

INSTANTIATE_TEST_SUITE_P(Codecs, EachCodec,
                         ::testing::Values(Codec::kNone, Codec::kGzip, Codec::kSnappy, Codec::kLz4,
                                           Codec::kZstd),
                         [](const auto& info) { return std::string(codec_name(info.param)); });

TEST(Decompress, StopsABomb) {
  const std::string zeros(32 << 20, '\0');
  for (const Codec codec : kCompressing) {
    const std::string packed = compressed(codec, zeros);
    ASSERT_LT(packed.size(), zeros.size() / 10);
    std::string out;
    EXPECT_EQ(decompress_into(codec, packed, 100000, out).code(), StatusCode::kTooLarge);
    EXPECT_LE(out.capacity(), 300000u) << codec_name(codec);
  }
}

TEST(Decompress, RefusesEveryCutStream) {
  const std::string original = random_bytes(300, 3) + json_lines(10);
  for (const Codec codec : kCompressing) {
    const std::string packed = compressed(codec, original);
    for (size_t size = 0; size < packed.size(); ++size) {
      // A framed snappy stream that ends between its header and the first chunk is an empty one.
      if (codec == Codec::kSnappy && size == 16) continue;
      const auto result = decompress(codec, std::string(packed, 0, size), kPlenty);
      EXPECT_EQ(result.status().code(), StatusCode::kCorrupt) << codec_name(codec) << " " << size;
    }
  }
}

TEST(Decompress, RefusesBytesBehindTheStream) {
  for (const Codec codec : kCompressing) {
    const std::string packed = compressed(codec, "some contents") + "tail";
    EXPECT_EQ(decompress(codec, packed, kPlenty).status().code(), StatusCode::kCorrupt)
        << codec_name(codec);
  }
}

TEST(Decompress, WorksAfterADamagedStream) {
  for (const Codec codec : kCompressing) {
    const std::string original = json_lines(5000);
    const std::string packed = compressed(codec, original);
    std::string damaged = packed;
    for (size_t i = packed.size() / 2; i < packed.size() / 2 + 20; ++i) damaged[i] = '\xff';
    EXPECT_FALSE(decompress(codec, damaged, kPlenty).ok()) << codec_name(codec);
    const auto back = decompress(codec, packed, kPlenty);
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(*back, original);
  }
}

TEST(Decompress, RefusesAnUnknownCodec) {
  EXPECT_EQ(decompress(static_cast<Codec>(6), "x", 10).status().code(), StatusCode::kUnsupported);
  EXPECT_EQ(compress(static_cast<Codec>(6), 1, "x").status().code(), StatusCode::kUnsupported);
}

TEST(Gzip, ReadsSeveralMembers) {
  const auto back = decompress(
      Codec::kGzip, compressed(Codec::kGzip, "one ") + compressed(Codec::kGzip, "two"), 100);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, "one two");
}

TEST(Snappy, ReadsARawBlock) {
  const std::string original = json_lines(2000);
  std::string raw;
  snappy::Compress(original.data(), original.size(), &raw);
  const auto back = decompress(Codec::kSnappy, raw, kPlenty);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, original);
  EXPECT_EQ(decompress(Codec::kSnappy, raw, original.size() - 1).status().code(),
            StatusCode::kTooLarge);
}

TEST(Snappy, ReadsStreamsOneBehindTheOther) {
  const auto back = decompress(
      Codec::kSnappy, compressed(Codec::kSnappy, "one ") + compressed(Codec::kSnappy, "two"), 100);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, "one two");
}

TEST(Snappy, WritesTheFramingOfTheJavaClients) {
  const std::string packed = compressed(Codec::kSnappy, "abc");
  EXPECT_EQ(packed.substr(0, 16), std::string("\x82SNAPPY\0\0\0\0\1\0\0\0\1", 16));
  EXPECT_EQ(load_be32(packed.data() + 16), packed.size() - 20);
}

TEST(Snappy, BelievesNoLengthThatTheBlockCannotHold) {
  const std::string claims_4_gib("\xff\xff\xff\xff\x0f\x00\x61", 7);
  EXPECT_EQ(decompress(Codec::kSnappy, claims_4_gib, kPlenty).status().code(),
            StatusCode::kCorrupt);
  std::string framed = compressed(Codec::kSnappy, "abc");
  store_be32(framed.data() + 16, 0x7fffffff);
  EXPECT_EQ(decompress(Codec::kSnappy, framed, kPlenty).status().code(), StatusCode::kCorrupt);
}

TEST(Lz4, WritesIndependentBlocks) {
  const std::string packed = compressed(Codec::kLz4, json_lines(10000));
  EXPECT_EQ(load_le32(packed.data()), 0x184D2204u);
  EXPECT_EQ(packed[4] & 0x20, 0x20) << "Java's reader refuses linked blocks";
}

TEST(Lz4, ReadsLinkedBlocksAndChecksums) {
  const std::string original = json_lines(20000);
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.blockMode = LZ4F_blockLinked;
  preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
  preferences.frameInfo.blockChecksumFlag = LZ4F_blockChecksumEnabled;
  preferences.frameInfo.contentSize = original.size();
  std::string packed(LZ4F_compressFrameBound(original.size(), &preferences), '\0');
  packed.resize(LZ4F_compressFrame(packed.data(), packed.size(), original.data(), original.size(),
                                   &preferences));
  const auto back = decompress(Codec::kLz4, packed, kPlenty);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, original);
  packed.back() = static_cast<char>(packed.back() ^ 1);
  EXPECT_EQ(decompress(Codec::kLz4, packed, kPlenty).status().code(), StatusCode::kCorrupt);
}

// What a client does that streams its records into the compressor.
std::string zstd_stream_of_unknown_size(std::string_view bytes, size_t step) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  std::string packed;
  std::string room(ZSTD_CStreamOutSize(), '\0');
  for (size_t at = 0;; at += step) {
    const std::string_view part = bytes.substr(std::min(at, bytes.size()), step);
    ZSTD_inBuffer in{part.data(), part.size(), 0};
    const bool last = at + step >= bytes.size();
    size_t left = 0;
    do {
      ZSTD_outBuffer out{room.data(), room.size(), 0};
      left = ZSTD_compressStream2(context, &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
      packed.append(room, 0, out.pos);
    } while (last ? left != 0 : in.pos < in.size);
    if (last) break;
  }
  ZSTD_freeCCtx(context);
  return packed;
}

TEST(Zstd, ReadsAStreamThatDoesNotNameItsSize) {
  for (const std::string& original :
       {json_lines(30000), std::string(5 << 20, 'z'), std::string()}) {
    const std::string packed = zstd_stream_of_unknown_size(original, 10000);
    ASSERT_TRUE(original.empty() ||
                ZSTD_getFrameContentSize(packed.data(), packed.size()) == ZSTD_CONTENTSIZE_UNKNOWN);
    const auto back = decompress(Codec::kZstd, packed, original.size());
    ASSERT_TRUE(back.ok()) << back.status();
    EXPECT_EQ(*back, original);
    if (original.empty()) continue;
    EXPECT_EQ(decompress(Codec::kZstd, packed, original.size() - 1).status().code(),
              StatusCode::kTooLarge);
  }
}

TEST(Zstd, ReadsSeveralFrames) {
  const std::string first = json_lines(1000);
  const std::string packed = compressed(Codec::kZstd, first) +
                             zstd_stream_of_unknown_size("middle", 2) +
                             compressed(Codec::kZstd, "end");
  const auto back = decompress(Codec::kZstd, packed, kPlenty);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, first + "middle" + "end");
}

TEST(Zstd, BelievesNoContentSizeThatTheFrameCannotHold) {
  // Magic; a single segment whose content size takes 8 bytes; 1 TiB; one last raw block of 1 byte.
  const std::string packed("\x28\xb5\x2f\xfd\xe0\0\0\0\0\0\1\0\0\x09\0\0x", 17);
  std::string out;
  EXPECT_FALSE(decompress_into(Codec::kZstd, packed, kPlenty, out).ok());
  EXPECT_LT(out.capacity(), 1u << 20);
}

}  // namespace
}  // namespace dataflow
