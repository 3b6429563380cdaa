#include "log_committable.h"

#include <array>
#include <cstring>

#include "base/bytes.h"

namespace dataflow::connect {
namespace {

constexpr char kVersion = 1;
constexpr size_t kTopicBytesAt = 2;
constexpr size_t kPartitionAt = 4;
constexpr size_t kEndBeforeAt = 8;
constexpr size_t kTopicIdAt = 16;
constexpr size_t kTopicAt = 32;

Status broken(std::string_view what) {
  return Status::corrupt("reading a log sink's committable: " + std::string(what));
}

}  // namespace

std::string begin_committable(const std::string& topic, const Uuid& topic_id,
                              PartitionIndex partition) {
  std::string bytes(kTopicAt, '\0');
  bytes[0] = kVersion;
  store_le16(bytes.data() + kTopicBytesAt, static_cast<uint16_t>(topic.size()));
  store_le32(bytes.data() + kPartitionAt, static_cast<uint32_t>(partition.value()));
  store_le64(bytes.data() + kEndBeforeAt, static_cast<uint64_t>(int64_t{-1}));
  std::memcpy(bytes.data() + kTopicIdAt, topic_id.bytes().data(), Uuid::kSize);
  return bytes + topic;
}

Result<LogCommittable> parse_committable(std::string_view bytes) {
  if (bytes.empty()) return broken("it is empty");
  if (bytes[0] != kVersion) {
    return Status::unsupported("reading a log sink's committable: it has version " +
                               std::to_string(static_cast<uint8_t>(bytes[0])) +
                               ", and this program knows version 1");
  }
  if (bytes.size() < kTopicAt) return broken("its front is cut");
  const size_t topic_bytes = load_le16(bytes.data() + kTopicBytesAt);
  if (bytes.size() - kTopicAt < topic_bytes) return broken("the topic's name is cut");
  LogCommittable out;
  out.partition = PartitionIndex(static_cast<int32_t>(load_le32(bytes.data() + kPartitionAt)));
  out.end_before = Offset(static_cast<int64_t>(load_le64(bytes.data() + kEndBeforeAt)));
  std::array<uint8_t, Uuid::kSize> id;
  std::memcpy(id.data(), bytes.data() + kTopicIdAt, id.size());
  out.topic_id = Uuid(id);
  out.topic = bytes.substr(kTopicAt, topic_bytes);
  out.batches = bytes.substr(kTopicAt + topic_bytes);
  return out;
}

Status stamp_committable(std::string& bytes, Offset end_before, ProducerId producer,
                         int32_t& sequence) {
  DF_ASSIGN_OR_RETURN(LogCommittable committable, parse_committable(bytes));
  DF_ASSIGN_OR_RETURN(std::vector<BatchPiece> batches, split_batches(committable.batches));
  store_le64(bytes.data() + kEndBeforeAt, static_cast<uint64_t>(end_before.value()));
  for (const BatchPiece& batch : batches) {
    char* at = bytes.data() + (batch.bytes.data() - bytes.data());
    set_producer(at, batch.bytes.size(), producer, ProducerEpoch(0), sequence);
    sequence = add_to_sequence(sequence, batch.header.last_offset_delta + 1);
  }
  return {};
}

Result<std::vector<BatchPiece>> split_batches(std::string_view bytes) {
  std::vector<BatchPiece> pieces;
  while (!bytes.empty()) {
    DF_ASSIGN_OR_RETURN(BatchHeader header, parse_batch_header(bytes));
    if (header.total_bytes() > bytes.size()) return broken("a record batch is cut");
    pieces.push_back({header, bytes.substr(0, header.total_bytes())});
    bytes.remove_prefix(header.total_bytes());
  }
  return pieces;
}

}  // namespace dataflow::connect
