// Snappy in batches is framed as xerial's snappy-java frames it:
//   0x82 "SNAPPY" 0 | version i32 = 1 | lowest compatible version i32 = 1
//   then chunks: length i32 (big-endian) | one raw snappy block of that length
// The header may come again where a chunk could start (streams written one behind the other).
#include <snappy.h>

#include <algorithm>
#include <memory>

#include "base/bytes.h"
#include "codecs.h"

namespace dataflow {
namespace {

constexpr std::string_view kMagic("\x82SNAPPY\0", 8);
constexpr size_t kFrameHeaderBytes = 16;
constexpr size_t kChunkHeaderBytes = 4;
constexpr uint32_t kFrameVersion = 1;
constexpr size_t kChunkBytes = 64 * 1024;

// The densest element is a copy of 64 bytes told in 3.
constexpr size_t kMaxRatio = 22;

Status broken(const char* what) { return Status::corrupt(std::string("reading snappy: ") + what); }

bool starts_with_frame_header(std::string_view bytes) {
  return bytes.size() >= kFrameHeaderBytes && bytes.substr(0, kMagic.size()) == kMagic;
}

// A step decodes one block, whole: its copies may reach back to its start.
class SnappyDecoder final : public Decoder {
 public:
  explicit SnappyDecoder(std::string_view bytes)
      : bytes_(bytes), framed_(starts_with_frame_header(bytes)) {}

  size_t guess() const override { return 0; }
  Result<size_t> wanted_room() override;
  Status step(char* out, size_t room, Step& step) override;

 private:
  // Moves to the next block; there is none behind the last one.
  Status enter_block();

  std::string_view bytes_;
  const bool framed_;
  std::string_view block_;
  size_t block_length_ = 0;  // uncompressed
};

Status SnappyDecoder::enter_block() {
  block_ = {};
  block_length_ = 0;
  if (framed_) {
    while (starts_with_frame_header(bytes_)) bytes_.remove_prefix(kFrameHeaderBytes);
    if (bytes_.empty()) return {};
    if (bytes_.size() < kChunkHeaderBytes) return broken("the bytes end within a chunk's length");
    const size_t length = load_be32(bytes_.data());
    bytes_.remove_prefix(kChunkHeaderBytes);
    if (length > bytes_.size()) return broken("a chunk is longer than what is there");
    block_ = bytes_.substr(0, length);
  } else {
    block_ = bytes_;
  }
  bytes_.remove_prefix(block_.size());
  if (!snappy::GetUncompressedLength(block_.data(), block_.size(), &block_length_)) {
    return broken("a block does not begin with its length");
  }
  if (block_length_ > block_.size() * kMaxRatio) {
    return broken("a block names a length that it cannot hold");
  }
  return {};
}

Result<size_t> SnappyDecoder::wanted_room() {
  DF_RETURN_IF_ERROR(enter_block());
  return block_length_;
}

Status SnappyDecoder::step(char* out, size_t, Step& step) {
  if (!block_.empty() && !snappy::RawUncompress(block_.data(), block_.size(), out)) {
    return broken("a block is damaged");
  }
  step.produced = block_length_;
  step.ended = bytes_.empty();
  return {};
}

}  // namespace

Status snappy_compress(std::string_view bytes, std::string& out) {
  out.append(kMagic);
  append_be32(out, kFrameVersion);
  append_be32(out, kFrameVersion);
  for (size_t start = 0; start < bytes.size(); start += kChunkBytes) {
    const std::string_view chunk = bytes.substr(start, kChunkBytes);
    const size_t header_at = out.size();
    out.resize(header_at + kChunkHeaderBytes + snappy::MaxCompressedLength(chunk.size()));
    size_t written = 0;
    snappy::RawCompress(chunk.data(), chunk.size(), out.data() + header_at + kChunkHeaderBytes,
                        &written);
    store_be32(out.data() + header_at, static_cast<uint32_t>(written));
    out.resize(header_at + kChunkHeaderBytes + written);
  }
  return {};
}

Result<std::unique_ptr<Decoder>> open_snappy(std::string_view bytes) {
  return std::unique_ptr<Decoder>(std::make_unique<SnappyDecoder>(bytes));
}

}  // namespace dataflow
