#include "checkpoint.h"

#include "base/bytes.h"
#include "base/crc32c.h"

namespace dataflow::log {
namespace {

constexpr uint32_t kMagic = 0x50434644;  // "DFCP"
constexpr uint32_t kVersion = 2;
constexpr uint32_t kFirstWithCompaction = 2;
constexpr size_t kHeadBytes = 16;
constexpr size_t kFixedBytes = 24;

}  // namespace

std::string encode_checkpoint(const Checkpoint& checkpoint) {
  std::string body;
  append_le64(body, static_cast<uint64_t>(checkpoint.end.value()));
  append_le64(body, static_cast<uint64_t>(checkpoint.segment.value()));
  append_le64(body, checkpoint.position);
  append_le64(body, static_cast<uint64_t>(checkpoint.compacted_to.value()));
  checkpoint.producers.encode(body);
  std::string file;
  append_le32(file, kMagic);
  append_le32(file, kVersion);
  append_le32(file, crc32c(body));
  append_le32(file, 0);
  file += body;
  return file;
}

Result<Checkpoint> decode_checkpoint(std::string_view file) {
  if (file.size() < kHeadBytes + kFixedBytes || load_le32(file.data()) != kMagic) {
    return Status::corrupt("the checkpoint is too short or not one");
  }
  const uint32_t version = load_le32(file.data() + 4);
  if (version > kVersion) {
    return Status::unsupported("the checkpoint has format " + std::to_string(version) +
                               "; this build reads up to " + std::to_string(kVersion) +
                               ": use a newer DataFlow");
  }
  std::string_view body = file.substr(kHeadBytes);
  if (load_le32(file.data() + 8) != crc32c(body)) {
    return Status::corrupt("the checkpoint fails its checksum");
  }
  Checkpoint checkpoint;
  checkpoint.end = Offset(static_cast<int64_t>(load_le64(body.data())));
  checkpoint.segment = Offset(static_cast<int64_t>(load_le64(body.data() + 8)));
  checkpoint.position = load_le64(body.data() + 16);
  body.remove_prefix(kFixedBytes);
  if (version >= kFirstWithCompaction) {
    if (body.size() < 8) return Status::corrupt("the checkpoint is too short");
    checkpoint.compacted_to = Offset(static_cast<int64_t>(load_le64(body.data())));
    body.remove_prefix(8);
  }
  DF_ASSIGN_OR_RETURN(checkpoint.producers, ProducerTable::decode(body));
  if (!body.empty()) return Status::corrupt("the checkpoint has bytes behind its end");
  return checkpoint;
}

}  // namespace dataflow::log
