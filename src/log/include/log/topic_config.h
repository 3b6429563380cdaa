// A topic's settings under Kafka's names, each with its type, range and default.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"

namespace dataflow::log {

enum class CompressionType : uint8_t { kProducer, kUncompressed, kGzip, kSnappy, kLz4, kZstd };

struct TopicConfig {
  bool cleanup_delete = true;
  bool cleanup_compact = false;
  int64_t retention_ms = 7LL * 24 * 3600 * 1000;  // -1: without limit
  int64_t retention_bytes = -1;                   // of each partition; -1: without limit
  int64_t segment_bytes = 1LL << 30;
  int64_t segment_ms = 7LL * 24 * 3600 * 1000;
  int64_t max_message_bytes = 1048588;
  int64_t min_compaction_lag_ms = 0;
  int64_t max_compaction_lag_ms = INT64_MAX;
  int64_t delete_retention_ms = 24LL * 3600 * 1000;
  double min_cleanable_dirty_ratio = 0.5;
  CompressionType compression = CompressionType::kProducer;
  int64_t gzip_level = -1;  // -1: zlib's own default
  int64_t lz4_level = 9;    // 9: the fast compressor, as in Kafka
  int64_t zstd_level = 3;
  bool append_time = false;  // message.timestamp.type=LogAppendTime
  int64_t timestamp_before_max_ms = INT64_MAX;
  int64_t timestamp_after_max_ms = 3600 * 1000;
  int64_t index_interval_bytes = 4096;
  int64_t file_delete_delay_ms = 60000;

  // How old a segment becomes before the next one begins. Compaction takes none that is still
  // written to, so that this bounds how long a record stays out of it.
  int64_t roll_ms() const {
    return cleanup_compact ? std::min(segment_ms, max_compaction_lag_ms) : segment_ms;
  }
};

// What a topic's creator set, by Kafka's names; everything else takes the server's default.
using ConfigOverrides = std::map<std::string, std::string, std::less<>>;

enum class ConfigValueType : uint8_t { kBoolean, kString, kInt, kLong, kDouble, kList };

struct ConfigKey {
  std::string_view name;
  ConfigValueType type;
  std::string_view doc;
};

// Every key that a topic may set, in alphabetical order. Keys that Kafka has and that mean nothing
// to one machine (min.insync.replicas and the like) are accepted and kept, so that tools which
// always send them work; they are marked so in their doc.
std::span<const ConfigKey> topic_config_keys();

// kInvalid with Fault::kInvalidConfig, naming the key, its value, what is allowed and (for an
// unknown key) the nearest known one.
Result<TopicConfig> make_topic_config(const TopicConfig& defaults,
                                      const ConfigOverrides& overrides);

// The effective value of one key as text, or nothing if the key is unknown.
std::optional<std::string> topic_config_value(const TopicConfig& config,
                                              const ConfigOverrides& overrides,
                                              std::string_view name);

}  // namespace dataflow::log
