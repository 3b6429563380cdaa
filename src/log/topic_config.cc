#include "log/topic_config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <limits>
#include <vector>

#include "base/edit_distance.h"
#include "log/fault.h"

namespace dataflow::log {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kIntMax = std::numeric_limits<int32_t>::max();

struct Setting {
  ConfigKey key;
  // An error message, or empty. Keys without a place in TopicConfig only check their value.
  std::function<std::string(TopicConfig&, std::string_view)> set;
  std::function<std::string(const TopicConfig&)> get;
  std::string_view fixed_default;  // of keys that are kept and mean nothing here
};

std::string number_error(int64_t low, int64_t high) {
  return "must be a whole number from " + std::to_string(low) + " to " + std::to_string(high);
}

std::optional<int64_t> parse_int(std::string_view text) {
  int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

Setting number(std::string_view name, ConfigValueType type, int64_t TopicConfig::*field,
               int64_t low, std::string_view doc) {
  const int64_t high = type == ConfigValueType::kInt ? kIntMax : kMax;
  return {{name, type, doc},
          [=](TopicConfig& c, std::string_view text) -> std::string {
            std::optional<int64_t> value = parse_int(text);
            if (!value || *value < low || *value > high) return number_error(low, high);
            c.*field = *value;
            return {};
          },
          [=](const TopicConfig& c) { return std::to_string(c.*field); },
          {}};
}

// `besides`: a value outside of the range that stands for the codec's default.
Setting level(std::string_view name, int64_t TopicConfig::*field, int64_t low, int64_t high,
              std::optional<int64_t> besides, std::string_view doc) {
  return {{name, ConfigValueType::kInt, doc},
          [=](TopicConfig& c, std::string_view text) -> std::string {
            std::optional<int64_t> value = parse_int(text);
            if (!value || ((*value < low || *value > high) && value != besides)) {
              std::string wrong = number_error(low, high);
              if (besides) wrong += ", or " + std::to_string(*besides);
              return wrong;
            }
            c.*field = *value;
            return {};
          },
          [=](const TopicConfig& c) { return std::to_string(c.*field); },
          {}};
}

// Kept for tools that always send it; one machine has nothing to do with it.
Setting kept(std::string_view name, ConfigValueType type, std::string_view value) {
  return {{name, type, "Accepted and kept; it has no effect on a single machine."},
          [=](TopicConfig&, std::string_view text) -> std::string {
            if (type == ConfigValueType::kBoolean && text != "true" && text != "false") {
              return "must be true or false";
            }
            const bool numeric = type == ConfigValueType::kInt || type == ConfigValueType::kLong;
            if (numeric && !parse_int(text)) return "must be a whole number";
            return {};
          },
          nullptr,
          value};
}

std::string set_cleanup(TopicConfig& c, std::string_view text) {
  bool compact = false, remove = false;
  for (size_t at = 0; at <= text.size();) {
    const size_t comma = std::min(text.find(',', at), text.size());
    std::string_view word = text.substr(at, comma - at);
    while (word.starts_with(' ')) word.remove_prefix(1);
    while (word.ends_with(' ')) word.remove_suffix(1);
    if (word == "compact")
      compact = true;
    else if (word == "delete")
      remove = true;
    else
      return "must be delete, compact or delete,compact";
    at = comma + 1;
  }
  c.cleanup_compact = compact;
  c.cleanup_delete = remove;
  return {};
}

constexpr std::array<std::pair<std::string_view, CompressionType>, 6> kCompressions{{
    {"producer", CompressionType::kProducer},
    {"uncompressed", CompressionType::kUncompressed},
    {"gzip", CompressionType::kGzip},
    {"snappy", CompressionType::kSnappy},
    {"lz4", CompressionType::kLz4},
    {"zstd", CompressionType::kZstd},
}};

Setting compression_setting() {
  return {{"compression.type", ConfigValueType::kString,
           "The codec that batches are stored in; `producer` keeps what the producer chose."},
          [](TopicConfig& c, std::string_view text) -> std::string {
            for (const auto& [name, type] : kCompressions) {
              if (name == text) {
                c.compression = type;
                return {};
              }
            }
            return "must be producer, uncompressed, gzip, snappy, lz4 or zstd";
          },
          [](const TopicConfig& c) {
            return std::string(kCompressions[static_cast<size_t>(c.compression)].first);
          },
          {}};
}

Setting timestamp_type_setting() {
  return {
      {"message.timestamp.type", ConfigValueType::kString,
       "Whose clock stamps a record: the producer's (CreateTime) or the server's (LogAppendTime)."},
      [](TopicConfig& c, std::string_view text) -> std::string {
        if (text != "CreateTime" && text != "LogAppendTime") {
          return "must be CreateTime or LogAppendTime";
        }
        c.append_time = text == "LogAppendTime";
        return {};
      },
      [](const TopicConfig& c) { return c.append_time ? "LogAppendTime" : "CreateTime"; },
      {}};
}

Setting cleanup_setting() {
  return {{"cleanup.policy", ConfigValueType::kList,
           "What happens to old records: deleted, compacted to the newest of each key, or both."},
          set_cleanup,
          [](const TopicConfig& c) -> std::string {
            if (c.cleanup_compact) return c.cleanup_delete ? "compact,delete" : "compact";
            return "delete";
          },
          {}};
}

Setting dirty_ratio_setting() {
  return {{"min.cleanable.dirty.ratio", ConfigValueType::kDouble,
           "How much of a compacted partition may be uncompacted before it is compacted again."},
          [](TopicConfig& c, std::string_view text) -> std::string {
            double value = 0;
            auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
            const bool whole = error == std::errc() && end == text.data() + text.size();
            if (!whole || !(value >= 0 && value <= 1)) {
              return "must be a number from 0 to 1";
            }
            c.min_cleanable_dirty_ratio = value;
            return {};
          },
          [](const TopicConfig& c) {
            std::string text = std::to_string(c.min_cleanable_dirty_ratio);
            while (text.ends_with('0') && text.size() > 3) text.pop_back();
            return text;
          },
          {}};
}

const std::vector<Setting>& settings() {
  using T = ConfigValueType;
  using C = TopicConfig;
  static const std::vector<Setting> kSettings = [] {
    std::vector<Setting> all{
        cleanup_setting(),
        level("compression.gzip.level", &C::gzip_level, 1, 9, -1,
              "The level of compression.type=gzip; -1 for the codec's default."),
        level("compression.lz4.level", &C::lz4_level, 1, 17, std::nullopt,
              "The level of compression.type=lz4; 9 stands for its fast mode."),
        compression_setting(),
        level("compression.zstd.level", &C::zstd_level, -131072, 22, std::nullopt,
              "The level of compression.type=zstd."),
        number("delete.retention.ms", T::kLong, &C::delete_retention_ms, 0,
               "How long compaction keeps a tombstone."),
        number("file.delete.delay.ms", T::kLong, &C::file_delete_delay_ms, 0,
               "Kept for tools; files go at once and readers keep what they hold."),
        kept("flush.messages", T::kLong, "9223372036854775807"),
        kept("flush.ms", T::kLong, "9223372036854775807"),
        kept("follower.replication.throttled.replicas", T::kList, ""),
        number("index.interval.bytes", T::kInt, &C::index_interval_bytes, 0,
               "Bytes of log between two entries of the offset and time index."),
        kept("leader.replication.throttled.replicas", T::kList, ""),
        kept("local.retention.bytes", T::kLong, "-2"),
        kept("local.retention.ms", T::kLong, "-2"),
        number("max.compaction.lag.ms", T::kLong, &C::max_compaction_lag_ms, 1,
               "The longest that a record stays out of compaction."),
        number("max.message.bytes", T::kInt, &C::max_message_bytes, 0,
               "The largest record batch that is taken."),
        number("message.timestamp.after.max.ms", T::kLong, &C::timestamp_after_max_ms, 0,
               "How far a record's timestamp may be ahead of the server's clock."),
        number("message.timestamp.before.max.ms", T::kLong, &C::timestamp_before_max_ms, 0,
               "How far a record's timestamp may be behind the server's clock."),
        timestamp_type_setting(),
        dirty_ratio_setting(),
        number("min.compaction.lag.ms", T::kLong, &C::min_compaction_lag_ms, 0,
               "How long a record stays before compaction may take it."),
        kept("min.insync.replicas", T::kInt, "1"),
        kept("preallocate", T::kBoolean, "false"),
        kept("remote.log.copy.disable", T::kBoolean, "false"),
        kept("remote.log.delete.on.disable", T::kBoolean, "false"),
        kept("remote.storage.enable", T::kBoolean, "false"),
        number("retention.bytes", T::kLong, &C::retention_bytes, -1,
               "Bytes that each partition keeps; -1 for all."),
        number("retention.ms", T::kLong, &C::retention_ms, -1,
               "How long records are kept; -1 for ever."),
        number("segment.bytes", T::kInt, &C::segment_bytes, 1024,
               "The size at which a partition begins a new segment file."),
        kept("segment.index.bytes", T::kInt, "10485760"),
        kept("segment.jitter.ms", T::kLong, "0"),
        number("segment.ms", T::kLong, &C::segment_ms, 1,
               "The age at which a partition begins a new segment file."),
        kept("unclean.leader.election.enable", T::kBoolean, "false"),
    };
    return all;
  }();
  return kSettings;
}

const Setting* find_setting(std::string_view name) {
  const auto& all = settings();
  auto it = std::lower_bound(all.begin(), all.end(), name,
                             [](const Setting& s, std::string_view n) { return s.key.name < n; });
  return it != all.end() && it->key.name == name ? &*it : nullptr;
}

}  // namespace

std::span<const ConfigKey> topic_config_keys() {
  static const std::vector<ConfigKey> kKeys = [] {
    std::vector<ConfigKey> keys;
    for (const Setting& s : settings()) keys.push_back(s.key);
    return keys;
  }();
  return kKeys;
}

Result<TopicConfig> make_topic_config(const TopicConfig& defaults,
                                      const ConfigOverrides& overrides) {
  TopicConfig config = defaults;
  for (const auto& [name, value] : overrides) {
    const Setting* setting = find_setting(name);
    if (setting == nullptr) {
      std::vector<std::string> names;
      for (const Setting& s : settings()) names.emplace_back(s.key.name);
      return fault(Fault::kInvalidConfig, StatusCode::kInvalid,
                   "unknown topic setting \"" + name + "\"" + suggestion(name, names));
    }
    std::string wrong = setting->set(config, value);
    if (!wrong.empty()) {
      return fault(Fault::kInvalidConfig, StatusCode::kInvalid,
                   "topic setting " + name + "=" + value + ": " + wrong);
    }
  }
  if (config.min_compaction_lag_ms > config.max_compaction_lag_ms) {
    return fault(
        Fault::kInvalidConfig, StatusCode::kInvalid,
        "topic setting min.compaction.lag.ms=" + std::to_string(config.min_compaction_lag_ms) +
            " must not be above max.compaction.lag.ms=" +
            std::to_string(config.max_compaction_lag_ms));
  }
  return config;
}

std::optional<std::string> topic_config_value(const TopicConfig& config,
                                              const ConfigOverrides& overrides,
                                              std::string_view name) {
  const Setting* setting = find_setting(name);
  if (setting == nullptr) return std::nullopt;
  if (setting->get) return setting->get(config);
  auto it = overrides.find(name);
  return it != overrides.end() ? it->second : std::string(setting->fixed_default);
}

}  // namespace dataflow::log
