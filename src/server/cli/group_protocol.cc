#include "cli/group_protocol.h"

#include <algorithm>

#include "wire/reader.h"
#include "wire/writer.h"

namespace dataflow::cli {
namespace {

constexpr int16_t kVersion = 0;  // every client reads it
constexpr size_t kSmallestString = 2;

Status broken(std::string_view what) {
  return Status::corrupt("a member's " + std::string(what) + " cannot be read");
}

}  // namespace

std::string encode_subscription(const std::vector<std::string>& topics) {
  wire::Writer out;
  out.write_int16(kVersion);
  out.write_length(topics.size(), false);
  for (const std::string& topic : topics) out.write_string(topic, false);
  out.write_null_length(false);
  return std::string(out.view());
}

Result<std::vector<std::string>> decode_subscription(std::string_view bytes) {
  wire::Reader in(bytes);
  int16_t version = 0;
  size_t count = 0;
  if (!in.read_int16(version) ||
      !in.read_count(count, false, kSmallestString, sizeof(std::string))) {
    return broken("subscription");
  }
  std::vector<std::string> topics(count);
  for (std::string& topic : topics) {
    if (!in.read_string(topic, false)) return broken("subscription");
  }
  // Newer versions carry more behind this; nothing of it matters here.
  return topics;
}

std::string encode_assignment(const PartitionsByTopic& partitions) {
  wire::Writer out;
  out.write_int16(kVersion);
  out.write_length(partitions.size(), false);
  for (const auto& [topic, indexes] : partitions) {
    out.write_string(topic, false);
    out.write_length(indexes.size(), false);
    for (const int32_t index : indexes) out.write_int32(index);
  }
  out.write_null_length(false);
  return std::string(out.view());
}

Result<PartitionsByTopic> decode_assignment(std::string_view bytes) {
  PartitionsByTopic out;
  if (bytes.empty()) return out;
  wire::Reader in(bytes);
  int16_t version = 0;
  size_t topics = 0;
  if (!in.read_int16(version) || !in.read_count(topics, false, kSmallestString + 4, 64)) {
    return broken("assignment");
  }
  for (size_t i = 0; i < topics; ++i) {
    std::string topic;
    size_t count = 0;
    if (!in.read_string(topic, false) || !in.read_count(count, false, 4, 4))
      return broken("assignment");
    std::vector<int32_t>& indexes = out[topic];
    indexes.resize(count);
    for (int32_t& index : indexes) {
      if (!in.read_int32(index)) return broken("assignment");
    }
  }
  return out;
}

std::map<std::string, PartitionsByTopic> assign_ranges(
    const std::map<std::string, std::vector<std::string>>& topics_by_member,
    const std::map<std::string, int32_t>& partition_counts) {
  std::map<std::string, PartitionsByTopic> out;
  std::map<std::string, std::vector<std::string>> members_by_topic;
  for (const auto& [member, topics] : topics_by_member) {
    out[member];
    for (const std::string& topic : topics) members_by_topic[topic].push_back(member);
  }
  for (const auto& [topic, members] : members_by_topic) {
    auto found = partition_counts.find(topic);
    if (found == partition_counts.end()) continue;
    const auto count = static_cast<int32_t>(members.size());
    const int32_t each = found->second / count;
    const int32_t one_more = found->second % count;
    int32_t next = 0;
    for (int32_t i = 0; i < count; ++i) {
      const int32_t size = each + (i < one_more ? 1 : 0);
      for (int32_t n = 0; n < size; ++n)
        out[members[static_cast<size_t>(i)]][topic].push_back(next++);
    }
  }
  return out;
}

}  // namespace dataflow::cli
