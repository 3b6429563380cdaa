#include "log/topic_config.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "log/fault.h"

namespace dataflow::log {
namespace {

Status refusal(const std::string& name, const std::string& value) {
  return make_topic_config({}, {{name, value}}).status();
}

TEST(TopicConfigTest, WithoutOverridesTheDefaultsHold) {
  TopicConfig defaults;
  defaults.retention_ms = 77;
  Result<TopicConfig> config = make_topic_config(defaults, {});
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->retention_ms, 77);
  EXPECT_TRUE(config->cleanup_delete);
  EXPECT_FALSE(config->cleanup_compact);
}

TEST(TopicConfigTest, OverridesArriveInTheirFields) {
  Result<TopicConfig> config = make_topic_config({}, {{"cleanup.policy", "compact, delete"},
                                                      {"retention.ms", "-1"},
                                                      {"retention.bytes", "5000"},
                                                      {"segment.bytes", "1024"},
                                                      {"segment.ms", "9"},
                                                      {"max.message.bytes", "0"},
                                                      {"compression.type", "zstd"},
                                                      {"message.timestamp.type", "LogAppendTime"},
                                                      {"min.cleanable.dirty.ratio", "0.25"},
                                                      {"min.insync.replicas", "2"}});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_TRUE(config->cleanup_compact && config->cleanup_delete);
  EXPECT_EQ(config->retention_ms, -1);
  EXPECT_EQ(config->retention_bytes, 5000);
  EXPECT_EQ(config->segment_bytes, 1024);
  EXPECT_EQ(config->segment_ms, 9);
  EXPECT_EQ(config->max_message_bytes, 0);
  EXPECT_EQ(config->compression, CompressionType::kZstd);
  EXPECT_TRUE(config->append_time);
  EXPECT_EQ(config->min_cleanable_dirty_ratio, 0.25);
}

TEST(TopicConfigTest, RefusesValuesOutsideOfTheirRange) {
  const std::pair<const char*, const char*> wrong[] = {{"retention.ms", "-2"},
                                                       {"retention.ms", "one"},
                                                       {"retention.ms", ""},
                                                       {"retention.ms", "7d"},
                                                       {"segment.bytes", "1023"},
                                                       {"segment.bytes", "2147483648"},
                                                       {"segment.ms", "0"},
                                                       {"cleanup.policy", ""},
                                                       {"cleanup.policy", "delete,"},
                                                       {"cleanup.policy", "remove"},
                                                       {"compression.type", "rar"},
                                                       {"message.timestamp.type", "Now"},
                                                       {"min.cleanable.dirty.ratio", "1.01"},
                                                       {"min.cleanable.dirty.ratio", "-0.1"},
                                                       {"min.cleanable.dirty.ratio", "nan"},
                                                       {"compression.gzip.level", "0"},
                                                       {"compression.gzip.level", "10"},
                                                       {"compression.gzip.level", "-2"},
                                                       {"compression.lz4.level", "0"},
                                                       {"compression.lz4.level", "18"},
                                                       {"compression.zstd.level", "23"},
                                                       {"compression.zstd.level", "-131073"},
                                                       {"compression.zstd.level", "high"},
                                                       {"min.compaction.lag.ms", "-1"},
                                                       {"max.compaction.lag.ms", "0"},
                                                       {"delete.retention.ms", "-1"},
                                                       {"preallocate", "maybe"},
                                                       {"min.insync.replicas", "many"},
                                                       {"retention.bytes", "99999999999999999999"}};
  for (const auto& [name, value] : wrong) {
    Status status = refusal(name, value);
    EXPECT_EQ(status.code(), StatusCode::kInvalid) << name << "=" << value;
    EXPECT_EQ(fault_of(status), Fault::kInvalidConfig);
    EXPECT_NE(status.message().find(name), std::string::npos) << status;
  }
}

TEST(TopicConfigTest, TakesEveryCompressionLevelThatKafkaTakes) {
  for (const char* level : {"-1", "1", "9"}) {
    EXPECT_TRUE(refusal("compression.gzip.level", level).ok()) << level;
  }
  for (const char* level : {"1", "9", "17"}) {
    EXPECT_TRUE(refusal("compression.lz4.level", level).ok()) << level;
  }
  for (const char* level : {"-131072", "0", "22"}) {
    EXPECT_TRUE(refusal("compression.zstd.level", level).ok()) << level;
  }
}

TEST(TopicConfigTest, TheShortestCompactionLagIsNotAboveTheLongest) {
  auto with = [](const char* shortest, const char* longest) {
    return make_topic_config(
               {}, {{"min.compaction.lag.ms", shortest}, {"max.compaction.lag.ms", longest}})
        .status();
  };
  EXPECT_TRUE(with("5", "5").ok());
  Status wrong = with("6", "5");
  EXPECT_EQ(fault_of(wrong), Fault::kInvalidConfig);
  EXPECT_NE(wrong.message().find("min.compaction.lag.ms=6"), std::string::npos) << wrong;
}

TEST(TopicConfigTest, AnUnknownKeyNamesItsNearestNeighbour) {
  Status status = refusal("retention.mss", "1");
  EXPECT_EQ(fault_of(status), Fault::kInvalidConfig);
  EXPECT_NE(status.message().find("\"retention.ms\""), std::string::npos) << status;
}

TEST(TopicConfigTest, KeysAreInAlphabeticalOrderSoThatTheyAreFound) {
  auto keys = topic_config_keys();
  EXPECT_TRUE(std::is_sorted(keys.begin(), keys.end(), [](const ConfigKey& a, const ConfigKey& b) {
    return a.name < b.name;
  }));
}

TEST(TopicConfigTest, EveryKeyHasAValueWhichItAcceptsItself) {
  for (const ConfigKey& key : topic_config_keys()) {
    std::optional<std::string> value = topic_config_value({}, {}, key.name);
    ASSERT_TRUE(value.has_value()) << key.name;
    EXPECT_TRUE(refusal(std::string(key.name), *value).ok()) << key.name << "=" << *value;
    EXPECT_FALSE(key.doc.empty()) << key.name;
  }
}

TEST(TopicConfigTest, ShowsWhatHolds) {
  const ConfigOverrides overrides{{"min.insync.replicas", "3"}, {"retention.ms", "5"}};
  TopicConfig config = *make_topic_config({}, overrides);
  EXPECT_EQ(topic_config_value(config, overrides, "retention.ms"), "5");
  EXPECT_EQ(topic_config_value(config, overrides, "min.insync.replicas"), "3");
  EXPECT_EQ(topic_config_value(config, {}, "min.insync.replicas"), "1");
  EXPECT_EQ(topic_config_value(config, overrides, "min.cleanable.dirty.ratio"), "0.5");
  EXPECT_FALSE(topic_config_value(config, overrides, "no.such.key").has_value());
}

}  // namespace
}  // namespace dataflow::log
