#include "recompress.h"

#include <gtest/gtest.h>

#include "log_test_bed.h"
#include "types/compression.h"
#include "types/record.h"

namespace dataflow::log {
namespace {

TopicConfig config_of(const ConfigOverrides& overrides) {
  Result<TopicConfig> config = make_topic_config({}, overrides);
  EXPECT_TRUE(config.ok()) << config.status();
  return *config;
}

// Text in which longer searches find more.
std::string sample_batch() {
  std::vector<std::string> values;
  uint64_t x = 1;
  for (int i = 0; i < 300; ++i) {
    std::string value;
    for (int w = 0; w < 20; ++w) {
      x = x * 6364136223846793005ULL + 1442695040888963407ULL;
      value += "word" + std::to_string((x >> 40) % 300) + (x >> 63 ? " " : ", ");
    }
    values.push_back(value);
  }
  return make_batch(values);
}

size_t stored_size(const ConfigOverrides& overrides) {
  const std::string batch = sample_batch();
  Result<std::string> stored = recompress(batch, config_of(overrides));
  EXPECT_TRUE(stored.ok()) << stored.status();
  EXPECT_TRUE(batch_crc_ok(*stored));
  Result<RecordReader> reader = RecordReader::open(*stored, 1 << 30);
  EXPECT_TRUE(reader.ok()) << reader.status();
  EXPECT_EQ(reader->header().record_count, 300);
  return stored->size();
}

TEST(RecompressTest, TheTopicsLevelSaysHowHardItTries) {
  EXPECT_LT(stored_size({{"compression.type", "gzip"}, {"compression.gzip.level", "9"}}),
            stored_size({{"compression.type", "gzip"}, {"compression.gzip.level", "1"}}));
  EXPECT_LT(stored_size({{"compression.type", "lz4"}, {"compression.lz4.level", "12"}}),
            stored_size({{"compression.type", "lz4"}}));
  EXPECT_LT(stored_size({{"compression.type", "zstd"}, {"compression.zstd.level", "19"}}),
            stored_size({{"compression.type", "zstd"}, {"compression.zstd.level", "-50"}}));
}

TEST(RecompressTest, KafkasDefaultLevelsAreTheCodecsOwn) {
  for (const char* codec : {"gzip", "lz4", "zstd"}) {
    const TopicConfig config = config_of({{"compression.type", codec}});
    const Codec stored_in = *codec_from_name(codec);
    const int level = compression_level(stored_in, config);
    std::string own, usual;
    ASSERT_TRUE(compress_append(stored_in, level, sample_batch(), own).ok());
    ASSERT_TRUE(compress_append(stored_in, kDefaultLevel, sample_batch(), usual).ok());
    EXPECT_EQ(own.size(), usual.size()) << codec;
  }
}

TEST(RecompressTest, ALevelOfAnotherCodecThanTheTopicsIsNotUsed) {
  const TopicConfig zstd =
      config_of({{"compression.type", "zstd"}, {"compression.gzip.level", "9"}});
  EXPECT_EQ(compression_level(Codec::kGzip, zstd), kDefaultLevel);
  const TopicConfig producer = config_of({{"compression.zstd.level", "9"}});
  EXPECT_EQ(compression_level(Codec::kZstd, producer), kDefaultLevel);
}

}  // namespace
}  // namespace dataflow::log
